"""Examples for the reference: the first use of every word in the domain's example scenarios, as its author wrote it.

The files are ordinary scenarios, and tests perform them, so that no example can be wrong for long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.loading.catalog import Catalog
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.measures import measures_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rehearse.domain import Domain

Kind: TypeAlias = Literal["operation", "measure", "check", "rule", "assertion", "invariant", "error", "validator"]
Word: TypeAlias = tuple[Kind, str]

_BOUND = re.compile(r"(?:min|max)_(.+)")
_STATE = re.compile(r"(?:measures|before|after)\.(.+)")
_DATA = re.compile(r"steps\.([A-Za-z0-9_]+)\.data\.(.+)")


@dataclass(frozen=True)
class Example:
    """A use of a word.

    Attributes:
        lines: As they stand in the file.
        gives: For a step, what is asserted of its answer: ``hours_after: 81``.
        scenario: The id of the scenario that they are from.
    """

    lines: tuple[str, ...]
    gives: tuple[str, ...]
    scenario: str


def examples_of(domain: Domain) -> Mapping[Word, Example]:
    """Return an example of every word that the domain's example scenarios use.

    Raises:
        ScenarioError: If a file of them cannot be read.
    """
    found: dict[Word, Example] = {}
    if domain.example_root is None:
        return found
    for written in Catalog((domain.example_root,)).all():
        for word, node, gives in _uses(written.node, domain):
            found.setdefault(word, Example(_lines(node), gives, written.id))
    return found


_Use: TypeAlias = "tuple[Word, Node | Entry, tuple[str, ...]]"


def _uses(scenario: MapNode, domain: Domain) -> Iterator[_Use]:
    outcome = _map(scenario.get("expected_outcome"))
    for position, step in enumerate(_steps(_map(scenario.get("test_case"))), start=1):
        yield from _of_step(step, f"step{position}", outcome, domain)
    for check in _items(_map(scenario.get("setup")).get("preconditions")):
        yield ("check", _text(check, "check").partition(".")[0]), check, ()
    yield from _of_outcome(outcome, domain)


def _steps(case: MapNode) -> Iterator[MapNode]:
    for key in ("operations", "concurrent_operations"):
        yield from _items(case.get(key))


def _of_step(step: MapNode, name: str, outcome: MapNode, domain: Domain) -> Iterator[_Use]:
    names = {name, _text(step, "save_as")}
    gives = tuple(_given(_map(outcome.get("assertions")), names))
    expect = _map(step.get("expect"))
    yield ("operation", _text(step, "operation")), step, gives
    code = _text(expect, "code")
    if code in domain.rules:
        yield ("rule", code), step, ()


def _given(assertions: MapNode, names: set[str]) -> Iterator[str]:
    for entry in assertions:
        match = _DATA.fullmatch(_text(_map(entry.value), "value"))
        expected = _map(entry.value).entry("expected")
        if match and match[1] in names and expected:
            yield f"{match[2]}: {_written(expected.value)}"


def _of_outcome(outcome: MapNode, domain: Domain) -> Iterator[_Use]:
    for entry in (*_map(outcome.get("assertions")), *outcome):
        yield from _of_assertion(entry, domain)
    for node in _list(outcome.get("invariants")):
        yield ("invariant", _written(node) if isinstance(node, ScalarNode) else _text(_map(node), "name")), node, ()
    for node in _items(outcome.get("expected_errors")):
        yield ("error", _text(node, "type")), node, ()
    for node in _items(outcome.get("custom_validations")):
        yield ("validator", _text(node, "function")), node, ()
    for node in _items(_map(outcome.get("final_state")).get("compliance")):
        yield ("rule", _text(node, "rule")), node, ()


def _of_assertion(entry: Entry, domain: Domain) -> Iterator[_Use]:
    spec = _map(entry.value)
    kind = _text(spec, "type")
    if kind in domain.assertion_types:
        yield ("assertion", kind), entry, ()
        return
    state = _STATE.fullmatch(_text(spec, "value"))
    measure = _measure(state[1] if state else entry.key, domain)
    if measure:
        yield ("measure", measure), entry, ()


def _measure(name: str, domain: Domain) -> str | None:
    """The measure that a name means, bounds and entries of maps and other names included."""
    known = measures_of(domain)
    bound = _BOUND.fullmatch(name)
    for written in (name, bound[1] if bound else name):
        found = known.get(written) or known.get(written.partition(".")[0])
        if found:
            return found.name
    return None


# ── trees ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _map(node: Node | None) -> MapNode:
    """A map, or one without entries where there is none."""
    return node if isinstance(node, MapNode) else _EMPTY


_EMPTY = MapNode((), None)  # type: ignore[arg-type]  # it is never shown, so it needs no place


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, ListNode) else ()


def _items(node: Node | None) -> tuple[MapNode, ...]:
    """The maps of a list."""
    return tuple(item for item in _list(node) if isinstance(item, MapNode))


def _text(node: MapNode, key: str) -> str:
    value = node.get(key)
    return value.value if isinstance(value, ScalarNode) and isinstance(value.value, str) else ""


def _written(node: Node) -> str:
    """A value as its author wrote it, on one line."""
    if isinstance(node, ListNode):
        return f"[{', '.join(map(_written, node.items))}]"
    if isinstance(node, MapNode):
        return f"{{{', '.join(f'{entry.key}: {_written(entry.value)}' for entry in node)}}}"
    if isinstance(node, ScalarNode):
        line, span = node.span.source.line(node.span.line), node.span
        return line[span.column - 1 : span.end_column - 1].strip("\"'")
    return node.text


def _lines(node: Node | Entry) -> tuple[str, ...]:
    """The lines on which something stands, without the indentation that they share."""
    places = tuple(_places(node))
    first, last = min(places), max(places)
    source = node.span.source
    text = "\n".join(source.line(number) for number in range(first, last + 1))
    return tuple(line.rstrip() for line in dedent(text).splitlines())


def _places(node: Node | Entry) -> Iterator[int]:
    yield node.span.line
    if isinstance(node, Entry):
        yield from _places(node.value)
    elif isinstance(node, MapNode):
        for entry in node:
            yield from _places(entry)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _places(item)
