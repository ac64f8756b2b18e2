"""A scenario of the shop that uses most of the format, and short ones made from parts."""

from __future__ import annotations

import textwrap

WHOLE = """
scenario:
  name: Three pieces, one buyer
  id: shop-whole
  version: 2.0.1
  author: Shopkeepers
  created: 2024-12-01
  updated: "2024-12-02"
  category: sales
  priority: high
  tags: [selling, night]
  description: Somebody buys a piece and has it sent.
  rationale: It is what a shop is for.
  related_bugs: ["#12"]
  related_scenarios: [shop-other]
  domain: shop
  timeout_seconds: 12.5
  retry_on_failure: true
  capture_artifacts: false
  require_backup: true
  rollback_on_failure: false
  debug_mode: true
  clock: 2024-12-25T06:00
  seed: 7
  variables: {piece: P1}
  setup:
    database: {batch_operations: false, batch_size: 10, isolation: clone}
    products:
      - {id: P1, price: 2.5, pieces: 3, opens: 07:00, shelf_life: 1.5}
      - {id: P2, stock: 0}
    orders:
      - {product: "${piece}", quantity: 2}
    constraints: {most_per_order: 5}
    preconditions:
      - {check: products_exist}
      - {check: pieces, expected: 3}
      - {check: stock, parameters: {product_id: P1}, expected: {min: 1, max: 9}}
      - {check: stock_of.P1, expected: {expected: 3, tolerance: 0.5}}
      - {check: sold_out, expected: [P2]}
  test_case:
    operation: count_stock
    operations:
      - {step: 5, operation: place_order, parameters: {product: "${piece}"}, save_as: bought, timeout_seconds: 2}
      - operation: send_order
        parameters: {order_id: "${steps.bought.data.order_id}"}
        expect: {outcome: [rejected, done], reason: no order, match_type: case_insensitive, code: unknown_row}
        critical: false
        performance_metrics: {max_db_queries: 5, level: warn}
      - {step: 2, operation: count_stock, at: 2024-12-25 07:00}
    concurrent_operations:
      - {operation: place_order, parameters: {product: P1}, expect: any}
      - {operation: place_order, parameters: {product: P1}, save_as: other, expect: [done, rejected]}
  expected_outcome:
    success: true
    pieces: {max: 2, critical: true}
    stock_of.P1: 1
    max_orders_placed: 3
    min_db_queries.select: 1
    assertions:
      steps.bought.data.left: {max: 2, level: warn, message: not too many}
      products.P1.stock: 2
      orders.count: {expected: 2}
      sold_out: [P2]
      before_it: {value: before.stock_total, expected: 3, tolerance: 0}
      there: {type: order_exists, product: P1, critical: true}
      that_one: {type: order_exists, product: "${steps.bought.data.lines[0]}"}
      the_id: {value: steps.bought.data.order_id, expected: "order:[0-9]+", match_type: regex}
      execution_time_seconds: {max: 5}
      nothing_wrong: {value: measures.error_message, expected: ""}
    final_state:
      products:
        - {id: P1, stock: 2, listed: null, details: {colour: red}, value: {min: 1, critical: true, message: worth it}}
        - {where: {perishable: false}, price: {min: 1}, count: {min: 2}, critical: true, message: all of them}
        - {id: P9, absent: true}
      orders: [{product: P1, placed: 2024-12-25, coverage_count: 1}]
      compliance: [{rule: rule_of_stock, status: compliant}]
    state_comparison:
      - {field: products.P1.stock, change_type: decreased, max_change: 3}
      - {field: products.P1.name}
      - {field: products.P1.listed, initial: null, final: "2024-12-25"}
    changes:
      only: true
      except: [ledger]
      products: [{update: P1, stock: {from: 3, to: 2}, name: P1}]
      orders: [{insert: {product: P1}, count: 3}, {delete: orders-1}, {delete: {status: sent}, count: 0}]
    expected_errors: [{type: OrderRejected, count: 0}, {type: OrderRejected, rule: stock_rule}]
    performance_metrics: {max_execution_time: 5, max_db_queries: 60, max_memory_mb: 10}
    custom_validations: [{name: shelves, function: app.testing.validators.shelf_check, expected_result: true}]
    invariants: [{name: orders_name_products, critical: true}]
    thresholds: {profile: standard, stock_of: {warn_below: 1, fail_below: 0}}
  validation:
    comparison_strategy: lenient
    tolerances:
      numeric_absolute: 0.5
      collection_order_matters: true
      boolean_exact: true
      field_overrides: {stock_total: {percentage: 0.05}, orders.count: {absolute: 1, seconds: 60}}
    partial_match: {allow_extra_orders: false, allow_missing_products: true, require_exact_order: true}
    custom_validators: [{name: more, function: "my.checks:tidy", parameters: {of: "${steps.bought.data.left}"}}]
  artifacts: {capture: [initial_database_state, final_database_state, events], retention_days: 0, export_formats: [junit]}
"""


def small(**parts: str) -> str:
    """Return a scenario of the shop with `parts` in place of the usual ones; ``head`` stands beside them."""
    usual = {
        "setup": "{products: [{id: P1, stock: 3}, {id: P2, stock: 1}]}",
        "test_case": "{operation: place_order, parameters: {product_id: P1}}",
        "expected_outcome": "{success: true}",
    }
    head = parts.pop("head", "")
    text = "scenario:\n  name: Small\n  id: small\n  domain: shop\n" + textwrap.indent(head, "  ") + "\n"
    for key, value in (usual | parts).items():
        text += f"  {key}:\n{textwrap.indent(textwrap.dedent(value).strip(), '    ')}\n"
    return text
