"""The least-change plan, found by trying every sensible way and cutting off what cannot be better any more.

A *demand* is a part of a duty that needs somebody. The search takes the first demand, tries everybody who is free for some of it, and
adds the demands that pulling them opens. Two passes: the first finds the least cost, the second the first plan of that cost when
people are tried by id, so that of equal plans always the same one is chosen. What cannot be better is told by a bound that holds for
every way to go on (`Outlook`), and what can never be mended by `Jury.is_lost`; so a search that ends has weighed every plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import Interval, subtract, union
from residency.contingency.demands import Demand, Outlook, State, more_people
from residency.contingency.needs import Part, needed_intervals, unsupervised
from residency.contingency.outlooks import Outlooks
from residency.contingency.plans import Cost, Fairness, Move
from residency.contingency.takers import Jury, Take, take_of
from residency.policy.settings import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from residency.contingency.candidates import Search
    from residency.load import Book

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
        most_states: states that each pass may look at, or None for `MOST_STATES`.
    """

    def __init__(
        self,
        search: Search,
        fairness: Fairness,
        start: Book,
        jury: Jury | None = None,
        *,
        most_states: int | None = None,
    ) -> None:
        self._search = search
        self._most_states = most_states
        self._fairness = fairness
        self._start = start
        self._jury = jury if jury is not None else Jury(start)
        self._outlooks = Outlooks(search, fairness, start, self._jury)
        self._least: Cost | None = None
        self._has_capacities = any(backup.capacity is not None for backup in search.book.backups)

    def begin(self, lost: Iterable[Part]) -> State:
        """The state in which all that was lost and is needed is pending."""
        opened = self._opened(State(self._start), lost, None)
        self._outlooks.begin(opened.pending)
        return replace(opened, pending=tuple(self._looked(item) for item in opened.pending))

    def needed_of(self, start: State, part: Part) -> list[Part]:
        """What is needed of a part that its absent holder keeps, beside all that is pending."""
        needed = needed_intervals(start.book, part, self._outlooks.claims(part, start.pending))
        return [replace(part, start=begin, end=end) for begin, end in needed]

    def find(self, start: State) -> Found:
        """The best state that follows, in which nothing is pending."""
        cheapest = self._explore(start, None)
        if not cheapest.is_proven or not cheapest.state.moves:
            return self._judged(cheapest)
        first = self._explore(start, cheapest.state.cost())
        return self._judged(cheapest._replace(state=first.state) if first.state.moves else cheapest)

    def _judged(self, found: Found) -> Found:
        return found._replace(state=replace(found.state, book=self._start.after(found.state.change())))

    def _explore(self, start: State, cost: Cost | None) -> Found:
        """The cheapest plan; or, given the least cost, the first plan of that cost when people are tried by id."""
        best: State | None = None
        least = cost
        branches = [_Branch(iter((start,)), self._bound(start))]
        for _ in range(MOST_STATES if self._most_states is None else self._most_states):
            state = next(branches[-1].states, None)
            if state is None:
                branches.pop()
                if not branches:
                    break
                continue
            bound = self._bound(state)
            self._least = least
            if least is not None and (bound > least or (cost is None and bound == least)):
                continue
            if state.pending:
                branches.append(_Branch(self._followers(state, by_id=cost is not None), bound))
            elif not self._breaks_something(state):
                best, least = state, bound
                self._least = least
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
            persons=max(
                cost.persons + more_people(strangers), 2 if any(item.outlook.moves > 1 for item in coming) else 0
            ),
            distance=cost.distance + sum(item.outlook.distance for item in coming),
            burden=cost.burden + sum(self._least_burden(state, item.outlook) for item in coming),
        )

    def _is_for_known(self, state: State, demand: Demand) -> bool:
        """Whether somebody who takes something already may take a demand, too."""
        return any(self._may_take(state, demand, name) for name in state.loads if name in demand.outlook.takers)

    def _may_take(self, state: State, demand: Demand, name: str) -> bool:
        free = self._free(state, demand).get(name, [])
        if free != [demand.part.interval]:
            return bool(free)
        take = take_of(state.book.schedule.timeline(name), demand.part)
        return not self._is_dead(state, take)

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
        choices, bound = self._free(state, demand), self._bound(state)
        moments = {moment for free in choices.values() for interval in free for moment in interval}
        cuts = sorted({demand.part.end, *moments})
        starting = [
            (name, end)
            for name, free in choices.items()
            for begin, end in free
            if begin == demand.part.start and name != demand.not_by and name in demand.outlook.able
        ]
        if not by_id:
            starting.sort(key=lambda choice: self._eagerness(state, *choice))
        for name, free_until in starting:
            for cut in sorted((cut for cut in cuts if demand.part.start < cut <= free_until), reverse=True):
                if cut < demand.part.end and not self._is_worth_cutting(bound, demand):
                    break
                if cut == demand.part.end and not self._is_worth_taking(state, bound, name, by_id=by_id):
                    continue
                following = self._taken(state, name, cut)
                if following is not None:
                    yield following
        if demand.may_stay_open:
            yield self._left_open(state, next(cut for cut in cuts if cut > demand.part.start))

    def _is_worth_cutting(self, bound: Cost, demand: Demand) -> bool:
        """Whether two moves for one demand may still be as good as the best plan so far."""
        if self._least is None or demand.outlook.hopeless:
            return True
        moves = bound.moves - demand.outlook.moves + max(2, demand.outlook.moves)
        return (bound.critical, bound.uncovered, moves) <= self._least[:3]

    def _is_worth_taking(self, state: State, bound: Cost, name: str, *, by_id: bool) -> bool:
        """Whether it may still be as good as the best plan so far, or better, that somebody takes all of the next demand."""
        demand = state.pending[0]
        chain = self._outlooks.chain(demand, name)
        if self._least is None:
            return True
        distance = self._search.distance(demand.part.duty.person_id, name, demand.part)
        least = bound._replace(
            moves=bound.moves - demand.outlook.moves + max(chain, demand.outlook.moves),
            persons=max(bound.persons, len({*state.loads, name})),
            distance=bound.distance - demand.outlook.distance + distance,
        )
        return least <= self._least if by_id else least < self._least

    def _left_open(self, state: State, end: int) -> State:
        left = state.left_open(end)
        if end == state.pending[0].part.end:
            return left
        return replace(left, pending=(self._looked(left.pending[0]), *left.pending[1:]))

    def _eagerness(self, state: State, name: str, free_until: int) -> tuple[int, bool, bool, int, int, int, str]:
        """Who is tried first where all are tried: who is free longest and at once, who takes something already or could take most."""
        demand = state.pending[0]
        part = replace(demand.part, end=free_until)
        could = sum(name in item.outlook.takers for item in state.pending)
        distance = self._search.distance(part.duty.person_id, name, part)
        is_missed = bool(self._outlooks.pulled(name, part))
        return (-free_until, is_missed, name not in state.loads, -could, distance, self._weighed(state, name, 1), name)

    def _free(self, state: State, demand: Demand) -> Mapping[str, list[Interval]]:
        """When who may take a demand, by id: what a glance at the roster tells, less what this plan gave them."""
        if demand.level > self._search.max_depth:
            return {}
        found: dict[str, list[Interval]] = {}
        for name, free in self._outlooks.free(demand.part, supervision=demand.supervision).items():
            if name in demand.passed or (self._has_capacities and self._is_spent(state, demand, name)):
                continue
            hand = state.hands.get(name)
            left = free if hand is None else subtract(free, hand.taken_intervals)
            if left:
                found[name] = left
        return found

    def _is_spent(self, state: State, demand: Demand, name: str) -> bool:
        """Whether a backup has taken as many of the holder's duties as it may."""
        holder = demand.part.duty.person_id
        capacities = [item.capacity for item in self._search.backups_for(demand.part) if item.backup_id == name]
        if not capacities or any(capacity is None for capacity in capacities):
            return False
        used = sum(move.to_person == name and move.from_person == holder for move in state.moves)
        return used >= sum(capacity for capacity in capacities if capacity is not None)

    def _taken(self, state: State, name: str, end: int) -> State | None:
        """The state in which somebody takes the next demand until `end`; None if that cannot be."""
        demand, rest = state.pending[0], state.pending[1:]
        part = replace(demand.part, end=end)
        take = take_of(state.book.schedule.timeline(name), part)
        if self._is_dead(state, take):
            return None
        weight = self._fairness.weight(take.duty)
        remainder = () if end == demand.part.end else (self._rest(demand, end, name),)
        after = replace(
            state,
            book=state.book.sketched(take.change),
            pending=(*remainder, *rest),
            moves=(*state.moves, Move(part, name, demand.level)),
            hands={**state.hands, name: take.added_to(state.hand(name))},
            loads={**state.loads, name: state.loads.get(name, 0) + weight},
            distance=state.distance + self._search.distance(part.duty.person_id, name, part),
            burden=state.burden + self._weighed(state, name, weight),
        )
        opened = self._opened(after, take.pulled, demand)
        new = len(opened.pending) - len(rest)
        pending = (*(self._looked(item) for item in opened.pending[:new]), *rest)
        if any(not item.may_stay_open and item.outlook.hopeless for item in pending):
            return None
        return replace(opened, pending=pending)

    def _is_dead(self, state: State, take: Take) -> bool:
        """Whether somebody who takes something more breaks a rule that nothing still to come can mend."""
        pending = replace(self._outlooks.pending, intervals=union(item.part.interval for item in state.pending))
        return self._jury.is_lost(take, state.hand(take.duty.person_id), state.book, pending)

    @staticmethod
    def _rest(demand: Demand, start: int, person_id: str) -> Demand:
        return replace(demand, part=replace(demand.part, start=start), not_by=person_id)

    # ── what a lost part asks for ──────────────────────────────────────────────────────────────────────────────────────

    def _opened(self, state: State, pulled: Iterable[Part], cause: Demand | None) -> State:
        """The state with the demands that lost parts open put first, and what nobody needs released."""
        opened: list[Demand] = []
        released: list[Part] = []
        for part in pulled:
            needed = needed_intervals(state.book, part, self._outlooks.claims(part, (*state.pending, *opened)))
            opened += [self._demand(state, replace(part, start=start, end=end), cause) for start, end in needed]
            released += _outside(part, needed)
        return replace(state, pending=(*opened, *state.pending), released=(*state.released, *released))

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

    def _looked(self, demand: Demand) -> Demand:
        """The demand with the least that it can cost."""
        return replace(demand, outlook=self._outlooks.of(demand))


def _outside(part: Part, needed: Iterable[Interval]) -> list[Part]:
    return [replace(part, start=start, end=end) for start, end in subtract([part.interval], list(needed))]
