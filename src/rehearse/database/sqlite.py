"""SQLite: a database of one's own in some microseconds."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import TYPE_CHECKING

from rehearse.database.engine import Exchange
from rehearse.database.scratch import Holding, lasting_root, private_directory, scratch_root, sweep_holdings
from rehearse.database.sqlite_connection import connect_sqlite
from rehearse.database.sqlite_lease import FileLease, MemoryLease, Premises
from rehearse.database.sqlite_templates import SqliteTemplates
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.sqlite_lease import SqliteLease
    from rehearse.database.store import Backend, LeaseRequest

_DRAFT_PARTS = 4


class SqliteStore:
    """Fulfils `rehearse.database.store.Store` with the standard library's SQLite.

    Args:
        root: Where templates and kept databases lie; by default the user's cache directory.
        scratch: Where files for concurrent sessions lie; by default memory-backed storage, if there is enough.
        shared: Where processes of one session share templates, or None.
    """

    backend: Backend = "sqlite"

    def __init__(self, root: Path | None = None, *, scratch: Path | None = None, shared: Path | None = None) -> None:
        self._root = (root or lasting_root()).absolute()
        self._scratch = scratch or scratch_root()
        self._lock = threading.Lock()
        self._holding: Holding | None = None
        first = connect_sqlite(":memory:")
        self._exchange = Exchange("sqlite://", first)
        first.shut()
        self._templates = SqliteTemplates(self._templates_directory(), self._exchange.wrap, shared=shared)
        self._premises = Premises(self._exchange.wrap, lambda: self._root / "kept", self._scratch_directory)

    @property
    def version(self) -> str:
        """The library's version."""
        return sqlite3.sqlite_version

    def lease(self, request: LeaseRequest) -> SqliteLease:
        """Return a fresh database with the template's content.

        Raises:
            RehearseError: If several sessions, or another process, are to share one transaction.
        """
        content = self._templates.content(request.layers)
        shared = request.sessions > 1 or request.processes
        if request.isolation == "transaction" and shared:
            raise RehearseError(
                "isolation `transaction` has a single session; several, or another process, need a database to share"
            )
        if shared:
            return FileLease(request, self._premises, content)
        return MemoryLease(request, self._premises, content, nested=request.isolation == "transaction")

    def sweep(self) -> tuple[str, ...]:
        """Remove files of dead processes and half-written templates."""
        gone = [str(path) for path in sweep_holdings(self._scratch)]
        directory = self._root / "templates"
        for draft in sorted(directory.glob("*.draft")) if directory.is_dir() else ():
            if not _has_living_writer(draft.name):
                draft.unlink(missing_ok=True)
                gone.append(str(draft))
        return tuple(gone)

    def close(self) -> None:
        """Remove the scratch files; templates stay."""
        self._exchange.dispose()
        with self._lock:
            if self._holding is not None:
                self._holding.release()
                self._holding = None

    def _templates_directory(self) -> Path | None:
        """Return where templates are kept for other processes; None where that is impossible, which costs only time."""
        try:
            return private_directory(private_directory(self._root) / "templates")
        except OSError:
            return None

    def _scratch_directory(self) -> Path:
        with self._lock:
            if self._holding is None:
                self._holding = Holding(self._scratch)
            return self._holding.path


def _has_living_writer(draft: str) -> bool:
    """Return whether the process that a draft names still runs; ``<key>.template.<pid>.<thread>.draft``."""
    parts = draft.rsplit(".", _DRAFT_PARTS)
    pid = parts[2] if len(parts) > _DRAFT_PARTS else ""
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
