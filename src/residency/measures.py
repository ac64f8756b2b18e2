"""The numbers that assertions and reports name, from the same sources as the rules; all exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from residency.averages import Load, loads
from residency.calendar import HOUR, clip
from residency.policy.settings import RestAfterCall
from residency.services import gaps, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from residency.policy import Policy
    from residency.schedule import Schedule
    from residency.timeline import Timeline


@dataclass(frozen=True, slots=True)
class CoverageTotals:
    """Head-minutes over the horizon: heads times minutes, all services together.

    Attributes:
        missing: what required people were not there.
        missing_critical: the part of it on critical services.
        required: what was required.
        required_critical: the part of it on critical services.
    """

    missing: int
    missing_critical: int
    required: int
    required_critical: int


def window_loads(timeline: Timeline, policy: Policy) -> Iterator[Load]:
    """The load of every window that any weekly limit of the policy looks at, with that limit (CPR 6.20)."""
    for setting in policy.weekly:
        yield from loads(timeline, setting)


def weekly_hours(timeline: Timeline, policy: Policy) -> Fraction:
    """The highest average of a person's windows, in hours a week."""
    return max((load.weekly_hours for load in window_loads(timeline, policy)), default=Fraction(0))


def peak_weekly_hours(schedule: Schedule, policy: Policy) -> Fraction:
    """The highest average of any resident, in hours a week."""
    return max((weekly_hours(schedule.timeline(person), policy) for person in schedule.residents), default=Fraction(0))


def utilisation(timeline: Timeline, policy: Policy) -> Fraction:
    """Worked over limit in the fullest window, as a fraction of 1; 0 where nothing limits the hours."""
    found = (load.utilisation for load in window_loads(timeline, policy))
    return max((share for share in found if share is not None), default=Fraction(0))


def headroom(timeline: Timeline, policy: Policy) -> int | None:
    """The fewest minutes that any window still has under its limit, negative when over; None without a limit."""
    found = ((load.limit, load.worked) for load in window_loads(timeline, policy))
    return min((limit - worked for limit, worked in found if limit is not None), default=None)


def consecutive_duty_days(timeline: Timeline) -> int:
    """The days of the longest run that touches the horizon, counted as `one_day_in_seven` does when strict."""
    low, high = timeline.horizon
    return max((run.days for run in timeline.runs if run.start < high and run.end > low), default=0)


def consecutive_nights(timeline: Timeline) -> int:
    """The nights of the longest block of night float that touches the horizon."""
    low, high = timeline.horizon
    blocks = timeline.night_blocks
    return max((block.nights for block in blocks if block.start < high and block.end > low), default=0)


def duty_period_hours(timeline: Timeline) -> Fraction:
    """The longest duty period that touches the horizon, from first start to last end, in hours."""
    low, high = timeline.horizon
    periods = ((start, end) for start, end in timeline.periods if start < high and end > low)
    return Fraction(max((end - start for start, end in periods), default=0), HOUR)


def rest_after_call_hours(timeline: Timeline, policy: Policy) -> Fraction | None:
    """The shortest rest in the horizon after a duty period as long as a call, in hours; None if nothing follows one."""
    low, high = timeline.horizon
    after = min((setting.after for setting in policy.of(RestAfterCall)), default=RestAfterCall().after)
    rests = [
        following[0] - period[1]
        for period, following in zip(timeline.periods, timeline.periods[1:], strict=False)
        if period[1] - period[0] >= after and period[1] < high and following[0] > low
    ]
    return Fraction(min(rests), HOUR) if rests else None


def coverage_totals(schedule: Schedule) -> CoverageTotals:
    """What was required and what was missing on every service, inside the horizon."""
    missing = missing_critical = required = required_critical = 0
    for service in schedule.services.values():
        lacking = sum(
            (gap.needed - gap.present) * (end - start)
            for gap in gaps(schedule, service)
            for start, end in clip([(gap.start, gap.end)], schedule.horizon)
        )
        due = sum(
            number * (end - start)
            for role in {row.role for row in service.requirements}
            for start, end, number in needs(service.requirements, role, schedule.horizon)
        )
        missing, required = missing + lacking, required + due
        if service.rotation is not None and service.rotation.critical:
            missing_critical, required_critical = missing_critical + lacking, required_critical + due
    return CoverageTotals(missing, missing_critical, required, required_critical)
