"""Every plan there is for some absences, piece by piece of time. Written apart from the planner, and much more simply.

Time is cut wherever anybody's availability changes. In each piece of it every lost duty stays open or is taken by somebody, who leaves
what they hold, which is taken in turn or, if nobody misses it, released. All combinations of all pieces are plans; those that break a
rule are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import Interval, overlaps
from residency.contingency.candidates import Search
from residency.contingency.plans import Cost, Fairness
from residency.load import Book
from residency.model import Change, Duty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Step(NamedTuple):
    """In one piece of time somebody takes a duty, or nobody does."""

    duty: Duty
    taker: str | None
    level: int
    interval: Interval


class Taken(NamedTuple):
    """A stretch of a duty that somebody takes."""

    duty: str
    taker: str
    level: int
    interval: Interval


@dataclass(frozen=True)
class Crisis:
    """What is tried.

    Attributes:
        book: absences recorded, nothing moved.
        absent: whose duties are lost, and never moved to them.
        clock: nothing before it is lost.
        longest: moves of a chain at most.
    """

    book: Book
    absent: tuple[str, ...]
    clock: int
    longest: int

    def pieces(self) -> list[Interval]:
        """The stretches of time between moments at which anything changes."""
        lost = self.lost()
        low, high = min(duty.start for duty in lost), max(duty.end for duty in lost)
        moments = {max(low, self.clock), high}
        for duty in self.book.schedule.duties:
            moments |= {duty.start, duty.end}
        for timeline in self.book.schedule.timelines.values():
            moments |= {moment for item in timeline.absences for moment in (item.start, item.end)}
        inside = sorted(moment for moment in moments if max(low, self.clock) <= moment <= high)
        return [piece for piece in pairwise(inside) if any(self.holds(duty, piece) for duty in lost)]

    def lost(self) -> list[Duty]:
        """The duties of the absent, those of services covered first before the others."""
        found = [
            duty
            for name in self.absent
            for duty in self.book.schedule.timeline(name).duties
            if self.book.schedule.is_on_leave(name, duty.start, duty.end) and duty.end > self.clock
        ]
        return sorted(found, key=lambda duty: (not self.is_critical(duty), duty.start, duty.id))

    def is_critical(self, duty: Duty) -> bool:
        """Whether a duty's service is covered first."""
        return self.book.schedule.rotations[duty.rotation_id or ""].critical

    def holds(self, duty: Duty, piece: Interval) -> bool:
        """Whether a duty is lost in a piece of time."""
        away = self.book.schedule.is_on_leave(duty.person_id, *piece)
        return duty.person_id in self.absent and away and overlaps((duty.start, duty.end), piece)


def fillings(crisis: Crisis, piece: Interval) -> Iterator[tuple[Step, ...]]:
    """Everything that may be done in one piece of time."""
    lost = [duty for duty in crisis.lost() if crisis.holds(duty, piece)]
    there = {
        duty.person_id: duty
        for duty in crisis.book.schedule.duties
        if overlaps((duty.start, duty.end), piece) and not crisis.book.schedule.is_on_leave(duty.person_id, *piece)
    }
    heads = [duty.rotation_id for duty in there.values()]
    wanted: list[Duty] = []
    for duty in lost:
        if heads.count(duty.rotation_id) + sum(item.rotation_id == duty.rotation_id for item in wanted) < _need(
            crisis, duty, piece
        ):
            wanted.append(duty)
    yield from _filled(
        crisis, piece, [(duty, 1, (duty.person_id,), crisis.is_critical(duty)) for duty in wanted], there
    )


def _need(crisis: Crisis, duty: Duty, piece: Interval) -> int:
    rows = crisis.book.schedule.service(duty.rotation_id or "").requirements
    return max((row.min_persons for row in rows if overlaps((row.start, row.end), piece)), default=0)


def _filled(
    crisis: Crisis,
    piece: Interval,
    open_duties: Sequence[tuple[Duty, int, tuple[str, ...], bool]],
    there: dict[str, Duty],
) -> Iterator[tuple[Step, ...]]:
    """The ways to go on with some duties that need somebody; `there` is who works what, `""` standing for what was taken."""
    if not open_duties:
        yield ()
        return
    (duty, level, passed, rescues), rest = open_duties[0], open_duties[1:]
    if level == 1 or (rescues and not crisis.is_critical(duty)):
        for others in _filled(crisis, piece, rest, there):
            yield (Step(duty, None, level, piece), *others)
    if level > crisis.longest:
        return
    for name in sorted(crisis.book.schedule.persons):
        if name in passed or not _may(crisis, name, duty, piece, there):
            continue
        own = there.get(name)
        after = {**there, name: replace(duty, person_id="")}
        more = list(rest)
        if own is not None:
            left = [item for who, item in after.items() if item.rotation_id == own.rotation_id]
            awaited = sum(item.rotation_id == own.rotation_id for item, *_ in rest)
            if len(left) + awaited < _need(crisis, own, piece):
                more = [(own, level + 1, (*passed, name), rescues), *rest]
        for others in _filled(crisis, piece, more, after):
            yield (Step(duty, name, level, piece), *others)


