"""On tiny rosters the planner finds what trying everything finds, and no plan ever breaks a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from residency.admission import breaches
from residency.contingency.activation import Analysis, decide_activation, decide_analysis
from residency.contingency.needs import absent_persons
from residency.contingency.plan_making import Crisis, make_plan, reshape, reshaping
from residency.contingency.plans import Fairness, Plan
from residency.model import AbsenceKind

from .brute import Price, cheapest, fewest_supervisors_moved
from .rosters import World, at, counted_ids
from .tries import TRIES

WEEK = (date(2024, 12, 2), date(2024, 12, 8))
SKILLS = ("a", "b", "c")
HALF = settings(TRIES, max_examples=TRIES.max_examples // 2)


@st.composite
def tiny_worlds(draw: st.DrawFn) -> World:
    """One week, four residents, up to three services on each of two days; R1 is away on both, and everybody has worked much."""
    world = World(horizon=WEEK)
    services = [f"s{number}" for number in range(draw(st.integers(1, 3)))]
    for number, name in enumerate(services):
        world.rotation(
            name,
            critical=draw(st.booleans()),
            min_persons=1 if number == 0 else draw(st.integers(0, 1)),
            requires=frozenset({SKILLS[number]}) if draw(st.booleans()) else frozenset(),
        )
    for number in range(1, 5):
        held = [skill for skill in SKILLS if number == 1 or draw(st.integers(0, 3))]
        world.residents(f"R{number}", skills=held)
    for day in ("12-04", "12-06"):
        holders = draw(st.permutations(["R2", "R3", "R4"]))
        for name, person in zip(services, ["R1", *holders], strict=False):
            if set(_required(world, name)) <= _held(world, person):
                world.duty(person, name, f"{day} 07:00", "19:00", name=f"{name}-{day}")
    for number in range(1, 5):
        for day in ("12-02", "12-03"):
            world.duty(f"R{number}", "base", f"{day} 00:00", f"{draw(st.integers(12, 23))}:00")
        if draw(st.integers(0, 2)) == 0:
            world.duty(f"R{number}", "base", "12-05 00:00", f"{draw(st.integers(1, 23))}:00")
        if number > 1 and draw(st.integers(0, 4)) == 0:
            world.away(f"R{number}", "12-07", "12-08", AbsenceKind.DAY_OFF)
    return world.away("R1", "12-04", "12-07")


def _required(world: World, rotation: str) -> frozenset[str]:
    return next(item.requires for item in world.rotations if item.id == rotation)


def _held(world: World, person: str) -> frozenset[str]:
    return next(item.qualifications for item in world.persons if item.id == person)


@TRIES
@given(tiny_worlds(), st.integers(1, 4))
def test_no_filling_is_cheaper_than_the_plan(world: World, longest: int) -> None:
    """Uncovered minutes, moves and people of the plan are the least that trying everything finds."""
    book = world.book()
    plan = make_plan(book, Crisis(at("12-03"), ("R1",), longest), Fairness())
    assert cheapest(book, "R1", longest) == price(plan)


def price(plan: Plan) -> Price:
    """What a plan costs, in the terms of the brute force."""
    return Price(
        sum(item.part.end - item.part.start for item in plan.uncovered if item.critical),
        plan.gap_minutes,
        len(plan.moves),
        len({move.to_person for move in plan.moves}),
    )


@st.composite
def backed_worlds(draw: st.DrawFn) -> World:
    """The same, where only backups are asked: some for a day, some for so many duties."""
    world = draw(tiny_worlds())
    world.settings = replace(world.settings, auto_coverage=False)
    for holder, backup in permutations(("R1", "R2", "R3", "R4"), 2):
        if backup != "R1" and draw(st.integers(0, 2)):
            day = draw(st.sampled_from(["", "", "12-04", "12-06"]))
            capacity = draw(st.sampled_from([None, None, 1]))
            world.backs(backup, holder, start=day, end=f"12-0{int(day[-1]) + 1}" if day else "", capacity=capacity)
    return world


@HALF
@given(backed_worlds(), st.integers(1, 4))
def test_no_filling_by_backups_is_cheaper_than_the_plan(world: World, longest: int) -> None:
    """Nobody is asked who is no backup of that holder then, or has taken as many duties as agreed; within that nothing is cheaper."""
    book = world.book()
    plan = make_plan(book, Crisis(at("12-03"), ("R1",), longest), Fairness())
    assert cheapest(book, "R1", longest) == price(plan)


@st.composite
def supervised_worlds(draw: st.DrawFn) -> World:
    """Two days, four supervisors on up to two services or free, one to four interns on each service."""
    ratio = {"supervision_ratio": {"pgy1": 2, "senior": 4}}
    world = World(horizon=WEEK, policy=ratio).faculty("F1", "F2", "F3", "F4")
    for name in ("s0", "s1"):
        world.rotation(name, requires_supervision=True, min_persons=0)
    for day in ("12-04", "12-06"):
        world.duty("F1", "s0", f"{day} 07:00", "19:00", name=f"F1-{day}")
        for name in ("s0", "s1"):
            for intern in range(draw(st.integers(1, 4))):
                person = f"{name}-{intern}"
                if all(item.id != person for item in world.persons):
                    world.residents(person, pgy=1)
                world.duty(person, name, f"{day} 07:00", "19:00", name=f"{person}-{day}")
        for person in ("F2", "F3", "F4"):
            place = draw(st.sampled_from(["s0", "s1", "s1", ""]))
            if place:
                world.duty(person, place, f"{day} 07:00", "19:00", name=f"{person}-{day}")
            elif draw(st.integers(0, 3)) == 0:
                world.away(person, day, f"{day} 23:59")
    return world


@HALF
@given(supervised_worlds())
def test_no_supervisor_is_missed_whom_a_chain_could_bring(world: World) -> None:
    """Where trying every chain of supervisors closes everything, so does the plan, with as few moves; else it says what stays open."""
    healthy, book = world.book(), world.away("F1", "12-04", "12-07").book()
    plan = make_plan(book, Crisis(at("12-03"), ("F1",), 4), Fairness())
    fewest = fewest_supervisors_moved(healthy, book, "F1")
    assert (fewest is None) == (plan.gap_minutes > 0)
    if fewest is not None:
        assert fewest == len(plan.moves)


@TRIES
@given(tiny_worlds())
def test_no_plan_breaks_a_rule_and_every_gap_is_told(world: World) -> None:
    """After activation nothing is new or worse but the gaps that the plan names, and it is always admitted."""
    book = world.book()
    clock = at("12-03")
    ids = counted_ids()
    planned = decide_analysis(book, Analysis(clock, "test", None, None, 1), Fairness(), ids)
    assert planned.row is not None
    decision = decide_activation(book, planned.row, ids, allow_partial=True)
    assert "done" == decision.outcome
    plan = make_plan(book, Crisis(clock, absent_persons(book, clock), 4), Fairness())
    shape = reshaping(plan)
    after = book.after(reshape({name: duty for name in shape.touched if (duty := book.duty(name))}, shape, ids))
    assert {"coverage"} >= {record.rule for record in breaches(book, after)}
    gaps = sum(
        (record.limit - record.measured) * (record.end - record.start)
        for record in after.records
        if record.rule == "coverage"
    )
    assert plan.gap_minutes == gaps


@TRIES
@given(tiny_worlds())
def test_the_same_absence_gives_the_same_plan(world: World) -> None:
    """Nothing depends on the order in which rows are read."""
    clock = Crisis(at("12-03"), ("R1",), 4)
    first = make_plan(world.book(), clock, Fairness())
    world.persons.reverse()
    world.duties.reverse()
    assert first.moves == make_plan(world.book(), clock, Fairness()).moves
