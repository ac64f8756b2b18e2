"""Nodes → typed records, driven by the declarations of `rehearse.fields`.

Each annotation is compiled once into a small function, so that reading a row costs little more than visiting its keys. A reader that
finds a mistake says so and goes on: an author sees all mistakes at once.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from rehearse.errors import Complaints, did_you_mean
from rehearse.expectation import Deferred
from rehearse.fields import ANY_CASE, CLOCK_TIME, HOURS, NULLABLE, Alias, Length, Pattern, Range
from rehearse.loading.scalar_readers import (
    Reader,
    enum_reader,
    hours_reader,
    int_reader,
    is_within,
    length_words,
    literal_reader,
    number_reader,
    read_bool,
    read_clock_time,
    read_date,
    read_moment,
    read_time,
    text_reader,
)
from rehearse.loading.spot import MISSING, Spot
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode, plain_value
from rehearse.loading.waiting import deferred_nodes, first_deferred, keep_deferred
from rehearse.scenario import Placed
from rehearse.source import Span
from rehearse.values import FrozenMap, plain, type_name

RecordT = TypeVar("RecordT")

_NONE: Mapping[str, str] = {}


class AnyValue:
    """Stands for `rehearse.values.Value` when hints are resolved: that alias refers to itself and cannot be evaluated elsewhere."""


@dataclass(frozen=True)
class Compiled:
    """A reader with the node shapes that it takes, by which a union chooses, and its type in words."""

    read: Reader
    shapes: frozenset[str]
    words: str


# ── public ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(node: Node, annotation: object, complaints: Complaints, *, field: str) -> object:
    """Read `node` as `annotation` (see `rehearse.fields`); `MISSING` after a complaint. `field` is the dotted path for messages."""
    return compile_annotation(annotation).read(node, Spot(complaints, field, node.span))


def read_record(node: MapNode, record: type[RecordT], complaints: Complaints, *, field: str) -> RecordT | None:
    """Read `node` as a record without waiting for anything; None after a complaint."""
    return read_fields(node, record, Spot(complaints, field, node.span)).make()


@dataclass(frozen=True)
class Fields(Generic[RecordT]):
    """What was read of one map.

    Attributes:
        record: The record type.
        values: Field → value, only what was written and understood.
        spans: Field → place of its value, all that was written.
        complete: Whether the record can be made.
    """

    record: type[RecordT]
    values: Mapping[str, object]
    spans: Mapping[str, Span]
    complete: bool

    def make(self) -> RecordT | None:
        """Return the record, or None if something is wrong with it or it waits for a result."""
        return self.record(**self.values) if self.complete else None

    def place(self, span: Span, *, index: int = 1) -> Placed[RecordT] | None:
        """Return the record with its places, or None."""
        made = self.make()
        return None if made is None else Placed(made, span, self.spans, index)


def read_fields(
    node: MapNode,
    record: type[RecordT],
    spot: Spot,
    *,
    derived: Mapping[str, str] = _NONE,
    hints: Mapping[str, str] = _NONE,
) -> Fields[RecordT]:
    """Read every key of `node` as a field of `record`.

    `derived` are fields that people look for but must not write, `hints` keys that stand elsewhere, each with the remedy.
    """
    shape = record_shape(record)
    values: dict[str, object] = {}
    spans: dict[str, Span] = {}
    complete = True
    for entry in node.entries:
        known = shape.keys.get(entry.key)
        if known is None:
            below = spot.down(entry.key, entry.span)
            complete = _refuse_key(
                below, entry.key, derived, hints.get(entry.key) or did_you_mean(entry.key, shape.keys)
            )
            continue
        if known.name in spans:
            spot.complain("conflict", f"{spot.label} has `{known.name}` twice", span=entry.span, remedy=known.either())
            complete = False
            continue
        spans[known.name] = entry.value.span
        if not isinstance(entry.value, ScalarNode):
            _note_places(entry.value, known.name, spans)
        value = known.read(entry.value, spot.down(entry.key, entry.span))
        if value is MISSING:
            complete = False
        else:
            values[known.name] = value
    for name in shape.required:
        if name not in spans:
            spot.down(name, spot.span).complain("missing-key", f"{spot.label} needs `{name}`")
            complete = False
    return Fields(record, values, spans, complete)


def _note_places(node: Node, path: str, spans: dict[str, Span]) -> None:
    """Note where each key of a map and each item of a list stands: ``policy.weekly_hours``, ``worked_by[1]``."""
    match node:
        case MapNode():
            for entry in node.entries:
                below = f"{path}.{entry.key}"
                spans[below] = entry.value.span if isinstance(entry.value, ScalarNode) else entry.span
                _note_places(entry.value, below, spans)
        case ListNode():
            for index, item in enumerate(node.items):
                spans[f"{path}[{index}]"] = item.span
                _note_places(item, f"{path}[{index}]", spans)
        case _:
            return


def _refuse_key(spot: Spot, key: str, derived: Mapping[str, str], remedy: str) -> bool:
    holder = spot.parent.label if spot.parent else "this map"
    if key in derived:
        spot.complain("not-allowed", f"`{key}` of {holder} is derived and cannot be written", remedy=derived[key])
    else:
        spot.complain("unknown-key", f"`{key}` is not a key of {holder}", remedy=remedy)
    return False


def read_rows(
    node: Node,
    record: type[RecordT],
    spot: Spot,
    *,
    derived: Mapping[str, str] = _NONE,
) -> tuple[Placed[RecordT], ...]:
    """Read a list of maps as records, leaving out those with mistakes."""
    if not isinstance(node, ListNode):
        spot.wrong_type(node, "a list")
        return ()
    placed = []
    for index, item in enumerate(node.items):
        below = spot.down(index, item.span)
        if not isinstance(item, MapNode):
            below.wrong_type(item, "a map")
            continue
        row = read_fields(item, record, below, derived=derived).place(item.span, index=index + 1)
        if row is not None:
            placed.append(row)
    return tuple(placed)


# ── records ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RecordField:
    """One field of a record type, for reading and for the schema.

    Attributes:
        name: The field.
        aliases: Other keys for it.
        annotation: Its annotation with extras, `Value` replaced by `AnyValue`.
        required: Whether it has no default.
        default: The default; None if it is required.
        read: Its reader.
    """

    name: str
    aliases: tuple[str, ...]
    annotation: object
    required: bool
    default: object
    read: Reader = field(compare=False)

    def either(self) -> str:
        """Say which keys exclude each other."""
        return "write one of " + ", ".join(f"`{key}`" for key in (self.name, *self.aliases))


@dataclass(frozen=True)
class RecordShape:
    """A record type, compiled."""

    record: type
    fields: tuple[RecordField, ...]
    keys: Mapping[str, RecordField] = field(compare=False, hash=False)
    required: tuple[str, ...] = ()

    @property
    def aliases(self) -> Mapping[str, str]:
        """Alias → field."""
        return {alias: item.name for item in self.fields for alias in item.aliases}


_SHAPES: dict[type, RecordShape] = {}


def record_shape(record: type) -> RecordShape:
    """Return the compiled form of a record type.

    Raises:
        TypeError: It is no dataclass, or an annotation is outside the vocabulary of `rehearse.fields`.
    """
    shape = _SHAPES.get(record)
    if shape is None:
        shape = _SHAPES[record] = _compile_record(record)
    return shape


def _compile_record(record: type) -> RecordShape:
    if not is_dataclass(record):
        raise TypeError(f"{record.__qualname__} is no dataclass")
    hints = get_type_hints(record, localns={"Value": AnyValue}, include_extras=True)
    compiled = tuple(_record_field(item, hints[item.name]) for item in fields(record) if item.init)
    keys = {key: item for item in compiled for key in (item.name, *item.aliases)}
    return RecordShape(record, compiled, keys, tuple(item.name for item in compiled if item.required))


def _record_field(item: Any, annotation: object) -> RecordField:
    required = item.default is NO_DEFAULT and item.default_factory is NO_DEFAULT
    default = None
    if not required:
        default = item.default if item.default is not NO_DEFAULT else item.default_factory()
    names = tuple(name for mark in _marks(annotation) if isinstance(mark, Alias) for name in mark.names)
    return RecordField(item.name, names, annotation, required, default, compile_annotation(annotation).read)


def _marks(annotation: object) -> tuple[object, ...]:
    """Return the marks of an annotation, those of the members of a union included."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return (*marks, *_marks(inner))
    if get_origin(annotation) in _UNIONS:
        return tuple(mark for member in get_args(annotation) for mark in _marks(member))
    return ()


