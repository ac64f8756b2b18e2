"""`request_swap`: duties change round between people who agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Reason, Session
from rehearse.fields import Alias, Help, Length, Range
from residency.calendar import date_of, minute_of
from residency.contingency.carried import next_number
from residency.decisions import unknown_row
from residency.duties import DutyError, DutyName, find_duty
from residency.operations.asking import Asked, conclude, open_book
from residency.schema import SWAPS
from residency.setup.rows import AssignmentId, Day, Period, PersonId
from residency.swaps.decisions import Asking, decide_request, refuse_request
from residency.words import SwapType

if TYPE_CHECKING:
    from residency.decisions import Decision
    from residency.load import Book
    from residency.model import Duty

_FEWEST_LINKS = 2


@dataclass(frozen=True, kw_only=True)
class Link:
    """A DUTY of a chain: an id, or a person with a date and perhaps a period."""

    assignment_id: AssignmentId | None = None
    person_id: Annotated[PersonId | None, Alias("person")] = None
    date: Annotated[Day | None, Alias("block_date")] = None
    period: Annotated[Period | None, Alias("block_period")] = None


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Who gives what, to whom, and for what."""

    requestor_id: PersonId
    partner_id: Annotated[PersonId | None, Help("without one candidates are ranked")] = None
    type: SwapType = "one_to_one"
    target_date: Annotated[date | None, Help("the day of the duty given")] = None
    target_period: Period | None = None
    assignment_id: Annotated[AssignmentId | None, Help("the duty given")] = None
    partner_date: Annotated[date | None, Help("the day of the duty taken; the target date")] = None
    partner_period: Period | None = None
    partner_assignment_id: Annotated[AssignmentId | None, Help("the duty taken")] = None
    from_moment: Annotated[datetime | None, Alias("from"), Help("only the part after it")] = None
    links: Annotated[
        tuple[AssignmentId | Link, ...],
        Length(0, 20),
        Help("of a chain: each takes the next one's, the last the first's"),
    ] = ()
    auto_approve: bool = True
    max_matches: Annotated[int, Range(1, 50)] = 5


def request_swap(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Check all parties over every window that changes, and the services; keep the swap as approved, or requested.

    Without a partner everybody of the role is scored from 0 to 100: schedule fit 30, qualifications 25, headroom 25, equity 20; those who
    cannot take part are `filtered`, each with the reason. A refusal names every breach, and up to three people with whom it would pass.
    """
    book = open_book(session, context)
    return conclude(session, context, "request_swap", parameters, _decide(session, book, parameters, context))


def _decide(session: Session, book: Book, parameters: Parameters, context: Context) -> Decision:
    blank = Asking(
        requestor_id=parameters.requestor_id,
        type=parameters.type,
        clock=minute_of(context.clock),
        partner_id=parameters.partner_id,
        since=None if parameters.from_moment is None else minute_of(parameters.from_moment),
        auto_approve=parameters.auto_approve,
        max_matches=parameters.max_matches,
    )
    unknown = _unknown(book, parameters)
    if unknown:
        return refuse_request(blank, *unknown)
    try:
        asking = _with_duties(book, blank, parameters)
    except DutyError as error:
        return refuse_request(blank, error.reason)
    return decide_request(book, asking, next_number(session.connection, SWAPS), session.new_id)


def _unknown(book: Book, parameters: Parameters) -> tuple[Reason, ...]:
    reasons = []
    for name in (parameters.requestor_id, parameters.partner_id):
        if name is not None and book.person(name) is None:
            reasons.append(unknown_row("persons", name))
        elif name is not None and not book.may_be_given_duty(name):
            reasons.append(Reason("inactive_person", f"{name} is inactive", name))
    if parameters.partner_id == parameters.requestor_id:
        reasons.append(
            Reason("no_match", f"{parameters.requestor_id} cannot swap with themselves", parameters.requestor_id)
        )
    return tuple(reasons)


def _with_duties(book: Book, asking: Asking, parameters: Parameters) -> Asking:
    if asking.type == "chain":
        return replace(asking, chain=_chain(book, parameters))
    given_name = DutyName(
        parameters.assignment_id, parameters.requestor_id, parameters.target_date, parameters.target_period
    )
    given = find_duty(book, given_name)
    if asking.type == "absorb" or asking.partner_id is None:
        return replace(asking, given=given)
    partner_date = parameters.partner_date or parameters.target_date or date_of(given.start)
    taken_name = DutyName(parameters.partner_assignment_id, asking.partner_id, partner_date, parameters.partner_period)
    return replace(asking, given=given, taken=find_duty(book, taken_name))


def _chain(book: Book, parameters: Parameters) -> tuple[Duty, ...]:
    names = (DutyName(link) if isinstance(link, str) else _name_of(link) for link in parameters.links)
    duties = tuple(find_duty(book, name) for name in names)
    holders = [duty.person_id for duty in duties]
    if len(duties) < _FEWEST_LINKS or len(set(holders)) < len(holders):
        raise DutyError(
            Reason("no_such_duty", "a chain needs duties of two or more people, one of each", parameters.requestor_id)
        )
    return duties


def _name_of(link: Link) -> DutyName:
    return DutyName(link.assignment_id, link.person_id, link.date, link.period)


OPERATION = Operation(
    name="request_swap",
    parameters=Parameters,
    function=request_swap,
    data={
        "swap_id": "text",
        "status": "text",
        "partner_id": "text",
        "match_score": "number",
        "matches": "list",
        "alternatives": "list",
        "filtered": "list",
    },
    codes=("no_match", "no_such_duty", "ambiguous_duty", "inactive_person"),
)
