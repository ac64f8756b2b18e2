"""From runs to a suite's report: each is read, made a row, and let go before the next, so that thousands need no more memory than one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.model import RunReport, isolation_text
from rehearse.report.reason import why_text
from rehearse.report.stored import environment, stored_report, stored_result
from rehearse.report.suite.model import Past, SuiteReport, SuiteRow
from rehearse.run.outcome import ScenarioResult
from rehearse.run.rejudge import StoredFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.artifacts.store import ArtifactStore
    from rehearse.report.suite.history import History


@dataclass(frozen=True)
class End:
    """A run that ended, with its files as long as they can be read; one that never had a folder has none."""

    result: ScenarioResult
    files: StoredFiles | None = None


Told = Callable[[RunReport], str]
"""Takes the report of one run, and returns the address of the page that it made of it, or nothing."""


def no_page(report: RunReport) -> str:
    """Make no page."""
    del report
    return ""


@dataclass(frozen=True)
class Wish:
    """What is wanted of each run.

    Attributes:
        told: Told of each run's report, in the order of the suite.
        whole: Whether a run's report needs the SQL log and the domain's panels.
    """

    told: Told = no_page
    whole: Callable[[ScenarioResult], bool] = lambda _: False


def suite_report(ends: Iterable[End], history: History, wish: Wish, *, missing: int = 0) -> SuiteReport:
    """Return the report of many runs.

    Args:
        ends: The runs, one after the other.
        history: What is known of earlier ones.
        wish: What to do with each.
        missing: How many scenarios did not begin.
    """
    rows: list[SuiteRow] = []
    told: tuple[tuple[str, str], ...] = ()
    for end in ends:
        report = _report(end, whole=wish.whole(end.result))
        rows.append(row_of(report, history.past(end.result), wish.told(report)))
        told = told or report.environment
    runs = {row.scenario_id: row.run_id for row in rows}
    versions = tuple((label, value) for label, value in told if label != "database")
    return SuiteReport(rows=tuple(rows), trend=history.trend(runs), environment=versions, missing=missing)


def _report(end: End, *, whole: bool) -> RunReport:
    if end.files is None:
        return RunReport(result=end.result, environment=environment(end.result))
    return stored_report(end.files, end.result, whole=whole)


def row_of(report: RunReport, past: Past, page: str = "") -> SuiteRow:
    """Return the row of one run."""
    result = report.result
    return SuiteRow(
        scenario_id=result.scenario_id,
        name=result.scenario_name,
        status=result.status,
        kind="" if result.category in (None, result.status) else str(result.category),
        why=why_text(result),
        subject=report.subject,
        seconds=result.execution_time_seconds,
        queries=result.metrics.database_queries.get("total", 0),
        database=isolation_text(result),
        run_id=result.run_id,
        fingerprint=result.fingerprint or "",
        past=past,
        page=page,
        command=report.command,
    )


def stored_ends(store: ArtifactStore, runs: Iterable[str]) -> Iterator[End]:
    """Yield stored runs, each open as long as it is looked at.

    Raises:
        ArtifactError: If one cannot be read.
    """
    for run in runs:
        with store.open(run) as stored:
            yield End(stored_result(stored), stored)


def finished_ends(store: ArtifactStore, results: Iterable[ScenarioResult]) -> Iterator[End]:
    """Yield runs that just ended, with their attempts, which no folder knows of.

    Raises:
        ArtifactError: If the files of one cannot be read.
    """
    for result in results:
        if not result.run_id:
            yield End(result)
            continue
        with store.open(result.run_id) as stored:
            yield End(result, stored)
