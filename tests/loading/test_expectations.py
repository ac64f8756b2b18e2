"""What must hold afterwards: every check is a record with its key, its category and what it looks at."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ScenarioError
from rehearse.expectation import (
    Assertion,
    BooleanSpec,
    ChangeEntry,
    Check,
    CollectionSpec,
    CompliancePattern,
    CustomValidation,
    Deferred,
    DomainAssertion,
    Equal,
    Expected,
    ExpectedError,
    FieldPattern,
    FinalStatePattern,
    FromTo,
    InvariantCheck,
    MeasureRef,
    NumericSpec,
    PerformanceLimit,
    ResultRef,
    StateComparison,
    StatePath,
    StateRef,
    StringSpec,
    Threshold,
    Tolerances,
    Validation,
    WaitingRecord,
)
from rehearse.loading.load import load_written
from rehearse.values import FrozenMap

from .shop_domain import OrderLike
from .shop_scenario import WHOLE, small

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.scenario import Scenario, Written


@pytest.fixture
def whole(write: Callable[[str], Written]) -> Scenario:
    """Return the scenario that uses most of the format."""
    return load_written(write(WHOLE), validators_allowed=("my.checks",)).scenario


def expected(text: str, write: Callable[[str], Written]) -> Expected:
    """Return what a small scenario with this ``expected_outcome`` expects."""
    return load_written(write(small(expected_outcome=text))).scenario.expected_outcome


def check(scenario: Scenario, key: str) -> Check:
    """Return the one check of this key."""
    (found,) = [item for item in scenario.expected_outcome.checks if item.key == key]
    return found


def only(text: str, write: Callable[[str], Written]) -> Check:
    """Return the one check that `text` asks for, besides the invariants."""
    (found,) = [item for item in expected(text, write).checks if not isinstance(item, InvariantCheck)]
    return found


def assertion(text: str, write: Callable[[str], Written]) -> Assertion:
    """Return the one assertion that `text` asks for."""
    found = only(text, write)
    assert isinstance(found, Assertion)
    return found


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

PATH = StatePath("products", "P1", FrozenMap(), "stock", (), "products.P1.stock")


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("stock_total", MeasureRef("stock_total")),
        ("pieces", MeasureRef("stock_total")),
        ("stock_of.P1", MeasureRef("stock_of", "P1")),
        ("stock_of['dr.x']", MeasureRef("stock_of", "dr.x")),
        ("stock_of.dr.x", MeasureRef("stock_of", "dr.x")),
        ("sold_out.count", MeasureRef("sold_out", "count")),
        ("db_queries.select", MeasureRef("db_queries.select")),
        ("left", ResultRef("main", ("data", "left"))),
        ("lines.count", ResultRef("main", ("data", "lines", "count"))),
        ("products.P1.stock", StateRef(PATH)),
        ("products.P1.pieces", StateRef(StatePath("products", "P1", FrozenMap(), "stock", (), "products.P1.pieces"))),
        ("products.P1.value", StateRef(StatePath("products", "P1", FrozenMap(), "value", (), "products.P1.value"))),
        (
            "products['P 1'].price",
            StateRef(StatePath("products", "P 1", FrozenMap(), "price", (), "products['P 1'].price")),
        ),
        (
            "orders.main:1.quantity",
            StateRef(StatePath("orders", "main:1", FrozenMap(), "quantity", (), "orders.main:1.quantity")),
        ),
        ("products.count", StateRef(StatePath("products", None, FrozenMap(), None, (), "products.count"))),
        ("measures.stock_total", MeasureRef("stock_total")),
        ("steps.main.data.left", ResultRef("main", ("data", "left"))),
        ("steps.main.queries", ResultRef("main", ("queries",))),
        ("steps.main.reasons.count", ResultRef("main", ("reasons", "count"))),
        ("before.stock_total", MeasureRef("stock_total", state="before")),
        ("after.stock_of.P1", MeasureRef("stock_of", "P1", "after")),
        ("before.products.P1.stock", StateRef(PATH, "before")),
    ],
)
def test_a_name_is_settled_before_the_run(name: str, reference: object, write: Callable[[str], Written]) -> None:
    """Measure, result, path, in this order, or said outright."""
    found = assertion(f'assertions: {{it: {{value: "{name}", expected: 3}}}}', write)

    assert found.value == reference
    assert found.key == "it"


def test_a_path_filters_by_typed_values(write: Callable[[str], Written]) -> None:
    """The texts of a filter have the types of their columns."""
    names = (
        "products[stock=2, perishable=true, listed=2024-12-25, name='a b'].count",
        "orders[placed=2024-12-25T06:00].count",
    )

    first, second = (assertion(f'assertions: {{it: {{value: "{name}", min: 1}}}}', write).value for name in names)

    assert isinstance(first, StateRef)
    assert isinstance(second, StateRef)
    where = {"stock": Decimal(2), "perishable": True, "listed": date(2024, 12, 25), "name": "a b"}
    assert first.path.where == where
    assert second.path.where == {"placed": datetime(2024, 12, 25, 6)}  # noqa: DTZ001


def test_a_path_reaches_into_a_list_or_map_value(write: Callable[[str], Written]) -> None:
    """What lies below a stored map is not known before the run, so it is taken as it is compared."""
    found = assertion("assertions:\n  products.P1.details.colours[0]: red", write)

    assert isinstance(found.value, StateRef)
    assert (found.value.path.field, found.value.path.rest) == ("details", ("colours", 0))
    assert found.spec == StringSpec("red")


# ── specs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("in_stock: true", BooleanSpec(expected=True)),
        ("in_stock: {}", BooleanSpec(expected=True)),
        ("in_stock: {type: boolean, expected: false}", BooleanSpec(expected=False)),
        ("stock_total: 3", NumericSpec(expected=Decimal(3))),
        ("stock_total: {expected: 3, tolerance: 0.5}", NumericSpec(Decimal(3), Decimal("0.5"))),
        ("stock_total: {min: 1, max: 2.5}", NumericSpec(minimum=Decimal(1), maximum=Decimal("2.5"))),
        ("stock_total: {expected: null}", Equal(None)),
        ("stock_total: null", Equal(None)),
        ("error_message: none", StringSpec("none")),
        ("error_message: {expected: a, match_type: contains}", StringSpec("a", "contains")),
        ("sold_out: [P2]", CollectionSpec(("P2",))),
        ("sold_out: {expected_items: [P2], match_type: subset}", CollectionSpec(("P2",), "subset")),
        ("sold_out: {expected: [P2], order_matters: true}", CollectionSpec(("P2",), order_matters=True)),
        ("sold_out: {min_count: 1, max_count: 2}", CollectionSpec(min_count=1, max_count=2)),
        ("sold_out: {expected_count: 1}", CollectionSpec(expected_count=1)),
        ("stock_of: {expected: {P1: 3}}", Equal(FrozenMap({"P1": 3}))),
        ("products.P1.listed: 2024-12-25", Equal(date(2024, 12, 25))),
        ("products.P1.listed: '2024-12-25'", Equal(date(2024, 12, 25))),
        ("products.P1.listed: {expected: '2024-12-25'}", Equal(date(2024, 12, 25))),
        ("products.P1.listed: null", Equal(None)),
        ("orders.O1.placed: 2024-12-25", Equal(datetime(2024, 12, 25))),  # noqa: DTZ001
        ("products.P1.details: {expected: {colour: red}}", Equal(FrozenMap({"colour": "red"}))),
        ("products.P1.details: [a]", CollectionSpec(("a",))),
        ("products.P1.details: true", BooleanSpec(expected=True)),
        ("products.P1.details: 2024-12-25", Equal(date(2024, 12, 25))),
        ("products.P1.value: {min: 3}", NumericSpec(minimum=Decimal(3))),
        ("products.P1.value: {min_count: 3}", CollectionSpec(min_count=3)),
        ("products.P1.value: {expected: a, match_type: exact}", StringSpec("a")),
        ("products.P1.value: {type: string, expected: a}", StringSpec("a")),
    ],
)
def test_a_spec_has_the_type_of_what_it_looks_at(text: str, spec: object, write: Callable[[str], Written]) -> None:
    """A plain value, or a spec; the type follows from the name, else from the value."""
    assert assertion(f"assertions:\n  {text}", write).spec == spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("stock_total: '${steps.main.data.left}'", NumericSpec),
        ("in_stock: '${steps.main.success}'", BooleanSpec),
        ("error_message: '${steps.main.reasons[0]}'", StringSpec),
        ("sold_out: '${steps.main.data.lines}'", CollectionSpec),
        ("products.P1.listed: '${steps.main.data.left}'", Equal),
        ("products.P1.value: '${steps.main.data.left}'", Equal),
        ("products.P1.value: {expected: '${steps.main.data.left}'}", Equal),
        ("products.P1.value: {expected: '${steps.main.data.left}', tolerance: 1}", NumericSpec),
    ],
)
def test_an_expected_value_may_wait_for_a_result(text: str, spec: type, write: Callable[[str], Written]) -> None:
    """A mentioned result is kept as a `Deferred` in the spec of the name's type."""
    found = assertion(f"assertions:\n  {text}", write).spec

    kept = found.expected_items if isinstance(found, CollectionSpec) else found.expected
    assert isinstance(found, spec)
    assert isinstance(kept, Deferred)
    assert kept.references[0][0] == "main"


