"""Who is present on a service minute by minute: head-count sweeps for coverage and supervision."""

from __future__ import annotations

from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import EVER, Interval, clip, merge, subtract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from residency.model import KindTraits, Person, Requirement, Role
    from residency.schedule import Schedule, Service

_covers = attrgetter("covers")
_supervised = attrgetter("supervised")


class Gap(NamedTuple):
    """A maximal interval in which as many people of a role as needed, and fewer, are present."""

    role: Role
    start: int
    end: int
    needed: int
    present: int


class Crowd(NamedTuple):
    """A maximal interval in which the same residents have the same, too few, supervisors."""

    start: int
    end: int
    residents: tuple[str, ...]
    supervisors: tuple[str, ...]


def covering(schedule: Schedule, service: Service, within: Interval = EVER) -> dict[str, list[Interval]]:
    """When each person is present on a service: in duties that cover it, not on leave."""
    return _presence(schedule, service, within, _covers)


def supervised(schedule: Schedule, service: Service, within: Interval = EVER) -> dict[str, list[Interval]]:
    """When each person counts for the supervision of a service, supervisors included."""
    return _presence(schedule, service, within, _supervised)


def _presence(
    schedule: Schedule, service: Service, within: Interval, counts: Callable[[KindTraits], bool]
) -> dict[str, list[Interval]]:
    held: dict[str, list[Interval]] = {}
    for duty in service.duties if within == EVER else service.duties_in(*within):
        if counts(duty.kind.traits):
            held.setdefault(duty.person_id, []).append((duty.start, duty.end))
    for person_id, intervals in held.items():
        leave = schedule.timeline(person_id).leave
        present = merge(intervals)
        present = subtract(present, leave) if leave else present
        held[person_id] = present if within == EVER else clip(present, within)
    return held


def needs(requirements: Iterable[Requirement], role: Role, within: Interval = EVER) -> list[tuple[int, int, int]]:
    """How many people of a role are needed when: (start, end, number), the highest of rows that overlap."""
    low, high = within
    events: list[tuple[int, int, int]] = []
    for row in requirements:
        if row.role is role and row.min_persons > 0 and row.start < high and row.end > low:
            events.append((max(row.start, low), 1, row.min_persons))
            events.append((min(row.end, high), -1, row.min_persons))
    events.sort()
    running: dict[int, int] = {}
    profile: list[tuple[int, int, int]] = []
    for (time, step, number), following in pairwise([*events, (high, 0, 0)]):
        running[number] = running.get(number, 0) + step
        if not running[number]:
            del running[number]
        if running and time < following[0]:
            profile.append((time, following[0], max(running)))
    return profile


def gaps(schedule: Schedule, service: Service, within: Interval = EVER) -> Iterator[Gap]:
    """The coverage gaps of a service, role by role and in order; what is outside `within` is not looked at."""
    if not service.requirements:
        return
    present = covering(schedule, service, within)
    requirements = service.requirements_in(*within)
    for role in service.roles:
        needed = _deltas(needs(requirements, role, within))
        heads = _deltas(
            (start, end, 1)
            for person_id, intervals in present.items()
            if _role_of(schedule, person_id) is role
            for start, end in intervals
        )
        yield from _short(role, needed, heads)


def _role_of(schedule: Schedule, person_id: str) -> Role | None:
    person = schedule.persons.get(person_id)
    return person.role if person is not None else None


def _deltas(steps: Iterable[tuple[int, int, int]]) -> dict[int, int]:
    deltas: dict[int, int] = {}
    for start, end, number in steps:
        deltas[start] = deltas.get(start, 0) + number
        deltas[end] = deltas.get(end, 0) - number
    return deltas


def _short(role: Role, needed: dict[int, int], heads: dict[int, int]) -> Iterator[Gap]:
    need = present = since = 0
    for time in sorted(needed.keys() | heads.keys()):
        more_need, more_heads = needed.get(time, 0), heads.get(time, 0)
        if not more_need and not more_heads:
            continue
        if present < need and since < time:
            yield Gap(role, since, time, need, present)
        need, present, since = need + more_need, present + more_heads, time


def crowds(
    persons: Mapping[str, Person], present: Mapping[str, list[Interval]], ratio: int, *, pgy1: bool
) -> list[Crowd]:
    """Where those present have more than `ratio` PGY-1 (or PGY-2 and above) to a supervisor, in order."""
    residents: dict[str, list[Interval]] = {}
    supervisors: dict[str, list[Interval]] = {}
    for person_id, intervals in present.items():
        person = persons.get(person_id)
        if person is None:
            continue
        if person.is_resident and (person.pgy_level == 1) is pgy1:
            residents[person_id] = intervals
        elif person.can_supervise and not person.is_resident:
            supervisors[person_id] = intervals
    if not _is_ever_crowded(residents, supervisors, ratio):
        return []
    return list(_crowds(residents, supervisors, ratio))


def _is_ever_crowded(residents: dict[str, list[Interval]], supervisors: dict[str, list[Interval]], ratio: int) -> bool:
    balance = _deltas((start, end, 1) for intervals in residents.values() for start, end in intervals)
    for intervals in supervisors.values():
        for start, end in intervals:
            balance[start] = balance.get(start, 0) - ratio
            balance[end] = balance.get(end, 0) + ratio
    level = 0
    for time in sorted(balance):
        level += balance[time]
        if level > 0:
            return True
    return False


def _crowds(
    residents: dict[str, list[Interval]], supervisors: dict[str, list[Interval]], ratio: int
) -> Iterator[Crowd]:
    toggles: dict[int, set[str]] = {}
    for intervals_of in (residents, supervisors):
        for person_id, intervals in intervals_of.items():
            for moment in (moment for interval in intervals for moment in interval):
                toggles.setdefault(moment, set()).symmetric_difference_update({person_id})
    juniors: set[str] = set()
    seniors: set[str] = set()
    since = 0
    for time in sorted(toggles):
        if not toggles[time]:
            continue
        if len(juniors) > ratio * len(seniors):
            yield Crowd(since, time, tuple(sorted(juniors)), tuple(sorted(seniors)))
        juniors ^= toggles[time] & residents.keys()
        seniors ^= toggles[time] & supervisors.keys()
        since = time
