"""Whole searches: the optimum of brute force, bounds that hold, the same answer for the same seed, and ends of all kinds."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from benchmarks.curtois_judge import judge

from residency.solver.curtois import search as searching
from residency.solver.curtois.search import search
from residency.solver.solve import Effort, Status
from solver.curtois.small import instance_of, named, random_text, rows_of, text_of

if TYPE_CHECKING:
    from residency.solver.curtois.search import Solution

BRIEF = Effort(seconds=20, workers=2)
#: Its linear program is below every roster, and its dives above the best one: every stage of a search has work.
TIGHT = random_text(18, persons=4, days=14)


def brute_optimum(text: str) -> int | None:
    """The least cost of all rosters; None if somebody has none."""
    sections = [rows_of(text, person) for person in "AB"]
    return min((judge(text, dict(zip("AB", rows, strict=True))).cost for rows in product(*sections)), default=None)


def checked(text: str, solution: Solution) -> int:
    """The cost by the judge, once nothing is broken and the parts sum up."""
    assert solution.roster is not None
    judged = judge(text, named(instance_of(text), solution.roster))
    assert judged.broken == ()
    assert judged.cost == solution.cost == sum(penalty.cost for penalty in solution.penalties)
    return judged.cost


@pytest.mark.parametrize("seed", [*range(12)])
def test_the_optimum_of_brute_force(seed: int) -> None:
    """Two persons over five days: the optimum is found and proved, or it is told who has no roster."""
    text = random_text(seed, persons=2, days=5)
    solution = search(instance_of(text), BRIEF)
    expected = brute_optimum(text)
    if expected is None:
        assert solution.status is Status.INFEASIBLE
        assert solution.unable == tuple(person for person in "AB" if not rows_of(text, person))
    else:
        assert solution.status is Status.OPTIMAL
        assert checked(text, solution) == expected == solution.bound


def test_there_are_random_instances_of_both_kinds() -> None:
    """Some of those instances have rosters, and some have none."""
    assert {brute_optimum(random_text(seed, persons=2, days=5)) is None for seed in range(12)} == {True, False}


def test_the_same_seed_gives_the_same_roster() -> None:
    """Nothing of a search depends on when or how often it runs."""
    first, again = (search(instance_of(TIGHT), BRIEF) for _ in range(2))
    assert (first.roster, first.bound) == (again.roster, again.bound)
    assert first.status is Status.OPTIMAL
    assert checked(TIGHT, first) == first.bound


def test_without_columns_cp_sat_proves_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance of too many states for columns is solved by CP-SAT alone."""
    with_columns = search(instance_of(TIGHT), BRIEF)
    monkeypatch.setattr(searching, "_MOST_STATES", 0)
    assert checked(TIGHT, search(instance_of(TIGHT), BRIEF)) == with_columns.cost


def test_without_columns_too_there_may_be_no_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT proves that a contract cannot be kept; it does not say whose."""
    monkeypatch.setattr(searching, "_MOST_STATES", 0)
    solution = search(instance_of(text_of(5, "A,E=1|L=0,9999,960,5,0,0,1")), BRIEF)
    assert (solution.status, solution.roster, solution.bound) == (Status.INFEASIBLE, None, None)


def test_a_search_that_is_given_no_time_still_answers() -> None:
    """With the clock at its end, one round of columns gives a roster and a bound that hold."""
    solution = search(instance_of(TIGHT), Effort(seconds=0.0, workers=1, wall_seconds=0.0))
    assert solution.bound is not None
    assert checked(TIGHT, solution) >= solution.bound
    assert solution.status in (Status.FEASIBLE, Status.OPTIMAL)
