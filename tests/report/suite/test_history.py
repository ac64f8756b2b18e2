"""How scenarios came out before: the last outcomes, what disagrees, and how the suite stood after each command."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rehearse.report.suite.history import OUTCOMES, POINTS, History
from rehearse.report.suite.model import Past
from rehearse.run.outcome import Attempt
from report.samples import FAILED, PASSED
from report.suite.samples import MOMENT, record, result


def history(*statuses: str, content: str = "c") -> History:
    """Runs of scenario `a`, one a week."""
    return History(
        record("a", number, status, week=number, content=content) for number, status in enumerate(statuses, 1)
    )


def test_the_last_outcomes_end_with_the_run_itself() -> None:
    """Later runs are not among them, and of earlier ones the last twelve."""
    found = history(*(["passed"] * 13), "failed", "passed")
    assert "failed" == found.past(result(FAILED, "a", 14)).statuses[-1]
    assert OUTCOMES == len(found.past(result(FAILED, "a", 14)).statuses)
    assert ("passed",) == found.past(result(PASSED, "a", 1)).statuses


def test_a_run_without_evidence_is_its_own_last_outcome() -> None:
    """A run that could not even make its folder stands behind what is known."""
    unstarted = replace(result(FAILED, "a", 9), run_id="", status="error")
    assert Past(("passed", "error")) == history("passed").past(unstarted)
    assert Past(("error",)) == History(()).past(unstarted)


def test_what_was_saved_by_hand_is_no_outcome() -> None:
    """A saved log counts for nothing."""
    saved = History((record("a", 1, "saved"), record("a", 2, "passed", week=1)))
    assert ("passed",) == saved.past(result(PASSED, "a", 2)).statuses
    assert ["a-0002"] == [each.run for each in saved.newest()]


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("passed", "failed", "passed"), "outcomes alternate: 2 changes in 3 runs of the same scenario"),
        (
            ("failed", "passed", "failed", "failed", "passed"),
            "outcomes alternate: 3 changes in 5 runs of the same scenario",
        ),
        (("failed", "failed", "passed", "passed"), ""),
        (("passed", "passed"), ""),
        (("failed",), ""),
    ],
)
def test_outcomes_that_alternate_are_flaky(statuses: tuple[str, ...], told: str) -> None:
    """One change is something that was mended or broken; from the second on nobody can rely on the outcome."""
    assert told == history(*statuses).past(result(PASSED, "a", len(statuses))).flaky


def test_a_scenario_that_was_edited_in_between_is_not_flaky() -> None:
    """Only runs of the newest text are compared, and runs whose text nobody kept are not."""
    edited = History(
        record("a", number, status, week=number, content=content)
        for number, (status, content) in enumerate([("passed", "old"), ("failed", "new"), ("passed", "newest")], 1)
    )
    assert "" == edited.past(result(PASSED, "a", 3)).flaky
    assert "" == history("passed", "failed", "passed", content="").past(result(PASSED, "a", 3)).flaky


def test_two_databases_are_two_things() -> None:
    """A scenario that passes on one and fails on the other, turn about, is not flaky on either."""
    backends = ("sqlite", "postgresql", "sqlite", "postgresql")
    runs = [
        record("a", number, "passed" if backend == "sqlite" else "failed", week=number, backend=backend)
        for number, backend in enumerate(backends, 1)
    ]
    assert "" == History(runs).past(result(FAILED, "a", 4)).flaky


def test_attempts_that_disagree_are_flaky() -> None:
    """As the result itself knows, or as the marks of one command say."""
    retried = replace(
        result(PASSED, "a", 2),
        flaky=True,
        attempts=(Attempt(1, "timeout", "a-0001", None), Attempt(2, "passed", "a-0002", None)),
    )
    assert "attempts disagree: timeout, then passed" == history("timeout", "passed").past(retried).flaky
    together = History((record("a", 1, "timeout", week=1), record("a", 2, "passed", week=1)))
    assert "attempts disagree: timeout, then passed" == together.past(result(PASSED, "a", 2)).flaky


def test_the_trend_is_how_all_stood_after_each_command() -> None:
    """A command that ran one scenario changes that one; what had not run yet is counted as such."""
    runs = [
        record("a", 1, "passed", week=1),
        record("a", 2, "failed", week=3),
        record("b", 1, "passed", week=2),
        record("b", 2, "passed", week=3),
        record("c", 1, "failed", week=1),
    ]
    points = History(runs).trend({"a": "a-0002", "b": "b-0002"})
    assert [MOMENT + timedelta(weeks=week) for week in (1, 2, 3)] == [point.began for point in points]
    assert [{"passed": 1, "not yet run": 1}, {"passed": 2}, {"failed": 1, "passed": 1}] == [
        point.counts for point in points
    ]
    assert [1, 1, 2] == [point.ran for point in points]


def test_the_trend_ends_with_the_report_and_is_bounded() -> None:
    """Of a report on older runs nothing later is told; of a long past the last commands are."""
    found = history(*(["passed"] * (POINTS + 5)))
    assert POINTS == len(found.trend({"a": f"a-{POINTS + 5:04d}"}))
    assert [MOMENT + timedelta(weeks=1)] == [point.began for point in found.trend({"a": "a-0001"})]


def test_a_mark_that_kept_only_its_day_stands_at_midnight() -> None:
    """Runs of an earlier version are in the trend, day by day."""
    old = [replace(record("a", number), began=None, finished=date(2026, 1, number)) for number in (1, 2)]
    assert ["2026-01-01T00:00:00", "2026-01-02T00:00:00"] == [
        point.began.isoformat() for point in History(old).trend({"a": "a-0002"})
    ]
