"""A failure in each phase: the first error survives with its traceback, evidence that exists is whole, clean-up is done (F56)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rehearse.run import run as run_module
from rehearse.run.deadline import Cancellation
from rehearse.run.events import PhaseEnded, PhaseStarted, RunEnded, RunStarted, StepStarted
from rehearse.run.outcome import exit_code

from .bench import Heard, Lab, document, step
from .children import performed_in_child

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.database.store import LeaseRequest
    from rehearse.run.events import Event
    from rehearse.run.outcome import ScenarioResult

PHASES = ["isolate", "preconditions", "capture_before", "act", "capture_after", "judge", "restore", "retain"]


class BrokenLease:
    """A lease that fails at one of its calls, and otherwise is what it stands for."""

    def __init__(self, lease: Any, fails: str) -> None:
        self._lease = lease
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        if name != self._fails:
            return getattr(self._lease, name)

        def fail(*_: object, **__: object) -> None:
            if name == "finish":
                self._lease.discard()
            raise OSError(5, f"the disk does not {name}")

        return fail


@dataclass
class BrokenStore:
    """A store that fails to lease, or whose leases fail."""

    store: Any
    fails: str
    leases: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def lease(self, request: LeaseRequest) -> Any:
        """Lease, or fail to."""
        if self.fails == "lease":
            raise ConnectionError("no server in sight")
        self.leases.append(self.store.lease(request))
        return BrokenLease(self.leases[-1], self.fails)


def broken(lab: Lab, fails: str) -> Lab:
    """Return the laboratory with a broken store."""
    return Lab(BrokenStore(lab.store, fails), lab.root)  # type: ignore[arg-type]


def evidence_of(result: ScenarioResult) -> set[str]:
    """The files that a run left."""
    return {path.name for path in Path(result.run_path).iterdir()}


def assert_whole(result: ScenarioResult) -> None:
    """Every file that the mark names is there with its length, and the stored result says what the returned one says."""
    mark = json.loads((Path(result.run_path) / "complete.json").read_text())
    sizes = {path.name: path.stat().st_size for path in Path(result.run_path).iterdir() if path.name != "complete.json"}
    assert mark["files"] == sizes
    stored = json.loads((Path(result.run_path) / "result.json").read_text())
    assert (result.status, result.error) == (stored["status"], stored["error"])


def test_phases_come_in_their_order(lab: Lab) -> None:
    """Every phase begins once and ends once; the first and the last event are the run's."""
    heard = Heard()
    result = lab.perform(document(step("put")), listeners=(heard,))
    assert PHASES == heard.phases
    assert PHASES == [event.phase for event in heard.events if isinstance(event, PhaseEnded) and event.error is None]
    assert (RunStarted, RunEnded) == (type(heard.events[0]), type(heard.events[-1]))
    assert set(PHASES) == set(result.metrics.phase_times) | {"retain"}
    assert_whole(result)


def test_no_database(sqlite_lab: Lab) -> None:
    """The run is an error of the infrastructure; what was asked for is on disk all the same."""
    heard = Heard()
    result = broken(sqlite_lab, "lease").perform(document(step("put")), listeners=(heard,))
    assert ("error", "infrastructure", "isolate") == (result.status, result.category, result.phase)
    assert "ConnectionError: no server in sight" == result.error
    assert "in lease" in (result.traceback or "")
    assert ["isolate", "retain"] == heard.phases
    assert {"scenario.yaml", "events.jsonl", "result.json", "complete.json"} == evidence_of(result)
    assert_whole(result)
    assert 3 == exit_code((result,))


def test_no_folder(sqlite_lab: Lab, tmp_path: Path) -> None:
    """Without a place for evidence nothing is performed, and the listeners hear of it."""
    (tmp_path / "file").write_text("")
    heard = Heard()
    result = Lab(sqlite_lab.store, tmp_path / "file").perform(document(step("put")), listeners=(heard,))
    assert ("error", "infrastructure", "isolate", "") == (result.status, result.category, result.phase, result.run_path)
    assert result.traceback
    assert [RunEnded] == [type(event) for event in heard.events]


def test_a_set_up_that_the_database_refuses(lab: Lab) -> None:
    """The message names the rows, nothing is performed, and no template of it is trusted: the next run builds anew."""
    for _ in range(2):
        result = lab.run(step("put"), constraints={"fails_in": "setup"})
        assert ("error", "error", "setup") == (result.status, result.category, result.phase)
        assert "rows 1–3 of `cells`" in (result.error or "")
    assert "passed" == lab.run(step("put")).status


