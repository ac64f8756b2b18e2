"""One person's duty, seen the ways that rules look at it; every view is computed once, on first use."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import (
    DAY,
    Interval,
    PrefixSums,
    Window,
    WindowKind,
    clip,
    clip_windows,
    cut_stretch,
    day_end,
    day_start,
    horizon_windows,
    merge,
    midnights,
    minutes_by_day,
    subtract,
    union,
)
from residency.model import Absence, Duty, DutyKind, Person, Rotation, RotationPeriod

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Segments with at most this many minutes between them are one duty period.
BRIDGE = 60
#: A free stretch that leave or the roster's end cuts short is a day off from this many minutes on.
SHORTEST_CUT_DAY_OFF = 12 * 60

#: The order of duties in every list: by start, end and id.
DUTY_ORDER = attrgetter("start", "end", "id")
_START = attrgetter("start")


class FreeStretch(NamedTuple):
    """A maximal run of free minutes outside leave days; `cut` where leave or the roster's end stops it, not work."""

    start: int
    end: int
    cut: bool

    @property
    def days_off(self) -> int:
        """How many days off it holds."""
        length = self.end - self.start
        return max(length // DAY, 1 if self.cut and length >= SHORTEST_CUT_DAY_OFF else 0)


class Run(NamedTuple):
    """Stretches of duty without a day off between them.

    `days` counts the dates from the first start to the last start.
    """

    start: int
    end: int
    days: int


class NightBlock(NamedTuple):
    """Night-float shifts on consecutive dates, from the first one's start to the last one's end."""

    start: int
    end: int
    nights: int


@dataclass(frozen=True)
class Timeline:
    """One person's duties and absences over a horizon of whole days.

    Attributes:
        person: None where a duty names somebody unknown.
        duties: known duties, on either side of the horizon too, in `DUTY_ORDER`; each ends after it starts.
        absences: sorted by start.
        rotation_periods: sorted by start, disjoint.
    """

    person_id: str
    person: Person | None
    horizon: Interval
    duties: tuple[Duty, ...] = ()
    absences: tuple[Absence, ...] = ()
    rotation_periods: tuple[RotationPeriod, ...] = ()
    rotations: Mapping[str, Rotation] = field(default_factory=dict, repr=False)

    @property
    def is_resident(self) -> bool:
        """Whether the rules for residents hold."""
        return self.person is not None and self.person.is_resident

    @cached_property
    def segments(self) -> tuple[Duty, ...]:
        """The duties that belong in duty periods."""
        inside = tuple(duty for duty in self.duties if duty.kind.traits.in_period)
        return self.duties if len(inside) == len(self.duties) else inside

    @cached_property
    def worked(self) -> list[Interval]:
        """The union of minutes that count as hours, on either side of the horizon too."""
        if self.segments is self.duties:
            return self.busy
        return merge((duty.start, duty.end) for duty in self.duties if duty.kind.traits.counts)

    @cached_property
    def busy(self) -> list[Interval]:
        """The union of minutes that a day off cannot hold."""
        return merge([(duty.start, duty.end) for duty in self.duties])

    @cached_property
    def _worked_by_day(self) -> list[int]:
        return minutes_by_day(self.worked, self.horizon)

    @cached_property
    def _worked_sums(self) -> PrefixSums:
        return PrefixSums(self.worked)

    def worked_in_days(self, start: int, end: int) -> int:
        """The minutes worked in whole days inside the horizon."""
        low = self.horizon[0]
        by_day = self._worked_by_day
        return by_day[(end - low) // DAY] - by_day[(start - low) // DAY]

    def worked_between(self, start: int, end: int) -> int:
        """The minutes worked in any interval."""
        return self._worked_sums.between(start, end)

    @cached_property
    def periods(self) -> list[Interval]:
        """Duty periods: from first start to last end of segments with at most `BRIDGE` minutes between them."""
        return merge([(duty.start, duty.end) for duty in self.segments], BRIDGE)

    def segments_of(self, period: Interval) -> tuple[Duty, ...]:
        """The segments of one duty period."""
        low = bisect_left(self.segments, period[0], key=_START)
        return self.segments[low : bisect_left(self.segments, period[1], key=_START)]

    @cached_property
    def _longest(self) -> int:
        return max((duty.end - duty.start for duty in self.duties), default=0)

    def duties_in(self, start: int, end: int) -> tuple[Duty, ...]:
        """The duties that share a minute with an interval."""
        low = bisect_left(self.duties, start - self._longest, key=_START)
        high = bisect_left(self.duties, end, key=_START)
        return tuple(duty for duty in self.duties[low:high] if duty.end > start)

    @cached_property
    def leave(self) -> list[Interval]:
        """The union of approved leave."""
        return union((absence.start, absence.end) for absence in self.absences if absence.is_leave)

    @cached_property
    def leave_days(self) -> list[Interval]:
        """Runs of calendar days that leave covers from end to end."""
        return [(day_end(start), day_start(end)) for start, end in self.leave if day_end(start) < day_start(end)]

    def counted_days(self, window: Window) -> int:
        """The days of a window less its leave days."""
        away = sum(end - start for start, end in clip(self.leave_days, (window.start, window.end)))
        return window.days - away // DAY

    @cached_property
    def free_stretches(self) -> list[FreeStretch]:
        """The free stretches of the horizon, in order."""
        free = subtract([self.horizon], union(self.busy, self.leave_days) if self.leave_days else self.busy)
        leave_starts = {start for start, _ in self.leave_days}
        return [FreeStretch(start, end, self._is_cut(end, leave_starts)) for start, end in free]

    def _is_cut(self, end: int, leave_starts: set[int]) -> bool:
        if end == self.horizon[1]:
            return True
        return end in leave_starts and not any(start == end for start, _ in clip(self.busy, (end, end + 1)))

    @cached_property
    def days_off(self) -> list[int]:
        """The minute in which each day off starts, in order, laid from the beginning of its free stretch."""
        return [stretch.start + number * DAY for stretch in self.free_stretches for number in range(stretch.days_off)]

    def days_off_in(self, window: Window) -> int:
        """How many days off start in a window."""
        return bisect_left(self.days_off, window.end) - bisect_left(self.days_off, window.start)

    @cached_property
    def runs(self) -> list[Run]:
        """Runs of duty: one ends where 24 hours or more were free and a whole date lies between two starts."""
        busy = self.busy
        runs: list[Run] = []
        first = 0
        for index in range(1, len(busy) + 1):
            start, last = busy[first][0], busy[index - 1]
            if index == len(busy) or _is_new_run(last, busy[index][0]):
                runs.append(Run(start, last[1], last[0] // DAY - start // DAY + 1))
                first = index
        return runs

    def _shifts(self, kind: DutyKind) -> list[Interval]:
        return merge((duty.start, duty.end) for duty in self.duties if duty.kind is kind)

    @cached_property
    def call_nights(self) -> list[int]:
        """The dates, as day numbers, of in-house call nights."""
        return midnights(self._shifts(DutyKind.IN_HOUSE_CALL))

    def call_nights_in(self, window: Window) -> int:
        """How many call nights belong to dates of a window."""
        return bisect_left(self.call_nights, window.end // DAY) - bisect_left(self.call_nights, window.start // DAY)

    @cached_property
    def night_blocks(self) -> list[NightBlock]:
        """Blocks of night float; a shift without a midnight in it is none."""
        blocks: list[NightBlock] = []
        last_night: int | None = None
        for shift in self._shifts(DutyKind.NIGHT_FLOAT):
            nights = midnights([shift])
            if not nights:
                continue
            if last_night is not None and nights[0] == last_night + 1:
                previous = blocks.pop()
                blocks.append(NightBlock(previous.start, shift[1], previous.nights + len(nights)))
            else:
                blocks.append(NightBlock(shift[0], shift[1], len(nights)))
            last_night = nights[-1]
        return blocks

    def longest_free(self, start: int, end: int) -> int:
        """The longest run of minutes in an interval in which nothing breaks a day off."""
        inside = merge((duty.start, duty.end) for duty in self.duties_in(start, end))
        return max((stop - begin for begin, stop in subtract([(start, end)], inside)), default=0)

    def windows(self, kind: WindowKind, anchor: int | None = None) -> tuple[Window, ...]:
        """The windows over which this person's averages are taken, in order."""
        if kind is WindowKind.ROTATION and self.rotation_periods:
            return self._rotation_windows
        return horizon_windows(kind, self.horizon, anchor)

    @cached_property
    def _rotation_windows(self) -> tuple[Window, ...]:
        low, high = self.horizon
        windows: list[Window] = []
        for period in self.rotation_periods:
            if low < min(period.start, high):
                windows += cut_stretch(low, min(period.start, high))
            windows += cut_stretch(period.start, period.end, period.weekly_limit)
            low = max(low, period.end)
        if low < high:
            windows += cut_stretch(low, high)
        return tuple(clip_windows(windows, self.horizon))


def _is_new_run(last: Interval, start: int) -> bool:
    return start - last[1] >= DAY and start // DAY - last[0] // DAY > 1


def ids_of(duties: Iterable[Duty]) -> tuple[str, ...]:
    """The ids of duties, sorted."""
    return tuple(sorted({duty.id for duty in duties}))
