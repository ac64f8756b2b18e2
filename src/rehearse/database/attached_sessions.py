"""Connections of a run to an attached database: each passes the guard for itself, and refuses writes without it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote

from sqlalchemy import Connection

from rehearse.database.deadline import Deadline
from rehearse.database.effects import SEAM
from rehearse.database.engine import Exchange
from rehearse.database.links import MAINTENANCE, SqliteLink
from rehearse.database.marker import JOURNAL, OURS
from rehearse.database.sqlite_connection import SqliteConnection, connect_sqlite
from rehearse.database.sqlite_lease import TRANSACTIONS
from rehearse.database.works import LeasedWork, Outcome
from rehearse.errors import GuardRefusedError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from rehearse.database.guard import Clearance
    from rehearse.database.links import Link
    from rehearse.database.statements import Shape
    from rehearse.database.watch import Watch

GUARD_SECONDS: Final = 10.0
Ask: TypeAlias = Callable[["Link"], "Clearance"]
AnyWork: TypeAlias = LeasedWork[Any]


class SecondLock:
    """Stands in a connection's hook: what is not a read needs the clearance that was given on this connection.

    Attributes:
        clearance: None until the guard has looked at the connection, and again from the moment it was interrupted.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self.clearance: Clearance | None = None

    def permit(self, shape: Shape) -> None:
        """Return if a statement may go.

        Raises:
            GuardRefusedError: If it is not a read and there is no clearance, or it reaches for the guard's own tables.
        """
        if shape.reads_only:
            return
        if self.clearance is None:
            raise GuardRefusedError(self._link.target, [f"{shape.verb} was sent over a connection without clearance"])
        self.clearance.check(self._link)
        if not shape.names.isdisjoint(OURS):
            raise GuardRefusedError(self._link.target, [f"{shape.verb} reaches for {' or '.join(OURS)}"])
        SEAM.announce("statement", shape.text)


@dataclass
class Session:
    """An open connection that the guard has looked at.

    Attributes:
        wire: The driver's.
        lock: Its second lock.
        connect: Makes its SQLAlchemy face.
        shut: Closes it for good.
    """

    wire: Any
    lock: SecondLock
    connect: Callable[[], Connection]
    shut: Callable[[], None]
    face: Connection | None = None

    def connection(self) -> Connection:
        """Return the SQLAlchemy connection."""
        if self.face is None or self.face.closed:
            self.face = self.connect()
        return self.face

    def close(self) -> None:
        """Close both, whatever state they are in."""
        self.lock.clearance = None
        self.wire.watch = None
        with suppress(Exception):
            if self.face is not None:
                self.face.close()
        self.shut()


class Sessions(ABC):
    """Opens a run's connections on one backend."""

    isolation_level: str

    @abstractmethod
    def open(self, run: str, ask: Ask) -> Session:
        """Open a connection and let the guard look at it.

        Raises:
            GuardRefusedError: If it is not the database that was planned, or it may not be touched.
        """

    @abstractmethod
    def work(self, session: Session, watch: Watch, give_back: Callable[[AnyWork], None], run: str) -> AnyWork:
        """Return a piece of work over an open connection."""

    @abstractmethod
    def hang_up(self, work: AnyWork) -> None:
        """Make sure at the server that nothing of `work` runs on."""

    @abstractmethod
    def close(self) -> None:
        """Close what belongs to no single connection."""


class SqliteWork(LeasedWork[SqliteConnection]):
    """A piece of work on an attached file; every transaction that may write leaves a row in the journal.

    The row is committed with the rest or not at all: after a COMMIT that nobody answered it tells what became of it.
    """

    run = ""
    path = ""
    _numbers = count(1)
    _entry: str | None = None

    def _began(self, *, write: bool) -> None:
        super()._began(write=write)
        self._entry = f"transaction {next(self._numbers)}" if write else None

    def _before_commit(self) -> None:
        if self._entry is not None:
            self.wire.send(f"INSERT INTO {JOURNAL} VALUES ({_text(self.run)}, {_text(self._entry)})")  # noqa: S608

    def _read_back(self) -> Outcome:
        if self.wire.in_transaction or self._entry is None:
            return super()._read_back()
        look = f"SELECT 1 FROM {JOURNAL} WHERE run = {_text(self.run)} AND step = {_text(self._entry)}"  # noqa: S608
        try:
            other = connect_sqlite(_address(self.path), is_uri=True)
            with closing(SqliteLink(other, Path(self.path), Deadline.after(GUARD_SECONDS))) as link:
                found = link.rows(look)
                other.shut()
        except Exception:  # noqa: BLE001  (whatever stands in the way of reading it back: then it is not known)
            return "unknown"
        return "committed" if found else "aborted"


