"""Section 7 of the format, row by row: what equals what, within which tolerance."""

# ruff: noqa: DTZ001, FBT001, FBT003  (moments have no zone; booleans are what is compared)

from __future__ import annotations

import itertools
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.expect.comparisons import canonical, exact, paired, unlike, unmet, words
from rehearse.expect.matching import fullest_matching
from rehearse.expect.tolerance import EXACT, Leeway, leeway
from rehearse.expectation import (
    BooleanSpec,
    CollectionSpec,
    Equal,
    NumericSpec,
    Spec,
    StringSpec,
    Tolerances,
    Validation,
)
from rehearse.values import FrozenMap, Value
from snapshot.strategies import untimed

D = Decimal


def granting(**tolerances: Any) -> Leeway:
    """Return a leeway of one source."""
    return Leeway((Tolerances(**tolerances),))


# ── numbers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expected", "actual", "granted", "holds"),
    [
        (1, 1, EXACT, True),
        (1, D("1.0"), EXACT, True),
        (D("0.1"), 0.1, EXACT, True),
        (D("0.3"), Fraction(3, 10), EXACT, True),
        (Fraction(1, 3), D("0.3333333333333333333333333333"), EXACT, False),
        (80, 81, EXACT, False),
        (80, 81, granting(numeric_absolute=D(1)), True),
        (80, D("81.0000000001"), granting(numeric_absolute=D(1)), False),
        (80, 84, granting(numeric_percentage=D("0.05")), True),
        (84, 80, granting(numeric_percentage=D("0.05")), True),
        (80, D("84.01"), granting(numeric_percentage=D("0.05")), False),
        (-80, -84, granting(numeric_percentage=D("0.05")), True),
        (0, D("0.01"), granting(numeric_percentage=D("0.5")), False),
        (100, 103, granting(numeric_percentage=D("0.05"), numeric_absolute=D(1)), True),
        (10, 11, granting(numeric_percentage=D("0.05"), numeric_absolute=D(1)), True),
        (10, 12, granting(numeric_percentage=D("0.05"), numeric_absolute=D(1)), False),
        (1, 2, granting(timestamp_seconds=D(99), date_days=99), False),
        (10**30, 10**30 + 1, EXACT, False),
    ],
)
def test_numbers_are_compared_exactly_within_any_tolerance(
    expected: Value, actual: Value, granted: Leeway, holds: bool
) -> None:
    """A number passes if it is equal, or within one of the tolerances that are in force; ends are inside."""
    assert (unlike(expected, actual, granted) is None) is holds


@pytest.mark.parametrize("actual", [float("nan"), float("inf"), float("-inf"), D("NaN"), D("Infinity")])
def test_what_is_not_finite_never_passes(actual: Value) -> None:
    """Not even against itself, and not within any tolerance or bound."""
    wide = granting(numeric_absolute=D(10**9))
    assert unlike(actual, actual, wide)
    assert unlike(1, actual, wide)
    assert unmet(NumericSpec(minimum=0), actual)
    assert unlike((actual,), (actual,))


def test_a_float_counts_as_its_shortest_decimal() -> None:
    """0.1 + 0.2 is not 0.3, but 0.3 is."""
    assert exact(0.3) == Fraction(3, 10)
    assert unlike(D("0.3"), 0.1 + 0.2)


@pytest.mark.parametrize(
    ("spec", "actual", "why"),
    [
        (NumericSpec(minimum=1), 1, None),
        (NumericSpec(maximum=5), D("5.0"), None),
        (NumericSpec(minimum=1), D("0.999"), "expected at least 1, found 0.999"),
        (NumericSpec(maximum=5), D("5.001"), "expected at most 5, found 5.001"),
        (NumericSpec(expected=4, maximum=5), 4, None),
        (NumericSpec(expected=4, maximum=3), 4, "expected at most 3, found 4"),
        (NumericSpec(minimum=1), None, "expected a number, found null"),
        (NumericSpec(minimum=1), True, "expected a number, found bool true"),
        (NumericSpec(minimum=1), "7", 'expected a number, found text "7"'),
        (NumericSpec(expected=1), True, "expected int 1, found bool true"),
    ],
)
def test_bounds_have_no_tolerance(spec: NumericSpec, actual: Value, why: str | None) -> None:
    """Bounds hold as written, ends included, whatever is granted to equality."""
    assert unmet(spec, actual, granting(numeric_absolute=D("0.5"))) == why


