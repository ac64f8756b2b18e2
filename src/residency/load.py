"""The roster as an operation or a measure reads it: a handful of queries, or a photograph, into one immutable value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select

from residency import schema, stored
from residency.compliance import Judgement, Touched, judge, rejudge
from residency.model import Backup, Change, Duty, PersonStatus, Roster
from residency.schedule import Schedule
from residency.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    from sqlalchemy import Connection

    from rehearse.snapshot.model import Snapshot
    from residency.model import Person
    from residency.rules import Record

    T = TypeVar("T")


@dataclass(frozen=True)
class Book:
    """Everything that decisions are made from.

    Attributes:
        schedule: people, services, duties, absences.
        backups: sorted by person and rank.
        settings: what the set-up settled.
    """

    schedule: Schedule
    backups: tuple[Backup, ...]
    settings: Settings
    known: Judgement | None = None

    @cached_property
    def judgement(self) -> Judgement:
        """What the rules find in it, by whom it is about."""
        return judge(self.schedule, self.settings.rules) if self.known is None else self.known

    @property
    def records(self) -> tuple[Record, ...]:
        """What the rules find in it, sorted."""
        return self.judgement.records

    def person(self, person_id: str) -> Person | None:
        """Somebody, or None."""
        return self.schedule.persons.get(person_id)

    def duty(self, duty_id: str) -> Duty | None:
        """A duty, or None."""
        return self.schedule.duty(duty_id)

    def after(self, change: Change) -> Book:
        """The book after a change, judged anew only where it touches."""
        schedule = self.schedule.with_changes(change)
        touched = Touched.of(schedule, change)
        return replace(self, schedule=schedule, known=rejudge(self.judgement, schedule, touched, self.settings.rules))

    def sketched(self, change: Change) -> Book:
        """The book after a change, which nobody has judged: asking for its records costs a full check."""
        return replace(self, schedule=self.schedule.with_changes(change), known=None)

    def may_be_given_duty(self, person_id: str) -> bool:
        """Whether somebody is known and not inactive."""
        person = self.person(person_id)
        return person is not None and person.status is not PersonStatus.INACTIVE

    def backups_of(self, person_id: str) -> tuple[Backup, ...]:
        """Who steps in for somebody, in order of rank."""
        return tuple(backup for backup in self.backups if backup.person_id == person_id)


def read_book(connection: Connection, settings: Settings) -> Book:
    """Read the roster with one query a table."""
    return _book(lambda table: connection.execute(_QUERIES[table.name]).all(), settings)


def book_of(snapshot: Snapshot, settings: Settings) -> Book:
    """The roster in a photograph."""
    return _book(lambda table: snapshot.tables[table.name].rows.values(), settings)


def rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """All rows of a table as maps, by primary key."""
    return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


def snapshot_rows(snapshot: Snapshot, table: Table) -> list[dict[str, Any]]:
    """All rows of a table in a photograph as maps, by primary key."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in snapshot.tables[table.name].rows.values()]


def read_roster(connection: Connection) -> Roster:
    """Read the roster alone, for those who have to see it before they know the settings."""
    return _roster(lambda table: connection.execute(_QUERIES[table.name]).all())


def _book(read: Callable[[Table], Iterable[stored.RowTuple]], settings: Settings) -> Book:
    backups = sorted(map(stored.backup_of, read(schema.BACKUPS)), key=lambda backup: (backup.person_id, backup.rank))
    return Book(Schedule.of(_roster(read), settings.horizon), tuple(backups), settings)


def _roster(read: Callable[[Table], Iterable[stored.RowTuple]]) -> Roster:
    def values(table: Table, make: Callable[[stored.RowTuple], T]) -> tuple[T, ...]:
        return tuple(make(row) for row in read(table))

    return Roster(
        persons=values(schema.PERSONS, stored.person_of),
        rotations=values(schema.ROTATIONS, stored.rotation_of),
        duties=values(schema.ASSIGNMENTS, stored.duty_of),
        requirements=values(schema.REQUIREMENTS, stored.requirement_of),
        periods=values(schema.ROTATION_PERIODS, stored.rotation_period_of),
        absences=values(schema.ABSENCES, stored.absence_of),
    )


_TABLES = (
    schema.PERSONS,
    schema.ROTATIONS,
    schema.ASSIGNMENTS,
    schema.REQUIREMENTS,
    schema.ROTATION_PERIODS,
    schema.ABSENCES,
    schema.BACKUPS,
)
_QUERIES: Mapping[str, Any] = {table.name: select(table).order_by(table.c.id) for table in _TABLES}
