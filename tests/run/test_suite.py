"""Several runs: attempts of one, many side by side, and none that delays another."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from rehearse.run import suite
from rehearse.run.bridge import ProgressBridge, in_run_thread, log_event
from rehearse.run.deadline import Cancellation
from rehearse.run.events import StepStarted
from rehearse.run.outcome import ScenarioResult
from rehearse.run.suite import perform_all, perform_with_attempts, worth_another

from .bench import document, planned, step

if TYPE_CHECKING:
    from rehearse.run.events import Event

    from .bench import Lab


def test_fifty_hung_operations_beside_an_innocent_one(sqlite_lab: Lab) -> None:
    """The innocent one ends while all fifty still hang (F27)."""
    release = Cancellation()
    ended = threading.Event()
    hung = [(planned(document(step("hang"), timeout_seconds=60)), sqlite_lab.services(cancellation=release), 1)] * 50
    innocent = (planned(document(step("put"))), sqlite_lab.services(), 1)
    order: list[str] = []

    def note(result: ScenarioResult) -> None:
        order.append(result.status)
        if result.status == "passed":
            ended.set()
            release.cancel()

    results = perform_all([*hung, innocent], jobs=51, ended=note)
    assert ended.is_set()
    assert "passed" == order[0]
    assert ["error"] * 50 + ["passed"] == [result.status for result in results]


def test_results_come_in_the_order_given(lab: Lab) -> None:
    """However many work at a time; each has evidence of its own."""
    items = [
        (planned(document(step("put", {"value": value}), expected_outcome={"cell.a": value})), lab.services(), 1)
        for value in range(6)
    ]
    for jobs in (1, 3):
        results = perform_all(items, jobs=jobs)
        assert list(range(6)) == [result.steps[0].data["value"] for result in results]
        assert {"passed"} == {result.status for result in results}
        assert 6 == len({result.run_path for result in results})


def test_a_timeout_is_tried_again(lab: Lab) -> None:
    """On a fresh database, with pauses that double; every attempt is kept, and the last decides."""
    pauses: list[float] = []
    result = perform_with_attempts(
        planned(document(step("hang"), timeout_seconds=0.05)), lab.services(), 3, pause=pauses.append
    )
    assert ("timeout", [1.0, 2.0], False) == (result.status, pauses, result.flaky)
    assert [1, 2, 3] == [attempt.number for attempt in result.attempts]
    assert 3 == len({attempt.run_id for attempt in result.attempts})


def test_attempts_that_disagree_are_flaky(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout and then a pass is told as such."""
    came: list[str] = []

    def perform(*_: object) -> ScenarioResult:
        came.append("timeout" if not came else "passed")
        return ScenarioResult("lab", came[-1], run_id=f"lab-{len(came)}")  # type: ignore[arg-type]

    monkeypatch.setattr(suite, "perform", perform)
    plan = planned(document(step("put")))
    result = perform_with_attempts(plan, sqlite_lab.services(), 5, pause=lambda _: None)
    assert ("passed", True, ["timeout", "passed"]) == (result.status, result.flaky, [a.status for a in result.attempts])


def test_what_is_not_tried_again(sqlite_lab: Lab) -> None:
    """A refusal, a crash and a failed expectation stay what they are; so does everything after a wish to stop."""
    for operation in ("refuse", "crash"):
        assert 1 == len(perform_with_attempts(planned(document(step(operation))), sqlite_lab.services(), 3).attempts)
    cancellation = Cancellation()
    cancellation.cancel()
    plan = planned(document(step("hang"), timeout_seconds=0.05))
    assert 1 == len(perform_with_attempts(plan, sqlite_lab.services(cancellation=cancellation), 3).attempts)


def test_what_is_worth_another_attempt() -> None:
    """Timeouts and transient faults, and nothing else."""
    assert worth_another(ScenarioResult("x", "timeout"))
    assert worth_another(ScenarioResult("x", "error", transient=True))
    assert not worth_another(ScenarioResult("x", "error"))
    assert not worth_another(ScenarioResult("x", "failed"))


# ── the async edge ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_is_awaited(sqlite_lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """The loop goes on while the run's thread works; the listener's calls come on the loop, and one that fails is logged."""
    told: list[tuple[int, int, str]] = []

    async def progress(position: int, total: int, operation: str) -> None:
        told.append((position, total, operation))
        await asyncio.sleep(0)
        if position == 1:
            raise ValueError("no bar")

    async def main() -> ScenarioResult:
        bridge = ProgressBridge(progress, asyncio.get_running_loop())
        services = sqlite_lab.services(listeners=(bridge, log_event))
        plan = planned(document(step("put"), step("look")))
        result = await in_run_thread(lambda: suite.perform(plan, services), services.cancellation)
        await bridge.drained()
        return result

    with caplog.at_level("DEBUG", logger="rehearse"):
        assert "passed" == asyncio.run(main()).status
    assert [(1, 2, "put"), (2, 2, "look")] == told
    assert "the progress callback failed at step 1 of 2" in caplog.text
    assert "lab: [2/2] look done" in caplog.text


def test_cancelling_the_task_cancels_the_run(sqlite_lab: Lab) -> None:
    """The run is asked to stop, cleans up, and only then the cancellation goes on."""
    ended: list[ScenarioResult] = []

    async def main() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def listener(event: Event) -> None:
            if isinstance(event, StepStarted):
                loop.call_soon_threadsafe(begun.set)

        services = sqlite_lab.services(listeners=(listener,))
        plan = planned(document(step("hang"), timeout_seconds=60))

        def call() -> ScenarioResult:
            ended.append(suite.perform(plan, services))
            return ended[0]

        task = asyncio.create_task(in_run_thread(call, services.cancellation))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ["error"] == [result.status for result in ended]

    asyncio.run(main())


def test_what_a_run_raises_is_raised(sqlite_lab: Lab) -> None:
    """An error of the call itself reaches whoever awaits it."""
    del sqlite_lab

    def crash() -> None:
        raise ZeroDivisionError("call")

    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_run_thread(crash, Cancellation()))
