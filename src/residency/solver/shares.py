"""Even shares: how high a level must be so that new burdens fit below it, those who carried more taking less."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def even_level(carried: Mapping[str, int], burdens: int) -> int:
    """The lowest level at which so many new burdens fit between what each has carried and the level; 0 for nobody."""
    if not carried:
        return 0
    level = min(carried.values())
    while sum(max(0, level - had) for had in carried.values()) < burdens:
        level += 1
    return level


def even_rate(days: Mapping[str, int], held: Mapping[str, int], minutes: int) -> int:
    """The lowest number of minutes a day at which so many new minutes fit below everybody's days × rate."""
    low, high = 0, max((minutes + sum(held.values())) if days else 0, 0)
    while low < high:
        middle = (low + high) // 2
        if sum(max(0, middle * days[person] - held[person]) for person in days) < minutes:
            low = middle + 1
        else:
            high = middle
    return low
