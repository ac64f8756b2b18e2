"""A SQLite database for one run: in memory for one session at a time, a file for several."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from rehearse.database.cache import QueryCache
from rehearse.database.scratch import name_part, private_directory
from rehearse.database.sqlite_connection import SqliteConnection, connect_own_file, connect_own_memory
from rehearse.database.watch import Tenure, Watch
from rehearse.database.works import SAVEPOINTS, LeasedWork, Words, is_usable
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import Observer
    from rehearse.database.store import Backend, How, LeaseRequest

TRANSACTIONS: Final = Words(write="BEGIN IMMEDIATE", read="BEGIN", commit="COMMIT", rollback=("ROLLBACK",))
_CLOSING_PATIENCE: Final = 1.0


@dataclass(frozen=True)
class Premises:
    """What every lease of one store shares.

    Attributes:
        wrap: Makes SQLAlchemy connections.
        kept: Where kept databases go.
        scratch: Returns the directory for files that last as long as this process.
        numbers: Counts the store's leases.
    """

    wrap: Callable[[SqliteConnection], Connection]
    kept: Callable[[], Path]
    scratch: Callable[[], Path]
    numbers: count[int] = field(default_factory=lambda: count(1))


class SqliteLease(ABC):
    """What both kinds have in common."""

    how: How
    backend: Backend = "sqlite"
    isolation_level = "BEGIN IMMEDIATE"

    def __init__(self, request: LeaseRequest, premises: Premises) -> None:
        self._request = request
        self._premises = premises
        self._tenure = Tenure(request.run)
        self._name = f"{name_part(request.run)}-{os.getpid()}-{next(premises.numbers)}.db"
        self._open: set[LeasedWork[SqliteConnection]] = set()
        self._shared_cache: QueryCache | None = None
        self._discarded = False

    @property
    def address(self) -> str:
        """Where a kept one lies."""
        return f"sqlite:///{self._premises.kept() / self._name}"

    def work(self, observer: Observer, deadline: Deadline) -> LeasedWork[SqliteConnection]:
        """Open a piece of work."""
        self._tenure.check()
        if self._discarded:
            raise LeaseRevokedError(f"the database of run {self._request.run} was discarded")
        raw = self._connected()
        watch = Watch(raw, observer, deadline, self._tenure, cache=self._cache(raw))
        work = LeasedWork(raw, watch, self._words(), lambda: self._wrapped(raw), self._given_back)
        self._open.add(work)
        return work

    def interrupt(self) -> None:
        """Stop what runs on every open connection."""
        for work in tuple(self._open):
            work.watch.interrupt()

    def revoke(self) -> None:
        """Let no further statement through."""
        self._tenure.revoked = True

    def finish(self, *, passed: bool, rollback_on_failure: bool) -> None:  # noqa: ARG002  (an own database is discarded either way)
        """Discard it."""
        self.discard()

    def keep(self) -> str:
        """Write what is in it now to a durable file and return its address."""
        path = private_directory(self._premises.kept()) / self._name
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        self._copy_to(draft)
        _make_durable(draft)
        draft.rename(path)
        _sync_directory(path.parent)
        return f"sqlite:///{path}"

    def discard(self) -> None:
        """Remove it."""
        if self._discarded:
            return
        self._discarded = True
        self.revoke()
        if self._quiet():
            self._close()
        self._remove()

    def _quiet(self) -> bool:
        """Interrupt until nothing runs; False if a thread does not let go of its connection, which then stays open."""
        limit = time.monotonic() + _CLOSING_PATIENCE
        while any(work.watch.busy for work in tuple(self._open)):
            if time.monotonic() > limit:
                return False
            self.interrupt()
            time.sleep(0.001)
        return True

    def _cache(self, raw: SqliteConnection) -> QueryCache | None:
        if not self._request.cache:
            return None
        if self._request.sessions > 1 or self._request.processes:
            return QueryCache(raw.links, lasting=False)
        if self._shared_cache is None:
            self._shared_cache = QueryCache(raw.links, lasting=True)
        return self._shared_cache

    def _given_back(self, work: LeasedWork[SqliteConnection]) -> None:
        self._open.discard(work)

    def _words(self) -> Words:
        return TRANSACTIONS

    @abstractmethod
    def process_address(self) -> str:
        """Return where a child process finds it."""

    @abstractmethod
    def fork(self, name: str) -> SqliteLease:
        """Return a lease on a copy."""

    @abstractmethod
    def _connected(self) -> SqliteConnection: ...

    @abstractmethod
    def _wrapped(self, raw: SqliteConnection) -> Connection: ...

    @abstractmethod
    def _copy_to(self, path: Path) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _remove(self) -> None: ...


class MemoryLease(SqliteLease):
    """One connection to a database in memory, lent to one piece of work after another.

    Args:
        request: What was asked for.
        premises: The store's.
        content: The template.
        nested: Whether everything happens in one outer transaction.
    """

    how: How = "memory"

    def __init__(self, request: LeaseRequest, premises: Premises, content: bytes, *, nested: bool = False) -> None:
        super().__init__(request, premises)
        self._raw = connect_own_memory(content)
        self._connection: Connection | None = None
        self._nested = nested
        if nested:
            self.how = "transaction"
            self._raw.send("BEGIN IMMEDIATE")

    def process_address(self) -> str:
        """Refuse: another process cannot look into this one's memory."""
        raise RehearseError("the run's database lies in this process's memory, where a child process cannot reach it")

    def fork(self, name: str) -> MemoryLease:
        """Return a lease on a copy of what is in it now."""
        return MemoryLease(_renamed(self._request, name), self._premises, self._content(), nested=self._nested)

    def _content(self) -> bytes:
        self._settle()
        return self._raw.serialize()

    def _settle(self) -> None:
        """Commit the outer transaction, which holds what was committed inside it."""
        if self._nested and self._raw.in_transaction:
            self._raw.send("COMMIT")
            self._raw.send("BEGIN IMMEDIATE")

    def _words(self) -> Words:
        return SAVEPOINTS if self._nested else TRANSACTIONS

    def _connected(self) -> SqliteConnection:
        return self._raw

    def _wrapped(self, raw: SqliteConnection) -> Connection:
        if self._connection is None or not is_usable(self._connection):
            self._connection = self._premises.wrap(raw)
        return self._connection

    def _copy_to(self, path: Path) -> None:
        path.write_bytes(self._content())

    def _close(self) -> None:
        self._raw.watch = None
        if self._connection is not None:
            self._connection.close()
        self._raw.shut()

    def _remove(self) -> None:
        self._connection = None


