"""Tier 3: an operation in a process of its own, killed at the deadline with everything that it started.

The child opens the run's database by itself, performs the one operation in one transaction, and sends back its result and its statements. It
leads a process group: SIGTERM to the group, a grace, SIGKILL to the group.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rehearse.database.deadline import Deadline
from rehearse.database.observe import Statement
from rehearse.domain import Context, OperationResult
from rehearse.run.outcome import StepResult

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe
    from multiprocessing.process import BaseProcess

    from rehearse.plan import PlannedStep
    from rehearse.run.act import Stage

GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""

_POLL = 0.02


@dataclass(frozen=True)
class Errand:
    """What the child must know; small and picklable, as the domain is named and not sent."""

    domain: str
    operation: str
    arguments: object
    context: Context
    step: str
    address: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """What the child answers.

    Attributes:
        result: The operation's, or None if it raised.
        error: Class and message, or None.
        traceback: Of the error.
        tries: How often the transaction was begun.
        statements: What it sent to the database.
        committed: Whether COMMIT was answered.
    """

    result: OperationResult | None
    error: str | None
    traceback: str | None
    tries: int
    statements: tuple[Statement, ...]
    committed: bool


def perform_in_process(
    stage: Stage, planned: PlannedStep, arguments: object, context: Context, deadline: Deadline
) -> StepResult:
    """Perform a step in a child process; whatever it does, it is over at the deadline plus the grace."""
    step = planned.step
    base = StepResult(step.name, step.number, step.operation, "error", context.clock)
    errand = Errand(
        stage.plan.domain.name, step.operation, arguments, context, step.name, stage.lease.process_address(), deadline.remaining
    )
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=run_errand, args=(errand, theirs), name=f"rehearse-{step.name}", daemon=True)
    child.start()
    theirs.close()
    try:
        report, stopped = _awaited(ours, child, stage, deadline)
    finally:
        kill_group(child)
        ours.close()
    if report is None:
        return _without_report(base, child, stopped, deadline)
    for statement in report.statements:
        stage.log.record(replace(statement, number=stage.log.next_number()))
    if report.result is None:
        return replace(base, error=report.error, traceback=report.traceback, tries=report.tries)
    answer = report.result
    return replace(base, outcome=answer.outcome, reasons=answer.reasons, data=answer.data, tries=report.tries)


def _awaited(
    pipe: Pipe, child: BaseProcess, stage: Stage, deadline: Deadline
) -> tuple[Report | None, Literal["deadline", "cancelled"] | None]:
    while True:
        if pipe.poll(max(0.0, min(deadline.remaining, _POLL))):
            try:
                return pipe.recv(), None
            except EOFError:
                return None, None
        if stage.cancellation.requested:
            return None, "cancelled"
        if deadline.passed:
            return None, "deadline"
        if not child.is_alive() and not pipe.poll():
            return None, None


def _without_report(
    base: StepResult, child: BaseProcess, stopped: Literal["deadline", "cancelled"] | None, deadline: Deadline
) -> StepResult:
    """A process that was killed may have died between COMMIT and its report: nobody knows, and nobody guesses."""
    if stopped == "deadline":
        error = f"{deadline.seconds:g} s passed; its process was killed"
        return replace(base, outcome="unknown", error=error, timed_out=True)
    if stopped == "cancelled":
        return replace(base, outcome="unknown", error="the run was cancelled; its process was killed")
    return replace(base, outcome="unknown", error=f"its process ended by itself with exit code {child.exitcode}")


def kill_group(child: BaseProcess) -> None:
    """End the child and everything in its process group, politely first. Harmless if it is gone."""
    if child.pid is None:
        return
    _signal_group(child.pid, signal.SIGTERM)
    child.join(GRACE)
    _signal_group(child.pid, signal.SIGKILL)
    child.join()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def run_errand(errand: Errand, pipe: Pipe) -> None:
    """Perform the errand; the entry point of the child process."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe.send(_performed(errand))
    pipe.close()


def _performed(errand: Errand) -> Report:
    from rehearse.database.observe import StatementLog  # noqa: PLC0415  (imported in the child only)
    from rehearse.database.worker import open_work  # noqa: PLC0415
    from rehearse.registry import domain  # noqa: PLC0415
    from rehearse.run.act import described, traced  # noqa: PLC0415
    from rehearse.run.attempt import Attempt  # noqa: PLC0415
    from rehearse.run.observers import StepObserver  # noqa: PLC0415

    log = StatementLog()
    deadline = Deadline.after(errand.seconds)
    operation = domain(errand.domain).operations[errand.operation]
    work = open_work(errand.address, StepObserver(log, errand.step), deadline)
    attempt = Attempt(work, operation, errand.arguments, errand.context, errand.step, deadline)
    result, error = None, None
    try:
        result = attempt.run()
    except BaseException as raised:  # noqa: BLE001  (told to the parent, which decides)
        error = raised
    finally:
        work.close()
    return Report(
        result,
        described(error) if error else None,
        traced(error) if error else None,
        attempt.tries,
        log.statements,
        attempt.committed,
    )
