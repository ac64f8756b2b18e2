"""How many people a service has beyond its need, minute by minute, as steps that can be asked about any interval."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from residency.calendar import Interval, clip, merge, overlaps
from residency.services import covering, needs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.model import Role
    from residency.schedule import Schedule, Service

#: What a service has to spare while it needs nobody.
PLENTY = 10**6


@dataclass(frozen=True)
class Steps:
    """A number that holds from each moment to the next one; before the first moment it is `PLENTY`."""

    moments: tuple[int, ...]
    numbers: tuple[int, ...]

    def least(self, interval: Interval) -> int:
        """The least number in an interval."""
        low = bisect_right(self.moments, interval[0]) - 1
        found = PLENTY if low < 0 else self.numbers[low]
        for place in range(low + 1, len(self.moments)):
            if self.moments[place] >= interval[1]:
                break
            found = min(found, self.numbers[place])
        return found

    def pieces(self, interval: Interval) -> list[tuple[int, int, int]]:
        """The stretches of an interval in which the number is the same: start, end, number."""
        start, end = interval
        low = bisect_right(self.moments, start) - 1
        found: list[tuple[int, int, int]] = []
        number = PLENTY if low < 0 else self.numbers[low]
        for place in range(low + 1, len(self.moments)):
            if self.moments[place] >= end:
                break
            found.append((start, self.moments[place], number))
            start, number = self.moments[place], self.numbers[place]
        return [*found, (start, end, number)]

    def up_to(self, interval: Interval, most: int) -> list[Interval]:
        """Where in an interval the number is at most `most`."""
        return merge([(start, end) for start, end, number in self.pieces(interval) if number <= most])


class Heads:
    """The services of a roster for people of one role."""

    def __init__(self, schedule: Schedule, role: Role) -> None:
        self._schedule = schedule
        self._role = role
        self._known: dict[str, Steps] = {}
        self._least: dict[tuple[str, Interval], int] = {}

    def steps(self, rotation_id: str) -> Steps:
        """How many people a service has to spare."""
        if rotation_id not in self._known:
            self._known[rotation_id] = self._steps(self._schedule.service(rotation_id))
        return self._known[rotation_id]

    def spare(self, rotation_id: str, interval: Interval) -> int:
        """The fewest people that a service has to spare in an interval; below zero it is short."""
        key = (rotation_id, interval)
        found = self._least.get(key)
        if found is None:
            found = self._least[key] = self.steps(rotation_id).least(interval)
        return found

    def short_of(
        self, rotation_id: str, interval: Interval, away: Sequence[Interval], claims: Sequence[Interval]
    ) -> list[Interval]:
        """Where in an interval more people are away than a service has to spare and others are asked to come.

        Args:
            rotation_id: the service.
            interval: of somebody who is away, in `away` as well.
            away: when people who hold duty on it are away.
            claims: when others are asked to come.
        """
        inside = clip([*away, *claims], interval)
        found: list[Interval] = []
        for start, end, spare in self.steps(rotation_id).pieces(interval):
            moments = sorted({start, end, *(moment for item in inside for moment in item if start < moment < end)})
            for piece in pairwise(moments):
                missing = sum(overlaps(item, piece) for item in away) - spare
                if missing > sum(overlaps(item, piece) for item in claims):
                    found.append(piece)
        return merge(found)

    def _steps(self, service: Service) -> Steps:
        persons = self._schedule.persons
        changes: dict[int, list[int]] = {}
        for start, end, number in needs(service.requirements, self._role):
            changes.setdefault(start, [0, 0])[0] += number
            changes.setdefault(end, [0, 0])[0] -= number
        for person_id, intervals in covering(self._schedule, service).items():
            if person_id in persons and persons[person_id].role is self._role:
                for start, end in intervals:
                    changes.setdefault(start, [0, 0])[1] += 1
                    changes.setdefault(end, [0, 0])[1] -= 1
        needed = present = 0
        numbers: list[int] = []
        for moment in sorted(changes):
            needed, present = needed + changes[moment][0], present + changes[moment][1]
            numbers.append(present - needed if needed else PLENTY)
        return Steps(tuple(sorted(changes)), tuple(numbers))
