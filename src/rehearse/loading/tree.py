"""The tree of a document: what the author wrote, each piece with its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rehearse.source import Span
from rehearse.values import FrozenMap, Value, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

PlainScalar: TypeAlias = bool | int | Decimal | str | date | datetime | None


class ScalarNode(NamedTuple):
    """A single value, typed by YAML 1.2 and section 1 of the format.

    Attributes:
        value: bool, int, Decimal, date, datetime (without zone, whole minutes), text or None.
        span: Where it stands.
        quoted: True if the author quoted it, so that it was text whatever it looks like.
    """

    value: PlainScalar
    span: Span
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list; `span` marks its first character to the end of that line's item."""

    items: tuple[Node, ...]
    span: Span


class Entry(NamedTuple):
    """One key of a map with its value; `span` marks the key."""

    key: str
    span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map in the order written; keys are unique texts. `span` marks its first key, or the brace of an empty one."""

    entries: tuple[Entry, ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """Return the value of `key`, or None."""
        entry = self.entry(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        """Return the entry of `key`, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def with_entry(self, entry: Entry) -> MapNode:
        """Return a copy in which `entry` replaces the one of its key, or comes last."""
        if self.entry(entry.key) is None:
            return MapNode((*self.entries, entry), self.span)
        return MapNode(tuple(entry if entry.key == old.key else old for old in self.entries), self.span)


@dataclass(frozen=True, slots=True)
class DeferredNode:
    """A text that mentions a result, ``${steps.plan.data.plan_id}``: read when the step starts, or at judgement.

    Attributes:
        text: The text as written, everything but the ``${steps.…}`` placeholders already resolved; a ``$`` that begins
            no placeholder is doubled (`rehearse.loading.expressions.fill` reads it).
        span: Where it stands.
        references: The placeholders' paths in order of appearance, each as its parts: ``("plan", "data", "plan_id")``.
            None at all marks a text that could not be resolved: that has been complained about, and is no new mistake.
    """

    text: str
    span: Span
    references: tuple[tuple[str | int, ...], ...]


Node: TypeAlias = ScalarNode | ListNode | MapNode | DeferredNode


def plain_value(node: Node) -> Value:
    """Return what `node` says without its places; a deferred text stays as written."""
    match node:
        case ScalarNode():
            return node.value
        case ListNode():
            return tuple(plain_value(item) for item in node.items)
        case MapNode():
            return FrozenMap((entry.key, plain_value(entry.value)) for entry in node.entries)
        case DeferredNode():
            return node.text


def node_of(value: Value, span: Span) -> Node:
    """Return `value` as a tree that stands at `span`; a text is one, whatever it looks like."""
    if isinstance(value, FrozenMap):
        return MapNode(tuple(Entry(key, span, node_of(item, span)) for key, item in value.items()), span)
    if isinstance(value, tuple):
        return ListNode(tuple(node_of(item, span) for item in value), span)
    if isinstance(value, (Fraction, float)):
        return ScalarNode(Decimal(plain(value)), span)
    return ScalarNode(value, span, isinstance(value, str))
