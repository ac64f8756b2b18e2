"""Texts of a tree that wait for the result of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.expectation import Deferred
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode, plain_value
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterator


def deferred_nodes(node: Node) -> Iterator[DeferredNode]:
    """Yield every text in `node` that waits for a result or could not be resolved, in the order written."""
    match node:
        case DeferredNode():
            yield node
        case ListNode():
            for item in node.items:
                yield from deferred_nodes(item)
        case MapNode():
            for entry in node.entries:
                yield from deferred_nodes(entry.value)
        case _:
            return


def first_deferred(node: Node) -> DeferredNode | None:
    """Return the first such text, or None."""
    return None if isinstance(node, ScalarNode) else next(deferred_nodes(node), None)


def keep_deferred(node: Node) -> Value | Deferred:
    """Return what `node` says, with a `Deferred` in place of every text that waits, inside lists and maps too."""
    match node:
        case DeferredNode():
            return Deferred(node.text, node.references, node.span)
        case ListNode():
            return tuple(keep_deferred(item) for item in node.items)  # type: ignore[misc]  # a Value may hold them until judgement
        case MapNode():
            return FrozenMap((entry.key, keep_deferred(entry.value)) for entry in node.entries)  # type: ignore[misc]  # likewise
        case _:
            return plain_value(node)
