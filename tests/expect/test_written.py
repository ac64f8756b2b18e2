"""Expectations as an author writes them, judged after a real run: what is read and what is judged mean the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loading.shop_scenario import small
from rehearse.artifacts.store import ArtifactStore
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.run.rejudge import rejudge
from rehearse.run.run import Services, perform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Store
    from rehearse.run.outcome import ScenarioResult
    from rehearse.scenario import Written

SETUP = """
    products:
      - {id: P1, stock: 3, price: 2.5, listed: 2024-12-24, details: {colour: red, sizes: [1, 2]}}
      - {id: P2, stock: 1}
    orders: [{id: old, product: P2, placed: 2024-12-01T08:00}]
"""
TEST_CASE = """
    operations:
      - {operation: place_order, parameters: {product: P1, quantity: 2}, save_as: bought}
      - {operation: send_order, parameters: {order_id: "${steps.bought.data.order_id}"}, at: 2024-12-25T07:00}
      - {operation: place_order, parameters: {product: P2, quantity: 9}, critical: false,
         expect: {outcome: rejected, reason: only 1 left, code: sold_out}}
      - {operation: count_stock, save_as: count}
"""
EVERYTHING = """
    success: true
    stock_total: {expected: 2, critical: true}
    pieces: 2
    stock_of.P1: {min: 1, max: 1}
    max_orders_placed: 1
    in_stock: true
    sold_out: {expected_items: [], max_count: 0}
    assertions:
      steps.bought.data.left: 1
      before.stock_total: 4
      products.P1.value: 2.5
      products.P1.details: {expected: {colour: red, sizes: [2, 1]}}
      products.P1.details.sizes[1]: 2
      products.P1.listed: 2024-12-24
      "orders[status=sent].count": 1
      the_order: {value: steps.bought.data.order_id, expected: "^step1:", match_type: regex}
      totals: {value: steps.count.data.totals, expected: {P1: "${steps.bought.data.left}", P2: 1}}
      refused: {value: error_message, expected: "only 1 left"}
      is_there: {type: order_exists, product: P1, at: "2024-12-25 06:00"}
    final_state:
      products: [{id: P1, stock: {max: 2}, perishable: false, value: 2.5}, {where: {stock: 1}, count: 2}]
      orders: [{id: "${steps.bought.data.order_id}", status: sent, quantity: {min: 1}}, {id: gone, absent: true}]
      compliance: [{rule: rule_of_stock, status: compliant}]
    state_comparison:
      - {field: products.P1.stock, initial: 3, final: 1, change_type: decreased, min_change: 2, max_change: 2}
      - {field: orders.old.status, change_type: unchanged}
      - {field: orders.count}
    changes:
      only: true
      products: [{update: P1, stock: {from: 3, to: 1}}]
      orders: [{insert: {product: P1, placed: 2024-12-25T06:00, status: sent}}]
    expected_errors: [{type: OrderRejected, count: 1}]
    performance_metrics: {max_execution_time: 30, max_db_queries: 12}
    custom_validations: [{name: shelves, function: shelf_check, expected_result: true}]
    invariants: [orders_name_products]
    thresholds: {profile: standard, stock_of: {warn_below: 1, fail_below: 0}}
"""


class Bench:
    """Runs scenarios of the shop."""

    def __init__(self, write: Callable[[str], Written], store: Store, root: Path) -> None:
        self._write = write
        self._store = store
        self.artifacts = ArtifactStore(root)

    def run(self, expected: str, validation: str = "{}") -> ScenarioResult:
        """Run the shop's day with these expectations."""
        text = small(
            setup=SETUP,
            test_case=TEST_CASE,
            expected_outcome=expected,
            validation=validation,
            head="clock: 2024-12-25T06:00",
        )
        plan = make_plan(load_written(self._write(text)))
        return perform(plan, Services(self._store, self.artifacts))

    def close(self) -> None:
        """Let go of the artifacts."""
        self.artifacts.close()


@pytest.fixture
def bench(write: Callable[[str], Written], sqlite_store: SqliteStore, tmp_path: Path) -> Bench:
    """A bench on SQLite."""
    return Bench(write, sqlite_store, tmp_path)


