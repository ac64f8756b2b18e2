"""How many residents one supervisor may have at once: program policy, or the seed pack's own must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.rules.record import Record
from residency.services import Crowd, crowds, supervised
from residency.timeline import ids_of
from residency.wording import counted, span_text

if TYPE_CHECKING:
    from residency.calendar import Interval
    from residency.policy.settings import SupervisionRatio
    from residency.schedule import Schedule, Service


def supervision_ratio(
    schedule: Schedule, service: Service, setting: SupervisionRatio, within: Interval
) -> list[Record]:
    """Maximal intervals in which the same people have too many PGY-1 (`pgy1`) or others (`senior`) a supervisor."""
    if service.rotation is None or not service.rotation.requires_supervision:
        return []
    present = supervised(schedule, service, within)
    return [
        _record(service, setting, code, crowd)
        for code, ratio in (("pgy1", setting.pgy1), ("senior", setting.senior))
        for crowd in crowds(schedule.persons, present, ratio, pgy1=code == "pgy1")
    ]


def _record(service: Service, setting: SupervisionRatio, code: str, crowd: Crowd) -> Record:
    ratio = setting.pgy1 if code == "pgy1" else setting.senior
    limit = ratio * len(crowd.supervisors)
    people = tuple(sorted((*crowd.residents, *crowd.supervisors)))
    level = "PGY-1" if code == "pgy1" else "of PGY-2 and above"
    supervisors = counted(len(crowd.supervisors), "supervisor")
    message = (
        f"{service.rotation_id} has {len(crowd.residents)} {level} with {supervisors} "
        f"{span_text(crowd.start, crowd.end)} (at most {limit}; {setting.citation})."
    )
    there = (
        duty
        for duty in service.duties_in(crowd.start, crowd.end)
        if duty.person_id in people and duty.kind.traits.supervised
    )
    return Record(
        rule=setting.stem,
        code=code,
        severity=setting.severity,
        pack=setting.pack,
        persons=people,
        start=crowd.start,
        end=crowd.end,
        measured=len(crowd.residents),
        limit=limit,
        unit="persons",
        citation=setting.citation,
        duty_ids=ids_of(there),
        message=message,
        rotation_id=service.rotation_id,
    )
