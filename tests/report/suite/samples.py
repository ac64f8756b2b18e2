"""A suite as many runs leave it, small enough to read in a golden file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rehearse.artifacts.record import RunRecord
from rehearse.report.model import RunReport, Subject
from rehearse.report.suite.gather import row_of
from rehearse.report.suite.history import History
from rehearse.report.suite.model import SuiteReport
from rehearse.run.evidence import Particulars
from report.samples import CRASHED, FAILED, PASSED

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult

MOMENT = datetime(2026, 3, 1, 2, 30)  # noqa: DTZ001  (marks have no zones)


def record(
    scenario: str, number: int, status: str = "passed", *, week: int = 0, content: str = "c", backend: str = "sqlite"
) -> RunRecord:
    """A finished run of a week."""
    began = MOMENT + timedelta(weeks=week)
    about = Particulars(scenario, 0.1, content, backend)
    return RunRecord(f"{scenario}-{number:04d}", scenario, status, began.date(), 30, about, {}, began)


def result(sample: ScenarioResult, scenario: str, number: int, name: str = "") -> ScenarioResult:
    """A sample's result under another scenario's name."""
    return replace(
        sample,
        scenario_id=scenario,
        scenario_name=name or sample.scenario_name,
        run_id=f"{scenario}-{number:04d}",
        flaky=False,
        attempts=(),
    )


RESULTS = (
    result(PASSED, "call", 3),
    result(FAILED, "ward", 3, "The ward is short of a night"),
    result(CRASHED, "swap", 2, "Two trade a Sunday"),
)
SUBJECTS = (
    Subject(category="n1_failure", priority="critical", tags=("n1", "christmas")),
    Subject(category="n1_failure", priority="high", tags=("n1", "nights | days")),
    Subject(category="swap", priority="low"),
)
RECORDS = (
    *(record("call", number, week=number) for number in (1, 2, 3)),
    *(record("swap", number, status, week=number + 1) for number, status in ((1, "passed"), (2, "error"))),
    *(record("ward", number, status, week=number) for number, status in ((1, "failed"), (2, "passed"), (3, "failed"))),
)
HISTORY = History(RECORDS)
SUITE = SuiteReport(
    rows=tuple(
        row_of(
            RunReport(result=each, subject=subject, command=f"rehearse run {each.scenario_id}"),
            HISTORY.past(each),
            page,
        )
        for each, subject, page in zip(
            RESULTS, SUBJECTS, ("runs/call-0003.html", "runs/ward-0003.html", ""), strict=True
        )
    ),
    trend=HISTORY.trend({each.scenario_id: each.run_id for each in RESULTS}),
    environment=(("rehearse", "0.1.0"), ("Python", "3.11.7")),
)
