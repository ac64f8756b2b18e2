"""The linear program that chooses among whole rosters, and its prices.

Rows: each person takes one roster; each cover is met but for its shortage and its excess, which cost. Columns: rosters of one person each.
This program's bound is far above that of assignments of single shifts (instance 5: 1140.6 of 1143), since every column obeys the limits
of its person as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from residency.solver.curtois.linear import Program
from residency.solver.curtois.modes import Integers
from residency.solver.curtois.pricing import BARRED

if TYPE_CHECKING:
    from residency.solver.curtois.instance import Instance

#: Prices are counted in this part of a unit of cost, so that they are integers.
SCALE = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """A roster of one person: by day 0 or 1 + the number of a shift, and what the person's requests cost in it."""

    person: int
    duties: tuple[int, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What the linear program found.

    Attributes:
        objective: Of its columns.
        shares: Column by column, how much of it is chosen.
        covers: The price of one more person, by day and duty, in thousandths (`SCALE`).
        persons: What a roster of the person must be cheaper than to be of use, in thousandths.
    """

    objective: float
    shares: tuple[tuple[Column, float], ...]
    covers: Integers
    persons: tuple[float, ...]


class Wishes:
    """What requests cost: a base for each person, paid for every wish to work, and a change for every duty."""

    def __init__(self, instance: Instance) -> None:
        shape = (len(instance.employees), instance.days, len(instance.shifts) + 1)
        self.bases = [0] * len(instance.employees)
        self.changes: Integers = np.zeros(shape, dtype=np.int64)
        for request in instance.shift_on_requests:
            self.bases[request.person] += request.weight
            self.changes[request.person, request.day, 1 + request.shift] -= request.weight
        for request in instance.shift_off_requests:
            self.changes[request.person, request.day, 1 + request.shift] += request.weight

    def cost(self, person: int, duties: tuple[int, ...]) -> int:
        """Of a whole roster."""
        return self.bases[person] + int(self.changes[person, range(len(duties)), duties].sum())


class Master:
    """The linear program, which grows by columns."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.wishes = Wishes(instance)
        self._program = Program("GLOP")
        self._covers = {(cover.day, cover.shift): self._program.row(cover.required) for cover in instance.covers}
        self._persons = [self._program.row(1) for _ in instance.employees]
        for cover in instance.covers:
            row = self._covers[cover.day, cover.shift]
            self._program.column(cover.weight_below, [(row, 1)])
            self._program.column(cover.weight_above, [(row, -1)])
        self._columns: dict[Column, int] = {}

    @property
    def columns(self) -> tuple[Column, ...]:
        """In the order in which they were added."""
        return tuple(self._columns)

    def column(self, person: int, duties: tuple[int, ...]) -> Column:
        """A roster with its cost."""
        return Column(person, duties, self.wishes.cost(person, duties))

    def add(self, column: Column) -> bool:
        """Add a column; return whether it is new."""
        if column in self._columns:
            return False
        entries = [(self._persons[column.person], 1)]
        for day, duty in enumerate(column.duties):
            row = self._covers.get((day, duty - 1))
            if duty and row is not None:
                entries.append((row, 1))
        self._columns[column] = self._program.column(column.cost, entries)
        return True

    def fix(self, column: Column) -> None:
        """Choose a column for its person until it is released."""
        self._program.fix(self._columns[column])

    def release(self, column: Column) -> None:
        """Let the person choose again."""
        self._program.release(self._columns[column])

    def relax(self) -> Relaxation:
        """Solve the linear program; there is a roster for everybody, so that there is a solution.

        Raises:
            ArithmeticError: the linear solver gave up, which is a defect.
        """
        if not self._program.solve():
            raise ArithmeticError("the linear program of rosters was not solved")
        values, duals = self._program.values(), self._program.duals()
        shares = tuple((column, values[at]) for column, at in self._columns.items() if values[at] > 1 / SCALE)
        persons = tuple(duals[row] * SCALE for row in self._persons)
        return Relaxation(self._program.objective, shares, self._prices(duals), persons)

    def _prices(self, duals: tuple[float, ...]) -> Integers:
        """Rounded, and never dearer than a shortage or cheaper than an excess: every such price gives a bound."""
        prices = np.zeros((self._instance.days, len(self._instance.shifts) + 1), dtype=np.int64)
        for cover in self._instance.covers:
            price = round(duals[self._covers[cover.day, cover.shift]] * SCALE)
            limited = max(-cover.weight_above * SCALE, min(cover.weight_below * SCALE, price))
            prices[cover.day, 1 + cover.shift] = limited
        return prices

    def costs(self, covers: Integers) -> Integers:
        """By person, day and duty: what the duty costs under the prices of covers; `BARRED` what the person may not do."""
        costs: Integers = self.wishes.changes * SCALE - covers
        for person, employee in enumerate(self._instance.employees):
            costs[person, sorted(employee.days_off), 1:] = BARRED
            never = [1 + shift for shift, most in enumerate(employee.max_shifts) if most == 0]
            costs[person, :, never] = BARRED
        return costs
