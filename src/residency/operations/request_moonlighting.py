"""`request_moonlighting`: work beside the program, asked for or reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Alias, Help
from residency.calendar import minute_of
from residency.moonlighting import Extra, Site, decide_moonlighting, duties_of
from residency.operations.asking import Asked, conclude, open_book
from residency.schema import ASSIGNMENTS
from residency.setup.intervals import shift_intervals
from residency.setup.rows import PersonField, RotationId, ShiftFields


@dataclass(frozen=True, kw_only=True)
class Parameters(ShiftFields, Asked):
    """Whose work, where, when."""

    person_id: PersonField
    site: Site = "external"
    rotation_id: Annotated[RotationId | None, Alias("rotation"), Help("in house: the service that is covered")] = None
    reported: Annotated[bool, Help("worked already: recorded and flagged whatever it breaks")] = False


def request_moonlighting(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Enter moonlighting as duty if the person has permission and no rule breaks; the answer gives each window's headroom in minutes.

    A refusal names every breach and the exact cut on either side. Reported work is recorded whatever it breaks; what breaks a rule is told
    to the director and to be corrected within a week.
    """
    book = open_book(session, context)
    intervals = ((session.new_id(ASSIGNMENTS.name), interval) for interval in shift_intervals(parameters))
    duties = duties_of(parameters.person_id, parameters.site, intervals, parameters.rotation_id)
    extra = Extra(parameters.person_id, duties, minute_of(context.clock), parameters.reported)
    return conclude(session, context, "request_moonlighting", parameters, decide_moonlighting(book, extra))


OPERATION = Operation(
    name="request_moonlighting",
    parameters=Parameters,
    function=request_moonlighting,
    data={
        "assignment_ids": "list",
        "weekly_hours": "number",
        "headroom_hours": "number",
        "windows": "list",
        "cuts": "list",
        "warnings": "list",
        "violations": "list",
        "correct_by": "moment",
    },
    codes=("not_permitted", "not_yet_worked", "inactive_person", "max_persons"),
)
