"""Rows of tables ↔ the model's values. A row is a tuple in the order of the table's columns, or a map of column to value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from residency.calendar import DAY, HOUR, minute_of, moment_of
from residency.model import (
    Absence,
    AbsenceKind,
    Backup,
    Duty,
    DutyKind,
    Holiday,
    LeaveRequest,
    LedgerEntry,
    Person,
    PersonStatus,
    Preference,
    RequestStatus,
    Requirement,
    Role,
    Rotation,
    RotationPeriod,
    RotationType,
)

#: Kinds of duty by their stored word.
KIND_OF_VALUE = {kind.value: kind for kind in DutyKind}
#: Values as a database returns them, in the order of the columns.
RowTuple: TypeAlias = Sequence[Any]
#: Values as a database takes them, by column.
StoredRow: TypeAlias = Mapping[str, object]


def hours_of(minutes: int | None) -> Decimal | None:
    """Minutes as stored hours."""
    return None if minutes is None else Decimal(minutes) / HOUR


def minutes_of(hours: float | Decimal | None) -> int | None:
    """Stored hours as minutes; a binary float counts as its shortest decimal."""
    return None if hours is None else round(Fraction(str(hours)) * HOUR)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def person_of(row: RowTuple) -> Person:
    """A row of `persons`."""
    return Person(
        id=row[0],
        first_name=row[1],
        last_name=row[2],
        role=Role(row[3]),
        pgy_level=row[4],
        status=PersonStatus(row[5]),
        max_weekly_minutes=minutes_of(row[6]),
        can_supervise=row[7],
        may_moonlight=row[8],
        qualifications=frozenset(row[9]),
    )


def rotation_of(row: RowTuple) -> Rotation:
    """A row of `rotations`."""
    return Rotation(
        id=row[0],
        name=row[1],
        rotation_type=RotationType(row[2]),
        kind=KIND_OF_VALUE[row[3]],
        block_minutes=minutes_of(row[4]),
        min_persons=row[5],
        max_persons=row[6],
        requires_supervision=row[7],
        requires=frozenset(row[8]),
        min_pgy=row[9],
        critical=row[10],
    )


def requirement_of(row: RowTuple) -> Requirement:
    """A row of `requirements`."""
    return Requirement(row[0], row[1], minute_of(row[2]), minute_of(row[3]), row[4], Role(row[5]))


def rotation_period_of(row: RowTuple) -> RotationPeriod:
    """A row of `rotation_periods`."""
    return RotationPeriod(
        id=row[0],
        person_id=row[1],
        rotation_id=row[2],
        start=minute_of(row[3]),
        end=minute_of(row[4]) + DAY,
        weekly_limit=minutes_of(row[5]),
        granted_by=row[6] or "",
    )


def duty_of(row: RowTuple) -> Duty:
    """A row of `assignments`."""
    return Duty(row[0], row[1], row[2], minute_of(row[3]), minute_of(row[4]), KIND_OF_VALUE[row[5]], row[6], row[7])


def absence_of(row: RowTuple) -> Absence:
    """A row of `absences`."""
    kind, status = AbsenceKind(row[4]), RequestStatus(row[5])
    return Absence(row[0], row[1], minute_of(row[2]), minute_of(row[3]), kind, status, row[6])


def leave_request_of(row: RowTuple) -> LeaveRequest:
    """A row of `leave_requests`."""
    return LeaveRequest(
        id=row[0],
        person_id=row[1],
        start=minute_of(row[2]),
        end=minute_of(row[3]),
        kind=AbsenceKind(row[4]),
        status=RequestStatus(row[5]),
        submitted=minute_of(row[6]),
        reason=row[7],
    )


def ledger_entry_of(row: RowTuple) -> LedgerEntry:
    """A row of `equity_ledger`."""
    return LedgerEntry(row[1], row[2], row[3], minute_of(row[4]))


def backup_of(row: RowTuple) -> Backup:
    """A row of `backups`."""
    return Backup(
        id=row[0],
        person_id=row[1],
        backup_id=row[2],
        rank=row[3],
        start=None if row[4] is None else minute_of(row[4]),
        end=None if row[5] is None else minute_of(row[5]),
        rotations=None if row[6] is None else frozenset(row[6]),
        capacity=row[7],
    )


def holiday_of(row: RowTuple) -> Holiday:
    """A row of `holidays`."""
    return Holiday(minute_of(row[1]), row[2], row[3], tuple(row[4]))


def preference_of(row: RowTuple) -> Preference:
    """A row of `preferences`."""
    return Preference(row[1], minute_of(row[2]), row[3], row[4], row[5])


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def person_row(person: Person) -> StoredRow:
    """A person as a row."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": person.role.value,
        "pgy_level": person.pgy_level,
        "status": person.status.value,
        "max_hours_per_week": hours_of(person.max_weekly_minutes),
        "can_supervise": person.can_supervise,
        "may_moonlight": person.may_moonlight,
        "qualifications": sorted(person.qualifications),
    }