# ── annotations ────────────────────────────────────────────────────────────────────────────────────────────────────────

_UNIONS = (Union, types.UnionType)
Marks: TypeAlias = tuple[object, ...]


def compile_annotation(annotation: object) -> Compiled:
    """Return the reader of an annotation, nulls and results of steps included."""
    compiled = _compile(annotation, ())
    nullable = NULLABLE in _marks(annotation)
    deferrable = _may_wait(annotation)
    if not nullable and not deferrable:
        return compiled
    inner = compiled.read

    def read_marked(node: Node, spot: Spot) -> object:
        if nullable and isinstance(node, ScalarNode) and node.value is None:
            return None
        if deferrable and isinstance(node, DeferredNode) and node.references and spot.waiting == "expectations":
            return Deferred(node.text, node.references, node.span)
        return inner(node, spot)

    return Compiled(read_marked, compiled.shapes | ({"null"} if nullable else set()), compiled.words)


def _may_wait(annotation: object) -> bool:
    """A field of an expectation whose union names `Deferred` keeps one until judgement."""
    if get_origin(annotation) is Annotated:
        return _may_wait(get_args(annotation)[0])
    return get_origin(annotation) in _UNIONS and Deferred in get_args(annotation)


def _compile(annotation: object, marks: Marks) -> Compiled:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *own = get_args(annotation)
        return _compile(inner, (*own, *marks))
    if origin in _UNIONS:
        members = tuple(member for member in get_args(annotation) if member not in (type(None), Deferred))
        return _union(tuple(_compile(member, marks) for member in members))
    if origin is Literal:
        values = get_args(annotation)
        return Compiled(literal_reader(values), frozenset(type_name(value) for value in values), "text")
    if origin is tuple:
        return _list_of(get_args(annotation)[0], marks)
    if origin is not None and issubclass(origin, Mapping):
        return _map_of(get_args(annotation)[1])
    if isinstance(annotation, type):
        return _compile_type(annotation, marks)
    raise TypeError(f"{annotation!r} is no annotation that a scenario can be read with")


