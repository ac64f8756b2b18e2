"""Progress as the seed shows it: a monitor that is told of steps, by hand or by the runs of its context."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearse.run.bridge import ProgressCallback

logger = logging.getLogger("rehearse")

_CURRENT: ContextVar[ProgressMonitor | None] = ContextVar("rehearse_monitor", default=None)


@dataclass(frozen=True)
class Progress:
    """Where a scenario stands.

    Attributes:
        scenario_id: Which.
        step: The operation that runs, from 1; 0 before the first.
        total: How many there are.
        operation: Its name.
        status: ``waiting``, ``running``, ``done``, ``failed`` or ``finished``.
        completed: Which operations ended, and whether each was successful.
    """

    scenario_id: str = ""
    step: int = 0
    total: int = 0
    operation: str = ""
    status: str = "waiting"
    completed: tuple[tuple[int, bool], ...] = ()


class ProgressMonitor:
    """Watches a scenario.

    Used by hand: `start`, `update`, `mark_complete`, `finish`. Or by setting `on_progress`: every scenario that is run in the same
    context (the same task, and what it starts) tells it of each step, ``(step, total, operation)``, sync or async.
    """

    def __init__(self, on_progress: ProgressCallback | None = None) -> None:
        self.progress = Progress()
        self._on_progress: ProgressCallback | None = None
        self._calls: set[asyncio.Task[None]] = set()
        if on_progress is not None:
            self.on_progress = on_progress

    @property
    def on_progress(self) -> ProgressCallback | None:
        """Who is told of each step."""
        return self._on_progress

    @on_progress.setter
    def on_progress(self, callback: ProgressCallback | None) -> None:
        self._on_progress = callback
        _CURRENT.set(self if callback else None)

    def start(self, scenario_id: str, total_operations: int) -> None:
        """Begin with a scenario of so many operations."""
        self.progress = Progress(scenario_id, total=total_operations)

    def update(self, current_operation: int, operation_name: str, status: str = "running") -> None:
        """Say which operation runs, from 1; `on_progress` is told."""
        old = self.progress
        self.progress = Progress(old.scenario_id, current_operation, old.total, operation_name, status, old.completed)
        if self._on_progress is not None:
            self._tell(self._on_progress)

    def mark_complete(self, operation: int, success: bool) -> None:
        """Say that an operation ended."""
        old = self.progress
        completed = (*old.completed, (operation, success))
        status = "done" if success else "failed"
        self.progress = Progress(old.scenario_id, old.step, old.total, old.operation, status, completed)

    def finish(self) -> None:
        """Say that the scenario is over. Harmless if it never began."""
        old = self.progress
        self.progress = Progress(old.scenario_id, old.step, old.total, old.operation, "finished", old.completed)

    def _tell(self, callback: ProgressCallback) -> None:
        answer = callback(self.progress.step, self.progress.total, self.progress.operation)
        if inspect.iscoroutine(answer):
            task = asyncio.get_running_loop().create_task(_logged(answer))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)


async def _logged(answer: object) -> None:
    try:
        if inspect.isawaitable(answer):
            await answer
    except Exception:
        logger.exception("the progress callback failed")


def current_callback() -> ProgressCallback | None:
    """Return the callback of this context's monitor, or None."""
    monitor = _CURRENT.get()
    return monitor.on_progress if monitor else None