@pytest.mark.parametrize(
    ("place", "phase", "files"),
    [
        ("pre_execution", "preconditions", set()),
        ("post_execution", "capture_after", {"before.json", "execution.json", "sql.jsonl"}),
    ],
)
def test_a_photograph_that_fails(lab: Lab, place: str, phase: str, files: set[str]) -> None:
    """The evidence so far stays, the database is given back, and the next run is not disturbed."""
    heard = Heard()
    text = document(step("put"), constraints={"fails_in": place})
    result = lab.perform(text, listeners=(heard,))
    assert ("error", phase) == (result.status, result.phase)
    assert f"RuntimeError: the laboratory fails in {place}" == result.error
    assert "in captured" in (result.traceback or "")
    assert {"restore", "retain"} <= set(heard.phases)
    assert files | {"scenario.yaml", "events.jsonl", "result.json", "complete.json"} == evidence_of(result)
    assert_whole(result)
    assert "passed" == lab.run(step("put")).status


def test_a_precondition_that_crashes(sqlite_lab: Lab) -> None:
    """It has not held, and says why."""
    asked = [{"check": "any_cell", "expected": True}]
    result = sqlite_lab.run(step("put"), preconditions=asked, constraints={"fails_in": "check"})
    assert ("error", "precondition") == (result.status, result.category)
    assert "could not be asked: RuntimeError: the laboratory fails in check" in result.errors[0]


