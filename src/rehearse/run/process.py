"""Tier 3: an operation in a process of its own, killed at the deadline with everything that it started.

The child opens the run's database by itself, performs the one operation in one transaction, says when it is about to commit, and sends back
its result and its statements. It leads a process group: SIGTERM to the group, a grace, SIGKILL to the group. It ends when its parent does.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from multiprocessing import connection as pipes
from typing import TYPE_CHECKING, Final, Literal

from rehearse.database.deadline import Deadline
from rehearse.database.observe import Statement, StatementLog
from rehearse.domain import Context, OperationResult
from rehearse.run.act import described, left_by, traced
from rehearse.run.attempt import Attempt, Fate
from rehearse.run.deadline import TIER_ONE_GRACE
from rehearse.run.observers import StepObserver
from rehearse.run.outcome import StepOutcome, StepResult
from rehearse.run.pulse import Pulse

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe
    from multiprocessing.process import BaseProcess

    from rehearse.plan import PlannedStep
    from rehearse.run.act import Stage

GRACE = 0.5
"""Seconds between SIGTERM and SIGKILL."""

COMMITTING: Final = "committing"
"""What the child says right before it sends COMMIT: killed earlier, it has committed nothing."""

_LAST_SECONDS = 0.25
_POLL = 0.02


@dataclass(frozen=True)
class Errand:
    """What the child must know; small and picklable, as the domain is named and not sent.

    Attributes:
        ends_at: The deadline on the monotonic clock, which all processes of a machine share.
        seconds: How long was granted, for messages.
    """

    domain: str
    operation: str
    arguments: object
    context: Context
    step: str
    address: str
    ends_at: float
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
        fate: What became of its transaction.
    """

    result: OperationResult | None = None
    error: str | None = None
    traceback: str | None = None
    tries: int = 1
    statements: tuple[Statement, ...] = ()
    fate: Fate = "aborted"


@dataclass
class _Heard:
    """What came from the child so far, and why nobody listens any more."""

    report: Report | None = None
    is_committing: bool = False
    stopped: Literal["deadline", "cancelled"] | None = None


def perform_in_process(
    stage: Stage, planned: PlannedStep, arguments: object, context: Context, deadline: Deadline
) -> StepResult:
    """Perform a step in a child process; whatever it does, it is over at the deadline plus the grace."""
    step = planned.step
    base = StepResult(step.name, step.number, step.operation, "error", context.clock)
    address = stage.lease.process_address()
    errand = Errand(
        stage.plan.domain.name, step.operation, arguments, context, step.name, address, deadline.at, deadline.seconds
    )
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=run_errand, args=(errand, theirs), name=f"rehearse-{step.name}", daemon=True)
    heard = _Heard()
    try:
        child.start()
        theirs.close()
        _listen(heard, ours, stage, deadline, Pulse(stage, (planned,)))
    finally:
        kill_group(child)
        theirs.close()
        ours.close()
    for statement in heard.report.statements if heard.report else ():
        stage.log.record(replace(statement, number=stage.log.next_number()))
    result = _reported(base, heard.report, deadline) if heard.report else _unreported(base, heard, child, deadline)
    child.close()
    return result


def _listen(heard: _Heard, pipe: Pipe, stage: Stage, deadline: Deadline, pulse: Pulse) -> None:
    """Hear the child until it has reported, has ended, or has to end."""
    patience = Deadline.after(deadline.remaining + TIER_ONE_GRACE)
    while heard.report is None and heard.stopped is None:
        pulse.beat()
        if pipe.poll(_POLL):
            try:
                message = pipe.recv()
            except EOFError:
                return
            heard.is_committing = message == COMMITTING
            heard.report = message if isinstance(message, Report) else None
        elif stage.cancellation.requested:
            heard.stopped = "cancelled"
        elif patience.passed:
            heard.stopped = "deadline"


def _reported(base: StepResult, report: Report, deadline: Deadline) -> StepResult:
    base = replace(base, tries=report.tries, error=report.error, traceback=report.traceback)
    if deadline.passed:
        base = replace(base, timed_out=True, error=f"{deadline.seconds:g} s passed; {left_by(report.fate)}")
    if report.result is not None:
        return replace(base, outcome=report.result.outcome, reasons=report.result.reasons, data=report.result.data)
    return replace(base, outcome="unknown" if report.fate == "unknown" else "error")


def _unreported(base: StepResult, heard: _Heard, child: BaseProcess, deadline: Deadline) -> StepResult:
    """A process that was killed may have died between COMMIT and its report: then nobody knows, and nobody guesses."""
    why = {
        "deadline": f"{deadline.seconds:g} s passed; its process was killed",
        "cancelled": "the run was cancelled; its process was killed",
        None: f"its process ended by itself with exit code {child.exitcode}",
    }[heard.stopped]
    outcome: StepOutcome = "unknown" if heard.is_committing else "error"
    left = left_by("unknown" if heard.is_committing else "aborted")
    return replace(base, outcome=outcome, error=f"{why}; {left}", timed_out=heard.stopped == "deadline")


def kill_group(child: BaseProcess) -> None:
    """End the child and everything in its process group, politely first. Harmless if it is gone.

    The child is not waited for before the last signal was sent: as long as nobody has, its number belongs to nobody else.
    """
    if child.pid is None:
        return
    _signal_group(child.pid, signal.SIGTERM)
    pipes.wait([child.sentinel], GRACE)
    _signal_group(child.pid, signal.SIGKILL)
    child.join()
    _see_gone(child.pid)


def _see_gone(group: int) -> None:
    """Wait until what was killed is gone, not for long: a system whose first process reaps nothing keeps the dead for ever."""
    limit = Deadline.after(_LAST_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while not limit.passed:
            os.killpg(group, 0)
            time.sleep(_LAST_SECONDS / 100)


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the group, and the child itself, which may not have come so far as to lead one."""
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, number)


def run_errand(errand: Errand, pipe: Pipe) -> None:
    """Perform the errand; the entry point of the child process."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True, name="rehearse-follow").start()
    pipe.send(_performed(errand, pipe))
    pipe.close()


def _follow_parent() -> None:
    """End this process group when the parent is gone, however it went: nobody would kill it any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        pipes.wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def _performed(errand: Errand, pipe: Pipe) -> Report:
    try:
        return _attempted(errand, pipe)
    except BaseException as error:  # noqa: BLE001  (told to the parent, which decides)
        return Report(error=described(error), traceback=traced(error))


def _attempted(errand: Errand, pipe: Pipe) -> Report:
    from rehearse.database.worker import open_work  # noqa: PLC0415  (needed in the child only)
    from rehearse.registry import domain  # noqa: PLC0415

    log, deadline = StatementLog(), Deadline(errand.ends_at, errand.seconds)
    operation = domain(errand.domain).operations[errand.operation]
    work = open_work(errand.address, StepObserver(log, errand.step), deadline)
    attempt = Attempt(
        work,
        operation,
        errand.arguments,
        errand.context,
        errand.step,
        deadline,
        before_commit=lambda: pipe.send(COMMITTING),
    )
    result, error = None, None
    try:
        result = attempt.run()
    except BaseException as raised:  # noqa: BLE001  (told to the parent, which decides)
        error = raised
    finally:
        attempt.finish()
    return Report(
        result,
        described(error) if error else None,
        traced(error) if error else None,
        attempt.tries,
        log.statements,
        attempt.fate,
    )
