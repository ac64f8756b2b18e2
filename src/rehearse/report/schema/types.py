"""A declared type → JSON Schema (draft 7), as an editor's language server understands it.

What is not plain text may also be written as a placeholder, ``${…}``; whether that placeholder means something is for `rehearse check`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from inspect import cleandoc
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args, get_origin

from rehearse.expectation import Deferred
from rehearse.fields import ANY_CASE, CLOCK_TIME, HOURS, NULLABLE, Help, Length, Pattern, Range
from rehearse.loading.reader import AnyValue, record_shape
from rehearse.loading.tree import ListNode, MapNode, ScalarNode
from rehearse.report.document import Json
from rehearse.report.reference import field_words, is_union, marks_of
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.loading.reader import RecordField

Schema: TypeAlias = dict[str, Json]

PLACEHOLDER: Schema = {
    "title": "a placeholder",
    "type": "string",
    "pattern": r"\$\{",
    "patternErrorMessage": "this is neither of the type that belongs here nor a placeholder, ${…}",
}
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d|24:00"


def _patterned(pattern: str, message: str) -> Schema:
    """A text of some form; editors show the message in place of the pattern."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": message}


_SIMPLE: Mapping[object, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "number"},
    date: _patterned(f"^{_DAY}$", "a date is written 2024-12-25"),
    datetime: _patterned(
        f"^{_DAY}([T ]([01]\\d|2[0-3]):[0-5]\\d(:00)?)?$", "a moment is written 2024-12-25T06:00, without a zone"
    ),
    time: _patterned(f"^({_CLOCK})$", "a time is written 07:00"),
    FrozenMap: {"type": "object"},
    MapNode: {"type": "object"},
    ListNode: {"type": "array"},
    AnyValue: {},
    ScalarNode: {},
    str: {"type": "string"},
}
_AS_TEXT = ("string",)


def type_schema(annotation: object) -> Schema:
    """Return the schema of an annotation in the vocabulary of `rehearse.fields`, placeholders included."""
    marks = marks_of(annotation)
    members = [_member(member) for member in _members(annotation)]
    if NULLABLE in marks:
        members.append({"type": "null"})
    found = any_of([*members, *([] if all(_takes_text(member) for member in members) else [PLACEHOLDER])])
    told = " ".join(mark.text for mark in marks if isinstance(mark, Help))
    return {"description": told, **found} if told else found


def words(docs: Mapping[str, str]) -> Schema:
    """Return the schema of one of these words, each with what it means."""
    told: list[Json] = [first_paragraph(doc) for doc in docs.values()]
    return {"enum": list(docs), **({"enumDescriptions": told} if any(told) else {})}


def first_paragraph(doc: str) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return " ".join(re.split(r"\n\s*\n", doc.strip(), maxsplit=1)[0].split())


def any_of(schemas: Iterable[Schema]) -> Schema:
    """Return the schema of what fits any of these."""
    distinct: list[Json] = []
    for schema in schemas:
        if schema not in distinct:
            distinct.append(schema)
    return dict(distinct[0]) if len(distinct) == 1 and isinstance(distinct[0], dict) else {"anyOf": distinct}


def _takes_text(schema: Schema) -> bool:
    return not schema or (schema.get("type") == "string" and "pattern" not in schema and "enum" not in schema)


def _members(annotation: object) -> Iterable[object]:
    """The members of a union, `Annotated` ones with their marks; None and what waits for a result are no members."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        for member in _members(inner):
            yield Annotated[(member, *marks)]
    elif is_union(annotation):
        for member in get_args(annotation):
            yield from _members(member)
    elif annotation not in (type(None), Deferred):
        yield annotation


def _member(annotation: object) -> Schema:
    marks: tuple[object, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *own = get_args(annotation)
        marks = (*own, *marks)
    if HOURS in marks:
        return {**_bounds({"type": "number"}, marks), "description": "hours"}
    if CLOCK_TIME in marks:
        return dict(_SIMPLE[time])
    origin = get_origin(annotation)
    if origin is Literal:
        return {"enum": list(get_args(annotation))}
    if origin is tuple:
        return _length({"type": "array", "items": type_schema(get_args(annotation)[0])}, marks, "Items")
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": type_schema(get_args(annotation)[1])}
    return _plain_type(annotation, marks)


def _plain_type(kind: object, marks: tuple[object, ...]) -> Schema:
    if kind in _SIMPLE:
        schema = _bounds(_length(dict(_SIMPLE[kind]), marks, "Length"), marks)
        pattern = next((mark for mark in marks if isinstance(mark, Pattern)), None)
        return (
            {**schema, **_patterned(rf"^({pattern.expression})$|\$\{{", f"write {pattern.says}")} if pattern else schema
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        values = [str(member.value) for member in kind]
        return {"enum": [*values, *(value.lower() for value in values if ANY_CASE in marks)]}
    if isinstance(kind, type) and is_dataclass(kind):
        return record_schema(kind)
    raise TypeError(f"{kind!r} has no schema")


def _bounds(schema: Schema, marks: tuple[object, ...]) -> Schema:
    for mark in marks:
        if isinstance(mark, Range):
            named = (("minimum", mark.minimum), ("maximum", mark.maximum), ("exclusiveMinimum", mark.above))
            schema = {**schema, **{name: value for name, value in named if value is not None}}
    return schema


def _length(schema: Schema, marks: tuple[object, ...], what: str) -> Schema:
    for mark in marks:
        if isinstance(mark, Length):
            schema = {**schema, f"min{what}": mark.minimum}
            if mark.maximum is not None:
                schema[f"max{what}"] = mark.maximum
    return schema


def record_schema(record: type, *, complete: bool = True, more: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of a record: nothing but its fields, under their names or aliases.

    Args:
        record: A frozen dataclass.
        complete: Whether required fields must be there; a template may leave them out.
        more: Properties beside the record's own, or instead of them.
    """
    fields = record_shape(record).fields
    properties = {key: value for item in fields for key, value in _properties(item)}
    properties.update(more or {})
    schema: Schema = {
        "type": "object",
        "description": cleandoc(record.__doc__ or "").splitlines()[0],
        "properties": properties,
        "additionalProperties": False,
    }
    required = [item for item in fields if item.required] if complete else []
    plain: list[Json] = [item.name for item in required if not item.aliases]
    if plain:
        schema["required"] = plain
    either: list[Json] = [{"anyOf": [{"required": [key]} for key in _keys(item)]} for item in required if item.aliases]
    if either:
        schema["allOf"] = either
    return schema


def _properties(item: RecordField) -> Iterable[tuple[str, Json]]:
    """A field under each of its names; editors offer the first."""
    schema = {**type_schema(item.annotation), "description": field_words(item)}
    yield item.name, schema
    for alias in item.aliases:
        yield alias, {**schema, "description": f"another word for {item.name}", "doNotSuggest": True}


def _keys(item: RecordField) -> tuple[str, ...]:
    return (item.name, *item.aliases)
