"""All duties of a roster as columns of numbers: one axis of minutes, on which each person has a span of their own."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from residency.calendar import DAY, Interval, clip, day_end, day_start
from residency.model import DutyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from residency.model import Duty, KindTraits
    from residency.schedule import Schedule
    from residency.timeline import Timeline

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
#: So many free days lie between the spans of two persons at least, more than any rule links.
_APART = 4 * DAY


def numbers(values: Iterable[int]) -> Numbers:
    """A column of whole numbers."""
    return np.frombuffer(array("q", values), dtype=np.int64)


@dataclass(frozen=True)
class Axis:
    """One line of minutes for many: minute m of the nth lies at n × `span` + m − `low`; midnights are multiples of a day."""

    low: int
    span: int

    def interval(self, place: int, interval: Interval) -> Interval:
        """An interval of the nth on the line."""
        shift = place * self.span - self.low
        return interval[0] + shift, interval[1] + shift


@dataclass(frozen=True)
class Spans:
    """Disjoint intervals on a line, in order."""

    start: Numbers
    end: Numbers

    def before(self, moments: Numbers) -> Numbers:
        """How many of their minutes lie before each moment."""
        if not len(self.start):
            return np.zeros(len(moments), np.int64)
        sums = np.concatenate(([0], np.cumsum(self.end - self.start)))
        place = np.searchsorted(self.start, moments, side="right") - 1
        inside = np.minimum(moments, self.end[place]) - self.start[place]
        return np.where(place < 0, 0, sums[place] + inside)

    def between(self, start: Numbers, end: Numbers) -> Numbers:
        """How many of their minutes lie in each interval."""
        return self.before(end) - self.before(start)

    def overlap(self, start: Numbers, end: Numbers) -> Flags:
        """Which intervals share a minute with one of them."""
        following = np.searchsorted(self.end, start, side="right")
        found: Flags = np.append(self.start, np.iinfo(np.int64).max)[following] < end
        return found


def union(start: Numbers, end: Numbers, bridge: int = 0) -> tuple[Spans, Numbers]:
    """The union of intervals sorted by start, gaps of at most `bridge` minutes bridged, and where each of its parts begins among them."""
    if not len(start):
        return Spans(start, end), start
    reached = np.maximum.accumulate(end)
    begins = np.flatnonzero(np.concatenate(([True], start[1:] > reached[:-1] + bridge)))
    return Spans(start[begins], reached[np.append(begins[1:] - 1, len(start) - 1)]), begins


class Columns:
    """The duties of a roster, person by person and in order."""

    def __init__(self, schedule: Schedule) -> None:
        self.timelines: Sequence[Timeline] = tuple(schedule.timelines.values())
        duties: list[Duty] = list(chain.from_iterable([timeline.duties for timeline in self.timelines]))
        start, end = numbers([duty.start for duty in duties]), numbers([duty.end for duty in duties])
        low = day_start(min(int(start.min()), schedule.horizon[0]))
        high = day_end(max(int(end.max()), schedule.horizon[1]))
        self.axis = Axis(low, high - low + _APART)
        counts = numbers([len(timeline.duties) for timeline in self.timelines])
        self.person: Numbers = np.repeat(np.arange(len(counts)), counts)
        shift = self.person * self.axis.span - low
        self.start: Numbers = start + shift
        self.end: Numbers = end + shift
        self.kind = np.frombuffer(bytes([duty.kind.number for duty in duties]), dtype=np.uint8)
        self.services: Sequence[str] = tuple(schedule.services)
        code: dict[str | None, int] = {name: place for place, name in enumerate(self.services)}
        code[None] = -1
        self.service = numbers(map(code.__getitem__, [duty.rotation_id for duty in duties]))

    def having(self, trait: Callable[[KindTraits], bool]) -> Flags:
        """Which duties are of a kind with a trait."""
        return np.array([trait(kind.traits) for kind in DutyKind])[self.kind]

    def of_kinds(self, *kinds: DutyKind) -> Flags:
        """Which duties are of one of some kinds."""
        return np.array([kind in kinds for kind in DutyKind])[self.kind]

    def spans(self, intervals_of: Callable[[Timeline], Iterable[Interval]]) -> Spans:
        """Disjoint intervals of each person on the line, as far as it has minutes for them: beyond, nobody has duty."""
        whole = (self.axis.low, self.axis.low + self.axis.span - _APART)
        found = [
            self.axis.interval(place, interval)
            for place, timeline in enumerate(self.timelines)
            if timeline.absences
            for interval in clip(intervals_of(timeline), whole)
        ]
        return Spans(numbers([start for start, _ in found]), numbers([end for _, end in found]))

    def persons_at(self, moments: Numbers) -> Numbers:
        """Who has each moment of the line."""
        return np.unique(moments // self.axis.span)
