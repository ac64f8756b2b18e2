"""A schema with a column of every kind, the same rows for every back-end, and a way to have them in a real database."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    insert,
)

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, LeaseRequest
from rehearse.snapshot.capture import capture
from rehearse.snapshot.model import Column as StoredColumn
from rehearse.snapshot.model import ColumnKind, Snapshot
from rehearse.snapshot.model import Table as StoredTable
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from rehearse.database.store import Store

CLOCK = datetime(2024, 12, 25, 6, 0)


class Shout(TypeDecorator[str]):
    """A text that an application sees in capitals; a photograph shows what is stored."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        """Return the capitals that the application sees."""
        del dialect
        return value.upper() if value else value


METADATA = MetaData()
KINDS = Table(
    "kinds",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("flag", Boolean),
    Column("whole", Integer),
    Column("large", BigInteger),
    Column("exact", Numeric(20, 4)),
    Column("rough", Float),
    Column("day", Date),
    Column("at", DateTime),
    Column("zoned", DateTime(timezone=True)),
    Column("words", Text),
    Column("choice", Enum("red", "green", name="colour")),
    Column("extra", JSON),
    Column("unique_id", Uuid),
    Column("clock", Time),
    Column("raw", LargeBinary),
    Column("shouted", Shout),
)
PAIRS = Table(
    "pairs",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("kind_id", String, ForeignKey("kinds.id"), primary_key=True),
    Column("rank", Integer),
)
ROWS: tuple[Mapping[str, Any], ...] = (
    {
        "id": "b-2",
        "flag": True,
        "whole": 7,
        "large": 2**40,
        "exact": Decimal("12.5000"),
        "rough": 0.1,
        "day": date(2024, 12, 25),
        "at": datetime(2024, 12, 25, 7, 30),
        "zoned": datetime(2024, 12, 25, 7, 30, tzinfo=UTC),
        "words": "Grüße",
        "choice": "red",
        "extra": {"b": [1, 2.50, True, None], "a": "x"},
        "unique_id": UUID("12345678-1234-5678-1234-567812345678"),
        "clock": time(7, 5),
        "raw": b"\x00\xff",
        "shouted": "quiet",
    },
    {"id": "B-1"},
    {"id": "a.10", "flag": False, "exact": Decimal(0), "extra": [], "words": ""},
    {"id": "a-9"},
    {"id": "é"},
)
PAIR_ROWS = (
    {"day": date(2024, 12, 26), "kind_id": "b-2", "rank": 1},
    {"day": date(2024, 12, 25), "kind_id": "b-2", "rank": 2},
    {"day": date(2024, 12, 25), "kind_id": "B-1", "rank": 3},
)


def fill(connection: Connection) -> None:
    """Insert the rows, not in the order of their keys."""
    columns = [column.name for column in KINDS.columns]
    connection.execute(insert(KINDS), [{name: row.get(name) for name in columns} for row in ROWS])
    connection.execute(insert(PAIRS), PAIR_ROWS)


LAYERS = (Layer("kinds-schema", METADATA.create_all, "schema"), Layer("kinds-rows", fill, "setup"))


@contextmanager
def connected(store: Store) -> Iterator[Connection]:
    """Give a connection to a fresh database with the rows, in a transaction that leaves no trace."""
    lease = store.lease(LeaseRequest("snapshot-0001", LAYERS))
    work = lease.work(StatementLog(), Deadline.never())
    try:
        work.begin()
        yield work.connection
    finally:
        work.rollback()
        work.close()
        lease.discard()


def photograph(connection: Connection, *, metadata: MetaData = METADATA) -> Snapshot:
    """Photograph everything."""
    return capture(
        connection,
        metadata,
        id="s-pre",
        scenario_id="s",
        snapshot_type="pre_execution",
        timestamp=CLOCK,
    )


def table(
    name: str, columns: Mapping[str, ColumnKind], rows: Sequence[Sequence[Value]], *, key: tuple[int, ...] = (0,)
) -> StoredTable:
    """Return a stored table by hand."""
    keyed = {tuple(row[position] for position in key): tuple(row) for row in rows}
    return StoredTable(name, tuple(StoredColumn(*item) for item in columns.items()), key, keyed)


def snapshot(*tables: StoredTable, extras: FrozenMap = EMPTY_MAP) -> Snapshot:
    """Return a snapshot by hand."""
    return Snapshot("s-pre", "s", "pre_execution", CLOCK, {item.name: item for item in tables}, extras)
