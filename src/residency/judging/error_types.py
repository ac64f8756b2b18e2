"""The types of `expected_errors`: breaches that stand after the run, and refusals in its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from rehearse.domain import ErrorType, Evidence, StepView
from residency.judging.judged import double_bookings, orphans, records
from residency.model import Severity
from residency.policy.settings import Coverage, DoubleBooking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from residency.rules import Record

Occurrences: TypeAlias = tuple[tuple[str | None, str | None], ...]


def _each(evidence: Evidence, wanted: Callable[[Record], bool]) -> Occurrences:
    """One occurrence a record and person; a record without persons is one."""
    found = (record for record in records(evidence.after) if wanted(record))
    return tuple((person, record.rule) for record in found for person in record.persons or (None,))


def acgme_violations(evidence: Evidence) -> Occurrences:
    """Violations of work-hour rules after the run, by person and rule."""
    return _each(evidence, lambda record: record.is_work_hour_violation)


def policy_violations(evidence: Evidence) -> Occurrences:
    """Breaches of the program's own rules after the run, by person and rule."""
    return _each(evidence, lambda record: record.severity is Severity.POLICY)


def coverage_gaps(evidence: Evidence) -> Occurrences:
    """Coverage gaps after the run."""
    return _each(evidence, lambda record: record.rule == Coverage.stem)


def double_bookings_after(evidence: Evidence) -> Occurrences:
    """Overlapping pairs of duties after the run, by person."""
    return tuple((first.person_id, DoubleBooking.stem) for first, _ in double_bookings(evidence.after))


def orphans_after(evidence: Evidence) -> Occurrences:
    """Duties without person or service after the run."""
    return tuple((duty.person_id, None) for duty in orphans(evidence.after))


def _refused(*operations: str) -> Callable[[Evidence], Occurrences]:
    """Each refused step of these operations, with the person and rule of its first reason."""

    def occurrences(evidence: Evidence) -> Occurrences:
        steps = (
            step for step in evidence.execution.steps if step.operation in operations and step.outcome == "rejected"
        )
        return tuple((step.reasons[0].person, step.reasons[0].code) for step in steps if step.reasons)

    return occurrences


def leave_denied(evidence: Evidence) -> Occurrences:
    """Each denied request for leave, though the step that denied it is done."""
    return tuple(occurrence for step in evidence.execution.steps for occurrence in _denials(step))


def _denials(step: StepView) -> Iterator[tuple[str | None, str | None]]:
    denied: Any = step.data.get("denied", ()) if step.operation == "process_leave_requests" else ()
    for entry in denied:
        reasons = entry.get("reasons", ())
        first = reasons[0] if reasons else {}
        yield first.get("person"), first.get("code")


_REFUSALS = {
    "AssignmentRejected": ("create_assignment", "remove_assignment"),
    "SwapRejected": ("request_swap", "approve_swap", "execute_swap", "rollback_swap"),
    "MoonlightingRejected": ("request_moonlighting",),
}
_TYPES = (
    ErrorType("ACGMEViolation", acgme_violations.__doc__ or "", acgme_violations),
    ErrorType("PolicyViolation", policy_violations.__doc__ or "", policy_violations),
    ErrorType("CoverageGap", coverage_gaps.__doc__ or "", coverage_gaps),
    ErrorType("DoubleBooking", double_bookings_after.__doc__ or "", double_bookings_after),
    ErrorType("OrphanedAssignment", orphans_after.__doc__ or "", orphans_after),
    ErrorType("LeaveDenied", leave_denied.__doc__ or "", leave_denied),
    *(
        ErrorType(name, f"Refused steps of {', '.join(operations)}, by person and rule.", _refused(*operations))
        for name, operations in _REFUSALS.items()
    ),
)
ERROR_TYPES = {item.name: item for item in _TYPES}