def _first(marks: Marks, kind: type[RecordT]) -> RecordT | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def _compile_type(kind: type, marks: Marks) -> Compiled:
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if issubclass(kind, Enum):
        return Compiled(enum_reader(kind, any_case=ANY_CASE in marks), frozenset({"text"}), "text")
    if kind is int:
        return _compile_int(marks)
    if kind is Decimal:
        return Compiled(number_reader(_first(marks, Range)), frozenset({"int", "number"}), "a number")
    if kind is str:
        return Compiled(text_reader(_first(marks, Pattern), _first(marks, Length)), frozenset({"text"}), "text")
    if is_dataclass(kind):
        return Compiled(_nested_reader(kind), frozenset({"map"}), "a map")
    raise TypeError(f"{kind.__qualname__} is no type that a scenario can be read with")


def _compile_int(marks: Marks) -> Compiled:
    bounds = _first(marks, Range)
    if HOURS in marks:
        return Compiled(hours_reader(bounds), frozenset({"int", "number"}), "a number of hours")
    if CLOCK_TIME in marks:
        return Compiled(read_clock_time, frozenset({"text"}), "a time")
    return Compiled(int_reader(bounds), frozenset({"int"}), "an int")


def _nested_reader(record: type) -> Reader:
    def read_nested(node: Node, spot: Spot) -> object:
        if not isinstance(node, MapNode):
            return spot.wrong_type(node, "a map")
        read_here: Fields[object] = read_fields(node, record, spot)
        return read_here.make() if read_here.complete else MISSING

    return read_nested


def _union(members: tuple[Compiled, ...]) -> Compiled:
    if len(members) == 1:
        return members[0]
    by_shape: dict[str, list[Reader]] = {}
    for member in members:
        for shape in member.shapes:
            by_shape.setdefault(shape, []).append(member.read)
    words = " or ".join(dict.fromkeys(member.words for member in members))

    def read_member(node: Node, spot: Spot) -> object:
        readers = by_shape.get(shape_of(node), ())
        if len(readers) == 1:
            return readers[0](node, spot)
        return _first_that_fits(readers, node, spot, words) if readers else spot.wrong_type(node, words)

    return Compiled(read_member, frozenset(by_shape), words)


