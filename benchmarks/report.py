"""``python -m benchmarks.report``: how large the report of a suite is, how long it takes to write, and how soon Chromium shows it.

A thousand scenarios with tags, reasons and twelve earlier outcomes each. "Shown" is the time from asking for the file to the second frame after
the page has loaded, in a fresh page each time, the machine's own Chromium without a window; "filtered" from choosing an outcome to the
frame that shows the rows that are left. Medians of the rounds; every page is on disk, nothing is asked of a network.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from rehearse.report.model import Subject
from rehearse.report.suite.html import suite_html
from rehearse.report.suite.model import Past, SuiteReport, SuiteRow, TrendPoint

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NEXT_FRAME = (
    "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
)
FILTER = """async () => {
  const began = performance.now();
  const choice = document.querySelector("select[name=status]");
  choice.value = "failed";
  choice.dispatchEvent(new Event("input", {bubbles: true}));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""


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


def opened(browser: Browser, file: Path) -> tuple[float, float]:
    """Return the milliseconds until a fresh page shows the file, and until it shows what a filter leaves."""
    page = browser.new_page()
    page.goto("about:blank")
    page.goto(file.as_uri(), wait_until="load")
    shown = page.evaluate(NEXT_FRAME)
    filtered = page.evaluate(FILTER)
    page.close()
    return float(shown), float(filtered)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    suite_html(suite(10))  # templates compiled, plotting library loaded
    began = time.perf_counter()
    text = suite_html(suite(chosen.scenarios))
    written = (time.perf_counter() - began) * 1000
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "index.html"
        file.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=["--disable-gpu"])
        rounds = [opened(browser, file) for _ in range(chosen.rounds)]
        version = browser.version
        browser.close()
    print(
        f"Chromium {version}, Python {platform.python_version()}, {os.cpu_count()} cores; {chosen.scenarios} scenarios\n"
    )
    print("| | |\n|---|--:|")
    print(f"| page | {len(text.encode()) / 1e6:.2f} MB |")
    print(f"| made in | {written:.0f} ms |")
    for label, index in (("shown", 0), ("filtered", 1)):
        figures = sorted(each[index] for each in rounds)
        print(f"| {label} after | {statistics.median(figures):.0f} ms ({figures[0]:.0f}–{figures[-1]:.0f}) |")


if __name__ == "__main__":
    main()
