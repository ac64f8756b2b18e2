"""What the operations of a contingency share: reading what is needed, and doing all of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from residency.calendar import minute_of
from residency.contingency.activation import Analysis, Planned, decide_activation, decide_analysis, disabled, merged
from residency.contingency.carried import next_number, read_fairness
from residency.decisions import Decision, refusal
from residency.leave.absences import Away, decide_mark
from residency.schema import CONTINGENCY_PLANS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Context, Session
    from residency.load import Book

#: What an analysis answers, field by field.
PLAN_DATA = {
    "plan_id": "text",
    "feasible": "bool",
    "moves": "list",
    "released": "list",
    "uncovered": "list",
    "chain_depth": "int",
    "cascade_risk": "bool",
    "gap_hours": "number",
    "proven": "bool",
    "bound_gap_hours": "number",
    "activated": "bool",
}
N1_FAILURE = "n1_failure"


def analyse(session: Session, book: Book, context: Context, trigger: str = N1_FAILURE) -> Planned:
    """Plan for everybody who is absent."""
    number = next_number(session.connection, CONTINGENCY_PLANS)
    wanted = Analysis(minute_of(context.clock), trigger, None, None, number)
    return decide_analysis(book, wanted, read_fairness(session.connection), session.new_id)


def decide_all(session: Session, book: Book, away: Away, context: Context) -> Decision:
    """Mark, plan and activate: one decision, all of it or nothing."""
    refused = disabled(book)
    if refused:
        return refusal(*refused, persons=[away.person_id])
    marked = decide_mark(book, away, minute_of(context.clock), session.new_id)
    if marked.book is None:
        return marked.decision
    planned = analyse(session, marked.book, context)
    if planned.row is None:
        return planned.decision
    activated = decide_activation(marked.book, planned.row, session.new_id, allow_partial=True)
    return activated if activated.outcome == "rejected" else merged((marked.decision, planned.decision, activated))


def read_plan(session: Session, plan_id: str | None) -> Mapping[str, Any] | None:
    """A stored plan as a row; without an id the latest."""
    table = CONTINGENCY_PLANS
    wanted = select(table).order_by(table.c.number.desc()).limit(1)
    if plan_id is not None:
        wanted = select(table).where(table.c.id == plan_id)
    row = session.connection.execute(wanted).mappings().first()
    return None if row is None else dict(row)
