"""`cancel_leave`: granted leave is given up, or called off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Alias, Help, RowId
from residency.calendar import minute_of
from residency.decisions import refusal
from residency.leave.recall import LeaveError, LeaveName, Mode, Recall, decide_cancel, find_leave
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_leave import read_requests
from residency.setup.rows import Day, PersonId

if TYPE_CHECKING:
    from residency.decisions import Decision
    from residency.load import Book


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which leave, and how it is taken back."""

    leave_id: RowId | None = None
    person_id: Annotated[PersonId | None, Alias("person")] = None
    date: Annotated[Day | None, Help("a day of the leave")] = None
    mode: Annotated[Mode, Help("voluntary: the person is asked; mandatory: they are not")] = "voluntary"
    accepted: Annotated[bool, Help("the answer of who is asked")] = True
    compensate: Annotated[bool, Help("credit the days that come back")] = True
    reason: str = ""


def cancel_leave(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """End granted leave at the clock and credit the days that come back, a day begun being a whole one.

    Who is asked may decline, which is a refusal that is on record; a mandatory recall is told to the director, too.
    """
    book = open_book(session, context)
    return conclude(session, context, "cancel_leave", parameters, _decide(session, book, parameters, context))


def _decide(session: Session, book: Book, parameters: Parameters, context: Context) -> Decision:
    clock = minute_of(context.clock)
    name = LeaveName(parameters.leave_id, parameters.person_id, parameters.date)
    try:
        leave = find_leave(book, read_requests(session), name, clock)
    except LeaveError as error:
        return refusal(error.reason, persons=[error.reason.person] if error.reason.person else [])
    recall = Recall(parameters.mode, parameters.accepted, parameters.compensate, parameters.reason)
    return decide_cancel(book, leave, recall, clock, session.new_id)


OPERATION = Operation(
    name="cancel_leave",
    parameters=Parameters,
    function=cancel_leave,
    data={"leave_id": "text", "person_id": "text", "credit_days": "int", "escalated": "bool"},
    codes=("no_such_leave", "declined"),
)
