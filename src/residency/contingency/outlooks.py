"""What a demand costs at the least, told from the roster as it is before anybody moves: bounds that hold for every way to go on.

Nothing that a plan does later makes more possible: whoever takes something is free for less, and a service from which somebody was
taken misses the next one more. So who may take a part at the start, how long the chain behind each of them is at the least, and what
nobody can take even so, bounds every state that follows. Only breaches that more work may mend (`Jury.is_lost`) are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

from residency.calendar import Interval, overlaps, total, union
from residency.contingency.candidates import Question, Search, free_intervals, never, obstacles
from residency.contingency.demands import Demand, Outlook
from residency.contingency.needs import Part, needed_intervals
from residency.contingency.takers import Hand, Jury, Pending, is_plain, take_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.contingency.plans import Fairness
    from residency.load import Book
    from residency.model import Person

#: More moves than any chain has.
_ENDLESS = 10**6


@dataclass(frozen=True, slots=True)
class Prospect:
    """Who may take a part, whoever holds it.

    Attributes:
        able: when each of them may take some of it.
        direct: who may take at once all that anybody may, and is missed nowhere.
        moves: the fewest moves of any of them, the chain behind them counted.
    """

    able: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    direct: frozenset[str] = frozenset()
    moves: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a prospect depends on."""

    part: Part
    moves_left: int
    rescues: bool
    supervision: bool = False

    def key(self, *, by_holder: bool) -> tuple[object, ...]:
        duty = self.part.duty
        service = (duty.rotation_id, duty.kind, duty.exception, duty.person_id if by_holder else "")
        return (*service, self.part.interval, self.supervision, self.moves_left, self.rescues)


