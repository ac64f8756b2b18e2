"""The concurrent block: the run's own order, as written, and as many others as the run was asked to try.

The end state of the run's own order is what is judged. Every other order starts from a copy of the database as it was before the block
(`rehearse.run.orders` says which orders, and whether they came out right).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.domain import Context
from rehearse.errors import Complaints
from rehearse.plan import PlannedStep
from rehearse.run.act import (
    Stage,
    arguments_of,
    context_at,
    described,
    ended_event,
    judged,
    result_of,
    results_by_name,
    skipped,
    started_event,
    traced,
)
from rehearse.run.attempt import Attempt
from rehearse.run.choosers import AsWritten, Chooser
from rehearse.run.deadline import Ended, GuardedThread, Watchdog
from rehearse.run.interleave import Choice, Floor, Turnstile
from rehearse.run.observers import StepObserver
from rehearse.run.outcome import ONE_ORDER, SERIAL_EQUIVALENCE, InvariantBreach, StepResult
from rehearse.run.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from rehearse.database.observe import StatementLog
    from rehearse.database.store import Lease
    from rehearse.domain import OperationResult
    from rehearse.run.invariants import InvariantWatch


@dataclass(frozen=True)
class Order:
    """One order that was tried.

    Attributes:
        choices: Who moved when.
        steps: How the operations came out.
        fingerprint: Of the end state, or empty if nobody looked.
    """

    choices: tuple[Choice, ...]
    steps: tuple[StepResult, ...]
    fingerprint: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every operation came to its own end, so that the order says something."""
        return not any(step.timed_out or step.abandoned for step in self.steps)


@dataclass(frozen=True)
class Together:
    """A concurrent block that has run: its steps in the run's own order, and what was tried, in words for a report.

    Attributes:
        seconds_elsewhere: How long the other orders took; they are no part of what the scenario does.
    """

    steps: tuple[StepResult, ...]
    orders: str
    seconds_elsewhere: float = 0.0


@dataclass(frozen=True)
class Block:
    """The block with everything that an order of it needs.

    Attributes:
        stage: Where it is performed.
        planned: Its steps, as written.
        context: The clock and policy after the sequence.
        earlier: The results that parameters may ask for.
    """

    stage: Stage
    planned: tuple[PlannedStep, ...]
    context: Context
    earlier: tuple[StepResult, ...]

    @property
    def is_out_of_time(self) -> bool:
        """Whether nothing further may begin."""
        return self.stage.deadline.passed or self.stage.cancellation.requested


def perform_together(stage: Stage, watch: InvariantWatch, earlier: tuple[StepResult, ...]) -> Together:
    """Perform the block in the order written, then try others on copies. After an ended sequence the block is skipped."""
    block = Block(stage, stage.plan.concurrent, _context_after_sequence(stage), earlier)
    if _sequence_ended(block):
        return Together(tuple(skipped(planned, block.context) for planned in block.planned), "")
    base = None
    try:
        base = stage.lease.fork("base") if stage.orders > 1 else None
        return _performed(block, base, watch)
    except Exception as error:  # noqa: BLE001  (no session, no copy: the block's error, and the steps before keep their results)
        return Together(tuple(_failed(block, planned, error) for planned in block.planned), "")
    finally:
        if base is not None:
            base.discard()


def _sequence_ended(block: Block) -> bool:
    stage = block.stage
    critical = {planned.step.name for planned in stage.plan.sequence if planned.step.critical}
    unmet = any(not step.expected and step.name in critical for step in block.earlier)
    return unmet or block.is_out_of_time or any(step.abandoned for step in block.earlier)


def _context_after_sequence(stage: Stage) -> Context:
    context = stage.plan.context()
    for planned in stage.plan.sequence:
        context = context_at(planned, context)
    return context


def _performed(block: Block, base: Lease | None, watch: InvariantWatch) -> Together:
    own = _perform_own(block, watch)
    if base is None or not own.is_whole:
        return Together(own.steps, ONE_ORDER)
    from rehearse.run.orders import explore  # noqa: PLC0415  (one order needs none of it)

    began = block.stage.deadline.now()
    try:
        exploration = explore(block, base, own)
    except Exception as error:  # noqa: BLE001  (what was not tried is an unknown verdict, and no end of the run)
        text = f"the other orders could not be tried: {described(error)}"
        watch.add(InvariantBreach(SERIAL_EQUIVALENCE, own.steps[-1].name, (text,), crashed=True))
        return Together(own.steps, "1 order, as written; the others could not be tried")
    if exploration.breach:
        watch.add(exploration.breach)
    return Together(own.steps, exploration.words, block.stage.deadline.now() - began)


def _perform_own(block: Block, watch: InvariantWatch) -> Order:
    stage = block.stage
    for planned in block.planned:
        stage.emit(started_event(stage, planned))
    own = perform_order(block, stage.lease, AsWritten(), stage.log)
    for planned, result in zip(block.planned, own.steps, strict=True):
        stage.emit(ended_event(stage, planned, result))
    watch.after(own.steps[-1], stage.deadline, together=tuple(step.name for step in own.steps))
    return own


