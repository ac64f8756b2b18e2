"""Wall-clock time as integer minutes, days, averaging windows, and sets of half-open intervals.

Minute 0 is 1970-01-01T00:00 of local time, without zone or daylight saving; a day has 1,440 minutes. Day numbers count
from the same date. Interval lists are sorted and disjoint unless a function says that it takes any.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR = 60
DAY = 1440
WEEK = 7 * DAY
BLOCK_DAYS = 28
LONGEST_ROTATION_DAYS = 31

Interval = tuple[int, int]
#: Every minute that a roster can have.
EVER: Interval = (-(10**12), 10**12)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall-clock time has no zone
_EPOCH_ORDINAL = _EPOCH.toordinal()


def minute_of(moment: datetime | date) -> int:
    """The minute of a wall-clock moment; a date stands for its 00:00.

    Raises:
        ValueError: the moment has seconds or a zone.
    """
    if not isinstance(moment, datetime):
        return (moment.toordinal() - _EPOCH_ORDINAL) * DAY
    if moment.tzinfo is not None or moment.second or moment.microsecond:
        raise ValueError(f"{moment.isoformat()} is not a whole minute of local time")
    return (moment.toordinal() - _EPOCH_ORDINAL) * DAY + moment.hour * HOUR + moment.minute


def moment_of(minutes: int) -> datetime:
    """The wall-clock moment of a minute."""
    return _EPOCH + timedelta(minutes=minutes)


def date_of(minutes: int) -> date:
    """The calendar date that holds a minute."""
    return date.fromordinal(minutes // DAY + _EPOCH_ORDINAL)


def day_start(minutes: int) -> int:
    """The 00:00 of the day that holds a minute."""
    return minutes - minutes % DAY


def day_end(minutes: int) -> int:
    """The first 00:00 at or after a minute: the end of whole days that a half-open interval touches."""
    return -(-minutes // DAY) * DAY


def weekday_of(minutes: int) -> int:
    """The weekday of a minute, Monday being 0."""
    return (minutes // DAY + 3) % 7


def week_start(minutes: int) -> int:
    """The Monday 00:00 of the week that holds a minute."""
    return day_start(minutes) - weekday_of(minutes) * DAY


def overlaps(first: Interval, second: Interval) -> bool:
    """Whether two intervals share a minute."""
    return first[0] < second[1] and second[0] < first[1]


def overlap_minutes(first: Interval, second: Interval) -> int:
    """How many minutes two intervals share."""
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def merge(intervals: Iterable[Interval], gap: int = 0) -> list[Interval]:
    """The union of intervals sorted by start, bridging gaps of at most `gap` minutes."""
    merged: list[Interval] = []
    start = end = None
    for begin, stop in intervals:
        if end is None or start is None:
            start, end = begin, stop
        elif begin > end + gap:
            merged.append((start, end))
            start, end = begin, stop
        elif stop > end:
            end = stop
    if start is not None and end is not None:
        merged.append((start, end))
    return merged


def union(*lists: Iterable[Interval]) -> list[Interval]:
    """The union of any intervals in any order."""
    return merge(sorted(interval for intervals in lists for interval in intervals))


def clip(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
    """What lies inside `within`."""
    low, high = within
    return [(max(start, low), min(end, high)) for start, end in intervals if start < high and end > low]


def subtract(intervals: Iterable[Interval], holes: Sequence[Interval]) -> list[Interval]:
    """What remains of intervals outside `holes`; both sorted and disjoint."""
    rest: list[Interval] = []
    first = 0
    for interval_start, end in intervals:
        start = interval_start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        index = first
        while index < len(holes) and holes[index][0] < end:
            if holes[index][0] > start:
                rest.append((start, holes[index][0]))
            start = max(start, holes[index][1])
            index += 1
        if start < end:
            rest.append((start, end))
    return rest


def touching(intervals: Sequence[Interval], within: Interval) -> tuple[int, int]:
    """Which of disjoint sorted intervals share a minute with `within` or adjoin it: the first, and the one after the last."""
    low, high = within
    first = bisect_left(intervals, (low, low))
    if first and intervals[first - 1][1] >= low:
        first -= 1
    return first, bisect_left(intervals, (high + 1, high + 1), lo=first)


def total(intervals: Iterable[Interval]) -> int:
    """The minutes of disjoint intervals."""
    return sum(end - start for start, end in intervals)


def minutes_by_day(intervals: Iterable[Interval], days: Interval) -> list[int]:
    """Prefix sums by day: entry i is how many minutes lie in the first i days of the whole days `days`.

    Any window of whole days is then the difference of two entries.
    """
    low, high = days
    by_day = [0] * ((high - low) // DAY)
    for interval_start, interval_end in intervals:
        if interval_end <= low or interval_start >= high:
            continue
        start = interval_start if interval_start > low else low  # noqa: FURB136  (the loop of all loops; a call costs as much as the rest)
        end = interval_end if interval_end < high else high  # noqa: FURB136  (likewise)
        day = (start - low) // DAY
        midnight = low + (day + 1) * DAY
        while end > midnight:
            by_day[day] += midnight - start
            start, day, midnight = midnight, day + 1, midnight + DAY
        by_day[day] += end - start
    return list(accumulate(by_day, initial=0))


def midnights(intervals: Iterable[Interval]) -> list[int]:
    """The dates, as day numbers, whose closing midnight lies inside one of the disjoint intervals.

    A midnight is inside when start ≤ midnight < end, and belongs to the date before it.
    """
    return [midnight // DAY - 1 for start, end in intervals for midnight in range(day_end(start), end, DAY)]


class WindowKind(StrEnum):
    """How a person's days are divided for averages."""

    ROTATION = "rotation"
    BLOCK28 = "block28"
    MONTH = "month"
    ROLLING28 = "rolling28"


