"""A duty that is needed for part of its time passes whole where it can, and is cut where it cannot."""

from __future__ import annotations

import pytest

from residency.contingency.needs import absent_persons
from residency.contingency.plan_making import Crisis, make_plan
from residency.contingency.plans import Fairness, Plan
from residency.model import AbsenceKind

from .rosters import World, at


def relieved() -> World:
    """R2 is to relieve on the ward at seven and is ill; from three on R1 is there as well."""
    world = World().residents("R1", "R2", "R3").rotation("ward").rotation("er")
    world.duty("R1", "er", "12-10 07:00", "15:00", pinned=True).duty("R1", "ward", "12-10 15:00", "23:00")
    world.duty("R2", "ward", "12-10 07:00", "19:00", name="w")
    return world.away("R2", "12-10 06:00", "12-11")


def plan_of(world: World) -> Plan:
    """Return the plan at six in the morning."""
    book = world.book()
    return make_plan(book, Crisis(at("12-10 06:00"), absent_persons(book, at("12-10 06:00")), 4), Fairness())


def intervals(plan: Plan) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return what is moved and what is released."""
    return [move.part.interval for move in plan.moves], [part.interval for part in plan.released]


def hours(first: int, last: int) -> tuple[int, int]:
    """Return an interval of 10 December."""
    return at("12-10") + 60 * first, at("12-10") + 60 * last


def test_whoever_relieves_has_the_whole_duty() -> None:
    """The ward needs somebody until three; the duty is not cut for that."""
    plan = plan_of(relieved())
    assert ([hours(7, 19)], []) == intervals(plan)
    assert (True, 1, "R3") == (plan.feasible, len(plan.moves), plan.moves[0].to_person)


@pytest.mark.parametrize(
    "world",
    [
        relieved().duty("R3", "er", "12-10 16:00", "20:00"),
        relieved().away("R3", "12-10 17:00", "12-11", AbsenceKind.DAY_OFF),
    ],
    ids=["busy", "off"],
)
def test_what_nobody_needs_goes_if_the_whole_cannot_be_had(world: World) -> None:
    """R3 is elsewhere, has the rest of the day off: until three it is, and four hours are released."""
    assert ([hours(7, 15)], [hours(15, 19)]) == intervals(plan_of(world))


def test_hours_that_nobody_needs_break_no_rule() -> None:
    """R3 has room for eight hours in the week, not for twelve."""
    world = relieved()
    for day in ("02", "03", "04", "05", "06", "09", "11", "12", "13", "16", "17", "18", "19", "20", "23", "24"):
        world.duty("R3", "base", f"12-{day} 07:00", "23:00")
    world.duty("R3", "base", "12-26 07:00", "12-26 23:00").duty("R3", "base", "12-27 07:00", "12-27 23:00")
    world.duty("R3", "base", "12-28 07:00", "12-28 23:00")  # 304 of 320 hours
    assert ([hours(7, 19)], []) == intervals(plan_of(world))
    world.duty("R3", "base", "12-29 07:00", "12-29 13:00")  # 310 of 320 hours
    assert ([hours(7, 15)], [hours(15, 19)]) == intervals(plan_of(world))


def test_a_duty_of_which_two_have_their_share_stays_cut() -> None:
    """R3 until noon, R4 until three: nobody has the whole of it."""
    world = relieved().residents("R4").duty("R3", "er", "12-10 12:00", "20:00", pinned=True)
    world.duty("R4", "er", "12-10 05:00", "12:00", pinned=True)
    plan = plan_of(world)
    assert ([hours(7, 12), hours(12, 15)], [hours(15, 19)]) == intervals(plan)


def test_a_duty_with_a_gap_stays_cut() -> None:
    """R3 can come until noon only, and the rest is a gap, then nobody's."""
    world = relieved().duty("R3", "er", "12-10 12:00", "20:00", pinned=True)
    plan = plan_of(world)
    assert ([hours(7, 12)], [hours(15, 19)], 180) == (*intervals(plan), plan.gap_minutes)
