"""Pairs of operations that are each allowed alone and must not both be accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from residency.calendar import HOUR

from .rosters import World

DAY = date(2024, 12, 15)


@dataclass(frozen=True)
class Ask:
    """An operation with its parameters."""

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rivals:
    """Two operations that must not both be accepted.

    Attributes:
        name: What they are about.
        world: Makes the roster that they meet on.
        first, second: What each thread asks.
        before: What is done beforehand, one after another.
    """

    name: str
    world: Callable[[], World]
    first: Ask
    second: Ask
    before: tuple[Ask, ...] = ()


# ── the pairs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _one_more_than_needed() -> World:
    """Two residents on a night that needs one."""
    world = World().residents("R1", "R2").rotation("night", "night_float")
    return world.duty("R1", "night", "12-15 19:00", "07:00", name="n1").duty(
        "R2", "night", "12-15 19:00", "07:00", name="n2"
    )


def _two_gifts() -> World:
    """R1 and R2 are on two services at hours that overlap; R3 and R4 are free."""
    world = World().residents("R1", "R2", "R3", "R4").rotation("clinic").rotation("ward")
    world.duty("R2", "ward", "12-15 10:00", "16:00", name="w")
    return world.duty("R1", "clinic", "12-15 08:00", "12:00", name="c")


def _nearly_at_the_limit() -> World:
    """R1 has worked 316 of the 320 hours of the block."""
    world = World().residents("R1").rotation("clinic", min_persons=0)
    world.weekly("R1", "07:00", "23:00", without="12-27")
    return world.duty("R1", "base", "12-27 07:00", "19:00")


def _one_backup_for_two() -> World:
    """R1 and R2 are away on two services on the same day, each backed by R3, who is free."""
    world = World().residents("R1", "R2", "R3").rotation("ward").rotation("er").backs("R3", "R1").backs("R3", "R2")
    world.duty("R1", "ward", "12-15 07:00", "19:00", name="w").duty("R2", "er", "12-15 07:00", "19:00", name="e")
    return world.away("R1", "12-15", "12-16").away("R2", "12-15", "12-16")


def _two_wishes() -> World:
    """The ward needs somebody on the fifteenth, there are two who could, and both would like to be away."""
    world = World().residents("R1", "R2").rotation("ward").requirement("ward", "12-15 07:00", "12-15 19:00")
    return world.asks("R1", "12-15", "12-16", name="l1").asks("R2", "12-15", "12-16", name="l2")


def _a_gift_and_a_wish() -> World:
    """R3 is to have R1's clinic on the very day for which R3 has asked for leave."""
    return _two_gifts().asks("R3", "12-15", "12-16", name="l3")


def _leave(name: str) -> Ask:
    return Ask("process_leave_requests", {"leave_ids": (name,)})


def _gift(giver: str, taker: str, **more: Any) -> Ask:
    asked = {"requestor_id": giver, "partner_id": taker, "type": "absorb", "target_date": DAY}
    return Ask("request_swap", {**asked, **more})


def _clinic(day: int) -> Ask:
    hours = {"start": 8 * HOUR, "end": 12 * HOUR}
    return Ask(
        "create_assignment", {"person_id": "R1", "rotation_id": "clinic", "block_date": date(2024, 12, day), **hours}
    )


def _morning(person: str) -> Ask:
    hours = {"start": 8 * HOUR, "end": 12 * HOUR}
    return Ask("create_assignment", {"person_id": person, "rotation_id": "ward", "block_date": DAY, **hours})


def _execution(number: int) -> Ask:
    return Ask("execute_swap", {"swap_id": f"before{number}:1"})


PAIRS = (
    Rivals(
        "two removals from one night",
        _one_more_than_needed,
        Ask("remove_assignment", {"assignment_id": "n1", "actor_id": "R1"}),
        Ask("remove_assignment", {"assignment_id": "n2", "actor_id": "R2"}),
    ),
    Rivals(
        "two gifts to one person",
        _two_gifts,
        _execution(1),
        _execution(2),
        (_gift("R1", "R3"), _gift("R2", "R3")),
    ),
    Rivals(
        "one duty given to two",
        _two_gifts,
        _execution(1),
        _execution(2),
        (_gift("R1", "R3"), _gift("R1", "R4")),
    ),
    Rivals("one swap carried out twice", _two_gifts, _execution(1), _execution(1), (_gift("R1", "R3"),)),
    Rivals("two requests for leave", _two_wishes, _leave("l1"), _leave("l2")),
    Rivals("a gift and leave", _a_gift_and_a_wish, _execution(1), _leave("l3"), (_gift("R1", "R3"),)),
    Rivals("a new duty and leave", _a_gift_and_a_wish, _morning("R3"), _leave("l3")),
    Rivals("two duties up to the limit", _nearly_at_the_limit, _clinic(21), _clinic(28)),
    Rivals(
        "two plans with one backup",
        _one_backup_for_two,
        Ask("activate_backup_assignments", {"plan_id": "before1:1"}),
        Ask("activate_backup_assignments", {"plan_id": "before2:1"}),
        (
            Ask("run_contingency_analysis", {"person_ids": ("R1",)}),
            Ask("run_contingency_analysis", {"person_ids": ("R2",)}),
        ),
    ),
)
#: A fact is recorded whatever it breaks: the gift is refused if it comes second, and if it came first the director hears of the gap.
FACT = Rivals(
    "a gift to somebody who falls ill",
    _two_gifts,
    _execution(1),
    Ask("mark_unavailable", {"person_id": "R3", "date": DAY}),
    (_gift("R1", "R3"),),
)
