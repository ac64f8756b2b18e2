"""A photograph of a database, and the difference of two: frozen, ordered, the same on every database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rehearse.values import EMPTY_MAP, FrozenMap, Value

ColumnKind = Literal["text", "int", "bool", "number", "date", "moment", "json"]


@dataclass(frozen=True)
class Column:
    """A column with the kind of its values."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True)
class Table:
    """The rows of one table, ordered by primary key.

    Attributes:
        name: The table's name.
        columns: Its columns in the order of the schema.
        key: The positions of the primary key's columns.
        rows: Key → the whole row as a tuple in column order. Values: text, int, bool, Decimal, date, datetime, None, or (json) tuple/FrozenMap.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    rows: Mapping[tuple[Value, ...], tuple[Value, ...]]

    def position(self, column: str) -> int:
        """Return the place of `column` in a row; KeyError if there is none."""
        for index, candidate in enumerate(self.columns):
            if candidate.name == column:
                return index
        raise KeyError(column)

    def record(self, row: tuple[Value, ...]) -> FrozenMap:
        """Return `row` as a map of column name to value."""
        return FrozenMap(zip((column.name for column in self.columns), row, strict=True))


@dataclass(frozen=True)
class Snapshot:
    """The state of a database at one moment of a run.

    Attributes:
        id: ``<scenario id>-pre`` and the like: counted, not drawn.
        scenario_id: Whose.
        snapshot_type: ``pre_execution``, ``post_execution`` or ``after:<step>``.
        timestamp: The scenario's clock, never the wall's.
        tables: Table name → its rows, in the order of the schema.
        extras: What the domain adds (compliance_status, coverage_stats), by name.
    """

    id: str
    scenario_id: str
    snapshot_type: str
    timestamp: datetime
    tables: Mapping[str, Table]
    extras: FrozenMap = EMPTY_MAP


@dataclass(frozen=True)
class RowChange:
    """One row that differs.

    Attributes:
        table: Its table.
        key: Its primary key.
        kind: ``insert``, ``update`` or ``delete``.
        before: The whole row before, None for an insert.
        after: The whole row after, None for a delete.
        changed: Names of the columns that differ; empty for insert and delete.
    """

    table: str
    key: tuple[Value, ...]
    kind: Literal["insert", "update", "delete"]
    before: tuple[Value, ...] | None
    after: tuple[Value, ...] | None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diff:
    """What changed, table by table in schema order, each table's rows by key.

    `columns` gives the column names of every table named, so that a change can be read without its snapshot.
    """

    changes: Mapping[str, tuple[RowChange, ...]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, kind: str | None = None) -> int:
        """Return how many rows changed, of one kind or of all."""
        return sum(1 for rows in self.changes.values() for row in rows if kind is None or row.kind == kind)
