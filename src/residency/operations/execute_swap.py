"""`execute_swap`: an approved swap becomes the roster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help, RowId
from residency.calendar import minute_of
from residency.decisions import Decision
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_swaps import read_swap
from residency.swaps.life import decide_execution


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which swap."""

    swap_id: Annotated[RowId | None, Help("the one that is approved")] = None


def execute_swap(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Check again, then move all duties of the swap at once; their rows before and after stay with it."""
    book = open_book(session, context)
    swap = read_swap(session, parameters.swap_id)
    decision = (
        swap if isinstance(swap, Decision) else decide_execution(book, swap, minute_of(context.clock), session.new_id)
    )
    return conclude(session, context, "execute_swap", parameters, decision)


OPERATION = Operation(
    name="execute_swap",
    parameters=Parameters,
    function=execute_swap,
    data={"swap_id": "text", "moved": "list"},
    codes=("no_approved_swap", "ambiguous_swap", "stale_swap"),
)
