"""`create_assignment`: one more duty, if nothing stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Reason, Session
from rehearse.fields import Help
from residency.assigning import decide_create
from residency.decisions import Decision, refusal
from residency.model import Duty, DutyKind
from residency.operations.asking import Asked, conclude, open_book
from residency.setup.intervals import duty_interval, kind_of_word
from residency.setup.rows import DutyFields

if TYPE_CHECKING:
    from residency.load import Book


@dataclass(frozen=True, kw_only=True)
class Parameters(DutyFields, Asked):
    """The fields of an assignment."""

    assign_alternative: Annotated[bool, Help("if refused, the best alternative takes it")] = False


def create_assignment(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Add a duty. A refusal names every breach, who else could take it, and from when the same person could.

    Decided by: the rules in force, the service's `max_persons`.
    """
    book = open_book(session, context)
    return conclude(session, context, "create_assignment", parameters, _decide(book, parameters, session))


def _decide(book: Book, parameters: Parameters, session: Session) -> Decision:
    rotation = book.schedule.rotations.get(parameters.rotation_id or "")
    kind = kind_of_word(parameters.kind) or (rotation.kind if rotation is not None else DutyKind.CLINICAL)
    if parameters.rotation_id is None and kind.traits.covers:
        text = f"a duty of kind {kind.value} covers a service and needs a rotation"
        return refusal(Reason("unknown_row", text, parameters.person_id), persons=[parameters.person_id])
    start, end = duty_interval(parameters, kind, rotation, book.settings.periods)
    duty = Duty(
        id=session.new_id("assignments"),
        person_id=parameters.person_id,
        rotation_id=parameters.rotation_id,
        start=start,
        end=end,
        kind=kind,
        exception=parameters.exception,
        pinned=parameters.pinned,
    )
    return decide_create(book, duty, assign_alternative=parameters.assign_alternative)


OPERATION = Operation(
    name="create_assignment",
    parameters=Parameters,
    function=create_assignment,
    data={
        "assignment_id": "text",
        "person_id": "text",
        "hours_before": "number",
        "hours_after": "number",
        "next_eligible": "moment",
        "alternatives": "list",
    },
    codes=("max_persons", "inactive_person"),
)
