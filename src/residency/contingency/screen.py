"""Whether one person may take any of many slots: the rules about persons as arithmetic on arrays, all slots at once.

`Screen.verdicts` answers `YES`, `NO` or `ASK`. `YES` says that admission has no objection to this person taking the whole slot, and that
nobody misses them where they are then; `NO` says that one of the two fails. `ASK` is said where this module knows less than the rules
do, and whoever asks has to ask them (`Jury`). The rules stay the judges: tests compare each answer with theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from residency.averages import loads
from residency.calendar import DAY, Interval, Window, union
from residency.contingency.heads import PLENTY
from residency.model import DutyKind, PersonStatus, Severity
from residency.policy.settings import (
    CallFrequency,
    DutyPeriodLimit,
    NightFloat,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    WeeklyHours,
)
from residency.rules.qualification import lacking
from residency.timeline import BRIDGE, SHORTEST_CUT_DAY_OFF, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from residency.model import Duty, Person, Rotation
    from residency.settings import Settings

Numbers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

NO, YES, ASK = 0, 1, 2
_LONGEST_NIGHTS = 4


class Slot(NamedTuple):
    """A stretch of a duty that somebody is wanted for; duties that differ in nothing else are one slot."""

    rotation_id: str
    start: int
    end: int
    kind: DutyKind
    exception: bool = False


class Slots:
    """Many slots as columns."""

    def __init__(self, rows: Sequence[Slot], rotations: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(rotations)}
        self.rows = tuple(rows)
        self.start = _column(row.start for row in rows)
        self.end = _column(row.end for row in rows)
        self.rotation = _column(places[row.rotation_id] for row in rows)
        self.places = places
        self.is_call = np.array([row.kind is DutyKind.IN_HOUSE_CALL for row in rows], dtype=np.bool_)
        self.is_night = np.array([row.kind is DutyKind.NIGHT_FLOAT for row in rows], dtype=np.bool_)
        self.is_odd = np.array([row.exception or not _is_plain(row.kind) for row in rows], dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.rows)


def _is_plain(kind: DutyKind) -> bool:
    traits = kind.traits
    return traits.patient_care and traits.counts and not traits.extension and not kind.is_moonlighting


def _column(values: Iterable[int]) -> Numbers:
    return np.fromiter(values, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Spans:
    """Sorted disjoint intervals as columns."""

    start: Numbers
    end: Numbers

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> _Spans:
        found = list(intervals)
        return cls(_column(start for start, _ in found), _column(end for _, end in found))

    def first(self, moments: Numbers) -> Numbers:
        """The first one that ends after a moment."""
        return np.searchsorted(self.end, moments, side="right")

    def stop(self, moments: Numbers) -> Numbers:
        """One beyond the last one that starts before a moment."""
        return np.searchsorted(self.start, moments, side="left")

    def before(self, moments: Numbers) -> Numbers:
        """How many of their minutes lie before each moment."""
        if not len(self.start):
            return np.zeros_like(moments)
        sums = np.concatenate(([0], np.cumsum(self.end - self.start)))
        place = np.searchsorted(self.start, moments, side="right") - 1
        inside = np.minimum(moments, self.end[place]) - self.start[place]
        return np.where(place < 0, 0, sums[np.maximum(place, 0)] + inside)


class Screen:
    """What is known of one person, ready to be asked about any slots.

    Args:
        timeline: the person's duty.
        settings: what it is judged by.
        spare: the fewest people beyond the need of a service in an interval, given the id of a rotation.
        is_clean: whether no rule about this person is broken; of others nothing can be told here.

    Attributes:
        is_known: whether anything but `NO` and `ASK` is ever said.
    """

    def __init__(
        self, timeline: Timeline, settings: Settings, spare: Callable[[str, Interval], int], *, is_clean: bool
    ) -> None:
        self._timeline = timeline
        self._settings = settings
        self._spare = spare
        self.is_known = is_clean and _is_simple(timeline)
        self._own = _Spans.of((duty.start, duty.end) for duty in timeline.duties)
        self._periods = _Spans.of(timeline.periods)

    def verdicts(self, slots: Slots) -> Numbers:
        """One of `NO`, `YES`, `ASK` for each slot."""
        person = self._timeline.person
        if person is None or person.status is PersonStatus.INACTIVE:
            return np.zeros(len(slots), dtype=np.int64)
        barred = self._barred(slots, person)
        if not self.is_known:
            return np.where(barred, NO, ASK)
        missed = self.is_missed(slots)
        asked = self._beyond(slots, person)
        broken = self._broken(slots) if self._settings.acgme_enabled else np.zeros(len(slots), dtype=np.bool_)
        return np.where(barred | missed, NO, np.where(asked, ASK, np.where(broken, NO, YES)))

    def takes(self, slots: Slots, ample: int) -> Iterator[tuple[int, bool, bool]]:
        """The slots that may be taken: which, whether that is sure, and whether every service that is left has `ample` to spare."""
        verdicts = self.verdicts(slots)
        free = ~self.is_missed(slots, ample)
        columns = np.flatnonzero(verdicts)
        yield from zip(columns.tolist(), (verdicts[columns] == YES).tolist(), free[columns].tolist(), strict=True)

    # ── at a glance ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _barred(self, slots: Slots, person: Person) -> Truths:
        """Skills, absences, duties that nobody is taken from, and duty on the very service."""
        lacks = [bool(lacking(person, rotation)) for rotation in self._rotations(slots)]
        hard = _Spans.of(
            union(
                [(item.start, item.end) for item in self._timeline.absences if item.is_leave or item.is_free_day],
                [(duty.start, duty.end) for duty in self._timeline.duties if _is_fixed(duty)],
            )
        )
        barred: Truths = np.array(lacks, dtype=np.bool_)[slots.rotation]
        barred |= hard.first(slots.start) < hard.stop(slots.end)
        there = _column(
            slots.places.get(duty.rotation_id or "", -1) if duty.kind.traits.covers else -1
            for duty in self._timeline.duties
        )
        for place, is_there in self._overlapping(slots):
            barred |= is_there & (there[place] == slots.rotation)
        return barred

    def _rotations(self, slots: Slots) -> list[Rotation]:
        return [self._timeline.rotations[name] for name in slots.places]

    def _overlapping(self, slots: Slots) -> Iterable[tuple[Numbers, Truths]]:
        """Own duties that overlap each slot, first, second and so on: their places, and whether there is one."""
        first, stop = self._own.first(slots.start), self._own.stop(slots.end)
        most = int(np.max(stop - first, initial=0))
        for number in range(most):
            is_there = first + number < stop
            yield np.where(is_there, first + number, 0), is_there

    def is_missed(self, slots: Slots, fewest: int = 1) -> Truths:
        """Whether a service where they are then has fewer than `fewest` people to spare."""
        missed = np.zeros(len(slots), dtype=np.bool_)
        duties = self._timeline.duties
        spare = self._spare_whole
        for place, is_there in self._overlapping(slots):
            scarce = is_there & (spare[place] < fewest)
            whole = (slots.start <= self._own.start[place]) & (self._own.end[place] <= slots.end)
            missed |= scarce & whole
            for index in np.flatnonzero(scarce & ~whole & ~missed):
                duty = duties[int(place[index])]
                shared = (max(duty.start, int(slots.start[index])), min(duty.end, int(slots.end[index])))
                missed[index] = self._spare_of(duty, shared) < fewest
        return missed

    @cached_property
    def _spare_whole(self) -> Numbers:
        """What the service of each own duty has to spare all through it."""
        return _column(self._spare_of(duty, (duty.start, duty.end)) for duty in self._timeline.duties)

    def _spare_of(self, duty: Duty, interval: Interval) -> int:
        if duty.rotation_id is None or not duty.kind.traits.covers:
            return PLENTY
        return self._spare(duty.rotation_id, interval)

    # ── what only the rules can tell ───────────────────────────────────────────────────────────────────────────────────

    def _beyond(self, slots: Slots, person: Person) -> Truths:
        """Where this module knows less than the rules do."""
        low, high = self._timeline.horizon
        asked: Truths = slots.is_odd | (slots.start < low) | (slots.end > high)
        if not person.is_resident or not self._settings.acgme_enabled:
            return asked
        rules = self._settings.rules
        if any(item.strict or item.unaveraged_on_night_float for item in rules.of(OneDayInSeven)):
            return np.ones(len(slots), dtype=np.bool_)
        if any(item.max_nights is not None or item.gap is not None for item in rules.of(NightFloat)):
            asked |= slots.is_night | bool(self._timeline.night_blocks)
        if rules.of(DutyPeriodLimit):
            asked |= self._touches_odd(slots)
        return asked

    def _touches_odd(self, slots: Slots) -> Truths:
        """Whether the duty period that a slot becomes part of holds an extension or a granted exception."""
        if not any(duty.kind.traits.extension or duty.exception for duty in self._timeline.duties):
            return np.zeros(len(slots), dtype=np.bool_)
        odd = [
            any(duty.kind.traits.extension or duty.exception for duty in self._timeline.segments_of(period))
            for period in self._timeline.periods
        ]
        before = np.concatenate(([0], np.cumsum(np.array(odd, dtype=np.int64))))
        first, last = self._joined(slots)
        touched: Truths = before[np.maximum(last + 1, first)] > before[first]
        return touched

    # ── the rules about persons ────────────────────────────────────────────────────────────────────────────────────────

    def _broken(self, slots: Slots) -> Truths:
        broken = np.zeros(len(slots), dtype=np.bool_)
        if not self._timeline.is_resident:
            return broken
        for setting in self._settings.rules.settings:
            if setting.severity is Severity.ADVISORY:
                continue
            if isinstance(setting, WeeklyHours):
                broken |= self._over_hours(slots, setting)
            elif isinstance(setting, OneDayInSeven):
                broken |= self._few_days_off(slots, setting)
            elif isinstance(setting, CallFrequency):
                broken |= self._many_calls(slots, setting)
            elif isinstance(setting, DutyPeriodLimit):
                broken |= self._long_period(slots, setting)
            elif isinstance(setting, RestAfterCall):
                broken |= self._short_rest(slots, setting.rest, longer=setting.after)
            elif isinstance(setting, RestBetweenShifts):
                broken |= self._short_rest(slots, setting.rest, shorter=setting.below)
        return broken

    def _over_hours(self, slots: Slots, setting: WeeklyHours) -> Truths:
        found = [load for load in loads(self._timeline, setting) if load.limit is not None]
        spans = _Spans.of((load.window.start, load.window.end) for load in found)
        room = _column((load.limit or 0) - load.worked for load in found)
        worked = _Spans.of(self._timeline.worked)
        over = np.zeros(len(slots), dtype=np.bool_)
        for place, is_there in _windows(spans, slots.start, slots.end):
            start, end = np.maximum(slots.start, spans.start[place]), np.minimum(slots.end, spans.end[place])
            added = end - start - (worked.before(end) - worked.before(start))
            over |= is_there & (added > 0) & (added > room[place])
        return over

    def _few_days_off(self, slots: Slots, setting: OneDayInSeven) -> Truths:
        windows = self._timeline.windows(setting.window, setting.anchor)
        spans = _Spans.of((window.start, window.end) for window in windows)
        due = _column(self._timeline.counted_days(window) // 7 for window in windows)
        days = self._days_off
        few = np.zeros(len(slots), dtype=np.bool_)
        first, stop = days.free.first(slots.start), days.free.stop(slots.end)
        if not len(days.free.start):
            return few
        is_free = first < stop
        low, high = np.where(is_free, first, 0), np.where(is_free, stop - 1, 0)
        begin, finish = days.free.start[low], days.free.end[high]
        left = np.maximum(slots.start - begin, 0) // DAY
        rest = np.maximum(finish - slots.end, 0)
        right = np.maximum(rest // DAY, (days.is_cut[high] & (rest >= SHORTEST_CUT_DAY_OFF)).astype(np.int64))
        for place, is_there in _windows(spans, begin, finish):
            start, end = spans.start[place], spans.end[place]
            mine, others = np.searchsorted(days.starts, start), np.searchsorted(days.starts, end)
            gone = _shared(days.count[low], days.count[high + 1], mine, others)
            kept = _shared(days.count[low], days.count[low] + left, mine, others)
            moved = _shared(-(-(start - slots.end) // DAY), -(-(end - slots.end) // DAY), np.zeros_like(right), right)
            found = others - mine - gone + kept + moved
            few |= is_there & is_free & (found < due[place])
        return few

    @cached_property
    def _days_off(self) -> _DaysOff:
        stretches = self._timeline.free_stretches
        return _DaysOff(
            free=_Spans.of((stretch.start, stretch.end) for stretch in stretches),
            is_cut=np.array([stretch.cut for stretch in stretches], dtype=np.bool_),
            starts=_column(self._timeline.days_off),
            count=np.concatenate(([0], np.cumsum(_column(stretch.days_off for stretch in stretches)))),
        )

    def _many_calls(self, slots: Slots, setting: CallFrequency) -> Truths:
        if not np.any(slots.is_call):
            return np.zeros(len(slots), dtype=np.bool_)
        windows = self._timeline.windows(setting.window, setting.anchor)
        days = _Spans.of((window.start // DAY, window.end // DAY) for window in windows)
        room = _column(self._room_for_calls(window, setting.every) for window in windows)
        known = _column(self._timeline.call_nights)
        midnight = -(-slots.start // DAY) * DAY
        many = np.zeros(len(slots), dtype=np.bool_)
        for place, is_there in _windows(days, slots.start // DAY - 1, -(-slots.end // DAY)):
            added = np.zeros(len(slots), dtype=np.int64)
            for number in range(_LONGEST_NIGHTS):
                night = midnight // DAY - 1 + number
                is_new = (midnight + number * DAY < slots.end) & ~np.isin(night, known)
                added += is_new & (days.start[place] <= night) & (night < days.end[place])
            many |= is_there & slots.is_call & (added > 0) & (added > room[place])
        return many

    def _room_for_calls(self, window: Window, every: int) -> int:
        return max(1, self._timeline.counted_days(window) // every) - self._timeline.call_nights_in(window)

    def _joined(self, slots: Slots) -> tuple[Numbers, Numbers]:
        """The first and the last duty period that a slot is bridged to; the last before the first where there is none."""
        first = np.searchsorted(self._periods.end, slots.start - BRIDGE, side="left")
        last = np.searchsorted(self._periods.start, slots.end + BRIDGE, side="right") - 1
        return first, last

    def _period_of(self, slots: Slots) -> tuple[Numbers, Numbers]:
        """Start and end of the duty period that each slot becomes part of."""
        first, last = self._joined(slots)
        if not len(self._periods.start):
            return slots.start, slots.end
        is_joined = first <= last
        start = np.minimum(slots.start, self._periods.start[np.where(is_joined, first, 0)])
        end = np.maximum(slots.end, self._periods.end[np.where(is_joined, last, 0)])
        return np.where(is_joined, start, slots.start), np.where(is_joined, end, slots.end)

    def _long_period(self, slots: Slots, setting: DutyPeriodLimit) -> Truths:
        """Slots that hold care for patients, in periods without extensions and exceptions."""
        start, end = self._period_of(slots)
        first, last = self._joined(slots)
        care = slots.end
        if len(self._last_care):
            is_joined = first <= last
            care = np.where(is_joined, np.maximum(care, self._last_care[np.where(is_joined, last, 0)]), care)
        person = self._timeline.person
        is_first_year = person is not None and person.pgy_level == 1
        cap = setting.pgy1_cap if setting.pgy1_cap is not None and is_first_year else None
        long: Truths = (care - start > setting.limit) | (end - start > setting.limit + setting.extra)
        return long if cap is None else long | (end - start > cap)

    @cached_property
    def _last_care(self) -> Numbers:
        """The end of the last care for patients in each duty period; its start where there is none."""
        care = _column(duty.end for duty in self._timeline.duties if duty.kind.traits.patient_care)
        ends = np.concatenate(([-DAY], care))[np.searchsorted(care, self._periods.end, side="right")]
        care_end: Numbers = np.maximum(ends, self._periods.start)
        return care_end

    def _short_rest(self, slots: Slots, rest: int, *, longer: int = 0, shorter: int | None = None) -> Truths:
        """Whether the rest before or after the period of a slot falls short, of periods at least `longer` and below `shorter`."""
        start, end = self._period_of(slots)
        first, last = self._joined(slots)
        count = len(self._periods.start)
        if not count:
            return np.zeros(len(slots), dtype=np.bool_)
        before, after = np.maximum(first - 1, 0), np.minimum(np.maximum(last, first - 1) + 1, count - 1)
        length = self._periods.end[before] - self._periods.start[before]
        too_soon = (first > 0) & _within(length, longer, shorter) & (start - self._periods.end[before] < rest)
        follows = np.maximum(last, first - 1) + 1 < count
        too_near = follows & _within(end - start, longer, shorter) & (self._periods.start[after] - end < rest)
        short: Truths = too_soon | too_near
        return short


@dataclass(frozen=True, slots=True)
class _DaysOff:
    """Free stretches and the days off in them; `count` is how many lie before each stretch."""

    free: _Spans
    is_cut: Truths
    starts: Numbers
    count: Numbers


def _is_fixed(duty: Duty) -> bool:
    return duty.pinned or duty.kind is DutyKind.MOONLIGHT_EXT


def _is_simple(timeline: Timeline) -> bool:
    """Whether no two duties overlap, and all of them are hours worked in duty periods."""
    duties = timeline.duties
    apart = all(first.end <= second.start for first, second in pairwise(duties))
    return apart and all(duty.kind.traits.counts and duty.kind.traits.in_period for duty in duties)


def _windows(spans: _Spans, start: Numbers, end: Numbers) -> Iterable[tuple[Numbers, Truths]]:
    """The windows that each interval touches, first, second and so on: their places, and whether there is one."""
    first, stop = spans.first(start), spans.stop(end)
    for number in range(int(np.max(stop - first, initial=0))):
        is_there = first + number < stop
        yield np.where(is_there, first + number, 0), is_there


def _shared(low: Numbers, high: Numbers, other_low: Numbers, other_high: Numbers) -> Numbers:
    """How many whole numbers lie in both of two half-open ranges."""
    shared: Numbers = np.maximum(np.minimum(high, other_high) - np.maximum(low, other_low), 0)
    return shared


def _within(length: Numbers, longer: int, shorter: int | None) -> Truths:
    return (length >= longer) if shorter is None else (length >= longer) & (length < shorter)
