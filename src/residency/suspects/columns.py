"""All duties of a roster as columns of numbers: one axis of minutes, on which each person has a span of their own."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
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


def _read(held: Sequence[tuple[Duty, ...]], services: Sequence[str]) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Start, end, number of the kind and place of the service of each duty; a few at a time, while the processor has them at hand."""
    code: dict[str | None, int] = {name: place for place, name in enumerate(services)}
    code[None] = -1
    start, end, kind, service = np.empty((4, sum(map(len, held))), np.int64)
    low = 0
    for duties in held:
        own = slice(low, low + len(duties))
        start[own] = [duty.start for duty in duties]
        end[own] = [duty.end for duty in duties]
        kind[own] = [duty.kind.number for duty in duties]
        service[own] = [code[duty.rotation_id] for duty in duties]
        low = own.stop
    return start, end, kind, service


class Columns:
    """The duties of a roster, person by person and in order of start."""

    def __init__(self, schedule: Schedule) -> None:
        self.timelines: Sequence[Timeline] = tuple(schedule.timelines.values())
        self.services: Sequence[str] = tuple(schedule.services)
        held = [timeline.held.in_any_order for timeline in self.timelines]
        start, end, kind, service = _read(held, self.services)
        low = day_start(min(int(start.min()), schedule.horizon[0]))
        high = day_end(max(int(end.max()), schedule.horizon[1]))
        self.axis = Axis(low, high - low + _APART)
        person = np.repeat(np.arange(len(held)), [len(duties) for duties in held])
        start += person * self.axis.span - low
        end += person * self.axis.span - low
        order = np.argsort(start, kind="stable")
        self.person: Numbers = person
        self.start: Numbers = start[order]
        self.end: Numbers = end[order]
        self.kind: Numbers = kind[order]
        self.service: Numbers = service[order]

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