class FileLease(SqliteLease):
    """A file that several sessions, and child processes, open at the same time."""

    how: How = "file"

    def __init__(self, request: LeaseRequest, premises: Premises, content: bytes) -> None:
        super().__init__(request, premises)
        self._path = premises.scratch() / self._name
        self._idle: list[tuple[SqliteConnection, Connection]] = []
        self._wraps: dict[SqliteConnection, Connection] = {}
        try:
            self._path.write_bytes(content)
        except OSError as error:
            self._path.unlink(missing_ok=True)
            raise RehearseError(f"the run's database {self._path} could not be written: {error.strerror}") from error

    def process_address(self) -> str:
        """Return the file's address."""
        return f"sqlite:///{self._path}"

    def fork(self, name: str) -> FileLease:
        """Return a lease on a copy of the file."""
        return FileLease(_renamed(self._request, name), self._premises, self._path.read_bytes())

    def _connected(self) -> SqliteConnection:
        if self._idle:
            raw, connection = self._idle.pop()
            self._wraps[raw] = connection
            return raw
        return connect_own_file(str(self._path), survives_kill=self._request.processes)

    def _wrapped(self, raw: SqliteConnection) -> Connection:
        connection = self._wraps.get(raw)
        if connection is None or not is_usable(connection):
            connection = self._wraps[raw] = self._premises.wrap(raw)
        return connection

    def _given_back(self, work: LeasedWork[SqliteConnection]) -> None:
        super()._given_back(work)
        raw = work.wire
        connection = self._wraps.pop(raw, None)
        if (
            connection is None
            or not is_usable(connection)
            or self._discarded
            or work.watch.interruptions
            or raw.in_transaction
        ):
            raw.shut()
        else:
            self._idle.append((raw, connection))

    def _copy_to(self, path: Path) -> None:
        raw = connect_own_file(str(self._path))
        try:
            raw.send(f"VACUUM INTO '{str(path).replace(chr(39), chr(39) * 2)}'")
        finally:
            raw.shut()

    def _close(self) -> None:
        for work in tuple(self._open):
            work.close()
        for raw, _ in self._idle:
            raw.shut()
        self._idle.clear()

    def _remove(self) -> None:
        self._path.unlink(missing_ok=True)
        self._path.with_name(self._path.name + "-journal").unlink(missing_ok=True)


def _renamed(request: LeaseRequest, name: str) -> LeaseRequest:
    return replace(request, run=name)


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
