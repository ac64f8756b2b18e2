"""The screen of the rules about persons: who has nothing that a rule could object to, by stem."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from residency.averages import FEWEST_DAYS
from residency.calendar import DAY, WindowKind, clip, horizon_windows
from residency.model import DutyKind
from residency.policy import Setting
from residency.policy import settings as ask
from residency.rules.qualification import lacking
from residency.suspects.columns import Columns, Flags, Numbers, Spans, numbers, union
from residency.timeline import BRIDGE, SHORTEST_CUT_DAY_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from residency.calendar import Window
    from residency.schedule import Schedule

_NO_LIMIT = 10**9
_MOONLIGHTING = (DutyKind.MOONLIGHT_INT, DutyKind.MOONLIGHT_EXT)
_HOME_CALL = (DutyKind.HOME_CALL_IDLE, DutyKind.HOME_CALL_ACTIVE)


class Windows:
    """Windows of many persons on the line, with the days that count in each."""

    def __init__(self, people: People, setting: ask.WeeklyHours | ask.OneDayInSeven | ask.CallFrequency) -> None:
        kind, anchor = setting.window, setting.anchor
        shared = horizon_windows(kind, people.horizon, anchor)
        own: list[tuple[int, Window]] = []
        places: list[int] = []
        for place, timeline in enumerate(people.columns.timelines):
            if kind is WindowKind.ROTATION and timeline.rotation_periods:
                own += [(place, window) for window in timeline.windows(kind)]
            else:
                places.append(place)
        of_all = np.repeat(numbers(places), len(shared))
        self.person: Numbers = np.concatenate((of_all, numbers([place for place, _ in own])))
        shift = self.person * people.columns.axis.span - people.columns.axis.low

        def column(value: Callable[[Window], int]) -> Numbers:
            every = np.tile(numbers([value(window) for window in shared]), len(places))
            return np.concatenate((every, numbers([value(window) for _, window in own])))

        self.start: Numbers = column(lambda window: window.start) + shift
        self.end: Numbers = column(lambda window: window.end) + shift
        self.granted: Numbers = column(lambda window: window.weekly_limit or 0)
        self.days: Numbers = (self.end - self.start) // DAY
        self.counted: Numbers = self.days - people.leave_days.between(self.start, self.end) // DAY

    def count(self, moments: Numbers) -> Numbers:
        """How many of some moments, in order, lie in each window."""
        found: Numbers = np.searchsorted(moments, self.end) - np.searchsorted(moments, self.start)
        return found


class People:
    """What the screen sees of all persons at once."""

    def __init__(self, schedule: Schedule, columns: Columns) -> None:
        self.schedule = schedule
        self.horizon = schedule.horizon
        self.columns = columns
        self.busy, _ = union(columns.start, columns.end)
        self._windows: dict[tuple[WindowKind, int | None], Windows] = {}

    @cached_property
    def leave(self) -> Spans:
        """Approved leave."""
        return self.columns.spans(lambda timeline: timeline.leave)

    @cached_property
    def leave_days(self) -> Spans:
        """The leave days of the horizon."""
        return self.columns.spans(lambda timeline: clip(timeline.leave_days, self.horizon))

    @cached_property
    def worked(self) -> Spans:
        """The minutes that count as hours."""
        counted = self.columns.having(lambda traits: traits.counts)
        return self.busy if counted.all() else union(self.columns.start[counted], self.columns.end[counted])[0]

    @cached_property
    def in_period(self) -> Flags:
        """Which duties belong in duty periods."""
        return self.columns.having(lambda traits: traits.in_period)

    @cached_property
    def periods(self) -> tuple[Spans, Numbers]:
        """Duty periods, and where each begins among the duties that belong in them."""
        return union(self.columns.start[self.in_period], self.columns.end[self.in_period], BRIDGE)

    @cached_property
    def overlapping(self) -> Numbers:
        """Who has two duties at once."""
        reached = np.maximum.accumulate(self.columns.end)
        return np.unique(self.columns.person[1:][self.columns.start[1:] < reached[:-1]])

    @cached_property
    def on_duty_on_leave(self) -> Numbers:
        """Who has duty on leave."""
        return self.columns.persons_at(self.leave.start[self.busy.overlap(self.leave.start, self.leave.end)])

    @cached_property
    def days_off(self) -> Numbers:
        """The moment in which each day off begins, in order, laid from the beginning of its free stretch."""
        free = self._free()
        days = (free.end - free.start) // DAY
        days[(days == 0) & self._cut(free)] = 1
        first = np.cumsum(days) - days
        laid: Numbers = np.repeat(free.start - first * DAY, days) + DAY * np.arange(int(days.sum()))
        return laid

    def _free(self) -> Spans:
        """The free stretches; what lies outside the horizon and leave days are as good as duty."""
        axis = self.columns.axis
        slots = np.arange(len(self.columns.timelines)) * axis.span
        low, high = (edge - axis.low for edge in self.horizon)
        start = np.concatenate((self.busy.start, self.leave_days.start, slots, slots + high))
        end = np.concatenate((self.busy.end, self.leave_days.end, slots + low, slots + axis.span))
        order = np.argsort(start, kind="stable")
        taken, _ = union(start[order], end[order])
        return Spans(taken.end[:-1], taken.start[1:])

    def _cut(self, free: Spans) -> Flags:
        """Which free stretches are long enough to be a day off where leave or the roster's end cuts them short, and are cut so."""
        axis = self.columns.axis
        long = free.end - free.start >= SHORTEST_CUT_DAY_OFF
        at_the_end = free.end % axis.span == self.horizon[1] - axis.low
        at_leave = np.isin(free.end, self.leave_days.start)
        at_leave[at_leave] = ~self.busy.overlap(free.end[at_leave], free.end[at_leave] + 1)
        cut: Flags = long & (at_the_end | at_leave)
        return cut

    def shifts(self, kind: DutyKind) -> Spans:
        """The union of duty of a kind."""
        wanted = self.columns.of_kinds(kind)
        return union(self.columns.start[wanted], self.columns.end[wanted])[0]

    def windows(self, setting: ask.WeeklyHours | ask.OneDayInSeven | ask.CallFrequency) -> Windows:
        """Everybody's windows under a setting."""
        key = (setting.window, setting.anchor)
        if key not in self._windows:
            self._windows[key] = Windows(self, setting)
        return self._windows[key]


