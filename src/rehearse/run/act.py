"""The act phase: the steps one after another, then the concurrent block, all under one deadline."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.database.deadline import Deadline, DeadlinePassedError
from rehearse.database.observe import StatementLog
from rehearse.database.store import Lease
from rehearse.deferred import ResultLookup, fill
from rehearse.errors import Complaints
from rehearse.loading.reader import read
from rehearse.loading.spot import MISSING
from rehearse.plan import Plan
from rehearse.run.attempt import Attempt, Fate
from rehearse.run.deadline import Cancellation, Ended, OperationStoppedError, Watchdog
from rehearse.run.events import Listener, StepEnded, StepStarted
from rehearse.run.invariants import InvariantWatch
from rehearse.run.memory import PeakMemory
from rehearse.run.observers import StepObserver
from rehearse.run.outcome import Execution, InvariantBreach, StepOutcome, StepResult
from rehearse.run.photograph import Camera
from rehearse.run.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Context, OperationResult, State
    from rehearse.plan import PlannedStep


@dataclass(frozen=True)
class Stage:
    """Where a scenario is performed: everything the act phase works with.

    Attributes:
        plan: What to do.
        lease: On which database.
        log: Where statements are kept.
        camera: Takes photographs for invariants.
        cancellation: The wish to stop.
        emit: Told of every step.
        deadline: The end of the act phase.
        orders: How many orders of a concurrent block are tried; 1 is the one written.
    """

    plan: Plan
    lease: Lease
    log: StatementLog
    camera: Camera
    cancellation: Cancellation
    emit: Listener
    deadline: Deadline
    orders: int = 1

    def watchdog(self, planned: PlannedStep) -> Watchdog:
        """Return the guard of a step's call."""
        return Watchdog(self.cancellation, self.lease.interrupt, self.lease.revoke, Pulse(self, (planned,)).beat)


def act(stage: Stage, before: State) -> Execution:
    """Perform every step of the plan and return how they came out; a failing operation is a result, never an exception."""
    memory = PeakMemory()
    started = stage.deadline.now()
    watch = InvariantWatch(stage.plan, stage.camera, stage.log, before)
    steps = perform_sequence(stage, watch)
    orders, elsewhere = "", 0.0
    if stage.plan.concurrent:
        from rehearse.run.concurrent import perform_together  # noqa: PLC0415  (most scenarios have no such block)

        together = perform_together(stage, watch, steps)
        steps, orders, elsewhere = (*steps, *together.steps), together.orders, together.seconds_elsewhere
    return Execution(
        steps=steps,
        seconds=stage.deadline.now() - started - elsewhere,
        peak_memory_mb=memory.growth_mb(),
        breaches=watch.breaches,
        timed_out=any(step.timed_out for step in steps),
        cancelled=stage.cancellation.requested,
        orders=orders,
    )


def perform_sequence(stage: Stage, watch: InvariantWatch) -> tuple[StepResult, ...]:
    """Perform the sequential steps by number; after an unexpected outcome of a critical one the rest is skipped."""
    results: list[StepResult] = []
    context = stage.plan.context()
    over = False
    for planned in stage.plan.sequence:
        context = context_at(planned, context)
        if over or stage.cancellation.requested:
            results.append(skipped(planned, context))
            continue
        stage.emit(started_event(stage, planned))
        result = perform_step(stage, planned, context, results)
        results.append(result)
        stage.emit(ended_event(stage, planned, result))
        watch.after(result, stage.deadline)
        out_of_time = result.timed_out and stage.deadline.passed
        over = out_of_time or result.abandoned or (planned.step.critical and not result.expected)
    return tuple(results)


def context_at(planned: PlannedStep, context: Context) -> Context:
    """Return the context of a step: its ``at`` moves the clock for it and for all that follow."""
    return replace(context, clock=planned.step.at) if planned.step.at else context


def perform_step(stage: Stage, planned: PlannedStep, context: Context, earlier: list[StepResult]) -> StepResult:
    """Perform one step in a thread of its own, under its own deadline or the rest of the scenario's."""
    step = planned.step
    blank = StepResult(step.name, step.number, step.operation, "error", context.clock, save_as=step.save_as)
    arguments = arguments_of(planned, results_by_name(earlier))
    if isinstance(arguments, Complaints):
        return judged(planned, replace(blank, error=" · ".join(p.message for p in arguments.problems)))
    deadline = stage.deadline.sooner(None if step.timeout_seconds is None else float(step.timeout_seconds))
    if deadline.passed:
        return judged(planned, replace(blank, outcome="skipped", error="no time was left for it", timed_out=True))
    started = deadline.now()
    if planned.operation.isolation == "process":
        from rehearse.run.process import perform_in_process  # noqa: PLC0415  (only scenarios with such a step pay for it)

        perform = perform_in_process
    else:
        perform = _perform_in_thread
    try:
        result = perform(stage, planned, arguments, context, deadline)
    except Exception as error:  # noqa: BLE001  (no connection, no process: that is this step's error, and the others keep theirs)
        result = replace(blank, error=described(error), traceback=traced(error))
    finished = replace(
        result, seconds=deadline.now() - started, queries=stage.log.counts(step.name), save_as=step.save_as
    )
    return judged(planned, finished)


