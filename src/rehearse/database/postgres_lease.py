"""A PostgreSQL database for one run: a clone for several sessions, or one outer transaction for one session at a time."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import psycopg
from sqlalchemy import Connection

from rehearse.database.cache import QueryCache
from rehearse.database.engine import Exchange
from rehearse.database.postgres_connection import PostgresConnection, connect_postgres
from rehearse.database.postgres_databases import Databases, OwnDatabase
from rehearse.database.postgres_keep import Keeper
from rehearse.database.postgres_pool import Clone, ClonePool, Janitor
from rehearse.database.postgres_work import TRANSACTIONS, PostgresWork
from rehearse.database.watch import Tenure, Watch
from rehearse.database.works import SAVEPOINTS, LeasedWork, Words, is_usable
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import Observer
    from rehearse.database.store import Backend, How, LeaseRequest

_CLOSING_PATIENCE: Final = 1.5


@dataclass(frozen=True)
class Premises:
    """What every lease of one store shares."""

    databases: Databases
    janitor: Janitor
    exchange: Exchange
    keeper: Keeper


@dataclass
class Seat:
    """An open connection with its SQLAlchemy face, made when first asked for."""

    wire: PostgresConnection
    exchange: Exchange
    face: Connection | None = None

    def connection(self) -> Connection:
        """Return the SQLAlchemy connection."""
        if self.face is None or not is_usable(self.face):
            self.face = self.exchange.wrap(self.wire)
        return self.face

    @property
    def is_fit(self) -> bool:
        """Whether another piece of work may use it."""
        unharmed = not (self.wire.closed or self.wire.was_stopped or self.wire.in_transaction)
        return unharmed and (self.face is None or is_usable(self.face))

    def close(self) -> None:
        """Close it for good, whatever state it is in."""
        self.wire.watch = None
        with suppress(Exception):
            if self.face is not None:
                self.face.close()
        self.wire.shut()


class PostgresLease(ABC):
    """What both kinds have in common."""

    how: How
    backend: Backend = "postgresql"
    isolation_level = "SERIALIZABLE"

    def __init__(self, request: LeaseRequest, premises: Premises) -> None:
        self._request = request
        self._premises = premises
        self._tenure = Tenure(request.run)
        self._open: dict[PostgresWork, Seat] = {}
        self._shared_cache: QueryCache | None = None
        self._kept_name = premises.databases.kept_name(request.run)
        self._kept = False
        self._discarded = False
        self._broken_into = False

    @property
    def address(self) -> str:
        """Where a kept one will be."""
        return self._premises.keeper.address(self._kept_name)

    def work(self, observer: Observer, deadline: Deadline) -> PostgresWork:
        """Open a piece of work."""
        self._tenure.check()
        if self._discarded or self._kept:
            raise LeaseRevokedError(f"the database of run {self._request.run} was given up")
        seat = self._seat()
        watch = Watch(seat.wire, observer, deadline, self._tenure, cache=self._cache(seat.wire))
        witness = self._premises.databases
        work = PostgresWork(seat.wire, watch, self._words(), seat.connection, self._given_back, witness=witness)
        self._open[work] = seat
        return work

    def interrupt(self) -> None:
        """Stop what runs on every open connection, all at once, since a silent server takes its time for each."""
        self._broken_into = True
        busy = [work for work in tuple(self._open) if work.watch.busy]
        others = [threading.Thread(target=self._stop, args=(work,), daemon=True) for work in busy[1:]]
        for thread in others:
            thread.start()
        for work in busy[:1]:
            self._stop(work)
        for thread in others:
            thread.join()

    def revoke(self) -> None:
        """Let no further statement through; whoever holds a connection of this lease may hold it for good."""
        self._broken_into = True
        self._tenure.revoked = True

    def finish(self, *, passed: bool, rollback_on_failure: bool) -> None:  # noqa: ARG002  (discarded either way)
        """Discard it."""
        self.discard()

    def keep(self) -> str:
        """Give the database, with what is in it now, a name that no sweep touches, and return its address."""
        if not self._kept:
            self._settle()
            self._kept = True
            self._premises.keeper.keep(self._database(), self._kept_name)
        return self.address

    def discard(self) -> None:
        """Remove it."""
        if self._discarded:
            return
        self._discarded = True
        self._tenure.revoked = True
        self._quiet()
        self._close()

    def _stop(self, work: PostgresWork) -> None:
        work.watch.interrupt()
        if work.wire.was_hung_up:
            pid, name = work.wire.backend_pid, self._database().name
            self._premises.janitor.submit(lambda databases: databases.terminate(pid, name))

    def _quiet(self) -> None:
        """Interrupt until nothing runs; whoever still waits then is hung up on."""
        limit = time.monotonic() + _CLOSING_PATIENCE
        while any(work.watch.busy for work in tuple(self._open)):
            if time.monotonic() > limit:
                for seat in tuple(self._open.values()):
                    seat.wire.hang_up()
                return
            self.interrupt()
            time.sleep(0.001)

    def _cache(self, wire: PostgresConnection) -> QueryCache | None:
        if not self._request.cache:
            return None
        if self._request.sessions > 1 or self._request.processes:
            return QueryCache(wire.links, lasting=False)
        if self._shared_cache is None:
            self._shared_cache = QueryCache(lambda: self._seat_for_links().links(), lasting=True)
        return self._shared_cache

    def _seat_for_links(self) -> PostgresConnection:
        return next(reversed(self._open.values())).wire

    def _given_back(self, work: LeasedWork[PostgresConnection]) -> None:
        seat = next((self._open.pop(known) for known in tuple(self._open) if known is work), None)
        self._broken_into |= work.watch.interruptions > 0
        if seat is not None:
            self._take_back(seat)

    @abstractmethod
    def process_address(self) -> str:
        """Return where a child process finds it."""

    @abstractmethod
    def fork(self, name: str) -> PostgresLease:
        """Return a lease on a copy."""

    @abstractmethod
    def _database(self) -> OwnDatabase: ...

    @abstractmethod
    def _words(self) -> Words: ...

    @abstractmethod
    def _seat(self) -> Seat: ...

    @abstractmethod
    def _take_back(self, seat: Seat) -> None: ...

    @abstractmethod
    def _settle(self) -> None:
        """Commit what is committed inside, and leave nobody connected."""

    @abstractmethod
    def _close(self) -> None: ...


class DatabaseLease(PostgresLease):
    """A clone of the template, for any number of sessions.

    Args:
        request: What was asked for.
        premises: The store's.
        clone: Ours alone.
    """

    how: How = "database"

    def __init__(self, request: LeaseRequest, premises: Premises, clone: Clone) -> None:
        super().__init__(request, premises)
        self._clone = clone
        self._idle = [Seat(clone.connection, premises.exchange)]
        self._copies: ClonePool | None = None

    def process_address(self) -> str:
        """Return the URL of the clone, with the credentials of the store's own."""
        return self._premises.databases.address(self._clone.database.name, private=True)

    def fork(self, name: str) -> DatabaseLease:
        """Return a lease on a copy of what is in it now."""
        if self._open:
            raise RehearseError("a database can be copied only while nobody works with it")
        self._settle()
        if self._copies is None:
            source, premises = self._clone.database.name, self._premises
            self._copies = ClonePool(source, premises.databases, premises.janitor, eager=False)
        return DatabaseLease(replace(self._request, run=name), self._premises, self._copies.take())

    def _database(self) -> OwnDatabase:
        return self._clone.database

    def _words(self) -> Words:
        return TRANSACTIONS

    def _seat(self) -> Seat:
        self._forget_copies()
        if self._idle:
            return self._idle.pop()
        wire = self._premises.databases.connect(self._clone.database, self._request.run)
        return Seat(wire, self._premises.exchange)

    def _take_back(self, seat: Seat) -> None:
        if seat.is_fit and not self._discarded and not self._broken_into:
            self._idle.append(seat)
        else:
            seat.close()

    def _settle(self) -> None:
        for seat in self._idle:
            seat.close()
        self._idle.clear()

    def _forget_copies(self) -> None:
        """Copies made ahead hold what was there when nobody worked; whoever works now may change it."""
        if self._copies is not None:
            self._copies.close()
            self._copies = None

    def _close(self) -> None:
        self._forget_copies()
        for work in tuple(self._open):
            work.close()
        self._settle()
        if not self._kept:
            self._premises.janitor.drop(self._clone.database)