def test_a_bound_that_is_no_number_is_a_defect() -> None:
    """A bound that came from a result must be a number; anything else cannot be computed."""
    with pytest.raises(TypeError, match='a bound must be a number, not text "x"'):
        unmet(NumericSpec(minimum="x"), 1)  # type: ignore[arg-type]


# ── nothing is converted ───────────────────────────────────────────────────────────────────────────────────────────────

ONE_OF_EACH: tuple[Value, ...] = (
    None,
    True,
    1,
    "1",
    date(2024, 12, 25),
    datetime(2024, 12, 25),
    (1,),
    FrozenMap({"a": 1}),
)


@pytest.mark.parametrize(("expected", "actual"), tuple(itertools.permutations(ONE_OF_EACH, 2)))
def test_types_never_equal_each_other(expected: Value, actual: Value) -> None:
    """Text is no number, a boolean is no number, a date is no moment, null equals null alone; the message names both."""
    generous = granting(numeric_absolute=D(99), date_days=99, timestamp_seconds=D(10**6))
    why = unlike(expected, actual, generous)
    assert why is not None
    assert why.startswith("expected ")
    assert ", found " in why


@pytest.mark.parametrize("value", ONE_OF_EACH)
def test_every_value_equals_itself(value: Value) -> None:
    """Null, bool, number, text, date, moment, list and map."""
    assert unlike(value, value) is None
    assert unmet(Equal(value), value) is None


def test_a_mismatch_names_both_types() -> None:
    """The author sees that it was a text."""
    assert unlike(3, "3") == 'expected int 3, found text "3"'
    assert unlike(None, D("0.5")) == "expected null, found number 0.5"


@pytest.mark.parametrize(("spec", "holds"), [(BooleanSpec(), True), (BooleanSpec(False), False)])
def test_booleans_are_the_same_boolean(spec: BooleanSpec, holds: bool) -> None:
    """1 and "true" are none."""
    assert (unmet(spec, True) is None) is holds
    assert unmet(spec, 1)
    assert unmet(spec, "true")


# ── texts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expected", "match_type", "actual", "holds"),
    [
        ("café", "exact", "cafe\u0301", True),
        ("café", "exact", "Café", False),
        ("afé", "contains", "a cafe\u0301 here", True),
        ("tea", "contains", "a café", False),
        (r"^R\d+$", "regex", "R12", True),
        (r"\d", "regex", "in the middle 4 of it", True),
        (r"^\d", "regex", "R1", False),
        ("STRASSE", "case_insensitive", "straße", True),
        ("Ward", "case_insensitive", "ward", True),
        ("ward", "case_insensitive", "wards", False),
        ("", "exact", "", True),
    ],
)
def test_texts_match_in_composed_form(expected: str, match_type: Any, actual: str, holds: bool) -> None:
    """Exact, contains, regex (searched), in any case; equal-looking texts are equal."""
    assert (unmet(StringSpec(expected, match_type), actual) is None) is holds


def test_a_text_spec_wants_a_text() -> None:
    """A number is no text, even where its digits would match."""
    assert unmet(StringSpec("4", "contains"), 4) == 'expected text "4", found int 4'


