"""`simulate_unavailability`: mark, plan and activate at once, or try it and leave no trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help
from residency.calendar import minute_of
from residency.leave.absences import decide_mark
from residency.operations.asking import conclude, open_book
from residency.operations.contingency import PLAN_DATA, decide_all
from residency.operations.mark_unavailable import AwayParameters, away_of


@dataclass(frozen=True, kw_only=True)
class Parameters(AwayParameters):
    """Whose absence, and what to do about it."""

    trigger_contingency: Annotated[bool, Help("plan and activate as well")] = True
    dry_run: Annotated[bool, Help("answer as if it were done, and write nothing")] = False


def simulate_unavailability(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Mark somebody unavailable, plan and activate in one transaction; a dry run answers the same and writes nothing."""
    book = open_book(session, context)
    if parameters.trigger_contingency:
        decision = decide_all(session, book, away_of(parameters), context)
    else:
        decision = decide_mark(book, away_of(parameters), minute_of(context.clock), session.new_id).decision
    if parameters.dry_run:
        return OperationResult(decision.outcome, decision.reasons, decision.data)
    return conclude(session, context, "simulate_unavailability", parameters, decision)


OPERATION = Operation(
    name="simulate_unavailability",
    parameters=Parameters,
    function=simulate_unavailability,
    data={"absence_ids": "list", **PLAN_DATA},
    codes=("already_absent", "inactive_person", "contingency_disabled", "stale_plan"),
)
