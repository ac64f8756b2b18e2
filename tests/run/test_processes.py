"""Operations in a process of their own: whatever they do, they are over, and nothing of them is left (F24, F25)."""

from __future__ import annotations

import multiprocessing
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.database.deadline import Deadline
from rehearse.database.store import LeaseRequest
from rehearse.domain import Context
from rehearse.run import process
from rehearse.run.deadline import Cancellation
from rehearse.run.outcome import StepResult
from rehearse.run.world import layers

from .bench import cells_after, document, planned, step
from .lab_domain import Nothing, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .bench import Lab

FRESH = {"a": 1, "b": 1}


def ends(pid: int) -> bool:
    """Whether a process ends within some seconds; one that is dead and was not waited for has ended."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.005)
    return False


def cancelling_when(path: Path) -> Cancellation:
    """Return a wish to stop that is made once `path` is there."""
    cancellation = Cancellation()

    def watch() -> None:
        limit = time.monotonic() + 60
        while not path.exists() and time.monotonic() < limit:
            time.sleep(0.005)
        cancellation.cancel()

    threading.Thread(target=watch, daemon=True).start()
    return cancellation


def test_a_step_in_a_process(lab: Lab) -> None:
    """It does what it does in a thread: the same outcome, data, rows and statements; the next step sees it."""
    apart, here = (lab.run(step(name, {"value": 7}), step("look"), debug_mode=True) for name in ("put_apart", "put"))
    assert "passed" == apart.status, apart.errors
    assert here.steps[0].data == apart.steps[0].data
    assert 7 == apart.steps[1].data["value"]
    assert {"UPDATE": 1, "INSERT": 1} == {verb: apart.steps[0].queries[verb] for verb in ("UPDATE", "INSERT")}
    assert here.fingerprint == apart.fingerprint


def test_a_refusal_and_an_exception_come_back(sqlite_lab: Lab) -> None:
    """Reasons and tracebacks cross the border; what was written before the exception is undone."""
    refused, crashed = (
        sqlite_lab.run(
            step("refuse_apart", {"text": "not now"}, expect="rejected"), step("crash_apart", {"text": "tube"})
        )
    ).steps
    assert ("rejected", "not now") == (refused.outcome, refused.reasons[0].text)
    assert ("error", "RuntimeError: tube", False) == (crashed.outcome, crashed.error, crashed.timed_out)
    assert "in crash" in (crashed.traceback or "")


@pytest.mark.parametrize("operation", ["hang_apart", "hang_in_sql_apart"])
def test_a_child_that_does_not_end_is_killed(lab: Lab, operation: str) -> None:
    """Before it came to COMMIT it has committed nothing, and that is known."""
    result = lab.run(step(operation), step("put"), timeout_seconds=0.7, debug_mode=True)
    late = result.steps[0]
    assert ("timeout", "error", True) == (result.status, late.outcome, late.timed_out)
    assert (late.error or "").startswith("0.7 s passed")
    assert (late.error or "").endswith("nothing was committed")
    assert FRESH == cells_after(result)


def test_a_statement_in_a_child_ends_by_itself(sqlite_lab: Lab) -> None:
    """The child knows the deadline, too: it reports in time what became of its transaction, and need not be killed."""
    plan = planned(document(step("put")))
    lease = sqlite_lab.store.lease(LeaseRequest(run="late", layers=layers(plan), processes=True))
    context = Context(plan.scenario.clock, 0, plan.policy)
    soon = Deadline.after(0.05)
    errand = process.Errand(
        "lab", "hang_in_sql", Nothing(), context, "step1", lease.process_address(), soon.at, soon.seconds
    )
    report = process._performed(errand, Said())  # type: ignore[arg-type]
    lease.discard()
    assert ("aborted", None) == (report.fate, report.result)
    assert "0.05 s had passed" in (report.error or "")
    base = StepResult("step1", 1, "hang_in_sql", "error", context.clock)
    told = process._reported(base, report, soon)
    assert (True, "error", "0.05 s passed; nothing was committed") == (told.timed_out, told.outcome, told.error)


def test_a_child_that_ignores_the_polite_signal(sqlite_lab: Lab, tmp_path: Path) -> None:
    """It burns CPU and does not listen; it is dead all the same, and its transaction undone."""
    trace = tmp_path / "pid"
    text = document(step("ignore_signals", {"path": str(trace)}), debug_mode=True, timeout_seconds=60)
    result = sqlite_lab.perform(text, cancellation=cancelling_when(trace))
    assert ("error", "error") == (result.status, result.steps[0].outcome)
    assert "the run was cancelled; its process was killed; nothing was committed" == result.steps[0].error
    assert ends(int(trace.read_text()))
    assert FRESH == cells_after(result)


@pytest.mark.parametrize("seconds", [0, 600])
def test_grandchildren_go_with_the_child(sqlite_lab: Lab, tmp_path: Path, seconds: int) -> None:
    """Whether the child ends by itself or is killed."""
    trace = tmp_path / "pid"
    text = document(step("have_children", {"path": str(trace), "seconds": seconds}), timeout_seconds=60)
    result = sqlite_lab.perform(text, cancellation=cancelling_when(trace) if seconds else Cancellation())
    assert ("error" if seconds else "passed") == result.status
    assert ends(int(trace.read_text()))


def test_a_child_that_dies_by_itself(sqlite_lab: Lab) -> None:
    """Its end is told with its exit code; it had not begun to commit, so nothing is there."""
    result = sqlite_lab.run(step("die", {"value": 3}), debug_mode=True)
    assert ("error", "error") == (result.status, result.steps[0].outcome)
    assert "its process ended by itself with exit code 3; nothing was committed" == result.steps[0].error
    assert FRESH == cells_after(result)


def test_a_child_that_dies_inside_commit_is_unknown(postgres_lab: Lab) -> None:
    """It said that it was about to commit and never said more: nobody knows, and nobody guesses (F19)."""
    result = postgres_lab.run(step("die_in_commit", {"seconds": 1}), timeout_seconds=60)
    assert ("unknown", "unknown") == (result.status, result.steps[0].outcome)
    assert "its process ended by itself with exit code 9; nobody knows whether it committed" == result.steps[0].error


def test_a_process_that_cannot_be_started(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the step's error; what ran before keeps its result."""

    def refuse(*_: object, **__: object) -> object:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(process.multiprocessing, "get_context", refuse)
    result = sqlite_lab.run(step("put"), step("put_apart"))
    assert ["done", "error"] == [each.outcome for each in result.steps]
    assert "Resource temporarily unavailable" in (result.error or "")


