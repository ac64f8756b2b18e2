"""The least-change plan, found by trying every sensible way and cutting off what cannot be better any more.

A *demand* is a part of a duty that needs somebody. The search takes the first demand, tries everybody who is free for some of it, and
adds the demands that pulling them opens. Two passes: the first finds the least cost, the second the first plan of that cost when
people are tried by id, so that of equal plans always the same one is chosen. What cannot be better is told by a bound that holds for
every way to go on (`Outlook`), and what can never be mended by `may_heal`; so a search that ends has weighed every plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import Interval, overlaps, subtract, total, union
from residency.candidates import Question, Search, free_intervals, never, obstacles
from residency.demands import Demand, Outlook, State, more_people
from residency.needs import Part, needed_intervals, unsupervised
from residency.plans import Cost, Fairness, Move
from residency.policy.settings import Coverage
from residency.takers import TAKEN_MARK, Hand, Jury, Take, may_heal, take_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from residency.load import Book
    from residency.model import Duty, Person

#: States that a pass may look at; beyond it the best plan so far stands, and says that it is not proven.
MOST_STATES = 20_000


class Found(NamedTuple):
    """The best plan of a search.

    Attributes:
        state: in which nothing is pending.
        is_proven: whether every other plan was weighed.
        least_open: minutes that stay open in every plan, as far as the search can tell.
    """

    state: State
    is_proven: bool
    least_open: int


@dataclass(frozen=True, slots=True)
class _Branch:
    """States that follow one that was opened, with the bound of that one."""

    states: Iterator[State]
    bound: Cost


class Planner:
    """One search.

    Args:
        search: what does not change while a plan is sought.
        fairness: what people have carried so far.
        start: the roster without what the absent leave behind.
        jury: of the start; a sweep keeps one for many searches.
    """

    def __init__(self, search: Search, fairness: Fairness, start: Book, jury: Jury | None = None) -> None:
        self._search = search
        self._fairness = fairness
        self._start = start
        self._jury = jury if jury is not None else Jury(start)
        self._people = tuple(sorted(start.schedule.persons.values(), key=lambda person: person.id))
        self._glances: dict[tuple[object, ...], list[Interval]] = {}
        self._direct: dict[tuple[str, Interval], bool] = {}
        self._roots: tuple[Demand, ...] = ()

    def begin(self, lost: Iterable[Part]) -> State:
        """The state in which all that was lost and is needed is pending."""
        opened = self._opened(State(self._start), lost, None)
        self._roots = opened.pending
        return replace(opened, pending=tuple(self._looked(opened, item) for item in opened.pending))

    def needed_of(self, start: State, part: Part) -> list[Part]:
        """What is needed of a part that its absent holder keeps, beside all that is pending."""
        needed = needed_intervals(start.book, part, self._claims(part, start.pending))
        return [replace(part, start=begin, end=end) for begin, end in needed]

    def find(self, start: State) -> Found:
        """The best state that follows, in which nothing is pending."""
        cheapest = self._explore(start, None)
        if not cheapest.is_proven or not cheapest.state.moves:
            return self._judged(cheapest)
        first = self._explore(start, cheapest.state.cost())
        return self._judged(first._replace(is_proven=True) if first.state.moves else cheapest)

    def _judged(self, found: Found) -> Found:
        return found._replace(state=replace(found.state, book=self._start.after(found.state.change())))

    def _explore(self, start: State, cost: Cost | None) -> Found:
        """The cheapest plan; or, given the least cost, the first plan of that cost when people are tried by id."""
        best: State | None = None
        least = cost
        branches = [_Branch(iter((start,)), self._bound(start))]
        for _ in range(MOST_STATES):
            state = next(branches[-1].states, None)
            if state is None:
                branches.pop()
                if not branches:
                    break
                continue
            bound = self._bound(state)
            if least is not None and (bound > least or (cost is None and bound == least)):
                continue
            if state.pending:
                branches.append(_Branch(self._followers(state, by_id=cost is not None), bound))
            elif not self._breaks_something(state):
                best, least = state, bound
                if cost is not None:
                    break
        found = best if best is not None else start.all_left_open()
        open_minutes = found.cost().uncovered
        return Found(found, not branches, min([open_minutes, *(branch.bound.uncovered for branch in branches)]))

    def _bound(self, state: State) -> Cost:
        """The least that a state can cost once nothing is pending; part by part, and so as a whole."""
        cost = state.cost()
        coming = [item for item in state.pending if item.outlook.moves]
        strangers = [item for item in coming if not self._is_for_known(state, item)]
        return Cost(
            critical=cost.critical + sum(item.outlook.hopeless for item in state.pending if item.critical),
            uncovered=cost.uncovered + sum(item.outlook.hopeless for item in state.pending),
            moves=cost.moves + sum(item.outlook.moves for item in coming),
            persons=cost.persons + more_people(strangers),
            distance=cost.distance + sum(item.outlook.distance for item in coming),
            burden=cost.burden + sum(self._least_burden(state, item.outlook) for item in coming),
        )

    def _is_for_known(self, state: State, demand: Demand) -> bool:
        """Whether somebody who takes something already may take a demand, too."""
        return any(
            self._may_take(state, demand, person)
            for person in self._people
            if person.id in state.loads and person.id in demand.outlook.takers
        )

    def _may_take(self, state: State, demand: Demand, person: Person) -> bool:
        free = self._free(state, demand, person)
        if free != [demand.part.interval]:
            return bool(free)
        take = take_of(state.book.schedule.timeline(person.id), demand.part)
        return not self._is_dead(state, person.id, take)

    def _least_burden(self, state: State, outlook: Outlook) -> int:
        """Burdens grow with what is carried, so what weighs least now weighs no less later."""
        if not outlook.weight:
            return 0
        return min(self._weighed(state, person_id, outlook.weight) for person_id in outlook.takers)

    def _weighed(self, state: State, person_id: str, weight: int) -> int:
        load = state.loads.get(person_id, 0)
        return self._fairness.square(person_id, load + weight) - self._fairness.square(person_id, load)

    def _breaks_something(self, state: State) -> bool:
        """Whether a finished plan breaks a rule; what the absence itself does to the absent is a fact."""
        after = self._start.after(state.change())
        found = breaches(self._search.book, after, known=self._start.records)
        return any(record.rule != Coverage.stem for record in found)

    # ── what may follow ────────────────────────────────────────────────────────────────────────────────────────────────

    def _followers(self, state: State, *, by_id: bool) -> Iterator[State]:
        demand = state.pending[0]
        choices = [(person, free) for person in self._people if (free := self._free(state, demand, person))]
        cuts = sorted({demand.part.end, *(moment for _, free in choices for interval in free for moment in interval)})
        starting = [
            (person, end)
            for person, free in choices
            for begin, end in free
            if begin == demand.part.start and person.id != demand.not_by
        ]
        if not by_id:
            starting.sort(key=lambda choice: self._eagerness(state, *choice))
        for person, free_until in starting:
            for cut in sorted((cut for cut in cuts if demand.part.start < cut <= free_until), reverse=True):
                following = self._taken(state, person, cut)
                if following is not None:
                    yield following
        if demand.may_stay_open:
            yield state.left_open(next(cut for cut in cuts if cut > demand.part.start))

    def _eagerness(self, state: State, person: Person, free_until: int) -> tuple[int, bool, bool, int, int, int, str]:
        """Who is tried first where all are tried: who is free longest and at once, who takes something already or could take most."""
        demand = state.pending[0]
        part = replace(demand.part, end=free_until)
        could = sum(person.id in item.outlook.takers for item in state.pending)
        distance = self._search.distance(part.duty.person_id, person.id, part)
        weighed = self._weighed(state, person.id, 1)
        is_new = person.id not in state.loads
        return (-free_until, not self._is_direct(person, part), is_new, -could, distance, weighed, person.id)

    def _free(self, state: State, demand: Demand, person: Person) -> list[Interval]:
        """When somebody may take a demand: what a glance at the roster tells, less what this plan gave them."""
        if demand.level > self._search.max_depth or person.id in demand.passed:
            return []
        free = self._glance(demand.part, person, supervision=demand.supervision)
        hand = state.hands.get(person.id)
        if not free or self._is_spent(state, demand, person):
            return []
        return free if hand is None else subtract(free, _taken_intervals(hand))

    def _glance(self, part: Part, person: Person, *, supervision: bool) -> list[Interval]:
        key = (part.duty.person_id, part.duty.rotation_id, part.interval, supervision, person.id)
        if key not in self._glances:
            question = Question(part, supervision)
            out = never(self._search, question, person)
            held = self._start.schedule.timeline(person.id).duties_in(*part.interval)
            barred = () if out is not None else obstacles(self._search, question, person, held, ())
            self._glances[key] = [] if out is not None else free_intervals(part, barred)
        return self._glances[key]

    def _is_spent(self, state: State, demand: Demand, person: Person) -> bool:
        """Whether a backup has taken as many of the holder's duties as it may."""
        holder = demand.part.duty.person_id
        capacities = [item.capacity for item in self._search.backups_for(demand.part) if item.backup_id == person.id]
        if not capacities or any(capacity is None for capacity in capacities):
            return False
        used = sum(move.to_person == person.id and move.from_person == holder for move in state.moves)
        return used >= sum(capacity for capacity in capacities if capacity is not None)

    def _taken(self, state: State, person: Person, end: int) -> State | None:
        """The state in which somebody takes the next demand until `end`; None if that cannot be."""
        demand, rest = state.pending[0], state.pending[1:]
        part = replace(demand.part, end=end)
        take = take_of(state.book.schedule.timeline(person.id), part)
        if self._is_dead(state, person.id, take):
            return None
        weight = self._fairness.weight(take.duty)
        remainder = () if end == demand.part.end else (self._rest(demand, end, person.id),)
        after = replace(
            state,
            book=state.book.sketched(take.change),
            pending=(*remainder, *rest),
            moves=(*state.moves, Move(part, person.id, demand.level)),
            hands={**state.hands, person.id: take.added_to(state.hand(person.id))},
            loads={**state.loads, person.id: state.loads.get(person.id, 0) + weight},
            distance=state.distance + self._search.distance(part.duty.person_id, person.id, part),
            burden=state.burden + self._weighed(state, person.id, weight),
        )
        opened = self._opened(after, take.pulled, demand)
        new = len(opened.pending) - len(rest)
        pending = (*(self._looked(opened, item) for item in opened.pending[:new]), *rest)
        if any(not item.may_stay_open and item.outlook.hopeless for item in pending):
            return None
        return replace(opened, pending=pending)

    def _is_dead(self, state: State, person_id: str, take: Take) -> bool:
        """Whether somebody who takes something more breaks a rule that nothing still to come can mend."""
        hand = take.added_to(state.hand(person_id))
        broken = self._jury.breaches(person_id, hand)
        if not broken:
            return False
        timeline = state.book.sketched(take.change).schedule.timeline(person_id)
        pending = subtract(union(item.part.interval for item in state.pending), _taken_intervals(hand))
        return not all(may_heal(record, timeline, pending) for record in broken)

    @staticmethod
    def _rest(demand: Demand, start: int, person_id: str) -> Demand:
        return replace(demand, part=replace(demand.part, start=start), not_by=person_id)

    # ── what a lost part asks for ──────────────────────────────────────────────────────────────────────────────────────

    def _opened(self, state: State, pulled: Iterable[Part], cause: Demand | None) -> State:
        """The state with the demands that lost parts open put first, and what nobody needs released."""
        opened: list[Demand] = []
        released: list[Part] = []
        for part in pulled:
            needed = needed_intervals(state.book, part, self._claims(part, (*state.pending, *opened)))
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
        return Demand(
            part=part,
            level=1 if cause is None else cause.level + 1,
            passed=(cause.passed if cause is not None else frozenset()) | {part.duty.person_id},
            critical=critical,
            rescues=critical if cause is None else cause.rescues,
            may_stay_open=cause is None or (cause.rescues and not critical and not supervision),
            supervision=supervision,
        )

    def _is_supervisor(self, part: Part) -> bool:
        person = self._search.book.person(part.duty.person_id)
        return person is not None and person.can_supervise and not person.is_resident

    def _looked(self, state: State, demand: Demand) -> Demand:
        """The demand with the least that it can cost."""
        free = {person: found for person in self._people if (found := self._free(state, demand, person))}
        if not _may_be_cut(state, demand, free.values()):
            free = {
                person: found
                for person, found in free.items()
                if found == [demand.part.interval] and self._may_take(state, demand, person)
            }
        coverable = union(*free.values())
        outlook = Outlook(hopeless=demand.minutes - total(coverable))
        if len(coverable) == 1:
            outlook = self._for_one(state, demand, [*free], coverable[0], outlook)
        elif coverable:
            takers = frozenset(person.id for person in free)
            outlook = replace(outlook, moves=len(coverable), takers=takers)
        return replace(demand, outlook=outlook)

    def _for_one(
        self, state: State, demand: Demand, people: Sequence[Person], whole: Interval, outlook: Outlook
    ) -> Outlook:
        """One move does if somebody can take all that anybody can, and nobody misses them where they are."""
        part = replace(demand.part, start=whole[0], end=whole[1])
        direct = [
            person
            for person in people
            if self._is_direct(person, part) and self._covers(state, replace(demand, part=part), person)
        ]
        takers = direct or people
        distance = min(self._search.distance(part.duty.person_id, person.id, part) for person in takers)
        ids = frozenset(person.id for person in takers)
        if not direct:
            return replace(outlook, moves=2, takers=ids, distance=distance)
        given = replace(part.duty, start=part.start, end=part.end)
        weight = self._fairness.weight(given)
        return replace(outlook, moves=1, takers=ids, distance=distance, weight=weight)

    def _covers(self, state: State, demand: Demand, person: Person) -> bool:
        return self._free(state, demand, person) == [demand.part.interval] and self._may_take(state, demand, person)

    def _is_direct(self, person: Person, part: Part) -> bool:
        """Whether nobody misses somebody who takes a part where they are then; no later move can bring that about."""
        key = (person.id, part.interval)
        if key not in self._direct:
            take = take_of(self._start.schedule.timeline(person.id), part)
            without = self._start.sketched(take.cut) if take.pulled else self._start
            self._direct[key] = not any(
                needed_intervals(without, own, self._claims(own, self._roots)) for own in take.pulled
            )
        return self._direct[key]


def _may_be_cut(state: State, demand: Demand, free: Iterable[Sequence[Interval]]) -> bool:
    """Whether anybody's availability changes within a demand, now or once they took something else that is pending."""
    low, high = demand.part.interval
    others = [item.part.interval for item in state.pending if overlaps(item.part.interval, (low, high))]
    return any(low < moment < high for intervals in (*free, others) for interval in intervals for moment in interval)


def _taken_intervals(hand: Hand) -> list[Interval]:
    return union((duty.start, duty.end) for duty in hand.added if _is_taken(duty))


def _is_taken(duty: Duty) -> bool:
    return TAKEN_MARK in duty.id


def _outside(part: Part, needed: Iterable[Interval]) -> list[Part]:
    return [replace(part, start=start, end=end) for start, end in subtract([part.interval], list(needed))]
