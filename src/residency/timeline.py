"""One person's duty, seen the ways that rules look at it; every view is computed once, on first use."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import (
    DAY,
    EVER,
    Interval,
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
    touching,
    union,
)
from residency.model import Absence, Change, Duty, DutyKind, Person, Rotation, RotationPeriod
from residency.sorted_duties import SortedDuties, changed_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Segments with at most this many minutes between them are one duty period.
BRIDGE = 60
#: A free stretch that leave or the roster's end cuts short is a day off from this many minutes on.
SHORTEST_CUT_DAY_OFF = 12 * 60

_START = attrgetter("start")
_END = itemgetter(1)
_COUNTED = frozenset(kind for kind in DutyKind if kind.traits.counts)
_IN_PERIOD = frozenset(kind for kind in DutyKind if kind.traits.in_period)


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


@dataclass(frozen=True, eq=False)
class Timeline:
    """One person's duties and absences over a horizon of whole days.

    Attributes:
        person: None where a duty names somebody unknown.
        held: known duties, on either side of the horizon too; each ends after it starts.
        absences: sorted by start.
        rotation_periods: sorted by start, disjoint.
        area: no duty outside is looked at.
        changed: what it was made for, if for less than everything; see `around`.
    """

    person_id: str
    person: Person | None
    horizon: Interval
    held: SortedDuties = field(default_factory=SortedDuties, repr=False)
    absences: tuple[Absence, ...] = ()
    rotation_periods: tuple[RotationPeriod, ...] = ()
    rotations: Mapping[str, Rotation] = field(default_factory=dict, repr=False)
    area: Interval = EVER
    changed: Interval = EVER

    @property
    def duties(self) -> tuple[Duty, ...]:
        """The duties, in order of start, end and id."""
        return self.held.all

    @property
    def is_resident(self) -> bool:
        """Whether the rules for residents hold."""
        return self.person is not None and self.person.is_resident

    @cached_property
    def kinds(self) -> frozenset[DutyKind]:
        """The kinds of duty that there are."""
        return frozenset({duty.kind for duty in self.duties})

    @cached_property
    def segments(self) -> tuple[Duty, ...]:
        """The duties that belong in duty periods."""
        if self.kinds <= _IN_PERIOD:
            return self.duties
        return tuple([duty for duty in self.duties if duty.kind in _IN_PERIOD])

    @cached_property
    def worked(self) -> list[Interval]:
        """The union of minutes that count as hours, on either side of the horizon too."""
        if self.kinds <= _COUNTED:
            return self.busy
        return merge([(duty.start, duty.end) for duty in self.duties if duty.kind in _COUNTED])

    @cached_property
    def busy(self) -> list[Interval]:
        """The union of minutes that a day off cannot hold."""
        return merge([(duty.start, duty.end) for duty in self.duties])

    @cached_property
    def _days(self) -> Interval:
        """The whole days of the horizon that are looked at."""
        (low, high), (begin, stop) = self.horizon, self.area
        return (max(low, min(high, day_start(begin))), min(high, max(low, day_end(stop))))

    @cached_property
    def _worked_by_day(self) -> list[int]:
        return minutes_by_day(self.worked, self._days)

    def worked_in_days(self, start: int, end: int) -> int:
        """The minutes worked in whole days inside the horizon."""
        low, by_day = self._days[0], self._worked_by_day
        return by_day[(end - low) // DAY] - by_day[(start - low) // DAY]

    @cached_property
    def periods(self) -> list[Interval]:
        """Duty periods: from first start to last end of segments with at most `BRIDGE` minutes between them."""
        if self.segments is self.duties:
            return merge(self.busy, BRIDGE)
        return merge([(duty.start, duty.end) for duty in self.segments], BRIDGE)

    def segments_of(self, period: Interval) -> tuple[Duty, ...]:
        """The segments of one duty period."""
        low = bisect_left(self.segments, period[0], key=_START)
        return self.segments[low : bisect_left(self.segments, period[1], key=_START)]

    def duties_in(self, start: int, end: int) -> tuple[Duty, ...]:
        """The duties that share a minute with an interval."""
        return self.held.within(start, end)

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
        return [FreeStretch(start, end, self._is_cut(end)) for start, end in self._free]

    @cached_property
    def _free(self) -> list[Interval]:
        leave = clip(self.leave_days, self._days)
        return subtract([self._days], union(self.busy, leave) if leave else self.busy)

    @cached_property
    def _leave_starts(self) -> frozenset[int]:
        return frozenset(start for start, _ in self.leave_days)

    def _is_cut(self, end: int) -> bool:
        """Whether leave or the roster's end, not work, stops a free stretch."""
        if end == self.horizon[1]:
            return True
        return end in self._leave_starts and not clip(
            self.busy[slice(*touching(self.busy, (end, end)))], (end, end + 1)
        )

    @cached_property
    def days_off(self) -> list[int]:
        """The minute in which each day off starts, in order, laid from the beginning of its free stretch."""
        laid: list[int] = []
        for start, end in self._free:
            length = end - start
            if length >= DAY:
                laid += range(start, end - DAY + 1, DAY)
            elif length >= SHORTEST_CUT_DAY_OFF and self._is_cut(end):
                laid.append(start)
        return laid

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
        if kind not in self.kinds:
            return []
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

    def windows(self, kind: WindowKind, anchor: int | None = None) -> Sequence[Window]:
        """The windows over which this person's averages are taken, in order; after a change, those that it reaches."""
        by_rotation = kind is WindowKind.ROTATION and self.rotation_periods
        windows = self._rotation_windows if by_rotation else horizon_windows(kind, self.horizon, anchor)
        return windows if self.changed == EVER else _windows_near(windows, self.reach)

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

    # ── changes ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def after(self, change: Change) -> Timeline:
        """The same person after a change.

        Raises:
            ValueError: a removed row is not there as given.
        """
        who = self.person_id
        added = [duty for duty in change.added if duty.person_id == who]
        removed = [duty for duty in change.removed if duty.person_id == who]
        held = self.held.changed(added, removed) if added or removed else self.held
        come = [absence for absence in change.absences_added if absence.person_id == who]
        gone = [absence for absence in change.absences_removed if absence.person_id == who]
        if come or gone:
            return self._with(held, changed_rows(self.absences, come, gone))
        return self._with(held, self.absences)

    def around(self, changed: Interval, kinds: Iterable[tuple[WindowKind, int | None]]) -> Timeline:
        """What of a timeline is to be judged anew after a change inside an interval: its duties near, and its windows that it reaches.

        What the rules find in it and touches its `reach` is what they find in the whole and touches it; beyond, nothing has become
        another. Rolling windows and the gaps between night blocks alone reach farther, see `reaches_far`.

        Args:
            changed: where rows changed.
            kinds: of windows, with their anchors; not rolling.
        """
        begin, stop = self._with_windows((changed[0] - 2 * DAY, changed[1] + 2 * DAY), kinds)
        margin = 3 * DAY
        while True:
            area = (begin - margin, stop + margin)
            near = self._with(self.held.near(*area), self.absences, area, changed)
            begin, stop = self._with_windows(near.reach, kinds)
            if self._is_enough(near, (begin, stop)):
                return near
            margin *= 4

    @cached_property
    def reach(self) -> Interval:
        """How far the change for which this was made reaches: no record of the holder that lies wholly outside becomes another.

        That is the free stretches around it, and the runs of duty within two days: no period, night block or run links duties that are
        farther apart.
        """
        if self.changed == EVER:
            return EVER
        busy, low, high = self.busy, day_start(self.changed[0]), day_end(self.changed[1])
        before, after = bisect_left(busy, (low, low)) - 1, bisect_left(busy, (high + 1, high + 1))
        low = min(low - 2 * DAY, busy[before][0] if before >= 0 else self._days[0])
        high = max(high + 2 * DAY, busy[after][1] if after < len(busy) else self._days[1])
        first, last = touching(busy, (low, high))
        if first == last:
            return low, high
        while first and not _is_new_run(busy[first - 1], busy[first][0]):
            first -= 1
        while last < len(busy) and not _is_new_run(busy[last - 1], busy[last][0]):
            last += 1
        return min(low, busy[first][0]), max(high, busy[last - 1][1])

    def _with_windows(self, within: Interval, kinds: Iterable[tuple[WindowKind, int | None]]) -> Interval:
        """An interval with all windows that touch it."""
        low, high = within
        for kind, anchor in kinds:
            for window in _windows_near(self.windows(kind, anchor), within):
                low, high = min(low, window.start), max(high, window.end)
        return low, high

    def _is_enough(self, near: Timeline, needed: Interval) -> bool:
        """Whether the area holds all that is needed, with a whole stretch of duty on either side or with nothing beyond it.

        A stretch is whole where nothing that the area leaves out can be bridged to it.
        """
        (begin, stop), (low, high) = near.area, needed
        if low < begin or high > stop:
            return False
        first = bisect_left(near.busy, (begin + BRIDGE + 1, 0))
        last = bisect_right(near.busy, stop - BRIDGE - 1, key=_END) - 1
        is_enough = (
            first < len(near.busy) and near.busy[first][0] < low,
            last >= 0 and near.busy[last][1] > high,
        )
        if all(is_enough):
            return True
        is_more = self.held.is_any_outside(*near.area)
        return all(enough or not more for enough, more in zip(is_enough, is_more, strict=True))

    def _with(
        self, held: SortedDuties, absences: tuple[Absence, ...], area: Interval = EVER, changed: Interval = EVER
    ) -> Timeline:
        """The same person with other rows; what was seen of the rest is handed on."""
        other = Timeline(
            self.person_id,
            self.person,
            self.horizon,
            held,
            absences,
            self.rotation_periods,
            self.rotations,
            area,
            changed,
        )
        seen, handed = vars(self), vars(other)
        for name in ("_rotation_windows",) if absences is not self.absences else _UNTOUCHED:
            if name in seen:
                handed[name] = seen[name]
        return other


#: What is seen of a timeline whatever its duties are.
_UNTOUCHED = ("_rotation_windows", "leave", "leave_days", "_leave_starts")


def _windows_near(windows: Sequence[Window], within: Interval) -> list[Window]:
    low, high = within
    return [window for window in windows if window.start <= high and window.end >= low]


def _is_new_run(last: Interval, start: int) -> bool:
    return start - last[1] >= DAY and start // DAY - last[0] // DAY > 1


def ids_of(duties: Iterable[Duty]) -> tuple[str, ...]:
    """The ids of duties, sorted."""
    return tuple(sorted({duty.id for duty in duties}))
