"""The vocabulary in which typed records are declared: what a field of a section or a parameter may hold.

A record is a frozen, keyword-only dataclass whose annotations the loader reads. Defaults are the dataclass's own; a field
without one is required. The same declarations give the JSON Schema and the printed reference.

    @dataclass(frozen=True, kw_only=True)
    class AbsenceRow:
        person_id: PersonId
        kind: AbsenceKind = AbsenceKind.OTHER            # a str Enum: one of its values
        start: Moment | None = None
        rows: tuple[Row, ...] = ()

Understood are ``str``, ``bool``, ``int``, ``Decimal`` (a number), ``date``, ``datetime`` (a moment), ``time`` (wall-clock; see
`ClockTime` for 24:00), str enums, ``Literal`` of texts, ``tuple[T, ...]`` (a list), `FrozenMap` (any map), ``Mapping[str, T]`` (a map
of one type), nested records, `Value` (anything), ``T | None`` (optional; null itself is accepted only with `Nullable`), unions of
a scalar and a record or list (decided by the node's shape) and the ``Annotated`` forms below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias


@dataclass(frozen=True)
class Range:
    """Bounds of an int, number or duration, ends included unless `above` is used."""

    minimum: int | None = None
    maximum: int | None = None
    above: int | None = None


@dataclass(frozen=True)
class Pattern:
    """The whole text must match `expression`; `says` names it for people (``lower-case words joined by -``)."""

    expression: str
    says: str


@dataclass(frozen=True)
class Length:
    """Bounds of a text's or a list's length."""

    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True)
class Ref:
    """A text that names a row of `section`; what is not there is the domain's to report, as it may come from elsewhere."""

    section: str


@dataclass(frozen=True)
class Alias:
    """Other keys under which the field may be written; two of them at once are a conflict."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Unit:
    """The unit, for the reference: ``hours``, ``minutes``."""

    name: str


@dataclass(frozen=True)
class Help:
    """One sentence for the reference and the editor."""

    text: str


class _Hours:
    """Marks an int of minutes that is written as a number of hours."""


class _ClockTime:
    """Marks an int of minutes after midnight (0–1440) that is written as a time, ``07:00``; 24:00 is 1440."""


class _Nullable:
    """Marks a field in which an explicit null is allowed."""


class _CaseInsensitive:
    """Marks an enum whose values may be written in any case."""


HOURS = _Hours()
CLOCK_TIME = _ClockTime()
NULLABLE = _Nullable()
ANY_CASE = _CaseInsensitive()

Hours: TypeAlias = Annotated[int, HOURS, Unit("hours")]
ClockTime: TypeAlias = Annotated[int, CLOCK_TIME]
Name: TypeAlias = Annotated[str, Pattern(r"[a-z][a-z0-9_]*", "lower-case letters, digits and _, a letter first")]
RowId: TypeAlias = Annotated[
    str,
    Pattern(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", "letters, digits and . _ : -, at most 64, a letter or digit first"),
]
