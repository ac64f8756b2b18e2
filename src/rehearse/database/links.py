"""Connections of the engine's own to an attached database: they read freely, and write only with a clearance.

A link is not a run's connection. It is opened to ask a database who it is, to copy it, to put it back; each has a
number of its own, so that a clearance given on one is worth nothing on the next.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from rehearse.database.effects import SEAM
from rehearse.database.statements import shape_of
from rehearse.database.transient import redact
from rehearse.errors import BackupError, GuardRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from rehearse.database.deadline import Deadline
    from rehearse.database.store import Backend

T = TypeVar("T")

_NUMBERS = count(1)
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PAUSE: Final = 0.005
_PROGRESS_STEP: Final = 1_000
_STEADY_TEXT: Final[dict[str, str | int]] = {
    "datestyle": "ISO,MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": 3,
    "bytea_output": "hex",
    "row_security": "off",
    "search_path": "public",
}
"""Settings on which the text of a row depends, or which would hide rows; the same on every link."""

_SHOWN: Final = frozenset({"host", "port"})
MAINTENANCE = "postgres"
"""The database from which others are created, renamed and dropped."""


class Permission(Protocol):
    """What a destructive statement has to show: `rehearse.database.guard.Clearance`."""

    def check(self, link: Link) -> None:
        """Raise `GuardRefusedError` unless it was given on this very link."""
        ...


class Link(Protocol):
    """One connection of the engine's own."""

    @property
    def number(self) -> int:
        """Counted; no two links of a process have the same."""
        ...

    @property
    def backend(self) -> Backend:
        """Which server."""
        ...

    @property
    def target(self) -> str:
        """Where it leads, without credentials, for messages."""
        ...

    @property
    def deadline(self) -> Deadline:
        """When its statements end."""
        ...

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads.

        Raises:
            ValueError: If it does anything else.
        """
        ...

    def destroy(self, sql: str, permission: Permission, *parameters: object) -> None:
        """Execute a statement that changes something, if `permission` was given on this link."""
        ...

    def snapshot(self) -> Any:
        """Return a context manager: reads inside it see one state of the database."""
        ...

    def close(self) -> None:
        """Close it. Idempotent."""
        ...


def reading(sql: str) -> str:
    """Return `sql` if it only reads.

    Raises:
        ValueError: If it does anything else.
    """
    if not shape_of(sql).reads_only:
        raise ValueError(f"not a statement that only reads: {sql}")
    return sql


class SqliteLink:
    """A link to a SQLite file; waiting for a lock is a loop of its own, bounded by the deadline."""

    backend: Backend = "sqlite"

    def __init__(self, raw: sqlite3.Connection, path: Path, deadline: Deadline) -> None:
        self.number = next(_NUMBERS)
        self.raw = raw
        self.path = path
        self.deadline = deadline

    def end_at_deadline(self) -> None:
        """See that a running statement ends at the deadline; not for a connection whose handler is a run's."""
        self.raw.set_progress_handler(lambda: 1 if self.deadline.passed else 0, _PROGRESS_STEP)

    @property
    def target(self) -> str:
        """The path."""
        return str(self.path)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads."""
        reading(sql)
        return self.patiently(lambda: self.raw.execute(sql, parameters).fetchall())

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Give out the rows of a statement that only reads, one by one; read to the end, inside a `snapshot`."""
        yield from self.raw.execute(reading(sql))

    def destroy(self, sql: str, permission: Permission, *parameters: object) -> None:
        """Execute a statement that changes something."""
        permission.check(self)
        SEAM.announce("statement", sql)
        self.patiently(lambda: self.raw.execute(sql, parameters).fetchall())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold a read transaction; none is nested."""
        if self.raw.in_transaction:
            yield
            return
        self.patiently(lambda: self.raw.execute("BEGIN"))
        try:
            self.patiently(lambda: self.raw.execute("SELECT count(*) FROM sqlite_master").fetchall())
            yield
        finally:
            self.raw.execute("ROLLBACK")

    def patiently(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns, tried again while another holds the lock and time is left.

        Raises:
            TimeoutError: If the lock did not become free in time.
        """
        while True:
            try:
                return attempt()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _BUSY:
                    raise
                if self.deadline.passed:
                    raise TimeoutError(f"{self.path} stayed locked by another connection") from error
                time.sleep(min(_PAUSE, max(0.0, self.deadline.remaining)))

    def close(self) -> None:
        """Close it."""
        self.raw.close()


