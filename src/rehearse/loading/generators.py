"""Rows made from a template: ``generate``, and the companions' ``generator:`` in the same terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, TypeAlias

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.evaluate import phrase_of
from rehearse.loading.expressions import Dialect, ExpressionError, Reference
from rehearse.loading.interpolate import Budget, BudgetSpentError, Interpolation, Size
from rehearse.loading.limits import GENERATED_ROWS
from rehearse.loading.ranges import BrokenRangeError, read_axis
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, ScalarNode, node_of
from rehearse.loading.variables import NAME, NAME_FORM, DateRange
from rehearse.source import Span

if TYPE_CHECKING:
    from rehearse.domain import GeneratorName
    from rehearse.errors import Code
    from rehearse.loading.evaluate import Names
    from rehearse.values import FrozenMap

DATE_RANGE = "create_date_range"
_KEYS = ("for", "count", "cycle", "template")
_COUNTERS = ("index", "index0", "count")
_Axes: TypeAlias = Mapping[str, tuple[Node, ...]]


class _BrokenGeneratorError(Exception):
    """A generator that makes no rows, since something about it has been complained about."""


@dataclass(frozen=True)
class _Plan:
    """How many rows there are, and what ``loop`` knows in each."""

    count: int
    axes: _Axes
    cycle: _Axes
    template: Node
    span: Span

    def loops(self) -> Iterator[dict[str, Node]]:
        """Return what ``loop`` knows, row by row; the last axis turns fastest."""
        rows = product(*self.axes.values()) if self.axes else iter([()] * self.count)
        names = tuple(self.axes)
        total = ScalarNode(self.count, self.span)
        for index0, values in enumerate(rows):
            loop: dict[str, Node] = dict(zip(names, values, strict=True))
            for name, turns in self.cycle.items():
                loop[name] = turns[index0 % len(turns)]
            loop["index"] = ScalarNode(index0 + 1, self.span)
            loop["index0"] = ScalarNode(index0, self.span)
            loop["count"] = total
            yield loop


class _LoopNames:
    """The names of a template: those of the scenario, and ``loop`` of the row at hand."""

    def __init__(self, outer: Names) -> None:
        self.loop: dict[str, Node] = {}
        self._outer = outer

    def find(self, reference: Reference) -> Node:
        """Return the value of the first name of `reference` (see `rehearse.loading.evaluate.Names`)."""
        if reference.root != "loop":
            return self._outer.find(reference)
        key = reference.keys[0] if reference.keys else None
        found = self.loop.get(key) if isinstance(key, str) else None
        if found is None:
            remedy = did_you_mean(str(key), self.loop) if key is not None else "write `loop.index`"
            raise ExpressionError("undefined-variable", f"`{reference.text}` names nothing", remedy)
        return MapNode((Entry(str(key), found.span, found),), found.span)


class Generators:
    """Makes the rows of a scenario's generators; one that is wrong makes none."""

    def __init__(
        self,
        names: Names,
        known: Mapping[str, GeneratorName],
        complaints: Complaints,
        budget: Budget,
        inputs: Interpolation,
    ) -> None:
        self._names = names
        self._known = known
        self._complaints = complaints
        self._budget = budget
        self._inputs = inputs

    def rows(self, item: MapNode) -> tuple[Node, ...] | None:
        """Return the rows that `item` stands for, or None if it is a row itself.

        Raises:
            BudgetSpentError: After complaining, if all generated rows together are too many.
        """
        key = next((entry for entry in item.entries if entry.key in {"generate", "generator"}), None)
        if key is None:
            return None
        try:
            if key.key == "generate":
                return self._generated(key, item)
            return self._companion(key, item)
        except (_BrokenGeneratorError, BrokenRangeError):
            return ()

    def _generated(self, entry: Entry, item: MapNode) -> tuple[Node, ...]:
        self._only(item, ("generate",), "a row that is generated")
        if not isinstance(entry.value, MapNode):
            raise self._wrong_type("generate", "map", entry.value)
        self._only(entry.value, _KEYS, "`generate`")
        template = self._needed(entry.value, "template", entry.span)
        return self._made(self._plan(entry.value, template, entry.span), Dialect.VARIABLES)

    def _companion(self, entry: Entry, item: MapNode) -> tuple[Node, ...]:
        name = entry.value.value if isinstance(entry.value, ScalarNode) else None
        if name == DATE_RANGE:
            return ()  # `date_ranges` has read it
        known = self._known.get(name) if isinstance(name, str) else None
        if known is None:
            remedy = did_you_mean(str(name), [*self._known, DATE_RANGE])
            raise self._complain("unknown-name", f"there is no generator `{name}`", entry.value.span, remedy)
        self._only(item, ("generator", "count", "template"), f"`{name}`")
        self._needed(item, "count", entry.span)
        written = item.get("template") or MapNode((), entry.span)
        template = (
            _with_defaults(known.defaults, written, entry.value.span) if isinstance(written, MapNode) else written
        )
        return self._made(self._plan(item, template, entry.span), Dialect.GENERATOR)

    def _plan(self, written: MapNode, template: Node, span: Span) -> _Plan:
        """Read everything but the template, which is resolved once for each row."""
        ways = [entry for key in ("for", "count") if (entry := written.entry(key))]
        if len(ways) != 1:
            where = ways[1].span if ways else span
            what = "both `for` and `count`" if ways else "neither `for` nor `count`"
            raise self._complain("conflict", f"the generator has {what}", where, "write exactly one of them")
        axes, cycle = self._axes(written, "for"), self._axes(written, "cycle")
        self._check_names(axes, cycle, written)
        values = {name: items for name, (_, items) in axes.items()}
        count = self._count(ways[0].value) if ways[0].key == "count" else prod(len(items) for items in values.values())
        if count > GENERATED_ROWS:
            summary = f"the generator would make more than {GENERATED_ROWS:,} rows"
            raise self._complain("bad-value", summary, ways[0].span, "make fewer")
        turns = {name: items for name, (_, items) in cycle.items()}
        return _Plan(count, values, turns, template, span)

    def _axes(self, written: MapNode, key: str) -> dict[str, tuple[Span, tuple[Node, ...]]]:
        entry = written.entry(key)
        if entry is None:
            return {}
        node = self._settled(entry.value)
        if not isinstance(node, MapNode):
            raise self._wrong_type(key, "map", node)
        if not node.entries:
            raise self._complain("bad-value", f"`{key}` names nothing", entry.span, "write a name and its values")
        return {axis.key: (axis.span, read_axis(axis.key, axis.value, self._complaints)) for axis in node.entries}

    def _check_names(
        self,
        axes: Mapping[str, tuple[Span, tuple[Node, ...]]],
        cycle: Mapping[str, tuple[Span, tuple[Node, ...]]],
        written: MapNode,
    ) -> None:
        for name, (span, _) in (*axes.items(), *cycle.items()):
            if name in _COUNTERS:
                raise self._complain("conflict", f"`loop.{name}` is taken", span, "choose another name")
            if not NAME.fullmatch(name):
                raise self._complain("bad-value", f"`{name}` is no name", span, NAME_FORM)
        for name, (span, items) in cycle.items():
            if name in axes:
                summary = f"`{name}` stands in `for` and in `cycle`"
                raise self._complain("conflict", summary, span, "choose another name")
            if not items:
                place = written.entry("cycle")
                where = span if place is None else place.span
                raise self._complain("bad-value", f"`{name}` has no values to take turns", where, "write at least one")

    def _count(self, node: Node) -> int:
        settled = self._settled(node)
        value = settled.value if isinstance(settled, ScalarNode) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong_type("count", "whole number", settled)
        if value < 0:
            raise self._complain("bad-value", f"`count` is {value}", node.span, "write 0 or more")
        return value

    def _settled(self, node: Node) -> Node:
        resolved = self._inputs.resolve(node)
        if isinstance(resolved, DeferredNode):
            raise _BrokenGeneratorError
        return resolved

    def _made(self, plan: _Plan, dialect: Dialect) -> tuple[Node, ...]:
        names = _LoopNames(self._names)
        interpolation = Interpolation(names, self._complaints, self._budget, dialect=dialect)
        rows: list[Node] = []
        for loop in plan.loops():
            names.loop = loop
            row = interpolation.resolve(plan.template)
            if interpolation.failed:
                raise _BrokenGeneratorError
            if not isinstance(row, MapNode):
                raise self._wrong_type("template", "map", row)
            self._spend(row, plan.span)
            rows.append(row)
        return tuple(rows)

    def _spend(self, row: MapNode, span: Span) -> None:
        if not self._budget.spend(Size(2 * len(row.entries) + 1, 0, 0)):
            summary = "with these rows, all generated rows together are too many"
            self._complaints.add(Problem("yaml-limit", summary, span, "make fewer rows, or rows of fewer keys"))
            raise BudgetSpentError

    def _only(self, written: MapNode, keys: tuple[str, ...], what: str) -> None:
        unknown = [entry for entry in written.entries if entry.key not in keys]
        for entry in unknown:
            self._complain(
                "unknown-key", f"`{entry.key}` is not a key of {what}", entry.span, did_you_mean(entry.key, keys)
            )
        if unknown:
            raise _BrokenGeneratorError

    def _needed(self, written: MapNode, key: str, span: Span) -> Node:
        found = written.get(key)
        if found is None:
            raise self._complain("missing-key", f"the generator has no `{key}`", span, f"write `{key}:`")
        return found

    def _wrong_type(self, key: str, wanted: str, node: Node) -> _BrokenGeneratorError:
        return self._complain("wrong-type", f"`{key}` is {phrase_of(node)}, and must be a {wanted}", node.span, "")

    def _complain(self, code: Code, summary: str, span: Span, remedy: str) -> _BrokenGeneratorError:
        self._complaints.add(Problem(code, summary, span, remedy))
        return _BrokenGeneratorError()


