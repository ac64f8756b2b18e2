"""Who goes with whom: the fullest assignment in which nothing counts twice."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def fullest_matching(fits: Sequence[Sequence[int]]) -> tuple[int | None, ...]:
    """Return for each item the partner that it gets, or None, so that as many as possible get one.

    Args:
        fits: For each item the partners that would do, by number.

    Earlier items go first: one that gets a partner is never left without for the sake of a later one.
    """
    taken_by: dict[int, int] = {}
    partner: list[int | None] = [None] * len(fits)
    for item in range(len(fits)):
        free, came_from = _search(item, fits, taken_by)
        while free is not None:
            giver = came_from[free]
            previous = partner[giver]
            partner[giver], taken_by[free] = free, giver
            free = previous if giver != item else None
    return tuple(partner)


def _search(item: int, fits: Sequence[Sequence[int]], taken_by: dict[int, int]) -> tuple[int | None, dict[int, int]]:
    """Look for a partner that is free, or becomes free by a chain of exchanges; say who would ask for which."""
    came_from: dict[int, int] = {}
    waiting = deque([item])
    while waiting:
        asking = waiting.popleft()
        for candidate in fits[asking]:
            if candidate in came_from:
                continue
            came_from[candidate] = asking
            if candidate not in taken_by:
                return candidate, came_from
            waiting.append(taken_by[candidate])
    return None, came_from
