"""``changes``: what happened to rows, and whether anything else may have happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rehearse.errors import did_you_mean
from rehearse.expectation import ChangeEntry, Changes, Deferred, FromTo
from rehearse.loading.specs import read_plain
from rehearse.loading.spot import Missing, Spot
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.values import Value

if TYPE_CHECKING:
    from rehearse.loading.names import Names
    from rehearse.loading.vocabulary import StoredTable
    from rehearse.source import Span

_KINDS: tuple[Literal["update", "insert", "delete"], ...] = ("update", "insert", "delete")
_OWN_KEYS = frozenset({"count", *_KINDS})


def read_changes(node: Node, names: Names, spot: Spot) -> Changes | None:
    """Read ``changes``: the word ``none``, or a map. None after a complaint that leaves nothing of it."""
    if isinstance(node, ScalarNode) and node.value == "none":
        return Changes(none=True, span=node.span)
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a map", remedy="write `none`, or tables with their changes")
        return None
    only = _flag(node, "only", spot)
    exempt = _exempt(node, names, spot)
    if exempt and not only:
        spot.note("conflict", "`except` does nothing without `only: true`", span=spot.span)
    entries: list[ChangeEntry] = []
    listed = []
    for entry in node:
        if entry.key in {"only", "except"}:
            continue
        table = names.vocabulary.tables.get(entry.key)
        below = spot.down(entry.key, entry.span)
        if table is None:
            remedy = did_you_mean(entry.key, (*names.vocabulary.tables, "only", "except"))
            below.complain("unknown-key", f"`{entry.key}` is no table", remedy=remedy)
            continue
        listed.append(table.name)
        entries += _entries(entry.value, table, below)
    if not only and not listed:
        spot.complain("empty", "`changes` says nothing", remedy="write `changes: none`, or tables with their changes")
    return Changes(tuple(entries), only=only, exempt=exempt, span=spot.span, listed=tuple(listed))


def _flag(node: MapNode, key: str, spot: Spot) -> bool:
    entry = node.entry(key)
    value = read_plain(entry.value, "bool", spot.down(key, entry.span)) if entry else False
    return value is True


def _exempt(node: MapNode, names: Names, spot: Spot) -> tuple[str, ...]:
    entry = node.entry("except")
    if entry is None:
        return ()
    below = spot.down("except", entry.span)
    if not isinstance(entry.value, ListNode):
        below.wrong_type(entry.value, "a list")
        return ()
    found = []
    for index, item in enumerate(entry.value.items):
        name = read_plain(item, "text", below.down(index, item.span))
        if isinstance(name, str) and name in names.vocabulary.tables:
            found.append(name)
        elif isinstance(name, str):
            remedy = did_you_mean(name, names.vocabulary.tables)
            below.complain("unknown-name", f"there is no table `{name}`", span=item.span, remedy=remedy)
    return tuple(found)


def _entries(node: Node, table: StoredTable, spot: Spot) -> list[ChangeEntry]:
    if not isinstance(node, ListNode):
        spot.wrong_type(node, "a list")
        return []
    found = []
    for index, item in enumerate(node.items):
        below = spot.down(index, item.span)
        if not isinstance(item, MapNode):
            below.wrong_type(item, "a map")
            continue
        entry = _EntryReader(table, below).read(item, f"changes.{table.name}[{index}]")
        if entry is not None:
            found.append(entry)
    return found


@dataclass(frozen=True)
class _Row:
    """Which row an entry means: its id, or fields that it has."""

    row: str | Deferred | None = None
    where: tuple[tuple[str, Value | Deferred], ...] = ()


class _EntryReader:
    """Reads one entry of one table."""

    def __init__(self, table: StoredTable, spot: Spot) -> None:
        self._table = table
        self._spot = spot
        self._failed = False

    def read(self, node: MapNode, key: str) -> ChangeEntry | None:
        """Return the entry, or None after a complaint."""
        written = [entry for entry in node if entry.key in _KINDS]
        if len(written) != 1:
            self._not_one_kind(written, node.span)
            return None
        kind = _KINDS[_KINDS.index(written[0].key)]
        row = self._row(written[0], kind)
        changes = self._changes(node, kind)
        count = self._count(node, kind)
        if self._failed:
            return None
        return ChangeEntry(
            key=key,
            category="state",
            span=node.span,
            table=self._table.name,
            kind=kind,
            row=row.row,
            where=row.where,
            changes=changes,
            count=count,
        )

    def _not_one_kind(self, written: list[Entry], span: Span) -> None:
        if written:
            keys = " and ".join(f"`{entry.key}`" for entry in written)
            self._spot.complain(
                "conflict", f"one entry has {keys}", span=written[1].span, remedy="write an entry for each"
            )
        else:
            self._spot.complain("missing-key", "a change needs `update`, `insert` or `delete`", span=span)

    def _row(self, entry: Entry, kind: str) -> _Row:
        below = self._spot.down(entry.key, entry.span)
        if kind == "update" or (kind == "delete" and not isinstance(entry.value, MapNode)):
            return _Row(row=self._id(entry.value, below))
        if not isinstance(entry.value, MapNode):
            self._failed = True
            below.wrong_type(entry.value, "a map", remedy="write the fields of the row")
            return _Row()
        pairs = (self._field(item, below) for item in entry.value)
        return _Row(where=tuple(pair for pair in pairs if pair is not None))

    def _id(self, node: Node, spot: Spot) -> str | Deferred | None:
        value = read_plain(node, "text", spot)
        if isinstance(value, str | Deferred):
            return value
        if value is None:
            spot.wrong_type(node, "text")
        self._failed = True
        return None

    def _field(self, entry: Entry, spot: Spot) -> tuple[str, Value | Deferred] | None:
        name = self._name(entry, spot)
        if name is None:
            return None
        value = read_plain(entry.value, self._table.kind(name), spot.down(entry.key, entry.span))
        if isinstance(value, Missing):
            self._failed = True
            return None
        return name, value

    def _name(self, entry: Entry, spot: Spot) -> str | None:
        name = self._table.field(entry.key)
        if name in self._table.columns:
            return name
        below = spot.down(entry.key, entry.span)
        stored = ", ".join(self._table.columns)
        if name is None:
            remedy = did_you_mean(entry.key, self._table.columns)
            below.complain("unknown-key", f"`{self._table.name}` has no field `{entry.key}`", remedy=remedy)
        else:
            below.complain(
                "not-allowed", f"`{name}` is derived, and changes name stored fields", remedy=f"allowed: {stored}"
            )
        self._failed = True
        return None

    def _changes(self, node: MapNode, kind: str) -> tuple[FromTo, ...]:
        found = []
        for entry in node:
            if entry.key in _OWN_KEYS:
                continue
            if kind != "update":
                below = self._spot.down(entry.key, entry.span)
                below.complain(
                    "unknown-key", f"`{entry.key}` stands beside `{kind}`", remedy=f"write it inside `{kind}: {{…}}`"
                )
                self._failed = True
                continue
            found += self._change(entry)
        return tuple(found)

    def _change(self, entry: Entry) -> list[FromTo]:
        name = self._name(entry, self._spot)
        if name is None:
            return []
        below = self._spot.down(entry.key, entry.span)
        kind = self._table.kind(name)
        if not isinstance(entry.value, MapNode) or (kind == "any" and not _is_from_to(entry.value)):
            value = read_plain(entry.value, kind, below)
            self._failed |= isinstance(value, Missing)
            return [] if isinstance(value, Missing) else [FromTo(name, value)]
        return self._from_to(name, entry.value, below)

    def _from_to(self, name: str, node: MapNode, spot: Spot) -> list[FromTo]:
        read: dict[str, Value | Deferred] = {}
        for item in node:
            below = spot.down(item.key, item.span)
            if item.key not in {"from", "to"}:
                below.complain(
                    "unknown-key", f"`{item.key}` is not a key of {spot.label}", remedy="write `{from: …, to: …}`"
                )
                self._failed = True
                continue
            value = read_plain(item.value, self._table.kind(name), below)
            self._failed |= isinstance(value, Missing)
            if not isinstance(value, Missing):
                read[item.key] = value
        if node.get("to") is None:
            spot.down("to", spot.span).complain("missing-key", f"{spot.label} needs `to`")
            self._failed = True
        return [FromTo(name, read.get("to"), read.get("from"), has_old="from" in read)]

    def _count(self, node: MapNode, kind: str) -> int:
        entry = node.entry("count")
        if entry is None:
            return 1
        below = self._spot.down("count", entry.span)
        value = entry.value.value if isinstance(entry.value, ScalarNode) else None
        if type(value) is not int:
            below.wrong_type(entry.value, "an int")
        elif value < 0 or (kind == "update" and value > 1):
            allowed = "0 or 1, as one row has that id" if kind == "update" else "0 or more"
            below.complain("bad-value", f"`count` is {value}", span=entry.value.span, remedy=f"allowed: {allowed}")
        else:
            return value
        self._failed = True
        return 1


def _is_from_to(node: MapNode) -> bool:
    return {"to"} <= {entry.key for entry in node} <= {"from", "to"}
