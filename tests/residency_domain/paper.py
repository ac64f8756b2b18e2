"""A roster on paper: rows in memory that decisions change just as the journal would change a database."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from residency import schema, stored
from residency.load import Book
from residency.model import Roster
from residency.schedule import Schedule
from residency.stored import row_to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.decisions import Decision

    from .rosters import World

#: What a swap that is undone must leave exactly as it was.
RESTORED = (schema.PERSONS.name, schema.ASSIGNMENTS.name, schema.ABSENCES.name, schema.EQUITY_LEDGER.name)


class Paper:
    """The rows of a world by table and id."""

    def __init__(self, world: World) -> None:
        roster = world.roster()
        self._settings = world.settings
        self._backups = tuple(sorted(world.backups, key=lambda backup: (backup.person_id, backup.rank)))
        self._requirements = roster.requirements
        self._rotations = roster.rotations
        self.rows: dict[str, dict[str, dict[str, Any]]] = {
            schema.PERSONS.name: _by_id(map(stored.person_row, roster.persons)),
            schema.ASSIGNMENTS.name: _by_id(map(stored.duty_row, roster.duties)),
            schema.ABSENCES.name: _by_id(map(stored.absence_row, roster.absences)),
            schema.EQUITY_LEDGER.name: {},
            schema.SWAPS.name: {},
        }
        self._book: Book | None = None

    def book(self) -> Book:
        """The roster as an operation would read it from these rows."""
        if self._book is None:
            roster = Roster(
                persons=tuple(stored.person_of(row) for row in self._ordered(schema.PERSONS.name)),
                rotations=self._rotations,
                duties=tuple(stored.duty_of(row) for row in self._ordered(schema.ASSIGNMENTS.name)),
                requirements=self._requirements,
                absences=tuple(stored.absence_of(row) for row in self._ordered(schema.ABSENCES.name)),
            )
            self._book = Book(Schedule.of(roster, self._settings.horizon), self._backups, self._settings)
        return self._book

    def _ordered(self, table: str) -> list[list[Any]]:
        names = [column.name for column in schema.METADATA.tables[table].columns]
        return [[row[name] for name in names] for _, row in sorted(self.rows[table].items())]

    def swap(self, swap_id: str) -> dict[str, Any]:
        """A stored swap as it comes back from a database: its JSON columns went through text."""
        row = self.rows[schema.SWAPS.name][swap_id]
        return {name: _from_text(value) for name, value in row.items()}

    def write(self, decision: Decision) -> None:
        """Do what a decision says; a row must be what the decision took it for."""
        for write in decision.writes if decision.outcome == "done" else ():
            rows = self.rows[write.table]
            assert row_to_plain(rows.get(write.id)) == row_to_plain(write.before)
            if write.after is None:
                del rows[write.id]
            else:
                rows[write.id] = dict(write.after)
            if write.table != schema.SWAPS.name:
                self._book = None

    def fingerprint(self) -> str:
        """SHA-256 of people, duties, absences and the ledger, field by field."""
        told = [sorted((name, *row.items()) for name, row in self.rows[table].items()) for table in RESTORED]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def _by_id(rows: Iterable[stored.StoredRow]) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): dict(row) for row in rows}


def _from_text(value: Any) -> Any:
    return json.loads(json.dumps(value)) if isinstance(value, (list, dict)) else value
