"""From what a driver returns to the values of a snapshot: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rehearse.column_kinds import column_kind, stored_type
from rehearse.errors import RehearseError
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    import sqlalchemy

    from rehearse.snapshot.model import ColumnKind

Converter = Callable[[Any], Value]

_EXACT = Context(prec=100_000)


class UnreadableValueError(RehearseError):
    """A stored value is not of its column's type; the message names table, column and value."""


def converter(column: sqlalchemy.Column[Any], backend: str) -> Converter | None:
    """Return what makes a value of the snapshot out of a stored one that is not null, or None if the driver's own will do."""
    from sqlalchemy import LargeBinary, Time, Uuid  # noqa: PLC0415  (see `rehearse.column_kinds`)

    stored = stored_type(column)
    if isinstance(stored, LargeBinary):
        return bytes.hex
    if isinstance(stored, Uuid):
        return uuid_text
    if isinstance(stored, Time):
        return time_text
    kind = column_kind(column)
    if kind == "moment" and backend == "postgresql":
        return without_zone if getattr(stored, "timezone", False) else None
    if backend == "postgresql":
        return _FROM_POSTGRESQL.get(kind)
    return _FROM_SQLITE.get(kind)


def read_as_text(column: sqlalchemy.Column[Any]) -> bool:
    """Return whether PostgreSQL is asked for the column's text, as its driver's own value would lose digits or order."""
    from sqlalchemy import Enum, Uuid  # noqa: PLC0415  (see `rehearse.column_kinds`)

    return column_kind(column) == "json" or isinstance(stored_type(column), Enum | Uuid)


def decimal(value: object) -> Value:
    """Return a stored number as an exact decimal without trailing zeros; what is not finite stays a text, equal to itself."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)  # type: ignore[arg-type]
    if not number.is_finite():
        return str(number)
    return number.normalize(_EXACT) if number else Decimal(0)


def moment(text: str) -> datetime:
    """Read SQLite's text of a moment; one with a zone becomes UTC without."""
    value = datetime.fromisoformat(text)
    return value if value.tzinfo is None else without_zone(value)


def without_zone(value: datetime) -> datetime:
    """Return a moment with a zone as UTC without one."""
    return value.astimezone(UTC).replace(tzinfo=None)


def json_value(text: str) -> Value:
    """Read the text of a JSON column."""
    return freeze(json.loads(text, parse_float=Decimal, parse_constant=str))


def freeze(value: Any) -> Value:
    """Return what a JSON reader made, frozen, its numbers without trailing zeros."""
    if isinstance(value, dict):
        return FrozenMap((key, freeze(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(freeze(item) for item in value)
    if isinstance(value, Decimal):
        return decimal(value)
    return value  # type: ignore[no-any-return]  # text, int, bool or None: a JSON reader makes nothing else


def uuid_text(value: object) -> str:
    """Return a UUID's text with hyphens, whichever way it is stored."""
    return str(UUID(str(value)))


def time_text(value: object) -> str:
    """Return the text of a time of day, whichever way it is stored."""
    return (value if isinstance(value, time) else time.fromisoformat(str(value))).isoformat()


_FROM_SQLITE: Mapping[ColumnKind, Converter] = {
    "bool": bool,
    "date": date.fromisoformat,
    "moment": moment,
    "number": decimal,
    "json": json_value,
}
_FROM_POSTGRESQL: Mapping[ColumnKind, Converter] = {"number": decimal, "json": json_value}
