"""The planner's plan is one of the best that trying everything finds, by the whole order of objectives, and the first of them by id."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from residency.contingency import plan_making as contingency
from residency.contingency.plans import Fairness
from residency.model import AbsenceKind

from .brute_minutes import Crisis, Taken, cheapest
from .rosters import World, at
from .tries import TRIES

FEW = settings(TRIES, max_examples=TRIES.max_examples * 3 // 2)
WEEK = (date(2024, 12, 2), date(2024, 12, 8))
SKILLS = ("s0", "s1", "s2")
PLACES = {"R1": ["s0"], "R2": ["s0", "s1", "s1"], "R3": ["s1", "s2"], "R4": ["s2", "s2", "s0"]}
LINKS = (("R1", "R5"), ("R1", "R3"), ("R2", "R3"), ("R3", "R4"), ("R2", "R5"))


@dataclass(frozen=True)
class Case:
    """A world, who falls out, when that is known, and how long a chain may be."""

    world: World
    absent: tuple[str, ...]
    clock: int
    longest: int


def case_of(number: int) -> Case:
    """One busy day: four at work, a fifth who is there for part of it, one or two who fall out at its beginning or in the midst of it."""
    dice = random.Random(number)  # noqa: S311  (the same case for the same number)
    world = World(horizon=WEEK)
    for name in SKILLS:
        asks = frozenset({name}) if dice.random() < 0.4 else frozenset()
        world.rotation(name, critical=dice.random() < 0.4, min_persons=dice.choice([1, 1, 1, 2, 0]), requires=asks)
    for name in (*PLACES, "R5"):
        held = SKILLS if name == "R5" else [item for item in SKILLS if dice.random() < 0.75]
        world.residents(name, skills=held)
        for day in ("12-02", "12-03", "12-06"):
            world.duty(name, "base", f"{day} 00:00", f"{dice.randint(14, 22)}:00")
    for name, places in PLACES.items():
        rotation = dice.choice(places)
        asked = next(item.requires for item in world.rotations if item.id == rotation)
        if asked <= next(item.qualifications for item in world.persons if item.id == name):
            pinned = name == "R4" and dice.random() < 0.2
            world.duty(name, rotation, "12-04 07:00", "19:00", name=f"d{name}", pinned=pinned)
    if dice.random() < 0.6:
        kind = dice.choice([AbsenceKind.DAY_OFF, AbsenceKind.VACATION])
        world.away("R5", f"12-04 {dice.choice(['07:00', '13:00', '16:00'])}", "12-05", kind)
    for holder, backup in LINKS:
        if dice.random() < 0.5:
            world.backs(backup, holder, rank=1 + sum(item.person_id == holder for item in world.backups))
    world.settings = replace(world.settings, auto_coverage=dice.random() < 0.8)
    absent = dice.choice([("R1",), ("R1",), ("R1", "R2"), ("R2",)])
    begin = dice.choice(["00:00", "07:00", "11:00"])
    for name in absent:
        world.away(name, f"12-04 {begin}", "12-05")
    return Case(world, absent, at(f"12-04 {begin}"), dice.randint(1, 4))


@FEW
@given(st.integers(0, 10**9))
def test_the_plan_is_the_best_there_is(number: int) -> None:
    """Its cost is the least in every part, it is among the best, and of these the one whose people come first by id."""
    case = case_of(number)
    book, fairness = case.world.book(), Fairness({"R2": 2, "R3": 1, "R5": 3})
    crisis = Crisis(book, case.absent, case.clock, case.longest)
    if not crisis.lost():
        return
    sought = contingency.seek(book, contingency.Crisis(case.clock, case.absent, case.longest), fairness)
    state = sought.found.state
    moves = frozenset(Taken(move.assignment_id, move.to_person, move.level, move.part.interval) for move in state.moves)
    cost, best = cheapest(crisis, fairness)
    assert cost == state.cost()
    assert moves in best
    assert (True, cost.uncovered) == (sought.found.is_proven, sought.found.least_open)
    if len(case.absent) == 1 and all(len({item.interval for item in plan}) <= 1 for plan in best):
        by_level = [[item.taker for item in sorted(plan, key=lambda item: item.level)] for plan in best]
        assert min(by_level) == [item.taker for item in sorted(moves, key=lambda item: item.level)]
