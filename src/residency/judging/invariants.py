"""What must hold after every step, whatever a scenario is about; some only where a scenario asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.domain import Invariant
from residency.judging.judged import audit_breaks, book, broken_backups, double_bookings, orphans, records, untold
from residency.model import Severity
from residency.policy.settings import Coverage, LeaveExclusion
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.domain import State
    from residency.rules import Record


def no_double_booking(now: State, _: State) -> tuple[str, ...]:
    """Nobody is in two places at once."""
    return tuple(
        f"`{first.id}` and `{second.id}` of {first.person_id} overlap, {span_text(second.start, min(first.end, second.end))}"
        for first, second in double_bookings(now)
    )


def no_orphaned_assignments(now: State, _: State) -> tuple[str, ...]:
    """Every duty has its person and its service."""
    return tuple(f"`{duty.id}` has no person or no service" for duty in orphans(now))


def backup_chains_valid(now: State, _: State) -> tuple[str, ...]:
    """The backups have no circle and no dead reference."""
    return broken_backups(book(now))


def audit_chain_intact(now: State, _: State) -> tuple[str, ...]:
    """The audit log is whole and unchanged."""
    return audit_breaks(now)


def outbox_matches_changes(now: State, _: State) -> tuple[str, ...]:
    """Whoever held or holds a duty that changed was told so in the same transaction."""
    return untold(now)


def _breaches(now: State, wanted: Callable[[Record], bool]) -> tuple[str, ...]:
    return tuple(record.message for record in records(now) if wanted(record))


def no_duty_on_leave(now: State, _: State) -> tuple[str, ...]:
    """Nobody has duty over approved leave."""
    return _breaches(now, lambda record: record.rule == LeaveExclusion.stem)


def acgme_compliant(now: State, _: State) -> tuple[str, ...]:
    """No work-hour rule is violated."""
    return _breaches(now, lambda record: record.is_work_hour_violation)


def policy_compliant(now: State, _: State) -> tuple[str, ...]:
    """No rule of the program's own is broken."""
    return _breaches(now, lambda record: record.severity is Severity.POLICY)


def coverage_complete(now: State, _: State) -> tuple[str, ...]:
    """No requirement is short."""
    return _breaches(now, lambda record: record.rule == Coverage.stem)


_STANDING = (
    no_double_booking,
    no_orphaned_assignments,
    backup_chains_valid,
    audit_chain_intact,
    outbox_matches_changes,
)
_BY_NAME = (no_duty_on_leave, acgme_compliant, policy_compliant, coverage_complete)

INVARIANTS = {
    function.__name__: Invariant(function.__name__, function.__doc__ or "", function, always=function in _STANDING)
    for function in (*_STANDING, *_BY_NAME)
}