def perform_order(
    block: Block, lease: Lease, chooser: Chooser, log: StatementLog, *, only: Collection[int] | None = None
) -> Order:
    """Perform the block once on `lease`, with `chooser` deciding who moves. Refusals and errors are results.

    Args:
        block: What is performed.
        lease: On which database.
        chooser: Who moves next.
        log: Where the statements go.
        only: Positions of the operations that take part; the others are skipped.
    """
    sessions = range(len(block.planned)) if only is None else sorted(only)
    return _Sessions(block, lease, log).perform(sessions, chooser)


class _Sessions:
    """The sessions of one order: an attempt and a thread for each operation that takes part, by position."""

    def __init__(self, block: Block, lease: Lease, log: StatementLog) -> None:
        self._block = block
        self._lease = lease
        self._log = log
        self._attempts: dict[int, Attempt] = {}
        self._threads: dict[int, GuardedThread[OperationResult]] = {}
        self._ended: dict[int, Ended[OperationResult]] = {}

    def perform(self, sessions: Collection[int], chooser: Chooser) -> Order:
        """Perform the operations of `sessions` together."""
        floor = Floor(self._waits_for_lock, self._is_late, self._put_out, self._is_over, self._beat())
        turnstile = Turnstile(sessions, len(self._block.planned), chooser, floor)
        try:
            for index in sessions:
                self._attempts[index] = self._attempt(index, turnstile)
        except Exception:
            for attempt in self._attempts.values():
                attempt.finish()
            raise
        for index, attempt in self._attempts.items():
            self._threads[index] = self._started(index, attempt, turnstile)
        turnstile.conduct()
        steps = tuple(self._result(index, planned) for index, planned in enumerate(self._block.planned))
        return Order(tuple(turnstile.choices), steps)

    def _beat(self) -> Callable[[], None]:
        """Return the sign of life of the run's own order; the others are no steps of the run, and say nothing."""
        stage = self._block.stage
        return Pulse(stage, self._block.planned).beat if self._log is stage.log else _silence

    def _attempt(self, index: int, turnstile: Turnstile) -> Attempt:
        """Return the transaction of one operation; what stops it beforehand fails in its thread, like any error of it."""
        block, planned = self._block, self._block.planned[index]
        arguments = arguments_of(planned, results_by_name(list(block.earlier)))
        operation = planned.operation
        if isinstance(arguments, Complaints):
            operation = replace(operation, function=_refusing(" · ".join(p.message for p in arguments.problems)))
        elif operation.isolation == "process":
            operation = replace(operation, function=_refusing(_NO_PROCESS))
        seconds = planned.step.timeout_seconds
        deadline = block.stage.deadline.sooner(None if seconds is None else float(seconds))
        observer = StepObserver(self._log, planned.step.name, gate=turnstile.gate(index))
        work = self._lease.work(observer, deadline)
        return Attempt(work, operation, arguments, block.context, planned.step.name, deadline)

    def _started(self, index: int, attempt: Attempt, turnstile: Turnstile) -> GuardedThread[OperationResult]:
        def aftermath() -> None:
            try:
                attempt.finish()
            finally:
                turnstile.ended(index)

        watchdog = self._watchdog(index)
        return watchdog.start(attempt.run, name=attempt.step, aftermath=aftermath, cancel=attempt.cancel)

    def _watchdog(self, index: int) -> Watchdog:
        """Return a guard that stops this session's statement and nobody else's."""
        return Watchdog(self._block.stage.cancellation, self._attempts[index].work.interrupt, self._lease.revoke)

    def _waits_for_lock(self, index: int) -> bool:
        return self._attempts[index].work.is_waiting_for_lock()

    def _is_late(self, index: int) -> bool:
        return self._attempts[index].deadline.passed

    def _put_out(self, index: int) -> None:
        self._ended[index] = self._watchdog(index).wait(self._threads[index], self._attempts[index].deadline)

    def _is_over(self) -> bool:
        return self._block.is_out_of_time or any(ended.abandoned for ended in self._ended.values())

    def _result(self, index: int, planned: PlannedStep) -> StepResult:
        if index not in self._attempts:
            return skipped(planned, self._block.context)
        if index not in self._ended:
            self._put_out(index)
        attempt = self._attempts[index]
        result = result_of(planned, attempt, self._ended[index])
        queries: Mapping[str, int] = self._log.counts(planned.step.name)
        return judged(planned, replace(result, queries=queries, seconds=attempt.seconds, save_as=planned.step.save_as))


def _silence() -> None:
    """Say nothing."""


_NO_PROCESS = (
    "an operation in a process of its own cannot take part in a concurrent block: no scheduler reaches into it"
)


def _refusing(message: str) -> Callable[..., OperationResult]:
    def refuse(*_: object) -> OperationResult:
        raise ValueError(message)

    return refuse


def _failed(block: Block, planned: PlannedStep, error: Exception) -> StepResult:
    blank = replace(skipped(planned, block.context), outcome="error")
    return judged(planned, replace(blank, error=described(error), traceback=traced(error)))
