"""Finding the swap that somebody means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from rehearse.domain import Reason
from residency.decisions import Decision, refusal, unknown_row
from residency.schema import SWAPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Session


def read_swap(session: Session, swap_id: str | None) -> Mapping[str, Any] | Decision:
    """The swap of that id, or the one that is approved; a refusal if there is none, or several are."""
    wanted = select(SWAPS).where(SWAPS.c.status == "approved" if swap_id is None else SWAPS.c.id == swap_id)
    rows = [dict(row) for row in session.connection.execute(wanted.order_by(SWAPS.c.number)).mappings()]
    if len(rows) == 1:
        return rows[0]
    if swap_id is not None:
        return refusal(unknown_row("swaps", swap_id))
    if not rows:
        return refusal(Reason("no_approved_swap", "there is no approved swap"))
    named = ", ".join(str(row["id"]) for row in rows)
    return refusal(Reason("ambiguous_swap", f"several swaps are approved: {named}"))
