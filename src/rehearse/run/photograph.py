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
    from rehearse.domain import Domain
    from rehearse.plan import Plan


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
        return with_extras(self._plan.domain, State(snapshot, self._plan.policy))

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


def with_extras(domain: Domain, state: State) -> State:
    """Return `state` with what the domain captures besides the tables (compliance_status, coverage_stats)."""
    extras = FrozenMap((item.name, item.function(state)) for item in domain.captures)
    state.snapshot = replace(state.snapshot, extras=extras)
    return state


_SUFFIX = {"pre_execution": "pre", "post_execution": "post"}
