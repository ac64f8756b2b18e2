"""Rosters of any size for measuring: four-week rotations with wards, calls, nights, teaching and leave; the same every time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date

from residency.calendar import DAY, HOUR, Interval, minute_of
from residency.model import (
    Absence,
    AbsenceKind,
    Duty,
    DutyKind,
    Person,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
    RotationType,
)

FIRST_DAY = minute_of(date(2024, 7, 1))
_BLOCK = 28
_PER_SERVICE = 10
_MORNING, _NOON, _EVENING = 7 * HOUR, 13 * HOUR, 19 * HOUR
_HAND_OVER = HOUR // 2
_SATURDAY = 5
_LEAVE_WEEKS = 3
_SUPERVISED = 4


@dataclass
class _Draft:
    """The rows of a roster in the making."""

    days: int
    random: random.Random
    duties: list[Duty] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    periods: list[RotationPeriod] = field(default_factory=list)
    away: set[tuple[str, int]] = field(default_factory=set)

    def add(self, person: str, service: str, day: int, span: Interval, kind: DutyKind = DutyKind.CLINICAL) -> None:
        """A duty between two minutes of a day, unless the day is leave or outside the year."""
        if day >= self.days or (person, day) in self.away or (span[1] > DAY and (person, day + 1) in self.away):
            return
        midnight = FIRST_DAY + day * DAY
        name = f"d{len(self.duties)}"
        self.duties.append(Duty(name, person, service, midnight + span[0], midnight + span[1], kind))


def realistic_year(residents: int, days: int = 365, *, breaches: bool = False) -> tuple[Roster, Interval]:
    """A roster and its horizon: about 1.7 duties a resident and day, ten residents and one supervisor a service.

    Without `breaches` no rule of the default pack is broken; with them one resident in ten has weeks too long, calls that last too long,
    short rests, duty on leave, double bookings and a service short of people.
    """
    draft = _Draft(days, random.Random(residents * 1000 + days))  # noqa: S311  (a roster, not a secret)
    services = max(1, -(-residents // _PER_SERVICE))
    rotations = [_rotation(f"s{number}", number) for number in range(services)]
    people = [Person(f"r{number:03d}", pgy_level=number % 4 + 1) for number in range(residents)]
    for number, person in enumerate(people):
        _leave(draft, person.id)
        for block in range(-(-days // _BLOCK)):
            _block(draft, number, person.id, block, rotations[(number // _PER_SERVICE + block) % services].id)
    faculty = [person for number in range(services) for person in _faculty(draft, number)]
    if breaches:
        _break(draft, people)
    needs = [_requirement(rotation.id, day) for rotation in rotations for day in range(days)]
    roster = Roster(
        (*people, *faculty),
        tuple(rotations),
        tuple(draft.duties),
        tuple(needs),
        tuple(draft.periods),
        tuple(draft.absences),
    )
    return roster, (FIRST_DAY, FIRST_DAY + days * DAY)


def _rotation(name: str, number: int) -> Rotation:
    kinds = (RotationType.INPATIENT, RotationType.ICU, RotationType.CLINIC, RotationType.ER)
    supervised = number % _SUPERVISED == 0
    return Rotation(name, rotation_type=kinds[number % 4], requires_supervision=supervised, critical=number % 2 == 0)


def _faculty(draft: _Draft, number: int) -> list[Person]:
    """One supervisor by day; on a supervised service a second one, and one by night."""
    spans = [(_MORNING, _EVENING)]
    if number % _SUPERVISED == 0:
        spans += [(_MORNING, _EVENING), (_EVENING, _MORNING + DAY)]
    people = [Person(f"f{number:02d}-{place}", Role.FACULTY, can_supervise=True) for place in range(len(spans))]
    for person, span in zip(people, spans, strict=True):
        for day in range(draft.days):
            draft.add(person.id, f"s{number}", day, span)
    return people


def _requirement(service: str, day: int) -> Requirement:
    start = FIRST_DAY + day * DAY
    return Requirement(f"n-{service}-{day}", service, start + _MORNING, start + _EVENING, 1)


def _leave(draft: _Draft, person: str) -> None:
    weeks = draft.days // 7
    for number, week in enumerate(sorted(draft.random.sample(range(weeks), min(_LEAVE_WEEKS, weeks // 8)))):
        first = week * 7
        start = FIRST_DAY + first * DAY
        draft.absences.append(Absence(f"a-{person}-{number}", person, start, start + 7 * DAY, AbsenceKind.VACATION))
        draft.away |= {(person, day) for day in range(first, first + 7)}


def _block(draft: _Draft, number: int, person: str, block: int, service: str) -> None:
    first = block * _BLOCK
    last = min(first + _BLOCK, draft.days)
    start = FIRST_DAY + first * DAY
    draft.periods.append(RotationPeriod(f"p-{person}-{block}", person, start, FIRST_DAY + last * DAY, service))
    place = (number + block) % _PER_SERVICE
    for day in range(first, last):
        if place < 6:
            _ward_day(draft, person, service, day, place)
        elif place < 9:
            _call_day(draft, person, service, day, phase=(day - first + place) % 4, last=day == last - 1)
        else:
            _night(draft, person, service, day, last=day == last - 1)


def _ward_day(draft: _Draft, person: str, service: str, day: int, place: int) -> None:
    if day % 7 == 2 + place % 4:
        return
    draft.add(person, service, day, (_MORNING, _NOON))
    kind = DutyKind.EDUCATION if day % 7 == place else DutyKind.CLINICAL
    draft.add(person, service, day, (_NOON, _EVENING), kind)


def _call_day(draft: _Draft, person: str, service: str, day: int, *, phase: int, last: bool) -> None:
    if phase == 0 and not last:
        draft.add(person, service, day, (_MORNING, _MORNING + DAY), DutyKind.IN_HOUSE_CALL)
        draft.add(person, service, day, (_MORNING + DAY, _MORNING + DAY + 2 * HOUR), DutyKind.TRANSITION)
    elif phase > 1:
        start = _NOON if phase == 2 else _MORNING
        draft.add(person, service, day, (start, start + 4 * HOUR))
        draft.add(person, service, day, (start + 4 * HOUR, start + 7 * HOUR))


def _night(draft: _Draft, person: str, service: str, day: int, *, last: bool) -> None:
    if day % 7 == _SATURDAY or last:
        return
    draft.add(person, service, day, (_EVENING, DAY), DutyKind.NIGHT_FLOAT)
    draft.add(person, service, day, (DAY, DAY + _MORNING), DutyKind.NIGHT_FLOAT)
    draft.add(person, service, day, (DAY + _MORNING, DAY + _MORNING + _HAND_OVER), DutyKind.TRANSITION)


def _break(draft: _Draft, people: list[Person]) -> None:
    for number, person in enumerate(people):
        if number % 10 == 0:
            day = draft.random.randrange(draft.days - 30)
            service = f"s{number // _PER_SERVICE}"
            draft.away -= {(person.id, away) for away in range(draft.days)}
            for extra in range(day, day + 14):
                draft.add(person.id, service, extra, (_MORNING, _MORNING + 15 * HOUR))
            draft.add(person.id, service, day + 20, (_MORNING, _MORNING + 29 * HOUR), DutyKind.IN_HOUSE_CALL)
