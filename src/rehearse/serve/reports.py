"""The reports that are served: of one run, and of the newest run of every scenario, made when somebody asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.report.html import html_report
from rehearse.report.stored import stored_report, stored_result
from rehearse.report.suite.gather import Wish, stored_ends, suite_report
from rehearse.report.suite.history import History
from rehearse.report.suite.html import suite_html

if TYPE_CHECKING:
    from rehearse.artifacts.store import ArtifactStore
    from rehearse.report.model import RunReport


def run_page(store: ArtifactStore, run: str) -> str:
    """Return the report of a finished run; it leads back to that of all scenarios.

    Raises:
        ArtifactError: If there is no such run, or it cannot be read.
    """
    with store.open(run) as stored:
        return html_report(replace(stored_report(stored, stored_result(stored)), suite="/suite"))


def suite_page(store: ArtifactStore) -> str:
    """Return the report of the newest run of every scenario; each row leads to that of the run. Empty if there is no run.

    Raises:
        ArtifactError: If a run cannot be read.
    """
    history = History(store.records())
    runs = [record.run for record in history.newest()]
    return suite_html(suite_report(stored_ends(store, runs), history, Wish(_address))) if runs else ""


def _address(report: RunReport) -> str:
    return f"/runs/{report.result.run_id}"
