"""The least-change plan, found by trying every sensible way and cutting off what cannot be better any more.

A *demand* is a part of a duty that needs somebody. The search takes the first demand, tries everybody who is free for some of it, and
adds the demands that pulling them opens. Two passes: the first finds the least cost, the second the first plan of that cost when
people are tried by id, so that of equal plans always the same one is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import Interval, overlaps, subtract, total, union
from residency.candidates import Question, Search, free_intervals, never, obstacles
from residency.load import Book
from residency.model import Change, Duty
from residency.needs import Part, cutting, needed_intervals, unsupervised
from residency.plans import Cost, Fairness, Move
from residency.policy.settings import CallFrequency, Coverage, OneDayInSeven, WeeklyHours
from residency.rules import SERVICE_STEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.model import Person

#: States that a search may look at; beyond it the best plan so far stands, and says that it is not proven.
MOST_STATES = 20_000
#: Rules about totals, which releasing another duty later may still satisfy.
_HEALING = frozenset({WeeklyHours.stem, OneDayInSeven.stem, CallFrequency.stem})
#: Marks the id of a duty that a plan gave somebody; no stored id has it.
TAKEN_MARK = "~taken~"


@dataclass(frozen=True, slots=True)
class Demand:
    """A part of a duty that needs somebody.

    Attributes:
        part: of a duty that its holder no longer works.
        level: its place in its chain, from 1.
        passed: who is in its chain already.
        critical: whether its service is covered first.
        rescues: whether the duty at the beginning of its chain is of such a service.
        may_stay_open: whether it may be left uncovered: a duty lost to an absence always, one that was pulled only where a less
            needed service is given up for one that is covered first.
        supervision: whether a supervisor is missing rather than a head.
        not_by: who took the part right before it.
        hopeless: minutes for which nobody is free even at a glance.
        nearest: the least distance of anybody at a glance from the backup order; None if there is nobody.
    """

    part: Part
    level: int
    passed: frozenset[str]
    critical: bool
    rescues: bool
    may_stay_open: bool
    supervision: bool = False
    not_by: str = ""
    hopeless: int = 0
    nearest: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A plan in the making."""

    book: Book
    pending: tuple[Demand, ...]
    moves: tuple[Move, ...] = ()
    uncovered: tuple[Demand, ...] = ()
    released: tuple[Part, ...] = ()
    loads: tuple[tuple[str, int], ...] = ()
    distance: int = 0
    burden: int = 0

    def cost(self) -> Cost:
        """What it costs as far as it goes."""
        critical = sum(_length(item.part) for item in self.uncovered if item.critical)
        uncovered = sum(_length(item.part) for item in self.uncovered)
        return Cost(critical, uncovered, len(self.moves), len(self.loads), self.distance, self.burden)

    def bound(self) -> Cost:
        """The least that it can cost once nothing is pending."""
        cost = self.cost()
        coverable = [item for item in self.pending if item.nearest is not None]
        return Cost(
            critical=cost.critical + sum(item.hopeless for item in self.pending if item.critical),
            uncovered=cost.uncovered + sum(item.hopeless for item in self.pending),
            moves=cost.moves + len(coverable),
            persons=max(cost.persons, 1 if coverable else 0),
            distance=cost.distance + sum(item.nearest or 0 for item in coverable),
            burden=cost.burden,
        )


class Found(NamedTuple):
    """The best plan of a search, and whether every other was weighed."""

    state: State
    is_proven: bool


def _length(part: Part) -> int:
    return part.end - part.start


