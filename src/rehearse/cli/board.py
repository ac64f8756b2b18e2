"""What stands on the board while scenarios run: who runs, how far, how many are over and how they came out."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.run.events import Retrying, RunEnded, RunStarted
from rehearse.run.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.run.events import Event
    from rehearse.run.outcome import ScenarioResult


@dataclass(frozen=True)
class Row:
    """A scenario that runs, or waits for its next attempt.

    Attributes:
        standing: How far its run has come.
        attempt: Which attempt it is, from 1.
        pausing: What it waits for between two attempts, in words; empty while it runs.
    """

    standing: Standing
    attempt: int = 1
    pausing: str = ""


@dataclass(frozen=True)
class Scene:
    """The whole board at one moment.

    Attributes:
        rows: Who runs, in the order in which they began.
        total: How many scenarios there are.
        over: How many of them are over.
        statuses: Status → how many ended so.
        seconds: How long all this has taken.
        stopping: Whether somebody asked for an end.
    """

    rows: tuple[Row, ...]
    total: int
    over: int
    statuses: Mapping[str, int]
    seconds: float
    now: float
    stopping: bool = False


class Board:
    """Hears the events of several runs, from any thread, and says at any moment how all stand."""

    def __init__(self, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._statuses: Counter[str] = Counter()
        self.stopping = False

    def hear(self, event: Event) -> None:
        """Note what happened; the end of a run is the end of an attempt, and the scenario stays until it is `finished`."""
        now, scenario = self._clock(), event.scenario_id
        with self._lock:
            row = self._rows.get(scenario)
            if isinstance(event, RunStarted):
                self._rows[scenario] = Row(Standing.of(event, now), row.attempt + 1 if row else 1)
            elif row is not None and isinstance(event, Retrying):
                words = f"{event.status}; attempt {event.attempt + 1} of {event.attempts} in {event.pause_seconds:g} s"
                self._rows[scenario] = Row(row.standing, row.attempt, words)
            elif row is not None and not isinstance(event, RunEnded):
                self._rows[scenario] = Row(row.standing.after(event, now), row.attempt)

    def finished(self, result: ScenarioResult) -> None:
        """Note that a scenario is over, after its last attempt."""
        with self._lock:
            self._rows.pop(result.scenario_id, None)
            self._statuses[result.status] += 1

    def scene(self) -> Scene:
        """Return how all stand."""
        now = self._clock()
        with self._lock:
            return Scene(
                tuple(self._rows.values()),
                self._total,
                self._statuses.total(),
                dict(self._statuses),
                now - self._began,
                now,
                self.stopping,
            )
