"""From a file's tree to its scenarios: ``scenario:`` or ``scenarios:``, their ids, their matrices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem
from rehearse.loading.evaluate import phrase_of
from rehearse.loading.limits import ID_LENGTH, shortened
from rehearse.loading.matrix import bindings
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.scenario import Written
from rehearse.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearse.source import Span

ONE = "scenario"
MANY = "scenarios"
ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Origin:
    """Where a text comes from.

    Attributes:
        source: The text and its name.
        path: The file, or None.
        root: The scenario path below which it was found, or None.
        suite: The folders between them.
    """

    source: Source
    path: Path | None = None
    root: Path | None = None
    suite: tuple[str, ...] = ()


def is_document(tree: Node) -> bool:
    """Return whether the tree is a scenario file at all: a map with ``scenario`` or ``scenarios`` at its top."""
    return isinstance(tree, MapNode) and any(entry.key in {ONE, MANY} for entry in tree.entries)


def writtens(tree: Node, origin: Origin, complaints: Complaints) -> tuple[Written, ...]:
    """Return the scenarios of a file in order, each matrix as all that it stands for.

    A scenario whose id or matrix is wrong is left out after a complaint. Two of one id are `complain_of_twins`' to tell.
    """
    if not isinstance(tree, MapNode) or not is_document(tree):
        summary = "this file holds no scenario"
        complaints.add(Problem("missing-key", summary, tree.span, f"write `{ONE}:` or `{MANY}:` at its top"))
        return ()
    first, *others = [entry for entry in tree.entries if entry.key in {ONE, MANY}]
    for entry in others:
        remedy = f"put all of them under `{MANY}:`"
        complaints.add(Problem("unknown-key", f"`{entry.key}` stands beside `{first.key}`", entry.span, remedy))
    for entry in tree.entries:
        if entry.key not in {ONE, MANY}:
            summary = f"`{entry.key}` is not a key of a scenario file"
            remedy = f"put it under `{first.key}:`, or into a file of its own"
            complaints.add(Problem("unknown-key", summary, entry.span, remedy))
    maps = tuple(_maps(first, complaints))
    return tuple(written for place, node in maps for written in _scenarios(place, node, origin, complaints))


def complain_of_twins(found: Iterable[Written], complaints: Complaints) -> None:
    """Complain of every scenario whose id an earlier one has."""
    first: dict[str, Written] = {}
    for written in found:
        earlier = first.setdefault(written.id, written)
        if earlier is not written:
            also = (("it is first used here", id_span(earlier)),)
            summary = f"the id `{written.id}` is used twice"
            complaints.add(Problem("duplicate-id", summary, id_span(written), "choose another id", also=also))


def meant_id(text: str) -> str:
    """Return the id that a text was probably meant to be, or the empty text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def id_span(written: Written) -> Span:
    """Return where the id of `written` stands."""
    found = written.node.get("id")
    return found.span if found else written.node.span


def _maps(entry: Entry, complaints: Complaints) -> Iterator[tuple[Span, MapNode]]:
    """Yield each map that should be a scenario, with the place at which a missing key is told."""
    if entry.key == ONE:
        nodes: tuple[tuple[Span, Node], ...] = ((entry.span, entry.value),)
    elif not isinstance(entry.value, ListNode):
        summary = f"`{MANY}` is {phrase_of(entry.value)}, and must be a list"
        complaints.add(Problem("wrong-type", summary, entry.value.span, f"write `{ONE}:` for a single one"))
        return
    elif not entry.value.items:
        complaints.add(Problem("empty", f"`{MANY}` is empty", entry.span, "write at least one scenario"))
        return
    else:
        nodes = tuple((item.span, item) for item in entry.value.items)
    for place, node in nodes:
        if isinstance(node, MapNode):
            yield place, node
        else:
            complaints.add(Problem("wrong-type", f"a scenario is a map, and this is {phrase_of(node)}", node.span))


def _scenarios(place: Span, node: MapNode, origin: Origin, complaints: Complaints) -> Iterator[Written]:
    base = _id(place, node, complaints)
    if base is None:
        return
    name = node.get("name")
    title = name.value if isinstance(name, ScalarNode) and isinstance(name.value, str) else base
    for binding in bindings(node, complaints):
        full = base + binding.id_suffix
        if len(full) > ID_LENGTH:
            _complain_of_length(full, node, complaints)
            return
        yield Written(
            full,
            title + binding.name_suffix,
            base,
            node,
            origin.source,
            origin.path,
            origin.root,
            origin.suite,
            binding.values,
            place=place,
        )


def _id(place: Span, node: MapNode, complaints: Complaints) -> str | None:
    """Return the id as written, or None after a complaint."""
    found = node.get("id")
    if found is None:
        complaints.add(Problem("missing-key", "the scenario has no `id`", place, "write `id:`", field="id"))
        return None
    if not isinstance(found, ScalarNode) or not isinstance(found.value, str):
        summary = f"`id` is {phrase_of(found)}, and must be text"
        complaints.add(Problem("wrong-type", summary, found.span, "write words joined by -", field="id"))
        return None
    if not ID.fullmatch(found.value):
        meant = meant_id(found.value)
        remedy = f"write `{meant}`" if meant else "write lower-case words joined by -"
        complaints.add(Problem("bad-value", f"`{shortened(found.value)}` is no id", found.span, remedy, field="id"))
        return None
    if len(found.value) > ID_LENGTH:
        _complain_of_length(found.value, node, complaints)
        return None
    return found.value


def _complain_of_length(full: str, node: MapNode, complaints: Complaints) -> None:
    found = node.get("id")
    summary = f"the id `{shortened(full)}` has {len(full)} characters"
    remedy = f"let it have {ID_LENGTH} at most, matrix values included"
    complaints.add(Problem("bad-value", summary, found.span if found else node.span, remedy, field="id"))
