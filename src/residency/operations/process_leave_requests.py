"""`process_leave_requests`: pending requests for leave are decided together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help, RowId
from residency.calendar import minute_of
from residency.contingency.carried import read_memory
from residency.decisions import refusal, unknown_row
from residency.leave.decisions import decide_requests
from residency.leave.granting import Sitting
from residency.leave.ranking import Ranking, standing_of
from residency.model import RequestStatus
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_leave import read_requests
from residency.setup.rows import LeaveOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.decisions import Decision
    from residency.load import Book
    from residency.model import LeaveRequest


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which requests, and in what order."""

    leave_ids: Annotated[tuple[RowId, ...] | None, Help("all that are pending")] = None
    order: Annotated[tuple[LeaveOrder, ...] | None, Help("the program's; the id decides at last")] = None
    allow_partial: Annotated[bool, Help("grant the days that fit when others do not")] = True


def process_leave_requests(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Decide requests in the order of their rank. A grant makes the absence; a denial is a line of the equity ledger.

    A day is denied where fewer people than needed would be left, or where the requester holds a duty; a request, where the requester's own
    averages would break a rule. Each decision tells the day that bound it, the count before and after, its rank, and what is offered instead.
    """
    book = open_book(session, context)
    found = {request.id: request for request in read_requests(session)}
    if parameters.leave_ids is None:
        asked = [request for request in found.values() if request.status is RequestStatus.PENDING]
    else:
        asked = [found[name] for name in dict.fromkeys(parameters.leave_ids) if name in found]
    unknown = [name for name in parameters.leave_ids or () if name not in found]
    if unknown:
        decision = refusal(*(unknown_row("leave_requests", name) for name in unknown))
    else:
        decision = _decide(session, book, parameters, context, asked)
    return conclude(session, context, "process_leave_requests", parameters, decision)


def _decide(
    session: Session, book: Book, parameters: Parameters, context: Context, asked: Sequence[LeaveRequest]
) -> Decision:
    clock = minute_of(context.clock)
    memory = read_memory(session.connection)
    persons = (book.schedule.persons[request.person_id] for request in asked)
    standings = {person.id: standing_of(book, memory, person, clock) for person in persons}
    order = book.settings.program.leave_order if parameters.order is None else parameters.order
    sitting = Sitting(book, Ranking(tuple(order), standings), clock, parameters.allow_partial)
    return decide_requests(sitting, asked, session.new_id)


OPERATION = Operation(
    name="process_leave_requests",
    parameters=Parameters,
    function=process_leave_requests,
    data={"approved": "list", "denied": "list", "partial": "list", "decisions": "list"},
    codes=("not_pending", "overlapping_leave", "inactive_person", "past_leave"),
)
