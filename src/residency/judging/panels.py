"""What the residency adds to a report and to a photograph: who works when, hours against the limit, coverage, leave, compliance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Capture, Evidence, Panel, PanelTable, State, StepView
from rehearse.values import FrozenMap, plain_fraction
from residency import measures as figures
from residency import schema
from residency.calendar import clip, moment_of
from residency.judging.judged import book, handovers, records
from residency.model import Severity
from residency.services import gaps, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.values import Value
    from residency.load import Book
    from residency.model import Duty

_NOTHING = "–"


# ── panels ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def roster(evidence: Evidence) -> tuple[PanelTable, ...]:
    """Who works when: every duty that changed, before and after."""
    before, after = book(evidence.before), book(evidence.after)
    rows = []
    for change in evidence.diff.changes.get(schema.ASSIGNMENTS.name, ()):
        identity = str(change.key[0])
        rows.append((identity, _duty(before.duty(identity)), _duty(after.duty(identity))))
    note = f"{len(handovers(evidence))} changed hands" if rows else "No duty changed."
    return (PanelTable("Who works when", ("duty", "before", "after"), tuple(rows), note),)


def _duty(duty: Duty | None) -> str:
    if duty is None:
        return _NOTHING
    start, end = moment_of(duty.start), moment_of(duty.end)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{duty.person_id} · {duty.rotation_id or duty.kind.value} · {start:%Y-%m-%d %H:%M}–{until}"


def hours(evidence: Evidence) -> tuple[PanelTable, ...]:
    """Each resident's highest weekly average before and after, against the limit."""
    before, after = book(evidence.before), book(evidence.after)
    rows = tuple(
        (person, _hours(before, person), _hours(after, person), _share(after, person))
        for person in sorted({*before.schedule.residents, *after.schedule.residents})
    )
    return (PanelTable("Hours a week", ("resident", "before", "after", "of the limit"), rows),)


def _hours(held: Book, person_id: str) -> str:
    return plain_fraction(figures.weekly_hours(held.schedule.timeline(person_id), held.settings.rules), digits=2)


def _share(held: Book, person_id: str) -> str:
    share = figures.utilisation(held.schedule.timeline(person_id), held.settings.rules)
    return f"{plain_fraction(share * 100, digits=1)} %"


def coverage(evidence: Evidence) -> tuple[PanelTable, ...]:
    """Required and missing head-hours of each service, before and after."""
    before, after = book(evidence.before), book(evidence.after)
    rows = tuple(
        (
            rotation,
            _head_hours(_required(after, rotation)),
            *(_head_hours(_missing(held, rotation)) for held in (before, after)),
        )
        for rotation, service in sorted(after.schedule.services.items())
        if service.requirements
    )
    return (PanelTable("Coverage in head-hours", ("service", "required", "missing before", "missing after"), rows),)


def _required(held: Book, rotation: str) -> int:
    requirements = held.schedule.service(rotation).requirements
    return sum(
        number * (end - start)
        for role in {row.role for row in requirements}
        for start, end, number in needs(requirements, role, held.schedule.horizon)
    )


def _missing(held: Book, rotation: str) -> int:
    return sum(
        (gap.needed - gap.present) * (end - start)
        for gap in gaps(held.schedule, held.schedule.service(rotation))
        for start, end in clip([(gap.start, gap.end)], held.schedule.horizon)
    )


def _head_hours(minutes: int) -> str:
    return plain_fraction(Fraction(minutes, 60), digits=2)


def leave(evidence: Evidence) -> tuple[PanelTable, ...]:
    """Every decision about leave, with the rank, the day that bound it, and what is offered instead; nothing if there was none."""
    rows = tuple(_decision(entry) for step in evidence.execution.steps for entry in _decisions(step))
    if not rows:
        return ()
    columns = ("request", "of", "decision", "rank", "behind", "day", "people", "needed", "instead")
    return (PanelTable("Leave, in order of rank", columns, rows),)


def _decisions(step: StepView) -> tuple[FrozenMap, ...]:
    found = step.data.get("decisions", ()) if step.operation == "process_leave_requests" else ()
    return tuple(entry for entry in found if isinstance(entry, FrozenMap)) if isinstance(found, tuple) else ()


def _decision(entry: FrozenMap) -> tuple[str, ...]:
    people = _NOTHING if entry["before"] is None else f"{entry['before']} → {entry['after']}"
    start, end = entry["offer_start"], entry["offer_end"]
    instead = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}" if isinstance(start, date) else _NOTHING
    named = (entry[name] for name in ("leave_id", "person_id", "outcome", "rank", "behind", "day"))
    return (*(_plain(value) for value in named), people, _plain(entry["needed"]), instead)


def _plain(value: Value) -> str:
    return _NOTHING if value is None else str(value)


PANELS = (Panel("roster", roster), Panel("hours", hours), Panel("coverage", coverage), Panel("leave", leave))


# ── captures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def compliance_status(state: State) -> FrozenMap:
    """Whether the roster complies, and every violation and warning in words."""
    violations = tuple(item.message for item in records(state) if item.severity is not Severity.ADVISORY)
    warnings = tuple(item.message for item in records(state) if item.severity is Severity.ADVISORY)
    overall = "violation" if violations else "warning" if warnings else "compliant"
    return FrozenMap({"overall": overall, "violations": violations, "warnings": warnings})


def coverage_stats(state: State) -> FrozenMap:
    """How many requirements there are, and how many are met at every minute."""
    met = list(_requirements_met(book(state)))
    share: Value = Decimal(100)
    if met:
        share = (Decimal(100 * sum(met)) / len(met)).quantize(Decimal("0.1"))
    return FrozenMap({"total_blocks": len(met), "covered_blocks": sum(met), "coverage_percentage": share})


def _requirements_met(held: Book) -> Iterator[bool]:
    for service in held.schedule.services.values():
        short = list(gaps(held.schedule, service)) if service.requirements else []
        for row in service.requirements:
            yield not any(gap.role is row.role and gap.start < row.end and gap.end > row.start for gap in short)


CAPTURES = (Capture("compliance_status", compliance_status), Capture("coverage_stats", coverage_stats))
