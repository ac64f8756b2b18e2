"""How a day may end for a person, and what may come after it: the automaton of rows of shifts and of days off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from residency.solver.curtois.instance import Employee, Instance

Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Contract:
    """What persons have in common whose days end in the same modes."""

    max_consecutive_shifts: int
    min_consecutive_shifts: int
    min_consecutive_days_off: int

    @classmethod
    def of(cls, employee: Employee) -> Contract:
        """The contract of one person; at least one day of each row is what a row is."""
        return cls(
            employee.max_consecutive_shifts,
            max(1, employee.min_consecutive_shifts),
            max(1, employee.min_consecutive_days_off),
        )


class Modes:
    """The modes of a contract: first the days off of a row, counted up to the least number, then for each shift the days of a row of work.

    Attributes:
        rests: Modes of days off; the last means that enough of them have passed.
        row: Modes of each shift.
        count: All modes.
        duty: By mode: 0 for a day off, 1 + the number of the shift.
        place: By mode: which day of its row, from 0.
        after: By shift: those that may be worked on the day after it.
        before: By shift: those that it may be worked on the day after.
        allowed: By day and two modes: whether the day before may end in the first and the day in the second.
    """

    def __init__(self, instance: Instance, contract: Contract) -> None:
        kinds = len(instance.shifts)
        self.rests, self.row = contract.min_consecutive_days_off, contract.max_consecutive_shifts
        self.count = self.rests + kinds * self.row
        self.duty: Integers = np.repeat(np.arange(kinds + 1), [self.rests] + [self.row] * kinds)
        self.place: Integers = np.concatenate([np.arange(self.rests), np.tile(np.arange(self.row), kinds)])
        shifts = instance.shifts
        self.after = [[then for then in range(kinds) if then not in shift.not_followed_by] for shift in shifts]
        self.before = [[shift for shift in range(kinds) if then in self.after[shift]] for then in range(kinds)]
        self.allowed: Flags = np.stack([self._allowed(day, contract) for day in range(instance.days)])

    def of_duty(self, duty: int) -> slice:
        """The modes of a day off (0) or of a shift (1 + its number)."""
        start = 0 if duty == 0 else self.rests + (duty - 1) * self.row
        return slice(start, start + (self.row if duty else self.rests))

    def _allowed(self, day: int, contract: Contract) -> Flags:
        """A row that began on day 0 is never too short: it may have gone on before."""
        allowed = np.zeros((self.count, self.count), dtype=bool)
        works = self.duty > 0
        for before in range(self.count):
            place = int(self.place[before])
            if works[before]:
                followers = 1 + np.array(self.after[self.duty[before] - 1], dtype=np.int64)
                allowed[before, np.isin(self.duty, followers) & (self.place == place + 1)] = True
                allowed[before, 0] = place + 1 >= contract.min_consecutive_shifts or place == day - 1
            else:
                allowed[before, min(place + 1, self.rests - 1)] = True
                allowed[before, works & (self.place == 0)] = place == self.rests - 1
        return allowed
