"""One SQLite connection, set up in one place: driver autocommit, our own BEGIN, busy timeout 0, the deadline in the progress handler."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NoReturn

from rehearse.database.cache import Answer, SchemaLinks
from rehearse.database.watch import TransactionError, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rehearse.database.deadline import Deadline

PROGRESS_STEP: Final = 1_000
"""Operations of SQLite's machine between two looks at the deadline."""

_SETTINGS: Final = ("PRAGMA foreign_keys = ON", "PRAGMA trusted_schema = OFF")
_OWN_FILE_SETTINGS: Final = ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF")
_KILL_PROOF_SETTINGS: Final = ("PRAGMA journal_mode = DELETE", "PRAGMA synchronous = OFF")
_BUSY: Final = 5
_INTERRUPT: Final = 9
_KEEPS_ROWS: Final = frozenset({"NO ACTION", "RESTRICT"})


class SqliteCursor(sqlite3.Cursor):
    """A cursor that reads to the end at once, so that an interruption never meets a half-read one, and asks the watch first."""

    connection: SqliteConnection

    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection)
        self._rows: Iterator[Any] = iter(())
        self._answer: Answer | None = None

    @property
    def description(self) -> Any:
        """The columns of the answer, or None."""
        return self._answer.description if self._answer else None

    def execute(self, sql: str, parameters: Any = (), /) -> SqliteCursor:
        """Execute one statement under the watch and read all of its rows."""
        watch = self.connection.watch
        if watch is None:
            self._send(sql, parameters)
        else:
            watch.perform(self, sql, parameters, lambda: self._send(sql, parameters))
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> SqliteCursor:
        """Execute a statement once for each set of parameters, as one entry of the log."""
        watch = self.connection.watch
        sets = parameters if isinstance(parameters, list) else list(parameters)
        if watch is None:
            self._send_many(sql, sets)
        else:
            watch.perform(self, sql, sets, lambda: self._send_many(sql, sets))
        return self

    def executescript(self, sql_script: str, /) -> SqliteCursor:
        """Refuse: a script commits an open transaction, even an explicit one."""
        _refuse_script(sql_script)

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        """Return the next `size` rows."""
        wanted = self.arraysize if size is None else size
        return list(islice(self._rows, wanted))

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self._rows)

    def __iter__(self) -> SqliteCursor:
        return self

    def __next__(self) -> Any:
        return next(self._rows)

    def answer(self) -> Answer | None:
        """Return the rows just read, or None if the statement returned none."""
        return self._answer

    def serve(self, answer: Answer) -> None:
        """Give out `answer` as if it had just been read."""
        self._answer = answer
        self._rows = iter(answer.rows)

    def _send(self, sql: str, parameters: Any) -> None:
        super().execute(sql, parameters)
        description = super().description
        if description is None:
            self._answer, self._rows = None, iter(())
        else:
            self.serve(Answer(super().fetchall(), description))

    def _send_many(self, sql: str, parameters: list[Any]) -> None:
        super().executemany(sql, parameters)
        self._answer, self._rows = None, iter(())


