"""`return_to_duty`: somebody is back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import select

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help
from residency.calendar import minute_of
from residency.leave.returning import Coming, decide_return
from residency.model import RequestStatus
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_leave import read_requests
from residency.schema import CONTINGENCY_PLANS
from residency.setup.rows import PersonField

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Who, and whether duties come back with them."""

    person_id: PersonField
    restore: Annotated[bool, Help("give later duties back")] = True


def return_to_duty(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """End an absence at the clock and give back what plans took of the rest of it, each duty where no rule stands against it.

    A duty comes back as it was before the plan, if the rows that the plan made of it are as it left them; else it is kept, with the reasons.
    Whoever hands one back gets what they had given up for it, on the same terms.
    """
    book = open_book(session, context)
    approved = (request for request in read_requests(session) if request.status is RequestStatus.APPROVED)
    coming = Coming(
        person_id=parameters.person_id,
        clock=minute_of(context.clock),
        requests=tuple(request for request in approved if request.person_id == parameters.person_id),
        plans=_activated(session) if parameters.restore else (),
        restore=parameters.restore,
    )
    return conclude(session, context, "return_to_duty", parameters, decide_return(book, coming))


def _activated(session: Session) -> tuple[Mapping[str, Any], ...]:
    table = CONTINGENCY_PLANS
    wanted = select(table).where(table.c.status == "activated").order_by(table.c.number)
    return tuple(dict(row) for row in session.connection.execute(wanted).mappings())


OPERATION = Operation(
    name="return_to_duty",
    parameters=Parameters,
    function=return_to_duty,
    data={"restored": "list", "kept": "list"},
    codes=("not_absent",),
)
