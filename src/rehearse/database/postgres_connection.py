"""One PostgreSQL connection, set up in one place: limits as start-up options, our own BEGIN, an end from outside whatever the server does."""

from __future__ import annotations

import math
import os
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from rehearse.database.cache import Answer, SchemaLinks
from rehearse.database.scratch import name_part
from rehearse.database.watch import TransactionError, Watch
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rehearse.database.deadline import Deadline

LIBPQ_REQUIRED: Final = 170000
"""Below it `cancel_safe` falls back to a cancellation that holds up every thread of the process."""

CANCEL_SECONDS: Final = 1.0
_FRESH_SECONDS: Final = 0.1
_LEAST_LEAD_MS: Final = 5
_MOST_LEAD_MS: Final = 50
_LAST_RESORT_MS: Final = 15 * 60 * 1000
_STARTUP: Final[Mapping[str, str]] = {
    "statement_timeout": str(_LAST_RESORT_MS),
    "lock_timeout": str(_LAST_RESORT_MS),
    "idle_in_transaction_session_timeout": str(_LAST_RESORT_MS),
    "client_connection_check_interval": "500",
    "default_transaction_isolation": "serializable",
    "TimeZone": "UTC",
}
_CLIENT: Final[Mapping[str, str | int]] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_QUERY_CANCELED: Final = "57014"
_LOCK_NOT_AVAILABLE: Final = "55P03"


