"""`mark_unavailable`: somebody is away from a minute on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help
from residency.calendar import minute_of
from residency.leave.absences import Away, decide_mark, kind_named_by
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.contingency import PLAN_DATA, decide_all
from residency.setup.intervals import absence_of_word, span_intervals
from residency.setup.rows import AbsenceWord, PersonField, SpanFields


@dataclass(frozen=True, kw_only=True)
class AwayParameters(SpanFields, Asked):
    """Whose absence, when, why."""

    person_id: PersonField
    kind: Annotated[AbsenceWord | None, Help("the reason if it names one, else other")] = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameters(AwayParameters):
    """Whose absence, and whether to plan and act at once."""

    trigger_contingency: Annotated[bool, Help("plan and activate in the same transaction")] = False


def away_of(parameters: AwayParameters) -> Away:
    """The absence that is meant."""
    kind = kind_named_by(parameters.reason) if parameters.kind is None else absence_of_word(parameters.kind)
    return Away(parameters.person_id, span_intervals(parameters), kind, parameters.reason)


def mark_unavailable(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Add an approved absence and set the person's status; the director is alerted if a requirement is now short. Moves no duty.

    Refused only for somebody inactive, or away already for all of that time.
    """
    book = open_book(session, context)
    if parameters.trigger_contingency:
        decision = decide_all(session, book, away_of(parameters), context)
    else:
        decision = decide_mark(book, away_of(parameters), minute_of(context.clock), session.new_id).decision
    return conclude(session, context, "mark_unavailable", parameters, decision)


OPERATION = Operation(
    name="mark_unavailable",
    parameters=Parameters,
    function=mark_unavailable,
    data={"absence_ids": "list", "uncovered": "list", "gap_hours": "number", **PLAN_DATA},
    codes=("already_absent", "inactive_person", "contingency_disabled"),
)
