"""`activate_backup_assignments`: exactly what a plan says, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Reason, Session
from rehearse.fields import Help, RowId
from residency.contingency.activation import decide_activation, disabled, merged
from residency.decisions import refusal
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.contingency import PLAN_DATA, analyse, read_plan

if TYPE_CHECKING:
    from residency.decisions import Decision
    from residency.load import Book


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which plan."""

    plan_id: Annotated[RowId | None, Help("the latest")] = None
    auto_assign: Annotated[bool, Help("plan now if there is no plan")] = True
    allow_partial: Annotated[bool, Help("activate a plan that leaves gaps")] = True


def activate_backup_assignments(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Do what a plan says: a duty's person changes in place, a duty partly worked is cut and its rest becomes a row, released rows go.

    Refused if the duties that the plan rests on have changed since, or if it would break a rule by now.
    """
    book = open_book(session, context)
    decision = _decide(session, book, parameters, context)
    return conclude(session, context, "activate_backup_assignments", parameters, decision)


def _decide(session: Session, book: Book, parameters: Parameters, context: Context) -> Decision:
    refused = disabled(book)
    if refused:
        return refusal(*refused)
    row = read_plan(session, parameters.plan_id)
    if row is not None:
        return decide_activation(book, row, session.new_id, allow_partial=parameters.allow_partial)
    if parameters.plan_id is not None or not parameters.auto_assign:
        name = "a plan" if parameters.plan_id is None else f"a plan `{parameters.plan_id}`"
        return refusal(Reason("no_plan", f"there is no such thing as {name}"))
    planned = analyse(session, book, context)
    if planned.row is None:
        return planned.decision
    activated = decide_activation(book, planned.row, session.new_id, allow_partial=parameters.allow_partial)
    return activated if activated.outcome == "rejected" else merged((planned.decision, activated))


OPERATION = Operation(
    name="activate_backup_assignments",
    parameters=Parameters,
    function=activate_backup_assignments,
    data={name: PLAN_DATA[name] for name in ("plan_id", "activated", "moves", "released", "uncovered", "gap_hours")},
    codes=("no_plan", "stale_plan", "infeasible_plan", "contingency_disabled"),
)
