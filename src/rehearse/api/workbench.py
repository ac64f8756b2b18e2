"""A database that is worked on step by step: what the seed's single calls share.

`ScenarioSetup`, `PreconditionChecker`, `StateCaptureManager`, `ScenarioExecutor` and their like each do one thing; in one
task they do it to the same database. A workbench is that database with what is known about it. `run_scenario_full` needs
none: it does all of it at once.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.api.settings import Settings
from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, LeaseRequest
from rehearse.domain import Context, Domain, State, TableRows
from rehearse.errors import Complaints
from rehearse.loading.spot import Spot
from rehearse.loading.tree import Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.loading.world import read_world
from rehearse.plan import Plan, schema_hash
from rehearse.registry import domain
from rehearse.run.observers import StepObserver
from rehearse.run.world import insert_rows, layers
from rehearse.scenario import Written
from rehearse.snapshot.capture import capture
from rehearse.snapshot.fingerprint import fingerprint
from rehearse.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rehearse.api.backups import Copy
    from rehearse.database.store import Lease, Work
    from rehearse.run.outcome import Execution
    from rehearse.scenario import World
    from rehearse.snapshot.model import Snapshot

SETUP_SECONDS = 120.0
PYTHON = Source("<python>", "")
HERE = Span(PYTHON, 1, 1, 2)
"""The place of what was written in Python."""

_CURRENT: ContextVar[Workbench | None] = ContextVar("rehearse_workbench", default=None)


class Workbench:
    """One database of one's own and what was put into it.

    Attributes:
        settings: Where it comes from.
        domain: The system it belongs to.
        log: Every statement so far.
        execution: The latest execution, or None.
        states: Snapshot type → the state as it was photographed.
        backups: Copies of the database, by id.
        performed: Ids of the scenarios whose steps were performed on it.
    """

    def __init__(self, settings: Settings | None = None, *, name: str = "residency") -> None:
        self.settings = settings or Settings.here()
        self.domain: Domain = domain(name)
        self.log = StatementLog()
        self.execution: Execution | None = None
        self.states: dict[str, State] = {}
        self.plan: Plan | None = None
        self._lease: Lease | None = None
        self._leases: list[Lease] = []
        weakref.finalize(self, _discard, self._leases)
        self._rows: dict[str, list[Node]] = {}
        self._constraints: Node | None = None
        self._steps = 0
        self._backup_count = 0
        self.backups: dict[str, Copy] = {}
        self.performed: set[str] = set()
        self._inserted: dict[str, set[tuple[object, ...]]] = {}

    # ── the database ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def lease(self) -> Lease:
        """The database; made with the bare schema when first asked for."""
        if self._lease is None:
            key = schema_hash(self.domain.name, self.domain.metadata)
            self._lease = self._leased((Layer(key, self.domain.metadata.create_all, "schema"),))
        return self._lease

    def _leased(self, content: tuple[Layer, ...]) -> Lease:
        lease = self.settings.store.lease(LeaseRequest("workbench", content, sessions=2))
        self._leases.append(lease)
        return lease

    @property
    def is_empty(self) -> bool:
        """Whether nothing was put into it yet."""
        return self._lease is None and not self._rows

    def clean(self) -> None:
        """Begin anew from the bare schema."""
        if self._lease is not None:
            self._lease.discard()
        self._lease = None
        self.plan = self.execution = self._constraints = None
        self.states.clear()
        self._rows.clear()
        self._inserted.clear()

    def open(self, step: str = "setup") -> Work:
        """Return a piece of work on the database, its statements logged under `step`."""
        return self.lease.work(StepObserver(self.log, step), Deadline.after(SETUP_SECONDS))

    def keep_until_end(self, lease: Lease) -> None:
        """See that a lease is discarded with the workbench, if nobody does it before."""
        self._leases.append(lease)

    def exchange(self, lease: Lease) -> None:
        """Go on with another database of the same schema; the one so far is discarded."""
        if self._lease is not None:
            self._lease.discard()
        self._lease = lease
        self._leases.append(lease)

    def next_backup(self) -> int:
        """Return the number of the next backup, from 1."""
        self._backup_count += 1
        return self._backup_count

    def fingerprint(self, lease: Lease | None = None) -> str:
        """Return the fingerprint of what is in the database, or in a copy of it."""
        work = (lease or self.lease).work(StepObserver(self.log, "capture"), Deadline.after(SETUP_SECONDS))
        return fingerprint(self._captured(work, "workbench", "backup", self.context.clock))

    def adopt(self, plan: Plan) -> None:
        """Work on a plan: its set-up is made if nothing was put in by hand, and its policy holds from now on."""
        if self.is_empty:
            self._lease = self._leased(layers(plan))
        self.plan = plan
        self.performed.add(plan.scenario.id)

    # ── the set-up ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, section: str, row: Node) -> None:
        """Put one row into the database.

        Raises:
            ScenarioError: If the row has mistakes; nothing is inserted then.
        """
        self.add_all({section: (row,)})

    def add_all(self, rows: dict[str, tuple[Node, ...]]) -> None:
        """Put rows of several sections into the database, all or none.

        Raises:
            ScenarioError: If one of them has mistakes.
        """
        added = {section: [*self._rows.get(section, ()), *nodes] for section, nodes in rows.items()}
        tree = self._tree(self._rows | added, self._constraints)
        self._insert(self._checked(tree))
        self._rows.update(added)

    def constrain(self, constraints: Node) -> None:
        """Set the constraints anew.

        Raises:
            ScenarioError: If they have mistakes.
        """
        self._insert(self._checked(self._tree(self._rows, constraints)))
        self._constraints = constraints

    def _tree(self, rows: dict[str, list[Node]], constraints: Node | None) -> MapNode:
        entries = [Entry(section, HERE, ListNode(tuple(nodes), HERE)) for section, nodes in rows.items()]
        if constraints is not None:
            entries.append(Entry("constraints", HERE, constraints))
        return MapNode(tuple(entries), HERE)

    def _world(self, tree: MapNode, complaints: Complaints) -> World:
        return read_world(tree, self.domain, Spot(complaints, "setup", HERE)).world

    def _checked(self, tree: MapNode) -> World:
        complaints = Complaints()
        world = self._world(tree, complaints)
        complaints.raise_if_any()
        policy = self.domain.settle(world, (), None)
        self.domain.check(world, (), policy, complaints)
        complaints.raise_if_any()
        return world

    def _insert(self, world: World) -> None:
        """Insert the rows that are not there yet."""
        policy = self.domain.settle(world, (), None)
        work = self.open()
        try:
            work.begin()
            for group in self.domain.rows(world, policy, self.domain.default_clock(policy)):
                insert_rows(work.connection, self.domain.metadata, self._new(group))
            work.commit()
        finally:
            work.rollback()
            work.close()

    def _new(self, group: TableRows) -> TableRows:
        keys = [group.columns.index(column.name) for column in self.domain.metadata.tables[group.table].primary_key]
        known = self._inserted.setdefault(group.table, set())
        named = {tuple(row[key] for key in keys): row for row in group.rows}
        new = {key: row for key, row in named.items() if key not in known}
        known.update(new)
        return replace(group, rows=tuple(new.values()))

    # ── performing by hand ─────────────────────────────────────────────────────────────────────────────────────────────

    def numbered(self, test_case: Mapping[str, Sequence[Mapping[str, object]]]) -> dict[str, object]:
        """Return a test case whose steps go on counting, so that ids of new rows are given once."""
        numbered: dict[str, object] = {}
        for kind, rows in test_case.items():
            first = self._steps + 1
            self._steps += len(rows)
            count = kind == "operations"
            numbered[kind] = [{**({"step": n} if count else {}), **row} for n, row in enumerate(rows, first)]
        return numbered

    def document(self, test_case: Node) -> Written:
        """Return a scenario of these steps over the set-up of the workbench."""
        setup = self.plan.tree.get("setup") if self.plan else None
        written: dict[str, Node] = {
            "id": ScalarNode("workbench", HERE, quoted=True),
            "name": ScalarNode("performed by hand", HERE, quoted=True),
            "domain": ScalarNode(self.domain.name, HERE, quoted=True),
            "clock": ScalarNode(self.context.clock, HERE),
            "setup": setup or self._tree(self._rows, self._constraints),
            "test_case": test_case,
            "expected_outcome": MapNode((Entry("success", HERE, ScalarNode(True, HERE)),), HERE),
        }
        node = MapNode(tuple(Entry(key, HERE, value) for key, value in written.items()), HERE)
        return Written("workbench", "performed by hand", "workbench", node, PYTHON, resolved=True)

    # ── looking ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def policy(self) -> object:
        """What the domain makes of the set-up, or the adopted plan's."""
        if self.plan is not None:
            return self.plan.policy
        return self.domain.settle(self._world(self._tree(self._rows, self._constraints), Complaints()), (), None)

    @property
    def context(self) -> Context:
        """The context of an operation that is performed by hand."""
        if self.plan is not None:
            return self.plan.context()
        policy = self.policy
        return Context(self.domain.default_clock(policy), 0, policy)

    def photograph(self, scenario_id: str, snapshot_type: str, *, clock: datetime | None = None) -> State:
        """Read every table, and remember the state under `snapshot_type`."""
        snapshot = self._captured(self.open("capture"), scenario_id, snapshot_type, clock or self.context.clock)
        state = State(snapshot, self.policy)
        self.states[snapshot_type] = state
        return state

    def _captured(self, work: Work, scenario_id: str, snapshot_type: str, clock: datetime) -> Snapshot:
        try:
            work.begin(write=False)
            return capture(
                work.connection,
                self.domain.metadata,
                id=f"{scenario_id}-{snapshot_type}",
                scenario_id=scenario_id,
                snapshot_type=snapshot_type,
                timestamp=clock,
            )
        finally:
            work.rollback()
            work.close()


def _discard(leases: list[Lease]) -> None:
    """Remove every database that a workbench made, once nobody can ask it for anything any more."""
    for lease in leases:
        lease.discard()


def current_workbench() -> Workbench:
    """Return this context's workbench, made when first asked for."""
    bench = _CURRENT.get()
    if bench is None:
        bench = Workbench()
        _CURRENT.set(bench)
    return bench
