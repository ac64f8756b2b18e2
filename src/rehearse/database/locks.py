"""One engine per target: a lock that its holder cannot forget, since the kernel or the server drops it with the process."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from rehearse.database import effects
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from rehearse.database.home import Home
    from rehearse.database.links import PostgresLink

_LOCK_BITS: Final = 63


class TargetBusyError(BackupError):
    """Another engine works on this target; the message names it."""


class TargetLock(Protocol):
    """Held from before the guard until after the restore."""

    def check(self) -> None:
        """Raise `BackupError` if the lock was lost, so that the run stops before it does harm."""
        ...

    def release(self) -> None:
        """Let others have it. Idempotent."""
        ...


class FileLock:
    """A locked file that names its holder: process, when it started, run."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, home: Home, run: str) -> FileLock:
        """Take the lock at once.

        Raises:
            TargetBusyError: If a living process holds it; a dead one's is taken over.
        """
        home.ensure()
        while True:
            descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, effects.PRIVATE_FILE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                holder = _holder(descriptor)
                if holder and _lives(holder):
                    raise TargetBusyError(_busy(home, holder))  # noqa: TRY301  (the descriptor is closed in one place)
                if _is_still(home.lock, descriptor):
                    _sign(descriptor, home.lock, run)
                    return cls(home.lock, descriptor)
            except BlockingIOError as error:
                busy = TargetBusyError(_busy(home, _holder(descriptor)))
                os.close(descriptor)
                raise busy from error
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def check(self) -> None:
        """Raise if somebody removed the lock from under us."""
        if self._descriptor < 0 or not _is_still(self._path, self._descriptor):
            raise BackupError(f"the lock {self._path} is gone; nothing more is done to the target")

    def release(self) -> None:
        """Remove the file, then unlock it."""
        if self._descriptor < 0:
            return
        if _is_still(self._path, self._descriptor):
            with suppress(OSError):  # an empty lock file that stays is harmless
                effects.remove_file(str(self._path))
        os.close(self._descriptor)
        self._descriptor = -1


class AdvisoryLock:
    """A lock of the server, on a connection kept for it alone."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link

    @classmethod
    def take(cls, link: PostgresLink, key: str) -> AdvisoryLock:
        """Take the lock at once, over a link to the maintenance database that then belongs to the lock.

        Raises:
            TargetBusyError: If another connection holds it.
        """
        number = int(sha256(key.encode()).hexdigest(), 16) % (1 << _LOCK_BITS)
        if link.rows("SELECT pg_try_advisory_lock(%s)", number) == [(True,)]:
            return cls(link)
        holders = link.rows(_HOLDERS, number >> 32, number & 0xFFFFFFFF)
        link.close()
        named = ", ".join(f"process {pid} ({name})" for pid, name in holders) or "another connection"
        raise TargetBusyError(f"{named} at the server works on this target")

    def check(self) -> None:
        """Ask the server whether the lock's connection still stands."""
        try:
            self._link.rows("SELECT 1")
        except Exception as error:
            raise BackupError(
                "the connection that held the target's lock is lost; nothing more is done to it"
            ) from error

    def release(self) -> None:
        """Close the connection, and with it the lock."""
        self._link.close()


_HOLDERS: Final = """
SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s AND l.objid::bigint = %s
"""


def started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks; empty if it does not live."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _sign(descriptor: int, path: Path, run: str) -> None:
    holder = {"pid": os.getpid(), "started": started(os.getpid()), "run": run}
    os.ftruncate(descriptor, 0)
    os.fchmod(descriptor, effects.PRIVATE_FILE)
    os.lseek(descriptor, 0, os.SEEK_SET)
    effects.write(descriptor, json.dumps(holder).encode(), str(path))


def _holder(descriptor: int) -> dict[str, Any]:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _lives(holder: dict[str, Any]) -> bool:
    """Return whether the process that signed still lives: the same number and the same start."""
    pid = holder.get("pid")
    return isinstance(pid, int) and pid != os.getpid() and bool(started(pid)) and started(pid) == holder.get("started")


def _busy(home: Home, holder: dict[str, Any]) -> str:
    who = f"process {holder.get('pid', '?')} (run {holder.get('run', '?')})" if holder else "another process"
    return f"{who} works on this target; its lock is {home.lock}"


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return path.stat(follow_symlinks=False).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