# ── dates and moments ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expected", "actual", "granted", "holds"),
    [
        (date(2024, 12, 25), date(2024, 12, 26), EXACT, False),
        (date(2024, 12, 25), date(2024, 12, 26), granting(date_days=1), True),
        (date(2024, 12, 25), date(2024, 12, 24), granting(date_days=1), True),
        (date(2024, 12, 25), date(2024, 12, 27), granting(date_days=1), False),
        (date(2024, 12, 25), date(2024, 12, 26), granting(timestamp_seconds=D(10**6)), False),
        (datetime(2024, 12, 25, 7), datetime(2024, 12, 25, 7, 5), granting(timestamp_seconds=D(300)), True),
        (datetime(2024, 12, 25, 7, 5), datetime(2024, 12, 25, 7), granting(timestamp_seconds=D(299)), False),
        (datetime(2024, 12, 25, 7), datetime(2024, 12, 25, 7, 0, 0, 1), EXACT, False),
        (datetime(2024, 12, 25, 7), datetime(2024, 12, 25, 7, 5), granting(date_days=9), False),
    ],
)
def test_dates_take_days_and_moments_take_seconds(expected: Value, actual: Value, granted: Leeway, holds: bool) -> None:
    """Each has a tolerance of its own kind; ends are inside."""
    assert (unlike(expected, actual, granted) is None) is holds


# ── lists and maps ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expected", "actual", "ordered", "why"),
    [
        ((1, 2), (2, 1), False, None),
        ((1, 2), (2, 1), True, "item 1: expected 1, found 2"),
        ((1, 1, 2), (1, 2, 2), False, "the collection lacks 1 and has 2 besides"),
        (("a",), (), False, 'the collection lacks "a"'),
        ((), ("a",), True, 'the collection has "a" besides'),
        (((1, 2),), ((2, 1),), False, None),
        (((1, 2),), ((2, 1),), True, "item 1: item 1: expected 1, found 2"),
        (
            FrozenMap({"a": 1, "b": 2}),
            FrozenMap({"b": 2, "a": 1}),
            True,
            None,
        ),
        (FrozenMap({"a": 1}), FrozenMap({"a": "1"}), False, 'a: expected int 1, found text "1"'),
        (FrozenMap({"a": 1}), FrozenMap({"b": 1}), False, "the map lacks a and has b besides"),
        (FrozenMap({"é": 1}), FrozenMap({"e\u0301": 1}), False, None),
        ((True,), (1,), False, "the collection lacks true and has 1 besides"),
        (
            (date(2024, 1, 1),),
            (datetime(2024, 1, 1),),
            False,
            "the collection lacks 2024-01-01 and has 2024-01-01T00:00 besides",
        ),
        ((FrozenMap({"a": 1}),), (FrozenMap({"a": D(1)}),), False, None),
        ((), ("a" * 200,), False, f'the collection has "{"a" * 98}… besides'),
    ],
)
def test_lists_and_maps_compare_item_by_item(expected: Value, actual: Value, ordered: bool, why: str | None) -> None:
    """As often, in any order unless order matters; a map's order never does."""
    assert unlike(expected, actual, ordered=ordered) == why


def test_tolerance_reaches_into_lists_and_pairs_as_many_as_it_can() -> None:
    """3 could take 2 or 4, but only one choice leaves a partner for 5."""
    near = granting(numeric_absolute=D(1))
    assert unlike((3, 5), (4, 2), near) is None
    assert unlike((3, 5), (2, 2), near) == "the collection lacks 5 and has 2 besides"
    assert unlike(FrozenMap({"a": (1, 9)}), FrozenMap({"a": (8, 2)}), near) is None


