"""What the names of a scenario stand for: its variables, its matrix axes, ``clock``, ``seed`` and ``id``.

Variables may use each other, so they are put in order first; a circle is told once, with its members.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from graphlib import CycleError, TopologicalSorter

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.evaluate import BrokenReferenceError, phrase_of
from rehearse.loading.expressions import (
    RESULTS_ROOT,
    ExpressionError,
    Placeholder,
    Reference,
    compile_text,
    mentions_nothing,
)
from rehearse.loading.interpolate import Budget, Interpolation
from rehearse.loading.ranges import BrokenRangeError, date_range
from rehearse.loading.scalars import ScalarError, date_or_moment
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.source import Span

BUILT_IN = ("clock", "seed", "id")
RESERVED = (*BUILT_IN, "loop", RESULTS_ROOT)
NAME = re.compile(r"[a-z][a-z0-9_]*")
NAME_FORM = "write lower-case letters, digits and _, a letter first"
_CIRCLES_TOLD = 20


@dataclass(frozen=True)
class DateRange:
    """A variable that a ``create_date_range`` defines: every date from `start` to `end`."""

    name: str
    start: Node
    end: Node
    span: Span


@dataclass
class Variables:
    """The names of one scenario, each resolved; those that could not be are known as broken.

    Attributes:
        values: Name → value.
        broken: Names that are written but could not be resolved; that has been complained about.
        used: The names that some placeholder asked for.
    """

    values: dict[str, Node]
    broken: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def find(self, reference: Reference) -> Node:
        """Return the value of the first name of `reference` (see `rehearse.loading.evaluate.Names`)."""
        name = reference.root
        self.used.add(name)
        if name in self.broken:
            raise BrokenReferenceError
        found = self.values.get(name)
        if found is not None:
            return found
        if name == "clock":
            remedy = "write `clock:`, which only then is known while the file is read"
            raise ExpressionError("undefined-variable", "`clock` names nothing, as the scenario has none", remedy)
        if name == "loop":
            remedy = "use it in the `template` of a `generate`"
            raise ExpressionError("undefined-variable", "`loop` names nothing outside a template", remedy)
        remedy = did_you_mean(name, [*self.values, *self.broken])
        raise ExpressionError("undefined-variable", f"`{name}` names nothing", remedy)


@dataclass(frozen=True)
class Declared:
    """Everything that gives a name a value, as written.

    Attributes:
        variables: The entries of ``variables``.
        bindings: The values of the matrix axes; they go before the variables.
        ranges: The variables that generators define.
        clock: The entry ``clock``, or None.
        given: ``seed`` and ``id``.
    """

    variables: tuple[Entry, ...]
    bindings: Mapping[str, Node]
    ranges: tuple[DateRange, ...]
    clock: Entry | None
    given: Mapping[str, Node]


def settle(declared: Declared, complaints: Complaints, budget: Budget) -> Variables:
    """Return all names of a scenario with their values; mistakes go to `complaints`."""
    written = _written(declared, complaints)
    names = Variables({**declared.given, **declared.bindings})
    order = _in_order(written, names, complaints)
    interpolation = Interpolation(names, complaints, budget, settled="variables")
    for name in order:
        value = _value(written[name], interpolation, complaints)
        if value is None:
            names.broken.add(name)
        else:
            names.values[name] = value
    return names


def note_unused(declared: Declared, names: Variables, complaints: Complaints) -> None:
    """Add a note for every variable that no placeholder asks for."""
    for entry in declared.variables:
        if entry.key not in names.used and entry.key not in declared.bindings:
            _note(entry.key, entry.span, complaints)
    for made in declared.ranges:
        if made.name not in names.used:
            _note(made.name, made.span, complaints)


def check_name(name: str, what: str, span: Span, complaints: Complaints) -> bool:
    """Return whether `name` may be given to a `what`; complain if it is taken or no name."""
    if name in RESERVED:
        summary = f"`{name}` is taken, and cannot be the name of a {what}"
        complaints.add(Problem("conflict", summary, span, "choose another name"))
        return False
    if not NAME.fullmatch(name):
        complaints.add(Problem("bad-value", f"`{name}` is no name for a {what}", span, NAME_FORM))
        return False
    return True


def _note(name: str, span: Span, complaints: Complaints) -> None:
    summary = f"the variable `{name}` is not used"
    complaints.add(Problem("undefined-variable", summary, span, "remove it", is_note=True))


_Definition = Entry | DateRange


def _written(declared: Declared, complaints: Complaints) -> dict[str, _Definition]:
    """Return the definitions that must be resolved, by name."""
    found: dict[str, _Definition] = {}
    for entry in declared.variables:
        if check_name(entry.key, "variable", entry.span, complaints) and entry.key not in declared.bindings:
            found[entry.key] = entry
    for made in declared.ranges:
        if not check_name(made.name, "variable", made.span, complaints):
            continue
        if made.name in found or made.name in declared.bindings:
            earlier = found.get(made.name)
            also = (("it is first defined here", earlier.span),) if earlier else ()
            summary = f"`{made.name}` is defined twice"
            complaints.add(Problem("conflict", summary, made.span, "choose another name", also=also))
        else:
            found[made.name] = made
    if declared.clock is not None:
        found["clock"] = declared.clock
    return found


def _in_order(written: Mapping[str, _Definition], names: Variables, complaints: Complaints) -> tuple[str, ...]:
    """Return the names so that each comes after those that it uses; those in circles, or behind one, are left out as broken."""
    uses = {name: _uses(definition) & written.keys() for name, definition in written.items()}
    left = dict(uses)
    for _ in range(_CIRCLES_TOLD):
        sorter = TopologicalSorter(left)
        try:
            order = tuple(sorter.static_order())
        except CycleError as error:
            circle = tuple(dict.fromkeys(reversed(error.args[1])))
            _complain_of_circle(circle, written, complaints)
            names.broken.update(circle)
            names.used.update(circle)
            left = {name: others - set(circle) for name, others in left.items() if name not in circle}
        else:
            return tuple(name for name in order if name not in names.broken)
    names.broken.update(left)
    return ()


def _complain_of_circle(circle: tuple[str, ...], written: Mapping[str, _Definition], complaints: Complaints) -> None:
    first = min(range(len(circle)), key=lambda index: written[circle[index]].span.place)
    turned = circle[first:] + circle[:first]
    shown = " → ".join(f"`{name}`" for name in (*turned, turned[0]))
    also = tuple((f"`{name}` is defined here", written[name].span) for name in turned[1:])
    summary = f"{shown} is a circle"
    complaints.add(Problem("bad-expression", summary, written[turned[0]].span, "give one of them a value", also=also))


def _value(definition: _Definition, interpolation: Interpolation, complaints: Complaints) -> Node | None:
    """Return the resolved value, or None if there is none."""
    if isinstance(definition, DateRange):
        return _dates(definition, interpolation, complaints)
    value = interpolation.resolve(definition.value)
    if isinstance(value, DeferredNode) or _has_broken(value):
        return None
    return _moment(value) if definition.key == "clock" else value


def _has_broken(node: Node) -> bool:
    if isinstance(node, ListNode):
        return any(_has_broken(item) for item in node.items)
    if isinstance(node, MapNode):
        return any(_has_broken(entry.value) for entry in node.entries)
    return isinstance(node, DeferredNode)


def _dates(made: DateRange, interpolation: Interpolation, complaints: Complaints) -> Node | None:
    start, end = interpolation.resolve(made.start), interpolation.resolve(made.end)
    try:
        days = date_range(start, end, complaints)
    except BrokenRangeError:
        return None
    return ListNode(tuple(ScalarNode(day, made.span) for day in days), made.span)


def _moment(node: Node) -> Node:
    """Return what ``clock`` says as the moment that it is; anything else as it stands, for its reader to refuse."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, str):
        try:
            value = date_or_moment(value)
        except ScalarError:
            return node
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return ScalarNode(value, node.span) if isinstance(value, datetime) else node