class SqliteConnection(sqlite3.Connection):
    """A connection whose transaction is in the run's hands; `close` and `commit` by anybody else are not obeyed."""

    watch: Watch | None = None

    def cursor(self, factory: Any = SqliteCursor) -> Any:
        """Return a watched cursor, whatever `factory` was asked for."""
        del factory
        return SqliteCursor(self)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """Execute one statement under the watch (the base class would make an unwatched cursor)."""
        return SqliteCursor(self).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Execute a statement once for each set of parameters, under the watch."""
        return SqliteCursor(self).executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> Any:
        """Refuse, as the cursor does."""
        _refuse_script(sql_script)

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
    def is_healthy(self) -> bool:
        """Whether a read would be answered."""
        return self.in_transaction

    def send(self, sql: str) -> None:
        """Send words of our own, past the watch."""
        super().cursor().execute(sql).close()

    def read(self, sql: str, *parameters: object) -> list[Any]:
        """Read rows for ourselves, past the watch."""
        return super().cursor().execute(sql, parameters).fetchall()

    def limit(self, deadline: Deadline) -> None:
        """Do nothing: the progress handler asks the watch."""

    def wrote(self) -> None:
        """Do nothing: whether a transaction is open tells all that SQLite can tell."""

    def is_blocked(self, error: BaseException) -> bool:
        """Whether another connection holds the lock (a stale snapshot is no lock: it never goes away by waiting)."""
        return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == _BUSY

    def ended_by_deadline(self, error: BaseException) -> str:
        """Return why the progress handler ended a statement; empty if it was something else."""
        interrupted = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == _INTERRUPT
        return "was ended" if interrupted else ""

    def stop(self) -> None:
        """End the running statement from another thread."""
        with suppress(sqlite3.ProgrammingError):  # closed in the meantime: nothing runs any more
            self.interrupt()

    def links(self) -> SchemaLinks:
        """Return how writes reach from table to table."""
        kinds = self.read(
            "SELECT lower(name), type, sql FROM sqlite_master UNION ALL SELECT name, 'temp', '' FROM sqlite_temp_master"
        )
        tables = frozenset(name for name, kind, _ in kinds if kind == "table")
        is_virtual = any(kind == "table" and (sql or "").upper().startswith("CREATE VIRTUAL") for _, kind, sql in kinds)
        cascades: dict[str, frozenset[str]] = {}
        for child in tables:
            for row in self.read('SELECT lower("table"), on_update, on_delete FROM pragma_foreign_key_list(?)', child):
                if not _KEEPS_ROWS.issuperset(row[1:]):
                    cascades[row[0]] = cascades.get(row[0], frozenset()) | {child}
        return SchemaLinks(
            tables, cascades, is_virtual or any(kind in {"trigger", "view", "temp"} for _, kind, _ in kinds)
        )

    def expired(self) -> int:
        """Tell SQLite whether to end the running statement."""
        watch = self.watch
        return 1 if watch is not None and watch.expired() else 0


def _refuse_script(script: str) -> NoReturn:
    raise TransactionError(f"a script of {len(script)} characters was refused: it would commit the open transaction")


def connect_sqlite(
    address: str, *, is_uri: bool = False, settings: Mapping[str, str] | None = None
) -> SqliteConnection:
    """Open a SQLite database with every setting that a run relies on.

    Args:
        address: A path, ``:memory:`` or, with `is_uri`, a ``file:`` URI (an attached file: ``file:…?mode=rw``, so that a typing error
            creates nothing).
        is_uri: Whether `address` is a URI.
        settings: Further PRAGMAs by name.

    Raises:
        sqlite3.OperationalError: If it cannot be opened.
    """
    connection = sqlite3.connect(
        address, timeout=0, isolation_level=None, check_same_thread=False, factory=SqliteConnection, uri=is_uri
    )
    for setting in _SETTINGS:
        connection.send(setting)
    for name, value in (settings or {}).items():
        connection.send(f"PRAGMA {name} = {value}")
    connection.set_progress_handler(connection.expired, PROGRESS_STEP)
    return connection


def connect_own_memory(content: bytes) -> SqliteConnection:
    """Return an in-memory database with `content`, ours alone."""
    connection = connect_sqlite(":memory:")
    if content:
        connection.deserialize(content)
    return connection


def connect_own_file(path: str, *, survives_kill: bool = False) -> SqliteConnection:
    """Open a file that we made ourselves and throw away after the run: it owes nobody durability.

    With `survives_kill` the journal is a file, so that a writer killed half-way leaves a database that the next reader puts right.
    """
    connection = connect_sqlite(path)
    for setting in _KILL_PROOF_SETTINGS if survives_kill else _OWN_FILE_SETTINGS:
        connection.read(setting)
    return connection
