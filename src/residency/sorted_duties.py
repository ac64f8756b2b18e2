"""Duties in order, found by time and changed a little without touching the rest."""

from __future__ import annotations

from bisect import bisect_left, insort
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from residency.calendar import WEEK
from residency.model import Absence, Duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Row = TypeVar("_Row", Duty, Absence)

#: So many duties are walked through rather than sorted into weeks.
_FEW = 200
#: The order of duties, and of absences, in every list.
ORDER = attrgetter("start", "end", "id")


class SortedDuties:
    """Some duties in `ORDER`; immutable.

    They are put in order when somebody asks for it: a look at a whole roster as columns does not. They are kept week by week, so that to
    change one copies the duties of a week and not of a year; the year as one tuple is made when somebody asks for it.
    """

    def __init__(self, duties: Iterable[Duty] = ()) -> None:
        vars(self)["in_any_order"] = tuple(duties)

    @classmethod
    def _of(cls, **seen: object) -> SortedDuties:
        made = cls.__new__(cls)
        vars(made).update(seen)
        return made

    @cached_property
    def in_any_order(self) -> tuple[Duty, ...]:
        """All of them, as they come."""
        return self.all

    @cached_property
    def all(self) -> tuple[Duty, ...]:
        """All of them, in order."""
        if "_weeks" in vars(self):
            return tuple(chain.from_iterable(self._weeks[week] for week in sorted(self._weeks)))
        return tuple(sorted(self.in_any_order, key=ORDER))

    @cached_property
    def _weeks(self) -> Mapping[int, tuple[Duty, ...]]:
        """Those that begin in a week, by its number."""
        weeks: dict[int, list[Duty]] = {}
        for duty in self.all:
            weeks.setdefault(duty.start // WEEK, []).append(duty)
        return {week: tuple(held) for week, held in weeks.items()}

    @cached_property
    def longest(self) -> int:
        """No duty is longer, in minutes."""
        return max((duty.end - duty.start for duty in self.in_any_order), default=0)

    def within(self, start: int, end: int) -> tuple[Duty, ...]:
        """Those that share a minute with an interval."""
        if "_weeks" not in vars(self) and len(self.in_any_order) <= _FEW:
            return tuple([duty for duty in self.all if duty.start < end and duty.end > start])
        weeks = range((start - self.longest) // WEEK, (end - 1) // WEEK + 1)
        if len(weeks) > len(self._weeks):
            return tuple([duty for duty in self.all if duty.start < end and duty.end > start])
        held = chain.from_iterable([self._weeks.get(week, ()) for week in weeks])
        return tuple([duty for duty in held if duty.start < end and duty.end > start])

    def is_any_outside(self, start: int, end: int) -> tuple[bool, bool]:
        """Whether any begins before an interval, and whether any ends after it."""
        late = (end - self.longest) // WEEK
        return (
            any(duty.start < start for week, held in self._weeks.items() if week <= start // WEEK for duty in held),
            any(duty.end > end for week, held in self._weeks.items() if week >= late for duty in held),
        )

    def changed(self, added: Iterable[Duty], removed: Iterable[Duty]) -> SortedDuties:
        """The duties after a change.

        Raises:
            ValueError: a removed duty is not there as given.
        """
        weeks, longest = dict(self._weeks), self.longest
        for duty in removed:
            week = duty.start // WEEK
            weeks[week] = changed_rows(weeks.get(week, ()), (), (duty,))
        for duty in added:
            week = duty.start // WEEK
            weeks[week] = changed_rows(weeks.get(week, ()), (duty,), ())
            longest = max(longest, duty.end - duty.start)
        return SortedDuties._of(_weeks=weeks, longest=longest)

    def near(self, start: int, end: int) -> SortedDuties:
        """Those that share a minute with an interval, for themselves."""
        return SortedDuties._of(all=self.within(start, end))


def changed_rows(rows: tuple[_Row, ...], added: Iterable[_Row], removed: Iterable[_Row]) -> tuple[_Row, ...]:
    """Sorted rows after some went and some came.

    Raises:
        ValueError: a removed row is not there as given.
    """
    changed = list(rows)
    for row in removed:
        index = bisect_left(changed, ORDER(row), key=ORDER)
        if index == len(changed) or changed[index] != row:
            raise ValueError(f"cannot remove what is not there as given: {row}")
        del changed[index]
    for row in added:
        insort(changed, row, key=ORDER)
    return tuple(changed)
