"""The grammar of names, and what a result can be asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.loading.paths import Filter, split_name
from rehearse.loading.results import Unknown, kind_below, kind_of_result
from rehearse.loading.vocabulary import vocabulary_of
from rehearse.measures import measures_of

from .shop_domain import SHOP


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ("a",)),
        ("weekly_hours.R1", ("weekly_hours", "R1")),
        ("t['odd.id'].start", ("t", "odd.id", "start")),
        ('t["odd]id"].start', ("t", "odd]id", "start")),
        ("t.main:1.x", ("t", "main:1", "x")),
        ("a.b[0][-1].c", ("a", "b", 0, -1, "c")),
        ("t[person_id=R3].count", ("t", Filter((("person_id", "R3"),)), "count")),
        ("t[a=1, b='x, y'].count", ("t", Filter((("a", "1"), ("b", "x, y"))), "count")),
        ("t[a=].count", ("t", Filter((("a", ""),)), "count")),
    ],
)
def test_a_name_has_parts(text: str, parts: tuple[object, ...]) -> None:
    """Dots, positions, quoted ids and filters."""
    assert split_name(text) == parts


@pytest.mark.parametrize(
    "text", ["", ".", "a.", "a..b", "a b", "a[", "a[b]", "a['b", "a[=1]", "a[b=c d='e']", "a]", "a['b'", "a[1a]"]
)
def test_what_cannot_be_read_is_no_name(text: str) -> None:
    """A name that is not written to its end has no parts at all."""
    assert split_name(text) is None


@given(st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_:-]{0,8}", fullmatch=True), min_size=1, max_size=6))
def test_dotted_names_come_apart_as_they_were_joined(parts: list[str]) -> None:
    """Joining plain parts by dots and splitting them again changes nothing."""
    assert split_name(".".join(parts)) == tuple(parts)


@given(st.text(max_size=30))
def test_no_text_makes_the_grammar_raise(text: str) -> None:
    """Any text has parts, or it has none."""
    parts = split_name(text)

    assert parts is None or isinstance(parts[0], str | int | Filter)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("outcome",), "text"),
        (("success",), "bool"),
        (("codes", 0), "any"),
        (("codes", "count"), "number"),
        (("data", "left"), "number"),
        (("data", "lines"), "collection"),
        (("data", "lines", -1), "any"),
        (("data", "order_id"), "text"),
    ],
)
def test_a_result_has_the_kind_that_its_operation_declares(path: tuple[str | int, ...], kind: str) -> None:
    """What lies inside lists and maps is not declared, all else is."""
    assert kind_of_result(SHOP.operations["place_order"], path) == kind


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ((), "a result is read field by field"),
        (("data",), "`data` is read field by field"),
        (("data", "nothing"), "`place_order` gives no `nothing`"),
        (("state",), "a result has no `state`"),
        (("seconds", "count"), "`seconds` is a number and has nothing below it"),
        (("data", "lines", "first"), "`lines` is a list and has no `first`"),
    ],
)
def test_a_result_that_nobody_gives_is_unknown(path: tuple[str | int, ...], why: str) -> None:
    """The reason says how far the name is right."""
    found = kind_of_result(SHOP.operations["place_order"], path)

    assert isinstance(found, Unknown)
    assert found.summary == why


def test_maps_and_unknown_values_may_hold_anything() -> None:
    """Nobody declares what is inside a map."""
    assert kind_below("map", ("P1",), "totals") == "any"
    assert kind_below("any", ("x", 0, "count"), "details") == "number"


def test_a_domain_has_its_own_measures_and_the_engines() -> None:
    """Aliases mean the same measure; the vocabulary of a domain is made once."""
    measures = measures_of(SHOP)

    assert measures["pieces"] is measures["stock_total"]
    assert {"execution_time_seconds", "db_queries.select", "rows_inserted", "steps_skipped"} <= measures.keys()
    assert vocabulary_of(SHOP) is vocabulary_of(SHOP)


def test_tables_have_kinds_derived_fields_and_aliases() -> None:
    """Columns by their type in the schema; an alias of a row's field means the field."""
    products = vocabulary_of(SHOP).tables["products"]

    assert dict(products.columns) == {
        "id": "text",
        "name": "text",
        "price": "number",
        "stock": "number",
        "perishable": "bool",
        "listed": "date",
        "details": "any",
    }
    assert (products.field("pieces"), products.field("value"), products.field("opens")) == ("stock", "value", None)
    assert vocabulary_of(SHOP).tables["orders"].kind("placed") == "moment"