class SetupInterpolation(Interpolation):
    """Resolves a set-up: in any list of rows below it, generators stand for the rows that they make."""

    def __init__(self, names: Names, complaints: Complaints, budget: Budget, generators: Generators) -> None:
        super().__init__(names, complaints, budget)
        self._generators = generators

    def rows(self, item: MapNode) -> tuple[Node, ...] | None:
        """Return the rows that a generator makes, or None if `item` is a row itself."""
        return self._generators.rows(item)


def date_ranges(node: Node | None, complaints: Complaints) -> tuple[DateRange, ...]:
    """Return the variables that the ``create_date_range`` below `node` define, in the order written."""
    if isinstance(node, MapNode):
        return tuple(made for entry in node.entries for made in date_ranges(entry.value, complaints))
    if not isinstance(node, ListNode):
        return ()
    made: list[DateRange] = []
    for item in node.items:
        name = item.get("generator") if isinstance(item, MapNode) else None
        if isinstance(item, MapNode) and isinstance(name, ScalarNode) and name.value == DATE_RANGE:
            made.extend(_date_range(item, complaints))
        else:
            made.extend(date_ranges(item, complaints))
    return tuple(made)


def _date_range(item: MapNode, complaints: Complaints) -> Iterator[DateRange]:
    """Yield what one ``create_date_range`` defines; nothing, after complaining, if it is wrong."""
    keys = ("generator", "start", "end", "variable_name")
    unknown = [entry for entry in item.entries if entry.key not in keys]
    missing = [key for key in keys if item.get(key) is None]
    for entry in unknown:
        summary = f"`{entry.key}` is not a key of `{DATE_RANGE}`"
        complaints.add(Problem("unknown-key", summary, entry.span, did_you_mean(entry.key, keys)))
    for key in missing:
        summary = f"`{DATE_RANGE}` has no `{key}`"
        complaints.add(Problem("missing-key", summary, item.span, f"write `{key}:`"))
    start, end, name = item.get("start"), item.get("end"), item.get("variable_name")
    if unknown or start is None or end is None or name is None:
        return
    if isinstance(name, ScalarNode) and isinstance(name.value, str):
        yield DateRange(name.value, start, end, name.span)
    else:
        summary = f"`variable_name` is {phrase_of(name)}, and must be text"
        complaints.add(Problem("wrong-type", summary, name.span))


def _with_defaults(defaults: FrozenMap, template: MapNode, span: Span) -> MapNode:
    """Return `template` with the fields that its generator adds to it, placed where the generator is named."""
    made = MapNode(tuple(Entry(key, span, node_of(value, span)) for key, value in defaults.items()), template.span)
    for entry in template.entries:
        made = made.with_entry(entry)
    return made
