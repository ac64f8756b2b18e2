"""Running scenarios: one, a suite, several at once, again after a timeout."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.api.latest import remember
from rehearse.api.loader import ScenarioLoader
from rehearse.api.monitor import current_callback
from rehearse.api.settings import Settings
from rehearse.plan import Plan, make_plan
from rehearse.report.formats import EXPORTERS
from rehearse.run.bridge import ProgressBridge, ProgressCallback, in_run_thread, log_event
from rehearse.run.deadline import Cancellation
from rehearse.run.run import Services
from rehearse.run.suite import perform_with_attempts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearse.api.draft import ScenarioDraft
    from rehearse.run.events import Listener
    from rehearse.run.outcome import ScenarioResult

PARALLEL = 4
"""How many scenarios `run_scenarios_parallel` performs at the same time."""


async def run_scenario_full(
    scenario_or_id: ScenarioDraft | str,
    timeout: float | None = None,  # noqa: ASYNC109  (the seed's signature: it is the scenario's own deadline)
    on_progress: ProgressCallback | None = None,
    *,
    settings: Settings | None = None,
) -> ScenarioResult:
    """Run a scenario whole: load, check, set up, photograph, act, photograph, judge, restore, report.

    Args:
        scenario_or_id: Its id, or a scenario that was loaded (with the options that were set on it).
        timeout: Seconds of the act phase, instead of the scenario's own.
        on_progress: Told ``(step, total, operation)`` of each step that begins, sync or async; default: this task's `ProgressMonitor`.
        settings: Where it runs; default: the project's.

    Returns:
        The result, whatever happened after loading; `ScenarioResult.raise_for_status` turns it into an exception.

    Raises:
        ScenarioNotFoundError: If there is no scenario of that id.
        ScenarioError: If the scenario has mistakes, all of them.
    """
    chosen = settings or Settings.here()
    plan = planned(scenario_or_id, timeout, chosen)
    return await _performed(plan, chosen, plan.scenario.attempts, on_progress or current_callback())


async def _performed(
    plan: Plan, settings: Settings, attempts: int, callback: ProgressCallback | None
) -> ScenarioResult:
    """Perform a plan in a thread of its own; `callback` has heard of every step of every attempt when this returns."""
    bridge = ProgressBridge(callback, asyncio.get_running_loop()) if callback else None
    listeners: tuple[Listener, ...] = (log_event, bridge) if bridge else (log_event,)
    services = services_of(settings, listeners=listeners)
    result = await in_run_thread(lambda: perform_with_attempts(plan, services, attempts), services.cancellation)
    if bridge is not None:
        await bridge.drained()
    remember(result)
    return result


def planned(scenario_or_id: ScenarioDraft | str, timeout: float | None, settings: Settings) -> Plan:
    """Return the plan of a scenario, with its deadline if one is given.

    Raises:
        ScenarioNotFoundError: If there is no scenario of that id.
        ScenarioError: If it has mistakes.
    """
    draft = scenario_or_id
    if isinstance(draft, str):
        draft = ScenarioLoader(settings).load_scenario_by_id(draft)
    plan = make_plan(draft.loaded(validators=settings.project.validators, fixtures=settings.project.fixture_roots))
    if timeout is None:
        return plan
    return replace(plan, scenario=replace(plan.scenario, timeout_seconds=Decimal(str(timeout))))


def services_of(settings: Settings, *, listeners: tuple[Listener, ...] = ()) -> Services:
    """Return what a run is given under these settings."""
    return Services(
        store=settings.store,
        artifacts=settings.artifact_store,
        listeners=listeners,
        cancellation=Cancellation(),
        validators=settings.project.validators,
        exporters=EXPORTERS,
        orders=settings.orders,
    )


async def run_scenario_suite(suite: str, *, settings: Settings | None = None) -> list[ScenarioResult]:
    """Run every scenario of a suite, one after another, in the suite's order.

    Raises:
        ScenarioNotFoundError: If there is no such suite.
        ScenarioError: If a scenario has mistakes; the ones before it have run.
    """
    chosen = settings or Settings.here()
    drafts = ScenarioLoader(chosen).load_scenario_suite(suite)
    return [await run_scenario_full(draft, settings=chosen) for draft in drafts]


async def run_scenarios_parallel(
    scenario_ids: Sequence[ScenarioDraft | str], *, settings: Settings | None = None
) -> list[ScenarioResult | BaseException]:
    """Run several scenarios at the same time, each on a database of its own; results in the order given.

    What one of them raises (an unknown id, a mistake in its file) stands in its place and holds up no other.
    """
    chosen, free = settings or Settings.here(), asyncio.Semaphore(PARALLEL)

    async def run(scenario: ScenarioDraft | str) -> ScenarioResult:
        async with free:
            return await run_scenario_full(scenario, settings=chosen)

    return list(await asyncio.gather(*(run(item) for item in scenario_ids), return_exceptions=True))


async def run_scenario_with_retry(
    scenario_or_id: ScenarioDraft | str, max_retries: int = 3, *, settings: Settings | None = None
) -> ScenarioResult:
    """Run a scenario, and again after a timeout or a transient fault, at most `max_retries` times in all.

    Each attempt has a fresh database; all are kept in `attempts`. Pauses grow exponentially: 1 s, 2 s, 4 s …

    Raises:
        ValueError: If `max_retries` is below 1.
        ScenarioNotFoundError, ScenarioError: As `run_scenario_full`; a mistake is not tried again.
    """
    if max_retries < 1:
        raise ValueError(f"max_retries is {max_retries}; a scenario needs at least one attempt")
    chosen = settings or Settings.here()
    return await _performed(planned(scenario_or_id, None, chosen), chosen, max_retries, current_callback())
