"""What happens if two people fall out at once, asked for every pair on every day.

Two absences that share no service at any time, and whose gaps are closed by different people, simply add up: what stays open with both
is what stays open with either, and no plan has fewer moves, since each demand of either needs at least those that it needs alone. So
only pairs that meet are looked at one by one: both on a service that has somebody to spare for one of them only; one whom the other's
plan relies on; demands for which there are too few people. What arithmetic cannot tell of these is searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import overlaps
from residency.contingency.needs import Part
from residency.contingency.sweep import Answer, Loss, Sweep, Taker, slot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from residency.contingency.screen import Slot


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two people who fall out on one day, and for whom the answers of each do not add up.

    Attributes:
        persons: sorted.
        gap_minutes: what stays open with both away.
        alone: what stays open with either away, in sum.
        moves: how many duties change hands.
        is_proven: whether nothing better was overlooked.
    """

    day: int
    persons: tuple[str, str]
    gap_minutes: int
    alone: int
    moves: int
    is_proven: bool = True

    @property
    def synergy(self) -> int:
        """The minutes that stay open only because both are away."""
        return self.gap_minutes - self.alone


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a sweep of pairs found.

    Attributes:
        asked: how many pairs, every day counted.
        searched: how many of them needed a search.
        meetings: those that do not add up, by day and persons.
    """

    asked: int = 0
    searched: int = 0
    meetings: tuple[Meeting, ...] = ()


def joined(found: Iterable[Pairs]) -> Pairs:
    """The pairs of sweeps over different days, as one."""
    parts = list(found)
    return Pairs(
        asked=sum(part.asked for part in parts),
        searched=sum(part.searched for part in parts),
        meetings=tuple(
            sorted((meeting for part in parts for meeting in part.meetings), key=lambda item: (item.day, item.persons))
        ),
    )


class Outcome(NamedTuple):
    """What comes of a pair."""

    gap_minutes: int
    moves: int
    is_proven: bool = True


@dataclass(frozen=True)
class _Side:
    """One of two who fall out: what they leave, what is done about it alone, and who else could take each demand."""

    loss: Loss
    answer: Answer
    takers: tuple[frozenset[str], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether each demand was met in one move, without a search for what is needed."""
        is_met = not self.answer.uncovered and len(self.answer.moves) == len(self.loss.demands)
        return is_met and not self.loss.needs_search