def test_a_list_may_hold_results(write: Callable[[str], Written]) -> None:
    """An item of a collection may mention a result, too."""
    found = assertion("sold_out: [P2, '${steps.main.data.order_id}']", write).spec

    assert isinstance(found, CollectionSpec)
    assert isinstance(found.expected_items, tuple)
    assert found.expected_items[0] == "P2"
    assert isinstance(found.expected_items[1], Deferred)


def test_an_assertion_keeps_what_its_author_says(whole: Scenario) -> None:
    """Criticality decides the category; performance measures have their own; level and message are kept."""
    pieces, left, time = (check(whole, key) for key in ("pieces", "steps.bought.data.left", "execution_time_seconds"))

    assert (pieces.category, pieces.critical) == ("critical", True)
    assert (left.category, left.level, left.message) == ("assertion", "warn", "not too many")
    assert time.category == "performance"
    assert check(whole, "min_db_queries.select").category == "performance"


def test_shorthands_bound_a_measure(write: Callable[[str], Written]) -> None:
    """`max_` and `min_` bound the measure whose name follows; the whole word, if it is one, comes first."""
    assert assertion("max_stock_total: 5", write).spec == NumericSpec(maximum=Decimal(5))
    assert assertion("min_stock_of.P1: 2", write).value == MeasureRef("stock_of", "P1")
    assert assertion("min_stock_of.P1: 2", write).key == "min_stock_of.P1"
    found = assertion('max_stock_total: "${steps.main.data.left}"', write).spec
    assert isinstance(found, NumericSpec)
    assert isinstance(found.maximum, Deferred)


