"""Deadlines: each tier ends what it can reach, the run is reported, and what a stopped step left is established."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from rehearse.database.deadline import Deadline
from rehearse.errors import ScenarioTimeoutError
from rehearse.run import deadline as deadlines
from rehearse.run.deadline import Cancellation, Ended, OperationStoppedError, Watchdog

from . import lab_domain
from .bench import cells_after, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bench import Lab

SHORT = 0.05
FRESH = {"a": 1, "b": 1}


# ── runs ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("operation", ["hang_in_sql", "hang", "spin", "hang_async", "spin_async"])
def test_an_operation_that_does_not_end(lab: Lab, operation: str) -> None:
    """The run ends with status timeout, nothing of the operation stays, and the photographs are taken (F21, F24)."""
    result = lab.run(step(operation), step("put"), timeout_seconds=SHORT, debug_mode=True)
    late, after = result.steps
    assert ("timeout", "timeout", "act") == (result.status, result.category, result.phase), result.errors
    assert ("error", True, False, False) == (late.outcome, late.timed_out, late.abandoned, late.expected)
    assert f"{SHORT:g} s passed; nothing was committed" == late.error
    assert "skipped" == after.outcome
    assert FRESH == cells_after(result)
    with pytest.raises(ScenarioTimeoutError) as caught:
        result.raise_for_status()
    assert isinstance(caught.value, TimeoutError)


def test_a_step_has_a_deadline_of_its_own(lab: Lab) -> None:
    """A step that misses its own is a timeout; if it is not critical the steps after it run."""
    result = lab.run(step("hang", timeout_seconds=SHORT, critical=False), step("put", {"value": 4}), debug_mode=True)
    assert ("timeout", ["error", "done"]) == (result.status, [each.outcome for each in result.steps])
    assert {"a": 4, "b": 1} == cells_after(result)


def test_a_critical_step_that_is_late_ends_the_sequence(sqlite_lab: Lab) -> None:
    """Its own deadline or the scenario's: what comes after it is skipped."""
    result = sqlite_lab.run(step("hang", timeout_seconds=SHORT), step("put"))
    assert ("timeout", ["error", "skipped"]) == (result.status, [each.outcome for each in result.steps])


def test_a_step_gets_what_is_left(sqlite_lab: Lab) -> None:
    """A step's own deadline is never later than the scenario's."""
    result = sqlite_lab.run(step("hang", timeout_seconds=20), timeout_seconds=SHORT)
    assert result.error == f"step1 hang: {SHORT:g} s passed; nothing was committed"


def test_an_expected_error_does_not_excuse_a_timeout(sqlite_lab: Lab) -> None:
    """A step that may end in an error may not end late."""
    assert sqlite_lab.run(step("hang", expect="any"), timeout_seconds=SHORT).status == "timeout"


def test_a_sleep_that_nothing_reaches_is_abandoned(lab: Lab) -> None:
    """The run goes on without it, and nobody looks at a database that a thread may still hold."""
    lab_domain.AWAKE.clear()
    result = lab.run(step("nap", {"seconds": 5}, critical=False), step("put"), timeout_seconds=SHORT)
    late = result.steps[0]
    assert ("timeout", True, "error") == (result.status, late.abandoned, late.outcome)
    assert f"{SHORT:g} s passed; nothing was committed; its thread never came back" == late.error
    assert (None, None, "skipped") == (result.diff, result.verdict, result.steps[1].outcome)
    assert lab_domain.AWAKE.wait(60)
    assert "passed" == lab.run(step("look")).status


def test_an_abandoned_thread_cannot_write_into_the_next_run(lab: Lab) -> None:
    """When it wakes in the middle of the next run, what it sends is refused, and that run has a connection of its own (F26)."""
    lab_domain.AWAKE.clear()
    lab_domain.WOKEN.clear()
    assert lab.run(step("nap", {"seconds": 5}), timeout_seconds=SHORT).steps[0].abandoned
    result = lab.run(step("wait_for_awake"), expected_outcome={"cell.a": 1})
    assert "passed" == result.status, result.errors
    assert lab_domain.WOKEN != ["wrote"]


def test_an_operation_that_swallows_everything_is_abandoned(sqlite_lab: Lab) -> None:
    """Not even the watchdog's exception ends it; its transaction never commits."""
    result = sqlite_lab.run(step("ignore", {"seconds": 5}), timeout_seconds=SHORT)
    assert ("timeout", True) == (result.status, result.steps[0].abandoned)