class SqliteSessions(Sessions):
    """Connections to an attached file: opened read-write only if it is there, its journal mode left alone."""

    isolation_level = "BEGIN IMMEDIATE"

    def __init__(self, path: str) -> None:
        self._path = str(Path(path).resolve())
        first = connect_sqlite(":memory:")
        self._exchange = Exchange("sqlite://", first)
        first.shut()

    def open(self, run: str, ask: Ask) -> Session:  # noqa: ARG002  (a file knows no application names)
        """Open a connection and let the guard look at it."""
        wire = connect_sqlite(_address(self._path), is_uri=True)
        link = SqliteLink(wire, Path(self._path), Deadline.after(GUARD_SECONDS))
        lock = SecondLock(link)
        session = Session(wire, lock, lambda: self._exchange.wrap(wire), wire.shut)
        try:
            lock.clearance = ask(link)
        except BaseException:
            session.close()
            raise
        return session

    def work(self, session: Session, watch: Watch, give_back: Callable[[AnyWork], None], run: str) -> AnyWork:
        """Return a piece of work."""
        work = SqliteWork(session.wire, watch, TRANSACTIONS, session.connection, give_back)
        work.run, work.path = run, self._path
        return work

    def hang_up(self, work: AnyWork) -> None:
        """Nothing: interrupted, nothing runs anywhere."""

    def close(self) -> None:
        """Forget the engine."""
        self._exchange.dispose()


class PostgresSessions(Sessions):
    """Connections to an attached PostgreSQL database, named after their run."""

    isolation_level = "SERIALIZABLE"

    def __init__(self, url: URL) -> None:
        from rehearse.database.postgres_databases import Databases  # noqa: PLC0415  (only where the driver is there)

        plain = url.set(drivername="postgresql")
        self._url = plain.render_as_string(hide_password=False)
        self._witness = Databases(plain.set(database=MAINTENANCE).render_as_string(hide_password=False), holder="0")
        self._exchange: Exchange | None = None

    def open(self, run: str, ask: Ask) -> Session:
        """Open a connection and let the guard look at it."""
        from rehearse.database.links import PostgresLink  # noqa: PLC0415
        from rehearse.database.postgres_connection import connect_postgres  # noqa: PLC0415

        wire = connect_postgres(self._url, run=run)
        link = PostgresLink(wire, wire.backend_pid, Deadline.after(GUARD_SECONDS))
        lock = SecondLock(link)
        session = Session(wire, lock, lambda: self._wrapped(wire), wire.shut)
        try:
            lock.clearance = ask(link)
            self._exchange = self._exchange or Exchange("postgresql+psycopg://", wire, use_native_hstore=False)
        except BaseException:
            session.close()
            raise
        return session

    def _wrapped(self, wire: Any) -> Connection:
        exchange = self._exchange or Exchange("postgresql+psycopg://", wire, use_native_hstore=False)
        self._exchange = exchange
        return exchange.wrap(wire)

    def work(self, session: Session, watch: Watch, give_back: Callable[[AnyWork], None], run: str) -> AnyWork:  # noqa: ARG002
        """Return a piece of work."""
        from rehearse.database.postgres_work import TRANSACTIONS as SERIALIZABLE  # noqa: PLC0415
        from rehearse.database.postgres_work import PostgresWork  # noqa: PLC0415

        return PostgresWork(session.wire, watch, SERIALIZABLE, session.connection, give_back, witness=self._witness)

    def hang_up(self, work: AnyWork) -> None:
        """End the server's process, if the line to it had to be cut."""
        wire = work.wire
        if wire.was_hung_up:
            with suppress(Exception):  # it ends by itself soon: the server looks for its client twice a second
                self._witness.terminate(wire.backend_pid, wire.info.dbname)

    def close(self) -> None:
        """Close the witness."""
        self._witness.close()
        if self._exchange is not None:
            self._exchange.dispose()


def sessions_for(url: URL) -> Sessions:
    """Return what opens connections to the database that `url` names."""
    return SqliteSessions(url.database or "") if url.get_backend_name() == "sqlite" else PostgresSessions(url)


def _address(path: str) -> str:
    return f"file:{quote(path)}?mode=rw"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
