"""A database of one's own for every scenario: the Protocol that both stores fulfil.

A store builds layered templates (schema → set-up), each keyed by the hash of its content and marked valid as the last act of building
it, and hands out copies as leases. Nothing here knows what a scenario is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from rehearse.database.cache import query_cache_enabled

if TYPE_CHECKING:
    from sqlalchemy import Connection  # noqa: TC004  (a lease's name is no reason to import it)

    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import Observer

Backend = Literal["sqlite", "postgresql"]
How = Literal["memory", "file", "transaction", "database", "attached"]


@dataclass(frozen=True)
class Layer:
    """One layer of a template: `build` fills a database that holds the layers beneath it.

    Attributes:
        key: Hash of everything that the layer's content depends on.
        build: Called once with a connection inside a transaction; what it leaves is the layer.
        name: For messages: ``schema``, ``setup``.
    """

    key: str
    build: Callable[[Connection], None] = field(compare=False)
    name: str = ""


@dataclass(frozen=True)
class LeaseRequest:
    """What a plan asks of a store.

    Attributes:
        run: The run's id; it stands in the name of everything that is made for it.
        layers: The template, bottom first.
        isolation: As the scenario says; ``auto`` lets the store choose (decision A2).
        sessions: How many connections work at the same time (1: one after another).
        writes: False if no step writes.
        processes: Whether a step runs in a process of its own, so that the database needs an address.
        cache: Whether repeated reads are answered from memory; by default as `enable_query_cache` says.
        clean: Tables to be emptied before the layers are built, parents first; matters on an attached database only.
    """

    run: str
    layers: tuple[Layer, ...]
    isolation: Literal["auto", "clone", "transaction"] = "auto"
    sessions: int = 1
    writes: bool = True
    processes: bool = False
    cache: bool = field(default_factory=query_cache_enabled)
    clean: tuple[str, ...] = ()


class Work(Protocol):
    """A connection for one piece of work, with its transaction in our hands.

    Used by one thread. `begin` → statements on `connection` → `commit` or `rollback`; then perhaps again. `close` always.
    """

    @property
    def connection(self) -> Connection:
        """SQLAlchemy Core connection, in driver autocommit: BEGIN, COMMIT and ROLLBACK are ours."""
        ...

    def begin(self, *, write: bool = True) -> None:
        """Begin a transaction (SQLite: IMMEDIATE if `write`; PostgreSQL: at the lease's isolation level)."""
        ...

    def commit(self) -> None:
        """Commit it. Under isolation ``transaction`` this releases a savepoint."""
        ...

    def rollback(self) -> None:
        """Undo it; harmless when none is open."""
        ...

    def outcome_after_interruption(self) -> Literal["committed", "aborted", "unknown"]:
        """Say what became of a transaction whose commit was interrupted: read back, never guessed."""
        ...

    def is_waiting_for_lock(self) -> bool:
        """Whether its running statement waits at the server for a lock of another session; asked from another thread."""
        ...

    def interrupt(self) -> None:
        """Stop what runs on this connection alone, from any thread; nothing if nothing does."""
        ...

    def close(self) -> None:
        """Give the connection back, or throw it away if it was interrupted."""
        ...


class Lease(Protocol):
    """A database for one run."""

    @property
    def backend(self) -> Backend:
        """Which server."""
        ...

    @property
    def how(self) -> How:
        """How it was made; named in every report."""
        ...

    @property
    def isolation_level(self) -> str:
        """The level in force, as the server calls it: ``SERIALIZABLE``, ``BEGIN IMMEDIATE``."""
        ...

    @property
    def address(self) -> str:
        """Where it is, without credentials; for a kept one, where it will be."""
        ...

    def work(self, observer: Observer, deadline: Deadline) -> Work:
        """Open a connection whose statements are reported to `observer` and end at `deadline`.

        Raises:
            LeaseRevokedError: If the lease was revoked.
        """
        ...

    def process_address(self) -> str:
        """Return the address by which a child process of ours opens this very database (`rehearse.database.worker.open_work`).

        Raises:
            RehearseError: If it lives in this process's memory or in an uncommitted transaction.
        """
        ...

    def fork(self, name: str) -> Lease:
        """Return a lease on a copy of the database as it is now (no work may be open); for trying another order of the same steps."""
        ...

    def interrupt(self) -> None:
        """Tier 2, from any thread: stop what runs on every open connection and free the threads that wait for it."""
        ...

    def revoke(self) -> None:
        """From now on every statement and COMMIT over this lease raises `LeaseRevokedError`. Idempotent."""
        ...

    def keep(self) -> str:
        """Keep the database beyond the run, with what is in it now, and return its address."""
        ...

    def finish(self, *, passed: bool, rollback_on_failure: bool) -> None:
        """End the run: an own database is discarded (unless kept), an attached one is put back as its backup says."""
        ...

    def discard(self) -> None:
        """Remove it. Idempotent, and safe after `revoke` and `keep` (a kept one stays)."""
        ...


class Store(Protocol):
    """Where databases come from."""

    @property
    def backend(self) -> Backend:
        """Which server."""
        ...

    @property
    def version(self) -> str:
        """Its version, for reports."""
        ...

    def lease(self, request: LeaseRequest) -> Lease:
        """Return a fresh database with the template's content. Missing layers are built first."""
        ...

    def sweep(self) -> tuple[str, ...]:
        """Remove what killed runs left behind (and only that); return the names of what went."""
        ...

    def close(self) -> None:
        """Close pools and stop what the store started itself; templates stay for the next time where that is cheap."""
        ...


def is_transient(error: BaseException) -> bool:
    """Return whether `error` is worth another attempt on a fresh database: a lost connection, a deadlock, a serialization failure."""
    from rehearse.database.transient import is_transient_database_error  # noqa: PLC0415  (drivers stay unimported until needed)

    return is_transient_database_error(error)


def is_contention(error: BaseException) -> bool:
    """Return whether the transaction lost against another session's, so that it may be tried again on the same connection."""
    from rehearse.database.transient import is_lost_race  # noqa: PLC0415  (drivers stay unimported until needed)

    return is_lost_race(error)
