"""A long span, week by week: each week is a problem of its own that knows what the weeks before it gave to whom.

Averages are kept at every week's end as if the roster ended there, so that no week lives at the cost of those to come. A week that cannot
be filled after what the weeks before it decided is made together with them; one that cannot be filled by itself is the reason why there
is no schedule.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
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


def week_by_week(problem: Problem, solve_first: SolvePart, solve_second: SolvePart) -> Result:
    """The weeks' schedules as one: the two halves of the span at the same time, the first half's last week when the second is made.

    Args:
        problem: the whole.
        solve_first: makes the schedule of some weeks of the first half; it is told how many weeks are left there, these included.
        solve_second: likewise of the second half, in a thread of its own.
    """
    low, high = problem.span
    middle = low + max(1, (high - low) // 2 // _BLOCK) * _BLOCK
    first = _Half(problem, (low, middle), solve_first)
    second = _Half(problem, (middle, high), solve_second)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second.make)
        first.make(lambda: second.placings if other.result() is None else ())
        failure = first.failure or other.result()
    return failure or _whole([*first.parts, *second.parts])


class _Half:
    """Half of a long span, week by week.

    Attributes:
        parts: what was made so far, in order.
        failure: the result that ended it before its time, or None.
    """

    def __init__(self, problem: Problem, span: tuple[int, int], solve_part: SolvePart) -> None:
        self.parts: list[_Part] = []
        self.failure: Result | None = None
        self._problem = problem
        self._span = span
        self._solve = solve_part

    @property
    def placings(self) -> tuple[Placing, ...]:
        """What was given so far."""
        return tuple(placing for part in self.parts for placing in part.result.placings)

    def make(self, what_follows: Callable[[], tuple[Placing, ...]] = tuple) -> Result | None:
        """Make all weeks; `what_follows` is asked for the days after them before the last is made. Returns the failure."""
        start, end = self._span[0], min(self._span[0] + WEEK, self._span[1])
        while start < self._span[1] and self.failure is None:
            following = what_follows() if end >= self._span[1] else ()
            result = self._made((start, end), following)
            if result.is_found:
                self.parts.append(_Part(start, end, result))
                start, end = end, min(end + WEEK, self._span[1])
            elif not self.parts or end - start >= _MOST_WEEKS_AT_ONCE * WEEK or result.conflict is not None:
                self.failure = result
            else:
                start = self.parts.pop().start
        return self.failure

    def _made(self, span: tuple[int, int], following: tuple[Placing, ...]) -> Result:
        """A part after and before what was given; infeasible, and why, only if it is so whatever was given."""
        weeks_left = -(-(self._span[1] - span[0]) // WEEK)
        given = (*self.placings, *following)
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


def _whole(parts: Sequence[_Part]) -> Result:
    """All parts as one schedule; penalties are those that each part was charged, and nothing is proved of their sum."""
    results = [part.result for part in parts]
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