class Planner:
    """One search."""

    def __init__(self, search: Search, fairness: Fairness) -> None:
        self._search = search
        self._fairness = fairness
        self._people = tuple(sorted(search.book.schedule.persons.values(), key=lambda person: person.id))

    def find(self, start: State) -> Found:
        """Return the best state in which nothing is pending."""
        cheapest, is_proven = self._explore(start, None)
        if cheapest is None:
            return Found(_all_left_open(start), is_proven)
        if not is_proven or not cheapest.moves:
            return Found(cheapest, is_proven)
        first, _ = self._explore(start, cheapest.cost())
        return Found(first if first is not None else cheapest, is_proven)

    def _explore(self, start: State, cost: Cost | None) -> tuple[State | None, bool]:
        """The cheapest plan; or, given the least cost, the first plan of that cost when people are tried by id.

        With it goes whether the search came to its end.
        """
        best: State | None = None
        least = cost
        branches: list[Iterator[State]] = [iter((start,))]
        for _ in range(MOST_STATES):
            state = next(branches[-1], None)
            if state is None:
                branches.pop()
                if not branches:
                    return best, True
            elif least is not None and (state.bound() > least or (cost is None and state.bound() == least)):
                continue
            elif state.pending:
                branches.append(self._followers(state, by_id=cost is not None))
            elif not self._breaks_something(state):
                best, least = state, state.cost()
                if cost is not None:
                    return best, True
        return best, False

    def _breaks_something(self, state: State) -> bool:
        return any(record.rule != Coverage.stem for record in breaches(self._search.book, state.book))

    def _followers(self, state: State, *, by_id: bool) -> Iterator[State]:
        demand, rest = state.pending[0], state.pending[1:]
        after = replace(state, pending=rest)
        choices = [(person, free) for person in self._people if (free := self._free(state, demand, person))]
        cuts = sorted({demand.part.end, *(moment for _, free in choices for interval in free for moment in interval)})
        starting = [
            (person, end)
            for person, free in choices
            for begin, end in free
            if begin == demand.part.start and person.id != demand.not_by
        ]
        if not by_id:
            starting.sort(key=lambda choice: self._eagerness(state, demand, *choice))
        for person, free_until in starting:
            for cut in sorted((cut for cut in cuts if demand.part.start < cut <= free_until), reverse=True):
                following = self._taken(after, demand, person, cut)
                if following is not None:
                    yield following
        if demand.may_stay_open:
            yield _left_open(after, demand, next(cut for cut in cuts if cut > demand.part.start))

    def _eagerness(
        self, state: State, demand: Demand, person: Person, free_until: int
    ) -> tuple[int, int, int, int, str]:
        """Who is tried first where all are tried: who is free longest, has no other duty then, and stands next in line."""
        duties = state.book.schedule.timeline(person.id).duties_in(*demand.part.interval)
        needed = sum(self._is_required(state, duty) for duty in duties)
        distance = self._search.distance(demand.part.duty.person_id, person.id, demand.part)
        load = dict(state.loads).get(person.id, 0)
        return (-free_until, needed, distance, self._fairness.square(person.id, load + 1), person.id)

    @staticmethod
    def _is_required(state: State, duty: Duty) -> bool:
        """Whether a duty is on a service that must be staffed at that time: pulling somebody off it may open a gap."""
        if duty.rotation_id is None or not duty.kind.traits.covers:
            return False
        rows = state.book.schedule.service(duty.rotation_id).requirements
        return any(row.min_persons > 0 and overlaps((row.start, row.end), (duty.start, duty.end)) for row in rows)

    def _free(self, state: State, demand: Demand, person: Person) -> list[Interval]:
        question = Question(demand.part, demand.supervision, demand.passed)
        if demand.level > self._search.max_depth or never(self._search, question, person) is not None:
            return []
        if self._is_spent(state, demand, person):
            return []
        held = state.book.schedule.timeline(person.id).duties_in(*demand.part.interval)
        own = [duty for duty in held if TAKEN_MARK not in duty.id]
        taken = [(duty.start, duty.end) for duty in held if TAKEN_MARK in duty.id]
        return free_intervals(demand.part, obstacles(self._search, question, person, own, taken))

    def _is_spent(self, state: State, demand: Demand, person: Person) -> bool:
        """Whether a backup has taken as many of the holder's duties as it may."""
        holder = demand.part.duty.person_id
        capacities = [item.capacity for item in self._search.backups_for(demand.part) if item.backup_id == person.id]
        if not capacities or any(capacity is None for capacity in capacities):
            return False
        used = sum(move.to_person == person.id and move.from_person == holder for move in state.moves)
        return used >= sum(capacity for capacity in capacities if capacity is not None)

    def _taken(self, state: State, demand: Demand, person: Person, end: int) -> State | None:
        """The state in which somebody takes a demand until `end`; None if that cannot be."""
        part = replace(demand.part, end=end)
        held = state.book.schedule.timeline(person.id).duties_in(part.start, end)
        pulled = [Part(duty, max(duty.start, part.start), min(duty.end, end)) for duty in held]
        duty = replace(
            part.duty, id=f"{part.duty.id}{TAKEN_MARK}{part.start}", person_id=person.id, start=part.start, end=end
        )
        cut = cutting(pulled)
        book = state.book.after(Change(added=(*cut.added, duty), removed=cut.removed))
        load = dict(state.loads).get(person.id, 0)
        weight = self._fairness.weight(duty)
        after = replace(
            state,
            book=book,
            moves=(*state.moves, Move(part, person.id, demand.level)),
            loads=tuple(sorted({**dict(state.loads), person.id: load + weight}.items())),
            distance=state.distance + self._search.distance(part.duty.person_id, person.id, part),
            burden=state.burden
            + self._fairness.square(person.id, load + weight)
            - self._fairness.square(person.id, load),
        )
        opened = self.opened(after, pulled, demand)
        if self._breaks_for_good(opened, person.id):
            return None
        remainder = () if end == demand.part.end else (self._rest(opened, demand, end, person.id),)
        return replace(opened, pending=(*opened.pending[: self._new(opened, state)], *remainder, *state.pending))

    @staticmethod
    def _new(opened: State, before: State) -> int:
        return len(opened.pending) - len(before.pending)

    def _rest(self, state: State, demand: Demand, start: int, person_id: str) -> Demand:
        return self._glanced(state, replace(demand, part=replace(demand.part, start=start), not_by=person_id))

    def opened(self, state: State, pulled: Iterable[Part], cause: Demand | None) -> State:
        """The state with the demands that lost parts open put first, and what nobody needs released."""
        opened: list[Demand] = []
        released: list[Part] = []
        for part in pulled:
            claims = self._claims(part, (*state.pending, *opened))
            needed = needed_intervals(state.book, part, claims)
            opened += [self._demand(state, replace(part, start=start, end=end), cause) for start, end in needed]
            released += _outside(part, needed)
        return replace(state, pending=(*opened, *state.pending), released=(*state.released, *released))

    def _claims(self, part: Part, demands: Iterable[Demand]) -> list[Interval]:
        role = self._role(part.duty.person_id)
        return [
            item.part.interval
            for item in demands
            if item.part.duty.rotation_id == part.duty.rotation_id and self._role(item.part.duty.person_id) == role
        ]

    def _role(self, person_id: str) -> str | None:
        person = self._search.book.person(person_id)
        return person.role if person is not None else None

    def _demand(self, state: State, part: Part, cause: Demand | None) -> Demand:
        rotation = state.book.schedule.rotations.get(part.duty.rotation_id or "")
        critical = rotation is not None and rotation.critical
        supervision = self._is_supervisor(part) and any(unsupervised(state.book, part))
        demand = Demand(
            part=part,
            level=1 if cause is None else cause.level + 1,
            passed=(cause.passed if cause is not None else frozenset()) | {part.duty.person_id},
            critical=critical,
            rescues=critical if cause is None else cause.rescues,
            may_stay_open=cause is None or (cause.rescues and not critical and not supervision),
            supervision=supervision,
        )
        return self._glanced(state, demand)

    def _is_supervisor(self, part: Part) -> bool:
        person = self._search.book.person(part.duty.person_id)
        return person is not None and person.can_supervise and not person.is_resident

    def _glanced(self, state: State, demand: Demand) -> Demand:
        """The demand with what a glance at everybody tells of it."""
        free = {person.id: found for person in self._people if (found := self._free(state, demand, person))}
        covered = total(union(*free.values()))
        nearest = min(
            (self._search.distance(demand.part.duty.person_id, person, demand.part) for person in free), default=None
        )
        return replace(demand, hopeless=_length(demand.part) - covered, nearest=nearest)

    def _breaks_for_good(self, state: State, person_id: str) -> bool:
        """Whether somebody now breaks a rule that nothing still to come can mend."""
        if any(not item.may_stay_open and item.nearest is None for item in state.pending):
            return True
        own = [
            record
            for record in breaches(self._search.book, state.book)
            if record.rule not in SERVICE_STEMS and person_id in record.persons
        ]
        if not own:
            return False
        return any(record.rule not in _HEALING for record in own) or not self._may_be_pulled(state, person_id)

    def _may_be_pulled(self, state: State, person_id: str) -> bool:
        timeline = state.book.schedule.timeline(person_id)
        return any(
            TAKEN_MARK not in duty.id for item in state.pending for duty in timeline.duties_in(*item.part.interval)
        )


def _left_open(state: State, demand: Demand, end: int) -> State:
    """The state in which a demand stays open until `end`, and what follows of it is pending still."""
    open_part = replace(demand, part=replace(demand.part, end=end))
    if end == demand.part.end:
        return replace(state, uncovered=(*state.uncovered, open_part))
    rest = replace(demand, part=replace(demand.part, start=end), not_by="", hopeless=0, nearest=demand.nearest)
    return replace(state, uncovered=(*state.uncovered, open_part), pending=(rest, *state.pending))


def _all_left_open(state: State) -> State:
    """The plan that is always possible: nobody takes anything."""
    return replace(state, pending=(), uncovered=(*state.uncovered, *state.pending))


def _outside(part: Part, needed: Iterable[Interval]) -> list[Part]:
    return [replace(part, start=start, end=end) for start, end in subtract([part.interval], list(needed))]
