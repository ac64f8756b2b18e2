"""Photographs of a run's database, and what the domain sees in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.domain import State
from rehearse.run.observers import StepObserver
from rehearse.snapshot.capture import capture, capture_changed
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import StatementLog
    from rehearse.database.store import Lease
    from rehearse.plan import Plan
    from rehearse.snapshot.model import Snapshot


class Camera:
    """Takes the photographs of one run over one lease."""

    def __init__(self, plan: Plan, lease: Lease, log: StatementLog) -> None:
        self._plan = plan
        self._lease = lease
        self._observer = StepObserver(log, "capture")

    def whole(self, snapshot_type: str, clock: datetime, deadline: Deadline) -> State:
        """Read every table in one transaction, and let the domain add what it captures."""
        identity = f"{self._plan.scenario.id}-{_SUFFIX.get(snapshot_type, snapshot_type.replace(':', '-'))}"
        work = self._lease.work(self._observer, deadline)
        try:
            work.begin(write=False)
            snapshot = capture(
                work.connection,
                self._plan.domain.metadata,
                id=identity,
                scenario_id=self._plan.scenario.id,
                snapshot_type=snapshot_type,
                timestamp=clock,
            )
        finally:
            work.rollback()
            work.close()
        return self.seen(snapshot)

    def seen(self, snapshot: Snapshot) -> State:
        """Return `snapshot` with the domain's extras, as a state."""
        state = State(snapshot, self._plan.policy)
        extras = FrozenMap((item.name, item.function(state)) for item in self._plan.domain.captures)
        state.snapshot = replace(snapshot, extras=extras)
        return state

    def changed(self, previous: State, tables: Iterable[str], snapshot_type: str, deadline: Deadline) -> State:
        """Return `previous` with `tables` read anew; the others are shared."""
        names = frozenset(tables)
        if not names:
            return previous
        work = self._lease.work(self._observer, deadline)
        try:
            work.begin(write=False)
            snapshot = capture_changed(work.connection, previous.snapshot, names, self._plan.domain.metadata)
        finally:
            work.rollback()
            work.close()
        return State(replace(snapshot, snapshot_type=snapshot_type), self._plan.policy)


_SUFFIX = {"pre_execution": "pre", "post_execution": "post"}
