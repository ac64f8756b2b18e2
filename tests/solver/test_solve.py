"""Running CP-SAT: answers by status, the same for the same seed, progress, and an end when somebody asks for it."""

from __future__ import annotations

import random
import threading
import time

import pytest
from ortools.sat.python import cp_model

from residency.solver.objective import Penalties
from residency.solver.solve import Answer, Effort, Progress, Status, solve

BRIEF = Effort(seconds=5)


def knapsack(items: int, limit: int) -> tuple[cp_model.CpModel, list[cp_model.IntVar], Penalties]:
    """A covering problem with a penalty for each item taken and one for what is left uncovered."""
    model = cp_model.CpModel()
    taken = [model.new_bool_var(f"item{number}") for number in range(items)]
    short = model.new_int_var(0, limit, "short")
    model.add(sum((7 * number % 11 + 1) * item for number, item in enumerate(taken)) + short >= limit)
    penalties = Penalties(("taken", "short"))
    penalties.charge("taken", sum(taken), 3)
    penalties.charge("short", short, 2)
    penalties.minimise(model)
    return model, taken, penalties


def market_split(size: int, rows: int) -> cp_model.CpModel:
    """Equations with large coefficients: small to write, and out of reach within any effort of these tests."""
    model = cp_model.CpModel()
    chosen = [model.new_bool_var(f"chosen{number}") for number in range(size)]
    slacks = []
    chance = random.Random(1)  # noqa: S311  (a fixed sequence, nothing secret)
    for row in range(rows):
        factors = [chance.randrange(100) for _ in range(size)]
        over, under = (model.new_int_var(0, 10_000, f"{word}{row}") for word in ("over", "under"))
        model.add(sum(f * c for f, c in zip(factors, chosen, strict=True)) + under - over == sum(factors) // 2)
        slacks += [over, under]
    model.minimize(sum(slacks))
    return model


def test_the_best_is_proved() -> None:
    """Where the search ends by itself the answer is optimal, its bound is its objective, and it holds all values."""
    model, taken, _ = knapsack(12, 60)
    answer = solve(model, BRIEF)
    assert (Status.OPTIMAL, True) == (answer.status, answer.is_found)
    assert answer.objective == answer.bound
    assert sum(answer.holds(item) for item in taken) == answer.value(sum(taken))
    assert 5 == answer.value(5)


def test_the_parts_sum_to_the_objective() -> None:
    """Every part is itemised under its name with its amount and its cost, in the order of the names."""
    model, taken, penalties = knapsack(6, 60)
    answer = solve(model, BRIEF)
    parts = penalties.itemised(answer)
    assert ["taken", "short"] == [part.name for part in parts]
    assert (answer.value(sum(taken)), 3 * answer.value(sum(taken))) == (parts[0].amount, parts[0].cost)
    assert answer.objective == sum(part.cost for part in parts)


def test_an_unnamed_part_is_refused() -> None:
    """Only announced names can be charged; a weight of nothing charges nothing."""
    penalties = Penalties(("taken",))
    with pytest.raises(KeyError, match="shrot"):
        penalties.charge("shrot", 1)
    penalties.charge("taken", 4, 0)
    assert [0] == [part.cost for part in penalties.itemised(Answer(Status.OPTIMAL))]


def test_infeasible_is_an_answer() -> None:
    """Without a solution there are no values, and asking for one is a defect."""
    model = cp_model.CpModel()
    a, b = model.new_bool_var("a"), model.new_bool_var("b")
    model.add(a + b == 3)
    answer = solve(model, BRIEF)
    assert Answer(Status.INFEASIBLE) == Answer(answer.status, answer.values, answer.objective, answer.bound)
    with pytest.raises(LookupError, match="infeasible"):
        answer.value(a)


def test_assumptions_that_cannot_hold_together_are_named() -> None:
    """The core holds some of the assumptions in conflict; solved again without any, the model is feasible."""
    model = cp_model.CpModel()
    a, b, c = (model.new_bool_var(name) for name in "abc")
    model.add(a + b <= 1)
    answer = solve(model, BRIEF, assumptions=(a, b, c))
    assert Status.INFEASIBLE is answer.status
    assert {a.index, b.index} <= set(answer.core) <= {a.index, b.index, c.index}
    assert Status.OPTIMAL is solve(model, BRIEF).status


def test_a_wrong_model_is_a_defect() -> None:
    """A model that CP-SAT refuses says why."""
    model = cp_model.CpModel()
    huge = model.new_int_var(0, 2**62, "huge")
    model.add(huge + huge >= 1)
    with pytest.raises(ValueError, match="refuses"):
        solve(model, BRIEF)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_seed_gives_the_same_answer(workers: int) -> None:
    """Cut short by its effort, a search gives the same values, objective and bound every time."""
    effort = Effort(seconds=0.1, workers=workers, seed=7)
    answers = [solve(market_split(30, 4), effort) for _ in range(2)]
    assert Status.FEASIBLE is answers[0].status
    assert [answers[0]] * 2 == answers


def test_progress_is_told() -> None:
    """Objectives fall and bounds rise while the search goes on; the last that is told is the answer's."""
    told: list[Progress] = []
    model = market_split(30, 3)
    answer = solve(model, Effort(seconds=0.3), on_progress=told.append)
    objectives = [progress.objective for progress in told if progress.objective is not None]
    assert sorted(objectives, reverse=True) == objectives
    assert answer.objective == objectives[-1]


def test_a_search_ends_when_asked() -> None:
    """Set from another thread, `stop` ends a search long before its effort is spent, with the best found so far."""
    stop = threading.Event()
    begun = time.monotonic()

    def enough(progress: Progress) -> None:
        if progress.objective is not None:
            stop.set()

    answer = solve(market_split(50, 5), Effort(seconds=3600), on_progress=enough, stop=stop)
    assert Status.FEASIBLE is answer.status
    assert time.monotonic() - begun < 60


def test_stopped_before_it_found_anything() -> None:
    """Without a solution, a search that is ended has no answer."""
    stop = threading.Event()
    stop.set()
    model = market_split(60, 6)
    model.clear_objective()
    for row in range(6):
        model.add(sum(model.get_int_var_from_proto_index(60 + 2 * row + side) for side in (0, 1)) == 0)
    answer = solve(model, Effort(seconds=3600), stop=stop)
    assert (Status.NO_ANSWER, ()) == (answer.status, answer.values)


def test_the_clock_on_the_wall_ends_a_measurement() -> None:
    """A limit in wall-clock seconds holds where it is asked for."""
    answer = solve(market_split(50, 5), Effort(seconds=3600, wall_seconds=0.3))
    assert Status.FEASIBLE is answer.status
