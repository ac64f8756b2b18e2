"""A roster as rules see it: immutable, indexed by person and by service, cheap to change a little."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from residency.calendar import Interval, day_end, day_start, merge
from residency.model import Absence, Change, Duty, Person, Requirement, Roster, Rotation, RotationPeriod
from residency.timeline import DUTY_ORDER, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_START = attrgetter("start")
_ABSENCE_ORDER = attrgetter("start", "end", "id")
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Service:
    """What is known of one rotation: its duties and what it requires.

    Attributes:
        rotation: None where a duty or requirement names an unknown one.
        duties: in `DUTY_ORDER`.
        requirements: sorted by start.
        longest: no duty of it is longer, in minutes.
    """

    rotation_id: str
    rotation: Rotation | None
    duties: tuple[Duty, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    longest: int = 0

    def duties_in(self, start: int, end: int) -> tuple[Duty, ...]:
        """The duties that share a minute with an interval."""
        low = bisect_left(self.duties, start - self.longest, key=_START)
        high = bisect_left(self.duties, end, key=_START)
        return tuple(duty for duty in self.duties[low:high] if duty.end > start)

    def changed(self, added: Iterable[Duty], removed: Iterable[Duty]) -> Service:
        """The same service with other duties."""
        duties = _changed(self.duties, added, removed, DUTY_ORDER)
        longest = max(self.longest, max((duty.end - duty.start for duty in added), default=0))
        return replace(self, duties=duties, longest=longest)


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
    timelines: Mapping[str, Timeline] = field(repr=False)
    services: Mapping[str, Service] = field(repr=False)

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
        """All duties, in `DUTY_ORDER`."""
        return tuple(sorted((duty for timeline in self.timelines.values() for duty in timeline.duties), key=DUTY_ORDER))

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
        timelines = dict(self.timelines)
        people = {duty.person_id for duty in (*change.added, *change.removed)}
        people |= {absence.person_id for absence in (*change.absences_added, *change.absences_removed)}
        for person_id in people:
            timelines[person_id] = _changed_timeline(self.timeline(person_id), change)
        services = dict(self.services)
        for rotation_id in {duty.rotation_id for duty in (*change.added, *change.removed) if duty.rotation_id}:
            services[rotation_id] = self.service(rotation_id).changed(
                [duty for duty in change.added if duty.rotation_id == rotation_id],
                [duty for duty in change.removed if duty.rotation_id == rotation_id],
            )
        return Schedule(
            self.horizon, self.persons, self.rotations, MappingProxyType(timelines), MappingProxyType(services)
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
            tuple(sorted(held, key=DUTY_ORDER)),
            tuple(sorted(absences.get(person_id, ()), key=_ABSENCE_ORDER)),
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
        rotation_id: Service(
            rotation_id,
            rotations.get(rotation_id),
            tuple(sorted(held, key=DUTY_ORDER)),
            tuple(sorted(requirements.get(rotation_id, ()), key=_START)),
            max((duty.end - duty.start for duty in held), default=0),
        )
        for rotation_id, held in duties.items()
    }


def _changed_timeline(timeline: Timeline, change: Change) -> Timeline:
    person_id = timeline.person_id
    return replace(
        timeline,
        duties=_changed(
            timeline.duties,
            [duty for duty in change.added if duty.person_id == person_id],
            [duty for duty in change.removed if duty.person_id == person_id],
            DUTY_ORDER,
        ),
        absences=_changed(
            timeline.absences,
            [absence for absence in change.absences_added if absence.person_id == person_id],
            [absence for absence in change.absences_removed if absence.person_id == person_id],
            _ABSENCE_ORDER,
        ),
    )


def _changed(
    rows: tuple[_Row, ...],
    added: Iterable[_Row],
    removed: Iterable[_Row],
    order: Callable[[_Row], tuple[int, int, str]],
) -> tuple[_Row, ...]:
    changed = list(rows)
    for row in removed:
        index = bisect_left(changed, order(row), key=order)
        if index == len(changed) or changed[index] != row:
            raise ValueError(f"cannot remove what is not there as given: {row}")
        del changed[index]
    for row in added:
        insort(changed, row, key=order)
    return tuple(changed)
