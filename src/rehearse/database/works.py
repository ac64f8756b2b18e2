"""A piece of work on a leased database: its transaction, and what is known of it after an interruption."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

from rehearse.database.watch import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from rehearse.database.watch import Watch

WireT = TypeVar("WireT", bound=Wire)
Outcome = Literal["committed", "aborted", "unknown"]


@dataclass(frozen=True)
class Words:
    """How one way of isolating begins and ends a transaction.

    Attributes:
        write, read: Begin one that writes, one that reads.
        commit, rollback: End it; more than one statement where a savepoint is undone and released.
        nested: Whether a transaction of ours surrounds it, so that nothing is ever committed.
    """

    write: str
    read: str
    commit: str
    rollback: tuple[str, ...]
    nested: bool = False


SAVEPOINTS: Final = Words(
    write="SAVEPOINT rehearse_work",
    read="SAVEPOINT rehearse_work",
    commit="RELEASE SAVEPOINT rehearse_work",
    rollback=("ROLLBACK TO SAVEPOINT rehearse_work", "RELEASE SAVEPOINT rehearse_work"),
    nested=True,
)


class LeasedWork(Generic[WireT]):
    """Fulfils `rehearse.database.store.Work` over one driver connection.

    Args:
        wire: The driver connection.
        watch: Its watch for this work.
        words: How transactions begin and end.
        connect: Makes the SQLAlchemy connection, when first asked for.
        give_back: Told once when the work is closed.
    """

    def __init__(
        self,
        wire: WireT,
        watch: Watch,
        words: Words,
        connect: Callable[[], Connection],
        give_back: Callable[[LeasedWork[WireT]], None],
    ) -> None:
        self.wire = wire
        self.watch = watch
        self._words = words
        self._connect = connect
        self._give_back = give_back
        self._connection: Connection | None = None
        self._commit_sent = False
        self._commit_answered = False
        self._closed = False
        wire.watch = watch

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection; its statements need `begin` first."""
        if self._connection is None or not is_usable(self._connection):
            self._connection = self._connect()
        return self._connection

    def begin(self, *, write: bool = True) -> None:
        """Begin a transaction."""
        self.wire.watch = self.watch
        self._commit_sent = self._commit_answered = False
        if self.watch.cache is not None and not self.watch.cache.lasting:
            self.watch.cache.clear()
        self._began(write=write)
        self.watch.opened = True

    def commit(self) -> None:
        """Commit it; under savepoints, release it."""
        self._before_commit()
        self._commit_sent = True
        self.watch.control(_verb(self._words.commit), self._words.commit)
        self._commit_answered = True
        self.watch.opened = False
        self._ended(committed=True)

    def rollback(self) -> None:
        """Undo it, whatever the deadline says; harmless when none is open or the connection is gone."""
        if not self.watch.opened:
            return
        self.watch.opened = False
        self._ended(committed=False)
        if not self.wire.in_transaction or self.watch.tenure.revoked:
            self._undo_quietly()
            return
        for word in self._words.rollback:
            self.watch.control(_verb(word), word, limited=False)

    def outcome_after_interruption(self) -> Outcome:
        """Say what became of the transaction: read back, never guessed."""
        if self._commit_answered:
            return "committed"
        if not self._commit_sent or self._words.nested:
            return "aborted"
        return self._read_back()

    def is_waiting_for_lock(self) -> bool:
        """Whether its statement waits at the server; SQLite answers busy instead of waiting."""
        return False

    def interrupt(self) -> None:
        """Stop what runs on this connection, from another thread."""
        self.watch.interrupt()

    def close(self) -> None:
        """Undo what is open and give the connection back."""
        if self._closed:
            return
        self._closed = True
        self.watch.busy = False  # what broke into a statement may have come before it could say that it was over
        if self.watch.opened:
            self.watch.opened = False
            self._ended(committed=False)
            self._undo_quietly()
        if self.wire.watch is self.watch:
            self.wire.watch = None
        self._give_back(self)

    def _began(self, *, write: bool) -> None:
        words = self._words.write if write else self._words.read
        self.watch.control(_verb(words), words)

    def _before_commit(self) -> None:
        """A place for what a backend has to do first."""

    def _ended(self, *, committed: bool) -> None:
        """A place for what follows from the end of a transaction: an undone one takes what was remembered with it."""
        if not committed and self.watch.cache is not None:
            self.watch.cache.clear()
        self._clear_face()

    def _clear_face(self) -> None:
        """Make SQLAlchemy forget the transaction that it believed in; nothing is sent, as the wire has no watch meanwhile."""
        face = self._connection
        if face is None or face.closed:
            return
        watch, self.wire.watch = self.wire.watch, None
        try:
            if face.invalidated:
                face.close()
            else:
                face.rollback()
        finally:
            self.wire.watch = watch

    def _read_back(self) -> Outcome:
        """An open transaction has not committed; one that is gone may have done either, and SQLite does not tell."""
        if self.wire.in_transaction:
            self.watch.opened = True
            self.rollback()
            return "aborted"
        return "unknown"

    def _undo_quietly(self) -> None:
        """Undo without gate, log or complaint: for a connection that is given up anyway."""
        with suppress(Exception):
            if self.wire.in_transaction:
                for word in self._words.rollback:
                    self.wire.send(word)


def is_usable(face: Connection) -> bool:
    """Return whether a SQLAlchemy connection can be used again; it gives itself up when something breaks into a statement."""
    return not (face.closed or face.invalidated)


def _verb(words: str) -> str:
    return words.split(" ", 1)[0]
