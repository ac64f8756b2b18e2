"""What happens if one person falls out, asked for everybody on every day.

Somebody who falls out on a day is absent from its first minute (or from the end of the duty of the night before) until it is over, and
until the last duty that they begin on it is. Most answers need no search: nothing was lost, or nobody needs what was lost, or somebody
can take all of it at once, which no plan betters. For these it is enough to know whom the rules let take which slot (`Screen`, computed
for all slots at once), and the order of preference. Every other question goes to the search of `contingency`, and so does each in
which this module knows less than the search does (`Losses.needs_search`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import DAY, Interval, overlaps
from residency.compliance import blocking
from residency.contingency.candidates import FAR, Search
from residency.contingency.heads import Heads
from residency.contingency.needs import Part
from residency.contingency.plan_making import Crisis, Sought, seek
from residency.contingency.plans import Fairness, Move
from residency.contingency.screen import Screen, Slot, Slots
from residency.contingency.takers import Hand, Jury, Pending, Take, may_heal, take_of
from residency.model import Absence, AbsenceKind, Change, Duty, DutyKind, Role
from residency.policy.settings import Coverage, SupervisionRatio
from residency.rules import SERVICE_STEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from residency.load import Book
    from residency.timeline import Timeline

#: People that a service has to spare so that one who leaves it never matters to anybody else who might, in questions of a day.
AMPLE = 8


class Demand(NamedTuple):
    """A part of a lost duty that somebody must take, and what it is a part of."""

    part: Part
    slot: Slot


@dataclass(frozen=True, slots=True)
class Loss:
    """What somebody leaves behind who falls out on a day.

    Attributes:
        absence: from when until when they are away; None if a duty of the day before outlasts the day.
        parts: the duties that they begin on it.
        demands: what of these somebody must take.
        needs_search: whether only a search can tell what is needed, or whether it can be had.
    """

    person: str
    day: int
    absence: Interval | None
    parts: tuple[Part, ...] = ()
    demands: tuple[Demand, ...] = ()
    needs_search: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be done if somebody falls out on a day.

    Attributes:
        persons: who falls out.
        lost: how many duties they leave behind.
        moves: who takes what.
        uncovered: what stays open.
        choices: how many people could take all of it at once; None where that was not counted.
        is_proven: whether nothing better was overlooked.
        is_tight: whether no smaller need of others could make it better (see `pair_sweep`).
    """

    day: int
    persons: tuple[str, ...]
    lost: int = 0
    moves: tuple[Move, ...] = ()
    uncovered: tuple[Part, ...] = ()
    choices: int | None = None
    is_proven: bool = True
    is_tight: bool = True

    @property
    def gap_minutes(self) -> int:
        """What stays open, in minutes."""
        return sum(part.end - part.start for part in self.uncovered)

    @property
    def feasible(self) -> bool:
        """Whether nothing stays open."""
        return not self.uncovered


class Taker(NamedTuple):
    """Somebody who may take a slot.

    Attributes:
        is_sure: whether admission has no objection; else it has to be asked.
        is_free: whether nobody else could ever miss them where they are then.
    """

    person: str
    is_sure: bool
    is_free: bool


