"""Concurrent scenarios of the library, order by order: which ends there are, and that no operation is lost on the way to one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import LeaseRequest
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.run.act import Stage, perform_sequence
from rehearse.run.choosers import Chooser, Permutation, PriorityChange, RandomWalk
from rehearse.run.concurrent import Block, Order, perform_order
from rehearse.run.deadline import Cancellation
from rehearse.run.invariants import InvariantWatch
from rehearse.run.photograph import Camera
from rehearse.run.world import layers
from residency import DOMAIN, schema
from residency.load import snapshot_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Lease, Store
    from rehearse.snapshot.model import Snapshot

ROSTER = tuple(table for table in schema.METADATA.sorted_tables if table.name not in schema.JOURNAL_TABLES)
TANGLED: tuple[Chooser, ...] = (
    *(RandomWalk(seed) for seed in range(3)),
    *(PriorityChange(seed, 3, 48, depth=3) for seed in range(3)),
)


@dataclass(frozen=True)
class End:
    """How an order ended: the outcomes with their codes, and the roster without its journals."""

    outcomes: tuple[tuple[str, ...], ...]
    roster: tuple[object, ...]


class Performance:
    """A scenario after its sequence, whose concurrent block can be performed in any order, each on a copy."""

    def __init__(self, identity: str, store: Store) -> None:
        assert DOMAIN.scenario_root is not None
        self.plan = make_plan(load_written(Catalog((), bundled=(DOMAIN.scenario_root,)).by_id(identity)))
        request = LeaseRequest(run=identity, layers=layers(self.plan), sessions=self.plan.sessions)
        self.lease = store.lease(request)
        log = StatementLog()
        camera = Camera(self.plan, self.lease, log)
        deadline = Deadline.after(120)
        stage = Stage(self.plan, self.lease, log, camera, Cancellation(), lambda _: None, deadline)
        before = camera.whole("pre_execution", self.plan.scenario.clock, deadline)
        steps = perform_sequence(stage, InvariantWatch(self.plan, camera, log, before))
        assert {"done"} == {step.outcome for step in steps}
        self._block = Block(stage, self.plan.concurrent, self.plan.context(), steps)
        self._numbers = itertools.count()

    def end(self, chooser: Chooser) -> End:
        """Perform the block as `chooser` has it."""
        copy = self.lease.fork(f"end{next(self._numbers)}")
        try:
            order = perform_order(self._block, copy, chooser, StatementLog())
            return End(outcomes(order), roster(self._state(copy)))
        finally:
            copy.discard()

    def serial(self) -> list[End]:
        """Every serial order's end."""
        return [self.end(Permutation(rank)) for rank in itertools.permutations(range(len(self.plan.concurrent)))]

    def _state(self, lease: Lease) -> Snapshot:
        camera = Camera(self.plan, lease, StatementLog())
        return camera.whole("post_execution", self.plan.scenario.clock, Deadline.after(60)).snapshot


def outcomes(order: Order) -> tuple[tuple[str, ...], ...]:
    """Return every operation's outcome, and the codes of a refusal."""
    return tuple((step.outcome, *(reason.code for reason in step.reasons)) for step in order.steps)


def roster(snapshot: Snapshot) -> tuple[object, ...]:
    """Return every row of a photograph but those of the journals, whose order is the order."""
    return tuple(tuple(sorted(row.items())) for table in ROSTER for row in plain_rows(snapshot, table))


def plain_rows(snapshot: Snapshot, table: object) -> Iterator[dict[str, str]]:
    """Return rows as text, so that they can be compared and hashed."""
    for row in snapshot_rows(snapshot, table):  # type: ignore[arg-type]  (a table of the schema)
        yield {name: repr(value) for name, value in row.items()}


def holders(end: End, day: str) -> dict[str, str]:
    """Return who holds which service on a day."""
    rows = (dict(row) for row in end.roster if "rotation_id" in dict(row) and "pinned" in dict(row))  # type: ignore[call-overload]
    return {row["rotation_id"]: row["person_id"] for row in rows if day in row["start"]}


@pytest.fixture
def performance(request: pytest.FixtureRequest, store: Store) -> Iterator[Performance]:
    """The scenario that is asked for, on each kind of database."""
    found = Performance(request.param, store)
    yield found
    found.lease.discard()


@pytest.mark.parametrize("performance", ["integration-concurrent-swap-n1-001"], indirect=True)
def test_what_does_not_conflict_comes_to_one_end_in_every_order(performance: Performance) -> None:
    """Six serial orders and six tangled ones: all three operations are done, and the roster is one and the same."""
    ends = {*performance.serial(), *(performance.end(chooser) for chooser in TANGLED)}
    assert {(("done",),) * 3} == {end.outcomes for end in ends}
    assert 1 == len(ends)


@pytest.mark.parametrize("performance", ["swap-cycle-absence-001"], indirect=True)
def test_a_cycle_and_an_absence_have_two_right_ends(performance: Performance) -> None:
    """The swap stands and R5 has the ward, or it is stale and R5 has the clinic; no order comes to a third end."""
    swap_first, absence_first = performance.serial()
    assert (("done",), ("done",)) == swap_first.outcomes
    assert (("rejected", "stale_swap"), ("done",)) == absence_first.outcomes
    assert services(ward="R5", er="R1", clinic="R2") == holders(swap_first, "2024, 12, 19")
    assert services(ward="R1", er="R2", clinic="R5") == holders(absence_first, "2024, 12, 19")
    assert {swap_first, absence_first} == {performance.end(chooser) for chooser in TANGLED} | {
        swap_first,
        absence_first,
    }


def services(**held: str) -> dict[str, str]:
    """Return holders by service as `holders` does."""
    return {repr(rotation): repr(person) for rotation, person in held.items()}
