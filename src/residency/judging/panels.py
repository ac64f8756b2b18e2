"""What the residency adds to a report and to a photograph: who works when, hours against the limit, coverage, leave, compliance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.domain import Capture, Evidence, Panel, State, StepView
from rehearse.panels import PanelTable
from rehearse.values import FrozenMap
from residency.judging.chain_panel import chain
from residency.judging.coverage_panels import coverage, uncovered
from residency.judging.hours_panels import closest, hours
from residency.judging.judged import book, records
from residency.judging.roster_calendar import roster_calendar
from residency.judging.roster_changes import who_works_when
from residency.model import Severity
from residency.services import gaps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.values import Value
    from residency.load import Book

_NOTHING = "–"


# ── panels ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


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


PANELS = (
    Panel("roster", who_works_when),
    Panel("chain", chain),
    Panel("uncovered", uncovered),
    Panel("calendar", roster_calendar),
    Panel("closest", closest),
    Panel("hours", hours),
    Panel("coverage", coverage),
    Panel("leave", leave),
)


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