class PostgresLink:
    """A link to a PostgreSQL database, in driver autocommit."""

    backend: Backend = "postgresql"

    def __init__(self, raw: psycopg.Connection[tuple[Any, ...]], announced: int, deadline: Deadline) -> None:
        self.number = next(_NUMBERS)
        self.raw = raw
        self.announced = announced
        self.deadline = deadline

    @property
    def target(self) -> str:
        """Database, host and port."""
        info = self.raw.info
        return f"{info.dbname} on {info.host or 'local socket'}:{info.port}"

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that only reads."""
        return self._executed(reading(sql), parameters)

    def destroy(self, sql: str, permission: Permission, *parameters: object) -> None:
        """Execute a statement that changes something."""
        permission.check(self)
        SEAM.announce("statement", sql)
        self._executed(sql, parameters)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold a read-only transaction with one snapshot; none is nested."""
        if self.raw.info.transaction_status:
            yield
            return
        self._executed("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ())
        try:
            yield
        finally:
            if not self.raw.closed:
                self._executed("ROLLBACK", ())

    def _executed(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            cursor = self.raw.execute(sql.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []
        except Exception as error:
            redact(error)
            raise

    def close(self) -> None:
        """Close it."""
        self.raw.close()


def parsed_url(url: str) -> URL:
    """Return the parts of a database URL.

    Raises:
        GuardRefusedError: If it is no URL of SQLite or PostgreSQL.
    """
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise GuardRefusedError("the target", ["its URL cannot be read"]) from error
    backend = parts.get_backend_name()
    if backend not in ("sqlite", "postgresql") or not parts.database:
        raise GuardRefusedError(
            without_secrets(parts).render_as_string(),
            ["only a SQLite file or a PostgreSQL database, named in full, can be attached"],
        )
    return parts


def without_secrets(parts: URL) -> URL:
    """Return the parts of a database URL that may be shown: no user, no password, no key."""
    shown = {name: value for name, value in parts.query.items() if name in _SHOWN}
    return URL.create(parts.get_backend_name(), None, None, parts.host, parts.port, parts.database, shown)


def open_link(url: str, deadline: Deadline, *, application: str = "rehearse", database: str | None = None) -> Link:
    """Open a link to the database of `url`, or to another database of the same server.

    Raises:
        BackupError: If it cannot be reached.
    """
    parts = parsed_url(url)
    if parts.get_backend_name() == "sqlite":
        return open_sqlite(Path(parts.database or ""), deadline)
    return open_postgres(parts.set(database=database) if database else parts, deadline, application=application)


def open_sqlite(path: Path, deadline: Deadline, *, immutable: bool = False) -> SqliteLink:
    """Open an existing SQLite file; a file that is not there is not created.

    Args:
        path: The file.
        deadline: When its statements end.
        immutable: Read-only, without a look at locks: for a backup that nobody else touches.

    Raises:
        BackupError: If it cannot be opened.
    """
    resolved = path.resolve()
    mode = "mode=ro&immutable=1" if immutable else "mode=rw"
    try:
        raw = sqlite3.connect(
            f"file:{quote(str(resolved))}?{mode}", uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise BackupError(f"{resolved} cannot be opened: {error}") from error
    raw.execute("PRAGMA trusted_schema = OFF")
    raw.text_factory = _text
    link = SqliteLink(raw, resolved, deadline)
    link.end_at_deadline()
    return link


def _text(value: bytes) -> str:
    """Decode text so that bytes which are no UTF-8 stay distinguishable."""
    return value.decode("utf-8", errors="surrogateescape")


def open_postgres(url: URL, deadline: Deadline, *, application: str = "rehearse") -> PostgresLink:
    """Open a link to a PostgreSQL database.

    Raises:
        BackupError: If it cannot be reached in time.
    """
    import psycopg  # noqa: PLC0415  (the driver stays unimported until a PostgreSQL target is named)

    milliseconds = max(1, int(min(deadline.remaining, 86_400) * 1000))
    limits = {"statement_timeout": milliseconds, "lock_timeout": milliseconds}
    settings = " ".join(f"-c {name}={value}" for name, value in (_STEADY_TEXT | limits).items())
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        raw = psycopg.connect(
            plain,
            autocommit=True,
            application_name=application,
            options=settings,
            connect_timeout=max(2, min(10, int(milliseconds / 1000))),
            keepalives_idle=10,
            tcp_user_timeout=10_000,
        )
    except psycopg.Error as error:
        redact(error)
        named = without_secrets(url).render_as_string()
        raise BackupError(f"{named} cannot be reached: {str(error).strip()}") from error
    return PostgresLink(raw, raw.info.backend_pid, deadline)