def test_a_type_of_the_domain_has_typed_parameters(whole: Scenario) -> None:
    """The name is a label; parameters are the domain's record, or wait for a result."""
    there, that_one = check(whole, "there"), check(whole, "that_one")

    assert isinstance(there, DomainAssertion)
    assert (there.type, there.parameters, there.category) == ("order_exists", OrderLike(product_id="P1"), "critical")
    assert isinstance(that_one, DomainAssertion)
    assert isinstance(that_one.parameters, WaitingRecord)
    assert that_one.parameters.record is OrderLike


# ── state ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_identifying_fields_pick_the_rows_and_the_others_must_hold(whole: Scenario) -> None:
    """`id`, every `…_id` and what the domain names pick; the rest is compared by the type of its column."""
    pattern = check(whole, "final_state.products[0]")

    assert isinstance(pattern, FinalStatePattern)
    assert pattern.where == (("id", "P1"),)
    assert pattern.fields == (
        FieldPattern(name="stock", expected=NumericSpec(expected=Decimal(2))),
        FieldPattern(name="listed", expected=Equal(None)),
        FieldPattern(name="details", expected=Equal(FrozenMap({"colour": "red"}))),
        FieldPattern(name="value", expected=NumericSpec(minimum=Decimal(1)), critical=True, message="worth it"),
    )
    assert pattern.category == "state"