class Outlooks:
    """The bounds of one search.

    Attributes:
        pending: all that anybody may ever be asked to take.

    Args:
        search: what does not change while a plan is sought.
        fairness: what people have carried so far.
        start: the roster without what the absent leave behind.
        jury: of the start.
    """

    def __init__(self, search: Search, fairness: Fairness, start: Book, jury: Jury) -> None:
        self._search = search
        self._fairness = fairness
        self._start = start
        self._jury = jury
        self._people = tuple(sorted(start.schedule.persons.values(), key=lambda person: person.id))
        self._roles = {person.id: person.role for person in self._people}
        self._roots: tuple[Demand, ...] = ()
        self.pending = Pending()
        self._free: dict[tuple[object, ...], Mapping[str, list[Interval]]] = {}
        self._pulled: dict[tuple[str, Interval], tuple[Part, ...]] = {}
        self._dead: dict[tuple[object, ...], bool] = {}
        self._moments: dict[Interval, frozenset[int]] = {}
        self._prospects: dict[tuple[object, ...], Prospect] = {}
        self._fewest: dict[tuple[object, ...], int] = {}

    def begin(self, roots: Sequence[Demand]) -> None:
        """Take note of what is needed at the beginning."""
        self._roots = tuple(roots)
        all_plain = all(
            is_plain(duty)
            for item in self._roots
            for timeline in self._start.schedule.timelines.values()
            for duty in (item.part.duty, *timeline.duties_in(*item.part.interval))
        )
        self.pending = Pending([item.part.interval for item in self._roots], all_plain)

    def of(self, demand: Demand) -> Outlook:
        """The least that a demand can cost."""
        prospect = self._prospect(self._asked(demand))
        able = {name: intervals for name, intervals in prospect.able.items() if name not in demand.passed}
        coverable = union(*able.values())
        hopeless = demand.minutes - total(coverable)
        if not able:
            return Outlook(hopeless=hopeless)
        direct = prospect.direct - demand.passed if len(coverable) == 1 else frozenset()
        moves = 1 if direct else max(2, len(coverable), prospect.moves if len(coverable) == 1 else 0)
        takers = direct or frozenset(able)
        part = replace(demand.part, start=coverable[0][0], end=coverable[0][1])
        holder = part.duty.person_id
        distance = min(self._search.distance(holder, name, item) for name in takers for item in (part, demand.part))
        weight = self._fairness.weight(replace(part.duty, start=part.start, end=part.end)) if direct else 0
        return Outlook(hopeless, moves, takers, frozenset(able), distance, weight)

    def chain(self, demand: Demand, name: str) -> int:
        """The fewest moves if somebody takes all of a demand; more than any plan has if that cannot be."""
        return self._chain(self._asked(demand), name, demand.part.interval)

    def _asked(self, demand: Demand) -> _Asked:
        left = self._search.max_depth - demand.level + 1
        return _Asked(demand.part, left, demand.rescues, demand.supervision)

    def free(self, part: Part, *, supervision: bool) -> Mapping[str, list[Interval]]:
        """When everybody may take a part, at a glance; whoever never may is left out."""
        holder = part.duty.person_id
        whose = self._roles.get(holder, "") if self._search.book.settings.auto_coverage else holder
        key = (whose, part.duty.rotation_id, part.interval, supervision)
        if key not in self._free:
            question = Question(part, supervision)
            found = {person.id: self._glance(question, person) for person in self._people}
            self._free[key] = {name: free for name, free in found.items() if free}
        return self._free[key]

    def _glance(self, question: Question, person: Person) -> list[Interval]:
        if never(self._search, question, person) is not None:
            return []
        held = self._start.schedule.timeline(person.id).duties_in(*question.part.interval)
        return free_intervals(question.part, obstacles(self._search, question, person, held, ()))

    def pulled(self, name: str, part: Part) -> tuple[Part, ...]:
        """Where somebody who takes a part would be missed; no later move makes that less."""
        key = (name, part.interval)
        if key not in self._pulled:
            take = take_of(self._start.schedule.timeline(name), part)
            without = self._start.sketched(take.cut) if take.pulled else self._start
            self._pulled[key] = tuple(
                replace(own, start=start, end=end)
                for own in take.pulled
                for start, end in needed_intervals(without, own, self.claims(own, self._roots))
            )
        return self._pulled[key]

    def claims(self, part: Part, demands: Sequence[Demand]) -> list[Interval]:
        """What others are asked to cover on the service of a part, for the same role."""
        role = self._roles.get(part.duty.person_id)
        return [
            item.part.interval
            for item in demands
            if item.part.duty.rotation_id == part.duty.rotation_id and self._roles.get(item.part.duty.person_id) == role
        ]

    # ── prospects ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _prospect(self, asked: _Asked) -> Prospect:
        if asked.moves_left < 1:
            return Prospect()
        key = self._key(asked)
        if key not in self._prospects:
            self._prospects[key] = self._make_prospect(asked)
        return self._prospects[key]

    def _key(self, asked: _Asked) -> tuple[object, ...]:
        return asked.key(by_holder=not self._search.book.settings.auto_coverage)

    def _make_prospect(self, asked: _Asked) -> Prospect:
        free = self.free(asked.part, supervision=asked.supervision)
        chains: dict[tuple[str, Interval], int] = {}
        able: dict[str, tuple[Interval, ...]] = {}
        for name, intervals in free.items():
            found = [piece for interval in intervals for piece in self._pieces(asked, name, interval, chains)]
            if found:
                able[name] = tuple(found)
        coverable = union(*able.values())
        if len(coverable) != 1:
            return Prospect(able, frozenset(), len(coverable))
        whole = {name: moves for (name, interval), moves in chains.items() if interval == coverable[0]}
        direct = frozenset(name for name, moves in whole.items() if moves == 1)
        longest = 2 if self._inner(coverable[0]) else _ENDLESS
        return Prospect(able, direct, min([longest, *whole.values()]))

    def _pieces(
        self, asked: _Asked, name: str, interval: Interval, chains: dict[tuple[str, Interval], int]
    ) -> list[Interval]:
        """The stretches of a free interval that somebody may take: all of it, or what can be cut of it."""
        moves = self._chain(asked, name, interval)
        if moves < _ENDLESS:
            chains[(name, interval)] = moves
            return [interval]
        moments = sorted({*interval, *self._inner(interval)})
        pairs = [pair for pair in combinations(moments, 2) if pair != interval]
        found = {pair: self._chain(asked, name, pair) for pair in pairs}
        alive = {pair: moves for pair, moves in found.items() if moves < _ENDLESS}
        chains.update({(name, pair): moves for pair, moves in alive.items()})
        return union(alive)

    def _chain(self, asked: _Asked, name: str, interval: Interval) -> int:
        """The fewest moves if somebody takes a part; endless if that cannot be."""
        part = replace(asked.part, start=interval[0], end=interval[1])
        if self._is_dead(name, part):
            return _ENDLESS
        moves = 1
        for missed in self._missed(asked, name, part):
            moves += self._behind(missed)
            if moves > _ENDLESS:
                return _ENDLESS
        return moves

    def _missed(self, asked: _Asked, name: str, part: Part) -> list[_Asked]:
        """What somebody who takes a part leaves behind for others to take."""
        pulled = self.pulled(name, part)
        return [
            _Asked(own, asked.moves_left - 1, rescues=asked.rescues)
            for own in pulled
            if not self._may_stay_open(asked, own)
        ]

    def _behind(self, asked: _Asked) -> int:
        """The fewest moves for all of a part; endless if that cannot be. One is enough to know, and is looked for first."""
        if asked.moves_left < 1:
            return _ENDLESS
        key = self._key(asked)
        if key not in self._fewest:
            self._fewest[key] = 1 if self._is_taken_at_once(asked) else self._fewest_of(asked)
        return self._fewest[key]

    def _is_taken_at_once(self, asked: _Asked) -> bool:
        part = asked.part
        return any(
            intervals == [part.interval] and not self._missed(asked, name, part) and not self._is_dead(name, part)
            for name, intervals in self.free(part, supervision=asked.supervision).items()
        )

    def _fewest_of(self, asked: _Asked) -> int:
        prospect = self._prospect(asked)
        is_whole = total(union(*prospect.able.values())) == asked.part.end - asked.part.start
        return prospect.moves if is_whole else _ENDLESS

    def _may_stay_open(self, asked: _Asked, own: Part) -> bool:
        rotation = self._start.schedule.rotations.get(own.duty.rotation_id or "")
        return asked.rescues and (rotation is None or not rotation.critical)

    def _is_dead(self, name: str, part: Part) -> bool:
        """Whether taking a part breaks a rule that nothing in the whole search can mend; skills are looked at elsewhere."""
        key = (name, part.interval, part.duty.kind, part.duty.exception)
        if key not in self._dead:
            take = take_of(self._start.schedule.timeline(name), part)
            self._dead[key] = self._jury.is_lost(take, Hand(), self._start, self.pending)
        return self._dead[key]

    def _inner(self, interval: Interval) -> frozenset[int]:
        """The moments within an interval at which anybody's availability may change, now or once somebody takes something."""
        if interval not in self._moments:
            low, high = interval
            found = {moment for item in self._roots for moment in item.part.interval}
            for timeline in self._start.schedule.timelines.values():
                found |= {moment for duty in timeline.duties_in(low, high) for moment in (duty.start, duty.end)}
                away = (item for item in timeline.absences if overlaps((item.start, item.end), interval))
                found |= {moment for item in away for moment in (item.start, item.end)}
            found |= {self._search.clock, self._search.clock + self._search.book.settings.program.notice_minutes}
            self._moments[interval] = frozenset(moment for moment in found if low < moment < high)
        return self._moments[interval]
