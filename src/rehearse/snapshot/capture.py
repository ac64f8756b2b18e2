"""Reading the state of a database: every table once, in one transaction, over the driver's own cursor."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from rehearse.column_kinds import column_kind
from rehearse.snapshot.columns import Converter, UnreadableValueError, converter, read_as_text
from rehearse.snapshot.model import Column, Snapshot, Table
from rehearse.values import EMPTY_MAP, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    import sqlalchemy
    from sqlalchemy import Connection, Dialect, MetaData

Row: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True)
class Reading:
    """How one table is read on one back-end; made once.

    Attributes:
        name: The table.
        columns: Its columns in the order of the schema.
        key: Positions of the primary key.
        sql: The statement, ordered by primary key, text by code point on every back-end.
        converters: Position → what makes the snapshot's value of the driver's, only where that is not the same.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    sql: str
    converters: tuple[tuple[int, Converter], ...]


def capture(
    connection: Connection,
    metadata: MetaData,
    *,
    id: str,  # noqa: A002  (the snapshot's own word)
    scenario_id: str,
    snapshot_type: str,
    timestamp: datetime,
) -> Snapshot:
    """Read every table of `metadata`, all as of one moment: in the connection's open transaction, or in one of its own.

    Raises:
        UnreadableValueError: If a stored value is not of its column's type.
        ValueError: If a table has no primary key.
    """
    with one_moment(connection) as cursor:
        tables = {reading.name: _read(cursor, reading) for reading in readings(metadata, connection.dialect)}
    return Snapshot(id, scenario_id, snapshot_type, timestamp, tables)


def capture_changed(connection: Connection, previous: Snapshot, tables: Iterable[str], metadata: MetaData) -> Snapshot:
    """Return `previous` with `tables` read anew and the others shared.

    A table that turns out unchanged is shared as well, so that a difference need not look at it. Extras are left out: they were made from
    the previous state.

    Raises:
        UnreadableValueError: If a stored value is not of its column's type.
    """
    names = frozenset(tables)
    changed = dict(previous.tables)
    with one_moment(connection) as cursor:
        for reading in readings(metadata, connection.dialect):
            if reading.name in names:
                fresh = _read(cursor, reading)
                if fresh != changed.get(reading.name) or _holds_json(reading):
                    changed[reading.name] = fresh
    return replace(previous, tables=changed, extras=EMPTY_MAP)


def _holds_json(reading: Reading) -> bool:
    """In JSON true and 1 differ, though they are equal here: such a table is never shared on the word of ``==``."""
    return any(column.kind == "json" for column in reading.columns)


# ── how to read ────────────────────────────────────────────────────────────────────────────────────────────────────────


def readings(metadata: MetaData, dialect: Dialect) -> tuple[Reading, ...]:
    """Return how every table of `metadata` is read, in the order of the schema.

    Raises:
        ValueError: If a table has no primary key, by which its rows could be told apart.
    """
    return _readings(metadata, dialect.name, tuple(metadata.tables), _Preparer(dialect))


