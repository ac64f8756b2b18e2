"""Databases of our own on a PostgreSQL server: how they are named, made, marked, kept and dropped.

A store proves that it lives by an advisory lock on a connection kept for it alone; the lock's key stands in the name of whatever it makes. What
bears the key of a lock that nobody holds belongs to a dead store.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal

from rehearse.database.engine import Exchange
from rehearse.database.postgres_connection import connect_postgres, plain_url
from rehearse.database.scratch import name_part
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from psycopg.sql import Composable

    from rehearse.database.postgres_connection import PostgresConnection

EMPTY: Final = "template0"
"""The server's own empty database, from which bottom layers are built."""

_OWN_NAME: Final = re.compile(r"rehearse_[bc]_([0-9a-f]{1,15})_[0-9]+")
_TEMPLATE_NAME: Final = "rehearse_t_"
_TEMPLATE_MARK: Final = "rehearse template, complete: "
_TEMPLATES_LEFT: Final = 8
_WAL_COPY_LIMIT: Final = 16 * 1024 * 1024
_STRATEGY_SINCE: Final = 150000
_RELOCK_SECONDS: Final = 2.0
_LOCK_CLASS: Final = 0x52
_KEY_BITS: Final = 56


@dataclass(frozen=True)
class OwnDatabase:
    """A database that we made: its generated name, and the oid that it had then."""

    name: str
    oid: int


