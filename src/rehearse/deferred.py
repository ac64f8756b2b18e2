"""Texts that wait for results: read from what the steps answered, when a step starts or at judgement. Nothing read is scanned again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rehearse.domain import StepView
from rehearse.errors import Complaints, Problem, RehearseError
from rehearse.expectation import Deferred
from rehearse.loading.evaluate import fill as fill_text
from rehearse.loading.expressions import ExpressionError
from rehearse.loading.limits import INTERPOLATED_TEXT
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, PlainScalar, ScalarNode
from rehearse.values import FrozenMap, Value, type_name

if TYPE_CHECKING:
    from datetime import date, datetime

    from rehearse.errors import Code
    from rehearse.source import Span

Part: TypeAlias = "str | int"
_WIDE = Context(prec=28)


class MissingResultError(RehearseError):
    """A text mentions a result that is not there, or that cannot stand where it is mentioned.

    Attributes:
        code: ``undefined-variable`` if it is not there, else ``wrong-type`` or ``yaml-limit``.
        is_unknown: Whether nobody knows what the step did, so that nobody knows its result either.
    """

    def __init__(self, message: str, *, code: Code = "undefined-variable", is_unknown: bool = False) -> None:
        self.code: Code = code
        self.is_unknown = is_unknown
        super().__init__(message)


class HasView(Protocol):
    """A step's result that can be seen as measures see it."""

    def view(self) -> StepView:
        """Return what measures and expectations may know of it."""
        ...


@dataclass(frozen=True)
class ResultLookup:
    """Reads ``steps.NAME.…`` from the results of the steps that have run.

    Attributes:
        results: Name of a step, or its ``save_as`` → its result.
    """

    results: Mapping[str, StepView | HasView]

    def get(self, path: tuple[Part, ...]) -> Value:
        """Return what lies at `path`, the parts after ``steps.``.

        Raises:
            MissingResultError: If there is nothing.
        """
        name = str(path[0])
        if name not in self.results:
            raise MissingResultError(f"`steps.{name}` has no result")
        found = self.results[name]
        step = found if isinstance(found, StepView) else found.view()
        value = _field(step, path[1:], name)
        return reach(value, path[2:], f"steps.{name}.{path[1]}", _why(step))


def reach(value: Value, path: tuple[Part, ...], name: str, why: str = "") -> Value:
    """Follow keys of maps and positions of lists from `value`, which is called `name`; ``count`` at the end is a length.

    Raises:
        MissingResultError: If there is nothing; `why` is added to the message.
    """
    for index, part in enumerate(path):
        if isinstance(value, FrozenMap) and str(part) in value:
            value = value[str(part)]
        elif isinstance(value, tuple) and isinstance(part, int) and -len(value) <= part < len(value):
            value = value[part]
        elif part == "count" and index == len(path) - 1 and isinstance(value, tuple | FrozenMap):
            value = len(value)
        else:
            shown = f"[{part}]" if isinstance(part, int) else f".{part}"
            raise MissingResultError(f"`{name}{shown}` is not there: `{name}` is a {type_name(value)}{why}")
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    return value


def _why(step: StepView) -> str:
    return "" if step.outcome == "done" else f", and the step came out {step.outcome}"


def _field(step: StepView, path: tuple[Part, ...], name: str) -> Value:
    field = str(path[0]) if path else ""
    fields: dict[str, Value] = {
        "outcome": step.outcome,
        "success": step.outcome == "done",
        "reasons": tuple(reason.text for reason in step.reasons),
        "codes": tuple(reason.code for reason in step.reasons),
        "seconds": Decimal(repr(step.seconds)),
        "queries": step.queries,
        "data": step.data,
    }
    if field not in fields:
        raise MissingResultError(f"`steps.{name}.{field}` is not there: a result has {', '.join(fields)}")
    if step.outcome == "unknown" and field not in ("seconds", "queries"):
        raise MissingResultError(f"nobody knows what {name} did, so it has no {field}", is_unknown=True)
    if field == "data" and path[1:] and str(path[1]) not in step.data:
        raise MissingResultError(f"`steps.{name}.data.{path[1]}` is not there: {name} came out {step.outcome}")
    return fields[field]


# ── values of expectations ─────────────────────────────────────────────────────────────────────────────────────────────


def resolve_deferred(deferred: Deferred, lookup: ResultLookup) -> Value:
    """Return what a text that waits for results says; alone it keeps the result's type.

    Raises:
        MissingResultError: If a result is not there, or a list, a map or null stands inside a longer text.
    """
    return _filled_text(deferred.text, lookup)


def resolved(value: object, lookup: ResultLookup) -> Value:
    """Return `value` with every `Deferred` in it resolved, inside lists and maps too.

    Raises:
        MissingResultError: As `resolve_deferred`.
    """
    if isinstance(value, Deferred):
        return resolve_deferred(value, lookup)
    if isinstance(value, tuple):
        return tuple(resolved(item, lookup) for item in value)
    if isinstance(value, FrozenMap):
        return FrozenMap((key, resolved(item, lookup)) for key, item in value.items())
    return value  # type: ignore[return-value]  # an expected value is a Value but for the Deferred in it


def _filled_text(text: str, lookup: ResultLookup) -> Value:
    try:
        value = fill_text(text, lookup.get)
    except ExpressionError as error:
        raise MissingResultError(error.summary, code="wrong-type") from error
    if isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > INTERPOLATED_TEXT:
        raise MissingResultError(f"the text would be longer than {INTERPOLATED_TEXT:,} bytes", code="yaml-limit")
    return value


# ── nodes of parameters ────────────────────────────────────────────────────────────────────────────────────────────────


def fill(node: Node, lookup: ResultLookup, complaints: Complaints) -> Node:
    """Return `node` with the results that it mentions in their places; what is not there goes to `complaints` and stays as it is."""
    match node:
        case DeferredNode():
            try:
                return node_of(_filled_text(node.text, lookup), node.span)
            except MissingResultError as error:
                complaints.add(Problem(error.code, str(error), node.span))
                return node
        case ListNode():
            return ListNode(tuple(fill(item, lookup, complaints) for item in node.items), node.span)
        case MapNode():
            entries = (Entry(entry.key, entry.span, fill(entry.value, lookup, complaints)) for entry in node.entries)
            return MapNode(tuple(entries), node.span)
        case _:
            return node


def node_of(value: Value, span: Span) -> Node:
    """Return `value` as if it stood written at `span`: fractions and floats as decimals, text as quoted."""
    match value:
        case tuple():
            return ListNode(tuple(node_of(item, span) for item in value), span)
        case FrozenMap():
            return MapNode(tuple(Entry(key, span, node_of(item, span)) for key, item in value.items()), span)
        case _:
            return ScalarNode(_scalar(value), span, quoted=isinstance(value, str))


def _scalar(value: bool | Decimal | Fraction | float | str | date | datetime | None) -> PlainScalar:  # noqa: FBT001  (any scalar)
    if isinstance(value, Fraction):
        return _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    if isinstance(value, float):
        return Decimal(repr(value))
    return value
