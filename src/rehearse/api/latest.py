"""The latest result of a task, for those who ask afterwards what it cost."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearse.run.outcome import ScenarioResult

_LATEST: ContextVar[ScenarioResult | None] = ContextVar("rehearse_latest", default=None)


def latest_result() -> ScenarioResult | None:
    """Return the result of the scenario that this context ran last, or None."""
    return _LATEST.get()


def remember(result: ScenarioResult) -> None:
    """Make `result` the latest of this context."""
    _LATEST.set(result)
