"""Many runs: attempts of one scenario, and several scenarios side by side."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.run.events import Retrying, tell
from rehearse.run.outcome import Attempt, ScenarioResult
from rehearse.run.run import Services, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rehearse.plan import Plan

FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each further pause is twice as long."""


def perform_with_attempts(
    plan: Plan, services: Services, attempts: int, *, pause: Callable[[float], object] = time.sleep
) -> ScenarioResult:
    """Perform a plan, and again after a timeout or a transient fault, at most `attempts` times in all.

    Each attempt has a fresh database and evidence of its own. The last result is returned, with every attempt in `attempts`;
    it is `flaky` if they disagree.
    """
    tried: list[ScenarioResult] = []
    while True:
        tried.append(perform(plan, services))
        last = tried[-1]
        if len(tried) >= attempts or services.cancellation.requested or not worth_another(last):
            break
        seconds = FIRST_PAUSE * 2 ** (len(tried) - 1)
        tell(services.listeners, Retrying(plan.scenario.id, len(tried), attempts, last.status, seconds))
        pause(seconds)
    if len(tried) == 1:
        return last
    kept = tuple(Attempt(number, each.status, each.run_id, each.error) for number, each in enumerate(tried, 1))
    return replace(last, attempts=kept, flaky=len({each.status for each in tried}) > 1)


def worth_another(result: ScenarioResult) -> bool:
    """Return whether another attempt may come out differently: after a timeout or a transient fault, and nothing else."""
    return result.status == "timeout" or result.transient


def perform_all(
    plans: Sequence[tuple[Plan, Services, int]], *, jobs: int = 1, ended: Callable[[ScenarioResult], None] | None = None
) -> tuple[ScenarioResult, ...]:
    """Perform many plans, `jobs` at a time, each ``(plan, services, attempts)``; the results are in the order given.

    `ended` is told of each result as it comes, from the thread that ran it. What had not begun when somebody asked for an end does not run,
    and has no result.
    """
    results: dict[int, ScenarioResult] = {}
    waiting: queue.SimpleQueue[tuple[int, tuple[Plan, Services, int]]] = queue.SimpleQueue()
    for item in enumerate(plans):
        waiting.put(item)

    def work() -> None:
        while True:
            try:
                index, (plan, services, attempts) = waiting.get_nowait()
            except queue.Empty:
                return
            if services.cancellation.requested:
                continue
            results[index] = perform_with_attempts(plan, services, attempts)
            if ended:
                ended(results[index])

    if jobs <= 1 or len(plans) <= 1:
        work()
    else:
        _together(work, min(jobs, len(plans)))
    return tuple(results[index] for index in sorted(results))


def _together(work: Callable[[], None], count: int) -> None:
    threads: Iterable[threading.Thread] = [
        threading.Thread(target=work, daemon=True, name=f"rehearse-run-{number}") for number in range(1, count + 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
