"""The values that a scenario, a row and a measure are made of: frozen, comparable, and the same on every database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias


class FrozenMap(Mapping[str, "Value"]):
    """An immutable, hashable map of text to values that keeps its order; equal to any mapping with the same entries."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, Value] | Iterable[tuple[str, Value]] = ()) -> None:
        self._entries: dict[str, Value] = dict(entries)

    def __getitem__(self, key: str) -> Value:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._entries!r})"


Scalar: TypeAlias = bool | int | Decimal | Fraction | float | str | date | datetime | None
Value: TypeAlias = "Scalar | tuple[Value, ...] | FrozenMap"

EMPTY_MAP = FrozenMap()


def type_name(value: object) -> str:
    """Return the format's word for the type of `value`: text, bool, int, number, date, moment, list, map or null."""
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return type(value).__name__


_TYPE_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "bool"),
    (int, "int"),
    ((Decimal, Fraction, float), "number"),
    (str, "text"),
    (datetime, "moment"),
    (date, "date"),
    ((tuple, list), "list"),
    (Mapping, "map"),
)


def plain(value: Value) -> str:
    """Write `value` as a person would: ISO dates and moments to the minute, true/false, shortest number, null."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(timespec="minutes")
        case date():
            return value.isoformat()
        case Decimal():
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case Fraction():
            return plain_fraction(value)
        case tuple():
            return "[" + ", ".join(plain(item) for item in value) + "]"
        case FrozenMap():
            return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def plain_fraction(value: Fraction, *, digits: int = 4) -> str:
    """Write an exact fraction as a decimal number, rounded half up to `digits` places, without trailing zeros."""
    scaled = (abs(value) * 10**digits + Fraction(1, 2)).__floor__()
    whole, rest = divmod(scaled, 10**digits)
    text = f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and scaled else text
