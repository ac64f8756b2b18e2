"""What changed between two photographs: a table that both share costs nothing, any other one pass over its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.snapshot.model import Diff, RowChange, Snapshot, Table
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Collection

Row: TypeAlias = tuple[Value, ...]
Key: TypeAlias = tuple[Value, ...]
Kind: TypeAlias = Literal["insert", "update", "delete"]


def difference(before: Snapshot, after: Snapshot) -> Diff:
    """Return every row that differs; only tables with a change are named, in the order of the schema."""
    changes: dict[str, tuple[RowChange, ...]] = {}
    for name in dict.fromkeys((*after.tables, *before.tables)):
        found = _table_changes(before.tables.get(name), after.tables.get(name))
        if found:
            changes[name] = found
    columns = {name: _columns(after.tables.get(name) or before.tables[name]) for name in changes}
    return Diff(changes, columns)


def applied(before: Snapshot, diff: Diff) -> Snapshot:
    """Return `before` with every change of `diff` made: its tables are those of the snapshot that `diff` was taken to."""
    tables = dict(before.tables)
    for name, changes in diff.changes.items():
        rows = dict(tables[name].rows)
        for change in changes:
            if change.after is None:
                del rows[change.key]
            else:
                rows[change.key] = change.after
        tables[name] = replace(tables[name], rows={key: rows[key] for key in in_order(rows)})
    return replace(before, tables=tables)


def identical(first: Value, second: Value) -> bool:
    """Return whether two values are equal and of the same type throughout: true is not 1, though Python calls them equal."""
    if first is second:
        return True
    if first != second or isinstance(first, bool) != isinstance(second, bool):
        return False
    if isinstance(first, tuple) and isinstance(second, tuple):
        return all(map(identical, first, second))
    if isinstance(first, FrozenMap) and isinstance(second, FrozenMap):
        return all(identical(value, second[key]) for key, value in first.items())
    return True


def in_order(keys: Collection[Key]) -> list[Key]:
    """Return primary keys in their order, the same whatever order they came in: by value, or by type first where these do not compare."""
    try:
        return sorted(keys)
    except TypeError:
        return sorted(keys, key=_by_type_first)


def _by_type_first(key: Key) -> tuple[tuple[str, object], ...]:
    return tuple((type(part).__name__, part) for part in key)


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _table_changes(before: Table | None, after: Table | None) -> tuple[RowChange, ...]:
    old = before.rows if before else {}
    new = after.rows if after else {}
    table = after or before
    if old is new or table is None:
        return ()
    json = [position for position, column in enumerate(table.columns) if column.kind == "json"]
    kinds: dict[Key, Kind] = {}
    for key, row in new.items():
        was = old.get(key)
        if was is None:
            kinds[key] = "insert"
        elif was != row or any(not identical(was[position], row[position]) for position in json):
            kinds[key] = "update"
    if len(old) + sum(kind == "insert" for kind in kinds.values()) > len(new):
        kinds.update(dict.fromkeys(old.keys() - new.keys(), "delete"))
    return tuple(_change(table, key, kinds[key], old.get(key), new.get(key)) for key in in_order(kinds))


def _change(table: Table, key: Key, kind: Kind, before: Row | None, after: Row | None) -> RowChange:
    changed: tuple[str, ...] = ()
    if before is not None and after is not None:
        cells = zip(_columns(table), before, after, strict=True)
        changed = tuple(name for name, was, now in cells if not identical(was, now))
    return RowChange(table.name, key, kind, before, after, changed)
