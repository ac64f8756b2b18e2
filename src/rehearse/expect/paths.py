"""PATHs and patterns: from words to the rows and fields of a state, derived fields included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rehearse.deferred import MissingResultError, reach
from rehearse.domain import Domain, State
from rehearse.errors import RehearseError
from rehearse.expect.comparisons import unlike
from rehearse.values import Value, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.expectation import StatePath
    from rehearse.snapshot.model import Table

Row: TypeAlias = tuple[Value, ...]
Key: TypeAlias = tuple[Value, ...]


class NotThereError(RehearseError):
    """What an expectation looks at is not there: a row, an entry, a part of a value. Such a check fails."""


@dataclass(frozen=True)
class View:
    """A state with the domain's derived fields, as expectations see it."""

    domain: Domain
    state: State

    def table(self, name: str) -> Table:
        """Return a table; KeyError if the state has none of that name."""
        return self.state.snapshot.tables[name]

    def field(self, table: Table, row: Row, name: str) -> Value:
        """Return a stored or derived field of `row`.

        Raises:
            KeyError: If the table has neither.
        """
        derived = self.domain.derived_fields.get(table.name, {}).get(name)
        if derived is None:
            return row[table.position(name)]
        return derived(table.record(row), self.state)

    def rows(self, table: Table, where: Iterable[tuple[str, Value]]) -> tuple[tuple[Key, Row], ...]:
        """Return the rows in which every field of `where` has its value, each with its key, by key. Nothing is tolerated here."""
        conditions = tuple(where)
        found = self._by_key(table, conditions)
        candidates = table.rows.items() if found is None else found
        return tuple((key, row) for key, row in candidates if self._has(table, row, conditions))

    def _by_key(self, table: Table, where: tuple[tuple[str, Value], ...]) -> tuple[tuple[Key, Row], ...] | None:
        """Return the one row that `where` names by its whole key, to spare a look at all of them; None if it does not."""
        named = dict(where)
        names = [table.columns[position].name for position in table.key]
        if not all(isinstance(named.get(name), str) for name in names):
            return None
        key = tuple(named[name] for name in names)
        return (
            ((key, table.rows[key]),) if key in table.rows else None
        )  # else it may be written in another Unicode form

    def _has(self, table: Table, row: Row, where: tuple[tuple[str, Value], ...]) -> bool:
        return all(unlike(value, self.field(table, row, name)) is None for name, value in where)

    def at(self, path: StatePath) -> Value:
        """Return what stands at a PATH.

        Raises:
            NotThereError: If there is no such row, or nothing there below its value.
        """
        table = self.table(path.table)
        if path.row is None or path.field is None:
            return len(self.rows(table, path.where.items()))
        row = row_named(table, path.row)
        if row is None:
            raise NotThereError(f"no such row: `{path.table}` has no `{path.row}`")
        return self._reached(path, self.field(table, row, path.field))

    def _reached(self, path: StatePath, value: Value) -> Value:
        try:
            return reach(value, path.rest, path.text.removesuffix(_tail(path.rest)))
        except MissingResultError as error:
            raise NotThereError(str(error)) from error


def _tail(rest: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def row_named(table: Table, name: str) -> Row | None:
    """Return the row whose primary key is written `name`; the parts of a longer key are joined by ``/``."""
    direct = table.rows.get((name,))
    if direct is not None:
        return direct
    return next((row for key, row in table.rows.items() if key_text(key) == name), None)


def key_text(key: Iterable[Value]) -> str:
    """Return a primary key as reports and PATHs write it."""
    return "/".join(plain(part) for part in key)
