"""Frozen records ↔ JSON, driven by their declarations, so that what a run left on disk can be read back as what it was.

Dates, moments, decimals and fractions stand in ``{"$moment": "2024-12-25T06:00"}`` and the like wherever the declared type does not say
what they are; the encoding of equal records is the same text, byte for byte.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from rehearse.values import FrozenMap

T = TypeVar("T")

_TAGS: Mapping[str, Callable[[str], object]] = {
    "$moment": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$number": Decimal,
    "$fraction": Fraction,
    "$float": float,
}


def dumps(record: object, *, indent: int | None = None) -> str:
    """Return `record` as JSON text."""
    separators = None if indent else (",", ":")
    return json.dumps(encode(record), ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)


def loads(kind: type[T], text: str, *, names: Mapping[str, object] | None = None) -> T:
    """Read what `dumps` wrote of a record of type `kind`.

    Args:
        kind: The record's type.
        text: JSON.
        names: Types that the declarations mention but their module does not import at run time.

    Raises:
        ValueError: If the text is anything else.
    """
    return decode(kind, json.loads(text), names=names or {})  # type: ignore[return-value]


def encode(value: object) -> Any:
    """Return `value` in terms of JSON."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"$float": repr(value)}
        case datetime():
            return {"$moment": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case Decimal():
            return {"$number": str(value)}
        case Fraction():
            return {"$fraction": str(value)}
        case Mapping():
            return _encoded_map(value)
        case tuple() | list() | set() | frozenset():
            return [encode(item) for item in value]
    if is_dataclass(value):
        return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _encoded_map(value: Mapping[Any, object]) -> dict[str, Any]:
    plain = {str(key): encode(item) for key, item in value.items()}
    return {"$map": plain} if any(key.startswith("$") for key in plain) else plain


def decode(kind: object, data: Any, *, names: Mapping[str, object]) -> object:
    """Return the value of type `kind` that `data` encodes."""
    if kind in (None, type(None)):
        return None
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decoded_union(get_args(kind), data, names)
    if origin is tuple:
        return _decoded_tuple(get_args(kind), data, names)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return types.MappingProxyType({key: decode(get_args(kind)[1], item, names=names) for key, item in _map(data).items()})
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind, tuple(names.items()))
        return kind(**{key: decode(hints[key], item, names=names) for key, item in data.items()})
    if origin is Literal or kind in (bool, int, str):
        return data
    return float(untagged(data)) if kind is float else untagged(data)  # type: ignore[arg-type]


def _decoded_union(members: tuple[object, ...], data: Any, names: Mapping[str, object]) -> object:
    if data is None:
        return None
    records = [member for member in members if isinstance(member, type) and is_dataclass(member)]
    if isinstance(data, dict) and records:
        return decode(records[0], data, names=names)
    structured = [member for member in members if get_origin(member) in (tuple, Mapping) or get_origin(member) is not None]
    plain = isinstance(data, list) or (isinstance(data, dict) and not data.keys() & _TAGS.keys())
    fitting = [m for m in structured if (get_origin(m) is tuple) == isinstance(data, list) and get_origin(m) is not Literal]
    return decode(fitting[0], data, names=names) if plain and fitting else untagged(data)


def _decoded_tuple(members: tuple[object, ...], data: Any, names: Mapping[str, object]) -> tuple[object, ...]:
    if len(members) == 2 and members[1] is Ellipsis:  # noqa: PLR2004  (``tuple[T, ...]``)
        return tuple(decode(members[0], item, names=names) for item in data)
    return tuple(decode(member, item, names=names) for member, item in zip(members, data, strict=True))


def _map(data: Any) -> dict[str, Any]:
    inner = data.get("$map") if set(data) == {"$map"} else None
    return inner if isinstance(inner, dict) else data


def untagged(data: Any) -> Any:
    """Return the `rehearse.values.Value` that `data` encodes."""
    if isinstance(data, list):
        return tuple(untagged(item) for item in data)
    if not isinstance(data, dict):
        return data
    if len(data) == 1:
        tag, inner = next(iter(data.items()))
        if tag in _TAGS and isinstance(inner, str):
            return _TAGS[tag](inner)
    return FrozenMap((key, untagged(item)) for key, item in _map(data).items())


@lru_cache(maxsize=256)
def _hints(kind: type, names: tuple[tuple[str, object], ...]) -> Mapping[str, object]:
    return get_type_hints(kind, localns=dict(names))
