"""Each constraint allows one roster and forbids another that differs in what the constraint is about; model, columns and judge agree."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from benchmarks.curtois_judge import judge

from residency.solver.curtois.constraints import CONSTRAINTS
from residency.solver.curtois.master import Master
from residency.solver.curtois.model import model_of
from residency.solver.curtois.pricing import BARRED, POSSIBLE, pricers
from residency.solver.solve import Effort, Status, solve
from solver.curtois.small import TWO_SHIFTS, instance_of, named, text_of

FREE = "A,E=14|L=14,9999,0,14,0,0,9"


@dataclass(frozen=True)
class Pair:
    """A contract, a row that it allows and one that it forbids: a letter for each day from Monday on, a dot for a day off."""

    constraint: str
    staff: str
    allowed: str
    forbidden: str
    days_off: str = "A"


PAIRS = (
    Pair("shift_succession", FREE, ".EL.L.E", ".LE.E.L"),
    Pair("max_shifts", "A,E=2|L=14,9999,0,14,0,0,9", "EE.L...", "EE.E..."),
    Pair("max_shifts", "A,E=14|L=0,9999,0,14,0,0,9", "E......", "L......"),
    Pair("total_minutes", "A,E=14|L=14,1440,0,14,0,0,9", "E.E.L..", "E.E.L.L"),
    Pair("total_minutes", "A,E=14|L=14,9999,1441,14,0,0,9", "E.E.L.L", "E.E.L.."),
    Pair("max_consecutive_shifts", "A,E=14|L=14,9999,0,3,0,0,9", "EEE.LLL", "EEEE..."),
    Pair("max_consecutive_shifts", "A,E=14|L=14,9999,0,3,0,0,9", ".......", "...EEEE"),
    Pair("min_consecutive_shifts", "A,E=14|L=14,9999,0,14,3,0,9", "E.EEL.L", "E.EE.LL"),
    Pair("min_consecutive_days_off", "A,E=14|L=14,9999,0,14,0,3,9", ".E...E.", ".E..E.."),
    Pair("max_weekends", "A,E=14|L=14,9999,0,14,0,0,1", ".....EE.......", ".....E......E."),
    Pair("max_weekends", "A,E=14|L=14,9999,0,14,0,0,0", "EEEEE..EEEEE..", "EEEEE..EEEEE.L"),
    Pair("max_weekends", "A,E=14|L=14,9999,0,14,0,0,0", "EEEEE.", "EEEEEE"),
    Pair("days_off", FREE, "EEE..EE", "EEEE.EE", days_off="A,3,4"),
)


def in_model(text: str, letters: str) -> bool:
    """Whether CP-SAT's model allows a row."""
    instance = instance_of(text)
    model = model_of(instance)
    model.variables.fix(model.program, (tuple(None if letter == "." else "EL".index(letter) for letter in letters),))
    answer = solve(model.program, Effort(seconds=5, workers=1))
    assert answer.status in (Status.OPTIMAL, Status.INFEASIBLE)
    return answer.is_found


def in_columns(text: str, letters: str) -> bool:
    """Whether pricing finds the row once all other duties are barred."""
    instance = instance_of(text)
    cost = Master(instance).costs(0 * Master(instance).wishes.changes[0])
    for day, letter in enumerate(letters):
        for duty in range(3):
            if duty != ".EL".index(letter):
                cost[0, day, duty] = BARRED
    (pricer,) = pricers(instance)
    return bool(pricer.price(cost, (0,)).cheapest[0] < POSSIBLE)


def in_judgement(text: str, letters: str) -> bool:
    """Whether the judge finds nothing."""
    return not judge(text, {"A": [letter.replace(".", "") for letter in letters]}).broken


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.constraint}-{pair.forbidden}")
@pytest.mark.parametrize("allows", [in_model, in_columns, in_judgement])
def test_a_constraint_tells_two_rows_apart(pair: Pair, allows: object) -> None:
    """One row is allowed, the other is not, whoever is asked."""
    assert callable(allows)
    text = text_of(len(pair.allowed), pair.staff, shifts=TWO_SHIFTS, days_off=pair.days_off)
    assert [allows(text, pair.allowed), allows(text, pair.forbidden)] == [True, False]


def test_every_constraint_has_a_pair() -> None:
    """A new constraint comes with its two rows."""
    assert {f"add_{pair.constraint}" for pair in PAIRS} == {add.__name__ for add in CONSTRAINTS}


def test_the_judge_says_what_is_broken() -> None:
    """A sentence for each constraint that a row breaks."""
    text = text_of(7, "A,E=1|L=9,960,0,2,2,2,0", days_off="A,6")
    assert judge(text, {"A": ["E", "", "L", "", "L", "E", "E"]}).broken == (
        "A: more than 1 of E",
        "A: 2400 minutes, not 0 to 960",
        "A: only 1 days off in a row from day 1",
        "A: only 1 shifts in a row from day 2",
        "A: only 1 days off in a row from day 3",
        "A: 3 shifts in a row from day 4",
        "A: more than 0 weekends",
        "A: E after L on day 5",
        "A: at work on day 6",
    )


def test_penalties_are_itemised() -> None:
    """Wishes and covers each cost under their name, and the judge comes to the same sum."""
    text = text_of(
        7,
        FREE,
        shift_on_requests="A,0,E,3\nA,1,E,5",
        shift_off_requests="A,2,L,2\nA,3,L,7",
        cover="0,L,2,10,1\n1,E,0,10,4",
    )
    instance = instance_of(text)
    model = model_of(instance)
    roster = ((1, 0, 1, None, None, None, None),)
    free = instance_of(text.replace("L,480,E", "L,480,"))
    model = model_of(free)
    model.variables.fix(model.program, roster)
    answer = solve(model.program, Effort(seconds=5, workers=1))
    itemised = {penalty.name: penalty.cost for penalty in model.penalties.itemised(answer)}
    assert itemised == {"shift_on_request": 3, "shift_off_request": 2, "cover_below": 10, "cover_above": 4}
    assert answer.objective == judge(text, named(instance, roster)).cost == 19
