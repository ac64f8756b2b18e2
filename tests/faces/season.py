"""A scenario that changes more than ten thousand rows, as its author writes it, performs it and has a page made of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
SEASON = """\
scenario:
  name: The season ends
  id: season-ends
  domain: bazaar
  category: selling
  description: Four thousand orders are struck or sent, and six thousand are placed.
  rationale: Nobody should wait for a page, whatever has changed.
  clock: 2024-12-24T09:00
  setup:
    products:
      - generate:
          count: 600
          template: {id: "product-${loop.index}", name: "Lamp ${loop.index}", price: 9.50, stock: 3}
    orders:
      - generate:
          count: 4000
          cycle: {status: [placed, sent]}
          template:
            id: "order-${loop.index}"
            product_id: "product-${loop.index0 // 2 % 500 + 1}"
            quantity: 2
            status: "${loop.status}"
            placed: 2024-12-01T12:00
  test_case: {operation: end_season, parameters: {again: 3}}
  expected_outcome:
    assertions:
      orders_placed: {expected: 6000, critical: true}
      stock_total: 1500
"""
"""Of orders 6,000 are new, 2,000 changed and 2,000 gone; of products 500 are changed and 100 gone; of the ledger 6,000 are new."""


@dataclass(frozen=True)
class SeasonPage:
    """The page of the run, and how long the command took that made it, start-up included."""

    file: Path
    seconds: float


def season_page(root: Path, site: Path) -> SeasonPage:
    """Run the scenario with the command line in a project of its own, and let `show` make a page of the run."""
    (root / "pyproject.toml").write_text('[tool.rehearse]\nscenario_paths = ["scenarios"]\n', encoding="utf-8")
    (root / "scenarios").mkdir()
    (root / "scenarios" / "season.yaml").write_text(SEASON, encoding="utf-8")
    _rehearse(root, site, "run season-ends")
    began = time.perf_counter()
    _rehearse(root, site, "show season-ends --format html -o season.html")
    return SeasonPage(root / "season.html", time.perf_counter() - began)


def _rehearse(root: Path, site: Path, words: str) -> None:
    path = os.pathsep.join(str(part) for part in (TESTS.parent / "src", TESTS, site))
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(root / "cache")}
    command = [sys.executable, "-m", "rehearse", *words.split()]
    subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.DEVNULL)
