"""From what went wrong to one status: the written precedence, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import PreconditionFailedError, ScenarioFailedError, ScenarioTimeoutError
from rehearse.expect.verdict import CheckResult, Verdict
from rehearse.run.outcome import Execution, ScenarioResult, StepResult, exit_code
from rehearse.run.status import Failure, Summary, summarise

if TYPE_CHECKING:
    from rehearse.run.outcome import Status

STEP = StepResult("step1", 1, "put", "done", datetime(2024, 1, 1), expected=True)  # noqa: DTZ001  (scenario clocks have no zone)
CRASHED = replace(STEP, outcome="error", expected=False, error="RuntimeError: x", traceback="trace")
LATE = replace(STEP, name="step2", outcome="error", expected=False, error="1 s passed", timed_out=True)
LOST = replace(STEP, name="step3", outcome="unknown", expected=False, error="nobody knows")
BROKEN = Failure("restore", "cleanup", ("the disk is full",), "trace of restore")


def check(status: str) -> CheckResult:
    """Return a check that came out so."""
    return CheckResult("total", "assertion", status, "1", 2, "differs")  # type: ignore[arg-type]


def verdict(*statuses: str) -> Verdict:
    """Return a verdict over checks that came out so."""
    return Verdict.of(tuple(check(status) for status in statuses))


def summary(
    *steps: StepResult, failures: tuple[Failure, ...] = (), judged: Verdict | None = None, cancelled: bool = False
) -> Summary:
    """Summarise a run."""
    execution = Execution(steps, 1.0, 0.0, timed_out=any(step.timed_out for step in steps), cancelled=cancelled)
    return summarise(failures, execution, judged or verdict("passed"))


@pytest.mark.parametrize(
    ("found", "status", "category", "phase"),
    [
        (summary(STEP), "passed", None, None),
        (summary(STEP, judged=verdict("failed")), "failed", "assertion", "judge"),
        (summary(STEP, judged=verdict("failed", "unknown")), "unknown", "assertion", "judge"),
        (summary(STEP, judged=Verdict.of(())), "unknown", None, "judge"),
        (summary(LOST, judged=verdict("failed")), "unknown", "error", "act"),
        (summary(LOST, LATE, judged=verdict("failed")), "timeout", "timeout", "act"),
        (summary(LOST, LATE, CRASHED), "error", "error", "act"),
        (summary(STEP, cancelled=True), "error", "infrastructure", "act"),
        (summary(LOST, LATE, cancelled=True), "error", "infrastructure", "act"),
        (summary(CRASHED, LATE, failures=(BROKEN,)), "error", "cleanup", "restore"),
        (summarise((), None, None), "error", "infrastructure", "judge"),
    ],
)
def test_the_precedence(found: Summary, status: str, category: str | None, phase: str | None) -> None:
    """Error, timeout, unknown, failed, passed; with the phase and the category of what decided."""
    assert (status, category, phase) == (found.status, found.category, found.phase)


def test_everything_is_told_the_decisive_first() -> None:
    """The messages of all failures come before the checks that did not hold."""
    found = summary(STEP, failures=(BROKEN, replace(BROKEN, messages=("second",))), judged=verdict("failed"))
    assert ("the disk is full", "second") == found.errors[:2]
    assert 3 == len(found.errors)
    assert ("the disk is full", "trace of restore") == (found.error, found.traceback)


def test_an_expected_crash_decides_nothing() -> None:
    """A step that expects its error is content."""
    assert "passed" == summary(replace(CRASHED, expected=True)).status


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ((), 0),
        (("passed",), 0),
        (("passed", "failed"), 1),
        (("failed", "unknown"), 3),
        (("passed", "timeout"), 3),
        (("error",), 3),
    ],
)
def test_exit_codes(statuses: tuple[Status, ...], code: int) -> None:
    """0 all passed, 1 expectations failed, 3 errors, timeouts, unknown."""
    assert code == exit_code(tuple(ScenarioResult("x", status) for status in statuses))


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (ScenarioResult("x", "failed", errors=("a", "b")), ScenarioFailedError),
        (ScenarioResult("x", "unknown"), ScenarioFailedError),
        (ScenarioResult("x", "timeout", error="late"), ScenarioTimeoutError),
        (ScenarioResult("x", "error", category="precondition", phase="preconditions"), PreconditionFailedError),
    ],
)
def test_what_is_raised(result: ScenarioResult, error: type[Exception]) -> None:
    """Each kind of bad end has its own exception, which carries the whole result."""
    with pytest.raises(error) as caught:
        result.raise_for_status()
    assert result is caught.value.result  # type: ignore[attr-defined]
    ScenarioResult("x", "passed").raise_for_status()
