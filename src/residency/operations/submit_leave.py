"""`submit_leave`: somebody asks for leave."""

from __future__ import annotations

from dataclasses import dataclass

from rehearse.domain import Context, Operation, OperationResult, Session
from residency.calendar import minute_of
from residency.leave.decisions import Wish, decide_submit
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.stored_leave import read_requests
from residency.setup.intervals import absence_of_word, span_intervals
from residency.setup.rows import AbsenceWord, PersonField, SpanFields


@dataclass(frozen=True, kw_only=True)
class Parameters(SpanFields, Asked):
    """Whose leave, when, why."""

    person_id: PersonField
    kind: AbsenceWord = AbsenceWord.VACATION
    reason: str = ""


def submit_leave(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Keep a pending request for leave; each run of `dates` becomes one of its own.

    Refused for somebody inactive, for what is over by the clock, and over leave that is granted or asked for already.
    """
    book = open_book(session, context)
    wish = Wish(parameters.person_id, span_intervals(parameters), absence_of_word(parameters.kind), parameters.reason)
    requests = read_requests(session)
    decision = decide_submit(book, wish, requests, minute_of(context.clock), session.new_id)
    return conclude(session, context, "submit_leave", parameters, decision)


OPERATION = Operation(
    name="submit_leave",
    parameters=Parameters,
    function=submit_leave,
    data={"leave_id": "text", "leave_ids": "list"},
    codes=("overlapping_leave", "inactive_person", "past_leave"),
)
