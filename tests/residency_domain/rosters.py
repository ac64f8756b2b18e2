"""Small rosters in few words, for tests of decisions that need no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from residency.calendar import DAY, HOUR, minute_of
from residency.load import Book
from residency.model import (
    CRITICAL_TYPES,
    KIND_OF_TYPE,
    Absence,
    AbsenceKind,
    Backup,
    Duty,
    DutyKind,
    Holiday,
    LeaveRequest,
    Person,
    RequestStatus,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationType,
)
from residency.policy import load_policy
from residency.schedule import Schedule, implied_requirements
from residency.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BLOCK = (date(2024, 12, 2), date(2024, 12, 29))


def at(text: str) -> int:
    """Return the minute of ``12-25 07:00``, in December 2024."""
    day, _, clock = text.partition(" ")
    return minute_of(datetime.fromisoformat(f"2024-{day}T{clock or '00:00'}"))


class World:
    """A roster that is written down bit by bit."""

    def __init__(
        self, *, rules: str = "acgme-2025", horizon: tuple[date, date] = BLOCK, policy: dict[str, object] | None = None
    ) -> None:
        self.settings = Settings(load_policy(rules, policy), (minute_of(horizon[0]), minute_of(horizon[1]) + DAY))
        self.persons: list[Person] = [Person("PD", Role.PROGRAM_DIRECTOR)]
        self.rotations: list[Rotation] = [Rotation("base", min_persons=0)]
        self.duties: list[Duty] = []
        self.absences: list[Absence] = []
        self.requirements: list[Requirement] = []
        self.backups: list[Backup] = []
        self.requests: list[LeaveRequest] = []
        self.holidays: list[Holiday] = []
        self._numbers = count(1)

    def residents(self, *names: str, pgy: int = 2, skills: Iterable[str] = ()) -> World:
        """Add residents."""
        self.persons += [
            Person(name, pgy_level=pgy, qualifications=frozenset(skills), may_moonlight=pgy > 1) for name in names
        ]
        return self

    def faculty(self, *names: str) -> World:
        """Add faculty, who supervise."""
        self.persons += [Person(name, Role.FACULTY, can_supervise=True) for name in names]
        return self

    def rotation(self, name: str, sort: str = "", **more: Any) -> World:
        """Add a service; its type is `sort`, else its name where that is one, else other."""
        kind = sort or (name if name in set(RotationType) else "other")
        rotation_type = RotationType(kind)
        rotation = Rotation(
            name,
            rotation_type=rotation_type,
            kind=KIND_OF_TYPE.get(rotation_type, DutyKind.CLINICAL),
            critical=rotation_type in CRITICAL_TYPES,
        )
        self.rotations.append(replace(rotation, **more))
        return self

    def duty(self, person: str, rotation: str, start: str, end: str, *, name: str = "", **more: Any) -> World:
        """Add a duty from ``12-25 07:00`` to ``12-25 19:00``; an end without a day is on the start's, or the next."""
        begin = at(start)
        stop = at(end) if "-" in end else begin - begin % DAY + _clock(end)
        stop += DAY if stop <= begin else 0
        identity = name or f"{rotation}-{person}-{next(self._numbers)}"
        kind = next((item.kind for item in self.rotations if item.id == rotation), DutyKind.CLINICAL)
        self.duties.append(replace(Duty(identity, person, rotation, begin, stop, kind), **more))
        return self

    def weekly(
        self,
        person: str,
        start: str,
        end: str,
        *,
        days: str = "01234",
        rotation: str = "base",
        without: str = "",
        **span: date,
    ) -> World:
        """Add a duty at the same time on the weekdays `days` (Monday is 0), but for the dates `without`."""
        first, last = span.get("first", BLOCK[0]), span.get("last", BLOCK[1])
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            if str(day.weekday()) in days and f"{day:%m-%d}" not in without.split():
                self.duty(person, rotation, f"{day:%m-%d} {start}", end)
        return self

    def away(self, person: str, start: str, end: str, kind: AbsenceKind = AbsenceKind.ILLNESS) -> World:
        """Add an approved absence."""
        self.absences.append(Absence(f"absence-{next(self._numbers)}", person, at(start), at(end), kind))
        return self

    def backs(
        self, backup: str, person: str, rank: int = 1, *, start: str = "", end: str = "", capacity: int | None = None
    ) -> World:
        """Say that `backup` steps in for `person`."""
        dates = (at(start) if start else None, at(end) if end else None)
        self.backups.append(Backup(f"backup-{next(self._numbers)}", person, backup, rank, *dates, capacity=capacity))
        return self

    def requirement(self, rotation: str, start: str, end: str, heads: int = 1) -> World:
        """Add a requirement of residents."""
        self.requirements.append(Requirement(f"requirement-{next(self._numbers)}", rotation, at(start), at(end), heads))
        return self

    def asks(
        self,
        person: str,
        start: str,
        end: str,
        *,
        name: str = "",
        status: RequestStatus = RequestStatus.PENDING,
        kind: AbsenceKind = AbsenceKind.VACATION,
    ) -> World:
        """Add a request for leave; an approved one makes the absence too."""
        identity = name or f"lv-{person.lower()}"
        self.requests.append(LeaveRequest(identity, person, at(start), at(end), at("12-01"), kind, status))
        if status is RequestStatus.APPROVED:
            self.absences.append(Absence(identity, person, at(start), at(end), kind))
        return self

    def holiday(self, day: str, *worked_by: str, major: bool = True) -> World:
        """Add a holiday, and who worked it."""
        self.holidays.append(Holiday(at(day), f"the {day}", major, worked_by))
        return self

    def roster(self) -> Roster:
        """Return what was written; rotations without requirements need their people whenever the roster has a resident on them."""
        roster = Roster(
            tuple(self.persons),
            tuple(self.rotations),
            tuple(self.duties),
            tuple(self.requirements),
            (),
            tuple(self.absences),
        )
        return replace(roster, requirements=(*roster.requirements, *implied_requirements(roster)))

    def book(self) -> Book:
        """Return it as decisions read it."""
        backups = tuple(sorted(self.backups, key=lambda backup: (backup.person_id, backup.rank)))
        return Book(Schedule.of(self.roster(), self.settings.horizon), backups, self.settings)


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes)


def counted_ids(prefix: str = "new") -> Callable[[str], str]:
    """Return a function that counts ids as a session does."""
    numbers = count(1)
    return lambda _: f"{prefix}:{next(numbers)}"
