"""Snapshots and differences ↔ canonical JSON: equal content gives the same bytes, and reading them back gives the same content.

A snapshot reads as the seed shows it: ``database_state`` with a row object for each row, and what the domain adds beside it. ``columns`` says
what type each field has, ``types`` the same for single values elsewhere.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rehearse.snapshot.columns import decimal
from rehearse.snapshot.encoding import Marks, below, decode, dump, encode, load, moment_text, number
from rehearse.snapshot.model import Column, ColumnKind, Diff, RowChange, Snapshot, Table
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OWN_KEYS = ("snapshot_id", "scenario_id", "snapshot_type", "timestamp", "database_state", "columns", "types")
_WRITE: Mapping[ColumnKind, Callable[[Any], object]] = {
    "date": date.isoformat,
    "moment": moment_text,
    "number": lambda value: value if isinstance(value, str) else number(value),
}
_READ: Mapping[ColumnKind, Callable[[Any], Value]] = {
    "date": date.fromisoformat,
    "moment": datetime.fromisoformat,
    "number": decimal,
}


# ── snapshots ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def to_json(snapshot: Snapshot) -> bytes:
    """Return `snapshot` as canonical JSON.

    Raises:
        ValueError: If an extra has the name of one of the snapshot's own keys.
    """
    taken = [name for name in snapshot.extras if name in _OWN_KEYS]
    if taken:
        raise ValueError(
            f"a snapshot has a key `{taken[0]}` of its own, so nothing that a domain adds can be called that"
        )
    marks: Marks = {}
    data: dict[str, object] = {
        "snapshot_id": snapshot.id,
        "scenario_id": snapshot.scenario_id,
        "snapshot_type": snapshot.snapshot_type,
        "timestamp": moment_text(snapshot.timestamp),
        "database_state": {name: _row_objects(table, marks) for name, table in snapshot.tables.items()},
    }
    for name in sorted(snapshot.extras):
        data[name] = encode(snapshot.extras[name], marks, below("", name))
    data["columns"] = [_header(table) for table in snapshot.tables.values()]
    data["types"] = marks
    return dump(data)


def from_json(data: bytes) -> Snapshot:
    """Read what `to_json` wrote.

    Raises:
        ValueError: If it is anything else.
    """
    try:
        read = load(data)
        types = read["types"]
        tables = {
            header["table"]: _table(header, read["database_state"][header["table"]], types)
            for header in read["columns"]
        }
        extras = {name: decode(item, types, below("", name)) for name, item in read.items() if name not in _OWN_KEYS}
        return Snapshot(
            read["snapshot_id"],
            read["scenario_id"],
            read["snapshot_type"],
            datetime.fromisoformat(read["timestamp"]),
            tables,
            FrozenMap(extras),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no snapshot: {error!r}") from error


def cells(table: Table, marks: Marks, place: str) -> list[list[Any]]:
    """Return the rows of `table` by key, in terms of JSON, column by column converted."""
    if not table.rows:
        return []
    columns: list[Sequence[Any]] = list(zip(*table.rows.values(), strict=True))
    for position, column in enumerate(table.columns):
        if column.kind == "json":
            columns[position] = [
                encode(value, marks, below(below(place, row), column.name))
                for row, value in enumerate(columns[position])
            ]
        elif column.kind in _WRITE:
            write, values = _WRITE[column.kind], columns[position]
            written = {value: None if value is None else write(value) for value in set(values)}
            columns[position] = list(map(written.__getitem__, values))
    return list(map(list, zip(*columns, strict=True)))


def _row_objects(table: Table, marks: Marks) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    place = below(below("", "database_state"), table.name)
    return [dict(zip(names, row, strict=True)) for row in cells(table, marks, place)]


def _header(table: Table) -> dict[str, object]:
    return {
        "table": table.name,
        "key": [table.columns[position].name for position in table.key],
        "columns": {column.name: column.kind for column in table.columns},
    }


def _table(header: Mapping[str, Any], objects: list[dict[str, Any]], types: Mapping[str, str]) -> Table:
    names: Mapping[str, ColumnKind] = header["columns"]
    columns = tuple(_column(name, kind) for name, kind in names.items())
    key = tuple(list(names).index(name) for name in header["key"])
    place = below(below("", "database_state"), header["table"])
    read: list[Sequence[Value]] = []
    for column in columns:
        values = list(map(itemgetter(column.name), objects))
        read.append(_read_column(column, values, types, place))
    rows = list(zip(*read, strict=True))
    return Table(header["table"], columns, key, {tuple(row[position] for position in key): row for row in rows})


def _read_column(column: Column, values: list[Any], types: Mapping[str, str], place: str) -> list[Value]:
    if column.kind == "json":
        return [decode(value, types, below(below(place, row), column.name)) for row, value in enumerate(values)]
    convert = _READ.get(column.kind)
    if convert is None:
        return values
    read = {value: None if value is None else convert(value) for value in set(values)}
    return list(map(read.__getitem__, values))


@cache
def _column(name: str, kind: ColumnKind) -> Column:
    return Column(name, kind)


# ── differences ────────────────────────────────────────────────────────────────────────────────────────────────────────


def diff_to_json(diff: Diff) -> bytes:
    """Return `diff` as canonical JSON, every row as an object."""
    marks: Marks = {}
    changes = {}
    for table, rows in diff.changes.items():
        place = below(below("", "changes"), table)
        names = diff.columns[table]
        changes[table] = [
            _change_object(change, names, marks, below(place, index)) for index, change in enumerate(rows)
        ]
    columns = {table: list(names) for table, names in diff.columns.items()}
    return dump({"changes": changes, "columns": columns, "types": marks})


def diff_from_json(data: bytes) -> Diff:
    """Read what `diff_to_json` wrote.

    Raises:
        ValueError: If it is anything else.
    """
    try:
        read = load(data)
        changes = {}
        for table, rows in read["changes"].items():
            place = below(below("", "changes"), table)
            found = (_change(table, row, read["types"], below(place, index)) for index, row in enumerate(rows))
            changes[table] = tuple(found)
        return Diff(changes, {table: tuple(names) for table, names in read["columns"].items()})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no difference: {error!r}") from error


def _change_object(change: RowChange, names: tuple[str, ...], marks: Marks, place: str) -> dict[str, object]:
    def row(side: str, values: tuple[Value, ...] | None) -> dict[str, object] | None:
        if values is None:
            return None
        beneath = below(place, side)
        return {name: encode(value, marks, below(beneath, name)) for name, value in zip(names, values, strict=True)}

    return {
        "kind": change.kind,
        "key": encode(change.key, marks, below(place, "key")),
        "changed": list(change.changed),
        "before": row("before", change.before),
        "after": row("after", change.after),
    }


def _change(table: str, data: dict[str, Any], types: Mapping[str, str], place: str) -> RowChange:
    def row(side: str) -> tuple[Value, ...] | None:
        if data[side] is None:
            return None
        beneath = below(place, side)
        return tuple(decode(value, types, below(beneath, name)) for name, value in data[side].items())

    key = tuple(decode(part, types, below(below(place, "key"), index)) for index, part in enumerate(data["key"]))
    return RowChange(table, key, data["kind"], row("before"), row("after"), tuple(data["changed"]))
