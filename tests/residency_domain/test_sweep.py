"""A sweep gives every question the answer that a search of its own gives it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from residency.contingency.pair_sweep import PairSweep
from residency.contingency.plan_making import Crisis, make_plan
from residency.contingency.plans import Fairness, Plan
from residency.contingency.sweep import Answer, Loss, Sweep
from residency.model import Absence, AbsenceKind, Change

from .rosters import World, at
from .tries import TRIES

if TYPE_CHECKING:
    from residency.load import Book

FEW = settings(TRIES, max_examples=TRIES.max_examples // 2)

WEEK = (date(2024, 12, 2), date(2024, 12, 8))
LATER = ("12-04", "12-06")


@st.composite
def small_worlds(draw: st.DrawFn) -> World:
    """A week of six residents who worked much, with two busy days on wards of which some have more people than they need."""
    is_supervised = draw(st.integers(0, 3)) == 0
    policy: dict[str, object] = {"supervision_ratio": {"pgy1": 1, "senior": 2}} if is_supervised else {}
    world = World(horizon=WEEK, policy=policy or None)
    needed = draw(st.integers(1, 2))
    world.rotation("ward", critical=draw(st.booleans()), min_persons=needed, requires_supervision=is_supervised)
    world.rotation("icu", "icu", requires=frozenset({"x"}) if draw(st.booleans()) else frozenset())
    world.rotation("clinic", min_persons=draw(st.integers(0, 1)))
    people = [f"R{number}" for number in range(1, 7)]
    for name in people:
        world.residents(name, pgy=draw(st.integers(1, 3)), skills=["x"] if draw(st.integers(0, 3)) else [])
        world.duty(name, "base", "12-02 00:00", f"{draw(st.integers(10, 23))}:00")
        world.duty(name, "base", "12-03 00:00", f"{draw(st.integers(10, 23))}:00")
        world.duty(name, "base", "12-07 00:00", f"{draw(st.integers(1, 23))}:00")
    for day in LATER:
        _busy_day(draw, world, draw(st.permutations(people)), day)
    if is_supervised:
        world.faculty("F1", "F2")
        for day in LATER:
            world.duty("F1", "ward", f"{day} 07:00", "19:00")
    if draw(st.integers(0, 4)) == 0:
        world.duties[-1] = replace(world.duties[-1], pinned=True)
    for holder, backup in (("R1", "R2"), ("R2", "R4"), ("R1", "R5"), ("R3", "R6")):
        if draw(st.booleans()):
            world.backs(backup, holder, rank=sum(item.person_id == holder for item in world.backups) + 1)
    if draw(st.integers(0, 3)) == 0:
        world.away(draw(st.sampled_from(people)), "12-05", "12-06", AbsenceKind.DAY_OFF)
    return world


def _busy_day(draw: st.DrawFn, world: World, people: list[str], day: str) -> None:
    skilled = [name for name in people if any(p.id == name and "x" in p.qualifications for p in world.persons)]
    free = list(people)
    if skilled:
        free.remove(skilled[0])
        start, end = draw(st.sampled_from([("07:00", "19:00"), ("19:00", "07:00")]))
        world.duty(skilled[0], "icu", f"{day} {start}", end)
    for name in free[: draw(st.integers(1, 3))]:
        world.duty(name, "ward", f"{day} 07:00", draw(st.sampled_from(["19:00", "19:00", "13:00"])))
    for name in free[3 : draw(st.integers(3, 5))]:
        world.duty(name, "clinic", f"{day} {draw(st.sampled_from(['08:00', '13:00']))}", "19:00")


def asked(book: Book, losses: list[Loss], fairness: Fairness) -> Plan:
    """Return the plan of a search for a question of a sweep."""
    away = [
        Absence(f"q{loss.person}", loss.person, *loss.absence, AbsenceKind.ILLNESS) for loss in losses if loss.absence
    ]
    names = tuple(sorted(loss.person for loss in losses))
    return make_plan(book.after(Change(absences_added=tuple(away))), Crisis(losses[0].day, names, 4), fairness)


def takers(answer: Answer | Plan) -> set[tuple[str, str, int]]:
    """Return who takes what, from when."""
    return {(move.assignment_id, move.to_person, move.part.start) for move in answer.moves}


@FEW
@given(small_worlds(), st.booleans())
def test_one_who_falls_out(world: World, fair: bool) -> None:  # noqa: FBT001  (drawn)
    """The same is open, as many duties move, and to the same people."""
    book = world.book()
    fairness = Fairness({"R1": 3, "R4": 1}) if fair else Fairness()
    sweep = Sweep(book, fairness, [at(day) for day in LATER])
    for day in sweep.days:
        for loss in sweep.losses[day].values():
            answer, plan = sweep.single(loss), asked(book, [loss], fairness)
            assert plan.gap_minutes == answer.gap_minutes
            assert len(plan.moves) == len(answer.moves)
            assert {(who, to) for who, to, _ in takers(plan)} == {(who, to) for who, to, _ in takers(answer)}


@FEW
@given(small_worlds())
def test_two_who_fall_out(world: World) -> None:
    """Whoever does not meet adds up, and whoever meets is told as the search tells it."""
    book = world.book()
    sweep = Sweep(book, Fairness(), [at(LATER[0])])
    day = sweep.days[0]
    meetings = {item.persons: item for item in PairSweep(sweep).on(day).meetings}
    losses = sweep.losses[day]
    for first, second in combinations(sorted(losses), 2):
        plan = asked(book, [losses[first], losses[second]], Fairness())
        alone = [sweep.single(losses[name]) for name in (first, second)]
        found = meetings.get((first, second))
        expected = (
            (found.gap_minutes, found.moves)
            if found is not None
            else (sum(item.gap_minutes for item in alone), sum(len(item.moves) for item in alone))
        )
        assert (plan.gap_minutes, len(plan.moves)) == expected, (first, second)
