"""As many people on a service as it requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.services import Gap, gaps
from residency.timeline import ids_of
from residency.wording import counted, span_text

if TYPE_CHECKING:
    from residency.calendar import Interval
    from residency.policy.settings import Coverage
    from residency.schedule import Schedule, Service


def coverage(schedule: Schedule, service: Service, setting: Coverage, within: Interval) -> list[Record]:
    """Maximal intervals with fewer people of a role than required (`gap`), leave not counting as presence."""
    return [_record(schedule, service, setting, gap) for gap in gaps(schedule, service, within)]


def _record(schedule: Schedule, service: Service, setting: Coverage, gap: Gap) -> Record:
    message = (
        f"{service.rotation_id} has {gap.present} of {counted(gap.needed, gap.role.value.lower())} required, "
        f"{span_text(gap.start, gap.end)}."
    )
    there = (
        duty
        for duty in service.duties_in(gap.start, gap.end)
        if duty.kind.traits.covers
        and duty.person_id in schedule.persons
        and schedule.persons[duty.person_id].role is gap.role
    )
    return Record(
        rule=setting.stem,
        code="gap",
        severity=setting.severity,
        pack=setting.pack,
        persons=(),
        start=gap.start,
        end=gap.end,
        measured=gap.present,
        limit=gap.needed,
        unit="persons",
        citation=setting.citation,
        duty_ids=ids_of(there),
        message=message,
        rotation_id=service.rotation_id,
    )