def test_a_judge_that_crashes(sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of the engine itself is told like any other; both photographs are there to be judged again."""

    def crash(*_: object) -> None:
        raise ZeroDivisionError("judge")

    monkeypatch.setattr(run_module, "judge_run", crash)
    result = sqlite_lab.run(step("put"))
    assert ("error", "judge", "ZeroDivisionError: judge") == (result.status, result.phase, result.error)
    assert {"before.json", "after.json", "diff.json", "execution.json"} <= evidence_of(result)
    assert_whole(result)


def test_a_clean_up_that_fails(lab: Lab) -> None:
    """A run whose database could not be given back has not passed, whatever the judge said."""
    result = broken(lab, "finish").run(step("put"))
    assert ("error", "cleanup", "restore") == (result.status, result.category, result.phase)
    assert "OSError: [Errno 5] the disk does not finish" == result.error
    assert result.verdict is not None
    assert_whole(result)


def test_the_first_error_survives_a_failing_clean_up(lab: Lab) -> None:
    """Both are told, the first one first, with its own traceback."""
    text = document(step("put"), constraints={"fails_in": "post_execution"})
    result = broken(lab, "finish").perform(text)
    assert ("capture_after", 2) == (result.phase, len(result.errors))
    assert "RuntimeError: the laboratory fails in post_execution" == result.error
    assert "the disk does not finish" in result.errors[1]
    assert "in captured" in (result.traceback or "")


@pytest.mark.parametrize("call", ["work", "process_address"])
def test_no_connection_for_a_step(sqlite_lab: Lab, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that step's error; the steps before it keep their results."""
    lab = broken(sqlite_lab, call if call != "work" else "")
    heard: list[str] = []

    def listener(event: Event) -> None:
        if isinstance(event, StepStarted):
            heard.append(event.step)
            if call == "work" and event.step == "step2":
                monkeypatch.setattr(lab.store.leases[-1], "work", refuse)  # type: ignore[attr-defined]

    def refuse(*_: object) -> None:
        monkeypatch.undo()
        raise OSError(24, "Too many open files")

    result = lab.perform(document(step("put"), step("put_apart" if call != "work" else "put")), listeners=(listener,))
    assert ["done", "error"] == [each.outcome for each in result.steps]
    assert ("error", "act", "error") == (result.status, result.phase, result.category)
    assert result.traceback
    assert ["step1", "step2"] == heard


def test_an_export_that_fails(sqlite_lab: Lab) -> None:
    """The run stays without its mark, so that nothing of it counts, and the result says why."""

    def crash(_: ScenarioResult) -> str:
        raise RuntimeError("no ink")

    result = sqlite_lab.perform(document(step("put")), exporters={"json": crash})
    assert ("error", "infrastructure", "retain") == (result.status, result.category, result.phase)
    assert "RuntimeError: no ink" == result.error
    assert "complete.json" not in evidence_of(result)
    assert () == sqlite_lab.artifacts.records()


@pytest.mark.parametrize("name", ["scenario.yaml", "before.json", "execution.json", "after.json", "result.json"])
def test_evidence_that_cannot_be_written(lab: Lab, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at any file: the message names path and phase, half a file is not left, the database is given back (F8)."""
    from rehearse.database import effects  # noqa: PLC0415

    def full(descriptor: int, data: bytes, target: str) -> None:
        if target == name:
            raise OSError(28, "No space left on device")
        real(descriptor, data, target)

    real: Callable[..., None] = effects.write
    monkeypatch.setattr(effects, "write", full)
    heard = Heard()
    result = lab.perform(document(step("put")), listeners=(heard,))
    assert ("error", "infrastructure") == (result.status, result.category)
    assert "No space left on device" in (result.error or "")
    assert name in (result.error or "")
    assert f"(phase {result.phase})" in (result.error or "")
    assert name not in evidence_of(result)
    assert ("retain", "restore") == (heard.phases[-1], heard.phases[-2]) or name == "scenario.yaml"


def test_a_disk_that_is_really_full() -> None:
    """A process that may write only small files: the run ends in an error, keeps what fitted, and leaves nothing else (F8)."""
    told = performed_in_child(
        document(step("put"), cells=[{"id": f"c{n}"} for n in range(500)] + [{"id": "a"}]), file_size=8_000
    )
    assert ("error", "infrastructure") == (told["status"], told["category"])
    assert "File too large" in told["error"]
    assert told["complete"]
    assert 0 == told["scratch"]


def test_a_listener_that_raises(lab: Lab) -> None:
    """Who watches a run is no part of it: the run goes on, and the database is given back."""

    def listener(event: Event) -> None:
        if isinstance(event, PhaseStarted | StepStarted):
            raise BrokenPipeError("nobody reads")

    result = lab.perform(document(step("put")), listeners=(listener,))
    assert "passed" == result.status


# ── a wish to stop ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_in_each_phase(lab: Lab, phase: str) -> None:
    """Before the last step has ended: cancelled, cleaned and reported. Afterwards nothing is left to stop (F55)."""
    cancellation, heard = Cancellation(), Heard()

    def listener(event: Event) -> None:
        if isinstance(event, PhaseStarted) and event.phase == phase:
            cancellation.cancel()

    result = lab.perform(document(step("put"), step("put")), cancellation=cancellation, listeners=(listener, heard))
    if PHASES.index(phase) <= PHASES.index("act"):
        assert ("error", "the run was cancelled") == (result.status, result.error)
        assert ["skipped", "skipped"] == [each.outcome for each in result.steps]
    else:
        assert "passed" == result.status
    assert PHASES == heard.phases
    assert_whole(result)


@pytest.mark.parametrize("operation", ["hang_in_sql", "hang", "spin", "hang_async"])
def test_ctrl_c_in_a_step(lab: Lab, operation: str) -> None:
    """The step is ended from outside and undone; the rest is skipped, cleaned and reported."""
    cancellation = Cancellation()

    def listener(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "step2":
            cancellation.cancel()

    text = document(step("put", {"value": 3}), step(operation), step("put"), timeout_seconds=60)
    result = lab.perform(text, cancellation=cancellation, listeners=(listener,))
    assert ["done", "error", "skipped"] == [each.outcome for each in result.steps], result
    assert ("error", "act") == (result.status, result.phase)
    assert "step2" in (result.error or "")
    assert "the run was cancelled; nothing was committed" == result.steps[1].error
    assert not result.steps[1].timed_out
    assert_whole(result)


def test_ctrl_c_in_a_block(lab: Lab) -> None:
    """Every session of a concurrent block is ended, and told to have been cancelled."""
    cancellation = Cancellation()

    def listener(event: Event) -> None:
        if isinstance(event, StepStarted):
            cancellation.cancel()

    text = document(together=(step("hang"), step("put", {"cell": "b"})), timeout_seconds=60)
    result = lab.perform(text, cancellation=cancellation, listeners=(listener,))
    assert "error" == result.status
    assert {False} == {each.timed_out for each in result.steps}
    assert all("cancelled" in (each.error or "") for each in result.steps)
