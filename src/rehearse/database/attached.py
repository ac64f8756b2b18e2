"""A database that existed before us, lent to one run at a time: guarded, backed up, worked on, put back."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from rehearse.database.attached_sessions import AnyWork, Session, Sessions, sessions_for
from rehearse.database.cache import QueryCache
from rehearse.database.deadline import Deadline
from rehearse.database.guard import GuardRequest, clear
from rehearse.database.identity import Identity
from rehearse.database.links import open_link, parsed_url, without_secrets
from rehearse.database.naming import DEFAULT_PATTERNS
from rehearse.database.observe import StatementLog
from rehearse.database.protect import Protection, Recovered, Terms, protection_for
from rehearse.database.watch import Tenure, Watch
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from rehearse.database.manifest import Manifest
    from rehearse.database.observe import Observer
    from rehearse.database.store import Backend, How, LeaseRequest

ATTACHED: Final = "attached:"
"""How the address begins under which a child process of ours opens an attached database."""

_CLOSING_PATIENCE: Final = 1.5
_SETUP_SECONDS: Final = 120.0
_VERSION: Final = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}


class AttachedStore:
    """Fulfils `rehearse.database.store.Store` for one existing database.

    Args:
        url: Of the database, in full.
        consent: Full names of databases that may be touched in this run; nothing by default.
        patterns: Names that may be touched at all.
        state: Where locks, intents and backups lie; by default beside a file, or in the user's state directory.
        seconds: For a backup, and for a restore.

    Raises:
        GuardRefusedError: If the URL names nothing that can be attached.
    """

    def __init__(
        self,
        url: str,
        *,
        consent: Iterable[str] = (),
        patterns: Iterable[str] = DEFAULT_PATTERNS,
        state: Path | None = None,
        seconds: float = _SETUP_SECONDS,
    ) -> None:
        self._url = url
        self._parts = parsed_url(url)
        self._terms = Terms(tuple(consent), tuple(patterns), seconds, state)
        self.backend: Backend = "sqlite" if self._parts.get_backend_name() == "sqlite" else "postgresql"

    @property
    def version(self) -> str:
        """The server's version."""
        with closing(open_link(self._url, Deadline.after(self._terms.seconds))) as link:
            return str(link.rows(_VERSION[self.backend])[0][0]).split(" ", 1)[0]

    def protection(self, run: str) -> Protection:
        """Return the protection of the target for a run."""
        return protection_for(self._url, self._terms, run)

    def lease(self, request: LeaseRequest) -> AttachedLease:
        """Guard the target, lock it, make good what an earlier run left, back it up, and fill it as asked.

        Raises:
            GuardRefusedError: If it may not be touched; nothing was written.
            BackupError: If it is busy, or could not be backed up; nothing was written into it.
        """
        protection = self.protection(request.run)
        recovered = protection.take()
        try:
            lease = AttachedLease(request, self._parts, self._terms, protection)
        except BaseException:
            protection.release()
            raise
        lease.recovered = recovered
        try:
            lease.begin()
        except BaseException:
            lease.discard()
            raise
        return lease

    def recover(self, *, run: str = "recovery") -> Recovered | None:
        """Make good what a killed run left undone, if there is anything; return what was done.

        Raises:
            GuardRefusedError: If the target may not be touched.
            BackupError: If it cannot be made good; nothing is touched then.
        """
        protection = self.protection(run)
        try:
            return protection.take()
        finally:
            protection.release()

    def recover_left(self, *, restore: bool, run: str = "recovery") -> Recovered:
        """Do what somebody asks for about a target that a run left as it was: put it back, or let go of it.

        Raises:
            BackupError: If no run left it so, or its backup is not sound.
        """
        return self.protection(run).recover_left(restore=restore)

    def sweep(self) -> tuple[str, ...]:
        """Do the same, and return it as a sentence."""
        recovered = self.recover()
        return (f"{recovered.found}: {recovered.done}",) if recovered else ()

    def close(self) -> None:
        """Nothing is kept open between leases."""


