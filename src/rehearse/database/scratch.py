"""Directories of our own: private ones, and those that live only as long as the process that holds them.

A holder keeps a kernel lock on a file beside its directory. The kernel drops the lock however the process ends, so a
directory whose lock is free belongs to nobody, and no process id has to be believed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY_BACKED: Final = Path("/dev/shm")  # noqa: S108  (a private directory is made below it, and checked)
_ENOUGH_BYTES: Final = 512 * 1024 * 1024
_LOCK_SUFFIX: Final = ".lock"
_UNSAFE: Final = re.compile(r"[^a-z0-9]+")


def name_part(text: str, *, length: int = 24) -> str:
    """Return `text` in letters, digits and underscores, short enough to be part of a name."""
    return _UNSAFE.sub("_", text.lower()).strip("_")[:length].strip("_") or "run"


def private_directory(path: Path, *, mode: int = 0o700) -> Path:
    """Make `path` a directory of ours with `mode` (by default nobody else can enter), with its parents, and return it.

    Raises:
        RehearseError: If it is a symlink, no directory, or somebody else's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=mode, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise RehearseError(f"{path} is refused: it is not a directory but a link or a file")
    if found.st_uid != os.getuid():
        raise RehearseError(f"{path} is refused: it belongs to user {found.st_uid}, not to {os.getuid()}")
    if stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
    return path


def scratch_root(name: str = "rehearse") -> Path:
    """Return where what outlives nothing goes: memory-backed storage if there is enough, else the temporary directory."""
    base = _MEMORY_BACKED if _has_room(_MEMORY_BACKED) else Path(tempfile.gettempdir())
    return base / f"{name}-{os.getuid()}"


def lasting_root() -> Path:
    """Return where templates and kept databases go unless somebody says so: the user's cache directory."""
    home = os.environ.get("XDG_CACHE_HOME") or (Path.home() / ".cache")
    return Path(home) / "rehearse"


def _has_room(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK) and shutil.disk_usage(path).free >= _ENOUGH_BYTES


class Holding:
    """A directory that is ours while this process lives, and anybody's to sweep afterwards.

    Args:
        root: A directory of ours in which holders lie side by side.
        mode: Of `root`; a server that runs as another user must be able to pass through.
    """

    def __init__(self, root: Path, *, mode: int = 0o700) -> None:
        self._root = private_directory(root, mode=mode)
        self._lock, self.path = self._taken()
        private_directory(self.path)

    def _taken(self) -> tuple[int, Path]:
        for number in count(1):
            path = self._root / f"{os.getpid()}-{number}"
            lock = _new_lock(path)
            if lock is not None:
                return lock, path
        raise AssertionError("unreachable: the numbers do not end")

    def release(self) -> None:
        """Remove the directory and let go. Idempotent."""
        if self._lock < 0:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        _lock_path(self.path).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1


def sweep_holdings(root: Path, *, first: Callable[[Path], None] = lambda _: None) -> tuple[Path, ...]:
    """Remove the directories below `root` whose holder is dead, and return them; `first` is told of each before it goes."""
    swept = []
    for lock_path in sorted(root.glob(f"*{_LOCK_SUFFIX}")) if root.is_dir() else ():
        path = lock_path.with_suffix("")
        if _swept(path, lock_path, first):
            swept.append(path)
    return tuple(swept)


def _swept(path: Path, lock_path: Path, first: Callable[[Path], None]) -> bool:
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not _locked(lock):
            return False
        first(path)
        shutil.rmtree(path, ignore_errors=True)
        lock_path.unlink(missing_ok=True)
    finally:
        os.close(lock)
    return True


def _new_lock(path: Path) -> int | None:
    """Return the held lock of a new holder, or None if the name is taken or a sweep came in between."""
    try:
        lock = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return None
    if _locked(lock) and os.fstat(lock).st_nlink:
        return lock
    os.close(lock)
    return None


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + _LOCK_SUFFIX)
