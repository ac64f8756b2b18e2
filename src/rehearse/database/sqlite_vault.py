"""Backup and restore of a SQLite file: by the backup API into a file of our own, and back into the live database.

Nothing here copies, renames or unlinks a database that anybody may have open, nor touches its journal. A restore that
dies leaves the target wholly as it was or wholly restored; it is done again from the start.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rehearse.database import effects
from rehearse.database.durable import hash_of, sync_directory, sync_file
from rehearse.database.effects import SEAM
from rehearse.database.fingerprint import Fingerprint, fingerprint
from rehearse.database.links import SqliteLink, open_sqlite
from rehearse.database.locks import FileLock
from rehearse.database.manifest import Manifest, check_files, listed_backups
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.database.deadline import Deadline
    from rehearse.database.guard import Clearance
    from rehearse.database.home import Home
    from rehearse.database.links import Link, Permission
    from rehearse.database.vault import Job, Return

DATA: Final = "data.db"
_PART: Final = "data.part"
_PAUSE: Final = 0.005


class SqliteVault:
    """Keeps one file.

    Args:
        path: The target.
        pages: How many pages a step of a copy has; between steps the deadline is looked at.
    """

    def __init__(self, path: Path, *, pages: int = 500) -> None:
        self._path = path
        self._pages = pages

    def open(self, deadline: Deadline) -> SqliteLink:
        """Open a link to the target."""
        return open_sqlite(self._path, deadline)

    def lock(self, home: Home, run: str, key: str) -> FileLock:  # noqa: ARG002  (a server's lock needs the key)
        """Take the target for one engine, at once."""
        return FileLock.take(home, run)

    def make(self, job: Job, clear: Callable[[Link], Clearance], deadline: Deadline) -> Manifest:  # noqa: ARG002
        """Copy the target inside one read transaction and compare the copy with what was read in it."""
        part, data = job.home.folder(job.id) / _PART, job.home.folder(job.id) / DATA
        with closing(self.open(deadline)) as target, target.snapshot():
            content, broken_keys = fingerprint(target), _broken_keys(target)
            os.close(effects.create_file(str(part)))
            with closing(sqlite3.connect(part, timeout=0, isolation_level=None)) as sink:
                sink.execute("PRAGMA journal_mode = OFF")
                self._copied(target.raw, sink, f"backup of {self._path}", deadline)
        sync_file(part)
        effects.rename(str(part), str(data))
        sync_directory(data.parent)
        _compared(data, content, broken_keys, deadline)
        return Manifest(
            id=job.id,
            run=job.run,
            identity=job.identity,
            kind="file",
            fingerprint=content,
            files={DATA: hash_of(data)},
            versions={"sqlite": sqlite3.sqlite_version},
            description=job.description,
            manual=job.manual,
        )

    def verify(self, home: Home, manifest: Manifest, deadline: Deadline) -> None:
        """Raise unless every byte of the backup is as it was written, and the file holds what the manifest says."""
        check_files(home, manifest)
        _compared(home.folder(manifest.id) / DATA, manifest.fingerprint, None, deadline)

    def quiesce(self, run: str, clear: Callable[[Link], Clearance], deadline: Deadline) -> None:
        """Nothing: a file has no server that would know of a run's other connections; the lease has closed them."""

    def put_back(self, work: Return, deadline: Deadline) -> None:
        """Copy the backup into the live database, in one transaction of SQLite's own, and compare."""
        with closing(self.open(deadline)) as target:
            clearance = work.clear(target)
            saved = open_sqlite(work.home.folder(work.manifest.id) / DATA, deadline, immutable=True)
            with closing(saved):
                self._restored(saved.raw, target, clearance, deadline)
        with closing(self.open(deadline)) as target:
            told = work.manifest.fingerprint.differences(fingerprint(target))
        if told:
            raise BackupError(f"{self._path} is not what backup {work.manifest.id} holds: {'; '.join(told)}")

    def settle(self, home: Home, clearance: Clearance, deadline: Deadline) -> tuple[str, ...]:  # noqa: ARG002
        """Remove the directories of backups that never got a manifest."""
        sound = {manifest.id for manifest in listed_backups(home)}
        begun = tuple(name for name in home.listed() if name not in sound and not _was_finished(home, name))
        for name in begun:
            home.remove(name, clearance)
        return begun

    def remove(self, home: Home, manifest: Manifest, clearance: Clearance, deadline: Deadline) -> None:  # noqa: ARG002
        """Remove a backup, its manifest first."""
        home.remove(manifest.id, clearance)

    def _restored(
        self, saved: sqlite3.Connection, target: SqliteLink, permission: Permission, deadline: Deadline
    ) -> None:
        permission.check(target)
        self._copied(saved, target.raw, f"restore of {self._path}", deadline)

    def _copied(self, source: sqlite3.Connection, sink: sqlite3.Connection, what: str, deadline: Deadline) -> None:
        """Copy by the backup API; its own waiting has no end, so the callback ends it.

        Raises:
            TimeoutError: If the deadline passed; the sink is as it was.
        """

        def step(status: int, remaining: int, total: int) -> None:
            if deadline.passed:
                is_waiting = status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                why = _waited(self._path) if is_waiting else f"{total - remaining} of {total} pages were copied"
                raise TimeoutError(f"{what} missed its deadline of {deadline.seconds:g} s: {why}")
            SEAM.announce("copy", what)

        SEAM.announce("copy", what)
        source.backup(sink, pages=self._pages, progress=step, sleep=_PAUSE)


def _compared(
    path: Path, content: Fingerprint, broken_keys: list[tuple[object, ...]] | None, deadline: Deadline
) -> None:
    """Raise `BackupError` unless a copy is sound and has exactly this content."""
    try:
        with closing(open_sqlite(path, deadline, immutable=True)) as copy:
            found = copy.rows("PRAGMA quick_check")
            told = [str(row[0]) for row in found if row != ("ok",)]
            told += content.differences(fingerprint(copy))
            if broken_keys is not None and _broken_keys(copy) != broken_keys:
                told.append("foreign keys are broken that were whole")
    except sqlite3.Error as error:
        raise BackupError(f"{path} cannot be read: {error}") from error
    if told:
        raise BackupError(f"{path} is no backup: {'; '.join(told)}")


def _broken_keys(link: SqliteLink) -> list[tuple[object, ...]]:
    return sorted(link.rows("PRAGMA foreign_key_check"), key=repr)


def _was_finished(home: Home, name: str) -> bool:
    """Return whether a backup had a manifest once; one that cannot be read is for a person to look at."""
    return (home.folder(name) / "manifest.json").exists()


def _waited(path: Path) -> str:
    holders = holders_of(path)
    return f"{' and '.join(holders) if holders else 'another connection'} holds a lock"


def holders_of(path: Path) -> list[str]:
    """Return who holds a lock on a database or its shared memory, as far as the kernel tells."""
    inodes = set()
    for name in (path, path.with_name(f"{path.name}-shm")):
        with suppress(OSError):
            inodes.add(str(name.stat().st_ino))
    pids: dict[str, None] = {}
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            parts = line.split()
            if len(parts) > 5 and parts[5].rpartition(":")[2] in inodes:  # noqa: PLR2004  (the sixth word is the inode)
                pids[parts[4]] = None
    return [f"process {pid}" + (" (this one)" if pid == str(os.getpid()) else "") for pid in pids]
