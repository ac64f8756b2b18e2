"""Random rosters in which people may trade, and random trades of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from residency.calendar import DAY, HOUR, moment_of, overlaps
from residency.swaps.decisions import Asking

from .rosters import World, at

if TYPE_CHECKING:
    from random import Random

    from residency.model import Duty

CLOCK = at("12-02")
RESIDENTS = tuple(f"R{number}" for number in range(1, 7))
SLOTS = ((7, 13), (13, 19), (7, 19), (8, 17), (19, 31))
SERVICES = ("ward", "er", "clinic", "elective")
KINDS = ("one_to_one", "same_slot", "absorb", "part", "chain", "auto_match")


def random_world(draw: Random) -> World:
    """Six residents on four services over six days; on most days most of them, some on the same service at the same time."""
    world = World().residents(*RESIDENTS[:4], skills=["er"]).residents(*RESIDENTS[4:])
    world.rotation("ward", min_persons=1).rotation("er", requires=frozenset({"er"}))
    world.rotation("clinic", min_persons=0).rotation("elective", min_persons=0)
    for day in range(3, 9):
        for resident in RESIDENTS:
            if draw.random() < 0.7:
                first, last = draw.choice(SLOTS)
                service = draw.choice(SERVICES if resident in RESIDENTS[:4] else SERVICES[::2])
                begin = at(f"12-{day:02d}")
                world.duty(resident, service, f"12-{day:02d} {first:02d}:00", "23:59", name=f"d{day}-{resident}")
                world.duties[-1] = replace(world.duties[-1], start=begin + first * HOUR, end=begin + last * HOUR)
    if draw.random() < 0.5:
        world.away(draw.choice(RESIDENTS), f"12-{draw.randrange(3, 9):02d}", "12-20")
    return world


def random_asking(draw: Random, kind: str, duties: tuple[Duty, ...]) -> Asking | None:
    """A wish of a kind, for duties of a roster; None if the roster has nothing for it."""
    given = draw.choice(duties)
    others = tuple(duty for duty in duties if duty.person_id != given.person_id)
    if kind == "chain":
        return _chain(draw, duties)
    if kind == "part" and draw.random() < 0.3:
        return _chain_from(draw, duties)
    blank = Asking(given.person_id, "one_to_one", CLOCK, given)
    if kind == "auto_match":
        return replace(blank, type=draw.choice(("one_to_one", "absorb")), auto_approve=False, max_matches=3)
    if kind == "absorb":
        taker = draw.choice([resident for resident in RESIDENTS if resident != given.person_id])
        return replace(blank, type="absorb", partner_id=taker)
    if kind == "same_slot":
        others = tuple(duty for duty in others if (duty.start, duty.end) == (given.start, given.end))
    if not others:
        return None
    taken = draw.choice(others)
    asking = replace(blank, taken=taken, partner_id=taken.person_id)
    return _partly(draw, asking) if kind == "part" else asking


def _chain(draw: Random, duties: tuple[Duty, ...]) -> Asking | None:
    holders = draw.sample(RESIDENTS, draw.randrange(2, len(RESIDENTS) + 1))
    found = [[duty for duty in duties if duty.person_id == holder] for holder in holders]
    links = tuple(draw.choice(held) for held in found if held)
    if not links:
        return None
    return Asking(links[0].person_id, "chain", CLOCK, chain=links)


def _chain_from(draw: Random, duties: tuple[Duty, ...]) -> Asking | None:
    """A chain of duties of one day from a minute on that lies in at least one of them, and after none."""
    day = draw.choice(duties).start // DAY
    asking = _chain(draw, tuple(duty for duty in duties if duty.start // DAY == day))
    if asking is None:
        return None
    first, last = min(duty.start for duty in asking.chain), min(duty.end for duty in asking.chain)
    return replace(asking, since=draw.randrange(first + 1, last)) if first + 1 < last else None


def _partly(draw: Random, asking: Asking) -> Asking | None:
    """The same from some minute inside the duty given on: a gift, or a trade for a duty that ends later; None if it has no minute inside."""
    assert asking.given is not None
    if asking.given.end - asking.given.start == 1:
        return None
    since = draw.randrange(asking.given.start + 1, asking.given.end)
    if asking.taken is None or asking.taken.end <= since or draw.random() < 0.5:
        return replace(asking, type="absorb", taken=None, since=since)
    return replace(asking, since=since)


def is_hopeless(asking: Asking, duties: tuple[Duty, ...]) -> bool:
    """Whether somebody would be in two places at once, as can be seen without any rule."""
    handings = asking.handings()
    moved = {handing.duty.id for handing in handings}
    return any(
        duty.person_id == handing.to_person and overlaps((duty.start, duty.end), (handing.start, handing.duty.end))
        for handing in handings
        for duty in duties
        if duty.id not in moved
    )


def parameters_of(asking: Asking) -> dict[str, Any]:
    """The same wish as parameters of `request_swap`."""
    asked: dict[str, Any] = {"requestor_id": asking.requestor_id, "type": asking.type}
    asked |= {"auto_approve": asking.auto_approve, "max_matches": asking.max_matches}
    if asking.chain:
        return asked | {"links": tuple(duty.id for duty in asking.chain)}
    assert asking.given is not None
    asked |= {"partner_id": asking.partner_id, "assignment_id": asking.given.id}
    if asking.taken is not None:
        asked["partner_assignment_id"] = asking.taken.id
    return asked | ({} if asking.since is None else {"from_moment": moment_of(asking.since)})
