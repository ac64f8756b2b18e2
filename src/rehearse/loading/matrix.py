"""One scenario written, many meant: the axes of ``matrix`` and the values that each scenario gets from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.evaluate import phrase_of
from rehearse.loading.limits import MATRIX_SCENARIOS
from rehearse.loading.ranges import BrokenRangeError, read_axis
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, node_of, plain_value
from rehearse.loading.variables import check_name
from rehearse.source import Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rehearse.errors import Code
    from rehearse.scenario import Written

_KEYS = ("product", "zip", "exclude")
_NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Binding:
    """One scenario of a matrix.

    Attributes:
        values: Axis → value, product axes first, as written.
        id_suffix: What is added to the base id, ``-r1-2024-12-24``.
        name_suffix: What is added to the name, `` [R1, 2024-12-24]``.
    """

    values: FrozenMap
    id_suffix: str = ""
    name_suffix: str = ""


PLAIN = Binding(EMPTY_MAP)
"""A scenario without a matrix."""


@dataclass(frozen=True)
class _Axis:
    """One axis with its values, in the order written."""

    name: str
    span: Span
    values: tuple[Value, ...]


@dataclass(frozen=True)
class _Exclusion:
    """Values that a scenario must not have all together."""

    values: FrozenMap
    span: Span

    def covers(self, values: Mapping[str, Value]) -> bool:
        """Return whether a scenario of these values is left out."""
        return all(_same(wanted, values[name]) for name, wanted in self.values.items())


def bindings(scenario: MapNode, complaints: Complaints) -> tuple[Binding, ...]:
    """Return the scenarios for which `scenario` stands, in order; one without values if it has no matrix.

    None at all means that the matrix is wrong, which has been complained about.
    """
    entry = scenario.entry("matrix")
    if entry is None:
        return (PLAIN,)
    try:
        return _Reader(complaints).read(entry)
    except BrokenRangeError:
        return ()


def binding_nodes(written: Written) -> dict[str, Node]:
    """Return the values of the axes as nodes that stand where the axes are written."""
    matrix = written.node.get("matrix")
    if not written.bindings or not isinstance(matrix, MapNode):
        return {}
    axes = [part for key in ("product", "zip") if isinstance(part := matrix.get(key), MapNode)]
    spans = {entry.key: entry.span for part in axes for entry in part.entries}
    return {name: node_of(value, spans.get(name, matrix.span)) for name, value in written.bindings.items()}


class _Reader:
    """Reads one matrix; whatever is wrong raises `BrokenRangeError` after a complaint."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints

    def read(self, entry: Entry) -> tuple[Binding, ...]:
        """Return the scenarios of the matrix."""
        matrix = self._map(entry.value, "matrix")
        for key in matrix.entries:
            if key.key not in _KEYS:
                remedy = did_you_mean(key.key, _KEYS)
                raise self._complain("unknown-key", f"`{key.key}` is not a key of `matrix`", key.span, remedy)
        crossed, zipped = self._axes(matrix, "product"), self._axes(matrix, "zip")
        self._check_axes(crossed, zipped)
        excluded = self._exclusions(matrix, [axis.name for axis in (*crossed, *zipped)])
        if not crossed and not zipped and not excluded:
            return (PLAIN,)
        made = self._kept(crossed, zipped, excluded)
        if not made:
            raise self._complain("empty", "everything is excluded", entry.span, "exclude less")
        return made

    def _axes(self, matrix: MapNode, key: str) -> tuple[_Axis, ...]:
        node = matrix.get(key)
        return () if node is None else tuple([self._axis(entry) for entry in self._map(node, key).entries])

    def _axis(self, entry: Entry) -> _Axis:
        if not check_name(entry.key, "matrix axis", entry.span, self._complaints):
            raise BrokenRangeError
        nodes = read_axis(entry.key, entry.value, self._complaints)
        if not nodes:
            raise self._complain("empty", f"`{entry.key}` has no values", entry.span, "write at least one")
        return _Axis(entry.key, entry.span, tuple(plain_value(node) for node in nodes))

    def _check_axes(self, crossed: tuple[_Axis, ...], zipped: tuple[_Axis, ...]) -> None:
        names = {axis.name: axis for axis in crossed}
        for axis in zipped:
            if axis.name in names:
                also = (("it is an axis of `product` here", names[axis.name].span),)
                raise self._complain("conflict", f"`{axis.name}` is an axis twice", axis.span, "keep one", also=also)
            if len(axis.values) != len(zipped[0].values):
                summary = f"`{zipped[0].name}` has {len(zipped[0].values)} values, `{axis.name}` has {len(axis.values)}"
                remedy = "axes that are walked together need the same number"
                raise self._complain("conflict", summary, axis.span, remedy)
        count = prod(len(axis.values) for axis in (*crossed, *zipped[:1]))
        if count > MATRIX_SCENARIOS:
            where = (*crossed, *zipped)[0].span
            summary = f"the matrix would make {count:,} scenarios"
            raise self._complain("bad-value", summary, where, f"let it make {MATRIX_SCENARIOS:,} at most")

    def _exclusions(self, matrix: MapNode, names: list[str]) -> tuple[_Exclusion, ...]:
        node = matrix.get("exclude")
        if node is None:
            return ()
        if not isinstance(node, ListNode):
            raise self._complain("wrong-type", f"`exclude` is {phrase_of(node)}, and must be a list", node.span, "")
        return tuple([self._exclusion(item, names) for item in node.items])

    def _exclusion(self, item: Node, names: list[str]) -> _Exclusion:
        written = self._map(item, "an entry of `exclude`")
        for entry in written.entries:
            if entry.key not in names:
                remedy = did_you_mean(entry.key, names)
                raise self._complain("unknown-key", f"`{entry.key}` is not an axis of this matrix", entry.span, remedy)
        return _Exclusion(FrozenMap((entry.key, plain_value(entry.value)) for entry in written.entries), written.span)

    def _kept(
        self, crossed: tuple[_Axis, ...], zipped: tuple[_Axis, ...], excluded: tuple[_Exclusion, ...]
    ) -> tuple[Binding, ...]:
        """Return what is not excluded; complain of an exclusion that excludes nothing."""
        idle = set(excluded)
        made: list[Binding] = []
        for axes, places in _combinations(crossed, zipped):
            values = {axis.name: axis.values[place] for axis, place in zip(axes, places, strict=True)}
            covering = [exclusion for exclusion in excluded if exclusion.covers(values)]
            idle.difference_update(covering)
            if not covering:
                made.append(_binding(values, places))
        for exclusion in excluded:
            if exclusion in idle:
                raise self._complain(
                    "conflict", "this excludes nothing", exclusion.span, "remove it, or mend its values"
                )
        return tuple(made)

    def _map(self, node: Node, what: str) -> MapNode:
        if isinstance(node, MapNode):
            return node
        shown = what if " " in what else f"`{what}`"
        raise self._complain("wrong-type", f"{shown} is {phrase_of(node)}, and must be a map", node.span, "")

    def _complain(
        self, code: Code, summary: str, span: Span, remedy: str, *, also: tuple[tuple[str, Span], ...] = ()
    ) -> BrokenRangeError:
        self._complaints.add(Problem(code, summary, span, remedy, also=also))
        return BrokenRangeError()


