"""Who is told of the statements of one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearse.database.observe import Gate, Statement, StatementLog

PHASE_STEPS = ("setup", "capture", "invariants")
"""Names under which the engine's own statements stand in the log; no step can be called so (`step<N>`, `main`, `concurrent<N>`)."""


class StepObserver:
    """Adds a step's name to what one connection reports; several write to the log of one run."""

    def __init__(self, log: StatementLog, step: str, *, gate: Gate | None = None) -> None:
        self._log = log
        self.step = step
        self.gate = gate
        self.values = log.values

    def record(self, statement: Statement) -> None:
        """Keep `statement` in the run's log."""
        self._log.record(statement)

    def next_number(self) -> int:
        """Return the number of the run's next statement."""
        return self._log.next_number()
