"""Values, times and sizes in the words of a reader."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.report.document import json_value
from rehearse.report.model import Limits, rounded, seconds_text, shown
from rehearse.values import FrozenMap


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "<1 ms"),
        (0.0004, "<1 ms"),
        (0.0009, "<1 ms"),
        (0.001, "1 ms"),
        (0.0123, "12 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125.2, "2 min 5 s"),
    ],
)
def test_times_have_units(seconds: float, text: str) -> None:
    """A time is written in the unit that fits it."""
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (Decimal("2.50"), 2.5),
        (Decimal("3.0"), 3),
        (Fraction(1, 3), 0.3333),
        (Fraction(4, 2), 2),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (date(2024, 12, 25), "2024-12-25"),
        (datetime(2024, 12, 25, 7, 30), "2024-12-25T07:30"),  # noqa: DTZ001  (scenarios have no zones)
        (("a", (1,)), ["a", [1]]),
        (FrozenMap({"a\x1b": "b\x1b"}), {"a\\x1b": "b\\x1b"}),
        (b"bytes", "b'bytes'"),
    ],
)
def test_json_values(value: object, written: object) -> None:
    """Every value that a run can hold has a JSON form: numbers are numbers, dates are ISO text, the rest is text."""
    assert json_value(value) == written
    assert type(json_value(value)) is type(written)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": (True, None)}, "{a: 1, b: [true, null]}"),
        (FrozenMap({"a": Decimal("1.50")}), "{a: 1.5}"),
        ([Fraction(2, 3)], "[0.6667]"),
    ],
)
def test_shown(value: object, text: str) -> None:
    """Collections read as one would write them in YAML."""
    assert shown(value) == text


def test_what_passed_is_rounded() -> None:
    """Of a passed check's number four decimals are shown; other values stay as they are."""
    found = [rounded(value) for value in (Decimal("0.36310264"), 0.5, Decimal("NaN"), 7, "text")]
    assert found == ["0.3631", "0.5", "NaN", "7", "text"]


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_limits_shrink_to_one(rows: int, cell: int) -> None:
    """A quarter of a quarter comes to an end, so that a page that is too large is made again only so often."""
    limits = Limits(rows=rows, cell=cell)
    for _ in range(10):
        limits = limits.smaller()
    assert (limits.rows, limits.cell) == (1, 1)