def test_where_alone_picks_if_it_is_written(whole: Scenario) -> None:
    """With `where`, every other field must hold; counts are specs; absence is asked by a word."""
    first, second, third = (check(whole, f"final_state.products[{index}]") for index in range(3))
    orders = check(whole, "final_state.orders[0]")

    assert isinstance(first, FinalStatePattern)
    assert isinstance(second, FinalStatePattern)
    assert isinstance(third, FinalStatePattern)
    assert isinstance(orders, FinalStatePattern)
    assert second.where == (("perishable", False),)
    assert second.fields == (FieldPattern(name="price", expected=NumericSpec(minimum=Decimal(1))),)
    assert (second.count, second.category, second.message) == (
        NumericSpec(minimum=Decimal(2)),
        "critical",
        "all of them",
    )
    assert third.absent
    assert orders.where == (("product_id", "P1"), ("placed", datetime(2024, 12, 25)))  # noqa: DTZ001
    assert orders.coverage_count == NumericSpec(expected=Decimal(1))


def test_a_complete_row_may_be_asked_exactly(write: Callable[[str], Written]) -> None:
    """`exact` is accepted once every stored field is named."""
    row = "{id: P1, exact: true, name: P1, price: 1, stock: 3, perishable: false, listed: null, details: {}}"

    pattern = only(f"final_state: {{products: [{row}]}}", write)

    assert isinstance(pattern, FinalStatePattern)
    assert pattern.exact


def test_a_date_in_a_pattern_may_be_a_spec(write: Callable[[str], Written]) -> None:
    """A field that holds dates reads a quoted one, plain or as a spec."""
    pattern = only("final_state: {products: [{id: P1, listed: {expected: '2024-12-25', critical: true}}]}", write)

    assert isinstance(pattern, FinalStatePattern)
    assert pattern.fields == (FieldPattern(name="listed", expected=Equal(date(2024, 12, 25)), critical=True),)


def test_rules_go_by_the_name_in_force(whole: Scenario) -> None:
    """A companion's name of a rule is read as its stem."""
    pattern = check(whole, "final_state.compliance[0]")

    assert isinstance(pattern, CompliancePattern)
    assert (pattern.rule, pattern.status, pattern.person_id) == ("stock_rule", "compliant", None)


def test_a_comparison_of_states_says_all_that_is_given(whole: Scenario) -> None:
    """With the field alone something must have changed; null is a value; a date may be quoted."""
    first, second, third = (check(whole, f"state_comparison[{index}]") for index in range(3))

    assert isinstance(first, StateComparison)
    assert isinstance(second, StateComparison)
    assert isinstance(third, StateComparison)
    assert (first.path.text, first.change_type, first.max_change) == ("products.P1.stock", "decreased", Decimal(3))
    assert second.change_type == "changed"
    assert (third.has_initial, third.initial, third.has_final, third.final) == (
        True,
        Equal(None),
        True,
        Equal(date(2024, 12, 25)),
    )
    assert third.change_type is None


def test_rows_are_counted_before_and_after(write: Callable[[str], Written]) -> None:
    """The number of rows is a path like any other."""
    found = only(
        "state_comparison: [{field: orders.count, change_type: increased, min_change: 1, final: {max: 9}}]", write
    )

    assert isinstance(found, StateComparison)
    assert (found.path.field, found.min_change, found.final) == (None, Decimal(1), NumericSpec(maximum=Decimal(9)))


