"""What a person's shifts use up: weekends, minutes, and shifts of kinds whose number is limited."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import EllipsisType

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.modes import Integers, Modes

_Cut: TypeAlias = "tuple[EllipsisType | slice, ...]"

_MONDAY, _SATURDAY, _SUNDAY, _WEEK = 0, 5, 6, 7


class Move:
    """What one day of work does to the amounts used, as slices of an array of all amounts and as tables of its cells.

    Attributes:
        after: By cell: the cell that it leads to, -1 if a limit forbids it.
        before: By cell: the cell that leads to it, -1 if there is none.
    """

    def __init__(self, shape: tuple[int, ...], used: tuple[int, ...]) -> None:
        self._to: _Cut = (..., *(slice(amount, None) for amount in used))
        self._from: _Cut = (..., *(slice(0, max(0, size - amount)) for amount, size in zip(used, shape, strict=True)))
        cells = np.arange(math.prod(shape)).reshape(shape)
        after, before = np.full(shape, -1), np.full(shape, -1)
        after[self._from], before[self._to] = cells[self._to], cells[self._from]
        self.after: Integers = after.ravel()
        self.before: Integers = before.ravel()

    def forward(self, so_far: Integers, cost: Integers, result: Integers) -> None:
        """Add the cost of the day to what was paid so far, where the limits permit it."""
        np.add(so_far[self._from], cost, out=result[self._to])

    def backward(self, to_go: Integers, cost: Integers, result: Integers) -> None:
        """Add the cost of the day to what is still to be paid after it."""
        np.add(to_go[self._to], cost, out=result[self._from])


class Resources:
    """The amounts of a group of persons: one axis each for weekends, minutes and every counted shift.

    Everybody's limits lie in the same corner of the array; who may use less starts further in.

    Args:
        instance: The whole problem.
        persons: The group.
        counted: Shifts whose number is limited.

    Attributes:
        shape: Of the array of amounts.
        start: By person, the amounts before the first day.
        missing: By person and amounts, whether the least number of minutes is missed.
    """

    def __init__(self, instance: Instance, persons: Sequence[int], counted: Sequence[int]) -> None:
        unit = math.gcd(*(shift.minutes for shift in instance.shifts))
        people = [instance.employees[person] for person in persons]
        limits = np.array(
            [(p.max_weekends, p.max_total_minutes // unit, *(p.max_shifts[s] for s in counted)) for p in people]
        )
        top = limits.max(axis=0)
        self.shape: tuple[int, ...] = tuple(int(size) + 1 for size in top)
        self.start: Integers = top - limits
        self.missing = np.zeros((len(people), *self.shape), dtype=bool)
        for at, person in enumerate(people):
            self.missing[at, :, : self.start[at][1] - (-person.min_total_minutes // unit)] = True
        used = [(s.minutes // unit, *(int(n == c) for c in counted)) for n, s in enumerate(instance.shifts)]
        self._moves = [[Move(self.shape, (weekends, *amounts)) for amounts in used] for weekends in (0, 1)]

    def move(self, day: int, shift: int, *, is_first: bool) -> Move:
        """What a shift uses on a day, which may be the first of a row: a Sunday after a Saturday at work is no other weekend."""
        weekday = day % _WEEK
        is_weekend = weekday == _SATURDAY or (weekday == _SUNDAY and is_first)
        return self._moves[is_weekend][shift]


class Moves:
    """By mode and cell, the cells before and after a day that ends in the mode; -1 where there is none.

    Days differ only in whether they are a Saturday, a Sunday or neither, so that three tables each are all of them.
    """

    def __init__(self, resources: Resources, modes: Modes) -> None:
        kinds = (_MONDAY, _SATURDAY, _SUNDAY)
        moves = {kind: [self._move(resources, modes, kind, mode) for mode in range(modes.count)] for kind in kinds}
        rest = np.arange(math.prod(resources.shape))
        self._before = {kind: np.stack([move.before if move else rest for move in moves[kind]]) for kind in kinds}
        self._after = {kind: np.stack([move.after if move else rest for move in moves[kind]]) for kind in kinds}

    @staticmethod
    def _move(resources: Resources, modes: Modes, day: int, mode: int) -> Move | None:
        duty = int(modes.duty[mode])
        return resources.move(day, duty - 1, is_first=bool(modes.place[mode] == 0)) if duty else None

    def before(self, day: int) -> Integers:
        """Where a day came from."""
        return self._before[_kind(day)]

    def after(self, day: int) -> Integers:
        """Where a day leads to."""
        return self._after[_kind(day)]


def _kind(day: int) -> int:
    weekday = day % _WEEK
    return weekday if weekday in (_SATURDAY, _SUNDAY) else _MONDAY
