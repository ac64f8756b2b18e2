"""From stored runs, or from those that just ended, to the report of a suite."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.terminal import Printer
from rehearse.report.junit import JUnitDocument
from rehearse.report.model import RunReport, count_text
from rehearse.report.suite.folder import Place, write_suite
from rehearse.report.suite.gather import Wish, finished_ends, stored_ends, suite_report
from rehearse.report.suite.history import History
from rehearse.report.suite.json import suite_json
from rehearse.report.suite.markdown import suite_markdown
from rehearse.report.suite.model import counts_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from rehearse.artifacts.store import ArtifactStore
    from rehearse.project import Project
    from rehearse.report.suite.gather import End
    from rehearse.report.suite.model import Pages, SuiteReport
    from rehearse.run.outcome import ScenarioResult

FOLDER = "report"


def report_stored(names: tuple[str, ...], to: str, form: str, root: str, *, pages: Pages) -> int:
    """Write or print the report of the newest stored runs.

    Raises:
        CallerError: If there is no run to report on.
        ScenarioError: If a name is unknown.
        ArtifactError: If a run cannot be read or a file cannot be written.
    """
    if to and form != "html":
        raise CallerError(
            "--to says where pages go; the other formats are printed, and lie beside the pages of a folder"
        )
    project = engine.project()
    with engine.artifact_store(project, root) as artifacts:
        history = History(artifacts.records())
        runs = _newest(history, names, project)
        ends = stored_ends(artifacts, runs)
        if form != "html":
            sys.stdout.write(_printed(form, ends, history))
            return PASSED
        place = Place.named(Path(to) if to else artifacts.root / FOLDER, pages)
        suite = write_suite(place, ends, history)
    Printer(sys.stdout).line(f"{count_text(len(suite.rows), 'scenario')}: {counts_text(suite.counts)}")
    Printer(sys.stdout).line(f"Report: {place.index}", style="dim")
    return PASSED


def _newest(history: History, names: tuple[str, ...], project: Project) -> tuple[str, ...]:
    newest = {record.scenario: record.run for record in history.newest()}
    if names:
        wanted = [written.id for written in engine.selected(engine.catalog(project), names)]
        without = [scenario for scenario in wanted if scenario not in newest]
        if without:
            raise CallerError(
                f"there is no run of {', '.join(without[:5])}{' and others' if len(without) > 5 else ''}"  # noqa: PLR2004
                "; `rehearse run` makes one"
            )
        newest = {scenario: newest[scenario] for scenario in wanted}
    if not newest:
        raise CallerError("there is no run to report on; `rehearse run --all` makes them")
    return tuple(newest.values())


def _printed(form: str, ends: Iterator[End], history: History) -> str:
    junit = JUnitDocument()

    def told(report: RunReport) -> str:
        if form == "junit":
            junit.add(report)
        return ""

    suite = suite_report(ends, history, Wish(told))
    return {"json": suite_json, "markdown": suite_markdown}.get(form, lambda _: junit.text())(suite)


def report_finished(
    results: Sequence[ScenarioResult],
    opened: AbstractContextManager[ArtifactStore],
    place: Place,
    *,
    missing: int,
) -> SuiteReport:
    """Write the report of runs that just ended.

    Raises:
        ArtifactError: If a run cannot be read or a file cannot be written.
    """
    with opened as artifacts:
        history = History(artifacts.records())
        return write_suite(place, finished_ends(artifacts, results), history, missing=missing)
