"""A roster as rules see it: immutable, indexed by person and by service, cheap to change a little."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

from residency.calendar import Interval, day_end, day_start, merge
from residency.model import Absence, Change, Duty, Person, Requirement, Role, Roster, Rotation, RotationPeriod
from residency.sorted_duties import ORDER, SortedDuties
from residency.timeline import Timeline

_START = attrgetter("start")


@dataclass(frozen=True, eq=False)
class Service:
    """What is known of one rotation: its duties and what it requires.

    Attributes:
        rotation: None where a duty or requirement names an unknown one.
        requirements: sorted by start.
        longest_requirement: none is longer, in minutes.
        roles: those that it requires, sorted.
    """

    rotation_id: str
    rotation: Rotation | None
    held: SortedDuties = field(default_factory=SortedDuties, repr=False)
    requirements: tuple[Requirement, ...] = ()
    longest_requirement: int = 0
    roles: tuple[Role, ...] = ()

    @property
    def duties(self) -> tuple[Duty, ...]:
        """The duties, in order of start, end and id."""
        return self.held.all

    def duties_in(self, start: int, end: int) -> tuple[Duty, ...]:
        """The duties that share a minute with an interval."""
        return self.held.within(start, end)

    def requirements_in(self, start: int, end: int) -> tuple[Requirement, ...]:
        """The requirements that share a minute with an interval, by start."""
        low = bisect_left(self.requirements, start - self.longest_requirement, key=_START)
        high = bisect_left(self.requirements, end, lo=low, key=_START)
        return tuple([row for row in self.requirements[low:high] if row.end > start])

    def after(self, change: Change) -> Service:
        """The same service after a change.

        Raises:
            ValueError: a removed duty is not there as given.
        """
        held = self.held.changed(
            [duty for duty in change.added if duty.rotation_id == self.rotation_id],
            [duty for duty in change.removed if duty.rotation_id == self.rotation_id],
        )
        return Service(self.rotation_id, self.rotation, held, self.requirements, self.longest_requirement, self.roles)


@dataclass(frozen=True)
class Schedule:
    """An immutable view of a roster; make one with `Schedule.of`, a slightly different one with `with_changes`.

    Attributes:
        horizon: the declared whole days, as minutes, end excluded.
        timelines: everybody of the roster, and whoever else holds a duty.
        services: every rotation of the roster, and whichever else has a duty or requirement.
    """

    horizon: Interval
    persons: Mapping[str, Person]
    rotations: Mapping[str, Rotation]
    timelines: MappingProxyType[str, Timeline] = field(repr=False)
    services: MappingProxyType[str, Service] = field(repr=False)

    @classmethod
    def of(cls, roster: Roster, horizon: Interval | None = None) -> Schedule:
        """The view of a roster, over its own `horizon_of` unless one is given.

        Raises:
            ValueError: the horizon is not whole days.
        """
        settled = horizon_of(roster) if horizon is None else horizon
        if settled != (day_start(settled[0]), day_end(settled[1])) or settled[1] < settled[0]:
            raise ValueError(f"a horizon is whole days in order, not minutes {settled[0]} to {settled[1]}")
        persons = {person.id: person for person in roster.persons}
        rotations = {rotation.id: rotation for rotation in roster.rotations}
        return cls(
            settled,
            MappingProxyType(persons),
            MappingProxyType(rotations),
            MappingProxyType(_timelines(roster, settled, persons, rotations)),
            MappingProxyType(_services(roster, rotations)),
        )

    @cached_property
    def duties(self) -> tuple[Duty, ...]:
        """All duties, in order of start, end and id."""
        return tuple(sorted((duty for timeline in self.timelines.values() for duty in timeline.duties), key=ORDER))

    @cached_property
    def _duty_by_id(self) -> dict[str, Duty]:
        return {duty.id: duty for timeline in self.timelines.values() for duty in timeline.duties}

    def duty(self, duty_id: str) -> Duty | None:
        """The duty of that id."""
        return self._duty_by_id.get(duty_id)

    @cached_property
    def residents(self) -> tuple[str, ...]:
        """The ids of all residents, sorted."""
        return tuple(sorted(person.id for person in self.persons.values() if person.is_resident))

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """All requirements, by service and start."""
        return tuple(row for _, service in sorted(self.services.items()) for row in service.requirements)

    def timeline(self, person_id: str) -> Timeline:
        """One person's duty; an empty timeline for somebody unknown without duties."""
        found = self.timelines.get(person_id)
        return found if found is not None else Timeline(person_id, None, self.horizon, rotations=self.rotations)

    def service(self, rotation_id: str) -> Service:
        """One rotation's duty; an empty service for an unknown one without duties."""
        found = self.services.get(rotation_id)
        return found if found is not None else Service(rotation_id, None)

    def on_duty(self, person_id: str, at: int) -> tuple[Duty, ...]:
        """The duties of a person at one minute."""
        return self.timeline(person_id).duties_in(at, at + 1)

    def is_on_leave(self, person_id: str, start: int, end: int) -> bool:
        """Whether approved leave of a person touches an interval."""
        return any(begin < end and stop > start for begin, stop in self.timeline(person_id).leave)

    def with_changes(self, change: Change) -> Schedule:
        """The schedule after a change, sharing everything of the people and services that it does not touch.

        Raises:
            ValueError: a removed duty or absence is not there as given.
        """
        duties = (*change.added, *change.removed)
        absences = (*change.absences_added, *change.absences_removed)
        people = {duty.person_id for duty in duties} | {absence.person_id for absence in absences}
        services = {duty.rotation_id for duty in duties if duty.rotation_id is not None}
        return Schedule(
            self.horizon,
            self.persons,
            self.rotations,
            MappingProxyType(self.timelines | {who: self.timeline(who).after(change) for who in people}),
            MappingProxyType(self.services | {name: self.service(name).after(change) for name in services}),
        )


