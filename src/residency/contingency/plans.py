"""What a contingency plan is, and what it costs: the order in which one plan is better than another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rehearse.domain import Reason
from residency.calendar import DAY, day_start, weekday_of
from residency.contingency.needs import Part, origin_of
from residency.model import Duty, DutyKind

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Move:
    """A part of a duty that somebody takes over.

    Attributes:
        part: of the former holder's duty.
        level: its place in its chain, from 1.
    """

    part: Part
    to_person: str
    level: int

    @property
    def assignment_id(self) -> str:
        """The stored duty that the part belongs to."""
        return origin_of(self.part.duty.id)

    @property
    def from_person(self) -> str:
        """The former holder."""
        return self.part.duty.person_id


@dataclass(frozen=True, slots=True)
class Open:
    """A part of a duty that nobody takes, with why each candidate fell out.

    Attributes:
        is_kept: the row stays as it is, since it is pinned.
    """

    part: Part
    critical: bool
    reasons: tuple[Reason, ...] = ()
    is_kept: bool = False


@dataclass(frozen=True)
class Plan:
    """The best that can be done about absences.

    Attributes:
        persons: the absent.
        moves: in the order of their starts.
        released: parts that their holder no longer works and that nobody needs to.
        uncovered: what stays open.
        cascade_risk: whether some replacement of one level alone would open a gap or break a rule.
        is_proven: whether every plan was weighed; False if the search was cut short, and this is the best one seen.
        least_open: minutes that stay open in every plan, as far as the search can tell; if proven, those of this one.
    """

    persons: tuple[str, ...]
    moves: tuple[Move, ...] = ()
    released: tuple[Part, ...] = ()
    uncovered: tuple[Open, ...] = ()
    cascade_risk: bool = False
    is_proven: bool = True
    least_open: int = 0

    @property
    def feasible(self) -> bool:
        """Whether nothing stays open."""
        return not self.uncovered

    @property
    def gap_minutes(self) -> int:
        """What stays open, in minutes."""
        return sum(item.part.end - item.part.start for item in self.uncovered)

    @property
    def chain_depth(self) -> int:
        """The moves of the longest chain."""
        return max((move.level for move in self.moves), default=0)


class Cost(NamedTuple):
    """What a plan is judged by, the first difference deciding: less is better.

    Attributes:
        critical: uncovered minutes of critical services.
        uncovered: uncovered minutes of all services.
        moves: duties, or parts of them, that change holder.
        persons: people who take something.
        distance: steps from the backup order.
        burden: what the equity ledger says of those who take something, once they have.
    """

    critical: int = 0
    uncovered: int = 0
    moves: int = 0
    persons: int = 0
    distance: int = 0
    burden: int = 0


@dataclass(frozen=True)
class Fairness:
    """What people have carried so far.

    Attributes:
        balances: person → the sum of their ledger, credits taken off.
        holidays: the first minutes of major holidays.
    """

    balances: Mapping[str, int] = field(default_factory=dict)
    holidays: frozenset[int] = frozenset()

    def weight(self, duty: Duty) -> int:
        """How many burdens a duty is: a night or call, a weekend, a major holiday."""
        first = day_start(duty.start)
        is_night = duty.kind in (DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT) or day_start(duty.end - 1) != first
        is_weekend = weekday_of(duty.start) >= _SATURDAY
        is_holiday = any(day in self.holidays for day in range(first, duty.end, DAY))
        return is_night + is_weekend + is_holiday

    def square(self, person_id: str, load: int) -> int:
        """What a load adds to the burden of a plan: the more somebody carried, the more another duty weighs."""
        carried = max(0, self.balances.get(person_id, 0))
        return (carried + load) ** 2 - carried**2
