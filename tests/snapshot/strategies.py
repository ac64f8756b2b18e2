"""Snapshots as Hypothesis draws them: any types, any texts, tables that differ a little."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rehearse.snapshot.columns import decimal
from rehearse.values import FrozenMap, Value
from snapshot.world import snapshot, table

if TYPE_CHECKING:
    from rehearse.snapshot.model import ColumnKind, Snapshot, Table

untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Laws are judged by what they say, never by how fast."""
KINDS: tuple[ColumnKind, ...] = ("text", "int", "bool", "number", "date", "moment", "json")
texts = st.text(max_size=8)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12).map(decimal)
moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1))
dates = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1))
json_scalars = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | numbers | texts
json_values: st.SearchStrategy[Value] = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3).map(FrozenMap),
    max_leaves=5,
)
values: st.SearchStrategy[Value] = st.recursive(
    json_scalars
    | dates
    | moments
    | st.fractions().filter(lambda value: isinstance(value, Fraction))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3).map(FrozenMap),
    max_leaves=6,
)
_CELLS: dict[ColumnKind, st.SearchStrategy[Value]] = {
    "text": texts,
    "int": st.integers(-(2**63), 2**63),
    "bool": st.booleans(),
    "number": numbers,
    "date": dates,
    "moment": moments,
    "json": json_values,
}


@st.composite
def tables(draw: st.DrawFn, name: str = "things") -> Table:
    """A table with a text key and up to four more columns of any kind, nulls included."""
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=4))
    columns: dict[str, ColumnKind] = {"id": "text", **{f"c{index}": kind for index, kind in enumerate(kinds)}}
    return draw(tables_with(name, columns))


@st.composite
def tables_with(draw: st.DrawFn, name: str, columns: dict[str, ColumnKind]) -> Table:
    """A table with these columns."""
    keys = sorted(draw(st.sets(st.sampled_from(["a", "b", "ab", "B", "é", "10", "9", "~/x"]), max_size=6)))
    cells = [st.none() | _CELLS[kind] for kind in tuple(columns.values())[1:]]
    return table(name, columns, [[key, *(draw(cell) for cell in cells)] for key in keys])


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A snapshot of up to three tables with extras."""
    names = draw(st.lists(st.sampled_from(["persons", "duties", "a/b~c"]), unique=True, max_size=3))
    extras = draw(st.dictionaries(st.sampled_from(["compliance_status", "coverage_stats"]), values, max_size=2))
    return snapshot(*(draw(tables(name)) for name in names), extras=FrozenMap(extras))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """Two snapshots of one schema; some tables are shared."""
    before, after = [], []
    for name in ("persons", "duties"):
        first = draw(tables(name))
        columns = {column.name: column.kind for column in first.columns}
        before.append(first)
        after.append(first if draw(st.booleans()) else draw(tables_with(name, columns)))
    return snapshot(*before), snapshot(*after)


def as_decimal(text: str) -> Decimal:
    """Return a decimal as a snapshot holds it."""
    value = decimal(Decimal(text))
    assert isinstance(value, Decimal)
    return value