def nights(shifts: Spans) -> tuple[Numbers, Numbers]:
    """The beginning of each date whose closing midnight lies in a shift, in order, and the place of that shift."""
    first, last = -(-shifts.start // DAY), (shifts.end - 1) // DAY
    counts = np.maximum(last - first + 1, 0)
    shift = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    dates: Numbers = (np.repeat(first - before, counts) + np.arange(int(counts.sum())) - 1) * DAY
    return dates, shift


def _weekly_hours(people: People, setting: ask.WeeklyHours) -> Numbers:
    windows = people.windows(setting)
    worked = people.worked.between(windows.start, windows.end) * 7
    days = np.maximum(FEWEST_DAYS, windows.counted if setting.exclude_leave else windows.days)
    limit = np.full(len(days), _NO_LIMIT if setting.limit is None else setting.limit)
    if setting.exceptions:
        limit = np.where(windows.granted > 0, windows.granted, limit)
    if setting.personal:
        own = [line.person.max_weekly_minutes if line.person is not None else None for line in people.columns.timelines]
        limit = np.minimum(limit, numbers([_NO_LIMIT if one is None else one for one in own])[windows.person])
    bad = worked > limit * days
    if setting.warn is not None:
        bad |= worked >= setting.warn * days
    return np.unique(windows.person[bad])


def _one_day_in_seven(people: People, setting: ask.OneDayInSeven) -> Numbers:
    found = [numbers(())]
    if not setting.strict:
        windows = people.windows(setting)
        found.append(windows.person[windows.count(people.days_off) < windows.counted // 7])
    if setting.strict or setting.unaveraged_on_night_float:
        start, end = people.busy.start, people.busy.end
        is_new = (start[1:] - end[:-1] >= DAY) & (start[1:] // DAY - start[:-1] // DAY > 1)
        first = np.flatnonzero(np.concatenate(([True], is_new)))
        last = np.append(first[1:] - 1, len(start) - 1)
        days = start[last] // DAY - start[first] // DAY + 1
        found.append(people.columns.persons_at(start[first][days > setting.max_days]))
    return np.unique(np.concatenate(found))


def _rest(people: People, setting: ask.RestAfterCall | ask.RestBetweenShifts) -> Numbers:
    periods, _ = people.periods
    rest, length = periods.start[1:] - periods.end[:-1], (periods.end - periods.start)[:-1]
    is_asked = length >= setting.after if isinstance(setting, ask.RestAfterCall) else length < setting.below
    same = periods.start[1:] // people.columns.axis.span == periods.start[:-1] // people.columns.axis.span
    return people.columns.persons_at(periods.end[:-1][(rest < setting.rest) & is_asked & same])


def _duty_period(people: People, setting: ask.DutyPeriodLimit) -> Numbers:
    """Where a mark may lift the limits, the lowest of all."""
    periods, begins = people.periods
    if not len(begins):
        return begins
    end, columns = people.columns.end[people.in_period], people.columns
    exempt = setting.extension_exempt
    care = columns.having(lambda traits: traits.patient_care or (traits.extension and not exempt))[people.in_period]
    rest = columns.having(lambda traits: not (traits.extension and exempt))[people.in_period]
    clinical = np.maximum.reduceat(np.where(care, end, 0), begins) - periods.start
    total = np.maximum.reduceat(np.where(rest, end, 0), begins) - periods.start
    lifted = _NO_LIMIT if setting.exception_limit is None else setting.exception_limit
    bad = (clinical > min(setting.limit, lifted)) | (total > min(setting.limit + setting.extra, lifted))
    if setting.pgy1_cap is not None:
        bad |= total > setting.pgy1_cap
    return columns.persons_at(periods.start[bad])


def _call_frequency(people: People, setting: ask.CallFrequency) -> Numbers:
    dates, _ = nights(people.shifts(DutyKind.IN_HOUSE_CALL))
    windows = people.windows(setting)
    return np.unique(windows.person[windows.count(dates) > np.maximum(1, windows.counted // setting.every)])


def _night_float(people: People, setting: ask.NightFloat) -> Numbers:
    shifts = people.shifts(DutyKind.NIGHT_FLOAT)
    dates, shift = nights(shifts)
    if not len(dates):
        return dates
    first = np.flatnonzero(np.concatenate(([True], dates[1:] != dates[:-1] + DAY)))
    last = np.append(first[1:] - 1, len(dates) - 1)
    found = [numbers(())]
    if setting.max_nights is not None:
        found.append(shifts.start[shift[first]][last - first + 1 > setting.max_nights])
    if setting.gap is not None:
        end, start = shifts.end[shift[last]][:-1], shifts.start[shift[first]][1:]
        free = people.busy.start[1:] - people.busy.end[:-1] >= setting.gap
        between = np.searchsorted(people.busy.start[1:][free], start, side="right")
        between -= np.searchsorted(people.busy.end[:-1][free], end)
        found.append(end[between <= 0])
    return people.columns.persons_at(np.concatenate(found))


def _home_call(people: People, setting: ask.HomeCall) -> Numbers:
    del setting
    holders = np.unique(people.columns.person[people.columns.of_kinds(*_HOME_CALL)])
    timelines = people.columns.timelines
    return numbers([place for place in holders if any(absence.is_free_day for absence in timelines[place].absences)])


def _moonlighting(people: People, setting: ask.Moonlighting) -> Numbers:
    holders = np.unique(people.columns.person[people.columns.of_kinds(*_MOONLIGHTING)])
    persons = ((place, people.columns.timelines[place].person) for place in holders)
    return numbers(
        [place for place, person in persons if person is not None and (person.pgy_level or 0) < setting.min_pgy]
    )


def _leave_exclusion(people: People, setting: ask.LeaveExclusion) -> Numbers:
    del setting
    return people.on_duty_on_leave


def _double_booking(people: People, setting: ask.DoubleBooking) -> Numbers:
    del setting
    return people.overlapping


def _qualification(people: People, setting: ask.Qualification) -> Numbers:
    del setting
    found = [numbers(())]
    for code, name in enumerate(people.columns.services):
        rotation = people.schedule.rotations.get(name)
        if rotation is not None and (rotation.requires or rotation.min_pgy > 1):
            holders = np.unique(people.columns.person[people.columns.service == code])
            persons = ((place, people.columns.timelines[place].person) for place in holders)
            found.append(numbers([place for place, one in persons if one is not None and lacking(one, rotation)]))
    return np.concatenate(found)


_SCREENS: Mapping[type[Setting], Callable[[People, Any], Numbers]] = {
    ask.WeeklyHours: _weekly_hours,
    ask.OneDayInSeven: _one_day_in_seven,
    ask.RestAfterCall: _rest,
    ask.RestBetweenShifts: _rest,
    ask.DutyPeriodLimit: _duty_period,
    ask.CallFrequency: _call_frequency,
    ask.NightFloat: _night_float,
    ask.HomeCall: _home_call,
    ask.Moonlighting: _moonlighting,
    ask.LeaveExclusion: _leave_exclusion,
    ask.DoubleBooking: _double_booking,
    ask.Qualification: _qualification,
}


def suspected(people: People, setting: Setting) -> Numbers:
    """The places of all persons of whom a rule finds a record under a setting, and perhaps of others."""
    return _SCREENS[type(setting)](people, setting)