def _combinations(
    crossed: tuple[_Axis, ...], zipped: tuple[_Axis, ...]
) -> Iterator[tuple[tuple[_Axis, ...], tuple[int, ...]]]:
    """Yield the position taken on each axis: every crossing with every row of the zip, the zip turning fastest."""
    axes = (*crossed, *zipped)
    rows = range(len(zipped[0].values)) if zipped else range(1)
    for *places, row in product(*(range(len(axis.values)) for axis in crossed), rows):
        yield axes, (*places, *[row] * len(zipped))


def _binding(values: Mapping[str, Value], places: tuple[int, ...]) -> Binding:
    pairs = tuple(zip(values.values(), places, strict=True))
    slugs = "".join(f"-{_slug(value, place)}" for value, place in pairs)
    shown = ", ".join(_shown(value, place) for value, place in pairs)
    return Binding(FrozenMap(values), slugs, f" [{shown}]")


def _shown(value: Value, place: int) -> str:
    return str(place + 1) if isinstance(value, (tuple, FrozenMap)) else plain(value)


def _slug(value: Value, place: int) -> str:
    """Return what `value` adds to an id; what leaves nothing that may stand in one is told by its position, from 1."""
    return _NOT_IN_AN_ID.sub("-", _shown(value, place).lower()).strip("-") or str(place + 1)


def _same(wanted: Value, value: Value) -> bool:
    """Return whether an exclusion means `value`; a quoted date equals a plain one."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    if (isinstance(wanted, date) and isinstance(value, str)) or (isinstance(wanted, str) and isinstance(value, date)):
        return plain(wanted) == plain(value)
    return wanted == value
