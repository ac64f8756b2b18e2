"""What kind of values a column holds: one answer for the loader, which names columns, and for photographs, which read them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy

    from rehearse.snapshot.model import ColumnKind


def column_kind(column: sqlalchemy.Column[Any]) -> ColumnKind:
    """Return the kind of a column's values as they are stored; a decorated type counts as what it decorates."""
    stored = stored_type(column)
    return next((kind for sql_type, kind in _kinds() if isinstance(stored, sql_type)), "text")


def stored_type(column: sqlalchemy.Column[Any]) -> object:
    """Return the type that a column's values are stored in, without what decorates it."""
    from sqlalchemy import TypeDecorator  # noqa: PLC0415  (see `_kinds`)

    stored: object = column.type
    while isinstance(stored, TypeDecorator):
        stored = stored.impl_instance
    return stored


@cache
def _kinds() -> tuple[tuple[type, ColumnKind], ...]:
    from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Numeric  # noqa: PLC0415  (judging a stored run needs no database)

    return (
        (Boolean, "bool"),
        (DateTime, "moment"),
        (Date, "date"),
        (Integer, "int"),
        (Numeric, "number"),
        (Float, "number"),
        (JSON, "json"),
    )
