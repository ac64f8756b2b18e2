"""How one set-up is laid on another: sections by the id of their rows, constraints as maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode

Strategy: TypeAlias = Literal["deep_merge", "replace", "append"]
Aliases: TypeAlias = Mapping[str, str]
"""Other keys of a field → the field."""

CONSTRAINTS = "constraints"


def merge_setups(base: MapNode, later: MapNode, strategy: Strategy, sections: Mapping[str, Aliases]) -> MapNode:
    """Return `base` with `later` laid on it.

    `sections` names the sections, each with the aliases of its fields: a row that says ``person`` goes before one that says
    ``person_id``. A key that is no section (``database``, ``preconditions``) is replaced.
    """
    merged = base
    for entry in later.entries:
        earlier = merged.get(entry.key)
        if earlier is None:
            merged = merged.with_entry(entry)
        elif entry.key in sections:
            rows = _merged_rows(earlier, entry.value, strategy, sections[entry.key])
            merged = merged.with_entry(entry._replace(value=rows))
        elif entry.key == CONSTRAINTS and strategy != "replace":
            merged = merged.with_entry(entry._replace(value=merge_maps(earlier, entry.value, {})))
        else:
            merged = merged.with_entry(entry)
    return merged


def merge_maps(base: Node, later: Node, aliases: Aliases) -> Node:
    """Return `base` with `later` laid on it: maps field by field, everything else replaced."""
    if not isinstance(base, MapNode) or not isinstance(later, MapNode):
        return later
    merged = _by_field(base, aliases)
    for field, entries in _by_field(later, aliases).items():
        earlier = merged.get(field)
        merged[field] = [_laid_on(earlier[-1], entry) for entry in entries] if earlier else entries
    return MapNode(tuple(entry for entries in merged.values() for entry in entries), later.span)


def _laid_on(earlier: Entry, entry: Entry) -> Entry:
    return entry._replace(value=merge_maps(earlier.value, entry.value, {}))


def _by_field(node: MapNode, aliases: Aliases) -> dict[str, list[Entry]]:
    """Return the entries by the field that they mean; two of one field stay beside each other, for their reader to refuse."""
    found: dict[str, list[Entry]] = {}
    for entry in node.entries:
        found.setdefault(aliases.get(entry.key, entry.key), []).append(entry)
    return found


def _merged_rows(base: Node, later: Node, strategy: Strategy, aliases: Aliases) -> Node:
    if strategy == "replace" or not isinstance(base, ListNode) or not isinstance(later, ListNode):
        return later
    if strategy == "append":
        return ListNode((*base.items, *later.items), later.span)
    rows = list(base.items)
    places: dict[str, int] = {}
    for place, row in enumerate(base.items):
        if (name := _id(row)) is not None:
            places.setdefault(name, place)
    for row in later.items:
        name = _id(row)
        earlier = places.pop(name, None) if name is not None else None  # a second row of this id is a row of its own
        if earlier is None:
            rows.append(row)
        else:
            rows[earlier] = merge_maps(rows[earlier], row, aliases)
    return ListNode(tuple(rows), later.span)


def _id(row: Node) -> str | None:
    found = row.get("id") if isinstance(row, MapNode) else None
    return found.value if isinstance(found, ScalarNode) and isinstance(found.value, str) else None