class PostgresCursor(psycopg.Cursor[TupleRow]):
    """A cursor that asks the watch first."""

    def __init__(self, connection: PostgresConnection, **options: Any) -> None:
        super().__init__(connection, **options)
        self._ours = connection
        self._served: Answer | None = None
        self._rows: Iterator[Any] = iter(())

    @property
    def description(self) -> Any:
        """The columns of the answer, or None."""
        return self._served.description if self._served else super().description

    def execute(self, query: Any, params: Any = None, **options: Any) -> PostgresCursor:
        """Execute one statement under the watch."""
        watch = self._ours.watch
        if watch is None:
            return self._send(query, params, **options)
        watch.perform(self, _text(query, self._ours), params, lambda: self._send(query, params, **options))
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], *, returning: bool = False) -> None:
        """Execute a statement once for each set of parameters, as one entry of the log."""
        watch = self._ours.watch
        sets = params_seq if isinstance(params_seq, list) else list(params_seq)
        if watch is None:
            super().executemany(query, sets, returning=returning)
            return
        many = super().executemany
        watch.perform(self, _text(query, self._ours), sets, lambda: many(query, sets, returning=returning))

    @contextmanager
    def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[psycopg.Copy]:
        """Copy rows in or out under the watch; the time until the block ends counts."""
        watch = self._ours.watch
        context = super().copy(statement, params, **options)
        if watch is None:
            with context as copy:
                yield copy
            return
        with watch.streaming(self, _text(statement, self._ours)), context as copy:
            yield copy

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[TupleRow]:
        """Execute and give out all rows; nothing is left unread on the connection."""
        del options
        return iter(self.execute(query, params).fetchall())

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None) if self._served else super().fetchone()

    def fetchmany(self, size: int = 0) -> list[Any]:
        """Return the next `size` rows."""
        if self._served is None:
            return super().fetchmany(size)
        return [row for _, row in zip(range(size or self.arraysize), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self._rows) if self._served else super().fetchall()

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        return iter(self.fetchall())

    def answer(self) -> Answer | None:
        """Return all rows just read, leaving them to be fetched; None if the statement returned none."""
        if super().description is None:
            return None
        answer = Answer(super().fetchall(), super().description)
        self.serve(answer)
        return answer

    def serve(self, answer: Answer) -> None:
        """Give out `answer` as if it had just been read."""
        self._served = answer
        self._rows = iter(answer.rows)

    def _send(self, query: Any, params: Any, **options: Any) -> PostgresCursor:
        self._served = None
        super().execute(query, params, **options)
        return self


class PostgresConnection(psycopg.Connection[TupleRow]):
    """A connection whose transaction is in the run's hands; `close` and `commit` by anybody else are not obeyed."""

    watch: Watch | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = cast("Any", PostgresCursor)
        self.writer_id: str | None = None
        self.notes_writer = True
        self.has_sequences = False
        self.checks_deferred = False
        self.was_stopped = False
        self.was_hung_up = False
        self._limited_at = -math.inf
        self._backend_pid = 0

    def cursor(self, name: str = "", **options: Any) -> Any:
        """Return a watched cursor.

        Raises:
            TransactionError: For a server-side cursor, whose fetches nobody would see.
        """
        if name:
            raise TransactionError("server-side cursors are not offered: their fetches would pass unseen")
        return super().cursor(**options)

    def commit(self) -> None:
        """Refuse while a run works with it."""
        if self.watch is not None:
            raise TransactionError("COMMIT is the run's to say: an operation neither begins nor ends its transaction")

    def rollback(self) -> None:
        """Refuse while a run works with it."""
        if self.watch is not None:
            raise TransactionError("ROLLBACK is the run's to say: an operation neither begins nor ends its transaction")

    def close(self) -> None:
        """Do nothing: the lease closes it, by `shut`."""

    def shut(self) -> None:
        """Really close."""
        self.watch = None
        super().close()

    @property
    def backend_pid(self) -> int:
        """The server process at the other end, also after the connection is gone."""
        self._backend_pid = self._backend_pid or self.info.backend_pid
        return self._backend_pid

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open at the server, healthy or not."""
        return self.pgconn.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
            TransactionStatus.ACTIVE,
        }

    @property
    def is_healthy(self) -> bool:
        """Whether a read would be answered."""
        return self.pgconn.transaction_status == TransactionStatus.INTRANS

    @property
    def is_unanswered(self) -> bool:
        """Whether a statement was sent whose answer nobody has read yet; if nobody waits for it either, who did was broken into."""
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE

    def send(self, sql: str) -> None:
        """Send words of our own, past the watch."""
        psycopg.Cursor(self).execute(cast("Any", sql), prepare=False)

    def read(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Read rows for ourselves, past the watch."""
        cursor: psycopg.Cursor[TupleRow] = psycopg.Cursor(self)
        return cursor.execute(cast("Any", sql), parameters or None).fetchall()

    def began(self) -> None:
        """Forget what belonged to the transaction before."""
        self.writer_id = None
        self._limited_at = time.monotonic()

    def limits(self, deadline: Deadline) -> str:
        """Return the words that make the server itself end each statement of this transaction at `deadline`; empty for none."""
        if math.isinf(deadline.at):
            return ""
        milliseconds = max(1, math.ceil(deadline.remaining * 1000))
        lead = min(_MOST_LEAD_MS, max(_LEAST_LEAD_MS, milliseconds // 10))
        # The lock's limit ends first, and well before: it counts from when the wait began, and says what was waited for.
        lock = max(1, milliseconds - lead)
        return f"SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {lock}"

    def limit(self, deadline: Deadline) -> None:
        """Set the server's limits anew if they were computed a while ago: they count from the start of each statement."""
        now = time.monotonic()
        if now - self._limited_at < _FRESH_SECONDS or not self.is_healthy:
            return
        self._limited_at = now
        words = self.limits(deadline)
        if words:
            self.send(words)

    def wrote(self) -> None:
        """Note the transaction's id at its first write: by it the server tells later what became of it."""
        if self.notes_writer and self.writer_id is None and self.is_healthy:
            self.writer_id = self.read("SELECT pg_current_xact_id_if_assigned()::text")[0][0]

    def is_blocked(self, error: BaseException) -> bool:  # noqa: ARG002  (the Protocol's)
        """Never: here a statement waits at the server."""
        return False

    def ended_by_deadline(self, error: BaseException) -> str:
        """Return why the server ended a statement at its limit; empty if it was something else."""
        state = getattr(error, "sqlstate", None)
        if state == _LOCK_NOT_AVAILABLE:
            return "waited for a lock that another session holds"
        if state == _QUERY_CANCELED and not self.was_stopped:
            return "was ended by the server"
        return ""

    def stop(self) -> None:
        """End the running statement from another thread: ask the server, and if it is silent shut the socket."""
        self.was_stopped = True
        try:
            self.cancel_safe(timeout=CANCEL_SECONDS)
        except (psycopg.Error, OSError):
            self.hang_up()

    def hang_up(self) -> None:
        """Shut the socket under the driver, which frees a thread that waits for it."""
        self.was_hung_up = True
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)

    def learn_traits(self) -> None:
        """Find out what a rollback does not turn back, and what only a COMMIT would check."""
        self.has_sequences, self.checks_deferred = self.read(_TRAITS)[0]

    def links(self) -> SchemaLinks:
        """Return how writes reach from table to table."""
        tables = frozenset(row[0] for row in self.read(_TABLES))
        cascades: dict[str, frozenset[str]] = {}
        for parent, child in self.read(_CASCADES):
            cascades[parent] = cascades.get(parent, frozenset()) | {child}
        return SchemaLinks(tables, cascades, bool(self.read(_HIDDEN_REACH)))


_USER_SCHEMA: Final = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'"
_TABLES: Final = f"""
    SELECT lower(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {_USER_SCHEMA}"""  # noqa: S608  (constants)
_TRAITS: Final = """
    SELECT EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'S'), EXISTS (SELECT 1 FROM pg_constraint WHERE condeferrable)"""
_CASCADES: Final = """
    SELECT lower(p.relname), lower(c.relname) FROM pg_constraint k
    JOIN pg_class p ON p.oid = k.confrelid JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"""
_HIDDEN_REACH: Final = f"""
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {_USER_SCHEMA} AND (c.relkind IN ('v', 'm', 'f', 'p') OR c.relhassubclass OR c.relhasrules OR n.nspname ~ '^pg_temp'
      OR EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))
    LIMIT 1"""  # noqa: S608  (constants)


def require_libpq() -> None:
    """Raise `RehearseError` if the client library is too old to be stopped without stopping everything."""
    found = psycopg.pq.version()
    if found < LIBPQ_REQUIRED:
        raise RehearseError(
            f"libpq {found // 10000} is too old: psycopg needs libpq 17 or newer here; install psycopg[binary]"
        )


def connect_postgres(
    url: str, *, run: str, database: str | None = None, settings: Mapping[str, str] | None = None
) -> PostgresConnection:
    """Open a connection in driver autocommit with every limit that a run relies on.

    Args:
        url: Of the server.
        run: Stands in `application_name`, as ``rehearse/<run>``, so that what is ours can be told at the server.
        database: Instead of the one that `url` names.
        settings: Further start-up settings by name.

    Raises:
        RehearseError: If libpq is too old.
        psycopg.OperationalError: If the server cannot be reached.
    """
    require_libpq()
    startup = {**_STARTUP, **(settings or {})}
    told = conninfo_to_dict(plain_url(url)).get("options")
    options = " ".join(([str(told)] if told else []) + [f"-c {name}={value}" for name, value in startup.items()])
    changed: dict[str, Any] = {"application_name": f"rehearse/{name_part(run, length=50)}", "options": options}
    if database is not None:
        changed["dbname"] = database
    given = conninfo_to_dict(plain_url(url))
    changed.update({name: value for name, value in _CLIENT.items() if name not in given})
    conninfo = make_conninfo(plain_url(url), **changed)
    return PostgresConnection.connect(conninfo, autocommit=True)


def plain_url(url: str) -> str:
    """Return `url` as libpq reads it, without SQLAlchemy's name of the driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _text(query: Any, connection: PostgresConnection) -> str:
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode()
    return str(query.as_string(connection))
