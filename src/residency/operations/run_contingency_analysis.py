"""`run_contingency_analysis`: who could take what; nothing is moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help, Range
from residency.calendar import minute_of
from residency.contingency.activation import Analysis, decide_analysis
from residency.contingency.carried import next_number, read_fairness
from residency.decisions import refusal, unknown_row
from residency.operations.asking import Asked, conclude, open_book
from residency.operations.contingency import N1_FAILURE, PLAN_DATA
from residency.schema import CONTINGENCY_PLANS
from residency.setup.rows import PersonId

if TYPE_CHECKING:
    from residency.decisions import Decision
    from residency.load import Book


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Whose duties, and how far to look."""

    trigger: Annotated[str, Help("a label")] = N1_FAILURE
    person_ids: Annotated[tuple[PersonId, ...] | None, Help("all who are absent")] = None
    max_chain_depth: Annotated[int | None, Range(1, 20), Help("the program's")] = None


def run_contingency_analysis(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Plan for every duty inside an absence and store the plan. A plan that leaves gaps is done, too, and says why nobody could.

    A plan breaks no rule, and opens no gap on a service as needed as the one that it closes. Of all plans the best is chosen: least
    uncovered time, critical services first; then fewest moves, fewest people, nearest to the backup order, fairest, by id.
    """
    book = open_book(session, context)
    return conclude(
        session, context, "run_contingency_analysis", parameters, _decide(session, book, parameters, context)
    )


def _decide(session: Session, book: Book, parameters: Parameters, context: Context) -> Decision:
    unknown = [name for name in parameters.person_ids or () if book.person(name) is None]
    if unknown:
        return refusal(*(unknown_row("persons", name) for name in unknown), persons=unknown)
    wanted = Analysis(
        clock=minute_of(context.clock),
        trigger=parameters.trigger,
        person_ids=parameters.person_ids,
        max_depth=parameters.max_chain_depth,
        number=next_number(session.connection, CONTINGENCY_PLANS),
    )
    return decide_analysis(book, wanted, read_fairness(session.connection), session.new_id).decision


OPERATION = Operation(
    name="run_contingency_analysis",
    parameters=Parameters,
    function=run_contingency_analysis,
    data={name: kind for name, kind in PLAN_DATA.items() if name != "activated"},
    codes=("contingency_disabled",),
)
