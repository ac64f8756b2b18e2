"""A long span, week by week: each week is a problem of its own that knows what the weeks before it gave to whom.

Averages are kept at every week's end as if the roster ended there, so that no week lives at the cost of those to come. A week that cannot
be filled after what the weeks before it decided is made together with them; one that cannot be filled by itself is the reason why there
is no schedule.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from residency.calendar import DAY, WEEK, weekday_of
from residency.model import Duty, DutyKind
from residency.solver.objective import Penalty
from residency.solver.problem import PenaltyName
from residency.solver.result import Result
from residency.solver.solve import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from residency.calendar import Interval
    from residency.solver.problem import Problem, Worker
    from residency.solver.result import Placing

    SolvePart = Callable[[Problem, int], Result]

#: Spans of so many days or fewer are one problem.
LONGEST_AT_ONCE = 42 * DAY
#: So many weeks together are tried before the search is given up.
_MOST_WEEKS_AT_ONCE = 6
#: Duties that ended so long before a week matter to no rule of it but as numbers: the longest window, and a week more.
_REMEMBERED = 31 * DAY + WEEK
_SATURDAY = 5
_BLOCK = 4 * WEEK


@dataclass(frozen=True)
class _Part:
    """Some weeks that were made together, with what was found for them."""

    start: int
    end: int
    result: Result


def is_long(problem: Problem) -> bool:
    """Whether a problem is made week by week."""
    return problem.span[1] - problem.span[0] > LONGEST_AT_ONCE


def halves_of(problem: Problem) -> tuple[Interval, Interval]:
    """The two halves of a long span, cut where a block of four weeks ends."""
    low, high = problem.span
    middle = low + max(1, (high - low) // 2 // _BLOCK) * _BLOCK
    return (low, middle), (middle, high)


def week_by_week(
    problem: Problem, span: Interval, solve: SolvePart, following: Callable[[], Half] | None = None
) -> Half:
    """Make some weeks one after another.

    Args:
        problem: the whole.
        span: the weeks to make.
        solve: makes the schedule of some weeks; it is told how many weeks are left, these included.
        following: asked for what comes after the span before its last week is made.
    """
    return _Weeks(problem, span, solve, following).make()


@dataclass(frozen=True)
class Half:
    """What became of some weeks.

    Attributes:
        results: what was made, in order.
        failure: the result that ended it before its time, or None.
    """

    results: tuple[Result, ...] = ()
    failure: Result | None = None

    @property
    def placings(self) -> tuple[Placing, ...]:
        """What was given; nothing where there is a failure."""
        return () if self.failure else tuple(placing for result in self.results for placing in result.placings)


class _Weeks:
    """Weeks in the making."""

    def __init__(
        self, problem: Problem, span: Interval, solve: SolvePart, following: Callable[[], Half] | None
    ) -> None:
        self._problem = problem
        self._span = span
        self._solve = solve
        self._following = following or Half
        self._parts: list[_Part] = []

    def make(self) -> Half:
        """Make all of them; what cannot be filled is made anew together with the weeks before it."""
        low, high = self._span
        start, end = low, min(low + WEEK, high)
        while start < high:
            result = self._made((start, end), self._following().placings if end >= high else ())
            if result.is_found:
                self._parts.append(_Part(start, end, result))
                start, end = end, min(end + WEEK, high)
            elif not self._parts or end - start >= _MOST_WEEKS_AT_ONCE * WEEK or result.conflict is not None:
                return Half(failure=result)
            else:
                start = self._parts.pop().start
        return Half(tuple(part.result for part in self._parts))

    def _made(self, span: tuple[int, int], following: tuple[Placing, ...]) -> Result:
        """A part after and before what was given; infeasible, and why, only if it is so whatever was given."""
        weeks_left = -(-(self._span[1] - span[0]) // WEEK)
        placed = (placing for part in self._parts for placing in part.result.placings)
        given = (*placed, *following)
        result = self._solve(part_of(self._problem, span, given), weeks_left)
        if result.status is not Status.INFEASIBLE or not given:
            return result
        alone = self._solve(part_of(self._problem, span, ()), weeks_left)
        return alone if alone.status is Status.INFEASIBLE else replace(result, status=Status.NO_ANSWER, conflict=None)


def part_of(problem: Problem, span: tuple[int, int], placings: Iterable[Placing]) -> Problem:
    """The problem of some days, with what was given before them as held."""
    low, high = span
    placed: dict[str, list[Duty]] = {}
    for placing in placings:
        post = placing.post
        duty = Duty(f"~{post.start}", placing.person_id, post.rotation_id, post.start, post.end, post.kind)
        placed.setdefault(placing.person_id, []).append(duty)
    figures = problem.figures
    until = high if high < min(problem.span[1], figures.horizon[1]) else None
    return replace(
        problem,
        span=span,
        posts=tuple(post for post in problem.posts if low <= post.start < high),
        workers=tuple(_remembering(problem, worker, placed.get(worker.id, ()), low) for worker in problem.workers),
        others=tuple(duty for duty in problem.others if duty.end > low - _REMEMBERED and duty.start < high + WEEK),
        baseline=tuple(duty for duty in problem.baseline if low <= duty.start < high),
        figures=replace(figures, until=until),
    )


def _remembering(problem: Problem, worker: Worker, placed: Sequence[Duty], low: int) -> Worker:
    """A worker with the duties that matter from a day on; the older ones are remembered as numbers."""
    duties = sorted((*worker.duties, *placed), key=lambda duty: (duty.start, duty.end, duty.id))
    recent = next((at for at, duty in enumerate(duties) if duty.end > low - _REMEMBERED), len(duties))
    recent = max(0, recent - 1)
    balances = Counter(worker.balances)
    for duty in duties[:recent]:
        balances.update(_burdens(problem, duty))
    return replace(worker, duties=tuple(duties[recent:]), balances=balances)


def _burdens(problem: Problem, duty: Duty) -> dict[str, int]:
    """What a duty inside the horizon was, counted as the penalties count it."""
    low, high = problem.figures.horizon
    if duty.end <= low or duty.start >= high:
        return {}
    is_night = duty.kind in (DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT)
    midnights = (duty.end - 1) // DAY - (duty.start - 1) // DAY
    holidays = sum(day < duty.end and day + DAY > duty.start for day in problem.major_holidays)
    return {
        "night": midnights if is_night else 0,
        "weekend": int(weekday_of(duty.start) >= _SATURDAY),
        "holiday": holidays,
        "minutes": duty.end - duty.start if duty.kind.traits.counts else 0,
    }


def joined(first: Half, second: Half) -> Result:
    """Two halves as one schedule; penalties are those that each part was charged, and nothing is proved of their sum."""
    failure = first.failure or second.failure
    if failure:
        return failure
    results = (*first.results, *second.results)
    amounts: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    for result in results:
        for penalty in result.penalties:
            amounts[penalty.name] += penalty.amount
            costs[penalty.name] += penalty.cost
    return Result(
        status=Status.FEASIBLE,
        placings=tuple(sorted(placing for result in results for placing in result.placings)),
        gaps=tuple(gap for result in results for gap in result.gaps),
        penalties=tuple(Penalty(name, amounts[name], costs[name]) for name in PenaltyName),
        objective=sum(costs.values()),
    )
