"""The search for the best roster of an instance: columns first, then CP-SAT from the best that they gave.

1. `generation` gives a bound that is nearly tight (within 0.2 % on instances 2 to 7) and rosters that are nearly optimal, in seconds.
2. `restricted` puts the best roster together from all the columns that were needed on the way.
3. CP-SAT proves the optimum where the linear program is far off, in small instances with hardly any slack; what that does not settle soon,
   it improves by its own large neighbourhoods. On instances 5 to 7 it comes to this quality only from such a beginning: alone it has to find
   whole rows of work by changing single shifts.

Each stage is left out once the bound is reached. With `Effort.wall_seconds` every stage ends by the clock as well; without, the same seed
and workers give the same roster.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from residency.solver.curtois.generation import Generation, cost_of
from residency.solver.curtois.instance import Roster
from residency.solver.curtois.master import Column
from residency.solver.curtois.model import Model, model_of
from residency.solver.curtois.pricing import states
from residency.solver.curtois.restricted import choose
from residency.solver.objective import Penalty
from residency.solver.solve import Answer, Effort, Status, solve

if TYPE_CHECKING:
    from residency.solver.curtois.instance import Instance

#: Shares of `Effort.wall_seconds` after which the linear program, the first dive, further dives, and the choice among columns end. The first
#: dive is what the rest lives on: a slow machine spends its minute there.
_ROOT, _FIRST, _DIVING, _CHOICE = 0.4, 0.85, 0.55, 0.75
#: What is searched among columns: dives, and nodes of the integer program.
_MORE_DIVES, _NODES = 3, 30
#: Deterministic seconds in which CP-SAT may prove before it only improves.
_PROVING = 1.0
#: Arrays of this many states are a gigabyte; an instance of more is left to CP-SAT.
_MOST_STATES = 1 << 26
#: Enough deterministic seconds for a model of which everything is fixed.
_FIXED = Effort(seconds=60.0, workers=1)
_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Solution:
    """What is known of an instance when the search ends.

    Attributes:
        status: `OPTIMAL` only if the cost is the bound.
        roster: The best that was found; None without one.
        cost: Of the roster.
        bound: What no roster costs less than.
        penalties: What the cost is made of, by name.
        unable: Ids of persons whose own limits no roster fits.
        effort: CP-SAT's deterministic seconds.
    """

    status: Status
    roster: Roster | None = None
    cost: int | None = None
    bound: int | None = None
    penalties: tuple[Penalty, ...] = ()
    unable: tuple[str, ...] = ()
    effort: float = 0.0


class _Clock:
    """Says when a stage is over; never, where no seconds on the wall are given."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._start = time.monotonic()

    def left(self, share: float = 1.0) -> float | None:
        """Seconds until a share of the time is over."""
        return None if self._seconds is None else self._start + share * self._seconds - time.monotonic()

    def is_over(self, share: float) -> bool:
        """Whether a share of the time is over."""
        left = self.left(share)
        return left is not None and left <= 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What columns gave: a bound, and the best roster."""

    bound: int
    columns: tuple[Column, ...]


def search(instance: Instance, effort: Effort) -> Solution:
    """The best roster that is found with an effort, and what no roster can cost less than.

    Raises:
        ArithmeticError: the linear solver gave up, which is a defect.
    """
    clock = _Clock(effort.wall_seconds)
    if states(instance) > _MOST_STATES:
        model = model_of(instance)
        return _solution(model, solve(model.program, _limited(effort, clock)), 0)
    generation = Generation(instance)
    if generation.impossible:
        return Solution(Status.INFEASIBLE, unable=tuple(instance.employees[at].id for at in generation.impossible))
    found = _by_columns(instance, generation, clock, effort.seed)
    roster = tuple(tuple(duty - 1 if duty else None for duty in column.duties) for column in found.columns)
    return _improved(instance, _itemised(instance, roster, found.bound), effort, clock)


def _by_columns(instance: Instance, generation: Generation, clock: _Clock, seed: int) -> _Found:
    """The roster of the best dive, or of the best choice among all their columns."""
    generation.root(lambda: clock.is_over(_ROOT))
    choice = random.Random(seed)  # noqa: S311  (chance of a search, not of a secret)
    best = generation.dive(None, lambda: clock.is_over(_FIRST))
    for _ in range(_MORE_DIVES):
        if cost_of(instance, best) > generation.bound and not clock.is_over(_DIVING):
            best = _better(instance, best, generation.dive(choice, lambda: clock.is_over(_DIVING)))
    if cost_of(instance, best) == generation.bound or clock.is_over(_CHOICE):
        return _Found(generation.bound, best)
    chosen = choose(instance, generation.master.columns, best, nodes=_NODES, seconds=clock.left(_CHOICE))
    return _Found(generation.bound, _better(instance, best, chosen or best))


def _better(instance: Instance, first: tuple[Column, ...], second: tuple[Column, ...]) -> tuple[Column, ...]:
    """The cheaper of two rosters, the first if they cost the same."""
    return min(first, second, key=lambda columns: cost_of(instance, columns))


def _improved(instance: Instance, best: Solution, effort: Effort, clock: _Clock) -> Solution:
    """The best that CP-SAT makes of a solution: it proves for a while, and improves for the rest of the effort."""
    proving = min(_PROVING, effort.seconds)
    for step in (replace(effort, seconds=proving), replace(effort, seconds=effort.seconds - proving, improving=True)):
        if best.roster is None or best.status is Status.OPTIMAL:
            break
        model = model_of(instance)
        model.variables.hint(model.program, best.roster)
        model.program.add(model.penalties.total() >= (best.bound or 0))
        best = _best(best, _solution(model, solve(model.program, _limited(step, clock)), best.bound or 0))
    return best


def _best(known: Solution, found: Solution) -> Solution:
    """What was found if it costs no more than what was known, with what either proved and the effort of both."""
    bound = max(known.bound or 0, found.bound or 0)
    is_better = found.cost is not None and known.cost is not None and found.cost <= known.cost
    chosen = found if is_better else known
    status = Status.OPTIMAL if chosen.cost == bound else Status.FEASIBLE
    return replace(chosen, status=status, bound=bound, effort=known.effort + found.effort)


def _limited(effort: Effort, clock: _Clock) -> Effort:
    """An effort that ends with the clock as well, though not at once."""
    left = clock.left()
    return effort if left is None else replace(effort, wall_seconds=max(_LEAST_SECONDS, left))


def _itemised(instance: Instance, roster: Roster, bound: int) -> Solution:
    """A roster as CP-SAT's model sees it: had columns and model different ideas of the constraints, it would have no answer."""
    model = model_of(instance)
    model.variables.fix(model.program, roster)
    answer = solve(model.program, _FIXED)
    if not answer.is_found:
        raise AssertionError("a roster of columns breaks a constraint of the model")
    return _solution(model, replace(answer, bound=bound), bound)


def _solution(model: Model, answer: Answer, bound: int) -> Solution:
    known = max(bound, answer.bound or 0)
    if not answer.is_found:
        return Solution(
            answer.status, bound=None if answer.status is Status.INFEASIBLE else known, effort=answer.effort
        )
    return Solution(
        status=Status.OPTIMAL if answer.objective == known else Status.FEASIBLE,
        roster=model.variables.roster(answer),
        cost=answer.objective,
        bound=known,
        penalties=model.penalties.itemised(answer),
        effort=answer.effort,
    )
