"""A small world for tests of databases: people, their shifts, and the layers that hold them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, LeaseRequest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rehearse.database.store import Lease, Store, Work

METADATA = sa.MetaData()
PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("hours", sa.Integer, nullable=False, default=0),
)
SHIFTS = sa.Table(
    "shifts",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("person_id", sa.String, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("hours", sa.Integer, nullable=False),
)

RUNS = count(1)
SLOW_ON_SQLITE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"
)
SLOW_ON_POSTGRESQL = "SELECT pg_sleep(600)"


def fill(connection: Connection) -> None:
    """Insert three people with a shift each."""
    connection.execute(
        PEOPLE.insert(),
        [{"id": f"p{n}", "name": f"Person {n}", "hours": n * 10} for n in (1, 2, 3)],
    )
    connection.execute(SHIFTS.insert(), [{"id": f"s{n}", "person_id": f"p{n}", "hours": 8} for n in (1, 2, 3)])


SCHEMA = Layer("schema-1", METADATA.create_all, "schema")
ROWS = Layer("rows-1", fill, "setup")
LAYERS = (SCHEMA, ROWS)


def request(**changes: object) -> LeaseRequest:
    """Return a request for the small world, with a run id of its own."""
    given: dict[str, object] = {"run": f"run-{next(RUNS)}", "layers": LAYERS, **changes}
    return LeaseRequest(**given)  # type: ignore[arg-type]


def opened(lease: Lease, *, log: StatementLog | None = None, seconds: float = 30.0, write: bool = True) -> Work:
    """Return a piece of work with its transaction begun."""
    work = lease.work(log or StatementLog(), Deadline.after(seconds))
    work.begin(write=write)
    return work


def hours(work: Work) -> dict[str, int]:
    """Return everybody's hours."""
    rows = work.connection.execute(sa.select(PEOPLE.c.id, PEOPLE.c.hours).order_by(PEOPLE.c.id))
    return {row.id: row.hours for row in rows}


def hours_now(lease: Lease) -> dict[str, int]:
    """Return everybody's hours as a new piece of work sees them."""
    work = opened(lease, write=False)
    try:
        return hours(work)
    finally:
        work.rollback()
        work.close()


def set_hours(work: Work, person: str, value: int) -> None:
    """Change somebody's hours."""
    work.connection.execute(PEOPLE.update().where(PEOPLE.c.id == person).values(hours=value))


def slow_statement(store: Store) -> str:
    """Return a statement that takes longer than any test."""
    return SLOW_ON_SQLITE if store.backend == "sqlite" else SLOW_ON_POSTGRESQL
