"""``python -m benchmarks.report``: how large reports are, how long they take to write, and how soon Chromium shows them.

A suite of a thousand scenarios with tags, reasons and twelve earlier outcomes each, and the page of one run that changed 16,600 rows: the
bazaar of the tests, really performed by ``rehearse run``, its page made by ``rehearse show``, start-up included. "Shown" is the time from
asking for the file to the second frame after the page has loaded, in a fresh page each time, the machine's own Chromium without a window;
"filtered" from choosing an outcome to the frame that shows the rows that are left, "next page" from the click to the frame that shows other
rows. Medians of the rounds; every page is on disk, nothing is asked of a network.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from tests.cli.bazaar_site import write_site
from tests.faces.season import season_page

from rehearse.report.model import Subject
from rehearse.report.suite.html import suite_html
from rehearse.report.suite.model import Past, SuiteReport, SuiteRow, TrendPoint

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NEXT_FRAME = (
    "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)
TIMED = """async () => {
  const began = performance.now();
  ACT
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""
FILTER = """
  const choice = document.querySelector("select[name=status]");
  choice.value = "failed";
  choice.dispatchEvent(new Event("input", {bubbles: true}));
"""
TURN = """
  document.querySelector("#changes-2 [data-turn=on]").click();
"""
"""On the page of the run the second table of changes has ten thousand rows."""


@dataclass(frozen=True)
class Page:
    """A page to be looked at.

    Attributes:
        act: What a reader does on it, as script.
        label: What that is called.
    """

    file: Path
    made: float
    act: str
    label: str


def suite(count: int) -> SuiteReport:
    """Return the report of `count` scenarios of which every tenth did not pass."""
    moment = datetime(2026, 1, 5, 2, 30)  # noqa: DTZ001  (a trend has no zones)
    points = (
        TrendPoint(moment + timedelta(weeks=week), {"failed": week, "passed": count - week}, count)
        for week in range(20)
    )
    return SuiteReport(rows=tuple(map(_row, range(count))), trend=tuple(points))


def _row(number: int) -> SuiteRow:
    failed = number % 10 == 0
    status = "failed" if failed else "passed"
    return SuiteRow(
        scenario_id=f"n1-holiday-coverage-{number:04d}",
        name=f"The call of resident {number} is lost an hour before it begins",
        status=status,
        kind="assertion" if failed else "",
        why="coverage_gap_hours: expected 0, found 6.5 (and 3 more)" if failed else "",
        subject=Subject(
            category=f"category-{number % 12}", priority="high", tags=("n1", "holiday", f"tag-{number % 40}")
        ),
        seconds=0.01 + number / 1e4,
        queries=number % 97,
        past=Past(("passed",) * 5 + ("failed",) + ("passed",) * 5 + (status,)),
        page=f"runs/n1-holiday-coverage-{number:04d}-0001.html",
    )


def suite_page(folder: Path, count: int) -> Page:
    """Write the report of a suite."""
    suite_html(suite(10))  # templates compiled, plotting library loaded
    file = folder / "index.html"
    began = time.perf_counter()
    file.write_text(suite_html(suite(count)), encoding="utf-8")
    return Page(file, time.perf_counter() - began, FILTER, "filtered")


def run_page(folder: Path) -> Page:
    """Perform the scenario that changes so many rows, and write its page."""
    (folder / "season").mkdir()
    season = season_page(folder / "season", write_site(folder / "site"))
    return Page(season.file, season.seconds, TURN, "next page")


def opened(browser: Browser, shown: Page) -> tuple[float, float]:
    """Return the milliseconds until a fresh page shows the file, and until it shows what a reader asked it for."""
    page = browser.new_page()
    page.goto("about:blank")
    page.goto(shown.file.as_uri(), wait_until="load")
    there = page.evaluate(NEXT_FRAME)
    acted = page.evaluate(TIMED.replace("ACT", shown.act))
    page.close()
    return float(there), float(acted)


def told(title: str, page: Page, rounds: list[tuple[float, float]]) -> None:
    """Print the figures of a page."""
    print(f"\n| {title} | |\n|---|--:|")
    print(f"| page | {page.file.stat().st_size / 1e6:.2f} MB |")
    print(f"| made in | {page.made * 1000:.0f} ms |")
    for label, figures in zip(("shown", page.label), zip(*rounds, strict=True), strict=True):
        print(f"| {label} after | {statistics.median(figures):.0f} ms ({min(figures):.0f}–{max(figures):.0f}) |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        pages = {
            f"a suite of {chosen.scenarios:,} scenarios": suite_page(Path(name), chosen.scenarios),
            "a run that changed 16,600 rows": run_page(Path(name)),
        }
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=["--disable-gpu"])
        print(f"Chromium {browser.version}, Python {platform.python_version()}, {os.cpu_count()} cores")
        for title, page in pages.items():
            told(title, page, [opened(browser, page) for _ in range(chosen.rounds)])
        browser.close()


if __name__ == "__main__":
    main()
