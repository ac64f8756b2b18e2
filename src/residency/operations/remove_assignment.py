"""`remove_assignment`: a duty goes, unless its service needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Alias, Help
from residency.assigning import decide_remove
from residency.decisions import refusal
from residency.duties import DutyError, DutyName, find_duty
from residency.operations.asking import Asked, conclude, open_book
from residency.setup.rows import AssignmentId, Day, Period, PersonId

if TYPE_CHECKING:
    from residency.decisions import Decision
    from residency.load import Book


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """A DUTY, and whether its service may be short then."""

    assignment_id: AssignmentId | None = None
    person_id: Annotated[PersonId | None, Alias("person")] = None
    date: Annotated[Day | None, Alias("block_date")] = None
    period: Annotated[Period | None, Alias("block_period")] = None
    allow_gap: Annotated[bool, Help("remove it even if its service is then short")] = False


def remove_assignment(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Remove a duty. Refused if it is pinned, if its service would then be short, or if anything else would break."""
    book = open_book(session, context)
    return conclude(session, context, "remove_assignment", parameters, _decide(book, parameters))


def _decide(book: Book, parameters: Parameters) -> Decision:
    name = DutyName(parameters.assignment_id, parameters.person_id, parameters.date, parameters.period)
    try:
        duty = find_duty(book, name)
    except DutyError as error:
        return refusal(error.reason, persons=[parameters.person_id] if parameters.person_id else [])
    return decide_remove(book, duty, allow_gap=parameters.allow_gap)


OPERATION = Operation(
    name="remove_assignment",
    parameters=Parameters,
    function=remove_assignment,
    data={"assignment_id": "text", "gap_hours": "number"},
    codes=("coverage", "no_such_duty", "ambiguous_duty"),
)
