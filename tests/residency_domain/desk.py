"""A roster in a real database, and operations performed on it one transaction at a time."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import insert

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, LeaseRequest
from rehearse.domain import Context, Evidence, ExecutionView, OperationResult, State, StepView
from rehearse.run.attempt import StepSession
from rehearse.run.observers import StepObserver
from rehearse.snapshot.capture import capture
from rehearse.snapshot.diff import difference
from residency import DOMAIN, schema, stored
from residency.calendar import moment_of
from residency.load import snapshot_rows

from .rosters import World, at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from rehearse.database.store import Lease, Store
    from residency.model import Holiday

_RUNS = count(1)


class Desk:
    """A leased database that holds a world; use it as a context manager."""

    def __init__(self, store: Store, world: World, *, clock: str = "12-02") -> None:
        self._store = store
        self._world = world
        self._clock = clock
        self._steps = count(1)
        self._log = StatementLog()
        self.views: list[StepView] = []

    def __enter__(self) -> Self:
        number = next(_RUNS)
        layers = (
            Layer("residency-domain-tests", schema.METADATA.create_all, "schema"),
            Layer(f"residency-domain-tests-{number}-{id(self)}", self._fill, "setup"),
        )
        self._lease: Lease = self._store.lease(LeaseRequest(f"desk-{number}", layers, isolation="clone"))
        self.before = self.state()
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.discard()

    @property
    def backend(self) -> str:
        """Which kind of database it is."""
        return self._store.backend

    def _fill(self, connection: Connection) -> None:
        fill(connection, self._world)

    def do(self, operation: str, *, now: str = "", **parameters: Any) -> OperationResult:
        """Perform an operation at a moment such as ``12-25 06:00`` and commit."""
        return self._perform(operation, now, parameters, commit=True)

    def crash(self, operation: str, **parameters: Any) -> OperationResult:
        """Perform an operation and lose the connection right before COMMIT; nobody hears of it."""
        result = self._perform(operation, "", parameters, commit=False)
        self.views.pop()
        return result

    @contextmanager
    def uncommitted(self, operation: str, **parameters: Any) -> Iterator[None]:
        """Perform an operation, and undo it when the block ends; meanwhile others see nothing of it."""
        known = DOMAIN.operations[operation]
        work = self._lease.work(StepObserver(self._log, "undone"), Deadline.after(60))
        try:
            work.begin()
            session = StepSession(work.connection, "undone")
            known.function(session, known.parameters(**parameters), self._context(moment(self._clock)))
            yield
        finally:
            work.rollback()
            work.close()

    def _perform(self, operation: str, now: str, parameters: dict[str, Any], *, commit: bool) -> OperationResult:
        known = DOMAIN.operations[operation]
        clock = moment(now or self._clock)
        step = f"step{next(self._steps)}"
        work = self._lease.work(StepObserver(self._log, step), Deadline.after(60))
        try:
            work.begin(write=known.writes)
            session = StepSession(work.connection, step)
            result: OperationResult = known.function(session, known.parameters(**parameters), self._context(clock))
            if commit:
                work.commit()
        finally:
            work.rollback()
            work.close()
        self.views.append(_view(step, operation, result, clock))
        return result

    def _context(self, clock: datetime) -> Context:
        return Context(clock, 0, self._world.settings)

    def execute(self, statement: Any) -> None:
        """Send a statement of the test's own, and commit."""
        work = self._lease.work(StepObserver(self._log, "test"), Deadline.after(60))
        try:
            work.begin()
            work.connection.execute(statement)
            work.commit()
        finally:
            work.rollback()
            work.close()

    def state(self) -> State:
        """Photograph the database."""
        work = self._lease.work(StepObserver(self._log, "capture"), Deadline.after(60))
        try:
            work.begin(write=False)
            snapshot = capture(
                work.connection,
                schema.METADATA,
                id="desk",
                scenario_id="desk",
                snapshot_type="post_execution",
                timestamp=moment("12-02"),
            )
        finally:
            work.rollback()
            work.close()
        return State(snapshot, self._world.settings)

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        """Return the rows of a table by id."""
        found = snapshot_rows(self.state().snapshot, schema.METADATA.tables[table])
        return {row["id"]: row for row in found}

    def told(self, kind: str) -> list[tuple[str, str]]:
        """Return recipient and text of every notice of a kind, in order."""
        rows = sorted(self.rows("notifications").values(), key=lambda row: int(row["number"]))
        return [(row["recipient"], row["text"]) for row in rows if row["kind"] == kind]

    def roster(self) -> list[dict[str, dict[str, Any]]]:
        """Return everything that a refusal must leave alone."""
        return [
            self.rows(name)
            for name in schema.METADATA.tables
            if name not in ("audit_log", "audit_seal", "notifications")
        ]

    def evidence(self) -> Evidence:
        """Return what happened since the desk was opened, as measures see it."""
        after = self.state()
        execution = ExecutionView(tuple(self.views), {}, 0.0, 0.0)
        return Evidence(self.before, after, difference(self.before.snapshot, after.snapshot), execution)


def _holiday_row(holiday: Holiday) -> stored.StoredRow:
    return {
        "id": f"holiday-{holiday.start}",
        "date": moment_of(holiday.start).date(),
        "name": holiday.name,
        "major": holiday.major,
        "worked_by": list(holiday.worked_by),
    }


def fill(connection: Connection, world: World) -> None:
    """Write a world into a database that has the tables."""
    roster = world.roster()
    rows = (
        (schema.PERSONS, map(stored.person_row, roster.persons)),
        (schema.ROTATIONS, map(stored.rotation_row, roster.rotations)),
        (schema.REQUIREMENTS, map(stored.requirement_row, roster.requirements)),
        (schema.ASSIGNMENTS, map(stored.duty_row, roster.duties)),
        (schema.ABSENCES, map(stored.absence_row, roster.absences)),
        (schema.BACKUPS, map(stored.backup_row, world.backups)),
        (schema.LEAVE_REQUESTS, map(stored.leave_request_row, world.requests)),
        (schema.HOLIDAYS, map(_holiday_row, world.holidays)),
    )
    for table, found in rows:
        written = [dict(row) for row in found]
        if written:
            connection.execute(insert(table), written)


def _view(step: str, operation: str, result: OperationResult, clock: datetime) -> StepView:
    return StepView(step, operation, result.outcome, result.reasons, result.data, None, 0.0, 0, clock)


def moment(text: str) -> datetime:
    """Return ``12-25 06:00`` as a moment."""
    return moment_of(at(text))


def codes(result: OperationResult) -> list[str]:
    """Return the codes of a result's reasons."""
    return [reason.code for reason in result.reasons]