@pytest.mark.parametrize(
    ("spec", "actual", "ordered", "holds"),
    [
        (CollectionSpec(("a", "b")), ("b", "a"), False, True),
        (CollectionSpec(("a", "b")), ("b", "a"), True, False),
        (CollectionSpec(("a", "b"), order_matters=False), ("b", "a"), True, True),
        (CollectionSpec(("a", "b"), order_matters=True), ("b", "a"), False, False),
        (CollectionSpec(("a", "b")), ("a", "b", "b"), False, False),
        (CollectionSpec(("a", "b"), "subset"), ("a", "a"), False, True),
        (CollectionSpec(("a", "b"), "subset"), (), False, True),
        (CollectionSpec(("a", "b"), "subset"), ("a", "c"), False, False),
        (CollectionSpec(("a", "b", "c"), "subset"), ("a", "c"), True, True),
        (CollectionSpec(("a", "b", "c"), "subset"), ("c", "a"), True, False),
        (CollectionSpec(("a", "a"), "superset"), ("a", "b"), False, False),
        (CollectionSpec(("a", "a"), "superset"), ("a", "b", "a"), False, True),
        (CollectionSpec(("a", "b"), "contains_all"), ("c", "b", "a"), False, True),
        (CollectionSpec(("a", "b"), "contains_all"), ("c", "b", "a"), True, False),
        (CollectionSpec(("a", "b"), "contains_all"), ("a", "c", "b"), True, True),
        (CollectionSpec(expected_count=2), ("a", "b"), False, True),
        (CollectionSpec(expected_count=2), ("a",), False, False),
        (CollectionSpec(min_count=1, max_count=2), ("a", "b", "c"), False, False),
        (CollectionSpec(min_count=1, max_count=2), (), False, False),
        (CollectionSpec(min_count=1, max_count=2), ("a",), False, True),
        (CollectionSpec(("a",), "superset", max_count=1), ("a", "b"), False, False),
    ],
)
def test_collections(spec: CollectionSpec, actual: tuple[Value, ...], ordered: bool, holds: bool) -> None:
    """exact, subset, superset = contains_all, sequences and subsequences, and every count."""
    assert (unmet(spec, actual, ordered=ordered) is None) is holds


def test_a_size_may_be_off_by_a_fraction_of_the_expected_one() -> None:
    """|s − n| ≤ fraction · n; bounds stay as written."""
    granted = granting(collection_size_percentage=D("0.1"))
    assert unmet(CollectionSpec(expected_count=10), tuple(range(11)), granted) is None
    assert unmet(CollectionSpec(expected_count=10), tuple(range(12)), granted) == "expected 10 items, found 12"
    assert unmet(CollectionSpec(max_count=10), tuple(range(11)), granted) == "expected at most 10 items, found 11"


def test_a_collection_spec_wants_a_list() -> None:
    """Neither a text nor a map is a collection, and what is expected must be one too."""
    assert unmet(CollectionSpec(("a",)), "a") == 'expected a list, found text "a"'
    assert unmet(CollectionSpec("a"), ("a",)) == 'expected text "a", found list [a]'  # type: ignore[arg-type]


def test_a_long_list_of_strangers_is_cut() -> None:
    """Ten are named, the others counted."""
    why = unlike((), tuple(range(12)))
    assert why == "the collection has 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more besides"


# ── which tolerance ────────────────────────────────────────────────────────────────────────────────────────────────────

OVERRIDES = (
    ("hours", Tolerances(numeric_absolute=D(2))),
    ("duties.hours", Tolerances(numeric_absolute=D(3), timestamp_seconds=D(60))),
)
GENERAL = Tolerances(numeric_percentage=D("0.5"), date_days=4, collection_size_percentage=D("0.2"))


