"""A plan in the making: what still needs somebody, what was decided, and the least that the whole can cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from residency.contingency.needs import Part
from residency.contingency.plans import Cost, Move
from residency.contingency.takers import Hand
from residency.load import Book
from residency.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

_EMPTY = Hand()


@dataclass(frozen=True, slots=True)
class Outlook:
    """The least that a demand can cost, whatever is decided about the others.

    Attributes:
        hopeless: minutes in which nobody can take any of it.
        moves: the fewest moves that cover the rest.
        takers: who may take some of it; where one move can do, who can do it with that one.
        able: who may take some of it at all.
        distance: the least distance of a taker from the backup order.
        weight: the least that it weighs on whoever takes it.
    """

    hopeless: int = 0
    moves: int = 0
    takers: frozenset[str] = frozenset()
    able: frozenset[str] = frozenset()
    distance: int = 0
    weight: int = 0


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
        outlook: the least that it can cost.
    """

    part: Part
    level: int
    passed: frozenset[str]
    critical: bool
    rescues: bool
    may_stay_open: bool
    supervision: bool = False
    not_by: str = ""
    outlook: Outlook = Outlook()

    @property
    def minutes(self) -> int:
        """How long it is."""
        return self.part.end - self.part.start


@dataclass(frozen=True, slots=True)
class State:
    """A plan in the making.

    Attributes:
        book: the roster as far as it goes; nobody has judged it.
        pending: what is still to be decided, the next first.
        hands: what it changes of whose duties.
        loads: what it adds to whose burden, by person.
    """

    book: Book
    pending: tuple[Demand, ...] = ()
    moves: tuple[Move, ...] = ()
    uncovered: tuple[Demand, ...] = ()
    released: tuple[Part, ...] = ()
    hands: Mapping[str, Hand] = field(default_factory=dict)
    loads: Mapping[str, int] = field(default_factory=dict)
    distance: int = 0
    burden: int = 0

    def hand(self, person_id: str) -> Hand:
        """What it changes of somebody's duties."""
        return self.hands.get(person_id, _EMPTY)

    def change(self) -> Change:
        """Everything that it changes."""
        hands = [hand for _, hand in sorted(self.hands.items())]
        return Change(
            added=tuple(duty for hand in hands for duty in hand.added),
            removed=tuple(duty for hand in hands for duty in hand.removed),
        )

    def cost(self) -> Cost:
        """What it costs as far as it goes."""
        critical = sum(item.minutes for item in self.uncovered if item.critical)
        uncovered = sum(item.minutes for item in self.uncovered)
        return Cost(critical, uncovered, len(self.moves), len(self.loads), self.distance, self.burden)

    def left_open(self, end: int) -> State:
        """The state in which the next demand stays open until `end`."""
        demand, rest = self.pending[0], self.pending[1:]
        open_part = replace(demand, part=replace(demand.part, end=end))
        if end < demand.part.end:
            rest = (replace(demand, part=replace(demand.part, start=end), not_by="", outlook=Outlook()), *rest)
        return replace(self, pending=rest, uncovered=(*self.uncovered, open_part))

    def all_left_open(self) -> State:
        """The plan that is always possible: nobody takes anything more."""
        return replace(self, pending=(), uncovered=(*self.uncovered, *self.pending))


def more_people(demands: Iterable[Demand]) -> int:
    """The fewest people who can share demands, as far as their takers tell: nobody in common means one each.

    Never more than are really needed: one if somebody may take all, else two, or as many as have no taker in common pairwise.
    """
    takers = sorted((demand.outlook.takers for demand in demands), key=len)
    if not takers:
        return 0
    if frozenset.intersection(*takers):
        return 1
    apart: list[frozenset[str]] = []
    for some in takers:
        if all(some.isdisjoint(others) for others in apart):
            apart.append(some)
    return max(2, len(apart))
