"""A year of sixty residents that no solver made: a template of four weeks, turned from block to block.

Three classes of twenty. A class has twenty *lines* of 28 days; in each block everybody works the line one further on, so that in the end
everybody has seen every service. A line keeps the rules by itself (at most 72 hours a week, a day off in seven), and no line ends with
a night before one that begins in the morning. The roster is clean under `acgme-2025`; whoever measures with it checks that first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from residency.calendar import DAY, HOUR, minute_of, weekday_of
from residency.load import Book
from residency.model import (
    CRITICAL_TYPES,
    Backup,
    Duty,
    DutyKind,
    Person,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationType,
)
from residency.policy import load_policy
from residency.schedule import Schedule
from residency.settings import Settings

FIRST_DAY = date(2025, 6, 30)
YEAR = 364
BLOCK = 28
LINES = 20


@dataclass(frozen=True)
class Line:
    """Four weeks of one service: duties of so many hours from an hour of the day on, but for the weekdays `off` (Monday is 0)."""

    rotation: str
    off: tuple[int, ...]
    start: int = 7
    hours: int = 12


def _days(rotation: str, *off: int) -> tuple[Line, ...]:
    """A line for each free day. No Monday: its day off would begin on the Sunday before, in the block before."""
    return tuple(Line(rotation, (day,)) for day in off)


def _nights(rotation: str, *off: int) -> tuple[Line, ...]:
    """A line for each free day; Sundays are free as well, so that nobody comes from a night into the next block."""
    return tuple(Line(rotation, (day, 6), 19) for day in off)


_WEEKEND = (5, 6)
_EASY = (Line("clinic", _WEEKEND, 8, 9),) * 3 + (Line("elective", _WEEKEND, 8, 9),) * 2
_LINES: dict[int, tuple[Line, ...]] = {
    1: (
        *_days("ward_a", 1, 3, 5, 6),
        *_days("ward_b", 2, 4, 5, 6),
        *_days("ward_c", 1, 2, 3, 4),
        *_nights("ward_night", 1, 2, 4),
    ),
    2: (
        *_days("icu", 1, 3, 5, 6),
        *_days("er", 2, 4, 5, 6),
        *_days("ward_a", 2, 4, 5),
        *_nights("icu_night", 0, 2),
        *_nights("er_night", 1, 3),
    ),
    3: (
        *_days("icu", 2, 4, 5, 6),
        *_days("er", 1, 3, 5, 6),
        *_days("ward_b", 1, 3, 6),
        *_nights("icu_night", 1, 3),
        *_nights("er_night", 0, 2),
    ),
}
_TYPES = {
    "icu": RotationType.ICU,
    "icu_night": RotationType.ICU,
    "er": RotationType.ER,
    "er_night": RotationType.ER,
    "ward_night": RotationType.NIGHT_FLOAT,
    "clinic": RotationType.CLINIC,
    "elective": RotationType.ELECTIVE,
}
_SENIORS_ONLY = ("icu", "icu_night", "er", "er_night")


def year_of_sixty(days: int = YEAR) -> Book:
    """The roster over its first `days` days. A service needs on each weekday as many as its template brings on its thinnest day."""
    people = tuple(f"R{pgy}{number:02d}" for pgy in _LINES for number in range(LINES))
    persons = (Person("PD", Role.PROGRAM_DIRECTOR), *(Person(name, pgy_level=int(name[1])) for name in people))
    names = sorted({line.rotation for lines in _LINES.values() for line in (*lines, *_EASY)})
    duties = tuple(duty for name in people for duty in _duties_of(name, days))
    horizon = (minute_of(FIRST_DAY), minute_of(FIRST_DAY) + days * DAY)
    roster = Roster(persons, tuple(_rotation(name) for name in names), duties, _requirements(duties))
    return Book(Schedule.of(roster, horizon), _backups(people), Settings(load_policy("acgme-2025"), horizon))


def _rotation(name: str) -> Rotation:
    sort = _TYPES.get(name, RotationType.INPATIENT)
    level = 2 if name in _SENIORS_ONLY else 1
    kind = DutyKind.NIGHT_FLOAT if name.endswith("_night") else DutyKind.CLINICAL
    needed = 0 if name == "elective" else 1
    return Rotation(name, name, sort, kind, min_persons=needed, min_pgy=level, critical=sort in CRITICAL_TYPES)


def _duties_of(name: str, days: int) -> list[Duty]:
    pgy, number = int(name[1]), int(name[2:])
    lines = (*_LINES[pgy], *_EASY)
    found: list[Duty] = []
    for day in range(days):
        midnight = minute_of(FIRST_DAY) + day * DAY
        line = lines[(number + day // BLOCK) % LINES]
        if weekday_of(midnight) not in line.off:
            start = midnight + line.start * HOUR
            kind = DutyKind.NIGHT_FLOAT if line.start == 19 else DutyKind.CLINICAL
            found.append(Duty(f"{name}-{day:03d}", name, line.rotation, start, start + line.hours * HOUR, kind))
    return found


def _requirements(duties: tuple[Duty, ...]) -> tuple[Requirement, ...]:
    """On every day that a service runs, as many heads as on its thinnest one; half of them in the clinic, none on electives."""
    heads: dict[tuple[str, int, int], int] = {}
    for duty in duties:
        key = (duty.rotation_id or "", duty.start, duty.end)
        heads[key] = heads.get(key, 0) + 1
    thinnest: dict[str, int] = {}
    for (name, _, _), number in heads.items():
        thinnest[name] = min(number, thinnest.get(name, number))
    thinnest["clinic"] //= 2
    return tuple(
        Requirement(f"{name}:{start}", name, start, end, thinnest[name])
        for name, start, end in sorted(heads)
        if name != "elective"
    )


def _backups(people: tuple[str, ...]) -> tuple[Backup, ...]:
    """Two backups each, of the same class and of higher number, so that there is no circle."""
    found = [
        Backup(f"{name}-{rank}", name, f"R{name[1]}{int(name[2:]) + step:02d}", rank)
        for name in people
        for rank, step in ((1, 7), (2, 13))
        if int(name[2:]) + step < LINES
    ]
    return tuple(sorted(found, key=lambda backup: (backup.person_id, backup.rank)))
