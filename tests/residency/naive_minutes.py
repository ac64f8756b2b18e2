"""Arrays of minutes, and what a slow rule finds on them; see `naive`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.model import Roster, Severity

DAY = 1440
ON, OFF = b"\x01", b"\x00"


class Found(NamedTuple):
    """What a record says, without its words."""

    rule: str
    code: str
    persons: tuple[str, ...]
    rotation_id: str | None
    start: int
    end: int
    measured: int
    limit: int
    severity: Severity


@dataclass(frozen=True)
class Sheet:
    """One person's minutes, or a service's; the first byte is minute `low`."""

    low: int
    high: int

    def paint(self, intervals: Iterable[tuple[int, int]]) -> bytearray:
        """The minutes of any intervals."""
        minutes = bytearray(self.high - self.low)
        for start, end in intervals:
            minutes[start - self.low : end - self.low] = ON * (end - start)
        return minutes

    def runs(self, minutes: bytes | bytearray) -> list[tuple[int, int]]:
        """The maximal runs of minutes that are 1."""
        found: list[tuple[int, int]] = []
        start = minutes.find(ON)
        while start >= 0:
            end = minutes.find(OFF, start)
            end = len(minutes) if end < 0 else end
            found.append((self.low + start, self.low + end))
            start = minutes.find(ON, end)
        return found

    def count(self, minutes: bytes | bytearray, start: int, end: int) -> int:
        """How many minutes of an interval are 1."""
        return minutes.count(1, start - self.low, end - self.low)


def sheet_of(roster: Roster, horizon: tuple[int, int]) -> Sheet:
    """An array wide enough for everything known, whole days, with a day to spare."""
    rows = [*roster.duties, *roster.absences, *roster.requirements]
    low = min([horizon[0], *(row.start for row in rows)]) // DAY * DAY - DAY
    high = -(-max([horizon[1], *(row.end for row in rows)]) // DAY) * DAY + DAY
    return Sheet(low, high)
