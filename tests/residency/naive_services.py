"""The rules about services a second time, on arrays of minutes; see `naive`."""

from __future__ import annotations

from itertools import groupby
from operator import add
from typing import TYPE_CHECKING

from naive_minutes import OFF, Found, Sheet, sheet_of

from residency.model import AbsenceKind, DutyKind, RequestStatus, Role, Roster

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.policy import settings as ask


_COVERS = {
    DutyKind.CLINICAL,
    DutyKind.IN_HOUSE_CALL,
    DutyKind.NIGHT_FLOAT,
    DutyKind.EXTENSION,
    DutyKind.MOONLIGHT_INT,
}
_SUPERVISED = {DutyKind.CLINICAL, DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT, DutyKind.EXTENSION}


def _present(roster: Roster, rotation_id: str, sheet: Sheet, kinds: set[DutyKind]) -> dict[str, bytearray]:
    present: dict[str, bytearray] = {}
    for person in roster.persons:
        minutes = sheet.paint(
            (duty.start, duty.end)
            for duty in roster.duties
            if duty.person_id == person.id and duty.rotation_id == rotation_id and duty.kind in kinds
        )
        for absence in roster.absences:
            approved = absence.status is RequestStatus.APPROVED and absence.kind is not AbsenceKind.DAY_OFF
            if absence.person_id == person.id and approved:
                start, end = absence.start - sheet.low, absence.end - sheet.low
                minutes[start:end] = OFF * (end - start)
        if 1 in minutes:
            present[person.id] = minutes
    return present


def coverage(roster: Roster, setting: ask.Coverage, horizon: tuple[int, int]) -> list[Found]:
    """Heads against need, minute by minute."""
    sheet = sheet_of(roster, horizon)
    found: list[Found] = []
    for rotation_id, role in {(row.rotation_id, row.role) for row in roster.requirements}:
        need = [0] * (sheet.high - sheet.low)
        for row in roster.requirements:
            if (row.rotation_id, row.role) == (rotation_id, role):
                for minute in range(row.start - sheet.low, row.end - sheet.low):
                    need[minute] = max(need[minute], row.min_persons)
        people = _present(roster, rotation_id, sheet, _COVERS)
        roles = {person.id: person.role for person in roster.persons}
        heads = [minutes for person_id, minutes in people.items() if roles[person_id] is role]
        counts = [0] * len(need)
        for minutes in heads:
            counts = list(map(add, counts, minutes))
        for start, end, (needed, there) in _states(sheet, zip(need, counts, strict=True)):
            if there < needed:
                found.append(Found("coverage", "gap", (), rotation_id, start, end, there, needed, setting.severity))
    return found


def _states(sheet: Sheet, states: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    minute = sheet.low
    for state, group in groupby(states):
        length = len(list(group))
        yield minute, minute + length, state
        minute += length


def supervision_ratio(roster: Roster, setting: ask.SupervisionRatio, horizon: tuple[int, int]) -> list[Found]:
    """Residents to supervisors, minute by minute."""
    sheet = sheet_of(roster, horizon)
    persons = {person.id: person for person in roster.persons}
    found: list[Found] = []
    for rotation in roster.rotations:
        if not rotation.requires_supervision:
            continue
        present = _present(roster, rotation.id, sheet, _SUPERVISED)
        faculty = sorted(name for name in present if persons[name].can_supervise)
        for code, ratio, wanted in (
            ("pgy1", setting.pgy1, lambda level: level == 1),
            ("senior", setting.senior, lambda level: level >= 2),
        ):
            juniors = sorted(
                name for name in present if persons[name].role is Role.RESIDENT and wanted(persons[name].pgy_level)
            )
            names = [*juniors, *faculty]
            columns = zip(*(present[name] for name in names), strict=True) if names else ()
            for start, end, state in _states(sheet, columns):
                here = {name for name, there in zip(names, state, strict=True) if there}
                many, few = len(here & set(juniors)), len(here & set(faculty))
                if many > ratio * few:
                    found.append(
                        Found(
                            "supervision_ratio",
                            code,
                            tuple(sorted(here)),
                            rotation.id,
                            start,
                            end,
                            many,
                            ratio * few,
                            setting.severity,
                        )
                    )
    return found
