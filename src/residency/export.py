"""A roster as a fixture: the sections of a set-up, in the words of the scenario format, as JSON that `load_fixtures` reads back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from residency.calendar import DAY, HOUR, date_of, moment_of
from residency.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from residency.model import (
        Absence,
        Backup,
        Duty,
        Holiday,
        Person,
        Preference,
        Requirement,
        Roster,
        Rotation,
        RotationPeriod,
    )

    Field = str | int | float | bool | list[str] | list["Row"]
    Row = dict[str, Field]


def fixture_text(
    roster: Roster,
    *,
    backups: Iterable[Backup] = (),
    holidays: Iterable[Holiday] = (),
    preferences: Iterable[Preference] = (),
) -> str:
    """The fixture of a roster. Loaded again, it makes the same rows: what is a default is left out, ids are kept."""
    wishes: dict[str, list[Row]] = {}
    for wish in preferences:
        wishes.setdefault(wish.person_id, []).append(_preference(wish))
    sections: Mapping[str, list[Row]] = {
        "persons": [_person(person, wishes.get(person.id, [])) for person in roster.persons],
        "rotations": [_rotation(rotation) for rotation in roster.rotations],
        "requirements": [_requirement(row) for row in roster.requirements],
        "rotation_periods": [_period(period) for period in roster.periods],
        "assignments": [_duty(duty) for duty in roster.duties],
        "absences": [_absence(absence) for absence in roster.absences],
        "backups": [_backup(backup) for backup in backups],
        "holidays": [_holiday(holiday) for holiday in holidays],
    }
    written = {name: rows for name, rows in sections.items() if rows}
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n"


def _moment(minute: int) -> str:
    return moment_of(minute).isoformat(timespec="minutes")


def _hours(minutes: int) -> int | float:
    return minutes // HOUR if minutes % HOUR == 0 else minutes / HOUR


def _given(row: Mapping[str, Field | None]) -> Row:
    """A row without the fields that say nothing."""
    return {name: value for name, value in row.items() if value is not None}


def _person(person: Person, wishes: list[Row]) -> Row:
    return _given(
        {
            "id": person.id,
            "first_name": person.first_name or None,
            "last_name": person.last_name or None,
            "role": person.role.value,
            "pgy_level": person.pgy_level if person.role is Role.RESIDENT else None,
            "status": person.status.value,
            "max_hours_per_week": None if person.max_weekly_minutes is None else _hours(person.max_weekly_minutes),
            "can_supervise": person.can_supervise,
            "may_moonlight": person.may_moonlight,
            "qualifications": sorted(person.qualifications) or None,
            "preferences": wishes or None,
        }
    )


def _preference(wish: Preference) -> Row:
    return _given(
        {
            "date": date_of(wish.start).isoformat(),
            "block_period": wish.block_period,
            "want": wish.want,
            "weight": wish.weight,
        }
    )


def _rotation(rotation: Rotation) -> Row:
    return _given(
        {
            "id": rotation.id,
            "name": rotation.name or None,
            "rotation_type": rotation.rotation_type.value,
            "kind": rotation.kind.value,
            "hours_per_block": None if rotation.block_minutes is None else _hours(rotation.block_minutes),
            "min_persons": rotation.min_persons,
            "max_persons": rotation.max_persons,
            "requires_supervision": rotation.requires_supervision,
            "requires": sorted(rotation.requires) or None,
            "min_pgy": rotation.min_pgy,
            "critical": rotation.critical,
        }
    )


def _requirement(row: Requirement) -> Row:
    return {
        "id": row.id,
        "rotation_id": row.rotation_id,
        "start": _moment(row.start),
        "end": _moment(row.end),
        "min_persons": row.min_persons,
        "role": row.role.value,
    }


def _period(period: RotationPeriod) -> Row:
    return _given(
        {
            "id": period.id,
            "person_id": period.person_id,
            "rotation_id": period.rotation_id,
            "start_date": date_of(period.start).isoformat(),
            "end_date": date_of(period.end - DAY).isoformat(),
            "weekly_limit_hours": None if period.weekly_limit is None else _hours(period.weekly_limit),
            "granted_by": period.granted_by or None,
        }
    )


def _duty(duty: Duty) -> Row:
    return _given(
        {
            "id": duty.id,
            "person_id": duty.person_id,
            "rotation_id": duty.rotation_id,
            "start": _moment(duty.start),
            "end": _moment(duty.end),
            "kind": duty.kind.value,
            "exception": duty.exception or None,
            "pinned": duty.pinned or None,
        }
    )


def _absence(absence: Absence) -> Row:
    return _given(
        {
            "id": absence.id,
            "person_id": absence.person_id,
            "start": _moment(absence.start),
            "end": _moment(absence.end),
            "kind": absence.kind.value,
            "status": absence.status.value,
            "reason": absence.reason or None,
        }
    )


def _backup(backup: Backup) -> Row:
    return _given(
        {
            "id": backup.id,
            "person_id": backup.person_id,
            "backup_id": backup.backup_id,
            "rank": backup.rank,
            "start": None if backup.start is None else _moment(backup.start),
            "end": None if backup.end is None else _moment(backup.end),
            "rotations": None if backup.rotations is None else sorted(backup.rotations),
            "capacity": backup.capacity,
        }
    )


def _holiday(holiday: Holiday) -> Row:
    return {
        "date": date_of(holiday.start).isoformat(),
        "name": holiday.name,
        "major": holiday.major,
        "worked_by": list(holiday.worked_by),
    }
