"""Two requests that are each granted alone and together leave nobody, decided at once: never both, in any order, on either database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.errors import Complaints
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.load import load_written
from rehearse.loading.yaml_tree import read_tree
from rehearse.plan import make_plan
from rehearse.run.run import Services, perform
from rehearse.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.store import Store
    from rehearse.plan import Plan
    from rehearse.run.outcome import ScenarioResult

#: How many orders are tried: `RESIDENCY_ORDERS=200` for a long run.
ORDERS = int(os.environ.get("RESIDENCY_ORDERS", "8"))

SETUP = """\
scenario:
  name: Two decide at once
  id: leave-at-once
  category: holiday
  clock: 2024-12-02T09:00
  timeout_seconds: 120
  setup:
    persons: [{id: R1, pgy_level: 2}, {id: R2, pgy_level: 2}, {id: PD, role: PROGRAM_DIRECTOR}]
    rotations: [{id: ward}]
    requirements: [{rotation_id: ward, date: 2024-12-10, block_period: DAY, min_persons: 1}]
    leave_requests:
      - {id: lv-r1, person_id: R1, date: 2024-12-10}
      - {id: lv-r2, person_id: R2, date: 2024-12-10}
    constraints: {horizon: {start: 2024-12-02, end: 2024-12-29}}
"""


def plan(block: str) -> Plan:
    """A scenario with a concurrent block."""
    complaints = Complaints()
    source = Source("at-once.yaml", SETUP + block)
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    assert tree is not None
    (written,) = writtens(tree, Origin(source, None), complaints)
    return make_plan(load_written(written))


def tried(store: Store, tmp_path: Path, block: str) -> ScenarioResult:
    """Perform it in its own order and in as many others as are asked for; it must have passed."""
    with ArtifactStore(tmp_path) as runs:
        result = perform(plan(block), Services(store, runs, orders=ORDERS))
        result.raise_for_status()
        return result


TWO_DECISIONS = """\
  test_case:
    concurrent_operations:
      - {operation: process_leave_requests, parameters: {leave_ids: [lv-r1]}}
      - {operation: process_leave_requests, parameters: {leave_ids: [lv-r2]}}
  expected_outcome:
    success: true
    assertions:
      absences.count: 1
      steps_done: 2
      granted: {value: "leave_requests[status=approved].count", expected: 1}
      denied: {value: "leave_requests[status=denied].count", expected: 1}
    expected_errors: [{type: LeaveDenied, count: 1}]
"""

DECISION_AND_ILLNESS = """\
  test_case:
    concurrent_operations:
      - {operation: process_leave_requests, parameters: {leave_ids: [lv-r1]}}
      - {operation: mark_unavailable, parameters: {person_id: R2, date: 2024-12-10, kind: illness}}
  expected_outcome:
    success: true
    assertions:
      steps_done: 2
      waiting: {value: "leave_requests[status=pending].count", expected: 1}
"""


@pytest.mark.parametrize(
    "block", [TWO_DECISIONS, DECISION_AND_ILLNESS], ids=["two decisions", "a decision and an illness"]
)
def test_every_order_ends_as_a_serial_one_does(block: str, store: Store, tmp_path: Path) -> None:
    """The engine holds every end against the serial orders; of two decisions one grants and one denies."""
    result = tried(store, tmp_path, block)
    assert "passed" == result.validations["invariants.serial_equivalence"].status
    assert f"{ORDERS} of " in result.orders
