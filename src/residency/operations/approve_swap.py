"""`approve_swap`: a requested swap is agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help, RowId
from residency.calendar import minute_of
from residency.decisions import Decision
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_swaps import read_swap
from residency.setup.rows import PersonId
from residency.swaps.life import decide_approval


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which swap, with whom."""

    swap_id: RowId
    partner_id: Annotated[PersonId | None, Help("the best match")] = None


def approve_swap(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Check again; a requested swap becomes approved, the partner's acceptance included."""
    book = open_book(session, context)
    swap = read_swap(session, parameters.swap_id)
    decision = (
        swap
        if isinstance(swap, Decision)
        else decide_approval(book, swap, parameters.partner_id, minute_of(context.clock))
    )
    return conclude(session, context, "approve_swap", parameters, decision)


OPERATION = Operation(
    name="approve_swap",
    parameters=Parameters,
    function=approve_swap,
    data={"swap_id": "text", "status": "text", "partner_id": "text"},
    codes=("not_requested", "no_match", "stale_swap"),
)