@dataclass
class Bench:
    """A clone that serves one transaction lease after another.

    Attributes:
        database: Ours alone.
        seat: The one connection to it.
        counts: Whether it has sequences, which a rollback does not turn back.
    """

    database: OwnDatabase
    seat: Seat
    counts: bool


class TransactionLease(PostgresLease):
    """One outer transaction on a bench, rolled back at the end; each piece of work is a savepoint in it.

    Args:
        request: What was asked for.
        premises: The store's.
        bench: Lent until `discard`.
        give_back: Told of the bench and whether it is fit for the next lease.
    """

    how: How = "transaction"

    def __init__(
        self, request: LeaseRequest, premises: Premises, bench: Bench, give_back: Callable[[Bench, bool], None]
    ) -> None:
        super().__init__(request, premises)
        self._bench = bench
        self._give_bench_back = give_back
        self._bench.seat.wire.notes_writer = False
        self._bench.seat.wire.send("BEGIN ISOLATION LEVEL SERIALIZABLE")

    def process_address(self) -> str:
        """Refuse: nobody else sees what is not committed."""
        raise RehearseError("the run's changes lie in an uncommitted transaction, which a child process cannot see")

    def fork(self, name: str) -> PostgresLease:
        """Refuse, for the same reason."""
        raise RehearseError(f"no copy for {name}: the run's changes lie in an uncommitted transaction")

    def _database(self) -> OwnDatabase:
        return self._bench.database

    def _words(self) -> Words:
        return SAVEPOINTS

    def _seat(self) -> Seat:
        wire = self._bench.seat.wire
        if wire.closed or wire.was_stopped or not wire.is_healthy:
            raise LeaseRevokedError(
                "the run's outer transaction was lost with its connection, and with it the run's database"
            )
        return self._bench.seat

    def _take_back(self, seat: Seat) -> None:
        """Nothing: there is only this one, and it stays in its transaction."""

    def _settle(self) -> None:
        self._bench.seat.wire.send("COMMIT")
        self._bench.seat.close()

    def _close(self) -> None:
        for work in tuple(self._open):
            work.close()
        if self._kept:
            return
        wire = self._bench.seat.wire
        try:
            wire.send("ROLLBACK; SELECT pg_advisory_unlock_all()")
        except psycopg.Error:
            self._give_bench_back(self._bench, False)  # noqa: FBT003  (a callback's only answer)
        else:
            wire.notes_writer = True
            fit = self._bench.seat.is_fit and not (self._bench.counts or self._broken_into)
            self._give_bench_back(self._bench, fit)


def open_postgres_work(address: str, observer: Observer, deadline: Deadline) -> PostgresWork:
    """Open a piece of work on a run's database from a child process, over a connection of its own."""
    wire = connect_postgres(address, run="process")
    exchange = Exchange("postgresql+psycopg://", wire, use_native_hstore=False)
    seat = Seat(wire, exchange)
    watch = Watch(wire, observer, deadline, Tenure(address))
    witness = Databases(address, holder="0")

    def leave(_: LeasedWork[PostgresConnection]) -> None:
        seat.close()
        witness.close()

    return PostgresWork(wire, watch, TRANSACTIONS, seat.connection, leave, witness=witness)