def horizon_of(roster: Roster) -> Interval:
    """From the first to the last day that a duty, rotation period, requirement or approved absence touches."""
    absences = [absence for absence in roster.absences if absence.is_leave or absence.is_free_day]
    rows: list[Interval] = [
        (row.start, row.end) for rows in (roster.duties, roster.periods, roster.requirements, absences) for row in rows
    ]
    if not rows:
        return (0, 0)
    return (day_start(min(start for start, _ in rows)), day_end(max(end for _, end in rows)))


def implied_requirements(roster: Roster) -> tuple[Requirement, ...]:
    """What rotations without requirement rows need: their `min_persons` residents whenever a resident covers them."""
    stated = {row.rotation_id for row in roster.requirements}
    residents = {person.id for person in roster.persons if person.is_resident}
    held: dict[str, list[Interval]] = {}
    for duty in roster.duties:
        if duty.rotation_id is not None and duty.person_id in residents and duty.kind.traits.covers:
            held.setdefault(duty.rotation_id, []).append((duty.start, duty.end))
    return tuple(
        Requirement(f"{rotation.id}:{number}", rotation.id, start, end, rotation.min_persons)
        for rotation in roster.rotations
        if rotation.id not in stated and rotation.min_persons > 0
        for number, (start, end) in enumerate(merge(sorted(held.get(rotation.id, ()))), start=1)
    )


def _timelines(
    roster: Roster, horizon: Interval, persons: Mapping[str, Person], rotations: Mapping[str, Rotation]
) -> dict[str, Timeline]:
    duties: dict[str, list[Duty]] = {person_id: [] for person_id in persons}
    for duty in roster.duties:
        duties.setdefault(duty.person_id, []).append(duty)
    absences: dict[str, list[Absence]] = {}
    for absence in roster.absences:
        absences.setdefault(absence.person_id, []).append(absence)
    periods: dict[str, list[RotationPeriod]] = {}
    for period in roster.periods:
        periods.setdefault(period.person_id, []).append(period)
    return {
        person_id: Timeline(
            person_id,
            persons.get(person_id),
            horizon,
            SortedDuties(held),
            tuple(sorted(absences.get(person_id, ()), key=ORDER)),
            tuple(sorted(periods.get(person_id, ()), key=_START)),
            rotations,
        )
        for person_id, held in duties.items()
    }


def _services(roster: Roster, rotations: Mapping[str, Rotation]) -> dict[str, Service]:
    duties: dict[str, list[Duty]] = {rotation_id: [] for rotation_id in rotations}
    for duty in roster.duties:
        if duty.rotation_id is not None:
            duties.setdefault(duty.rotation_id, []).append(duty)
    requirements: dict[str, list[Requirement]] = {}
    for row in roster.requirements:
        requirements.setdefault(row.rotation_id, []).append(row)
        duties.setdefault(row.rotation_id, [])
    return {
        rotation_id: _service(rotation_id, rotations.get(rotation_id), held, requirements.get(rotation_id, []))
        for rotation_id, held in duties.items()
    }


def _service(
    rotation_id: str, rotation: Rotation | None, duties: list[Duty], requirements: list[Requirement]
) -> Service:
    return Service(
        rotation_id,
        rotation,
        SortedDuties(duties),
        tuple(sorted(requirements, key=_START)),
        max((row.end - row.start for row in requirements), default=0),
        tuple(sorted({row.role for row in requirements})),
    )
