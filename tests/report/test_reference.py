"""The words of the reference, for every declaration that a domain can make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import pytest

from loading.shop_domain import SHOP
from rehearse.domain import Limits, Measure
from rehearse.fields import NULLABLE, Alias, ClockTime, Help, Hours, Length, Name, Range, Ref, RowId, Unit
from rehearse.loading.reader import record_shape
from rehearse.report.examples import Example, examples_of
from rehearse.report.reference import field_text, limits_text, measure_kind
from rehearse.rule import Rule
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from pathlib import Path


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A record in a record."""

    a: int = 1
    b: str = ""


@dataclass(frozen=True, kw_only=True)
class Everything:
    """Every kind of field."""

    required: RowId
    name: Name = "x"
    person: Annotated[RowId | None, Alias("who", "whom"), Ref("persons"), Help("whom it concerns")] = None
    count: Annotated[int, Range(0, 9), Unit("pieces")] = 3
    above: Annotated[Decimal, Range(above=0)] = Decimal("1.50")
    hours: Hours = 90
    limit: Annotated[Hours | None, NULLABLE] = None
    opens: ClockTime = 450
    day: date | None = None
    at: time | None = None
    colour: Colour = Colour.RED
    word: Literal["yes", "no"] = "no"
    flag: bool = False
    short: Annotated[str, Length(maximum=5)] = "abc"
    tags: tuple[str, ...] = ()
    inner: Inner = Inner()
    either: int | Inner = 1
    free: FrozenMap = EMPTY_MAP
    typed: Mapping[str, int] | None = None
    anything: Value = None


EXPECTED = {
    "required": "required: an id, required",
    "name": "name: text (lower-case letters, digits and _, a letter first), default x",
    "person": "person: a row of persons (also: who, whom) – whom it concerns",
    "count": "count: int from 0 to 9, in pieces, default 3",
    "above": "above: number above 0, default 1.5",
    "hours": "hours: number, in hours, default 1.5",
    "limit": "limit: number or null, in hours",
    "opens": "opens: time, default 07:30",
    "day": "day: date",
    "at": "at: time",
    "colour": "colour: one of red, blue, default red",
    "word": "word: one of yes, no, default no",
    "flag": "flag: bool, default false",
    "short": "short: text (at most 5), default abc",
    "tags": "tags: list of text",
    "inner": "inner: map {a, b}, default its own defaults",
    "either": "either: int or map {a, b}, default 1",
    "free": "free: map, default {}",
    "typed": "typed: map of int",
    "anything": "anything: anything",
}


@pytest.mark.parametrize("item", record_shape(Everything).fields, ids=lambda item: item.name)
def test_a_field_in_words(item: object) -> None:
    """A field's line says its type, range, unit, default, other names and what it is for."""
    assert field_text(item) == EXPECTED[item.name]  # type: ignore[arg-type, attr-defined]


def test_measures_and_their_limits() -> None:
    """A measure's kind has its unit; limits are words."""
    assert measure_kind(Measure("m", "map", "", "hours", item="number")) == "map of number, hours"
    assert measure_kind(Measure("m", "bool", "")) == "bool"
    assert limits_text(None) == "never"
    assert limits_text(Limits(above=Decimal(80), below=Decimal(60))) == "below 60 or above 80"
    assert limits_text(Limits(at_least=Decimal(78))) == "from 78"
    assert limits_text(Limits(on=False)) == "on false"


EXAMPLE = """\
scenario:
  name: Selling
  id: selling
  domain: bazaar
  setup:
    preconditions:
      - check: stock_total        # a measure is a check, too
        expected: 3
  test_case:
    operations:
      - {operation: place_order, parameters: {product: lamp, quantity: 2}, save_as: sale}
      - operation: place_order
        parameters:
          product: lamp
          quantity: 9
        expect: {outcome: rejected, code: stock, reason: "too many"}
    concurrent_operations:
      - operation: count_stock
      - operation: recount
  expected_outcome:
    max_stock_total: 3
    assertions:
      left: {value: steps.sale.data.left, expected: 1}
      first_lines: {value: steps.step1.data.lines, expected: [lamp, "a lamp"]}
      whole: {value: steps.sale.data.totals, expected: {lamp: 1}}
      before: {value: before.stock_total, expected: 3}
      what: {value: products.count, expected: 1}
      ordered: {type: order_exists, product: lamp}
    invariants:
      - {name: orders_name_products, critical: true}
    expected_errors: [{type: SoldOut, count: 1}]
    final_state:
      compliance:
        - {rule: opening, status: compliant}
"""


def test_examples_are_the_first_uses_as_they_stand(tmp_path: Path) -> None:
    """Line by line, with what is asserted of a step's answer; a domain without example scenarios has none."""
    (tmp_path / "selling.yaml").write_text(EXAMPLE, encoding="utf-8")
    assert {} == dict(examples_of(SHOP))
    rules = {name: Rule(name, "d") for name in ("stock", "opening")}
    found = examples_of(replace(SHOP, example_root=tmp_path, rules=rules))
    place = "- {operation: place_order, parameters: {product: lamp, quantity: 2}, save_as: sale}"
    gives = ("left: 1", "lines: [lamp, a lamp]", "totals: {lamp: 1}")
    assert Example((place,), gives, "selling") == found["operation", "place_order"]
    assert ("- operation: recount",) == found["operation", "recount"].lines
    assert 5 == len(found["rule", "stock"].lines)
    assert ("- {rule: opening, status: compliant}",) == found["rule", "opening"].lines
    assert ("- check: stock_total        # a measure is a check, too", "  expected: 3") == found[
        "check", "stock_total"
    ].lines
    assert ("before: {value: before.stock_total, expected: 3}",) == found["measure", "stock_total"].lines
    assert ("- {name: orders_name_products, critical: true}",) == found["invariant", "orders_name_products"].lines
    assert ("error", "SoldOut") in found
