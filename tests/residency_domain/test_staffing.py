"""How many people there could be and how many are needed: matched to skills, and never better than trying everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from residency.leave.staffing import Count, Stretch, bound, count, fill, stretches
from residency.model import AbsenceKind, PersonStatus, Role

from .rosters import World, at
from .tries import TRIES

PEOPLE = ("a", "b", "c", "d", "e")
SERVICES = ("x", "y", "z")
heads = st.fixed_dictionaries(dict.fromkeys(SERVICES, st.integers(0, 3)))
able = st.fixed_dictionaries(dict.fromkeys(SERVICES, st.frozensets(st.sampled_from(PEOPLE))))


def stretch(needed: dict[str, int], people: dict[str, frozenset[str]]) -> Stretch:
    """A stretch of one day."""
    return Stretch(0, 1440, needed, people)


def fewest_missing(needed: dict[str, int], people: dict[str, frozenset[str]]) -> int:
    """Try every way to put everybody somewhere or nowhere."""
    best = sum(needed.values())
    for places in product((None, *SERVICES), repeat=len(PEOPLE)):
        chosen = [(person, place) for person, place in zip(PEOPLE, places, strict=True) if place is not None]
        if all(person in people[place] for person, place in chosen):
            filled = sum(min(needed[name], sum(place == name for _, place in chosen)) for name in SERVICES)
            best = min(best, sum(needed.values()) - filled)
    return best


@TRIES
@given(heads, able)
def test_no_way_to_place_people_leaves_fewer_heads_empty(
    needed: dict[str, int], people: dict[str, frozenset[str]]
) -> None:
    """The matching misses as few as the best of all ways, and the services that it names make up the whole shortage."""
    filled = fill(stretch(needed, people))
    assert fewest_missing(needed, people) == filled.missing
    wanted = sum(needed[name] for name in filled.short)
    there = len(frozenset().union(*(people[name] for name in filled.short)))
    assert filled.missing == wanted - there


@TRIES
@given(heads, able)
def test_who_is_bound_is_who_makes_a_shortage_worse(needed: dict[str, int], people: dict[str, frozenset[str]]) -> None:
    """The figures say so: one fewer than there were, and fewer than needed."""
    here = stretch(needed, people)
    for person in PEOPLE:
        figures = bound(here, person)
        worse = fill(here.without(person)).missing > fill(here).missing
        assert worse is (figures is not None)
        if figures is not None:
            assert figures.before == figures.after + 1
            assert figures.slack < 0


def test_a_service_with_a_skill_is_short_though_there_are_people_enough() -> None:
    """Four people for three posts, but one of two who hold the skill of two posts goes."""
    world = World().residents("R1", "R2", skills=["s"]).residents("R3", "R4")
    world.rotation("icu", requires=frozenset({"s"})).rotation("ward")
    world.requirement("icu", "12-10 07:00", "12-10 19:00", 2).requirement("ward", "12-10 07:00", "12-10 19:00")
    (day,) = stretches(world.book(), Role.RESIDENT, (at("12-10"), at("12-11")))
    assert Count(at("12-10"), 2, 1, 2) == bound(day, "R1")
    assert bound(day, "R3") is None
    assert Count(at("12-10"), 4, 3, 3) == count(day, "R3")


def test_somebody_moves_along_so_that_nobody_is_wasted() -> None:
    """The first service would take the only one who can do the second."""
    needed, people = {"x": 1, "y": 1}, {"x": frozenset({"a", "b"}), "y": frozenset({"a"})}
    assert (0, frozenset()) == fill(stretch(needed, people))


def test_the_absent_the_free_and_the_inactive_are_not_there() -> None:
    """A stretch ends where somebody goes or comes, and at midnight; other roles do not count."""
    world = World().residents("R1", "R2", "R3", "R4").faculty("F1").rotation("ward")
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R4" else person for person in world.persons
    ]
    world.requirement("ward", "12-10 07:00", "12-11 07:00").away("R1", "12-10 10:00", "12-10 20:00")
    world.away("R2", "12-11", "12-12", AbsenceKind.DAY_OFF)
    found = stretches(world.book(), Role.RESIDENT, (at("12-10"), at("12-12")))
    assert [(at("12-10 07:00"), 3), (at("12-10 10:00"), 2), (at("12-10 20:00"), 3), (at("12-11"), 2)] == [
        (item.start, len(item.able["ward"])) for item in found
    ]
