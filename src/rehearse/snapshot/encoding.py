"""Values ↔ JSON: dates as ISO texts, moments to the minute, numbers as numbers; what JSON has no word for is noted beside.

Equal values give equal text: maps are written by key, a decimal as the shortest number that reads back as itself.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from rehearse.snapshot.columns import decimal
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Marks: TypeAlias = dict[str, str]
"""Place → type of each text that stands for something else; places are JSON pointers."""

_FROM_TEXT: Mapping[str, Callable[[str], Value]] = {
    "date": date.fromisoformat,
    "moment": datetime.fromisoformat,
    "number": decimal,
    "fraction": Fraction,
    "float": float,
}


def dump(data: object) -> bytes:
    """Return JSON without blanks, in UTF-8, with a final line feed."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def load(data: bytes) -> Any:
    """Read JSON, its numbers with a point as exact decimals; ValueError if it is none."""
    return json.loads(data.decode("utf-8", "surrogatepass"), parse_float=Decimal)


def moment_text(value: datetime) -> str:
    """Return ``2024-12-25T06:00``; seconds only where there are some."""
    return value.isoformat(timespec="auto" if value.second or value.microsecond else "minutes")


def number(value: Decimal) -> float | str:
    """Return what JSON writes as the very number that `value` is; a text for one with more digits than that can hold."""
    nearest = float(value) + 0.0
    return nearest if Decimal(repr(nearest)) == value else format(value, "f")


def below(place: str, part: str | int) -> str:
    """Return the JSON pointer of `part` below `place`."""
    return f"{place}/{str(part).replace('~', '~0').replace('/', '~1')}"


def encode(value: Value, marks: Marks, place: str = "") -> Any:
    """Return `value` in terms of JSON and note in `marks` what the text at a place stands for."""
    match value:
        case None | bool() | int() | str():
            return value
        case FrozenMap():
            return {key: encode(value[key], marks, below(place, key)) for key in sorted(value)}
        case tuple():
            return [encode(item, marks, below(place, index)) for index, item in enumerate(value)]
        case Decimal():
            written = number(value)
            return written if isinstance(written, float) else _marked(written, "number", marks, place)
        case datetime():
            return _marked(moment_text(value), "moment", marks, place)
        case date():
            return _marked(value.isoformat(), "date", marks, place)
        case Fraction():
            return _marked(str(value), "fraction", marks, place)
        case float():
            return _marked(repr(value), "float", marks, place)


def _marked(text: str, kind: str, marks: Marks, place: str) -> str:
    marks[place] = kind
    return text


def decode(data: Any, marks: Mapping[str, str], place: str = "") -> Value:
    """Return the value that `encode` wrote as `data`."""
    if isinstance(data, dict):
        return FrozenMap((key, decode(item, marks, below(place, key))) for key, item in data.items())
    if isinstance(data, list):
        return tuple(decode(item, marks, below(place, index)) for index, item in enumerate(data))
    if isinstance(data, Decimal):
        return decimal(data)
    if isinstance(data, str) and place in marks:
        return _FROM_TEXT[marks[place]](data)
    return data  # type: ignore[no-any-return]  # text, int, bool or None
