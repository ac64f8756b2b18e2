"""Rest between shifts of less than 24 hours (CPR 6.21)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from residency.rules.rest_after_call import short_rest

if TYPE_CHECKING:
    from residency.policy.settings import RestBetweenShifts
    from residency.rules.record import Record
    from residency.timeline import Timeline


def rest_between_shifts(timeline: Timeline, setting: RestBetweenShifts) -> list[Record]:
    """Duty periods under 24 hours with less than the minimum to the next one (`short`)."""
    return [
        short_rest(timeline, setting, period, following)
        for period, following in pairwise(timeline.periods)
        if following[0] - period[1] < setting.rest and period[1] - period[0] < setting.below
    ]
