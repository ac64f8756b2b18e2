"""From what was written to what it says: variables, matrix values and generators resolved, the shelves taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.loading.generators import Generators, SetupInterpolation, date_ranges
from rehearse.loading.interpolate import Budget, BudgetSpentError, Interpolation
from rehearse.loading.limits import GENERATED_NODES, GENERATED_TOTAL, INTERPOLATED_NODES, INTERPOLATED_TOTAL
from rehearse.loading.matrix import binding_nodes
from rehearse.loading.tree import DeferredNode, Entry, MapNode, Node, ScalarNode
from rehearse.loading.variables import Declared, Variables, entries_of, note_unused, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import GeneratorName
    from rehearse.errors import Complaints
    from rehearse.scenario import Written

SHELF = "x-"
_UNTOUCHED = ("id", "domain")
_TAKEN_AWAY = ("variables", "matrix")


def resolve(written: Written, generators: Mapping[str, GeneratorName], complaints: Complaints) -> MapNode:
    """Return the map under ``scenario:`` with every placeholder but ``${steps.…}`` resolved and every generator's rows made.

    ``variables``, ``matrix`` and the shelves ``x-…`` are gone; ``id`` and ``name`` are those of this one of a matrix. Mistakes
    go to `complaints`, notes too; what could not be resolved is a `DeferredNode` without references. A document that was
    resolved before comes back as it is.
    """
    if written.resolved:
        return written.node
    budget = Budget(nodes=INTERPOLATED_NODES, text=INTERPOLATED_TOTAL)
    declared = _declared(written, complaints)
    try:
        names = settle(declared, complaints, budget)
        resolved = _resolved(written, generators, names, complaints, budget)
    except BudgetSpentError:
        return _given_up(written.node)
    note_unused(declared, names, complaints)
    return resolved


def resolved(written: Written, generators: Mapping[str, GeneratorName], complaints: Complaints) -> Written:
    """Return `written` with its tree resolved (see `resolve`), which a second time changes nothing."""
    return replace(written, node=resolve(written, generators, complaints), resolved=True)


def _given_up(scenario: MapNode) -> MapNode:
    """Return a map whose values are all known to be unresolved, so that nobody looks for mistakes in them."""
    entries = tuple(entry for entry in scenario.entries if not _is_taken_away(entry.key))
    return MapNode(
        tuple(Entry(entry.key, entry.span, DeferredNode("", entry.value.span, ())) for entry in entries), scenario.span
    )


def _is_taken_away(key: str) -> bool:
    return key.startswith(SHELF) or key in _TAKEN_AWAY


def _declared(written: Written, complaints: Complaints) -> Declared:
    scenario = written.node
    seed = scenario.get("seed")
    given: dict[str, Node] = {
        "id": ScalarNode(written.id, scenario.span, quoted=True),
        "seed": seed if isinstance(seed, ScalarNode) else ScalarNode(0, scenario.span),
    }
    return Declared(
        entries_of(scenario.get("variables"), "variables", complaints),
        binding_nodes(written),
        date_ranges(scenario.get("setup"), complaints),
        scenario.entry("clock"),
        given,
    )


def _resolved(
    written: Written,
    generators: Mapping[str, GeneratorName],
    names: Variables,
    complaints: Complaints,
    budget: Budget,
) -> MapNode:
    plain = Interpolation(names, complaints, budget)
    inputs = Interpolation(names, complaints, budget, settled="the number of rows")
    generated = Budget(nodes=GENERATED_NODES, text=GENERATED_TOTAL)
    rows = Generators(names, generators, complaints, generated, inputs)
    setup = SetupInterpolation(names, complaints, budget, rows)
    entries: list[Entry] = []
    for entry in written.node.entries:
        if _is_taken_away(entry.key):
            continue
        interpolation = setup if entry.key == "setup" else plain
        value = entry.value if entry.key in _UNTOUCHED else interpolation.resolve(entry.value)
        entries.append(Entry(entry.key, entry.span, value))
    return _named(MapNode(tuple(entries), written.node.span), written)


def _named(scenario: MapNode, written: Written) -> MapNode:
    """Put the id and the name of this one of a matrix in place."""
    return MapNode(tuple(entry._replace(value=_own(entry, written)) for entry in scenario.entries), scenario.span)


def _own(entry: Entry, written: Written) -> Node:
    """Return the value of an entry of the scenario as it is for this one of a matrix."""
    if entry.key == "id":
        return ScalarNode(written.id, entry.value.span, quoted=True)
    raw = written.node.get("name")
    if entry.key != "name" or not isinstance(entry.value, ScalarNode) or not isinstance(raw, ScalarNode):
        return entry.value
    added = written.name[len(str(raw.value)) :] if written.bindings else ""
    return ScalarNode(f"{entry.value.value}{added}", entry.value.span, quoted=True) if added else entry.value
