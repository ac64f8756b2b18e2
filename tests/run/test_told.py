"""What a run says of itself while it goes: signs of life, its log on disk, and how far it has come by them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ArtifactError
from rehearse.run.events import (
    Event,
    PhaseStarted,
    Retrying,
    RunEnded,
    RunStarted,
    StepEnded,
    StepProgress,
    StepStarted,
    read_event,
)
from rehearse.run.evidence import EVENTS
from rehearse.run.outcome import ScenarioResult
from rehearse.run.standing import Standing
from rehearse.run.suite import perform_with_attempts

from .bench import Heard, document, planned, step

if TYPE_CHECKING:
    from rehearse.artifacts.folder import RunFolder

    from .bench import Lab


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every occasion for a sign of life is taken."""
    monkeypatch.setattr("rehearse.run.pulse.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("rehearse.run.pulse.LONGEST_PAUSE", 0.0)


def progress(heard: Heard) -> list[StepProgress]:
    """The signs of life."""
    return [event for event in heard.events if isinstance(event, StepProgress)]


@pytest.mark.usefixtures("impatient")
def test_a_step_that_takes_its_time_says_so(lab: Lab) -> None:
    """While a step goes on, it is told how long it has, and how many statements it has sent; never after its end."""
    heard = Heard()
    result = lab.perform(document(step("put"), step("hang", timeout_seconds=0.4)), listeners=(heard,))
    signs = progress(heard)
    assert {("step2", 2, 2, "hang")} == {(sign.step, sign.position, sign.total, sign.operation) for sign in signs}
    assert [sign.seconds for sign in signs] == sorted(sign.seconds for sign in signs)
    assert signs[-1].queries == result.steps[1].query_count > 0
    assert heard.events.index(signs[-1]) < next(
        place for place, event in enumerate(heard.events) if isinstance(event, StepEnded) and event.step == "step2"
    )


def test_a_short_step_says_nothing(lab: Lab) -> None:
    """A step that is over before anybody could read of it gives no sign."""
    heard = Heard()
    lab.perform(document(step("put")), listeners=(heard,))
    assert [] == progress(heard)


@pytest.mark.usefixtures("impatient")
def test_a_process_tells_its_statements_at_its_end(sqlite_lab: Lab) -> None:
    """Of a step in a process of its own nobody knows what it has sent; its signs of life say that nobody does."""
    heard = Heard()
    (result,) = sqlite_lab.perform(document(step("put_apart")), listeners=(heard,)).steps
    assert {None} == {sign.queries for sign in progress(heard)}
    assert result.query_count > 0


@pytest.mark.usefixtures("impatient")
def test_steps_at_the_same_time_each_say_so(sqlite_lab: Lab) -> None:
    """In a concurrent block every step gives its own signs."""
    heard = Heard()
    text = document(together=(step("increment", {"cell": "a"}), step("increment", {"cell": "b"})))
    sqlite_lab.perform(text, listeners=(heard,))
    assert {"concurrent1", "concurrent2"} == {sign.step for sign in progress(heard)}


def test_the_log_is_on_disk_while_the_run_goes(lab: Lab) -> None:
    """At every beginning all that was told before can be read by another process, line by line, in order."""
    told: list[Event] = []
    differences: list[tuple[int, int]] = []

    def look(event: Event) -> None:
        told.append(event)
        if isinstance(event, PhaseStarted | StepStarted):
            (log,) = lab.root.glob(f"runs/*/{EVENTS}")
            read = [read_event(line) for line in log.read_text(encoding="utf-8").splitlines()]
            if [one for _, one in read] != told or sorted(at for at, _ in read) != [at for at, _ in read]:
                differences.append((len(read), len(told)))

    result = lab.perform(document(step("put"), step("refuse", expect="rejected")), listeners=(look,))
    assert "passed" == result.status
    assert ([], True) == (differences, len(told) > 20)


def test_a_log_that_cannot_be_written_is_an_error(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose log broke off goes to its end, and is then an error of the infrastructure: evidence is missing."""
    from rehearse.artifacts.folder import RunFolder as Real  # noqa: PLC0415

    def refuse(self: RunFolder, name: str, content: str, *, phase: str = "") -> None:
        del content, phase
        raise ArtifactError(f"cannot write {self.path / name}: the disk is full")

    monkeypatch.setattr(Real, "append", refuse)
    result = lab.run(step("put"))
    assert ("error", "infrastructure", "retain") == (result.status, result.category, result.phase)
    assert "the disk is full" in (result.error or "")
    assert ["done"] == [each.outcome for each in result.steps]


def test_another_attempt_is_told(lab: Lab) -> None:
    """Between two attempts it is told how the last one came out and how long the pause is."""
    heard, pauses = Heard(), list[float]()
    plan = planned(document(step("hang"), timeout_seconds=0.05))
    perform_with_attempts(plan, lab.services(listeners=(heard,)), 3, pause=pauses.append)
    retries = [event for event in heard.events if isinstance(event, Retrying)]
    assert [(1, 3, "timeout", 1.0), (2, 3, "timeout", 2.0)] == [
        (event.attempt, event.attempts, event.status, event.pause_seconds) for event in retries
    ]
    assert pauses == [event.pause_seconds for event in retries]
    ends = [place for place, event in enumerate(heard.events) if isinstance(event, RunEnded)]
    assert [place + 1 for place in ends[:-1]] == [heard.events.index(event) for event in retries]


def test_a_listener_that_fails_disturbs_nobody(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a listener raises is logged; the run and the other listeners go on."""

    def fail(event: Event) -> None:
        raise RuntimeError(type(event).__name__)

    heard = Heard()
    with caplog.at_level(logging.ERROR, "rehearse"):
        assert lab.perform(document(step("put")), listeners=(fail, heard)).success
    assert isinstance(heard.events[-1], RunEnded)
    assert "a listener failed at run-ended" in caplog.text


def test_how_far_a_run_has_come() -> None:
    """Its standing follows from its events alone: phase, steps that go on, steps that are over, statements so far."""
    standing = Standing.of(RunStarted("lab", "Laboratory", "lab-0001", 3, 30.0), 10.0)
    assert ("starting", False, 0) == (standing.doing, standing.is_acting, standing.queries)
    events: tuple[tuple[Event, tuple[object, ...]], ...] = (
        (PhaseStarted("lab", "isolate"), ("setting up", None, 0, 0, True)),
        (PhaseStarted("lab", "act"), ("beginning", 12.0, 0, 0, True)),
        (StepStarted("lab", 1, 3, "step1", "put"), ("put", 12.0, 0, 0, True)),
        (StepProgress("lab", 1, 3, "step1", "put", 1.0, 4), ("put", 12.0, 0, 4, True)),
        (StepEnded("lab", 1, 3, "step1", "put", "rejected", False, 2.0, 5), ("beginning", 12.0, 1, 5, True)),  # noqa: FBT003
        (StepStarted("lab", 2, 3, "concurrent1", "put"), ("put", 12.0, 1, 5, True)),
        (StepStarted("lab", 3, 3, "concurrent2", "look"), ("put, look", 12.0, 1, 5, True)),
        (StepProgress("lab", 3, 3, "concurrent2", "look", 1.0, None), ("put, look", 12.0, 1, 5, False)),
        (StepEnded("lab", 2, 3, "concurrent1", "put", "done", True, 2.0, 2), ("look", 12.0, 2, 7, False)),  # noqa: FBT003
        (StepEnded("lab", 3, 3, "concurrent2", "look", "done", True, 2.0, 3), ("beginning", 12.0, 3, 10, True)),  # noqa: FBT003
        (PhaseStarted("lab", "judge"), ("judging", 12.0, 3, 10, True)),
        (RunEnded("lab", "failed", ScenarioResult("lab", "failed")), ("judging", 12.0, 3, 10, True)),
    )
    for at, (event, expected) in enumerate(events, 11):
        standing = standing.after(event, float(at))
        shown = (standing.doing, standing.acting, standing.ended, standing.queries, standing.is_all_known)
        assert expected == shown, event
    assert (1, False, 10.0) == (standing.unmet, standing.is_acting, standing.began)