def test_changes_name_rows_by_id_or_by_their_fields(whole: Scenario) -> None:
    """An update by id with from and to or the new value alone, inserts and deletes by fields, so many times."""
    changes = whole.expected_outcome.changes

    assert changes is not None
    assert (changes.only, changes.none, changes.exempt, changes.listed) == (
        True,
        False,
        ("ledger",),
        ("products", "orders"),
    )
    assert [(entry.key, entry.kind, entry.row, entry.where, entry.count) for entry in changes.entries] == [
        ("changes.products[0]", "update", "P1", (), 1),
        ("changes.orders[0]", "insert", None, (("product_id", "P1"),), 3),
        ("changes.orders[1]", "delete", "orders-1", (), 1),
        ("changes.orders[2]", "delete", None, (("status", "sent"),), 0),
    ]
    assert changes.entries[0].changes == (
        FromTo("stock", Decimal(2), Decimal(3), has_old=True),
        FromTo("name", "P1"),
    )


def test_nothing_may_have_changed(write: Callable[[str], Written]) -> None:
    """`changes: none` is the whole statement; `only` without tables says the same in another way."""
    first, second = expected("changes: none", write).changes, expected("changes: {only: true}", write).changes

    assert first is not None
    assert second is not None
    assert (first.none, first.only) == (True, False)
    assert (second.none, second.only, second.entries) == (False, True, ())


def test_a_stored_map_changes_as_a_whole(write: Callable[[str], Written]) -> None:
    """A map is the new value of a field that holds maps, unless it says from and to."""
    text = "changes: {products: [{update: P1, details: {a: 1}}, {update: P2, details: {from: {}, to: {a: 2}}}]}"
    changes = expected(text, write).changes

    assert changes is not None
    assert [entry.changes for entry in changes.entries] == [
        (FromTo("details", FrozenMap({"a": 1})),),
        (FromTo("details", FrozenMap({"a": 2}), FrozenMap(), has_old=True),),
    ]


def test_a_row_that_an_operation_made_is_named_by_its_result(write: Callable[[str], Written]) -> None:
    """The id of a changed row may come from a step."""
    changes = expected('changes: {orders: [{update: "${steps.main.data.order_id}", status: sent}]}', write).changes

    assert changes is not None
    (entry,) = changes.entries
    assert isinstance(entry, ChangeEntry)
    assert isinstance(entry.row, Deferred)
    assert entry.category == "state"


# ── the rest ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_expected_errors_have_bounds(whole: Scenario, write: Callable[[str], Written]) -> None:
    """A count is both bounds, no number means at least one; a second entry of a type has its place in its key."""
    first, second = check(whole, "expected_errors.OrderRejected"), check(whole, "expected_errors.OrderRejected[1]")
    third = only("expected_errors: [{type: OrderRejected, max: 3}]", write)

    assert isinstance(first, ExpectedError)
    assert isinstance(second, ExpectedError)
    assert isinstance(third, ExpectedError)
    assert (first.minimum, first.maximum) == (0, 0)
    assert (second.minimum, second.maximum, second.rule) == (1, None, "stock_rule")
    assert (third.minimum, third.maximum, third.category) == (None, 3, "assertion")


def test_limits_of_the_run_and_of_a_step(whole: Scenario) -> None:
    """Each limit is a check of its own, a step's under the step's name."""
    limits = [item for item in whole.expected_outcome.checks if isinstance(item, PerformanceLimit)]

    assert [(item.key, item.metric, item.limit, item.step, item.level) for item in limits] == [
        ("performance_metrics.max_execution_time", "max_execution_time", Decimal(5), None, "fail"),
        ("performance_metrics.max_db_queries", "max_db_queries", Decimal(60), None, "fail"),
        ("performance_metrics.max_memory_mb", "max_memory_mb", Decimal(10), None, "fail"),
        ("step6.max_db_queries", "max_db_queries", Decimal(5), "step6", "warn"),
    ]


