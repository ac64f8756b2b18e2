"""Clones made before somebody asks, and dropped after nobody waits: one thread with a connection of its own does both."""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg

from rehearse.database.postgres_connection import PostgresConnection
from rehearse.database.postgres_databases import OwnDatabase
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.database.postgres_databases import Databases

_MOST_READY: Final = 4
_CLOSE_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Clone:
    """A fresh database and the first connection to it."""

    database: OwnDatabase
    connection: PostgresConnection


class Janitor:
    """A background thread for slow work on databases of our own. What fails there, the next sweep repairs.

    Args:
        open_databases: Makes the thread's own `Databases`, when it is first needed.
    """

    def __init__(self, open_databases: Callable[[], Databases]) -> None:
        self._open = open_databases
        self._databases: Databases | None = None
        self._tasks: queue.SimpleQueue[Callable[[Databases], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.closing = False

    def submit(self, task: Callable[[Databases], object]) -> None:
        """Do `task` soon; nothing any more once it closes."""
        with self._lock:
            if self.closing:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="rehearse-janitor", daemon=True)
                self._thread.start()
            self._tasks.put(task)

    def drop(self, database: OwnDatabase) -> None:
        """Drop `database` soon."""
        self.submit(lambda databases: databases.drop(database))

    def close(self) -> None:
        """Finish what was submitted, and end the thread; a server that does not answer is not waited for long."""
        with self._lock:
            self.closing = True
            thread, self._thread = self._thread, None
            self._tasks.put(None)
        if thread is not None:
            thread.join(_CLOSE_SECONDS)
            if thread.is_alive() and self._databases is not None:
                self._databases.abandon()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if self._databases is None:
                    self._databases = self._open()
                task(self._databases)
            except (psycopg.Error, RehearseError, OSError):
                continue
        if self._databases is not None:
            self._databases.close()


class ClonePool:
    """Clones of one template: handed out ready if there is one, made on the spot if not.

    The more often none was ready, the more are kept ready, at most four. While the server copies a database nobody can connect to it, and
    while somebody is connected the copy waits for seconds: a template that is worked in must not be copied at that time.

    Args:
        template: Name of the template database.
        databases: Makes clones on the spot.
        janitor: Makes them ahead.
        eager: Whether the first to take one is a sign that more will be wanted; else the second is.
    """

    def __init__(self, template: str, databases: Databases, janitor: Janitor, *, eager: bool = True) -> None:
        self._template = template
        self._databases = databases
        self._janitor = janitor
        self._ready: deque[Clone] = deque()
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._wanted = 1 if eager else -1
        self._coming = 0
        self._closed = False

    def take(self) -> Clone:
        """Return a clone that nobody has used."""
        with self._lock:
            clone = self._ready.popleft() if self._ready else None
            if clone is None:
                self._wanted = min(self._wanted + 1, _MOST_READY)
            missing = max(0, self._wanted - len(self._ready) - self._coming)
            self._coming += missing
        for _ in range(missing):
            self._janitor.submit(self._add)
        return clone if clone is not None else make_clone(self._databases, self._template)

    def close(self) -> None:
        """Drop what is ready and make no more; afterwards nothing copies the template."""
        with self._lock:
            self._closed = True
            clones, self._ready = tuple(self._ready), deque()
        for clone in clones:
            clone.connection.shut()
            self._janitor.drop(clone.database)
        with self._making:  # the one in the making is waited for
            return

    def _add(self, databases: Databases) -> None:
        try:
            with self._making:
                clone = None if self._closed or self._janitor.closing else make_clone(databases, self._template)
        finally:
            with self._lock:
                self._coming -= 1
        if clone is None:
            return
        with self._lock:
            if not self._closed:
                self._ready.append(clone)
                return
        clone.connection.shut()
        databases.drop(clone.database)


def make_clone(databases: Databases, template: str) -> Clone:
    """Make a clone of `template` and connect to it."""
    database = databases.copy(template, "c")
    try:
        return Clone(database, databases.connect(database, "clone"))
    except BaseException:
        databases.drop(database)
        raise
