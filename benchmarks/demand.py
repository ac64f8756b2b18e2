"""What a hospital asks of sixty residents in a year: services by day and night, calls, clinics, leave, holidays, wishes. Nobody is assigned.

Three classes of twenty. The week has 316 shifts of 4 to 24 hours, about 48 hours for each resident who is not away; everybody is away for
three weeks of the year, never more than four of a class at once. The same every time; `demand(days=28)` is its first block.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from residency.calendar import DAY, HOUR, Interval, minute_of, weekday_of
from residency.model import (
    CRITICAL_TYPES,
    KIND_OF_TYPE,
    Absence,
    AbsenceKind,
    DutyKind,
    Holiday,
    Person,
    Preference,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationType,
)

FIRST_DAY = date(2024, 7, 1)
YEAR = 365
CLASS = 20
_WEEK = 7
_WEEKS_OFF = 3
_WEEKDAYS = range(5)
_WEEKEND_CALLS = (4, 5)
_EVERY_DAY = range(7)
_HOLIDAYS = (
    (date(2024, 7, 4), "Independence Day"),
    (date(2024, 9, 2), "Labor Day"),
    (date(2024, 11, 28), "Thanksgiving"),
    (date(2024, 12, 25), "Christmas Day"),
    (date(2025, 1, 1), "New Year"),
    (date(2025, 5, 26), "Memorial Day"),
)


@dataclass(frozen=True)
class Staffing:
    """So many heads on a service on some weekdays, from an hour of the day on."""

    service: str
    days: range | tuple[int, ...]
    begins: int
    hours: int
    heads: int


@dataclass(frozen=True)
class YearDemand:
    """A roster without duties, its horizon, and what surrounds it."""

    roster: Roster
    horizon: Interval
    holidays: tuple[Holiday, ...]
    wishes: tuple[Preference, ...]


WARDS = tuple(f"ward-{letter}" for letter in "abcdef")
_STAFFING = (
    *(Staffing(ward, _EVERY_DAY, 7, 12, 2) for ward in WARDS),
    Staffing("nights", _EVERY_DAY, 19, 12, 4),
    Staffing("icu", _EVERY_DAY, 7, 12, 3),
    Staffing("icu", _EVERY_DAY, 19, 12, 2),
    *(Staffing("er", _EVERY_DAY, begins, 8, 3) for begins in (7, 15, 23)),
    Staffing("clinic", _WEEKDAYS, 8, 4, 8),
    Staffing("clinic", _WEEKDAYS, 13, 4, 8),
    Staffing("procedures", _WEEKDAYS, 8, 9, 4),
    Staffing("call", _WEEKEND_CALLS, 7, 24, 3),
)
_SERVICES = (
    *((ward, RotationType.INPATIENT, 1) for ward in WARDS),
    ("nights", RotationType.NIGHT_FLOAT, 1),
    ("icu", RotationType.ICU, 2),
    ("er", RotationType.ER, 1),
    ("clinic", RotationType.CLINIC, 1),
    ("procedures", RotationType.PROCEDURES, 2),
    ("call", RotationType.CALL, 2),
)


def demand(days: int = YEAR) -> YearDemand:
    """The demand of the first so many days."""
    start = minute_of(FIRST_DAY)
    horizon = (start, start + days * DAY)
    roster = Roster(
        persons=_persons(),
        rotations=_rotations(),
        requirements=tuple(_requirements(start, days)),
        absences=tuple(row for row in _absences(start) if row.start < horizon[1]),
    )
    holidays = tuple(Holiday(minute_of(day), name) for day, name in _HOLIDAYS)
    return YearDemand(roster, horizon, tuple(h for h in holidays if h.start < horizon[1]), _wishes(roster, horizon))


def _persons() -> tuple[Person, ...]:
    residents = (
        Person(f"R{year}{number:02d}", pgy_level=year, may_moonlight=year > 1)
        for year in (1, 2, 3)
        for number in range(1, CLASS + 1)
    )
    return (*residents, Person("PD", Role.PROGRAM_DIRECTOR))


def _rotations() -> tuple[Rotation, ...]:
    return tuple(
        Rotation(
            name,
            name,
            rotation_type,
            KIND_OF_TYPE.get(rotation_type, DutyKind.CLINICAL),
            min_pgy=level,
            critical=rotation_type in CRITICAL_TYPES,
        )
        for name, rotation_type, level in _SERVICES
    )


def _requirements(start: int, days: int) -> list[Requirement]:
    found: list[Requirement] = []
    for midnight in range(start, start + days * DAY, DAY):
        for row in _STAFFING:
            if weekday_of(midnight) in row.days:
                begin = midnight + row.begins * HOUR
                name = f"need-{len(found) + 1}"
                found.append(Requirement(name, row.service, begin, begin + row.hours * HOUR, row.heads))
    return found


def _absences(start: int) -> list[Absence]:
    """Three weeks each, a third of a year apart; those of one class begin in turn."""
    found: list[Absence] = []
    for year in (1, 2, 3):
        for number in range(1, CLASS + 1):
            for turn in range(_WEEKS_OFF):
                week = (number * 17 // CLASS + turn * 17 + year) % 51
                begin = start + week * _WEEK * DAY
                name = f"leave-{len(found) + 1}"
                found.append(Absence(name, f"R{year}{number:02d}", begin, begin + _WEEK * DAY, AbsenceKind.VACATION))
    return found


def _wishes(roster: Roster, horizon: Interval) -> tuple[Preference, ...]:
    """A day off in every month for every resident, on days spread over the month."""
    residents = [person.id for person in roster.persons if person.is_resident]
    return tuple(
        Preference(person, horizon[0] + ((place * 7) % 28 + block * 28) * DAY, None, "off", 1 + place % 3)
        for place, person in enumerate(residents)
        for block in range((horizon[1] - horizon[0]) // (28 * DAY))
    )