def _first_that_fits(readers: Sequence[Reader], node: Node, spot: Spot, words: str) -> object:
    """Try the members of a union that take nodes of this shape: a text may be a time or a quoted moment."""
    for reader in readers:
        value = reader(node, spot.silent())
        if value is not MISSING:
            return value
    found = f"`{plain(node.value)}`" if isinstance(node, ScalarNode) else "this"
    return spot.complain(
        "bad-value", f"{found} is no value of {spot.label}", span=node.span, remedy=f"allowed: {words}"
    )


def shape_of(node: Node) -> str:
    """Return what a union chooses by: the format's word for the node's type."""
    match node:
        case MapNode():
            return "map"
        case ListNode():
            return "list"
        case ScalarNode():
            return type_name(node.value)
        case _:
            return "deferred"


def _list_of(annotation: object, marks: Marks) -> Compiled:
    read_item = compile_annotation(annotation).read
    length = _first(marks, Length)

    def read_list(node: Node, spot: Spot) -> object:
        if not isinstance(node, ListNode):
            return spot.wrong_type(node, "a list")
        if length is not None and not is_within(len(node.items), length):
            count = len(node.items)
            summary = f"{spot.label} has {count} item{'' if count == 1 else 's'}"
            return spot.complain("bad-value", summary, span=node.span, remedy=f"allowed: {length_words(length)}")
        values = [read_item(item, spot.down(index, item.span)) for index, item in enumerate(node.items)]
        return MISSING if any(value is MISSING for value in values) else tuple(values)

    return Compiled(read_list, frozenset({"list"}), "a list")


def _map_of(annotation: object) -> Compiled:
    read_item = compile_annotation(annotation).read

    def read_map(node: Node, spot: Spot) -> object:
        if not isinstance(node, MapNode):
            return spot.wrong_type(node, "a map")
        values = {entry.key: read_item(entry.value, spot.down(entry.key, entry.span)) for entry in node.entries}
        return MISSING if any(value is MISSING for value in values.values()) else types.MappingProxyType(values)

    return Compiled(read_map, frozenset({"map"}), "a map")


def _read_anything(node: Node, spot: Spot) -> object:
    waiting = first_deferred(node)
    if waiting is None:
        return plain_value(node)
    if spot.waiting == "expectations" and all(found.references for found in deferred_nodes(node)):
        return keep_deferred(node)
    return spot.wrong_type(waiting, "a value") if waiting.references else MISSING


def _read_frozen_map(node: Node, spot: Spot) -> object:
    return _read_anything(node, spot) if isinstance(node, MapNode) else spot.wrong_type(node, "a map")


def _raw(kind: type, words: str) -> Reader:
    def read_raw(node: Node, spot: Spot) -> object:
        return node if isinstance(node, kind) else spot.wrong_type(node, words)

    return read_raw


_EVERY_SHAPE = frozenset({"bool", "int", "number", "text", "date", "moment", "list", "map", "null", "deferred"})
_SIMPLE: Mapping[type, Compiled] = {
    bool: Compiled(read_bool, frozenset({"bool"}), "a bool"),
    date: Compiled(read_date, frozenset({"date", "text"}), "a date"),
    datetime: Compiled(read_moment, frozenset({"moment", "date", "text"}), "a moment"),
    time: Compiled(read_time, frozenset({"text"}), "a time"),
    FrozenMap: Compiled(_read_frozen_map, frozenset({"map"}), "a map"),
    AnyValue: Compiled(_read_anything, _EVERY_SHAPE, "a value"),
    MapNode: Compiled(_raw(MapNode, "a map"), frozenset({"map"}), "a map"),
    ListNode: Compiled(_raw(ListNode, "a list"), frozenset({"list"}), "a list"),
    ScalarNode: Compiled(
        _raw(ScalarNode, "a single value"), _EVERY_SHAPE - {"list", "map", "deferred"}, "a single value"
    ),
}