def _may(crisis: Crisis, name: str, duty: Duty, piece: Interval, there: dict[str, Duty]) -> bool:
    """Whether somebody may be asked at all."""
    schedule = crisis.book.schedule
    person, rotation, own = schedule.persons[name], schedule.rotations[duty.rotation_id or ""], there.get(name)
    away = any(overlaps((item.start, item.end), piece) for item in schedule.timeline(name).absences)
    if not person.is_resident or away or not rotation.requires <= person.qualifications:
        return False
    if not crisis.book.settings.auto_coverage:
        backs = [item for item in crisis.book.backups if item.person_id == duty.person_id and item.backup_id == name]
        if not any((item.start or 0) <= piece[0] and piece[1] <= (item.end or piece[1]) for item in backs):
            return False
    return own is None or (own.person_id != "" and not own.pinned and own.rotation_id != duty.rotation_id)


# ── prices ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def cheapest(crisis: Crisis, fairness: Fairness) -> tuple[Cost, set[frozenset[Taken]]]:
    """The least cost of all plans that break nothing, and every plan that has it."""
    ways = [list(fillings(crisis, piece)) for piece in crisis.pieces()]
    priced = sorted(
        (_priced(crisis, fairness, [s for way in chosen for s in way]) for chosen in product(*ways)), key=_price
    )
    least: Cost | None = None
    found: set[frozenset[Taken]] = set()
    for cost, moves in priced:
        if least is not None and cost > least:
            break
        if moves not in found and _is_sound(crisis, moves):
            least = cost
            found.add(moves)
    assert least is not None
    return least, found


def _price(item: tuple[Cost, frozenset[Taken]]) -> Cost:
    return item[0]


def _priced(crisis: Crisis, fairness: Fairness, steps: Sequence[Step]) -> tuple[Cost, frozenset[Taken]]:
    gaps = [
        (step.interval[1] - step.interval[0], crisis.is_critical(step.duty)) for step in steps if step.taker is None
    ]
    moves = _merged(steps)
    search = Search(crisis.book, crisis.clock, crisis.longest)
    duties = {duty.id: duty for duty in crisis.book.schedule.duties}
    loads: dict[str, int] = {}
    distance = 0
    for move in moves:
        part = replace(duties[move.duty], start=move.interval[0], end=move.interval[1])
        loads[move.taker] = loads.get(move.taker, 0) + fairness.weight(part)
        distance += search.distance(part.person_id, move.taker, _Part(part, *move.interval))
    cost = Cost(
        critical=sum(minutes for minutes, critical in gaps if critical),
        uncovered=sum(minutes for minutes, _ in gaps),
        moves=len(moves),
        persons=len(loads),
        distance=distance,
        burden=sum(fairness.square(name, load) for name, load in loads.items()),
    )
    return cost, frozenset(moves)


def _merged(steps: Sequence[Step]) -> list[Taken]:
    """Pieces of one duty that one person takes, one after the other, are one stretch."""
    found: list[Taken] = []
    for step in sorted(steps, key=lambda item: (item.duty.id, item.interval)):
        if step.taker is None:
            continue
        last = found[-1] if found else None
        if last is not None and (last.duty, last.taker, last.interval[1]) == (
            step.duty.id,
            step.taker,
            step.interval[0],
        ):
            found[-1] = last._replace(interval=(last.interval[0], step.interval[1]))
        else:
            found.append(Taken(step.duty.id, step.taker, step.level, step.interval))
    return found


def _is_sound(crisis: Crisis, moves: frozenset[Taken]) -> bool:
    """Whether a plan breaks no rule but coverage, which the enumeration sees to."""
    book = crisis.book
    gone = [(duty, crisis_part) for duty in crisis.lost() for crisis_part in _lost_parts(crisis, duty)]
    changed: dict[str, list[Interval]] = {}
    for duty, part in gone:
        changed.setdefault(duty.id, []).append(part)
    duties = {duty.id: duty for duty in book.schedule.duties}
    added: list[Duty] = []
    for move in moves:
        start, end = move.interval
        identity = f"{move.duty}>{start}"
        added.append(replace(duties[move.duty], id=identity, person_id=move.taker, start=start, end=end))
        for own in book.schedule.timeline(move.taker).duties_in(start, end):
            changed.setdefault(own.id, []).append((max(own.start, start), min(own.end, end)))
    removed = [duties[name] for name in changed]
    rest = [
        replace(duties[name], id=f"{name}<{start}", start=start, end=end)
        for name, holes in changed.items()
        for start, end in _outside((duties[name].start, duties[name].end), holes)
    ]
    after = book.after(Change(added=(*added, *rest), removed=tuple(removed)))
    return all(record.rule == "coverage" for record in breaches(book, after))


def _lost_parts(crisis: Crisis, duty: Duty) -> list[Interval]:
    leave = crisis.book.schedule.timeline(duty.person_id).leave
    return [
        (max(duty.start, start), min(duty.end, end)) for start, end in leave if start < duty.end and end > duty.start
    ]


def _outside(whole: Interval, holes: Sequence[Interval]) -> list[Interval]:
    """What is left of an interval, minute by minute."""
    minutes = [minute for minute in range(*whole) if not any(start <= minute < end for start, end in holes)]
    found: list[Interval] = []
    for minute in minutes:
        if found and found[-1][1] == minute:
            found[-1] = (found[-1][0], minute + 1)
        else:
            found.append((minute, minute + 1))
    return found


class _Part(NamedTuple):
    duty: Duty
    start: int
    end: int

    @property
    def interval(self) -> Interval:
        return (self.start, self.end)
