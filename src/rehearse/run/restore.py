"""The end of a run's database: discarded, kept for a look, or put back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearse.database.store import Lease
    from rehearse.plan import Plan
    from rehearse.run.ledger import Ledger


def restore(lease: Lease, plan: Plan, ledger: Ledger, *, keep_failed: bool) -> None:
    """Put back an attached database, throw away one of our own, or keep it where somebody asked for that.

    A failure here is noted as category ``cleanup``; the first error of the run survives it.
    """
    with ledger.phase("restore"):
        passed = ledger.status == "passed"
        if lease.how != "attached" and wants_keeping(plan, passed=passed, keep_failed=keep_failed):
            ledger.kept(lease.keep())
        lease.finish(passed=passed, rollback_on_failure=plan.scenario.rollback_on_failure)


def wants_keeping(plan: Plan, *, passed: bool, keep_failed: bool) -> bool:
    """Whether the author or the caller wants to look at an own database after the run."""
    scenario = plan.scenario
    return scenario.debug_mode or (not passed and (keep_failed or not scenario.rollback_on_failure))
