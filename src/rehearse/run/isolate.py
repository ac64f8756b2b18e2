"""The first phase: a database of the run's own, with the set-up in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.database.store import LeaseRequest
from rehearse.run.world import layers

if TYPE_CHECKING:
    from rehearse.database.store import Lease, Store
    from rehearse.plan import Plan


def isolate(plan: Plan, store: Store, run_id: str) -> Lease:
    """Return a lease on a database that holds the plan's set-up.

    Raises:
        SetupError: If the database refuses the set-up.
        GuardRefusedError: If an attached database may not be touched.
    """
    return store.lease(
        LeaseRequest(
            run=run_id,
            layers=layers(plan),
            isolation=plan.isolation,
            sessions=plan.sessions,
            writes=plan.writes,
            clean=tuple(table.name for table in plan.domain.metadata.sorted_tables)
            if plan.scenario.setup.database.clean_state
            else (),
            processes=any(planned.operation.isolation == "process" for planned in plan.steps),
        )
    )
