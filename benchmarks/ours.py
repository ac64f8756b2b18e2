"""Writes a project of Rehearse with a given number of copies of the tiny scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PER_FILE = 100

_SCENARIO = """  - name: Shop {number}
    id: shop-{number}
    domain: bench-shop
    description: Three orders from a shop of fifteen items.
    rationale: The peers run the same.
    setup:
      items:
        - generate: {{count: 15, template: {{id: "i${{loop.index}}", stock: 10}}}}
    test_case:
      operations:
        - {{operation: place_order, parameters: {{order: o1, item: i1, quantity: 3}}}}
        - {{operation: place_order, parameters: {{order: o2, item: i2, quantity: 10}}}}
        - {{operation: place_order, parameters: {{order: o3, item: i1, quantity: 2}}}}
    expected_outcome:
      stock.i1: 5
      stock.i2: 0
      stock.i3: 10
      orders: 3
"""


def rehearse_project(folder: Path, count: int, *, per_file: int = PER_FILE) -> None:
    """Write `count` scenarios, a hundred in a file unless said otherwise, and install the domain beside them."""
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    for first in range(1, count + 1, per_file):
        numbers = range(first, min(first + per_file, count + 1))
        text = "scenarios:\n" + "".join(_SCENARIO.format(number=number) for number in numbers)
        (scenarios / f"shop_{first:05d}.yaml").write_text(text, encoding="utf-8")
    metadata = folder / "rehearse_bench_shop-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: rehearse-bench-shop\nVersion: 1.0\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(
        "[rehearse.domains]\nbench-shop = benchmarks.shop_domain:SHOP\n", encoding="utf-8"
    )
