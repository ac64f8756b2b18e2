"""`rollback_swap`: an executed swap is undone."""

from __future__ import annotations

from dataclasses import dataclass

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import RowId
from residency.decisions import Decision
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_swaps import read_swap
from residency.swaps.life import decide_rollback


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which swap, and why."""

    swap_id: RowId
    reason: str = ""


def rollback_swap(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Restore the rows from before the swap. Refused, naming them, if they changed since, or if that would break a rule by now."""
    book = open_book(session, context)
    swap = read_swap(session, parameters.swap_id)
    decision = swap if isinstance(swap, Decision) else decide_rollback(book, swap, parameters.reason)
    return conclude(session, context, "rollback_swap", parameters, decision)


OPERATION = Operation(
    name="rollback_swap",
    parameters=Parameters,
    function=rollback_swap,
    data={"swap_id": "text", "restored": "list"},
    codes=("not_executed", "stale_swap"),
)