def _uses(definition: _Definition) -> set[str]:
    """Return the first names of everything that a definition refers to."""
    if isinstance(definition, DateRange):
        return {*_roots(definition.start), *_roots(definition.end)}
    return set(_roots(definition.value))


def _roots(node: Node) -> Iterable[str]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _roots(item)
    elif isinstance(node, MapNode):
        for entry in node.entries:
            yield from _roots(entry.value)
    elif isinstance(node, ScalarNode) and isinstance(node.value, str) and not mentions_nothing(node.value):
        yield from _roots_of_text(node.value)


def _roots_of_text(text: str) -> tuple[str, ...]:
    try:
        parts = compile_text(text)
    except ExpressionError:  # complained about where the text is resolved
        return ()
    placeholders = (part for part in parts if isinstance(part, Placeholder))
    return tuple(
        instruction.root
        for placeholder in placeholders
        for instruction in placeholder.program
        if isinstance(instruction, Reference)
    )


def entries_of(node: Node | None, what: str, complaints: Complaints) -> tuple[Entry, ...]:
    """Return the entries of the map `node`; none, after complaining, if it is something else."""
    if node is None:
        return ()
    if isinstance(node, MapNode):
        return node.entries
    complaints.add(Problem("wrong-type", f"`{what}` is {phrase_of(node)}, and must be a map", node.span))
    return ()
