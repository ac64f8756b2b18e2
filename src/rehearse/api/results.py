"""Judging by hand: what was performed on the workbench, against what a scenario expects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.api.workbench import Workbench, current_workbench
from rehearse.errors import RehearseError
from rehearse.expect.verdict import Verdict
from rehearse.plan import make_plan
from rehearse.run.judge import judge_run
from rehearse.snapshot.diff import difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.api.capture import CapturedState
    from rehearse.api.draft import ScenarioDraft
    from rehearse.expect.verdict import CheckResult
    from rehearse.expectation import Expected
    from rehearse.run.outcome import Execution


@dataclass(frozen=True)
class ValidationResult:
    """The answer of `ResultValidator`.

    Attributes:
        verdict: All checks.
    """

    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether the verdict is PASSED."""
        return self.verdict.passed

    @property
    def validations(self) -> Mapping[str, CheckResult]:
        """Key → check."""
        return {check.key: check for check in self.verdict.checks}

    @property
    def errors(self) -> tuple[str, ...]:
        """One sentence for each unmet check."""
        return self.verdict.errors


class ResultValidator:
    """Judges an execution against a scenario's expectation."""

    def __init__(self, workbench: Workbench | None = None) -> None:
        self._given = workbench

    async def validate(
        self,
        scenario: ScenarioDraft,
        execution_result: Execution,
        post_state: CapturedState,
        expected: Expected | None = None,
    ) -> ValidationResult:
        """Return the verdict.

        Args:
            scenario: What its author expects.
            execution_result: How its steps came out.
            post_state: The state after; the state before is the workbench's ``pre_execution``.
            expected: The scenario's own expectation, as the seed hands it in; it is read from the scenario.

        Raises:
            RehearseError: If nobody photographed the state before.
            ScenarioError: If the scenario has mistakes.
        """
        del expected
        return await asyncio.to_thread(self._validate, scenario, execution_result, post_state)

    def _validate(self, scenario: ScenarioDraft, execution: Execution, post: CapturedState) -> ValidationResult:
        bench = self._given or current_workbench()
        before = bench.states.get("pre_execution")
        if before is None:
            raise RehearseError(
                "there is no `pre_execution` snapshot to compare with; create one before the operations"
            )
        plan = make_plan(scenario.loaded())
        diff = difference(before.snapshot, post.state.snapshot)
        return ValidationResult(judge_run(plan, (before, post.state), diff, execution, ()))
