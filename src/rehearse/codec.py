"""Frozen records ↔ JSON, driven by their declarations, so that what a run left on disk can be read back as what it was.

Dates, moments, decimals and fractions stand in ``{"$moment": "2024-12-25T06:00"}`` and the like wherever the declared type does not say
what they are; the encoding of equal records is the same text, byte for byte.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rehearse.source import Source, Span
from rehearse.values import FrozenMap

T = TypeVar("T")

_TAGS: Mapping[str, Callable[[str], object]] = {
    "$moment": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$number": Decimal,
    "$fraction": Fraction,
}


def dumps(record: object, *, indent: int | None = None) -> str:
    """Return `record` as JSON text.

    Raises:
        TypeError: If something in it has no place in a record.
        ValueError: If a number is infinite or none.
    """
    return (
        json.dumps(record, default=_encoded, ensure_ascii=False, indent=indent, allow_nan=False)
        if indent
        else _line(record)
    )


def _encoded(value: object) -> object:
    """Return one step of the encoding of what JSON does not know; its parts are asked for in turn."""
    kind = type(value)
    names = _FIELDS.get(kind)
    if names is None and is_dataclass(kind):
        names = _FIELDS[kind] = tuple(item.name for item in fields(kind))
    if names is not None:
        parts = ((name, getattr(value, name)) for name in names)
        return {name: _place(part) if type(part) is Span else part for name, part in parts}
    match value:
        case datetime():
            return {"$moment": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case Decimal():
            return {"$number": str(value)}
        case Fraction():
            return {"$fraction": str(value)}
        case Mapping():
            plain = {str(key): item for key, item in value.items()}
            return {"$map": plain} if any(key.startswith("$") for key in plain) else plain
        case set() | frozenset():
            return list(value)
    raise TypeError(f"{kind.__name__} has no place in a record")


def _place(span: Span) -> dict[str, object]:
    """A place without the text that it lies in, which is stored once; the encoder would take it for a list, as it is a tuple."""
    return {"name": span.source.name, "line": span.line, "column": span.column, "end_column": span.end_column}


_FIELDS: dict[type, tuple[str, ...]] = {}
_line = json.JSONEncoder(default=_encoded, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def loads(kind: type[T], text: str) -> T:
    """Read what `dumps` wrote of a record of type `kind`.

    Raises:
        ValueError: If the text is anything else.
    """
    try:
        return decode(kind, json.loads(text))  # type: ignore[return-value]  # it is what the declarations say
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no {kind.__name__}: {error}") from error


def decode(kind: object, data: Any) -> object:
    """Return the value of type `kind` that `data` encodes."""
    return _reader(kind)(data)


@cache
def _reader(kind: object) -> Callable[[Any], object]:
    """Return what makes a value of type `kind` of its encoding; declarations are read once, however many records follow."""
    if kind in (None, type(None)):
        return lambda _: None
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(kind))
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_reader(_reader(get_args(kind)[1]))
    if kind is Span:
        return lambda data: Span(Source(data["name"], ""), data["line"], data["column"], data["end_column"])
    if isinstance(kind, type) and is_dataclass(kind):
        return _record_reader(kind)
    if origin is Literal or kind in (bool, int, str):
        return lambda data: data
    return float if kind is float else untagged


def _record_reader(kind: type) -> Callable[[Any], object]:
    def read(data: Any) -> object:
        readers = _field_readers(kind)  # asked for only now, since a record may hold records of its own kind
        return kind(**{name: readers[name](item) for name, item in data.items()})

    return read


@cache
def _field_readers(kind: type) -> Mapping[str, Callable[[Any], object]]:
    # The alias `Value` refers to itself and cannot be evaluated elsewhere.
    hints = get_type_hints(kind, localns={"Value": Any})
    return {name: _reader(hint) for name, hint in hints.items()}


def _mapping_reader(item: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda data: types.MappingProxyType({key: item(value) for key, value in _map(data).items()})


def _tuple_reader(members: tuple[object, ...]) -> Callable[[Any], object]:
    if len(members) == 2 and members[1] is Ellipsis:  # noqa: PLR2004  (``tuple[T, ...]``)
        each = _reader(members[0])
        return lambda data: tuple(map(each, data))
    readers = tuple(map(_reader, members))
    return lambda data: tuple(read(item) for read, item in zip(readers, data, strict=True))


def _union_reader(members: tuple[object, ...]) -> Callable[[Any], object]:
    """A map is a record if the union has one; else a list or a map without a tag is the first member of such a form."""
    record = next((_reader(m) for m in members if isinstance(m, type) and (is_dataclass(m) or m is Span)), None)
    forms = [m for m in members if get_origin(m) not in (None, Literal)]
    of_list = next((_reader(m) for m in forms if get_origin(m) is tuple), untagged)
    of_map = next((_reader(m) for m in forms if get_origin(m) is not tuple), untagged)

    def read(data: Any) -> object:
        if isinstance(data, dict):
            if record is not None:
                return record(data)
            return untagged(data) if data.keys() & _TAGS.keys() else of_map(data)
        return of_list(data) if isinstance(data, list) else data

    return read


def _map(data: Any) -> dict[str, Any]:
    inner = data.get("$map") if set(data) == {"$map"} else None
    return inner if isinstance(inner, dict) else data


def untagged(data: Any) -> Any:
    """Return the `rehearse.values.Value` that `data` encodes."""
    if isinstance(data, list):
        return tuple(map(untagged, data))
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        tag, inner = next(iter(data.items()))
        if tag in _TAGS and isinstance(inner, str):
            return _TAGS[tag](inner)
    return FrozenMap((key, untagged(item)) for key, item in _map(data).items())