def rotation_row(rotation: Rotation) -> StoredRow:
    """A rotation as a row."""
    return {
        "id": rotation.id,
        "name": rotation.name,
        "rotation_type": rotation.rotation_type.value,
        "kind": rotation.kind.value,
        "hours_per_block": hours_of(rotation.block_minutes),
        "min_persons": rotation.min_persons,
        "max_persons": rotation.max_persons,
        "requires_supervision": rotation.requires_supervision,
        "requires": sorted(rotation.requires),
        "min_pgy": rotation.min_pgy,
        "critical": rotation.critical,
    }


def requirement_row(requirement: Requirement) -> StoredRow:
    """A requirement as a row."""
    return {
        "id": requirement.id,
        "rotation_id": requirement.rotation_id,
        "start": moment_of(requirement.start),
        "end": moment_of(requirement.end),
        "min_persons": requirement.min_persons,
        "role": requirement.role.value,
    }


def rotation_period_row(period: RotationPeriod) -> StoredRow:
    """A rotation period as a row."""
    return {
        "id": period.id,
        "person_id": period.person_id,
        "rotation_id": period.rotation_id,
        "start_date": moment_of(period.start).date(),
        "end_date": moment_of(period.end - DAY).date(),
        "weekly_limit_hours": hours_of(period.weekly_limit),
        "granted_by": period.granted_by or None,
    }


def duty_row(duty: Duty) -> StoredRow:
    """A duty as a row."""
    return {
        "id": duty.id,
        "person_id": duty.person_id,
        "rotation_id": duty.rotation_id,
        "start": moment_of(duty.start),
        "end": moment_of(duty.end),
        "kind": duty.kind.value,
        "exception": duty.exception,
        "pinned": duty.pinned,
    }


def absence_row(absence: Absence) -> StoredRow:
    """An absence as a row."""
    return {
        "id": absence.id,
        "person_id": absence.person_id,
        "start": moment_of(absence.start),
        "end": moment_of(absence.end),
        "kind": absence.kind.value,
        "status": absence.status.value,
        "reason": absence.reason,
    }


def leave_request_row(request: LeaveRequest) -> StoredRow:
    """A request for leave as a row."""
    return {
        "id": request.id,
        "person_id": request.person_id,
        "start": moment_of(request.start),
        "end": moment_of(request.end),
        "kind": request.kind.value,
        "status": request.status.value,
        "submitted": moment_of(request.submitted),
        "reason": request.reason,
    }


def ledger_entry_fields(entry: LedgerEntry) -> StoredRow:
    """A line of the equity ledger without its id."""
    return {
        "person_id": entry.person_id,
        "kind": entry.kind,
        "amount": entry.amount,
        "date": moment_of(entry.start).date(),
    }


def backup_row(backup: Backup) -> StoredRow:
    """A backup as a row."""
    return {
        "id": backup.id,
        "person_id": backup.person_id,
        "backup_id": backup.backup_id,
        "rank": backup.rank,
        "start": None if backup.start is None else moment_of(backup.start),
        "end": None if backup.end is None else moment_of(backup.end),
        "rotations": None if backup.rotations is None else sorted(backup.rotations),
        "capacity": backup.capacity,
    }


def row_to_plain(row: StoredRow | None) -> dict[str, Any] | None:
    """A stored row in values that JSON has: dates and moments as ISO text, hours as shortest decimal text."""
    return None if row is None else {name: value_to_plain(value) for name, value in row.items()}


def value_to_plain(value: object) -> Any:
    """One stored value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, float)):
        return format(Decimal(str(value)).normalize(), "f")
    if isinstance(value, (list, tuple)):
        return [value_to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: value_to_plain(item) for key, item in value.items()}
    return value


def duty_of_plain(row: Mapping[str, Any]) -> Duty:
    """A duty from what `row_to_plain` made of its row."""
    return Duty(
        id=row["id"],
        person_id=row["person_id"],
        rotation_id=row["rotation_id"],
        start=minute_of(datetime.fromisoformat(row["start"])),
        end=minute_of(datetime.fromisoformat(row["end"])),
        kind=KIND_OF_VALUE[row["kind"]],
        exception=row["exception"],
        pinned=row["pinned"],
    )
