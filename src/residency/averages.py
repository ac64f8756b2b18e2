"""Weekly hours, averaged exactly: one source for the rule, the measures and the utilisation."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import HOUR, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from residency.policy.settings import WeeklyHours
    from residency.timeline import Timeline

#: A window is judged as if it had at least so many days, or two shifts beside a month of leave were "84 hours a week".
FEWEST_DAYS = 7


class Load(NamedTuple):
    """What one window of one person holds.

    Attributes:
        worked: minutes.
        counted_days: the days that the average divides by, before the floor of seven.
        weekly_limit: minutes a week, or None where nothing limits it.
    """

    window: Window
    worked: int
    counted_days: int
    weekly_limit: int | None

    @property
    def days(self) -> int:
        """The days that the average divides by."""
        return max(FEWEST_DAYS, self.counted_days)

    @property
    def limit(self) -> int | None:
        """The most whole minutes that the window may hold."""
        return None if self.weekly_limit is None else self.weekly_limit * self.days // 7

    @property
    def weekly_hours(self) -> Fraction:
        """The average, in hours a week."""
        return Fraction(self.worked * 7, self.days * HOUR)

    @property
    def utilisation(self) -> Fraction | None:
        """Worked over limit, or None where nothing limits it."""
        if not self.weekly_limit:
            return None
        return Fraction(self.worked * 7, self.weekly_limit * self.days)


def loads(timeline: Timeline, setting: WeeklyHours) -> Iterator[Load]:
    """The load of each of a person's windows, in order (CPR 6.20)."""
    away = setting.exclude_leave and bool(timeline.leave_days)
    personal = _personal_limit(timeline, setting)
    for window in timeline.windows(setting.window, setting.anchor):
        days = timeline.counted_days(window) if away else window.days
        limit = window.weekly_limit if setting.exceptions and window.weekly_limit is not None else setting.limit
        if personal is not None and (limit is None or personal < limit):
            limit = personal
        yield Load(window, timeline.worked_in_days(window.start, window.end), days, limit)


def _personal_limit(timeline: Timeline, setting: WeeklyHours) -> int | None:
    return timeline.person.max_weekly_minutes if setting.personal and timeline.person is not None else None