class AttachedLease:
    """Fulfils `rehearse.database.store.Lease` for an existing database.

    Attributes:
        manifest: The backup that it goes back to.
        recovered: What an earlier run had left, and what was done about it; None if nothing.
        left: Where the target is, if it was left as the run ended; else empty.
    """

    how: How = "attached"
    manifest: Manifest
    recovered: Recovered | None = None

    def __init__(self, request: LeaseRequest, parts: URL, terms: Terms, protection: Protection) -> None:
        self._request = request
        self._parts = parts
        self._terms = terms
        self._protection = protection
        self._tenure = Tenure(request.run)
        self._sessions: Sessions = sessions_for(parts)
        self._lock = threading.Lock()
        self._open: dict[AnyWork, Session] = {}
        self._idle: list[Session] = []
        self._armed = False
        self._kept = False
        self._finished = False
        self.left = ""
        self.backend: Backend = "sqlite" if parts.get_backend_name() == "sqlite" else "postgresql"
        self.isolation_level = self._sessions.isolation_level

    @property
    def address(self) -> str:
        """Where it is, without credentials."""
        return without_secrets(self._parts).render_as_string()

    # ── work ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def work(self, observer: Observer, deadline: Deadline) -> AnyWork:
        """Open a piece of work; a new connection passes the guard before it may write.

        Raises:
            LeaseRevokedError: If the run has ended.
            GuardRefusedError: If the connection leads to another database than the one that was backed up.
        """
        self._tenure.check()
        with self._lock:
            session = self._idle.pop() if self._idle else None
        if session is None:
            session = self._sessions.open(self._request.run, lambda link: self._protection.clear(link, grown=True))
        cache = QueryCache(session.wire.links, lasting=False) if self._request.cache else None
        watch = Watch(session.wire, observer, deadline, self._tenure, cache=cache, permit=session.lock.permit)
        work = self._sessions.work(session, watch, self._given_back, self._request.run)
        with self._lock:
            self._open[work] = session
        return work

    def _given_back(self, work: AnyWork) -> None:
        with self._lock:
            session = self._open.pop(work)
        fit = not (work.watch.interruptions or session.wire.in_transaction or self._finished or self._tenure.revoked)
        if fit and not (session.face is not None and (session.face.closed or session.face.invalidated)):
            with self._lock:
                self._idle.append(session)
        else:
            session.close()

    def begin(self) -> None:
        """Back the target up, empty the tables that are to be empty, then build the layers, each in its transaction."""
        self.manifest = self._protection.arm(description=f"before run {self._request.run}")
        self._armed = True
        if self._request.clean:
            self._built(lambda connection: empty_tables(connection, self._request.clean))
        for layer in self._request.layers:
            self._built(layer.build)

    def _built(self, build: Any) -> None:
        work = self.work(StatementLog(), Deadline.after(_SETUP_SECONDS))
        try:
            work.begin()
            build(work.connection)
            work.commit()
        finally:
            work.close()

    def process_address(self) -> str:
        """Return where a child process of ours finds it, with all that it needs to ask the guard for itself."""
        return ATTACHED + json.dumps(
            {
                "url": self._parts.render_as_string(hide_password=False),
                "run": self._request.run,
                "identity": self._protection.identity.to_json(),
                "consent": self._terms.consent,
                "patterns": self._terms.patterns,
            }
        )

    def fork(self, name: str) -> AttachedLease:
        """Refuse: a database that is not ours is not copied for a second try."""
        raise RehearseError(f"no copy for {name}: an attached database serves one run, and one order, at a time")

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    def interrupt(self) -> None:
        """Stop what runs on every open connection, all at once; such a connection is not used again."""
        with self._lock:
            busy = [work for work in self._open if work.watch.busy]
        threads = [threading.Thread(target=self._stop, args=(work,), daemon=True) for work in busy[1:]]
        for thread in threads:
            thread.start()
        for work in busy[:1]:
            self._stop(work)
        for thread in threads:
            thread.join()

    def _stop(self, work: AnyWork) -> None:
        work.watch.interrupt()
        self._sessions.hang_up(work)

    def revoke(self) -> None:
        """Let no further statement through."""
        self._tenure.revoked = True

    def keep(self) -> str:
        """Leave the target as it is when the run ends, its backup kept; return its address."""
        self._kept = True
        return self.address

    def restore(self) -> None:
        """Put the target back now, and end the lease.

        Raises:
            BackupError, TimeoutError, GuardRefusedError: If that failed; the intent stays, and the next start tries
            again.
        """
        self.finish(passed=True, rollback_on_failure=True)

    def finish(self, *, passed: bool, rollback_on_failure: bool) -> None:
        """End the run: put the target back, or leave it as its author wished. Idempotent.

        Args:
            passed: Whether the run passed.
            rollback_on_failure: False leaves the target of a run that did not pass as it is.

        Raises:
            BackupError, TimeoutError, GuardRefusedError: If it could not be put back; the intent stays.
        """
        if self._finished:
            return
        self._finished = True
        self.revoke()
        self._quiet()
        try:
            if not self._armed:
                return
            if self._kept or not (passed or rollback_on_failure):
                self.left = self._protection.leave()
            else:
                self._protection.put_back()
        finally:
            self._protection.release()

    def discard(self) -> None:
        """Put the target back, unless it is over already. Idempotent."""
        self.finish(passed=True, rollback_on_failure=True)

    def _quiet(self) -> None:
        """Interrupt until nothing runs, and close every connection; one in a thread that never answers stays open."""
        limit = time.monotonic() + _CLOSING_PATIENCE
        while any(work.watch.busy for work in tuple(self._open)) and time.monotonic() < limit:
            self.interrupt()
            time.sleep(0.001)
        for work in tuple(self._open):
            if not work.watch.busy:
                work.close()
        for session in self._idle:
            session.close()
        self._idle.clear()
        self._sessions.close()