def test_everything_that_can_be_expected_holds(write: Callable[[str], Written], store: Store, tmp_path: Path) -> None:
    """Every kind of check passes on either back-end, and again when the stored run is judged."""
    bench = Bench(write, store, tmp_path)
    result = bench.run(EVERYTHING, "{partial_match: {allow_extra_orders: true}}")
    assert result.errors == ()
    assert result.status == "passed"
    assert {check.status for check in result.validations.values()} == {"passed"}
    again = rejudge(bench.artifacts.open(result.run_id))
    assert [replace(check, span=None) for check in again.checks] == [
        replace(check, span=None) for check in result.validations.values()
    ]
    bench.close()


@pytest.mark.parametrize(
    ("expected", "key", "category", "message"),
    [
        ("{stock_total: 3}", "stock_total", "assertion", "expected 3, found 2"),
        ("{stock_total: {expected: 3, critical: true}}", "stock_total", "critical", "expected 3, found 2"),
        ('{assertions: {products.P1.name: "p1"}}', "products.P1.name", "assertion", 'expected "p1", found "P1"'),
        (
            "{assertions: {products.P9.stock: 1}}",
            "products.P9.stock",
            "assertion",
            "no such row: `products` has no `P9`",
        ),
        ("{assertions: {steps.bought.data.left: 2}}", "steps.bought.data.left", "assertion", "expected 2, found 1"),
        (
            "{final_state: {products: [{id: P1, stock: 3, price: {max: 2}}]}}",
            "final_state.products[0]",
            "state",
            "P1.stock: expected 3, found 1; P1.price: expected at most 2, found 2.5",
        ),
        (
            "{state_comparison: [{field: orders.old.status}]}",
            "state_comparison[0]",
            "state",
            'it did not change: "placed" → "placed"',
        ),
        ("{changes: none}", "changes", "state", "~ products P1 stock 3 → 1; + orders step1:1"),
        (
            "{changes: {only: true, products: [{update: P1, stock: 1}]}}",
            "changes.only",
            "state",
            "besides: + orders step1:1",
        ),
        (
            "{expected_errors: [{type: OrderRejected, count: 0}]}",
            "expected_errors.OrderRejected",
            "assertion",
            "found 1: one",
        ),
        (
            "{performance_metrics: {max_db_queries: 3}}",
            "performance_metrics.max_db_queries",
            "performance",
            "7 queries, more than 3",
        ),
        (
            "{thresholds: {stock_of: {fail_below: 2}}}",
            "thresholds.stock_of",
            "assertion",
            "P1: 1 is below 2; P2: 1 is below 2",
        ),
        (
            "{custom_validations: [{name: shelves, function: shelf_check, expected_result: false}]}",
            "shelves",
            "assertion",
            "expected false, found true",
        ),
        ("{success: false, changes: none}", "changes", "state", "~ products P1 stock 3 → 1; + orders step1:1"),
    ],
)
def test_what_does_not_hold_is_told_under_its_key(
    bench: Bench, expected: str, key: str, category: str, message: str
) -> None:
    """One thing is wrong, and that alone is in the result."""
    result = bench.run(expected)
    assert (result.status, result.category) == ("failed", category)
    assert result.errors == (f"{key}: {message}",)
    bench.close()


def test_lenient_tolerances_reach_everything(bench: Bench) -> None:
    """Numbers and dates of every check, but never its bounds."""
    expected = """
        stock_total: 2.4
        assertions: {products.P1.listed: 2024-12-25}
        final_state: {products: [{id: P1, price: 2.6}]}
    """
    lenient = "{comparison_strategy: lenient, tolerances: {numeric_absolute: 0.5, date_days: 1}}"
    assert bench.run(expected, lenient).status == "passed"
    assert len(bench.run(expected).errors) == 3
    bounded = "{stock_total: {expected: 2.4, max: 1.9}}"
    assert bench.run(bounded, lenient).errors == ("stock_total: expected at most 1.9, found 2",)
    bench.close()
