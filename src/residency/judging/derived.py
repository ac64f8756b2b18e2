"""Fields that are computed, not stored: of people their hours and days, of assignments date, part of the day and length."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from residency import measures as figures
from residency.calendar import HOUR, minute_of, subtract
from residency.duties import part_of_day
from residency.judging.judged import book

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearse.domain import State
    from rehearse.values import FrozenMap, Value
    from residency.calendar import Interval


def _weekly_hours(row: FrozenMap, state: State) -> Value:
    held = book(state)
    return figures.weekly_hours(held.schedule.timeline(str(row["id"])), held.settings.rules)


def _consecutive_duty_days(row: FrozenMap, state: State) -> Value:
    return figures.consecutive_duty_days(book(state).schedule.timeline(str(row["id"])))


def _interval(row: FrozenMap) -> Interval:
    start, end = row["start"], row["end"]
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise TypeError("an assignment begins and ends at moments")
    return minute_of(start), minute_of(end)


def _block_date(row: FrozenMap, state: State) -> Value:
    del state
    start = row["start"]
    return start.date() if isinstance(start, datetime) else None


def _block_period(row: FrozenMap, state: State) -> Value:
    del state
    return part_of_day(_interval(row)[0]).value


def _hours(row: FrozenMap, state: State) -> Value:
    del state
    start, end = _interval(row)
    return Fraction(end - start, HOUR)


DERIVED_FIELDS: Mapping[str, Mapping[str, Callable[[FrozenMap, State], Value]]] = {
    "persons": {"weekly_hours": _weekly_hours, "consecutive_duty_days": _consecutive_duty_days},
    "assignments": {"block_date": _block_date, "block_period": _block_period, "hours": _hours},
}


def is_present(row: FrozenMap, state: State) -> bool:
    """Whether the holder of an assignment is there for some minute of it."""
    leave = book(state).schedule.timeline(str(row["person_id"])).leave
    return bool(subtract([_interval(row)], leave))