class Sweep:
    """Everything that questions about single days of one roster share.

    Args:
        book: the roster as it is planned.
        fairness: what people have carried so far.
        days: first minutes of the days that are asked about; all of the horizon unless given.
        most_states: states that each pass of a search may look at, or None for the planner's own limit.
    """

    def __init__(
        self, book: Book, fairness: Fairness, days: Sequence[int] | None = None, *, most_states: int | None = None
    ) -> None:
        low, high = book.schedule.horizon
        self.book = book
        self.fairness = fairness
        self.most_states = most_states
        self.days = tuple(days) if days is not None else tuple(range(low, high, DAY))
        self.people = tuple(sorted(name for name, held in book.schedule.timelines.items() if held.duties))
        self.jury = Jury(book)
        self.heads = Heads(book.schedule, Role.RESIDENT)
        self.asking = Search(book, low, book.settings.program.max_chain_depth)
        self._distances: dict[str, Mapping[str, int]] = {}
        self._orders: dict[Slot, tuple[str, ...]] = {}

    # ── what is lost ───────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def losses(self) -> Mapping[int, Mapping[str, Loss]]:
        """By day and person, what they leave behind."""
        found: dict[int, dict[str, Loss]] = {day: {} for day in self.days}
        for name in self.people:
            for loss in self._losses_of(self.book.schedule.timeline(name)):
                found[loss.day][name] = loss
        return found

    def _losses_of(self, timeline: Timeline) -> Iterator[Loss]:
        begun: dict[int, list[Duty]] = {}
        running: dict[int, int] = {}
        for duty in timeline.duties:
            begun.setdefault(duty.start - duty.start % DAY, []).append(duty)
            for midnight in range(duty.start - duty.start % DAY + DAY, duty.end, DAY):
                running[midnight] = max(running.get(midnight, 0), duty.end)
        is_odd = any(first.end > second.start for first, second in pairwise(timeline.duties))
        for day in self.days:
            duties = [duty for duty in begun.get(day, ()) if duty.kind is not DutyKind.MOONLIGHT_EXT]
            start = max(day, running.get(day, day))
            end = max([day + DAY, *(duty.end for duty in duties)])
            if start >= end:
                yield Loss(timeline.person_id, day, None)
            else:
                yield self._loss(timeline, day, (start, end), duties, is_odd=is_odd)

    def _loss(self, timeline: Timeline, day: int, absence: Interval, duties: Sequence[Duty], *, is_odd: bool) -> Loss:
        parts = tuple(Part(duty, duty.start, duty.end) for duty in duties)
        is_away = any(overlaps(absence, leave) for leave in timeline.leave)
        if not timeline.is_resident and not any(self._is_wanted(timeline, part) for part in parts):
            return Loss(timeline.person_id, day, absence, parts)
        if parts and (is_odd or is_away or not timeline.is_resident or any(duty.pinned for duty in duties)):
            return Loss(timeline.person_id, day, absence, parts, needs_search=True)
        demands = tuple(demand for part in parts for demand in self._demands(part))
        return Loss(timeline.person_id, day, absence, parts, demands, any(map(self._is_beyond, demands)))

    def _is_wanted(self, timeline: Timeline, part: Part) -> bool:
        """Whether a service might miss somebody who is no resident, as one of its people or as a supervisor."""
        rotation_id, person = part.duty.rotation_id, timeline.person
        rotation = self.book.schedule.rotations.get(rotation_id or "")
        if rotation is None or person is None:
            return rotation_id is not None
        is_watched = rotation.requires_supervision and bool(self.book.settings.rules.of(SupervisionRatio))
        needed = self.book.schedule.service(rotation.id).requirements
        return is_watched or any(row.role is person.role for row in needed)

    def _demands(self, part: Part) -> Iterator[Demand]:
        duty = part.duty
        if duty.rotation_id is None or not duty.kind.traits.covers:
            return
        for start, end in self.heads.steps(duty.rotation_id).up_to(part.interval, 0):
            needed = replace(part, start=start, end=end)
            yield Demand(needed, slot_of(needed))

    def shared_demands(self, losses: Iterable[Loss]) -> list[Demand]:
        """What of several people's duties somebody must take; of two on one service that needs one of them, the first is asked."""
        residents = [loss for loss in losses if self.book.schedule.timeline(loss.person).is_resident]
        parts = [part for loss in residents for part in loss.parts if part.duty.kind.traits.covers]
        found: list[Demand] = []
        for part in sorted(parts, key=lambda item: (not self._is_critical(item.duty), item.start, item.duty.id)):
            duty = part.duty
            if duty.rotation_id is not None:
                away = [item.interval for item in parts if item.duty.rotation_id == duty.rotation_id]
                claims = [item.part.interval for item in found if item.slot.rotation_id == duty.rotation_id]
                for start, end in self.heads.short_of(duty.rotation_id, part.interval, away, claims):
                    needed = replace(part, start=start, end=end)
                    found.append(Demand(needed, slot_of(needed)))
        return found

    def _is_critical(self, duty: Duty) -> bool:
        rotation = self.book.schedule.rotations.get(duty.rotation_id or "")
        return rotation is not None and rotation.critical

    def _is_beyond(self, demand: Demand) -> bool:
        """Whether the search weighs something about a demand that is not weighed here: chains of backups only, notice, capacity."""
        settings = self.book.settings
        day = demand.part.start - demand.part.start % DAY
        return (
            not settings.auto_coverage
            or demand.slot.rotation_id not in self.book.schedule.rotations
            or demand.part.start < day + settings.program.notice_minutes
            or any(backup.capacity is not None for backup in self.book.backups_of(demand.part.duty.person_id))
        )

    # ── who may take what ──────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def takers(self) -> Mapping[Slot, tuple[Taker, ...]]:
        """For each slot that somebody is wanted for, who can take the whole of it and is not missed elsewhere, by id."""
        losses = (loss for found in self.losses.values() for loss in found.values() if loss.demands)
        return self.takers_of({demand.slot for loss in losses for demand in loss.demands})

    def is_staffed(self, part: Part) -> bool:
        """Whether the service of a lost part asks for people at all."""
        duty = part.duty
        if duty.rotation_id not in self.book.schedule.rotations or not duty.kind.traits.covers:
            return False
        return bool(self.book.schedule.service(duty.rotation_id or "").requirements)

    def takers_of(self, wanted: Iterable[Slot]) -> Mapping[Slot, tuple[Taker, ...]]:
        """For each of some slots, who can take the whole of it and is not missed elsewhere, by id."""
        slots = Slots(sorted(wanted), sorted(self.book.schedule.rotations))
        found: list[list[Taker]] = [[] for _ in slots.rows]
        for name, screen in self._screens.items():
            known = {(sure, free): Taker(name, sure, free) for sure in (True, False) for free in (True, False)}
            for column, is_sure, is_free in screen.takes(slots, AMPLE):
                found[column].append(known[is_sure, is_free])
        return dict(zip(slots.rows, map(tuple, found), strict=True))

    @cached_property
    def _screens(self) -> Mapping[str, Screen]:
        """What is known of each resident, by id."""
        return {
            name: Screen(
                self.book.schedule.timeline(name),
                self.book.settings,
                self.heads.spare,
                is_clean=name not in self._broken,
            )
            for name in self.book.schedule.residents
        }

    @cached_property
    def _broken(self) -> frozenset[str]:
        """Of whom a rule is broken already."""
        found = (record for record in blocking(self.book.records) if record.rule not in SERVICE_STEMS)
        return frozenset(name for record in found for name in record.persons)

    # ── one person ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def singles(self) -> tuple[Answer, ...]:
        """What happens if one person falls out: for every day, everybody."""
        return tuple(self.single(loss) for day in self.days for loss in self.losses[day].values())

    def single(self, loss: Loss) -> Answer:
        """What happens if one person falls out on one day."""
        plain = Answer(loss.day, (loss.person,), len(loss.parts))
        if not (loss.demands or loss.needs_search):
            return plain
        found = None if loss.needs_search else self._at_once(loss, plain)
        return found if found is not None else self.sought([loss])

    def _at_once(self, loss: Loss, plain: Answer) -> Answer | None:
        """The answer if somebody can take all that is needed, each demand in one move; of these the first in the order of plans."""
        ways = [{taker.person: taker.is_sure for taker in self.takers[demand.slot]} for demand in loss.demands]
        common = ways[0].keys() & set.intersection(*(set(way) for way in ways))
        choices = sum(all(way[name] for way in ways) for name in common)
        is_sure = len(ways) == 1 and not self.is_supervised(loss.demands[0].slot)
        for name in self._in_order(loss, common):
            if not self._screens[name].is_known:
                return None
            if (is_sure and ways[0][name]) or self._is_admitted(loss, name):
                moves = tuple(Move(demand.part, name, 1) for demand in loss.demands)
                return replace(plain, moves=moves, choices=choices)
        return None

    def _in_order(self, loss: Loss, people: Iterable[str]) -> Iterator[str]:
        """By distance from the backup order, then by burden and id."""
        among = set(people)
        near = self._near(loss)
        yield from sorted(near.keys() & among, key=lambda name: (near[name], self._burden(loss, name), name))
        if len(loss.demands) == 1:
            yield from (name for name in self._order(loss.demands[0].slot) if name in among and name not in near)
        else:
            yield from sorted(among - near.keys(), key=lambda name: (self._burden(loss, name), name))

    def _order(self, slot: Slot) -> tuple[str, ...]:
        if slot not in self._orders:
            names = [taker.person for taker in self.takers[slot]]
            weight = self._weight(slot)
            self._orders[slot] = tuple(sorted(names, key=lambda name: (self.fairness.square(name, weight), name)))
        return self._orders[slot]

    def _weight(self, slot: Slot) -> int:
        return self.fairness.weight(Duty("", "", slot.rotation_id, slot.start, slot.end, slot.kind))

    def _burden(self, loss: Loss, name: str) -> int:
        return self.fairness.square(name, sum(self._weight(demand.slot) for demand in loss.demands))

    def _near(self, loss: Loss) -> Mapping[str, int]:
        """The distance of everybody who stands in the backup order at all, summed over what is needed."""
        if not self._is_plain_order:
            everybody = self.book.schedule.residents
            found = {name: self._distance(loss, name) for name in everybody}
            return {name: distance for name, distance in found.items() if distance < FAR * len(loss.demands)}
        if loss.person not in self._distances:
            part = loss.demands[0].part
            found = {name: self.asking.distance(loss.person, name, part) for name in self.book.schedule.residents}
            self._distances[loss.person] = {name: distance for name, distance in found.items() if distance < FAR}
        times = len(loss.demands)
        return {name: distance * times for name, distance in self._distances[loss.person].items()}

    def _distance(self, loss: Loss, name: str) -> int:
        return sum(self.asking.distance(loss.person, name, demand.part) for demand in loss.demands)

    @cached_property
    def _is_plain_order(self) -> bool:
        """Whether every backup holds always and for every service."""
        return all(item.start is None and item.end is None and item.rotations is None for item in self.book.backups)

    # ── what only the rules, or only a search, can tell ────────────────────────────────────────────────────────────────

    def is_supervised(self, slot: Slot) -> bool:
        """Whether residents on the service of a slot need supervisors in some number."""
        rotation = self.book.schedule.rotations[slot.rotation_id]
        return rotation.requires_supervision and bool(self.book.settings.rules.of(SupervisionRatio))

    def _is_admitted(self, loss: Loss, name: str) -> bool:
        """Whether somebody may take all that is needed, by the rules themselves."""
        timeline = self.book.schedule.timeline(name)
        takes: list[Take] = [take_of(timeline, demand.part) for demand in loss.demands]
        hand = Hand()
        for take in takes:
            hand = take.added_to(hand)
        if self.jury.breaches(name, hand):
            return False
        if not any(self.is_supervised(demand.slot) for demand in loss.demands):
            return True
        before = self.book.after(self._away([loss]))
        lost = before.after(Change(removed=tuple(part.duty for part in loss.parts)))
        after = lost.after(Change(added=hand.added, removed=hand.removed))
        return all(record.rule == Coverage.stem for record in breaches(before, after))

    def _away(self, losses: Iterable[Loss]) -> Change:
        return Change(
            absences_added=tuple(
                Absence(f"sweep:{loss.person}", loss.person, *loss.absence, AbsenceKind.ILLNESS)
                for loss in losses
                if loss.absence is not None
            )
        )

    def search(self, losses: Sequence[Loss]) -> Sought:
        """Search for the best plan if several people fall out on one day."""
        day = losses[0].day
        book = self.book.after(self._away(losses))
        names = tuple(sorted(loss.person for loss in losses))
        crisis = Crisis(day, names, book.settings.program.max_chain_depth, self.most_states)
        return seek(book, crisis, self.fairness, self.jury)

    def sought(self, losses: Sequence[Loss]) -> Answer:
        """What a search finds if several people fall out on one day."""
        result = self.search(losses)
        state = result.found.state
        cost = state.cost()
        least = sum(item.outlook.hopeless for item in result.start.pending)
        fewest = sum(item.outlook.moves for item in result.start.pending)
        return Answer(
            day=losses[0].day,
            persons=tuple(sorted(loss.person for loss in losses)),
            lost=sum(len(loss.parts) for loss in losses),
            moves=state.moves,
            uncovered=(*(item.part for item in state.uncovered), *result.pinned),
            is_proven=result.found.is_proven,
            is_tight=(cost.uncovered, cost.moves) == (least, fewest) and not result.pinned and self._is_firm(result),
        )

    def _is_firm(self, result: Sought) -> bool:
        """Whether what stands in the way of those who do not take what stays open stays there, whatever else they take that day."""
        return not any(
            may_heal(record, self.book.schedule.timeline(name), Pending([(item.part.start - DAY, item.part.end + DAY)]))
            for item in result.found.state.uncovered
            for name in self.book.schedule.residents
            for record in self.jury.breaches(
                name, take_of(self.book.schedule.timeline(name), item.part).added_to(Hand())
            )
        )


def slot_of(part: Part) -> Slot:
    """What a part is a part of, as far as takers are concerned."""
    duty = part.duty
    return Slot(duty.rotation_id or "", part.start, part.end, duty.kind, duty.exception)
