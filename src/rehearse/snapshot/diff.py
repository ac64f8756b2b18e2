"""What changed between two photographs: a table that both share costs nothing, any other one pass over its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.snapshot.model import Diff, RowChange, Snapshot, Table
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

Row: TypeAlias = tuple[Value, ...]
Key: TypeAlias = tuple[Value, ...]


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
        tables[name] = replace(tables[name], rows=dict(sorted(rows.items(), key=lambda item: key_order(item[0]))))
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


def key_order(key: Key) -> tuple[tuple[str, object], ...]:
    """Return the sort key of a primary key: by value, and by type first, so that any two can be compared."""
    return tuple((type(part).__name__, part) for part in key)


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _table_changes(before: Table | None, after: Table | None) -> tuple[RowChange, ...]:
    old = before.rows if before else {}
    new = after.rows if after else {}
    table = after or before
    if old is new or table is None:
        return ()
    if not any(column.kind == "json" for column in table.columns):
        updated = [key for key, row in new.items() if key in old and old[key] != row]
    else:
        updated = [key for key, row in new.items() if key in old and not identical(old[key], row)]
    kinds: dict[Key, Literal["insert", "update", "delete"]] = dict.fromkeys(updated, "update")
    kinds.update(dict.fromkeys(new.keys() - old.keys(), "insert"))
    kinds.update(dict.fromkeys(old.keys() - new.keys(), "delete"))
    names = _columns(table)
    return tuple(_change(table.name, key, kinds[key], old, new, names) for key in sorted(kinds, key=key_order))


def _change(
    table: str,
    key: Key,
    kind: Literal["insert", "update", "delete"],
    old: Mapping[Key, Row],
    new: Mapping[Key, Row],
    names: tuple[str, ...],
) -> RowChange:
    before, after = old.get(key), new.get(key)
    changed: tuple[str, ...] = ()
    if before is not None and after is not None:
        changed = tuple(name for name, was, now in zip(names, before, after, strict=True) if not identical(was, now))
    return RowChange(table, key, kind, before, after, changed)
