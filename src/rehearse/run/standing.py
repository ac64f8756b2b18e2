"""How far a run has come, told by its events alone: what a live view shows, in a terminal or in a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.run.events import PhaseStarted, RunStarted, StepEnded, StepProgress, StepStarted

if TYPE_CHECKING:
    from rehearse.run.events import Event

PHASE_WORDS = {
    "isolate": "setting up",
    "setup": "setting up",
    "preconditions": "checking preconditions",
    "capture_before": "keeping the state before",
    "act": "beginning",
    "capture_after": "looking at what changed",
    "judge": "judging",
    "restore": "cleaning up",
    "retain": "writing the report",
}
"""Phase → what a run does in it, for people."""


@dataclass(frozen=True)
class GoingStep:
    """A step that has begun and not ended; `queries` is what it has sent so far, None if nobody can know yet."""

    position: int
    step: str
    operation: str
    queries: int | None = 0


@dataclass(frozen=True)
class Standing:
    """A run as far as it has come.

    Attributes:
        began: When it began, on the clock of whoever follows it.
        acting: When its steps began, which is when its deadline began to run; None before.
        phase: Which phase it is in; empty before the first.
        ended: How many steps are over.
        unmet: How many of them came out as they should not.
        sent: Statements of steps that are over.
        going: The steps that run; several in a concurrent block.
    """

    scenario_id: str
    scenario_name: str
    run_id: str
    steps: int
    timeout_seconds: float
    began: float
    acting: float | None = None
    phase: str = ""
    ended: int = 0
    unmet: int = 0
    sent: int = 0
    going: tuple[GoingStep, ...] = ()

    @classmethod
    def of(cls, event: RunStarted, at: float) -> Standing:
        """Return the standing of a run that began just now."""
        return cls(event.scenario_id, event.scenario_name, event.run_id, event.steps, event.timeout_seconds, at)

    @property
    def queries(self) -> int:
        """Statements that its steps have sent so far, as far as that is known."""
        return self.sent + sum(step.queries or 0 for step in self.going)

    @property
    def is_all_known(self) -> bool:
        """Whether `queries` are all that were sent, and not only those of which one knows yet."""
        return all(step.queries is not None for step in self.going)

    @property
    def doing(self) -> str:
        """What it does at this moment, in words: the steps that run, or its phase."""
        if self.going:
            return ", ".join(step.operation for step in self.going)
        return PHASE_WORDS.get(self.phase, "starting")

    @property
    def is_acting(self) -> bool:
        """Whether its deadline runs."""
        return self.phase == "act"

    def after(self, event: Event, at: float) -> Standing:
        """Return the standing after an event that came at `at`."""
        match event:
            case PhaseStarted(phase=phase):
                return replace(self, phase=phase, acting=at if phase == "act" else self.acting)
            case StepStarted():
                step = GoingStep(event.position, event.step, event.operation)
                return replace(self, going=(*self.going, step))
            case StepProgress():
                return replace(self, going=tuple(_progressed(step, event) for step in self.going))
            case StepEnded():
                return replace(
                    self,
                    ended=self.ended + 1,
                    unmet=self.unmet + (not event.expected),
                    sent=self.sent + event.queries,
                    going=tuple(step for step in self.going if step.step != event.step),
                )
        return self


def _progressed(step: GoingStep, event: StepProgress) -> GoingStep:
    return replace(step, queries=event.queries) if step.step == event.step else step