def _perform_in_thread(
    stage: Stage, planned: PlannedStep, arguments: object, context: Context, deadline: Deadline
) -> StepResult:
    step = planned.step
    work = stage.lease.work(StepObserver(stage.log, step.name), deadline)
    attempt = Attempt(work, planned.operation, arguments, context, step.name, deadline)
    watchdog = stage.watchdog(planned)
    ended = watchdog.call(attempt.run, deadline, name=step.name, aftermath=attempt.finish, cancel=attempt.cancel)
    return result_of(planned, attempt, ended)


def result_of(planned: PlannedStep, attempt: Attempt, ended: Ended[OperationResult]) -> StepResult:
    """Say what became of a step, whatever ended it; what cannot be known is ``unknown``."""
    step = planned.step
    base = StepResult(step.name, step.number, step.operation, "done", attempt.context.clock, tries=attempt.tries)
    if ended.stopped:
        return _stopped(base, attempt, ended)
    if ended.error is not None:
        outcome: StepOutcome = "unknown" if attempt.fate == "unknown" else "error"
        return replace(base, outcome=outcome, error=described(ended.error), traceback=traced(ended.error))
    return answered(base, ended.value)


def answered(base: StepResult, answer: OperationResult | None) -> StepResult:
    """Return `base` with what the operation answered."""
    if answer is None:
        return replace(base, outcome="error", error="the operation ended without an answer")
    return replace(base, outcome=answer.outcome, reasons=answer.reasons, data=answer.data)


def _stopped(base: StepResult, attempt: Attempt, ended: Ended[OperationResult]) -> StepResult:
    """Read back what a stopped step left: cancelled is not rolled back, and the exception says nothing about it."""
    timed_out = ended.stopped == "deadline"
    fate = attempt.fate
    waited = f"{attempt.deadline.seconds:g} s passed" if timed_out else "the run was cancelled"
    trace = traced(ended.error) if ended.error and not isinstance(ended.error, OperationStoppedError) else None
    stopped = replace(
        base,
        outcome="unknown" if fate in ("committing", "unknown") else "error",
        error="; ".join([waited, left_by(fate), *_more(ended)]),
        traceback=trace,
        timed_out=timed_out,
        abandoned=ended.abandoned,
    )
    return answered(stopped, attempt.answer) if fate == "committed" else stopped


def _more(ended: Ended[OperationResult]) -> tuple[str, ...]:
    if ended.abandoned:
        return ("its thread never came back",)
    waited = isinstance(ended.error, DeadlinePassedError) and ended.error.waited_for_lock
    return (str(ended.error),) if waited else ()


def left_by(fate: Fate) -> str:
    """Say what a stopped step left, by the fate of its transaction; an open one comes to nothing, as its lease is revoked."""
    if fate == "committed":
        return "it had committed"
    return "nobody knows whether it committed" if fate in ("committing", "unknown") else "nothing was committed"


def arguments_of(planned: PlannedStep, results: Mapping[str, StepResult]) -> object:
    """Return the typed parameters of a step, reading results where it asks for them; `Complaints` if that fails."""
    if planned.step.arguments is not None:
        return planned.step.arguments
    complaints = Complaints()
    node = fill(planned.step.parameters, ResultLookup(results), complaints)
    if complaints.problems:
        return complaints
    arguments = read(node, planned.operation.parameters, complaints, field=f"{planned.step.name}.parameters")
    return complaints if complaints.problems or arguments is MISSING else arguments


def results_by_name(results: list[StepResult]) -> dict[str, StepResult]:
    """Return results under every name by which a later step may ask for them."""
    named = {result.name: result for result in results}
    named.update({result.save_as: result for result in results if result.save_as})
    return named


def judged(planned: PlannedStep, result: StepResult) -> StepResult:
    """Mark whether the outcome is one that the step expects."""
    return replace(result, expected=result.outcome in planned.step.expect.outcomes and not result.timed_out)


def skipped(planned: PlannedStep, context: Context) -> StepResult:
    """Return the result of a step that never began."""
    step = planned.step
    return StepResult(step.name, step.number, step.operation, "skipped", context.clock, save_as=step.save_as)


def started_event(stage: Stage, planned: PlannedStep) -> StepStarted:
    """Return the event that says a step begins."""
    step = planned.step
    limit = None if step.timeout_seconds is None else float(step.timeout_seconds)
    return StepStarted(stage.plan.scenario.id, step.position, len(stage.plan.steps), step.name, step.operation, limit)


def ended_event(stage: Stage, planned: PlannedStep, result: StepResult) -> StepEnded:
    """Return the event that says how a step came out."""
    step = planned.step
    return StepEnded(
        stage.plan.scenario.id,
        step.position,
        len(stage.plan.steps),
        step.name,
        step.operation,
        result.outcome,
        result.expected,
        result.seconds,
        result.query_count,
        tuple(reason.text for reason in result.reasons),
    )


def described(error: BaseException) -> str:
    """Return class and message of an error, in one line."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def traced(error: BaseException) -> str:
    """Return the traceback of an error, causes included, without locals."""
    return "".join(traceback.format_exception(error))


__all__ = ["InvariantBreach", "Stage", "act", "perform_sequence", "perform_step"]
