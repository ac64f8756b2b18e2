"""The skills and the level that a service asks of everybody on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.wording import span_text

if TYPE_CHECKING:
    from residency.model import Duty, Person, Rotation
    from residency.policy.settings import Qualification
    from residency.timeline import Timeline


def qualification(timeline: Timeline, setting: Qualification) -> list[Record]:
    """Duties of somebody without a skill, or below the level, that the service asks for (`missing`), one a duty."""
    person = timeline.person
    if person is None:
        return []
    lacks = {
        rotation_id: lacking(person, timeline.rotations[rotation_id])
        for rotation_id in {duty.rotation_id for duty in timeline.duties if duty.rotation_id is not None}
        if rotation_id in timeline.rotations
    }
    if not any(lacks.values()):
        return []
    return [
        _record(timeline, setting, duty, lacks[duty.rotation_id])
        for duty in timeline.duties
        if duty.rotation_id is not None and lacks.get(duty.rotation_id)
    ]


def lacking(person: Person, rotation: Rotation) -> tuple[str, ...]:
    """What a person lacks for a service: missing skills, sorted, then the level; only residents have a level."""
    missing = tuple(sorted(rotation.requires - person.qualifications))
    if person.pgy_level is not None and person.pgy_level < rotation.min_pgy:
        return (*missing, f"PGY-{rotation.min_pgy}")
    return missing


def _record(timeline: Timeline, setting: Qualification, duty: Duty, missing: tuple[str, ...]) -> Record:
    message = (
        f"{timeline.person_id} lacks {', '.join(missing)} for {duty.rotation_id}, {span_text(duty.start, duty.end)}."
    )
    return Record(
        rule=setting.stem,
        code="missing",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=duty.start,
        end=duty.end,
        measured=len(missing),
        limit=0,
        unit="count",
        citation=setting.citation,
        duty_ids=(duty.id,),
        message=message,
        rotation_id=duty.rotation_id,
    )
