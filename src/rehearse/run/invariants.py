"""Invariants are watched after every step, on photographs of just the tables that the step wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.expectation import InvariantCheck
from rehearse.run.outcome import InvariantBreach

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import StatementLog
    from rehearse.domain import Invariant, State
    from rehearse.plan import Plan
    from rehearse.run.outcome import StepResult
    from rehearse.run.photograph import Camera

_READS = frozenset({"SELECT", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "SHOW"})


class InvariantWatch:
    """Compares every state with the one before the run, and keeps each breach with the step after which it appeared."""

    def __init__(self, plan: Plan, camera: Camera, log: StatementLog, before: State) -> None:
        self._invariants = watched(plan)
        self._metadata = plan.domain.metadata
        self._log = log
        self._camera = camera
        self._before = before
        self._now = before
        self._unseen = frozenset[str]()
        self._breaches: list[InvariantBreach] = []
        self._held = {item.name: not self._asked(item, "the set-up") for item in self._invariants}

    @property
    def breaches(self) -> tuple[InvariantBreach, ...]:
        """What was broken so far, in order."""
        return tuple(self._breaches)

    def add(self, breach: InvariantBreach) -> None:
        """Keep a breach that was found elsewhere."""
        self._breaches.append(breach)

    def after(self, result: StepResult, deadline: Deadline, *, together: tuple[str, ...] = ()) -> None:
        """Look at the state after a step, or after all of `together`.

        Without time, or after an abandoned step, there is no state to look at.
        """
        if not self._invariants or result.abandoned or deadline.passed:
            return
        names = together or (result.name,)
        tables = self._unseen.union(*(written_tables(self._log, name, self._metadata) for name in names))
        if not tables or not self._looked(tables, result.name, deadline):
            return
        for item in self._invariants:
            breaches = self._asked(item, result.name)
            if breaches and self._held[item.name]:
                self._breaches.append(InvariantBreach(item.name, result.name, breaches))
            self._held[item.name] = not breaches

    def _looked(self, tables: frozenset[str], step: str, deadline: Deadline) -> bool:
        """Photograph the tables; where that fails nobody knows of any invariant, and the steps go on."""
        try:
            self._now = self._camera.changed(self._now, tables, f"after:{step}", deadline)
        except Exception as error:  # noqa: BLE001  (a state that cannot be seen is an unknown verdict, and no end of the run)
            self._unseen = tables
            if not deadline.passed:
                self._breaches += [_crash(item, step, error) for item in self._invariants]
            return False
        self._unseen = frozenset()
        return True

    def _asked(self, item: Invariant, step: str) -> tuple[str, ...]:
        """Return the breaches now; one that crashes is kept as such, and has none."""
        try:
            return tuple(item.function(self._now, self._before))
        except Exception as error:  # noqa: BLE001  (a check that crashes is an unknown verdict, and no end of the run)
            self._breaches.append(_crash(item, step, error))
            return ()


def _crash(item: Invariant, step: str, error: Exception) -> InvariantBreach:
    return InvariantBreach(item.name, step, (f"{type(error).__name__}: {error}",), crashed=True)


def watched(plan: Plan) -> tuple[Invariant, ...]:
    """Return the invariants of a plan: the domain's standing ones, and those that the scenario names."""
    named = {check.name for check in plan.scenario.expected_outcome.checks if isinstance(check, InvariantCheck)}
    return tuple(item for item in plan.domain.invariants.values() if item.always or item.name in named)


def written_tables(log: StatementLog, step: str, metadata: MetaData) -> frozenset[str]:
    """Return the tables that a step wrote, with those that a foreign key's action or a trigger may have changed along with them.

    All tables if the step sent more statements than the log keeps, or one whose tables are not known.
    """
    everything = frozenset(metadata.tables)
    if log.dropped(step):
        return everything
    statements = [item for item in log.statements if item.step == step and item.verb not in _READS]
    if any(not item.tables for item in statements):
        return everything
    found = {table for item in statements for table in item.tables if table in everything}
    frontier = set(found)
    while frontier:
        frontier = {name for name in everything - found if _acts_on(metadata, name, frontier)}
        found |= frontier
    return frozenset(found)


def _acts_on(metadata: MetaData, child: str, parents: set[str]) -> bool:
    """Whether writing a row of `parents` changes rows of `child`, by a foreign key's action or by a trigger."""
    keys = metadata.tables[child].foreign_keys
    by_key = any((key.ondelete or key.onupdate) and key.column.table.name in parents for key in keys)
    return by_key or any(child in metadata.tables[parent].info.get("writes", ()) for parent in parents)
