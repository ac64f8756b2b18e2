"""Measures that read the run or compare two photographs: who was moved, who was told, what was written down."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from residency import schema
from residency.calendar import clip
from residency.judging.judged import book, handovers, new_rows
from residency.load import snapshot_rows
from residency.services import gaps
from residency.stored import row_to_plain, value_to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rehearse.domain import Evidence, MeasureValue
    from rehearse.snapshot.model import RowChange
    from residency.schedule import Schedule

_ASSIGNMENTS = schema.ASSIGNMENTS.name
_WHOLE = Fraction(100)


# ── coverage ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def coverage_maintained(evidence: Evidence) -> MeasureValue:
    """Whether no requirement is short for longer than before."""
    before, after = (_short_minutes(book(state).schedule) for state in (evidence.before, evidence.after))
    return all(minutes <= before.get(requirement, 0) for requirement, minutes in after.items())


def _short_minutes(schedule: Schedule) -> dict[str, int]:
    """Requirement → the missing head-minutes in its interval and the horizon."""
    found: dict[str, int] = {}
    for service in schedule.services.values():
        short = [
            (gap, interval)
            for gap in gaps(schedule, service)
            for interval in clip([(gap.start, gap.end)], schedule.horizon)
        ]
        for row in service.requirements:
            found[row.id] = sum(
                (gap.needed - gap.present) * (end - start)
                for gap, interval in short
                if gap.role is row.role
                for start, end in clip([interval], (row.start, row.end))
            )
    return found


# ── duties ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _changed(evidence: Evidence) -> tuple[RowChange, ...]:
    return evidence.diff.changes.get(_ASSIGNMENTS, ())


def backup_activated(evidence: Evidence) -> MeasureValue:
    """Whether a duty passed from its holder to a backup of theirs, at any depth."""
    behind: dict[str, set[str]] = {}
    for backup in book(evidence.before).backups:
        behind.setdefault(backup.person_id, set()).add(backup.backup_id)
    return any(item.to_person in _reached(item.from_person, behind) for item in handovers(evidence))


def _reached(person_id: str, behind: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    frontier = {person_id}
    while frontier:
        frontier = {backup for person in frontier for backup in behind.get(person, ())} - found
        found |= frontier
    return found


def schedule_stability(evidence: Evidence) -> MeasureValue:
    """The share of the assignments of before that are left unchanged; 100 if there were none."""
    there = len(evidence.before.snapshot.tables[_ASSIGNMENTS].rows)
    if not there:
        return _WHOLE
    touched = sum(change.kind != "insert" for change in _changed(evidence))
    return Fraction(100 * (there - touched), there)


def assignments_modified(evidence: Evidence) -> MeasureValue:
    """Assignment rows added, changed or deleted."""
    return len(_changed(evidence))


def reassignments(evidence: Evidence) -> MeasureValue:
    """Duties, or parts of a cut one, that changed holder."""
    return len(handovers(evidence))


def affected_persons(evidence: Evidence) -> MeasureValue:
    """Who holds an assignment row that changed, before or after."""
    return tuple(sorted(_affected(evidence)))


def persons_affected(evidence: Evidence) -> MeasureValue:
    """How many people hold an assignment row that changed, before or after."""
    return len(_affected(evidence))


def _affected(evidence: Evidence) -> set[str]:
    position = list(schema.ASSIGNMENTS.c.keys()).index("person_id")
    rows = (row for change in _changed(evidence) for row in (change.before, change.after) if row is not None)
    return {str(row[position]) for row in rows}


# ── swaps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _swaps(evidence: Evidence) -> list[dict[str, Any]]:
    """The swaps that the run added or changed."""
    touched = {change.key[0] for change in evidence.diff.changes.get(schema.SWAPS.name, ())}
    return [row for row in snapshot_rows(evidence.after.snapshot, schema.SWAPS) if row["id"] in touched]


def all_swaps_completed(evidence: Evidence) -> MeasureValue:
    """Whether all swaps of the run are executed, and there is at least one."""
    swaps = _swaps(evidence)
    return bool(swaps) and all(swap["status"] == "executed" for swap in swaps)


def swap_chain_length(evidence: Evidence) -> MeasureValue:
    """Swaps of the run that are executed, a chain by its links."""
    return sum(int(swap["links"]) for swap in _swaps(evidence) if swap["status"] == "executed")


# ── journals ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def notification_delivery(evidence: Evidence) -> MeasureValue:
    """The share of the run's notices that are sent; 100 if there are none."""
    notices = new_rows(evidence, schema.NOTIFICATIONS)
    if not notices:
        return _WHOLE
    return Fraction(100 * sum(notice["status"] == "sent" for notice in notices), len(notices))


def notifications_queued(evidence: Evidence) -> MeasureValue:
    """How many notices the run put into the outbox."""
    return len(new_rows(evidence, schema.NOTIFICATIONS))


def audit_trail_completeness(evidence: Evidence) -> MeasureValue:
    """The share of changed rows, journal apart, whose way from before to after the audit log tells; 100 if none changed."""
    entries = new_rows(evidence, schema.AUDIT_LOG)
    changes = list(_audited(evidence))
    if not changes:
        return _WHOLE
    told = sum(_is_told(evidence, change, entries) for change in changes)
    return Fraction(100 * told, len(changes))


def _audited(evidence: Evidence) -> Iterator[RowChange]:
    for table, changes in evidence.diff.changes.items():
        if table not in schema.JOURNAL_TABLES:
            yield from changes


def _is_told(evidence: Evidence, change: RowChange, entries: list[dict[str, Any]]) -> bool:
    """Whether entries with an actor lead from the row before, each from where the last one ended, to the row after."""
    columns = evidence.diff.columns[change.table]
    before, after = (
        None if row is None else row_to_plain(dict(zip(columns, row, strict=True)))
        for row in (change.before, change.after)
    )
    at = before
    for entry in entries:
        images = [
            value_to_plain(entry[side]).get(change.table, {}).get(str(change.key[0])) for side in ("before", "after")
        ]
        if images == [None, None]:
            continue
        if images[0] != at or not entry["actor_id"] or not entry["action"]:
            return False
        at = images[1]
    return at == after and at != before