class PairSweep:
    """All pairs of one sweep.

    Args:
        sweep: the answers for one person, and all that they share.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._free: dict[Slot, frozenset[str]] = {}

    def pairs(self) -> Pairs:
        """Every pair of people on every day."""
        return joined(self.on(day) for day in self._sweep.days)

    def on(self, day: int) -> Pairs:
        """Every pair of people on one day."""
        sides = {name: self._side(loss) for name, loss in self._sweep.losses[day].items()}
        meetings: list[Meeting] = []
        searched = 0
        for first, second in ((sides[one], sides[other]) for one, other in self._suspects(sides)):
            outcome = self._together(first, second)
            if outcome is None:
                answer = self._sweep.sought([first.loss, second.loss])
                outcome = Outcome(answer.gap_minutes, len(answer.moves), answer.is_proven)
                searched += 1
            meetings += _meeting(first, second, outcome)
        number = len(sides)
        return Pairs(number * (number - 1) // 2, searched, tuple(meetings))

    def _side(self, loss: Loss) -> _Side:
        answer = self._sweep.single(loss)
        takers = tuple(self._free_takers(demand.slot) for demand in loss.demands)
        return _Side(loss, answer, takers)

    @cached_property
    def _known(self) -> Mapping[Slot, tuple[Taker, ...]]:
        """The takers of every demand, and of every duty that becomes one once two are away."""
        sweep = self._sweep
        parts = (part for found in sweep.losses.values() for loss in found.values() for part in loss.parts)
        whole = {slot_of(part) for part in parts if sweep.is_staffed(part)}
        return {**sweep.takers, **sweep.takers_of(whole - sweep.takers.keys())}

    def _free_takers(self, slot: Slot) -> frozenset[str]:
        """Who can take a slot for sure, and is missed nowhere by anybody else who might leave, too."""
        if slot not in self._free:
            found = () if self._sweep.is_supervised(slot) else self._known.get(slot, ())
            self._free[slot] = frozenset(taker.person for taker in found if taker.is_sure and taker.is_free)
        return self._free[slot]

    def _suspects(self, sides: Mapping[str, _Side]) -> Iterator[tuple[str, str]]:
        """The pairs that may not add up, in order; of all others each demand has takers enough for everybody's.

        With `most` demands a side, two sides have at most twice as many; whoever falls out is no taker; so a demand with more free
        takers than that always finds one of its own.
        """
        most = max((len(side.loss.demands) for side in sides.values()), default=0)
        short = {name for name, side in sides.items() if self._is_short(side, 2 * most + 2)}
        close = _on_one_service(sides.values())
        for first, second in combinations(sorted(sides), 2):
            if first in short or second in short or (first, second) in close:
                yield first, second

    def _is_short(self, side: _Side, enough: int) -> bool:
        return not side.is_plain or any(len(takers) < enough for takers in side.takers)

    # ── two together ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _together(self, first: _Side, second: _Side) -> Outcome | None:
        """What comes of two, if it can be told without a search."""
        if not (first.is_plain and second.is_plain):
            return _sum(first, second) if self._are_apart(first, second) else None
        demands = self._sweep.shared_demands([first.loss, second.loss])
        away = {first.loss.person, second.loss.person}
        takers = [self._free_takers(demand.slot) - away for demand in demands]
        return Outcome(0, len(demands)) if _has_one_each(takers) else None

    def _are_apart(self, first: _Side, second: _Side) -> bool:
        """Whether neither of two answers matters to the other: no person, no service at one time, no cut that the other allows.

        Both are as good as their bounds, and these hold whoever else is away.
        """
        if not (first.answer.is_tight and second.answer.is_tight):
            return False
        if _may_cut(first, second) or _may_cut(second, first):
            return False
        if any(_meet(place, other) for place in self._places(first) for other in self._places(second)):
            return False
        takers = [*_own_takers(first), *_own_takers(second)]
        return _has_one_each([some - {first.loss.person, second.loss.person} for some in takers])

    def _places(self, side: _Side) -> list[Part]:
        """Where and when somebody is missing, at first or once others moved."""
        schedule = self._sweep.book.schedule
        left = [
            Part(duty, max(duty.start, move.part.start), min(duty.end, move.part.end))
            for move in (() if side.is_plain else side.answer.moves)
            for duty in schedule.timeline(move.to_person).duties_in(*move.part.interval)
        ]
        return [*side.loss.parts, *left]


def _own_takers(side: _Side) -> list[frozenset[str]]:
    """Of each demand who may take it; where there is no such choice, who does."""
    if side.is_plain:
        return list(side.takers)
    return [frozenset({name}) for name in sorted({move.to_person for move in side.answer.moves})]


def _has_one_each(sets: Sequence[frozenset[str]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether everybody of some sets of people can be given one of their own."""
    if not sets:
        return True
    return any(_has_one_each(sets[1:], taken | {name}) for name in sorted(sets[0] - taken))


def _on_one_service(sides: Iterable[_Side]) -> set[tuple[str, str]]:
    """The pairs who leave one service at one time, sorted, unless each leaves a gap there alone already."""
    rows: dict[str, list[tuple[Part, bool]]] = {}
    for side in sides:
        needed = {demand.part for demand in side.loss.demands}
        for part in side.loss.parts:
            if part.duty.rotation_id is not None and part.duty.kind.traits.covers:
                rows.setdefault(part.duty.rotation_id, []).append((part, part in needed))
    return {
        (min(first.duty.person_id, second.duty.person_id), max(first.duty.person_id, second.duty.person_id))
        for parts in rows.values()
        for (first, is_first), (second, is_second) in combinations(parts, 2)
        if overlaps(first.interval, second.interval) and not (is_first and is_second)
    }


def _may_cut(side: _Side, other: _Side) -> bool:
    """Whether a demand of the other begins or ends within a duty of which something stays open: a taker's availability may change there."""
    moments = [moment for part in other.loss.parts for moment in part.interval]
    return bool(side.answer.uncovered) and any(
        part.start < moment < part.end for part in side.loss.parts for moment in moments
    )


def _meet(one: Part, other: Part) -> bool:
    return one.duty.rotation_id == other.duty.rotation_id and overlaps(one.interval, other.interval)


def _sum(first: _Side, second: _Side) -> Outcome:
    answers = (first.answer, second.answer)
    return Outcome(sum(item.gap_minutes for item in answers), sum(len(item.moves) for item in answers))


def _meeting(first: _Side, second: _Side, found: Outcome) -> list[Meeting]:
    """The pair, unless it adds up."""
    alone = _sum(first, second)
    if found == alone:
        return []
    persons = (first.loss.person, second.loss.person)
    return [Meeting(first.loss.day, persons, found.gap_minutes, alone.gap_minutes, found.moves, found.is_proven)]