class _Preparer:
    """A dialect that is equal to any other of its name, so that a new engine does not mean a new reading."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Preparer) and other.dialect.name == self.dialect.name

    def __hash__(self) -> int:
        return hash(self.dialect.name)


@lru_cache(maxsize=64)
def _readings(metadata: MetaData, backend: str, _: tuple[str, ...], preparer: _Preparer) -> tuple[Reading, ...]:
    return tuple(_reading(table, backend, preparer.dialect) for table in metadata.tables.values())


def _reading(table: sqlalchemy.Table, backend: str, dialect: Dialect) -> Reading:
    if not table.primary_key.columns:
        raise ValueError(f"table `{table.name}` has no primary key, so its rows cannot be told apart")
    names = [column.name for column in table.columns]
    prepare = dialect.identifier_preparer
    selected = ", ".join(_selected(column, prepare.quote(column.name), backend) for column in table.columns)
    key = tuple(names.index(column.name) for column in table.primary_key.columns)
    order = ", ".join(_ordered(column, prepare.quote(column.name), backend) for column in table.primary_key.columns)
    made = ((position, converter(column, backend)) for position, column in enumerate(table.columns))
    return Reading(
        table.name,
        tuple(Column(column.name, column_kind(column)) for column in table.columns),
        key,
        f"SELECT {selected} FROM {prepare.format_table(table)} ORDER BY {order}",  # noqa: S608  (names of the domain's own schema, quoted)
        tuple((position, convert) for position, convert in made if convert is not None),
    )


def _selected(column: sqlalchemy.Column[Any], name: str, backend: str) -> str:
    return f"{name}::text" if backend == "postgresql" and read_as_text(column) else name


def _ordered(column: sqlalchemy.Column[Any], name: str, backend: str) -> str:
    if column_kind(column) != "text":
        return name
    if backend == "postgresql":
        return f'{_selected(column, name, backend)} COLLATE "C"' if _is_collatable(column) else name
    return f"{name} COLLATE BINARY" if getattr(column.type, "collation", None) else name


def _is_collatable(column: sqlalchemy.Column[Any]) -> bool:
    from sqlalchemy import String  # noqa: PLC0415  (judging a stored run needs no database)

    return isinstance(column.type, String) or read_as_text(column)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(cursor: Any, reading: Reading) -> Table:
    cursor.execute(reading.sql)
    rows: Sequence[Row] = cursor.fetchall()
    if rows and reading.converters:
        rows = _converted(rows, reading)
    if len(reading.key) == 1:
        position = reading.key[0]
        keyed: dict[Row, Row] = {(row[position],): row for row in rows}
    else:
        keyed = {tuple(row[position] for position in reading.key): row for row in rows}
    return Table(reading.name, reading.columns, reading.key, keyed)


def _converted(rows: Sequence[Row], reading: Reading) -> list[Row]:
    """Convert column by column, every distinct value once: moments and numbers repeat, and equal ones are shared afterwards."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for position, convert in reading.converters:
        values = columns[position]
        try:
            made = {value: None if value is None else convert(value) for value in set(values)}
        except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
            raise _unreadable(reading, position, values) from error
        columns[position] = list(map(made.__getitem__, values))
    return list(zip(*columns, strict=True))


def _unreadable(reading: Reading, position: int, values: Sequence[Any]) -> UnreadableValueError:
    column, convert = reading.columns[position], dict(reading.converters)[position]
    culprit = next(value for value in values if value is not None and not _is_readable(value, convert))
    return UnreadableValueError(f"`{reading.name}.{column.name}` holds {culprit!r:.80}, which is no {column.kind}")


def _is_readable(value: Any, convert: Converter) -> bool:
    try:
        convert(value)
    except (ValueError, TypeError, ArithmeticError, AttributeError):
        return False
    return True


@contextmanager
def one_moment(connection: Connection) -> Iterator[Any]:
    """Give the driver's cursor inside one transaction: the one that is open, or one that ends with the block.

    On PostgreSQL an own transaction is a repeatable read; the isolation level of one that is open is its owner's to choose.
    """
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    begin, end = _own_transaction(connection, driver)
    try:
        if begin:
            cursor.execute(begin)
        yield cursor
    finally:
        if end:
            cursor.execute(end)
        cursor.close()


def _own_transaction(connection: Connection, driver: Any) -> tuple[str, str]:
    """Return what begins and what ends a transaction of our own; nothing if one is open."""
    if connection.dialect.name != "postgresql":
        return ("", "") if driver.in_transaction else ("BEGIN", "ROLLBACK")
    from psycopg.pq import TransactionStatus  # noqa: PLC0415  (only there when PostgreSQL is)

    if driver.info.transaction_status != TransactionStatus.IDLE:
        return "", ""
    if driver.autocommit:
        return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK"
    return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "" if connection.in_transaction() else "ROLLBACK"
