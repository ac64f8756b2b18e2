"""How much room each rule in force leaves: for every resident and window what was measured, what is allowed or due, and the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rehearse.values import plain_fraction
from residency.averages import loads
from residency.calendar import HOUR
from residency.judging.naming import counted_key
from residency.policy.settings import (
    CallFrequency,
    DutyPeriodLimit,
    NightFloat,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    Setting,
    WeeklyHours,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from residency.calendar import Interval
    from residency.load import Book
    from residency.model import Duty
    from residency.timeline import Timeline

_UNHEARD_OF = Fraction(10**6)


@dataclass(frozen=True, slots=True)
class Margin:
    """One figure of one rule beside what is allowed or due.

    Attributes:
        setting: the rule as its pack asks for it.
        start: the first minute of the window, period or rest.
        end: the minute after its last.
        measured: what was found, in `unit`.
        limit: what is allowed or due, in `unit`.
        unit: ``hours a week``, ``days off`` and the like.
        at_most: whether the limit is a most; a least otherwise.
        equals: how many others are as close to it.
    """

    setting: Setting
    person: str
    start: int
    end: int
    measured: Fraction
    limit: Fraction
    unit: str
    at_most: bool = True
    equals: int = 0

    @property
    def figure(self) -> str:
        """What was measured, with its unit: 60 hours a week, 1 night of call."""
        unit = self.unit.replace("s", "", 1) if self.measured == 1 else self.unit
        return f"{plain_fraction(self.measured, digits=2)} {unit}"

    @property
    def room(self) -> Fraction:
        """What is to spare; negative where the rule is broken."""
        return self.limit - self.measured if self.at_most else self.measured - self.limit

    @property
    def share(self) -> Fraction:
        """How much of the room is used: 1 at the limit, more beyond it."""
        upper, lower = (self.measured, self.limit) if self.at_most else (self.limit, self.measured)
        return upper / lower if lower else _UNHEARD_OF


def closest_margins(held: Book) -> tuple[Margin, ...]:
    """The closest margin of each rule in force over all residents, the closest rule first; rules without a figure are left out."""
    found = (_closest(held, setting) for setting in held.settings.rules.settings)
    return tuple(sorted((margin for margin in found if margin is not None), key=_closeness))


def _closest(held: Book, setting: Setting) -> Margin | None:
    measure = _MEASURES.get(type(setting))
    if measure is None:
        return None
    timelines = (held.schedule.timeline(person) for person in held.schedule.residents)
    margins = (margin for timeline in timelines for margin in measure(timeline, setting))
    shares = [(margin.share, margin) for margin in margins]
    highest = max((share for share, _ in shares), default=None)
    equals = [margin for share, margin in shares if share == highest]
    if not equals:
        return None
    first = min(equals, key=_closeness)
    return replace(first, equals=len({margin.person for margin in equals}) - 1)


def _closeness(margin: Margin) -> tuple[Fraction, tuple[tuple[int, int, str], ...], int]:
    return (-margin.share, counted_key(margin.person), margin.start)


def _inside(intervals: Iterable[Interval], timeline: Timeline) -> Iterator[Interval]:
    """Those that touch the horizon."""
    low, high = timeline.horizon
    return ((start, end) for start, end in intervals if start < high and end > low)


def _weekly(timeline: Timeline, setting: WeeklyHours) -> Iterator[Margin]:
    for load in loads(timeline, setting):
        if load.weekly_limit is not None:
            start, end, _ = load.window
            limit = Fraction(load.weekly_limit, HOUR)
            yield Margin(setting, timeline.person_id, start, end, load.weekly_hours, limit, "hours a week")


def _days_off(timeline: Timeline, setting: OneDayInSeven) -> Iterator[Margin]:
    who = timeline.person_id
    if setting.strict:
        for run in timeline.runs:
            for start, end in _inside([(run.start, run.end)], timeline):
                yield Margin(setting, who, start, end, Fraction(run.days), Fraction(setting.max_days), "days in a row")
        return
    for window in timeline.windows(setting.window, setting.anchor):
        due = timeline.counted_days(window) // 7
        if due:
            found = Fraction(timeline.days_off_in(window))
            yield Margin(setting, who, window.start, window.end, found, Fraction(due), "days off", at_most=False)


def _rest(timeline: Timeline, setting: RestAfterCall | RestBetweenShifts) -> Iterator[Margin]:
    for period, following in pairwise(timeline.periods):
        length = period[1] - period[0]
        asked = length >= setting.after if isinstance(setting, RestAfterCall) else length < setting.below
        rest = (period[1], following[0])
        for start, end in _inside([rest], timeline) if asked else ():
            hours = Fraction(end - start, HOUR)
            due = Fraction(setting.rest, HOUR)
            yield Margin(setting, timeline.person_id, start, end, hours, due, "hours of rest", at_most=False)


def _period(timeline: Timeline, setting: DutyPeriodLimit) -> Iterator[Margin]:
    """Whole periods; and care that lasts longer than it may, since up to there it is what hand-over and teaching are added to."""
    is_first_year = timeline.person is not None and timeline.person.pgy_level == 1
    cap = setting.pgy1_cap if is_first_year else None
    for period in _inside(timeline.periods, timeline):
        segments = timeline.segments_of(period)
        exempt = setting.extension_exempt
        counted = [duty.end for duty in segments if not (exempt and duty.kind.traits.extension)]
        care = [duty.end for duty in _care(segments, exempt=exempt)]
        limit, whole = setting.limit, setting.limit + setting.extra
        if setting.exception_limit is not None and any(duty.exception for duty in segments):
            limit = whole = setting.exception_limit
        whole = whole if cap is None else min(whole, cap)
        yield _lasting(timeline, setting, period, max(counted, default=period[0]), (whole, "hours on duty"))
        if max(care, default=period[0]) - period[0] > limit:
            yield _lasting(timeline, setting, period, max(care), (limit, "hours of care"))


def _care(segments: Iterable[Duty], *, exempt: bool) -> Iterator[Duty]:
    """The duties of a period that are care of patients; an extension is, unless it is exempt."""
    return (duty for duty in segments if duty.kind.traits.patient_care or (duty.kind.traits.extension and not exempt))


def _lasting(
    timeline: Timeline, setting: DutyPeriodLimit, period: Interval, until: int, allowed: tuple[int, str]
) -> Margin:
    limit, unit = allowed
    hours = Fraction(until - period[0], HOUR)
    return Margin(setting, timeline.person_id, *period, hours, Fraction(limit, HOUR), unit)


def _calls(timeline: Timeline, setting: CallFrequency) -> Iterator[Margin]:
    for window in timeline.windows(setting.window, setting.anchor) if timeline.call_nights else ():
        most = max(1, timeline.counted_days(window) // setting.every)
        nights = Fraction(timeline.call_nights_in(window))
        if nights:
            yield Margin(
                setting, timeline.person_id, window.start, window.end, nights, Fraction(most), "nights of call"
            )


def _nights(timeline: Timeline, setting: NightFloat) -> Iterator[Margin]:
    low, high = timeline.horizon
    for block in timeline.night_blocks if setting.max_nights is not None else ():
        if block.start < high and block.end > low:
            most = Fraction(setting.max_nights or 0)
            yield Margin(
                setting, timeline.person_id, block.start, block.end, Fraction(block.nights), most, "nights in a row"
            )


_MEASURES: dict[type[Setting], Callable[[Timeline, Any], Iterator[Margin]]] = {
    WeeklyHours: _weekly,
    OneDayInSeven: _days_off,
    RestAfterCall: _rest,
    RestBetweenShifts: _rest,
    DutyPeriodLimit: _period,
    CallFrequency: _calls,
    NightFloat: _nights,
}