@pytest.mark.parametrize(
    ("strategy", "own", "names", "paths", "number"),
    [
        ("lenient", D(1), ("hours",), ("duties.hours",), (D(1), None)),
        ("lenient", None, ("hours",), ("duties.hours",), (D(2), None)),
        ("lenient", None, ("other",), ("duties.hours",), (D(3), None)),
        ("lenient", None, ("other",), ("elsewhere",), (None, D("0.5"))),
        ("strict", None, ("hours",), (), (D(2), None)),
        ("strict", None, ("other",), (), (None, None)),
        ("strict", 0, ("hours",), (), (D(0), None)),
        ("custom", None, ("other",), (), (None, None)),
    ],
)
def test_the_first_source_that_says_anything_is_taken_alone(
    strategy: Any, own: Decimal | None, names: tuple[str, ...], paths: tuple[str, ...], number: object
) -> None:
    """The check's own; else an override of its name, then of its path; else, lenient only, the general ones."""
    validation = Validation(comparison_strategy=strategy, tolerances=GENERAL, field_overrides=OVERRIDES)
    assert leeway(validation, names, paths, own=own).number() == number


def test_a_source_counts_only_for_the_types_that_it_mentions() -> None:
    """An override that speaks of numbers leaves moments to the path's, and dates to the general one."""
    validation = Validation(comparison_strategy="lenient", tolerances=GENERAL, field_overrides=OVERRIDES)
    granted = leeway(validation, ("hours",), ("duties.hours",))
    assert (granted.number(), granted.seconds(), granted.days(), granted.size()) == ((D(2), None), D(60), 4, D("0.2"))


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spec", "granted", "said"),
    [
        (BooleanSpec(), EXACT, "true"),
        (NumericSpec(80), granting(numeric_absolute=D("0.5")), "80 ± 0.5"),
        (NumericSpec(80, maximum=90), granting(numeric_percentage=D("0.05")), "80 ± 5 % and ≤ 90"),
        (NumericSpec(minimum=1), EXACT, "≥ 1"),
        (Equal(datetime(2024, 1, 1, 7)), granting(timestamp_seconds=D(60)), "2024-01-01T07:00 ± 60 s"),
        (Equal(date(2024, 1, 1)), granting(date_days=2), "2024-01-01 ± 2 d"),
        (Equal("x"), EXACT, '"x"'),
        (StringSpec("x"), EXACT, '"x"'),
        (StringSpec("x", "contains"), EXACT, 'text with "x"'),
        (StringSpec("x", "regex"), EXACT, 'text that matches "x"'),
        (StringSpec("x", "case_insensitive"), EXACT, 'in any case "x"'),
        (StringSpec(3), EXACT, "3"),  # type: ignore[arg-type]
        (CollectionSpec(("a",)), EXACT, "[a]"),
        (CollectionSpec(("a",), "subset", order_matters=True), EXACT, "only items of [a] in this order"),
        (
            CollectionSpec(("a",), "superset", min_count=1, max_count=3),
            EXACT,
            "all of [a], at least 1 items, at most 3 items",
        ),
        (CollectionSpec(expected_count=3), granting(collection_size_percentage=D("0.1")), "3 items ± 10 %"),
    ],
)
def test_what_is_expected_is_said_in_words(spec: Spec, granted: Leeway, said: str) -> None:
    """The column `expected` of a report reads like a sentence's end."""
    assert words(spec, granted) == said


# ── laws ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

numbers = st.integers(-1000, 1000) | st.decimals(-1000, 1000, places=3) | st.fractions(-100, 100, max_denominator=50)
positive = st.decimals(0, 100, places=2)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=3) | st.dates() | st.datetimes()
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(max_size=2), inner).map(FrozenMap),
)


@untimed
@given(numbers, numbers, positive)
def test_an_absolute_tolerance_is_symmetric(first: Value, second: Value, tolerance: Decimal) -> None:
    """If a is within t of b, then b is within t of a."""
    granted = granting(numeric_absolute=tolerance)
    assert (unlike(first, second, granted) is None) == (unlike(second, first, granted) is None)


@untimed
@given(numbers, numbers, positive, positive)
def test_a_wider_tolerance_never_refuses_what_a_narrower_one_passes(
    first: Value, second: Value, narrow: Decimal, more: Decimal
) -> None:
    """Tolerances are monotonic, absolute and relative alike."""
    for name in ("numeric_absolute", "numeric_percentage"):
        if unlike(first, second, granting(**{name: narrow})) is None:
            assert unlike(first, second, granting(**{name: narrow + more})) is None


