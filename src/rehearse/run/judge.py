"""The verdict of a run: on what was photographed and logged, never on a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.domain import Evidence
from rehearse.expect.judge import judge
from rehearse.expect.verdict import CheckResult, CheckStatus, Verdict
from rehearse.run.outcome import ONE_ORDER, SERIAL_EQUIVALENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.domain import State
    from rehearse.plan import Plan
    from rehearse.run.outcome import Execution
    from rehearse.snapshot.model import Diff


def judge_run(
    plan: Plan, states: tuple[State, State], diff: Diff, execution: Execution, validators: tuple[str, ...]
) -> Verdict:
    """Return the verdict of a run from its states before and after, their difference and its execution."""
    evidence = Evidence(states[0], states[1], diff, execution.view())
    verdict = judge(
        plan.scenario,
        plan.domain,
        evidence,
        breaches=execution.breaches,
        validators=validators,
        execution_result=execution,
    )
    return Verdict.of((*verdict.checks, *_serial_equivalence(execution)))


def _serial_equivalence(execution: Execution) -> Iterator[CheckResult]:
    """Whether every order of the concurrent block that was tried came out as a serial one; no check if only one was."""
    if execution.orders in ("", ONE_ORDER):
        return
    wrong = [item for item in execution.breaches if item.invariant == SERIAL_EQUIVALENCE]
    message = wrong[0].breaches[0] if wrong else ""
    status: CheckStatus = "passed"
    if wrong:
        status = "unknown" if wrong[0].crashed else "failed"
    yield CheckResult(
        key=f"invariants.{SERIAL_EQUIVALENCE}",
        category="invariant",
        status=status,
        expected="every order tried ends as one of the serial orders does",
        actual=execution.orders,
        message=message,
    )
