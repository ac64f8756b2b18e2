"""No duty over approved leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import DutyKind
from residency.rules.record import Record
from residency.wording import hours_text, span_text

if TYPE_CHECKING:
    from residency.model import Absence, Duty
    from residency.policy.settings import LeaveExclusion
    from residency.timeline import Timeline


def leave_exclusion(timeline: Timeline, setting: LeaveExclusion) -> list[Record]:
    """Duty over approved leave, outside moonlighting excepted (`duty_on_leave`), one record a duty and leave."""
    return [
        _record(timeline, setting, duty, absence)
        for absence in timeline.absences
        if absence.is_leave
        for duty in timeline.duties_in(absence.start, absence.end)
        if duty.kind is not DutyKind.MOONLIGHT_EXT
    ]


def _record(timeline: Timeline, setting: LeaveExclusion, duty: Duty, absence: Absence) -> Record:
    start, end = max(duty.start, absence.start), min(duty.end, absence.end)
    message = (
        f"{timeline.person_id} has {hours_text(end - start)} of duty during approved leave ({absence.kind.value}), "
        f"{span_text(start, end)}."
    )
    return Record(
        rule=setting.stem,
        code="duty_on_leave",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=end - start,
        limit=0,
        unit="minutes",
        citation=setting.citation,
        duty_ids=(duty.id,),
        message=message,
    )
