"""Running CP-SAT: a model and an effort in, a frozen answer out. The same seed and workers give the same answer.

An effort is counted in deterministic seconds (work done, about a second each on one core of today), never in wall-clock time, so that a
busy machine takes longer and answers the same. Several workers take turns at fixed points of that count (`interleave_search`) and learn
from one another there only.
"""

from __future__ import annotations

import contextlib
import math
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model_helper import FlatIntExpr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: How often somebody looks whether the search is to stop, in seconds.
_POLL = 0.02


class Status(StrEnum):
    """What is known when the search ends."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is searched.

    Attributes:
        seconds: deterministic seconds of all workers together; several stop where they next meet, a few seconds later at most.
        workers: threads; another number may give another answer.
        seed: 0 to 2³¹ − 1.
        improving: only look around the best so far, which finds good answers fast and proves next to nothing.
        brief: simplify the model less before the search; of a large model that is searched briefly that is most of the work.
        gap: the search may end once it is proved that nothing is better by more than this share of the objective.
        wall_seconds: an end by the clock on the wall. What is found then depends on the machine; for measuring, not for results.
    """

    seconds: float = 60.0
    workers: int = 2
    seed: int = 0
    improving: bool = False
    brief: bool = False
    gap: float = 0.0
    wall_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come: the best objective so far, None before the first, and what nothing can be below."""

    objective: int | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    Attributes:
        status: whether there are values, and whether they are proved to be the best.
        values: of every variable, by its index; empty without an answer.
        objective: of the values; None without any, 0 where nothing is minimised.
        bound: what no objective can be below (minimising); None where nothing is known.
        core: indices of the assumptions that cannot hold together, when infeasible under assumptions.
        effort: deterministic seconds spent.
    """

    status: Status
    values: tuple[int, ...] = ()
    objective: int | None = None
    bound: int | None = None
    core: tuple[int, ...] = ()
    effort: float = 0.0

    @property
    def is_found(self) -> bool:
        """Whether there are values."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)

    def value(self, expression: cp_model.LinearExpr | int) -> int:
        """The value of an integer expression over the model's variables.

        Raises:
            LookupError: there are no values.
        """
        if not self.is_found:
            raise LookupError(f"a search that ended as {self.status} has no values")
        if isinstance(expression, int):
            return expression
        if isinstance(expression, cp_model.IntVar):
            return self.values[expression.index]
        flat = FlatIntExpr(expression)
        indices: list[int] = [variable.index for variable in flat.vars]
        return flat.offset + sum(factor * self.values[at] for factor, at in zip(flat.coeffs, indices, strict=True))

    def holds(self, literal: cp_model.IntVar) -> bool:
        """Whether a Boolean variable is true."""
        return self.value(literal) == 1


def solve(
    model: cp_model.CpModel,
    effort: Effort,
    *,
    on_progress: Callable[[Progress], object] | None = None,
    stop: threading.Event | None = None,
    assumptions: Sequence[cp_model.IntVar] = (),
) -> Answer:
    """Search until the best is proved, the effort is spent, or `stop` is set: then the best so far is the answer, if there is one.

    Args:
        model: what to solve; its assumptions are set here.
        effort: how much is searched.
        on_progress: told every better objective and bound, from the solver's own threads.
        stop: set it from any thread to end the search soon.
        assumptions: literals taken as true; if they cannot all be, the answer's `core` names some that cannot together.

    Raises:
        ValueError: the model itself is wrong.
    """
    model.clear_assumptions()
    if assumptions:
        model.add_assumptions(list(assumptions))
    solver = cp_model.CpSolver()
    _set_parameters(solver, effort)
    watch = _Watch(on_progress) if on_progress is not None else None
    if watch is not None:
        solver.best_bound_callback = watch.on_bound
    with _stopping(solver, stop):
        status = solver.solve(model, watch)
    if status == cp_model.MODEL_INVALID:
        raise ValueError(f"CP-SAT refuses the model: {model.validate()}")
    return _answer(solver, has_objective=model.has_objective())


def _set_parameters(solver: cp_model.CpSolver, effort: Effort) -> None:
    parameters = solver.parameters
    parameters.max_deterministic_time = effort.seconds
    parameters.num_workers = effort.workers
    parameters.interleave_search = True
    parameters.random_seed = effort.seed
    parameters.use_lns_only = effort.improving
    if effort.brief:
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        parameters.max_presolve_iterations = 1
    parameters.relative_gap_limit = effort.gap
    if effort.wall_seconds is not None:
        parameters.max_time_in_seconds = effort.wall_seconds


class _Watch(cp_model.CpSolverSolutionCallback):
    """Hands on what the solver tells; both calls come under the solver's own lock."""

    def __init__(self, told: Callable[[Progress], object]) -> None:
        super().__init__()
        self._told = told
        self._last = Progress(None, None)

    def on_solution_callback(self) -> None:
        """A better solution."""
        self._tell(Progress(_whole(self.objective_value), _whole(self.best_objective_bound)))

    def on_bound(self, bound: float) -> None:
        """A better bound."""
        self._tell(Progress(self._last.objective, _whole(bound)))

    def _tell(self, progress: Progress) -> None:
        if progress != self._last:
            self._last = progress
            self._told(progress)


@contextlib.contextmanager
def _stopping(solver: cp_model.CpSolver, stop: threading.Event | None) -> Iterator[None]:
    """Watch over `stop` while the solver runs; it is told again and again, as it forgets what it hears before it has begun."""
    if stop is None:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL):
            if stop.is_set():
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True, name="solver-stop")
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


_STATUS = {
    cp_model.OPTIMAL: Status.OPTIMAL,
    cp_model.FEASIBLE: Status.FEASIBLE,
    cp_model.INFEASIBLE: Status.INFEASIBLE,
    cp_model.UNKNOWN: Status.NO_ANSWER,
}


def _answer(solver: cp_model.CpSolver, *, has_objective: bool) -> Answer:
    response = solver.response_proto
    status = _STATUS[response.status]
    found = status in (Status.OPTIMAL, Status.FEASIBLE)
    return Answer(
        status=status,
        values=tuple(response.solution) if found else (),
        objective=_whole(response.objective_value) if found else None,
        bound=_whole(response.best_objective_bound) if has_objective and status is not Status.INFEASIBLE else None,
        core=tuple(response.sufficient_assumptions_for_infeasibility),
        effort=response.deterministic_time,
    )


def _whole(value: float) -> int | None:
    """An integer objective or bound, which the solver tells as a float; None where it is infinite."""
    return round(value) if math.isfinite(value) else None
