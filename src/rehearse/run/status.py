"""From what went wrong to one status and one category, by the precedence that architecture.md writes down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.run.outcome import Execution, FailureCategory, Phase, Status, StepResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearse.expect.verdict import Verdict


@dataclass(frozen=True)
class Failure:
    """An error that ended a phase.

    Attributes:
        phase: Which.
        category: ``precondition``, ``infrastructure``, ``error`` or ``cleanup``.
        messages: One sentence each.
        traceback: Of the error, or None where the author, not the code, is at fault.
        transient: Whether another attempt may not meet it.
    """

    phase: Phase
    category: FailureCategory
    messages: tuple[str, ...]
    traceback: str | None = None
    transient: bool = False


@dataclass(frozen=True)
class Summary:
    """The status of a run with its reason.

    Attributes:
        status: By precedence: error, timeout, unknown, failed, passed.
        category: What kind of bad, None when passed.
        phase: Where, None when passed.
        errors: One sentence for each thing that went wrong, the decisive one first.
        error: The first failure of the run itself (no unmet expectation), or None.
        traceback: Of that failure, or None.
    """

    status: Status
    category: FailureCategory | None = None
    phase: Phase | None = None
    errors: tuple[str, ...] = ()
    error: str | None = None
    traceback: str | None = None


def summarise(failures: Sequence[Failure], execution: Execution | None, verdict: Verdict | None) -> Summary:
    """Return the status of a run, as far as it came."""
    steps = execution.steps if execution else ()
    unmet = verdict.errors if verdict else ()
    if failures:
        first = failures[0]
        messages = tuple(message for failure in failures for message in failure.messages)
        return Summary("error", first.category, first.phase, (*messages, *unmet), messages[0], first.traceback)
    crashed = _first(steps, "error")
    if crashed:
        return _of_step("error", "error", crashed, unmet)
    if execution and execution.cancelled:
        return Summary("error", "infrastructure", "act", ("the run was cancelled", *unmet), "the run was cancelled")
    late = next((step for step in steps if step.timed_out), None)
    if late:
        return _of_step("timeout", "timeout", late, unmet)
    lost = _first(steps, "unknown")
    if lost:
        return _of_step("unknown", "error", lost, unmet)
    if verdict is None:
        return Summary("error", "infrastructure", "judge", ("nothing was judged",), "nothing was judged")
    status: Status = {"PASSED": "passed", "FAILED": "failed", "UNKNOWN": "unknown"}[verdict.verdict]  # type: ignore[assignment]
    if status == "passed":
        return Summary("passed")
    return Summary(status, verdict.category, "judge", unmet)


def _first(steps: Sequence[StepResult], outcome: str) -> StepResult | None:
    return next((s for s in steps if s.outcome == outcome and not s.expected and not s.timed_out), None)


def _of_step(status: Status, category: FailureCategory, step: StepResult, unmet: tuple[str, ...]) -> Summary:
    message = f"{step.name} {step.operation}: {step.error}"
    return Summary(status, category, "act", (message, *unmet), message, step.traceback)