class Databases:
    """Makes and drops databases over one connection that is kept for the purpose; any thread may ask.

    Args:
        url: Of the server; the database that it names is only connected to, never changed.
        holder: The key of another `Databases` of the same store, whose lock covers this one; None to take a lock.
    """

    def __init__(self, url: str, *, holder: str | None = None, numbers: count[int] | None = None) -> None:
        self._url = plain_url(url)
        self._lock = threading.RLock()
        self._keeps_lock = holder is None
        self._connection = connect_postgres(self._url, run="store", settings={"idle_session_timeout": "0"})
        self._numbers = numbers or count(1)
        self.holder = holder or self._new_holder()

    def assistant(self) -> Databases:
        """Return another one with a connection of its own, for another thread's slow work under the same holder."""
        return Databases(self._url, holder=self.holder, numbers=self._numbers)

    @property
    def version(self) -> str:
        """The server's version."""
        return str(self._ask("SHOW server_version")[0][0]).split(" ", 1)[0]

    def connect(self, database: OwnDatabase, run: str) -> PostgresConnection:
        """Open a connection to one of our databases."""
        return connect_postgres(self._url, run=run, database=database.name)

    def exchange(self) -> Exchange:
        """Return what wraps connections to this server for SQLAlchemy."""
        with self._lock:
            return Exchange("postgresql+psycopg://", self._living(), use_native_hstore=False)

    def new_name(self, kind: str) -> str:
        """Return a name that nobody else uses: kind ``b`` for what is being built, ``c`` for a clone."""
        return f"rehearse_{kind}_{self.holder}_{next(self._numbers)}"

    def kept_name(self, run: str) -> str:
        """Return the name of a database that outlives its run."""
        return f"rehearse_k_{name_part(run)}_{self.holder}_{next(self._numbers)}"

    def copy(self, template: str, kind: str) -> OwnDatabase:
        """Make a database with the content of `template`.

        Raises:
            psycopg.errors.InvalidCatalogName: If there is no such template.
        """
        name = self.new_name(kind)
        with self._lock:
            strategy = self._empty_options() if template == EMPTY else self._strategy(template)
            self._do(SQL("CREATE DATABASE {} TEMPLATE {}" + strategy).format(Identifier(name), Identifier(template)))
            return OwnDatabase(name, self._oid(name) or 0)

    def rename(self, database: OwnDatabase, name: str) -> OwnDatabase:
        """Give one of our databases another name; nobody may be connected to it."""
        self._verify(database)
        self._do(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(database.name), Identifier(name)))
        return OwnDatabase(name, database.oid)

    def drop(self, database: OwnDatabase) -> None:
        """Drop one of our databases with whatever is still connected to it; nothing if it is gone."""
        with self._lock:
            if self._oid(database.name) is None:
                return
            self._verify(database)
            if database.name.startswith(_TEMPLATE_NAME):
                self._do(SQL("ALTER DATABASE {} IS_TEMPLATE false").format(Identifier(database.name)))
            self._do(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(database.name)))

    def find_template(self, key: str) -> str | None:
        """Return the name of the finished template with this key, or None."""
        name = _TEMPLATE_NAME + key
        found = self._ask(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s AND NOT datallowconn AND datistemplate",
            name,
        )
        return name if found and found[0][0] == _TEMPLATE_MARK + key else None

    def finish_template(self, database: OwnDatabase, key: str) -> str:
        """Turn a finished building into the template of this key: name, mark and lock appear in one transaction, last of all."""
        self._verify(database)
        name = Identifier(_TEMPLATE_NAME + key)
        with self._lock:
            try:
                with self._living().transaction():
                    self._do(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(database.name), name))
                    self._do(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true").format(name))
                    self._do(SQL("COMMENT ON DATABASE {} IS {}").format(name, Literal(_TEMPLATE_MARK + key)))
            except psycopg.errors.DuplicateDatabase:
                self.drop(database)
            if self.find_template(key) is None:
                raise RehearseError(f"database {_TEMPLATE_NAME}{key} exists on the server and is no template of ours")
        return _TEMPLATE_NAME + key

    def is_waiting_for_lock(self, backend_pid: int) -> bool:
        """Whether that server process waits for a lock of another."""
        return bool(self._ask("SELECT cardinality(pg_blocking_pids(%s)) > 0", backend_pid)[0][0])

    def transaction_status(self, writer_id: str) -> str | None:
        """Return ``committed``, ``aborted``, ``in progress``, or None if it is too long ago."""
        status = self._ask("SELECT pg_xact_status(%s::xid8)", writer_id)[0][0]
        return None if status is None else str(status)

    def terminate(self, backend_pid: int, database: str) -> None:
        """End a server process of ours that is still connected to one of our databases."""
        self._ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND datname = %s",
            backend_pid,
            database,
        )

    def sweep(self) -> tuple[str, ...]:
        """Drop what dead stores left, and all but the newest templates; what somebody is connected to stays for another time."""
        gone = []
        for name, oid in self._ask(
            "SELECT datname, oid::bigint FROM pg_database WHERE datname ~ '^rehearse_[bc]_' ORDER BY oid"
        ):
            match = _OWN_NAME.fullmatch(name)
            if match and not self._holder_lives(match.group(1)) and self._drop_idle(OwnDatabase(name, oid)):
                gone.append(name)
        templates = self._ask(
            "SELECT datname, oid::bigint FROM pg_database WHERE datname ~ '^rehearse_t_[0-9a-f]+$' AND NOT datallowconn ORDER BY oid DESC"
        )
        gone += [name for name, oid in templates[_TEMPLATES_LEFT:] if self._drop_idle(OwnDatabase(name, oid))]
        return tuple(gone)

    def address(self, name: str, *, private: bool = False) -> str:
        """Return the URL of a database; with credentials only if `private`."""
        told = conninfo_to_dict(self._url)
        user = quote(str(told.get("user", "")), safe="") if private else ""
        secret = f":{quote(str(told['password']), safe='')}" if private and told.get("password") else ""
        host, port = str(told.get("host", "") or ""), told.get("port")
        is_socket = host.startswith("/")
        place = "" if is_socket else host + (f":{port}" if port else "")
        query = f"?host={quote(host)}" + (f"&port={port}" if port else "") if is_socket else ""
        return f"postgresql://{user}{secret}{'@' if user else ''}{place}/{name}{query}"

    def close(self) -> None:
        """Close the connection, and with it the lock."""
        self._connection.shut()

    def abandon(self) -> None:
        """Free whoever waits on a silent server."""
        self._connection.hang_up()

    def _empty_options(self) -> str:
        """Text is ordered byte by byte, whatever the server's own habit, so that every server gives the same answers."""
        provider = " LOCALE_PROVIDER libc" if self._living().info.server_version >= _STRATEGY_SINCE else ""
        return f" ENCODING 'UTF8'{provider} LC_COLLATE 'C' LC_CTYPE 'C'"

    def _strategy(self, template: str) -> str:
        """Copying files takes two checkpoints: cheap where nothing is synced, worth it where there is much to copy."""
        if self._living().info.server_version < _STRATEGY_SINCE:
            return ""
        durable, size = self._ask("SELECT current_setting('fsync') = 'on', pg_database_size(%s)", template)[0]
        return " STRATEGY WAL_LOG" if durable and size <= _WAL_COPY_LIMIT else " STRATEGY FILE_COPY"

    def _verify(self, database: OwnDatabase) -> None:
        """Raise unless the database still is the one that we made: right before anything that cannot be undone."""
        found = self._oid(database.name)
        if found != database.oid:
            raise RehearseError(
                f"database {database.name} is not the one that was made here (oid {found}, not {database.oid}): left alone"
            )

    def _drop_idle(self, database: OwnDatabase) -> bool:
        if self._ask("SELECT 1 FROM pg_stat_activity WHERE datname = %s LIMIT 1", database.name):
            return False
        try:
            self._verify(database)
            if database.name.startswith(_TEMPLATE_NAME):
                self._do(SQL("ALTER DATABASE {} IS_TEMPLATE false").format(Identifier(database.name)))
            self._do(SQL("DROP DATABASE {}").format(Identifier(database.name)))
        except (psycopg.errors.ObjectInUse, psycopg.errors.InvalidCatalogName, psycopg.InternalError, RehearseError):
            return False
        return True

    def _oid(self, name: str) -> int | None:
        found = self._ask("SELECT oid::bigint FROM pg_database WHERE datname = %s", name)
        return int(found[0][0]) if found else None

    def _holder_lives(self, holder: str) -> bool:
        key = int(holder, 16) | (_LOCK_CLASS << _KEY_BITS)
        high, low = key >> 32, key & 0xFFFFFFFF
        found = self._ask(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND classid = %s::oid AND objid = %s::oid AND granted LIMIT 1",
            str(high),
            str(low),
        )
        return bool(found)

    def _new_holder(self) -> str:
        """Take the lock whose key is the moment at which our server process began; the next free one if another began then too."""
        started = self._connection.read(
            "SELECT (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )[0][0]
        for key in count(started):
            if _take_lock(self._connection, key):
                return f"{key:x}"
        raise AssertionError("unreachable: the numbers do not end")

    def _living(self) -> PostgresConnection:
        """Return the connection, replaced if it was lost; its lock is taken again under the same key.

        It is replaced too if whoever asked last was stopped before the answer came: the thread of an operation asks what became of
        its COMMIT, and its deadline may pass meanwhile.
        """
        with self._lock:
            if self._connection.is_unanswered:
                self._connection.shut()
            if self._connection.closed:
                self._connection = connect_postgres(self._url, run="store", settings={"idle_session_timeout": "0"})
                limit = time.monotonic() + _RELOCK_SECONDS
                while self._keeps_lock and not _take_lock(self._connection, int(self.holder, 16)):
                    if time.monotonic() > limit:
                        raise RehearseError("the store's lock on the server was lost and is held by somebody else")
                    time.sleep(0.01)
            return self._connection

    def _ask(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._living().read(sql, *parameters)

    def _do(self, sql: Composable) -> None:
        with self._lock:
            connection = self._living()
            connection.send(sql.as_string(connection))


def _take_lock(connection: PostgresConnection, key: int) -> bool:
    return bool(connection.read("SELECT pg_try_advisory_lock(%s)", key | (_LOCK_CLASS << _KEY_BITS))[0][0])