@untimed
@given(numbers, numbers, positive, positive)
def test_any_tolerance_suffices(first: Value, second: Value, absolute: Decimal, fraction: Decimal) -> None:
    """Both together pass exactly what one of them passes."""
    both = unlike(first, second, granting(numeric_absolute=absolute, numeric_percentage=fraction)) is None
    one = unlike(first, second, granting(numeric_absolute=absolute)) is None
    other = unlike(first, second, granting(numeric_percentage=fraction)) is None
    assert both == (one or other)


@untimed
@given(values, values)
def test_equality_is_reflexive_and_symmetric_and_agrees_with_the_canonical_form(first: Value, second: Value) -> None:
    """Without tolerance two values are alike exactly when their canonical forms are equal."""
    for ordered in (False, True):
        assert unlike(first, first, ordered=ordered) is None
        alike = unlike(first, second, ordered=ordered) is None
        assert alike == (unlike(second, first, ordered=ordered) is None)
        assert alike == (canonical(first, ordered=ordered) == canonical(second, ordered=ordered))


@untimed
@given(st.lists(values, max_size=5), st.randoms(use_true_random=False))
def test_an_unordered_collection_equals_any_order_of_itself(items: list[Value], random: Any) -> None:
    """Sorting does not matter, nor does any tolerance make it matter."""
    other = list(items)
    random.shuffle(other)
    assert unlike(tuple(items), tuple(other)) is None
    assert unlike(tuple(items), tuple(other), granting(numeric_absolute=D(1))) is None


@untimed
@given(st.lists(st.integers(0, 6), max_size=5), st.lists(st.integers(0, 6), max_size=5), st.integers(0, 2))
def test_pairing_leaves_as_few_as_possible(expected: list[int], actual: list[int], off: int) -> None:
    """No way of pairing leaves fewer without a partner."""
    missing, extra = paired(expected, actual, granting(numeric_absolute=D(off)), ordered=False)
    assert len(expected) - len(missing) == len(actual) - len(extra)
    fits = [[n for n, found in enumerate(actual) if abs(found - item) <= off] for item in expected]
    assert len(expected) - len(missing) == _most(fits)


graphs = st.lists(st.lists(st.integers(0, 4), unique=True, max_size=5), max_size=5)


@untimed
@given(graphs)
def test_the_matching_is_the_fullest_there_is(fits: list[list[int]]) -> None:
    """Against every assignment that there is: none pairs more, no partner is taken twice, and everybody fits."""
    partners = fullest_matching(fits)
    taken = [partner for partner in partners if partner is not None]
    assert len(taken) == len(set(taken)) == _most(fits)
    assert all(partner is None or partner in fits[item] for item, partner in enumerate(partners))


@untimed
@given(graphs)
def test_who_comes_first_is_never_left_out_for_a_later_one(fits: list[list[int]]) -> None:
    """Everybody who has a partner among the first n has one among the first n + 1."""
    for size in range(len(fits)):
        before = fullest_matching(fits[:size])
        after = fullest_matching(fits[: size + 1])
        assert all(later is not None for earlier, later in zip(before, after, strict=False) if earlier is not None)


def test_a_long_chain_of_exchanges_is_found() -> None:
    """A thousand items each give up their partner so that the last gets one."""
    size = 1000
    fits = [[item, item + 1] for item in range(size)] + [[0]]
    assert None not in fullest_matching(fits)


def _most(fits: list[list[int]], taken: frozenset[int] = frozenset()) -> int:
    """Try every assignment."""
    if not fits:
        return 0
    best = _most(fits[1:], taken)
    for candidate in fits[0]:
        if candidate not in taken:
            best = max(best, 1 + _most(fits[1:], taken | {candidate}))
    return best