def test_an_operation_apart_does_not_stand_in_a_block(sqlite_lab: Lab) -> None:
    """No scheduler reaches into another process, so it is refused there, and says so."""
    result = sqlite_lab.run(together=(step("put_apart"), step("put", {"cell": "b"})))
    assert ["error", "done"] == [each.outcome for each in result.steps]
    assert "no scheduler reaches into it" in (result.error or "")


# ── the child's half, in this process ──────────────────────────────────────────────────────────────────────────────────


class Said:
    """The child's end of the pipe, as far as it sends."""

    def __init__(self) -> None:
        self.messages: list[object] = []

    def send(self, message: object) -> None:
        """Keep it."""
        self.messages.append(message)


@pytest.fixture
def errand(lab: Lab) -> Iterator[process.Errand]:
    """An errand on a database of its own that ends with the test."""
    plan = planned(document(step("put")))
    lease = lab.store.lease(LeaseRequest(run="errand", layers=layers(plan), processes=True))
    arguments, context = plan.steps[0].step.arguments, Context(plan.scenario.clock, 0, plan.policy)
    yield process.Errand("lab", "put", arguments, context, "step1", lease.process_address(), float("inf"), 30.0)
    lease.discard()


def test_what_a_child_says(errand: process.Errand) -> None:
    """That it is about to commit; then its answer, its statements and that it committed."""
    said = Said()
    report = process._performed(errand, said)  # type: ignore[arg-type]
    assert [process.COMMITTING] == said.messages
    assert ("committed", "done", None) == (report.fate, report.result and report.result.outcome, report.error)
    assert "UPDATE" in {statement.verb for statement in report.statements}


def test_a_child_that_cannot_even_begin(errand: process.Errand) -> None:
    """It reports the error instead of dying without a word."""
    report = process._performed(replace(errand, operation="nosuch"), Said())  # type: ignore[arg-type]
    assert ("aborted", None) == (report.fate, report.result)
    assert "KeyError" in (report.error or "")


def test_an_exception_in_the_child(errand: process.Errand) -> None:
    """Nothing was committed, and the report says why."""
    said = Said()
    report = process._performed(replace(errand, operation="crash", arguments=Say(text="x")), said)  # type: ignore[arg-type]
    assert ([], "aborted", "RuntimeError: x") == (said.messages, report.fate, report.error)


def test_nobody_to_follow() -> None:
    """A process without a parent of its kind goes on."""
    assert multiprocessing.parent_process() is None
    process._follow_parent()