def test_functions_go_by_their_full_name(whole: Scenario) -> None:
    """The companions' prefix is dropped from short names; a listed module's function is known by its dotted name."""
    first, second = check(whole, "shelves"), check(whole, "more")

    assert isinstance(first, CustomValidation)
    assert isinstance(second, CustomValidation)
    assert (first.function, first.expected_result) == ("shelf_check", True)
    assert second.function == "my.checks.tidy"
    assert isinstance(second.parameters["of"], Deferred)


def test_invariants_that_always_hold_are_asked_always(whole: Scenario, write: Callable[[str], Written]) -> None:
    """The domain's own come first, written ones are added; a written one may be critical."""
    named = [item for item in whole.expected_outcome.checks if isinstance(item, InvariantCheck)]
    unnamed = [item.name for item in expected("success: true", write).checks if isinstance(item, InvariantCheck)]

    assert [(item.key, item.category) for item in named] == [
        ("invariants.no_negative_stock", "invariant"),
        ("invariants.orders_name_products", "critical"),
    ]
    assert unnamed == ["no_negative_stock"]


def test_thresholds_are_the_profile_with_ones_own_in_its_place(
    whole: Scenario, write: Callable[[str], Written]
) -> None:
    """The profile gives every measure that has limits and can be asked; an entry replaces or adds."""
    found = {item.measure: item for item in whole.expected_outcome.checks if isinstance(item, Threshold)}

    assert sorted(found) == [
        "db_queries",
        "execution_time_seconds",
        "in_stock",
        "peak_memory_mb",
        "stock_of",
        "stock_total",
    ]
    assert (found["stock_of"].warn_below, found["stock_of"].fail_below) == (Decimal(1), Decimal(0))
    assert found["in_stock"].fail_on is False
    assert found["peak_memory_mb"].warn_at_least == Decimal(512)
    later = expected("thresholds: {stock_total: {fail_below: 2}, profile: standard}", write)
    assert [
        item.fail_below for item in later.checks if isinstance(item, Threshold) and item.measure == "stock_total"
    ] == [Decimal(2)]


def test_success_may_be_false(write: Callable[[str], Written]) -> None:
    """It is a statement of its own, enough for an expectation."""
    assert expected("success: false", write).success is False


def test_validation_says_how_strictly_to_compare(whole: Scenario) -> None:
    """Strategy, tolerances with their other spellings, overrides by name or path, tables that must be complete."""
    assert whole.validation == Validation(
        comparison_strategy="lenient",
        tolerances=Tolerances(numeric_absolute=Decimal("0.5")),
        collection_order_matters=True,
        field_overrides=(
            ("stock_total", Tolerances(numeric_percentage=Decimal("0.05"))),
            ("orders.count", Tolerances(numeric_absolute=Decimal(1), timestamp_seconds=Decimal(60))),
        ),
        forbid_extra=("orders",),
        allow_missing=("products",),
        require_exact_order=True,
    )


def test_a_function_may_judge_the_rows(write: Callable[[str], Written]) -> None:
    """Under `custom` a function compares the rows of `final_state`."""
    text = small() + "  validation: {comparison_strategy: custom, comparison_function: shelf_check}\n"

    assert load_written(write(text)).scenario.validation.comparison_function == "shelf_check"


def test_what_cannot_be_asked_here_is_a_conflict(write: Callable[[str], Written]) -> None:
    """A measure whose rule is not in force may be named only where it is."""
    allowed = "{products: [{id: P1, stock: 1}], constraints: {oversell: true}}"

    assert load_written(write(small(setup=allowed, expected_outcome="oversold: true"))).scenario.id == "small"
    with pytest.raises(ScenarioError, match="overselling is not allowed"):
        expected("oversold: true", write)
