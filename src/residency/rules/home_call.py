"""No home call over a designated free day (CPR 6.21.b, 6.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import overlap_minutes
from residency.rules.record import Record
from residency.wording import hours_text, number_of, span_text

if TYPE_CHECKING:
    from residency.model import Absence, Duty
    from residency.policy.settings import HomeCall
    from residency.timeline import Timeline


def home_call(timeline: Timeline, setting: HomeCall) -> list[Record]:
    """Home call, idle or active, that touches a designated free day (`on_day_off`), one record a duty and day."""
    return [
        _record(timeline, setting, duty, absence)
        for absence in timeline.absences
        if absence.is_free_day
        for duty in timeline.duties_in(absence.start, absence.end)
        if duty.kind.is_home_call
    ]


def _record(timeline: Timeline, setting: HomeCall, duty: Duty, absence: Absence) -> Record:
    start, end = max(duty.start, absence.start), min(duty.end, absence.end)
    measured = overlap_minutes((duty.start, duty.end), (absence.start, absence.end))
    message = (
        f"{timeline.person_id} has {hours_text(measured)} of home call on a designated free day, "
        f"{span_text(start, end)} ({number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="on_day_off",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=measured,
        limit=0,
        unit="minutes",
        citation=setting.citation,
        duty_ids=(duty.id,),
        message=message,
    )
