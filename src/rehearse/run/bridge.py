"""From the async edge to the thread of a run, and back."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from rehearse.run.events import Event, PhaseEnded, RunEnded, RunStarted, StepEnded, StepStarted

if TYPE_CHECKING:
    from rehearse.run.deadline import Cancellation

T = TypeVar("T")

ProgressCallback = Callable[[int, int, str], "Awaitable[object] | object"]
"""``(step, total, operation)``, sync or async."""

logger = logging.getLogger("rehearse")


async def in_run_thread(call: Callable[[], T], cancellation: Cancellation) -> T:
    """Run `call` in a daemon thread of its own and await it.

    If the awaiting task is cancelled, the run is asked to stop, and its clean-up is awaited before the cancellation goes on.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def work() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001  (handed to whoever awaits)
            loop.call_soon_threadsafe(_settle, future, None, error)
        else:
            loop.call_soon_threadsafe(_settle, future, value, None)

    threading.Thread(target=work, daemon=True, name="rehearse-run").start()
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        cancellation.cancel()
        await asyncio.wait({future})
        raise


def _settle(future: asyncio.Future[T], value: T | None, error: BaseException | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)  # type: ignore[arg-type]


class ProgressBridge:
    """A listener that calls `callback` on the loop of whoever awaits the run, for every step that begins.

    A callback that raises is logged and called again for the next step: it watches the run, it is no part of it.
    """

    def __init__(self, callback: ProgressCallback, loop: asyncio.AbstractEventLoop) -> None:
        self._callback = callback
        self._loop = loop
        self._pending: set[asyncio.Task[None]] = set()

    def __call__(self, event: Event) -> None:
        """Hear an event."""
        if isinstance(event, StepStarted):
            self._loop.call_soon_threadsafe(self._begin, event.position, event.total, event.operation)

    def _begin(self, step: int, total: int, operation: str) -> None:
        task = self._loop.create_task(self._call(step, total, operation))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _call(self, step: int, total: int, operation: str) -> None:
        try:
            answer = self._callback(step, total, operation)
            if inspect.isawaitable(answer):
                await answer
        except Exception:
            logger.exception("the progress callback failed at step %s of %s", step, total)

    async def drained(self) -> None:
        """Wait until every call that was begun has ended."""
        await asyncio.sleep(0)
        while self._pending:
            await asyncio.gather(*self._pending)


def log_event(event: Event) -> None:
    """Tell an event to the logger ``rehearse``: runs at INFO, phases and steps at DEBUG. A listener."""
    match event:
        case RunStarted():
            logger.info("%s: %d steps, deadline %g s", event.scenario_id, event.steps, event.timeout_seconds)
        case StepEnded():
            place = f"[{event.position}/{event.total}]"
            logger.debug(
                "%s: %s %s %s, %.1f ms, %d queries",
                event.scenario_id,
                place,
                event.operation,
                event.outcome,
                event.seconds * 1000,
                event.queries,
            )
        case PhaseEnded():
            logger.debug("%s: %s took %.1f ms", event.scenario_id, event.phase, event.seconds * 1000)
        case RunEnded():
            logger.info("%s: %s", event.scenario_id, event.status)
