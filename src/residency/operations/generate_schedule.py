"""`generate_schedule`: who does what on days that are still to be filled, found by CP-SAT in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from rehearse.domain import Context, Operation, OperationResult, Reason, Session
from rehearse.fields import Help, Range
from residency.calendar import DAY, minute_of
from residency.contingency.carried import read_burdens
from residency.decisions import Decision, refusal, unknown_row
from residency.generating import INFEASIBLE, NO_ANSWER, decide_generation, roster_of
from residency.operations.asking import Asked, conclude, open_book
from residency.setup.rows import PersonId, RotationId

if TYPE_CHECKING:
    from residency.load import Book
    from residency.solver.problem import Demand, Figures


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What one unit of each part of the objective costs, where it differs from the usual."""

    uncovered: Annotated[int | None, Range(0), Help("a head-hour that stays open; usually 1000")] = None
    short_rest: Annotated[int | None, Range(0), Help("a rest shorter than advised; usually 20")] = None
    near_limit: Annotated[int | None, Range(0), Help("an hour close to the weekly limit; usually 5")] = None
    workload_spread: Annotated[int | None, Range(0), Help("an hour beyond an even share; usually 1")] = None
    night_equity: Annotated[int | None, Range(0), Help("a night beyond an even number; usually 10")] = None
    weekend_equity: Annotated[int | None, Range(0), Help("a weekend shift beyond an even number; usually 10")] = None
    holiday_equity: Annotated[int | None, Range(0), Help("a major holiday beyond an even number; usually 30")] = None
    preference_unmet: Annotated[int | None, Range(0), Help("times the preference's own weight; usually 20")] = None
    changed_from_baseline: Annotated[int | None, Range(0), Help("a duty dealt anew to another; usually 5")] = None
    broken_continuity: Annotated[int | None, Range(0), Help("a change of service overnight; usually 1")] = None


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """Which days, whose, where, and how hard to search."""

    start_date: date
    end_date: Annotated[date, Help("the last day, included")]
    person_ids: Annotated[tuple[PersonId, ...] | None, Help("all")] = None
    rotation_ids: Annotated[tuple[RotationId, ...] | None, Help("all")] = None
    keep_existing: Annotated[bool, Help("false: unpinned duties of these days are dealt anew")] = True
    allow_gaps: Annotated[bool, Help("a post may stay open, at a price")] = False
    effort: Annotated[Decimal, Range(above=0), Help("deterministic seconds of the solver")] = Decimal(60)
    weights: Weights = Weights()


def generate_schedule(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Give every post that is required in these days to somebody, so that no rule in force is broken, or say what stands against it.

    All or nothing. What is there is kept unless `keep_existing` is false; what is pinned is kept in any case. Of the schedules that the
    effort reaches the cheapest by the named penalties is taken, the same for the same seed. The rules judge it before it is written.
    """
    book = open_book(session, context)
    decision = _unreadable(book, parameters) or _decide(session, book, parameters, context)
    return conclude(session, context, "generate_schedule", parameters, decision)


def _unreadable(book: Book, parameters: Parameters) -> Decision | None:
    schedule = book.schedule
    unknown = [unknown_row("persons", name) for name in parameters.person_ids or () if name not in schedule.persons]
    unknown += [
        unknown_row("rotations", name) for name in parameters.rotation_ids or () if name not in schedule.rotations
    ]
    if parameters.end_date < parameters.start_date:
        unknown.append(Reason("bad_range", "`end_date` is before `start_date`"))
    return refusal(*unknown, persons=parameters.person_ids or ()) if unknown else None


def _decide(session: Session, book: Book, parameters: Parameters, context: Context) -> Decision:
    from residency.solver.generate import generate  # noqa: PLC0415  (OR-tools is loaded where it is needed, and only there)
    from residency.solver.problem import make_problem  # noqa: PLC0415
    from residency.solver.solve import Effort  # noqa: PLC0415

    problem = make_problem(roster_of(book), _demand(parameters, context), _figures(session, book))
    result = generate(problem, Effort(seconds=float(parameters.effort), workers=1, seed=context.seed))
    return decide_generation(book, problem, result, session.new_id)


def _demand(parameters: Parameters, context: Context) -> Demand:
    from residency.solver.problem import Demand, PenaltyName  # noqa: PLC0415

    written = {name: getattr(parameters.weights, name.value) for name in PenaltyName}
    return Demand(
        span=(minute_of(parameters.start_date), minute_of(parameters.end_date) + DAY),
        person_ids=None if parameters.person_ids is None else frozenset(parameters.person_ids),
        rotation_ids=None if parameters.rotation_ids is None else frozenset(parameters.rotation_ids),
        keep_existing=parameters.keep_existing,
        clock=minute_of(context.clock),
        allow_gaps=parameters.allow_gaps,
        weights={name: weight for name, weight in written.items() if weight is not None},
    )


def _figures(session: Session, book: Book) -> Figures:
    from residency.solver.problem import Figures  # noqa: PLC0415

    settings = book.settings
    burdens = read_burdens(session.connection, settings.periods)
    return Figures(
        policy=settings.rules,
        horizon=settings.horizon,
        acgme_enabled=settings.acgme_enabled,
        max_major_holidays=settings.program.max_major_holidays,
        holidays=burdens.holidays,
        wishes=burdens.wishes,
        balances=burdens.balances,
    )


OPERATION = Operation(
    name="generate_schedule",
    parameters=Parameters,
    function=generate_schedule,
    data={
        "status": "text",
        "created": "list",
        "objective": "int",
        "bound": "int",
        "penalties": "map",
        "gap_hours": "number",
    },
    codes=(INFEASIBLE, NO_ANSWER, "bad_range"),
    isolation="process",
)
"""`effort` counts work done, not time: the deadline of the step ends the process whatever is left of it, and nothing is written."""