class Window(NamedTuple):
    """Whole days over which an average is taken, with the rotation's granted weekly limit in minutes, if any."""

    start: int
    end: int
    weekly_limit: int | None = None

    @property
    def days(self) -> int:
        """How many days it has, leave included."""
        return (self.end - self.start) // DAY


def cut_stretch(start: int, end: int, weekly_limit: int | None = None) -> list[Window]:
    """One window up to 31 days; a longer stretch in windows of 28 days from its start, the remainder its own."""
    if end - start <= LONGEST_ROTATION_DAYS * DAY:
        return [Window(start, end, weekly_limit)]
    step = BLOCK_DAYS * DAY
    return [Window(begin, min(begin + step, end), weekly_limit) for begin in range(start, end, step)]


def clip_windows(windows: Iterable[Window], horizon: Interval) -> list[Window]:
    """The parts of windows inside the horizon."""
    low, high = horizon
    return [
        window
        if low <= window.start and window.end <= high
        else Window(max(low, window.start), min(high, window.end), window.weekly_limit)
        for window in windows
        if window.start < high and window.end > low
    ]


def block_windows(horizon: Interval, anchor: int | None = None) -> list[Window]:
    """Consecutive 28 days from the day of `anchor` (the horizon's first by default), clipped to the horizon."""
    step = BLOCK_DAYS * DAY
    origin = horizon[0] if anchor is None else day_start(anchor)
    first = origin + (horizon[0] - origin) // step * step
    return clip_windows((Window(begin, begin + step) for begin in range(first, horizon[1], step)), horizon)


def month_windows(horizon: Interval) -> list[Window]:
    """The calendar months of the horizon, clipped to it."""
    windows: list[Window] = []
    start = horizon[0]
    while start < horizon[1]:
        first = date_of(start).replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        end = min(minute_of(following), horizon[1])
        windows.append(Window(start, end))
        start = end
    return windows


def rolling_windows(horizon: Interval) -> list[Window]:
    """All 28-day windows that begin on a day of the horizon and end within it; one window if it is no longer."""
    low, high = horizon
    step = BLOCK_DAYS * DAY
    if high - low <= step:
        return [Window(low, high)]
    return [Window(begin, begin + step) for begin in range(low, high - step + 1, DAY)]


@lru_cache(maxsize=64)
def horizon_windows(kind: WindowKind, horizon: Interval, anchor: int | None = None) -> tuple[Window, ...]:
    """The windows of somebody without rotations; only `block28` looks at the anchor."""
    if kind is WindowKind.BLOCK28:
        return tuple(block_windows(horizon, anchor))
    if kind is WindowKind.MONTH:
        return tuple(month_windows(horizon))
    if kind is WindowKind.ROLLING28:
        return tuple(rolling_windows(horizon))
    return tuple(cut_stretch(*horizon))