def empty_tables(connection: Connection, tables: tuple[str, ...]) -> None:
    """Delete all rows of those `tables` that are there, given with parents first, and start their counters anew."""
    from sqlalchemy import inspect, text  # noqa: PLC0415

    preparer = connection.dialect.identifier_preparer
    there = [table for table in tables if inspect(connection).has_table(table)]
    names = [preparer.quote_identifier(table) for table in there]
    if connection.dialect.name == "postgresql":
        if names:
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
        return
    with _triggers_aside(connection, there):
        for name in reversed(names):
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608
    if inspect(connection).has_table("sqlite_sequence"):
        for table in there:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})


@contextmanager
def _triggers_aside(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Keep the triggers of these tables away while the block runs: like TRUNCATE on a server, emptying asks none of them."""
    from sqlalchemy import text  # noqa: PLC0415

    found = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    triggers = [(name, sql) for name, table, sql in found if table in tables]
    quote = connection.dialect.identifier_preparer.quote_identifier
    for name, _ in triggers:
        connection.execute(text(f"DROP TRIGGER {quote(name)}"))
    yield
    for _, sql in triggers:
        connection.exec_driver_sql(sql)


def open_attached_work(address: str, observer: Observer, deadline: Deadline) -> AnyWork:
    """Open a piece of work from a child process, over a connection that the guard looks at there.

    Raises:
        GuardRefusedError: If it is not the database that the run was planned for, or it may not be touched.
    """
    told = json.loads(address.removeprefix(ATTACHED))
    request = GuardRequest(
        told["run"],
        Identity.from_json(told["identity"]),
        tuple(told["consent"]),
        tuple(told["patterns"]),
        known_rows=10**15,
    )
    sessions = sessions_for(parsed_url(told["url"]))
    try:
        session = sessions.open(told["run"], lambda link: clear(link, request))
    except BaseException:
        sessions.close()
        raise
    watch = Watch(session.wire, observer, deadline, Tenure(told["run"]), permit=session.lock.permit)

    def leave(_: AnyWork) -> None:
        session.close()
        sessions.close()

    return sessions.work(session, watch, leave, told["run"])


__all__ = ["ATTACHED", "AttachedLease", "AttachedStore", "LeaseRevokedError", "empty_tables", "open_attached_work"]
