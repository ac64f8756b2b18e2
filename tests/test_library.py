"""Every scenario that ships with the residency, performed for real on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.run.evidence import AFTER, BEFORE, DIFF
from rehearse.run.rejudge import rejudge
from rehearse.run.run import Services, perform
from residency import DOMAIN

if TYPE_CHECKING:
    from rehearse.database.postgres import PostgresStore
    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Store
    from rehearse.run.outcome import ScenarioResult

LIBRARY = Catalog((), bundled=(DOMAIN.scenario_root,) if DOMAIN.scenario_root else ()).all()
FIRST_FIVE = {
    "n1-simple-unavailable-001",
    "n1-holiday-coverage-001",
    "swap-one-to-one-simple-001",
    "swap-rejection-acgme-001",
    "acgme-80hour-exact-001",
}
PLANS = {written.id: make_plan(load_written(written)) for written in LIBRARY}
#: What a solver is asked for: that it gives the same again is shown by the other database alone.
GENERATED = frozenset(
    name for name, plan in PLANS.items() if any(planned.operation.isolation == "process" for planned in plan.steps)
)
CONCURRENT = tuple(name for name, plan in PLANS.items() if plan.concurrent)
#: Of how many orders of concurrent steps a sample is performed.
ORDERS = 12


def performed(scenario: str, store: Store, runs: ArtifactStore) -> ScenarioResult:
    """Run a scenario and return its result, which must have passed."""
    result = perform(PLANS[scenario], Services(store, runs))
    result.raise_for_status()
    return result


def evidence(result: ScenarioResult) -> list[bytes]:
    """Return the states before and after and their difference, byte for byte."""
    return [(Path(result.run_path) / name).read_bytes() for name in (BEFORE, AFTER, DIFF)]


def test_the_first_five_are_in_the_library() -> None:
    """What everything else grows on is there."""
    assert set(PLANS) >= FIRST_FIVE


@pytest.mark.postgresql
@pytest.mark.parametrize("scenario", PLANS)
def test_a_scenario_comes_out_the_same_everywhere(
    scenario: str, sqlite_store: SqliteStore, postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """It passes on either database with one final state, twice with the same bytes, and from what lies on disk is judged the same."""
    with ArtifactStore(tmp_path) as runs:
        first = performed(scenario, sqlite_store, runs)
        again = first if scenario in GENERATED else performed(scenario, sqlite_store, runs)
        elsewhere = performed(scenario, postgres_store, runs)
        with runs.open(first.run_id) as stored:
            judged = rejudge(stored)
        assert evidence(first) == evidence(again)
    assert first.fingerprint == elsewhere.fingerprint
    statuses = {check.key: check.status for check in first.validations.values()}
    assert statuses == {check.key: check.status for check in elsewhere.validations.values()}
    assert statuses == {check.key: check.status for check in judged.checks}


@pytest.mark.parametrize("scenario", CONCURRENT)
def test_no_order_of_concurrent_steps_comes_out_wrong(scenario: str, store: Store, tmp_path: Path) -> None:
    """Whoever moves when, the steps come out as they are expected to, and the end is one that some serial order has."""
    with ArtifactStore(tmp_path) as runs:
        result = perform(PLANS[scenario], Services(store, runs, orders=ORDERS))
    result.raise_for_status()
    assert "passed" == result.validations["invariants.serial_equivalence"].status
    assert f"{ORDERS} of " in result.orders
