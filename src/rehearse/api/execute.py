"""Performing operations by hand, on the database of this task's workbench."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from rehearse.api.monitor import current_callback
from rehearse.api.runs import run_scenario_full
from rehearse.api.setup import node_of_data
from rehearse.api.workbench import Workbench, current_workbench
from rehearse.database.deadline import Deadline
from rehearse.loading.load import load_written
from rehearse.plan import Plan, make_plan
from rehearse.run.act import Stage, act
from rehearse.run.bridge import ProgressBridge, ProgressCallback, in_run_thread
from rehearse.run.deadline import Cancellation
from rehearse.run.photograph import Camera

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rehearse.api.draft import ScenarioDraft
    from rehearse.run.events import Event
    from rehearse.run.outcome import Execution, ScenarioResult, StepResult

CAMERA_SECONDS = 120.0


class OperationLike(Protocol):
    """What the seed's lists of operations hold: a step of a draft is one."""

    @property
    def operation(self) -> str:
        """Which operation."""
        ...

    @property
    def parameters(self) -> Mapping[str, object]:
        """Its parameters."""
        ...


class ScenarioExecutor:
    """Performs operations, one, some or a scenario's, each in a transaction and a thread of its own."""

    def __init__(self, workbench: Workbench | None = None, *, on_progress: ProgressCallback | None = None) -> None:
        self._given = workbench
        self._on_progress = on_progress

    async def execute_operations(self, scenario: ScenarioDraft) -> Execution:
        """Perform a scenario's steps. If nothing was set up by hand, its own set-up is made first.

        Raises:
            ScenarioError: If the scenario has mistakes.
        """
        return await self._perform(make_plan(scenario.loaded()))

    async def execute_single_operation(
        self, operation: str, parameters: Mapping[str, object] | None = None
    ) -> StepResult:
        """Perform one operation and return how it came out; `success` says whether it was done.

        Raises:
            ScenarioError: If there is no such operation, or its parameters have mistakes.
        """
        rows = [{"operation": operation, "parameters": parameters or {}}]
        return (await self._perform_rows({"operations": rows})).steps[0]

    async def execute_sequential_operations(self, operations: Sequence[OperationLike]) -> tuple[StepResult, ...]:
        """Perform operations by `step`; after a critical one that was not done the rest is skipped.

        Raises:
            ScenarioError: If one is unknown, or its parameters have mistakes; none is performed then.
        """
        ordered = sorted(operations, key=lambda item: getattr(item, "step", 0))
        rows = [{**_row(item), "critical": getattr(item, "critical", True)} for item in ordered]
        return (await self._perform_rows({"operations": rows})).steps

    async def execute_concurrent_operations(self, operations: Sequence[OperationLike]) -> tuple[StepResult, ...]:
        """Perform two or more operations together, each in a session of its own; what one raises is its own result.

        Raises:
            ScenarioError: If one is unknown, or its parameters have mistakes; none is performed then.
        """
        return (await self._perform_rows({"concurrent_operations": [_row(item) for item in operations]})).steps

    async def run_scenario(self, scenario: ScenarioDraft | str, timeout: float | None = None) -> ScenarioResult:  # noqa: ASYNC109
        """Run a scenario whole, on a database of its own (see `run_scenario_full`)."""
        return await run_scenario_full(scenario, timeout, self._on_progress)

    @property
    def _bench(self) -> Workbench:
        return self._given or current_workbench()

    async def _perform_rows(self, test_case: Mapping[str, Sequence[Mapping[str, object]]]) -> Execution:
        written = self._bench.document(node_of_data(self._bench.numbered(test_case)))
        return await self._perform(make_plan(load_written(written)))

    async def _perform(self, plan: Plan) -> Execution:
        bench, cancellation = self._bench, Cancellation()
        callback = self._on_progress or current_callback()
        bridge = ProgressBridge(callback, asyncio.get_running_loop()) if callback else None
        execution = await in_run_thread(lambda: _acted(bench, plan, cancellation, bridge), cancellation)
        if bridge is not None:
            await bridge.drained()
        bench.execution = execution
        return execution


def _row(item: OperationLike) -> dict[str, object]:
    return {"operation": item.operation, "parameters": item.parameters}


def _acted(bench: Workbench, plan: Plan, cancellation: Cancellation, bridge: ProgressBridge | None) -> Execution:
    bench.adopt(plan)
    camera = Camera(plan, bench.lease, bench.log)
    before = camera.whole("pre_execution", plan.scenario.clock, Deadline.after(CAMERA_SECONDS))
    bench.states.setdefault("pre_execution", before)

    def emit(event: Event) -> None:
        if bridge is not None:
            bridge(event)

    deadline = Deadline.after(plan.timeout_seconds)
    return act(Stage(plan, bench.lease, bench.log, camera, cancellation, emit, deadline), before)
