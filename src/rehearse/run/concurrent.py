"""The concurrent block: the run's own order, as written, and as many others as the run was asked to try.

The end state of the run's own order is what is judged. Every other order starts from a copy of the database as it was before the block
(`rehearse.run.orders` says which orders, and whether they came out right).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.database.observe import StatementLog
from rehearse.domain import Context
from rehearse.errors import Complaints
from rehearse.plan import PlannedStep
from rehearse.run.act import (
    Stage,
    arguments_of,
    context_at,
    ended_event,
    judged,
    result_of,
    results_by_name,
    skipped,
    started_event,
)
from rehearse.run.attempt import Attempt
from rehearse.run.interleave import AsWritten, Choice, Chooser, Turnstile
from rehearse.run.observers import StepObserver
from rehearse.run.outcome import StepResult
from rehearse.run.photograph import Camera
from rehearse.snapshot.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rehearse.database.store import Lease
    from rehearse.domain import OperationResult
    from rehearse.run.invariants import InvariantWatch


@dataclass(frozen=True)
class Order:
    """One order that was tried: its choices, how the operations came out, and the fingerprint of the end state."""

    choices: tuple[Choice, ...]
    steps: tuple[StepResult, ...]
    fingerprint: str = ""


@dataclass(frozen=True)
class Together:
    """A concurrent block that has run: its steps in the run's own order, and what was tried, in words for a report."""

    steps: tuple[StepResult, ...]
    orders: str


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


def perform_together(stage: Stage, watch: InvariantWatch, earlier: tuple[StepResult, ...]) -> Together:
    """Perform the block in the order written, then try others on copies. After an ended sequence the block is skipped."""
    block = Block(stage, stage.plan.concurrent, _context_after_sequence(stage), earlier)
    critical = {planned.step.name for planned in stage.plan.sequence if planned.step.critical}
    if stage.cancellation.requested or any(not step.expected and step.name in critical for step in earlier):
        return Together(tuple(skipped(planned, block.context) for planned in block.planned), "")
    base = stage.lease.fork("base") if stage.orders > 1 else None
    try:
        own = _perform_own(block, watch)
        if base is None or any(step.timed_out or step.abandoned for step in own.steps):
            return Together(own.steps, "1 order, as written")
        from rehearse.run.orders import explore  # noqa: PLC0415  (one order needs none of it)

        exploration = explore(block, base, own)
    finally:
        if base is not None:
            base.discard()
    if exploration.breach:
        watch.add(exploration.breach)
    return Together(own.steps, exploration.words)


def _context_after_sequence(stage: Stage) -> Context:
    context = stage.plan.context()
    for planned in stage.plan.sequence:
        context = context_at(planned, context)
    return context


def _perform_own(block: Block, watch: InvariantWatch) -> Order:
    stage = block.stage
    for planned in block.planned:
        stage.emit(started_event(stage, planned))
    own = perform_order(block, stage.lease, AsWritten(), stage.log)
    for planned, result in zip(block.planned, own.steps, strict=True):
        stage.emit(ended_event(stage, planned, result))
    if own.steps:
        watch.after(own.steps[-1], stage.deadline, together=tuple(step.name for step in own.steps))
    return own


def perform_order(block: Block, lease: Lease, chooser: Chooser, log: StatementLog) -> Order:
    """Perform the block once on `lease`, with `chooser` deciding who moves. Refusals and errors are results."""
    stage, attempts = block.stage, list[Attempt]()
    over = lambda: stage.deadline.passed or stage.cancellation.requested  # noqa: E731  (a predicate of one line)
    turnstile = Turnstile(
        len(block.planned), chooser, lambda index: attempts[index].work.is_waiting_for_lock(), over
    )
    for index, planned in enumerate(block.planned):
        attempts.append(_attempt(block, lease, planned, StepObserver(log, planned.step.name, gate=turnstile.gate(index))))
    return Order(tuple(turnstile.choices), _conducted(block, lease, attempts, turnstile, log))


def _attempt(block: Block, lease: Lease, planned: PlannedStep, observer: StepObserver) -> Attempt:
    """Return the transaction of one operation; parameters that cannot be read fail in its thread, like any error of it."""
    arguments = arguments_of(planned, results_by_name(list(block.earlier)))
    operation = planned.operation
    if isinstance(arguments, Complaints):
        operation = replace(operation, function=_refusing(" · ".join(p.message for p in arguments.problems)))
    seconds = planned.step.timeout_seconds
    deadline = block.stage.deadline.sooner(None if seconds is None else float(seconds))
    work = lease.work(observer, deadline)
    return Attempt(work, operation, arguments, block.context, planned.step.name, deadline)


def _refusing(message: str) -> Callable[..., OperationResult]:
    def refuse(*_: object) -> OperationResult:
        raise ValueError(message)

    return refuse


def _conducted(
    block: Block, lease: Lease, attempts: Sequence[Attempt], turnstile: Turnstile, log: StatementLog
) -> tuple[StepResult, ...]:
    watchdog = replace(block.stage.watchdog, interrupt=lease.interrupt, revoke=lease.revoke)
    threads = [
        watchdog.start(_gated(attempt, turnstile, index), name=attempt.step) for index, attempt in enumerate(attempts)
    ]
    turnstile.conduct()
    results = []
    for planned, attempt, thread in zip(block.planned, attempts, threads, strict=True):
        ended = watchdog.wait(thread, attempt.deadline)
        result = result_of(planned, attempt, ended)
        if not ended.abandoned:
            attempt.work.close()
        named = replace(result, queries=log.counts(planned.step.name), save_as=planned.step.save_as)
        results.append(judged(planned, named))
    return tuple(results)


def _gated(attempt: Attempt, turnstile: Turnstile, index: int) -> Callable[[], OperationResult]:
    def run() -> OperationResult:
        try:
            return attempt.run()
        finally:
            turnstile.ended(index)

    return run


def photographed(block: Block, lease: Lease, order: Order) -> Order:
    """Return `order` with the fingerprint of the end state that it left on `lease`."""
    camera = Camera(block.stage.plan, lease, StatementLog(limit=0))
    state = camera.whole("post_execution", block.context.clock, block.stage.deadline)
    return replace(order, fingerprint=fingerprint(state.snapshot))
