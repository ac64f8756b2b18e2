"""A suite's report on disk: its page, the page of each run beside it, and the same for machines. Links are relative, so it can be moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.errors import ArtifactError
from rehearse.report.html import html_report
from rehearse.report.junit import JUnitDocument
from rehearse.report.suite.gather import Wish, suite_report
from rehearse.report.suite.html import suite_html
from rehearse.report.suite.json import suite_json
from rehearse.report.suite.markdown import suite_markdown
from rehearse.report.suite.model import Pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.report.model import RunReport
    from rehearse.report.suite.gather import End
    from rehearse.report.suite.history import History
    from rehearse.report.suite.model import SuiteReport
    from rehearse.run.outcome import ScenarioResult

INDEX = "index.html"
JSON, JUNIT, MARKDOWN = "suite.json", "junit.xml", "suite.md"


@dataclass(frozen=True)
class Place:
    """Where a suite's report goes.

    Attributes:
        index: The suite's page.
        runs: Name of the folder beside it that holds the pages of the runs.
        machines: Whether JSON, JUnit and Markdown lie beside it too.
        pages: Which runs get a page of their own: drawing one takes longer than many a run.
    """

    index: Path
    runs: str = "runs"
    machines: bool = True
    pages: Pages = "all"

    @classmethod
    def named(cls, path: Path, pages: Pages = "all") -> Place:
        """Return the place that a path means: a page if it ends in ``.html`` (its runs in ``NAME-runs``), else a folder for everything."""
        if path.suffix == ".html":
            return cls(path, f"{path.stem}-runs", machines=False, pages=pages)
        return cls(path / INDEX, pages=pages)

    def has_page(self, result: ScenarioResult) -> bool:
        """Whether a run gets a page of its own."""
        return bool(result.run_id) and (self.pages == "all" or not result.success)


def write_suite(place: Place, ends: Iterable[End], history: History, *, missing: int = 0) -> SuiteReport:
    """Write the report of many runs and return it; files of an earlier report of the same names are written over.

    Raises:
        ArtifactError: If a run cannot be read, or a file cannot be written; the message names it.
    """
    junit = JUnitDocument()

    def told(report: RunReport) -> str:
        junit.add(report)
        if not place.has_page(report.result):
            return ""
        name = f"{place.runs}/{report.result.run_id}.html"
        _write(place.index.parent / name, html_report(replace(report, suite=f"../{place.index.name}")))
        return name

    suite = suite_report(ends, history, Wish(told, whole=place.has_page), missing=missing)
    machines = {JSON: suite_json(suite), JUNIT: junit.text(), MARKDOWN: suite_markdown(suite)} if place.machines else {}
    for name, text in machines.items():
        _write(place.index.parent / name, text)
    _write(place.index, suite_html(suite, beside=tuple(machines)))
    return suite


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"cannot write {path}: {error.strerror or error}") from error
