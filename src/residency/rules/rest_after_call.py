"""Rest after 24 hours of duty, whatever its label (CPR 6.21.a)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.timeline import Timeline, ids_of
from residency.wording import hours_text, moment_text, number_of

if TYPE_CHECKING:
    from residency.calendar import Interval
    from residency.policy.settings import RestAfterCall, RestBetweenShifts


def rest_after_call(timeline: Timeline, setting: RestAfterCall) -> list[Record]:
    """Duty periods of 24 hours or more with less than the minimum to the next one (`short`)."""
    return [
        short_rest(timeline, setting, period, following)
        for period, following in pairwise(timeline.periods)
        if following[0] - period[1] < setting.rest and period[1] - period[0] >= setting.after
    ]


def short_rest(
    timeline: Timeline, setting: RestAfterCall | RestBetweenShifts, period: Interval, following: Interval
) -> Record:
    """The record of a rest that is too short; its interval is the rest."""
    start, end = period[1], following[0]
    message = (
        f"{timeline.person_id} rests {hours_text(end - start)} from {moment_text(start)}, after "
        f"{hours_text(period[1] - period[0])} of duty (due {hours_text(setting.rest)}; {number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="short",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=end - start,
        limit=setting.rest,
        unit="minutes",
        citation=setting.citation,
        duty_ids=ids_of((*timeline.segments_of(period), *timeline.segments_of(following))),
        message=message,
    )
