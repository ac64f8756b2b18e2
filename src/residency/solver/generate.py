"""Making a schedule: the model of a problem, searched in rounds until one of them brings little, or the reason why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from residency.solver.apart import Apart, Errand
from residency.solver.constraints import make_build
from residency.solver.explain import explain
from residency.solver.result import Placing, Result
from residency.solver.rolling import halves_of, is_long, joined, week_by_week
from residency.solver.soft import Soft
from residency.solver.solve import Answer, Effort, Progress, Status, solve

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from residency.solver.problem import Problem
    from residency.solver.variables import Build

#: Deterministic seconds of the first round, which may prove the best or that there is none, and of each round that improves.
_FIRST_ROUND = 0.2
_ROUND = 0.5
#: Deterministic seconds of the rounds of a part of a long span; the first that finds anything is the last.
_BRIEF_ROUNDS = (0.1, 0.2, 0.3, 0.3)
#: A part of a long span may take so many times its even share of what is left.
_PART_SHARES = 4
#: A round that lowers the objective by less than this share is the last.
_LEAST_GAIN = 0.2


def generate(
    problem: Problem,
    effort: Effort,
    *,
    on_progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
) -> Result:
    """The best schedule that the effort finds, or why there is none; a long span is made week by week."""
    if not is_long(problem):
        return _generate(problem, effort, on_progress, stop)[0]
    share = replace(effort, seconds=effort.seconds / 2)
    first, second = halves_of(problem)
    with Apart(Errand(problem, second, share), on_progress, stop) as other:
        made = week_by_week(problem, first, PartSolver(share, on_progress, stop).solve, other.result)
        return joined(made, made if made.failure else other.result())


class PartSolver:
    """Makes the parts of half a long span, one after another, with half the effort."""

    def __init__(
        self, effort: Effort, on_progress: Callable[[Progress], object] | None, stop: threading.Event | None
    ) -> None:
        self._effort = effort
        self._told = on_progress
        self._stop = stop

    def solve(self, part: Problem, parts_left: int) -> Result:
        """The schedule of a part, with a share of what is left of the effort."""
        left = max(self._effort.seconds, 0.0)
        share = replace(self._effort, seconds=left * min(1.0, _PART_SHARES / parts_left), brief=True)
        result, spent = _generate(part, share, self._told, self._stop)
        self._effort = replace(self._effort, seconds=left - spent)
        return result


def _generate(
    problem: Problem,
    effort: Effort,
    on_progress: Callable[[Progress], object] | None,
    stop: threading.Event | None,
) -> tuple[Result, float]:
    """A problem solved at once, with the effort spent."""
    build = make_build(problem)
    soft = Soft(build)
    soft.penalties.minimise(build.model)
    search = Search(build, effort, on_progress, stop)
    answer = search.run()
    if answer.status is Status.INFEASIBLE:
        conflict = explain(problem, replace(effort, seconds=search.left))
        return Result(answer.status, conflict=conflict), effort.seconds
    return result_of(build, soft, answer), effort.seconds - search.left


class Search:
    """One model searched in rounds: first to prove, then around the best so far, and to the end of the effort while there is nothing."""

    def __init__(
        self,
        build: Build,
        effort: Effort,
        on_progress: Callable[[Progress], object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._model = build.model
        self._effort = effort
        self._told = on_progress
        self._stop = stop
        self.left = effort.seconds

    def run(self) -> Answer:
        """The best answer of all rounds, with the best bound; a brief search ends with the first round that finds anything."""
        if self._effort.brief:
            return self._brief()
        best = self._first()
        while best.status is Status.FEASIBLE and not self._is_over:
            self._hint(best)
            found = self._round(_ROUND, improving=True)
            gained = _gain(best, found)
            best = _better(best, found)
            if gained < _LEAST_GAIN:
                break
        return best

    def _brief(self) -> Answer:
        """What short searches from different seeds find; any answer where that is nothing."""
        for seconds in _BRIEF_ROUNDS:
            answer = self._round(seconds, improving=True)
            if answer.status is not Status.NO_ANSWER or self._is_over:
                return answer
            self._effort = replace(self._effort, seed=self._effort.seed + 1)
        return self._first()

    def _first(self) -> Answer:
        """Any answer: short searches of both sorts in turn, each longer than the last."""
        seconds, improving = _FIRST_ROUND, False
        answer = self._round(seconds, improving=improving)
        while answer.status is Status.NO_ANSWER and not self._is_over:
            seconds, improving = seconds * 2, not improving
            answer = self._round(seconds, improving=improving)
        return answer

    @property
    def _is_over(self) -> bool:
        return self.left <= 0 or (self._stop is not None and self._stop.is_set())

    def _round(self, seconds: float, *, improving: bool) -> Answer:
        workers = self._effort.workers if improving else 1
        effort = replace(self._effort, seconds=min(seconds, self.left), workers=workers, improving=improving)
        answer = solve(self._model, effort, on_progress=self._told, stop=self._stop)
        self.left -= max(answer.effort, 0.001)
        return answer

    def _hint(self, answer: Answer) -> None:
        self._model.clear_hints()  # type: ignore[no-untyped-call]  # OR-tools says no types here
        for index, value in enumerate(answer.values):
            self._model.add_hint(self._model.get_int_var_from_proto_index(index), value)


def _gain(best: Answer, found: Answer) -> float:
    if best.objective is None or found.objective is None or not best.objective:
        return 0.0
    return (best.objective - found.objective) / best.objective


def _better(best: Answer, found: Answer) -> Answer:
    bounds = [answer.bound for answer in (best, found) if answer.bound is not None]
    better = found if found.is_found and _gain(best, found) > 0 else best
    bound = max(bounds) if bounds else None
    is_proved = bound is not None and bound == better.objective
    return replace(better, bound=bound, status=Status.OPTIMAL if is_proved else Status.FEASIBLE)


def result_of(build: Build, soft: Soft, answer: Answer) -> Result:
    """An answer of the model as a schedule."""
    if not answer.is_found:
        return Result(answer.status)
    placings = [Placing(post, plan.id) for plan in build.plans for post, literal in plan.posts if answer.holds(literal)]
    return Result(
        status=answer.status,
        placings=tuple(sorted(placings)),
        gaps=tuple((post, missing) for post, gap in build.gaps.items() if (missing := answer.value(gap))),
        penalties=soft.penalties.itemised(answer),
        objective=answer.objective,
        bound=answer.bound,
    )