def test_a_sleep_inside_commit_is_read_back(postgres_lab: Lab) -> None:
    """The server ends the COMMIT at the deadline; another connection says that it was aborted (F19)."""
    late = postgres_lab.one("sleep_in_commit", {"seconds": 60}, timeout_seconds=0.3, database={"isolation": "clone"})
    assert ("error", True) == (late.outcome, late.timed_out)
    assert "0.3 s passed; nothing was committed" == late.error


def test_a_commit_that_is_slow_and_in_time(postgres_lab: Lab) -> None:
    """A COMMIT that takes a while is no timeout."""
    done = postgres_lab.one("sleep_in_commit", {"seconds": 0.05}, database={"isolation": "clone"})
    assert ("done", False) == (done.outcome, done.timed_out)


# ── the watchdog alone ─────────────────────────────────────────────────────────────────────────────────────────────────


def nothing() -> None:
    """Do nothing."""


def watchdog(cancellation: Cancellation | None = None, *, revoke: Callable[[], None] = nothing) -> Watchdog:
    """Return a watchdog over no database."""
    return Watchdog(cancellation or Cancellation(), nothing, revoke)


def loop() -> None:
    """Never end."""
    while True:
        time.sleep(0.001)


def test_a_call_that_ends_in_time() -> None:
    """Its value is handed over, and its aftermath is done."""
    done: list[str] = []
    ended = watchdog().call(lambda: 7, Deadline.after(30), name="x", aftermath=lambda: done.append("after"))
    assert Ended(7) == ended
    assert ["after"] == done


def test_a_call_that_raises_in_time() -> None:
    """Its error is handed over as it is."""
    ended = watchdog().call(lambda: 1 // 0, Deadline.after(30), name="x")
    assert isinstance(ended.error, ZeroDivisionError)
    assert (None, False) == (ended.stopped, ended.abandoned)


def test_an_aftermath_that_raises() -> None:
    """It is told, unless the call itself raised."""
    late = watchdog().call(lambda: 7, Deadline.after(30), name="x", aftermath=lambda: 1 // 0)
    first = watchdog().call(lambda: int("x"), Deadline.after(30), name="x", aftermath=lambda: 1 // 0)
    assert isinstance(late.error, ZeroDivisionError)
    assert isinstance(first.error, ValueError)


@pytest.mark.parametrize("wish", [False, True])
def test_why_a_call_was_stopped(wish: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    """By the deadline or by a wish, told apart."""
    cancellation = Cancellation()
    if wish:
        cancellation.cancel()
    ended = watchdog(cancellation).call(loop, Deadline.after(60 if wish else SHORT), name="x")
    assert ("cancelled" if wish else "deadline") == ended.stopped
    assert isinstance(ended.error, OperationStoppedError)


def test_a_call_is_asked_before_it_is_broken_into() -> None:
    """What can be asked to end gets half of the grace to do so."""
    asked = threading.Event()

    def wait() -> str:
        asked.wait(30)
        return "ended by itself"

    def cancel() -> bool:
        asked.set()
        return True

    ended = watchdog().call(wait, Deadline.after(SHORT), name="x", cancel=cancel)
    assert ("ended by itself", "deadline") == (ended.value, ended.stopped)


def test_a_call_that_only_says_that_it_ends_is_broken_into() -> None:
    """Who promised and did not keep it is stopped like any other."""
    ended = watchdog().call(loop, Deadline.after(SHORT), name="x", cancel=lambda: True)
    assert isinstance(ended.error, OperationStoppedError)


def test_an_abandoned_call_revokes(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the grace the lease is made useless, and nobody waits any longer."""
    monkeypatch.setattr(deadlines, "TIER_TWO_GRACE", 0.1)
    revoked, release = threading.Event(), threading.Event()
    ended = watchdog(revoke=revoked.set).call(lambda: release.wait(60), Deadline.after(0.5), name="x")
    assert Ended(stopped="deadline", abandoned=True) == ended
    assert revoked.is_set()
    release.set()


def test_an_aftermath_is_never_broken_into() -> None:
    """However often the watchdog knocks, what settles a transaction is done to its end."""
    steps: list[int] = []

    def settle() -> None:
        for number in range(20):
            time.sleep(0.01)
            steps.append(number)

    ended = watchdog().call(loop, Deadline.after(SHORT), name="x", aftermath=settle)
    assert list(range(20)) == steps
    assert not ended.abandoned


def test_a_stopped_call_leaves_no_exception_behind(capfd: pytest.CaptureFixture[str]) -> None:
    """Two hundred calls are stopped around the moment of their own end, and none dies outside its call."""
    for number in range(200):
        seconds = number * 0.00002
        watchdog().call(lambda seconds=seconds: time.sleep(seconds), Deadline.after(0.002), name="x")
    assert ("", "") == capfd.readouterr()
