"""Records go to disk and come back as what they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.codec import dumps, loads, untagged
from rehearse.source import Source, Span
from rehearse.values import FrozenMap, Value

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.fractions()
    | st.dates()
    | st.datetimes()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=6), inner, max_size=3).map(FrozenMap)
    ),
    max_leaves=12,
)


@dataclass(frozen=True)
class Inner:
    """A record in a record."""

    when: datetime
    window: tuple[date, date] | None = None


@dataclass(frozen=True)
class Outer:
    """A record with every kind of field that results have."""

    name: str
    kind: Literal["a", "b"]
    ratio: float
    count: int | None
    anything: Value
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    place: Span | None = None


OUTER = Outer(
    "x",
    "b",
    0.25,
    None,
    FrozenMap({"$map": 1, "days": (date(2024, 12, 25), Decimal("0.10"), Fraction(1, 3))}),
    Inner(datetime(2024, 12, 25, 6), (date(2024, 12, 1), date(2024, 12, 2))),  # noqa: DTZ001
    (Inner(datetime(2024, 1, 1)),),  # noqa: DTZ001
    {"SELECT": 3},
)


def test_a_record_comes_back_equal() -> None:
    """Nested records, dates, decimals, fractions and maps survive the way to disk and back."""
    assert loads(Outer, dumps(OUTER)) == OUTER


def test_equal_records_are_equal_text() -> None:
    """Writing what was read gives the same bytes."""
    assert dumps(loads(Outer, dumps(OUTER))) == dumps(OUTER)


@given(VALUES)
def test_any_value_comes_back_equal_and_of_its_type(value: Value) -> None:
    """Whatever a row, a parameter or a result may hold is read back as it was."""
    record = Outer("x", "a", 1.0, 1, value)
    assert loads(Outer, dumps(record)).anything == value


def test_a_place_is_stored_without_its_text() -> None:
    """A place keeps file, line and columns; the text around it is not repeated in every check."""
    source = Source("a.yaml", "one\ntwo\n")
    record = Outer("x", "a", 1.0, 1, None, place=Span(source, 2, 1, 4))
    assert "two" not in dumps(record)
    assert str(loads(Outer, dumps(record)).place) == "a.yaml:2:1"


def test_what_has_no_place_in_a_record_is_refused() -> None:
    """An object that could not be read back is not written."""
    with pytest.raises(TypeError, match="object has no place in a record"):
        dumps(Outer("x", "a", 1.0, 1, object()))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["[]", '{"name": 1}', '{"nome": "x"}', "{"])
def test_another_text_is_refused(text: str) -> None:
    """A text that is no record of the type is an error with a name, never half a record."""
    with pytest.raises(ValueError, match=r"."):
        loads(Outer, text)


def test_an_infinite_number_is_refused() -> None:
    """JSON has no infinity, and a record that cannot be read elsewhere is not written."""
    with pytest.raises(ValueError, match="Out of range"):
        dumps(Outer("x", "a", float("inf"), 1, None))


def test_readable_text_has_an_indent() -> None:
    """A file for people is indented and reads back the same."""
    assert "\n  " in dumps(OUTER, indent=2)
    assert loads(Outer, dumps(OUTER, indent=2)) == OUTER


def test_a_tag_with_something_else_in_it_is_a_map() -> None:
    """Only a tag with a text is a tag."""
    assert untagged({"$date": 3}) == FrozenMap({"$date": 3})
