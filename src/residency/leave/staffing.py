"""How many people of a role could be there, and how many are needed at once: what decides whether another one may go on leave.

People are counted who are not inactive, not on leave and not on a designated free day. Services share them as their skills allow:
what is missing is found by matching people to heads, and the services that run short together are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import DAY, Interval, clip, day_start, overlaps
from residency.model import PersonStatus
from residency.rules.qualification import lacking
from residency.services import needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.load import Book
    from residency.model import Person, Role


@dataclass(frozen=True)
class Stretch:
    """A stretch in which nothing changes of who is needed and who could be there.

    Attributes:
        heads: by service, how many people are needed.
        able: by service, who could be on it.
    """

    start: int
    end: int
    heads: Mapping[str, int]
    able: Mapping[str, frozenset[str]]

    def without(self, person_id: str) -> Stretch:
        """The same stretch with somebody away."""
        able = {service: people - {person_id} for service, people in self.able.items()}
        return Stretch(self.start, self.end, self.heads, able)

    def people(self, services: Iterable[str]) -> frozenset[str]:
        """Everybody who could be on one of some services."""
        return frozenset(person for service in services for person in self.able[service])


class Filled(NamedTuple):
    """How far the heads of a stretch can be filled.

    Attributes:
        missing: heads that nobody is left for.
        short: the services that run short together; they and everybody who could be on them make up the whole shortage.
    """

    missing: int
    short: frozenset[str]


class Count(NamedTuple):
    """The figures of one stretch.

    Attributes:
        day: the day's first minute.
        before: how many people there are now.
        after: how many there would be.
        needed: how many are needed.
    """

    day: int
    before: int
    after: int
    needed: int

    @property
    def slack(self) -> int:
        """How many more could go, negative when too many have gone."""
        return self.after - self.needed


# ── stretches ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stretches(book: Book, role: Role, within: Interval) -> Iterator[Stretch]:
    """The stretches of an interval in which anybody of a role is needed, in order; none is longer than its day."""
    profiles = _profiles(book, role, within)
    people = [person for person in book.schedule.persons.values() if _counts(person, role)]
    away = {person.id: _away(book, person.id, within) for person in people}
    moments = {*within, *range(day_start(within[0]) + DAY, within[1], DAY)}
    moments |= {moment for profile in profiles.values() for start, end, _ in profile for moment in (start, end)}
    moments |= {moment for intervals in away.values() for interval in intervals for moment in interval}
    for start, end in pairwise(sorted(moments)):
        heads = {service: number for service, profile in profiles.items() if (number := _at(profile, start))}
        if heads:
            there = [person for person in people if not any(overlaps((start, end), gone) for gone in away[person.id])]
            yield Stretch(start, end, heads, {service: _able(book, service, there) for service in heads})


def _profiles(book: Book, role: Role, within: Interval) -> dict[str, list[tuple[int, int, int]]]:
    found = {name: needs(service.requirements, role, within) for name, service in book.schedule.services.items()}
    return {name: found[name] for name in sorted(found) if found[name]}


def _counts(person: Person, role: Role) -> bool:
    return person.role is role and person.status is not PersonStatus.INACTIVE


def _away(book: Book, person_id: str, within: Interval) -> list[Interval]:
    absences = book.schedule.timeline(person_id).absences
    return clip([(item.start, item.end) for item in absences if item.is_leave or item.is_free_day], within)


def _at(profile: Iterable[tuple[int, int, int]], moment: int) -> int:
    return next((number for start, end, number in profile if start <= moment < end), 0)


def _able(book: Book, service: str, people: Iterable[Person]) -> frozenset[str]:
    rotation = book.schedule.rotations.get(service)
    return frozenset(person.id for person in people if rotation is None or not lacking(person, rotation))


# ── matching ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def fill(stretch: Stretch) -> Filled:
    """Match people to heads, as many as can be: by augmenting paths, so that nobody is wasted on the wrong service."""
    held: dict[str, str] = {}
    missing = 0
    short: set[str] = set()
    for service in sorted(stretch.heads):
        for _ in range(stretch.heads[service]):
            closed = _augment(stretch, service, held)
            missing += bool(closed)
            short |= closed
    return Filled(missing, frozenset(short))


def _augment(stretch: Stretch, service: str, held: dict[str, str]) -> set[str]:
    """Find one more person for a service, moving others along; else the services that were looked through in vain."""
    came: dict[str, tuple[str, str] | None] = {service: None}
    queue = [service]
    for current in queue:
        for person in stretch.able[
            current
        ]:  # in any order: what is missing and which services are short does not depend on it
            holder = held.get(person)
            if holder is None:
                _move_along(held, came, current, person)
                return set()
            if holder not in came:
                came[holder] = (current, person)
                queue.append(holder)
    return set(came)


def _move_along(held: dict[str, str], came: Mapping[str, tuple[str, str] | None], last: str, free: str) -> None:
    held[free] = last
    step = came[last]
    while step is not None:
        previous, given = step
        held[given] = previous
        step = came[previous]


def bound(stretch: Stretch, person_id: str) -> Count | None:
    """The figures by which somebody cannot be spared in a stretch; None if nobody misses them."""
    if not any(person_id in people for people in stretch.able.values()):
        return None
    rest = stretch.without(person_id)
    then = fill(rest)
    if then.missing == 0 or then.missing <= fill(stretch).missing:
        return None
    needed = sum(stretch.heads[service] for service in then.short)
    after = len(rest.people(then.short))
    return Count(day_start(stretch.start), after + 1, after, needed)


def count(stretch: Stretch, person_id: str) -> Count:
    """The figures of a stretch over all services, with somebody and without."""
    there = stretch.people(stretch.heads)
    return Count(day_start(stretch.start), len(there), len(there - {person_id}), sum(stretch.heads.values()))
