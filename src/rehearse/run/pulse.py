"""The sign of life of steps that take their time: how long they have run, and how many statements they have sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rehearse.run.events import StepProgress

if TYPE_CHECKING:
    from rehearse.plan import PlannedStep
    from rehearse.run.act import Stage

FIRST_PAUSE = 0.2
"""Seconds between two signs of a young step; a step that is over by then gives none."""

LONGEST_PAUSE = 1.0
"""Seconds between two signs of an old one, so that hours of waiting fill no log."""


class Pulse:
    """Tells the listeners of a stage, now and then, how far some of its steps have come.

    It is asked to beat by whoever waits for them, in the thread of the run, and counts what the log holds anyway: a statement pays nothing.
    """

    def __init__(self, stage: Stage, steps: tuple[PlannedStep, ...]) -> None:
        self._stage = stage
        self._steps = steps
        self._began = time.monotonic()
        self._next = self._began + FIRST_PAUSE

    def beat(self) -> None:
        """Tell how far the steps have come, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        seconds = now - self._began
        self._next = now + min(LONGEST_PAUSE, max(FIRST_PAUSE, seconds / 20))
        for planned in self._steps:
            self._stage.emit(self._progress(planned, seconds))

    def _progress(self, planned: PlannedStep, seconds: float) -> StepProgress:
        step, plan = planned.step, self._stage.plan
        is_apart = planned.operation.isolation == "process"
        queries = None if is_apart else self._stage.log.count(steps=(step.name,))
        return StepProgress(
            plan.scenario.id, step.position, len(plan.steps), step.name, step.operation, seconds, queries
        )
