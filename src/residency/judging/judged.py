"""A photograph as the residency sees it: the roster, its breaches, its journals. Each is made once a photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from residency import schema
from residency.journal.audit_chain import chain_breaks
from residency.journal.writing import CHANNEL, event_of
from residency.load import Book, book_of, snapshot_rows
from residency.model import PersonStatus
from residency.rules.double_booking import overlapping_pairs
from residency.setup.seed_checks import find_circle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Table

    from rehearse.domain import Evidence, State
    from rehearse.snapshot.model import Snapshot
    from residency.model import Duty
    from residency.rules import Record


def _make_book(state: State) -> Book:
    return book_of(state.snapshot, state.policy)


def book(state: State) -> Book:
    """The roster of a photograph."""
    return state.derived(_make_book)


def records(state: State) -> tuple[Record, ...]:
    """Every breach in a photograph, sorted."""
    return book(state).records


def active_residents(state: State) -> tuple[str, ...]:
    """The ids of residents whose status is active, sorted."""
    persons = book(state).schedule.persons.values()
    return tuple(sorted(person.id for person in persons if person.is_resident and person.status is PersonStatus.ACTIVE))


def new_rows(evidence: Evidence, table: Table) -> list[dict[str, Any]]:
    """The rows of a table that the run added, by number where they have one."""
    before = evidence.before.snapshot.tables[table.name].rows
    rows = snapshot_rows(evidence.after.snapshot, table)
    found = [row for row in rows if (row["id"],) not in before]
    return sorted(found, key=lambda row: (row.get("number") or 0, row["id"]))


# ── integrity ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def orphans(state: State) -> tuple[Duty, ...]:
    """Duties of nobody, or that cover no service that there is."""
    schedule = book(state).schedule
    return tuple(duty for duty in schedule.duties if is_orphan(book(state), duty))


def is_orphan(held: Book, duty: Duty) -> bool:
    """Whether a duty has no person, or covers no service that there is."""
    if duty.person_id not in held.schedule.persons:
        return True
    if duty.rotation_id is None:
        return duty.kind.traits.covers
    return duty.rotation_id not in held.schedule.rotations


def double_bookings(state: State) -> tuple[tuple[Duty, Duty], ...]:
    """Pairs of duties of one person that share a minute and must not."""
    timelines = book(state).schedule.timelines.values()
    return tuple(pair for timeline in timelines for pair in overlapping_pairs(timeline))


def broken_backups(held: Book) -> tuple[str, ...]:
    """What is wrong with the backups: a circle, or somebody who is not there or inactive."""
    found: list[str] = []
    circle = find_circle((backup.person_id, backup.backup_id) for backup in held.backups)
    if circle:
        found.append(f"the backups {' → '.join((*circle, circle[0]))} are a circle")
    for backup in held.backups:
        found += [
            f"backup `{backup.id}` names `{person_id}`, who is not there"
            for person_id in (backup.person_id, backup.backup_id)
            if not held.may_be_given_duty(person_id)
        ]
    return tuple(found)


def broken_keys(snapshot: Snapshot) -> tuple[str, ...]:
    """Rows that name a row of another table that is not there, or that end before they begin."""
    return tuple(sentence for table in schema.METADATA.sorted_tables for sentence in _broken_keys(snapshot, table))


def _broken_keys(snapshot: Snapshot, table: Table) -> Iterator[str]:
    rows = snapshot_rows(snapshot, table)
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        there = snapshot.tables[key.column.table.name].rows
        for row in rows:
            value = row[key.parent.name]
            if value is not None and (value,) not in there:
                yield f"`{row['id']}` of {table.name} names `{value}`, which is not in {key.column.table.name}"
    if "end" in table.c and "start" in table.c:
        for row in rows:
            if row["end"] is not None and row["start"] is not None and row["end"] <= row["start"]:
                yield f"`{row['id']}` of {table.name} ends before it begins"


def audit_breaks(state: State) -> tuple[str, ...]:
    """Where the audit chain is broken."""
    return state.derived(_audit_breaks)


def _audit_breaks(state: State) -> tuple[str, ...]:
    return chain_breaks(*(snapshot_rows(state.snapshot, table) for table in (schema.AUDIT_LOG, schema.AUDIT_SEAL)))


# ── the outbox ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_TOLD_BY = ("assignment_changed", "swap_update")


def untold_changes(entries: Iterable[Mapping[str, Any]], notices: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Whoever held or holds a duty that an audited operation changed, and was not told of it."""
    told = {(row["event"], row["recipient"]) for row in notices if row["channel"] == CHANNEL}
    return tuple(
        f"{entry['action']} ({entry['step']}) changed a duty of {person_id}, who was not told"
        for entry in entries
        for person_id in sorted(_holders(entry))
        if not any((event_of(entry["step"], kind), person_id) in told for kind in _TOLD_BY)
    )


def _holders(entry: Mapping[str, Any]) -> set[str]:
    images = [image.get(schema.ASSIGNMENTS.name, {}) for image in (entry["before"], entry["after"])]
    return {row["person_id"] for image in images for row in image.values()}


def untold(state: State) -> tuple[str, ...]:
    """`untold_changes` of a photograph."""
    return state.derived(_untold)


def _untold(state: State) -> tuple[str, ...]:
    return untold_changes(
        snapshot_rows(state.snapshot, schema.AUDIT_LOG), snapshot_rows(state.snapshot, schema.NOTIFICATIONS)
    )


# ── what changed ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Handover:
    """A stretch of a service that passed from one person to another.

    Attributes:
        row: the assignment row that the new holder has it in.
    """

    row: str
    rotation_id: str | None
    from_person: str
    to_person: str
    start: int
    end: int


def handovers(evidence: Evidence) -> tuple[Handover, ...]:
    """What changed hands: rows with another person, and new rows that take over what was cut from somebody else's."""
    before, after = book(evidence.before), book(evidence.after)
    found: list[Handover] = []
    lost: list[Duty] = []
    gained: list[Duty] = []
    for change in evidence.diff.changes.get(schema.ASSIGNMENTS.name, ()):
        old, new = before.duty(str(change.key[0])), after.duty(str(change.key[0]))
        if old is not None and new is not None and old.person_id != new.person_id:
            start, end = max(old.start, new.start), min(old.end, new.end)
            found.append(Handover(new.id, new.rotation_id, old.person_id, new.person_id, start, end))
        if old is not None:
            lost.append(old)
        if old is None and new is not None:
            gained.append(new)
    return (*found, *(item for duty in gained if (item := _taken_over(duty, lost, after)) is not None))


def _taken_over(duty: Duty, lost: Iterable[Duty], after: Book) -> Handover | None:
    """The new row as a handover, if somebody else's row on its service was cut or removed at that time."""
    for old in lost:
        if old.rotation_id != duty.rotation_id or old.person_id == duty.person_id:
            continue
        kept = after.duty(old.id)
        start, end = max(old.start, duty.start), min(old.end, duty.end)
        still = kept is not None and kept.person_id == old.person_id and kept.start < end and kept.end > start
        if start < end and not still:
            return Handover(duty.id, duty.rotation_id, old.person_id, duty.person_id, start, end)
    return None
