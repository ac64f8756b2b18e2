"""`validate_final_state`: whether the database is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Reason, Session, rejected
from rehearse.fields import Help
from rehearse.values import FrozenMap, Value
from residency import schema
from residency.journal.audit_chain import chain_breaks
from residency.judging.judged import broken_backups, is_orphan, untold_changes
from residency.load import rows_of
from residency.operations.asking import Asked, open_book
from residency.rules.double_booking import overlapping_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Whether it must be whole."""

    require: Annotated[bool, Help("rejected unless valid")] = False


def validate_final_state(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Check keys, double bookings, backups, the audit chain and the outbox; reads only."""
    breaks = _breaks(session, context)
    checks: dict[str, Value] = {name: not found for name, found in breaks.items()}
    data: dict[str, Value] = {"valid": all(checks.values()), "checks": FrozenMap(checks)}
    said = [sentence for found in breaks.values() for sentence in found]
    if parameters.require and said:
        return rejected(*(Reason("integrity", sentence) for sentence in said), **data)
    return OperationResult(data=FrozenMap(data))


def _breaks(session: Session, context: Context) -> Mapping[str, tuple[str, ...]]:
    book = open_book(session, context)
    schedule = book.schedule
    entries = rows_of(session.connection, schema.AUDIT_LOG)
    pairs = [pair for timeline in schedule.timelines.values() for pair in overlapping_pairs(timeline)]
    return {
        "no_double_booking": tuple(
            f"`{first.id}` and `{second.id}` of {first.person_id} overlap" for first, second in pairs
        ),
        "no_orphaned_assignments": tuple(
            f"`{duty.id}` has no person or no service" for duty in schedule.duties if is_orphan(book, duty)
        ),
        "backup_chains_valid": broken_backups(book),
        "audit_chain_intact": chain_breaks(entries, rows_of(session.connection, schema.AUDIT_SEAL)),
        "outbox_matches_changes": untold_changes(entries, rows_of(session.connection, schema.NOTIFICATIONS)),
    }


OPERATION = Operation(
    name="validate_final_state",
    parameters=Parameters,
    function=validate_final_state,
    data={"valid": "bool", "checks": "map"},
    codes=("integrity",),
    writes=False,
)
