"""A piece of work on PostgreSQL: SERIALIZABLE, limited by the server itself, its outcome asked of the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

import psycopg

from rehearse.database.postgres_connection import PostgresConnection
from rehearse.database.watch import TransactionError
from rehearse.database.works import LeasedWork, Outcome, Words
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from rehearse.database.watch import Watch

TRANSACTIONS: Final = Words(
    write="BEGIN ISOLATION LEVEL SERIALIZABLE",
    read="BEGIN ISOLATION LEVEL SERIALIZABLE",
    commit="COMMIT",
    rollback=("ROLLBACK",),
)
_CHECK_DEFERRED: Final = (
    "SAVEPOINT rehearse_check; SET CONSTRAINTS ALL IMMEDIATE; "
    "ROLLBACK TO SAVEPOINT rehearse_check; RELEASE SAVEPOINT rehearse_check"
)
_READ_BACK_SECONDS: Final = 2.0
_READ_BACK_POLL: Final = 0.01


class Witness(Protocol):
    """Another connection to the same server, to ask about this one."""

    def is_waiting_for_lock(self, backend_pid: int) -> bool:
        """Whether that server process waits for a lock of another."""
        ...

    def transaction_status(self, writer_id: str) -> str | None:
        """Return what became of a transaction."""
        ...

    def terminate(self, backend_pid: int, database: str) -> None:
        """End a server process that is still connected to that database."""
        ...


class PostgresWork(LeasedWork[PostgresConnection]):
    """Fulfils `rehearse.database.store.Work` on PostgreSQL.

    Args:
        wire, watch, words, connect, give_back: See `LeasedWork`.
        witness: Asked what became of a transaction whose COMMIT was not answered.
    """

    def __init__(
        self,
        wire: PostgresConnection,
        watch: Watch,
        words: Words,
        connect: Callable[[], Connection],
        give_back: Callable[[LeasedWork[PostgresConnection]], None],
        *,
        witness: Witness,
    ) -> None:
        super().__init__(wire, watch, words, connect, give_back)
        self._witness = witness
        self._database = wire.info.dbname
        self._pid = wire.backend_pid

    def is_waiting_for_lock(self) -> bool:
        """Whether its statement waits at the server for a lock of another session."""
        return self.watch.busy and self._witness.is_waiting_for_lock(self._pid)

    def _began(self, *, write: bool) -> None:
        self.wire.began()
        words = self._words.write if write else self._words.read
        limits = self.wire.limits(self.watch.deadline)
        self.watch.control(words.split(" ", 1)[0], words, extra=f"; {limits}" if limits else "")

    def _before_commit(self) -> None:
        """Refuse to commit what has failed (the server would answer ROLLBACK without an error); fire deferred checks."""
        if self.wire.in_transaction and not self.wire.is_healthy:
            raise TransactionError("COMMIT was not sent: a statement of this transaction has failed")
        if self._words.nested and self.wire.checks_deferred:
            self.wire.send(_CHECK_DEFERRED)

    def _read_back(self) -> Outcome:
        """Ask another connection; a transaction still in progress is ended first."""
        writer = self.wire.writer_id
        if writer is None:
            return "aborted"
        limit = time.monotonic() + _READ_BACK_SECONDS
        try:
            while (status := self._witness.transaction_status(writer)) == "in progress":
                if time.monotonic() > limit:
                    return "unknown"
                self._witness.terminate(self._pid, self._database)
                time.sleep(_READ_BACK_POLL)
        except (psycopg.Error, RehearseError):
            return "unknown"
        return "committed" if status == "committed" else "aborted" if status == "aborted" else "unknown"
