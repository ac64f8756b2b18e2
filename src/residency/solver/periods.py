"""Chains of shifts that make a duty period together, enumerated no further than a question needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import WEEK
from residency.solver.variables import BRIDGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ortools.sat.python.cp_model import IntVar

    from residency.solver.variables import Plan, Shift

    Chain = tuple[Shift, ...]


#: No chain with the rest after it is longer: what was held so long before a choice, or is so long after it, is not touched by it.
_REACH = WEEK


def segments(plan: Plan) -> tuple[Shift, ...]:
    """The shifts that belong in duty periods, as far as a choice can reach."""
    chosen = [shift for shift in plan.shifts if shift.literal is not None]
    if not chosen:
        return ()
    low, high = chosen[0].start - _REACH, max(shift.end for shift in chosen) + _REACH
    return tuple(shift for shift in plan.starting_in(low, high) if shift.kind.traits.in_period)


def chains_to(plan: Plan, last: Shift, is_enough: Callable[[Chain], bool]) -> Iterator[Chain]:
    """The shortest chains that end in a shift and are enough: segments in order with at most `BRIDGE` minutes between them."""
    unfinished: list[Chain] = [(last,)]
    while unfinished:
        chain = unfinished.pop()
        if is_enough(chain):
            yield chain
            continue
        unfinished += [(before, *chain) for before in plan.segments_before(chain[0].start)]


def length(chain: Chain) -> int:
    """From the first start to the last end, in minutes."""
    return chain[-1].end - chain[0].start


def bridging(plan: Plan, shift: Shift) -> tuple[Shift, ...]:
    """The segments that would go on with the same duty period after a shift."""
    following = plan.starting_in(shift.end, shift.end + BRIDGE + 1)
    return tuple(other for other in following if other.kind.traits.in_period and other is not shift)


def after_rest(plan: Plan, shift: Shift, rest: int) -> tuple[Shift, ...]:
    """The segments that would begin a new duty period less than `rest` minutes after a shift."""
    following = plan.starting_in(shift.end + BRIDGE + 1, shift.end + rest)
    return tuple(other for other in following if other.kind.traits.in_period)


def possible_ends(plan: Plan, rest: int) -> Iterator[tuple[Shift, tuple[Shift, ...], list[IntVar]]]:
    """The shifts that a duty period may end with, where it would matter.

    With each go the segments that would begin less than `rest` minutes later, and the choices by which the period would go on instead.
    """
    for last in segments(plan):
        too_soon = after_rest(plan, last, rest)
        going_on = [shift.literal for shift in bridging(plan, last)]
        chosen = [literal for literal in going_on if literal is not None]
        if too_soon and len(chosen) == len(going_on):
            yield last, too_soon, chosen
