"""Specs: how an expected value is written, from a plain value to bounds, patterns and collections."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.expectation import BooleanSpec, CollectionSpec, Deferred, Equal, NumericSpec, Spec, StringSpec
from rehearse.loading.forms import (
    BooleanForm,
    CollectionForm,
    EqualForm,
    NumericForm,
    StringForm,
)
from rehearse.loading.reader import AnyValue, compile_annotation, shape_of
from rehearse.loading.spot import Missing, Spot, with_article
from rehearse.loading.tree import DeferredNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.loading.vocabulary import Kind
    from rehearse.source import Span
    from rehearse.values import Value

SpecType: TypeAlias = Literal["boolean", "numeric", "string", "collection", "equal"]
SpecForm: TypeAlias = BooleanForm | NumericForm | StringForm | CollectionForm | EqualForm

LONGEST_REGEX = 500
SPEC_TYPES: tuple[SpecType, ...] = ("boolean", "numeric", "string", "collection")
_TYPE_OF_KIND: Mapping[Kind, SpecType] = {
    "bool": "boolean",
    "number": "numeric",
    "text": "string",
    "collection": "collection",
    "date": "equal",
    "moment": "equal",
    "map": "equal",
}
_TYPE_OF_SHAPE: Mapping[str, SpecType] = {
    "bool": "boolean",
    "int": "numeric",
    "number": "numeric",
    "text": "string",
    "list": "collection",
}
_NUMERIC_KEYS = frozenset({"min", "max", "tolerance"})
_COLLECTION_KEYS = frozenset({"expected_items", "expected_count", "min_count", "max_count", "order_matters"})
SPEC_KEYS = frozenset({"expected", "match_type", *_NUMERIC_KEYS, *_COLLECTION_KEYS})

_READ_PLAIN = {
    "bool": compile_annotation(bool | Deferred).read,
    "number": compile_annotation(Decimal | Deferred).read,
    "text": compile_annotation(str | Deferred).read,
    "collection": compile_annotation(tuple[AnyValue, ...] | Deferred).read,
    "date": compile_annotation(date | Deferred).read,
    "moment": compile_annotation(datetime | Deferred).read,
    "map": compile_annotation(AnyValue).read,
    "any": compile_annotation(AnyValue).read,
}


def read_plain(node: Node, kind: Kind, spot: Spot) -> Value | Deferred | Missing:
    """Read a plain value that must be of `kind`; `MISSING` after a complaint. null is accepted, but not for a bool."""
    if isinstance(node, ScalarNode) and node.value is None and kind != "bool":
        return None
    return _READ_PLAIN[kind](node, spot)  # type: ignore[return-value]  # each of these readers returns one of these


def spec_of_plain(node: Node, kind: Kind, spot: Spot) -> Spec | None:
    """Return the spec that a plain value stands for; None after a complaint."""
    value = read_plain(node, kind, spot)
    if isinstance(value, Missing):
        return None
    if value is None:
        return Equal(None)
    chosen = _TYPE_OF_KIND[kind] if kind != "any" else _TYPE_OF_SHAPE.get(shape_of(node), "equal")
    match chosen:
        case "boolean":
            return BooleanSpec(value)  # type: ignore[arg-type]  # read as such above
        case "numeric":
            return NumericSpec(expected=value)  # type: ignore[arg-type]  # likewise
        case "string":
            return _string_spec(StringForm(expected=value), spot, {})  # type: ignore[arg-type]  # likewise
        case "collection":
            return CollectionSpec(expected_items=value)  # type: ignore[arg-type]  # likewise
        case _:
            return Equal(value)


def spec_type(node: MapNode, kind: Kind, spot: Spot) -> SpecType | None:
    """Return which spec the map `node` writes for a value of `kind`; None after a complaint about its ``type``."""
    entry = node.entry("type")
    written = entry.value if entry else None
    if isinstance(written, ScalarNode) and isinstance(written.value, str):
        return _explicit_type(written.value, kind, spot, written.span)
    if _expects_null(node):
        return "equal"
    return _TYPE_OF_KIND[kind] if kind != "any" else _type_by_keys(node)


def _explicit_type(word: str, kind: Kind, spot: Spot, span: Span) -> SpecType | None:
    chosen = SPEC_TYPES[SPEC_TYPES.index(word)]  # an unknown word was refused before
    if kind != "any" and chosen != _TYPE_OF_KIND[kind]:
        fitting = _TYPE_OF_KIND[kind]
        remedy = f"write `type: {fitting}`, or leave it away" if fitting != "equal" else "leave `type` away"
        spot.complain("wrong-type", f"{spot.label} is {with_article(kind)}, not {chosen}", span=span, remedy=remedy)
        return None
    return chosen


def _expects_null(node: MapNode) -> bool:
    expected = node.get("expected")
    return isinstance(expected, ScalarNode) and expected.value is None


def _type_by_keys(node: MapNode) -> SpecType:
    keys = {entry.key for entry in node}
    expected = node.get("expected")
    if expected is not None and not isinstance(expected, DeferredNode):
        return _TYPE_OF_SHAPE.get(shape_of(expected), "equal")
    if keys & _NUMERIC_KEYS:
        return "numeric"
    if keys & _COLLECTION_KEYS:
        return "collection"
    return "string" if "match_type" in keys else "equal"


def spec_of_form(form: SpecForm, spot: Spot, spans: Mapping[str, Span]) -> Spec | None:
    """Return the spec that a form writes; None after a complaint about what it says."""
    match form:
        case BooleanForm():
            return BooleanSpec(form.expected)
        case NumericForm():
            return _numeric_spec(form, spot, spans)
        case StringForm():
            return _string_spec(form, spot, spans)
        case CollectionForm():
            return _collection_spec(form, spot, spans)
        case EqualForm():
            return Equal(form.expected)


def equal_by_kind(node: MapNode, kind: Kind, spot: Spot) -> Spec | None:
    """Return the equality that the map `node` writes, its ``expected`` read as a date or moment where `kind` says so."""
    entry = node.entry("expected")
    if entry is None:
        return None
    value = read_plain(entry.value, kind, spot.down("expected", entry.span))
    return None if isinstance(value, Missing) else Equal(value)


def _numeric_spec(form: NumericForm, spot: Spot, spans: Mapping[str, Span]) -> NumericSpec | None:
    if form.expected is None and form.tolerance is None and form.min is None and form.max is None:
        spot.complain("empty", f"{spot.label} says nothing about the number", remedy="write `expected`, `min` or `max`")
        return None
    if form.tolerance is not None and form.expected is None:
        span = spans["tolerance"]
        spot.complain(
            "conflict", f"{spot.label} has a tolerance, but no `expected`", span=span, remedy="bounds have no tolerance"
        )
        return None
    if isinstance(form.min, Decimal) and isinstance(form.max, Decimal) and form.min > form.max:
        summary = f"`min` of {spot.label} is greater than its `max`"
        spot.complain("conflict", summary, span=spans["min"], remedy="no number can be both")
        return None
    return NumericSpec(form.expected, form.tolerance, form.min, form.max)


def _string_spec(form: StringForm, spot: Spot, spans: Mapping[str, Span]) -> StringSpec | None:
    if (
        form.match_type == "regex"
        and isinstance(form.expected, str)
        and not check_regex(form.expected, spot, spans.get("expected"))
    ):
        return None
    if form.match_type == "contains" and form.expected == "":
        spot.note(
            "bad-value", f"{spot.label} cannot fail: every text contains the empty one", span=spans.get("expected")
        )
    return StringSpec(form.expected, form.match_type)


def check_regex(expression: str, spot: Spot, span: Span | None) -> bool:
    """Return whether `expression` can be searched for; complain if not."""
    if len(expression) > LONGEST_REGEX:
        summary = f"the regular expression has {len(expression)} characters"
        spot.complain("bad-value", summary, span=span, remedy=f"allowed: at most {LONGEST_REGEX}")
        return False
    try:
        re.compile(expression)
    except re.error as error:
        spot.complain("bad-value", f"`{expression}` is no regular expression: {error}", span=span)
        return False
    return True


def _collection_spec(form: CollectionForm, spot: Spot, spans: Mapping[str, Span]) -> CollectionSpec | None:
    counts = (form.expected_count, form.min_count, form.max_count)
    if form.expected_items is None and counts == (None, None, None):
        spot.complain(
            "empty", f"{spot.label} says nothing about the collection", remedy="write `expected_items` or a count"
        )
        return None
    low = form.expected_count if form.expected_count is not None else form.min_count
    high = form.max_count if form.max_count is not None else low
    if _crossed(form, low, high):
        summary = f"the counts of {spot.label} cannot all hold"
        spot.complain("conflict", summary, span=spans.get("min_count", spans.get("expected_count")))
        return None
    if form.expected_items == () and form.match_type in {"superset", "contains_all"} and counts == (None, None, None):
        spot.note("bad-value", f"{spot.label} cannot fail: every collection holds all of an empty one")
    return CollectionSpec(form.expected_items, form.match_type, form.order_matters, *counts)


def _crossed(form: CollectionForm, low: int | None, high: int | None) -> bool:
    if low is not None and high is not None and low > high:
        return True
    return form.expected_count is not None and form.min_count is not None and form.min_count > form.expected_count
