"""Files that must survive a crash: written beside their place, synced, renamed, and the directory synced.

A sync that fails is told and never tried again, since the kernel may have dropped what it could not write.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import file_digest
from typing import TYPE_CHECKING

from rehearse.database import effects
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from pathlib import Path


def private_directory(path: Path) -> Path:
    """Return `path`, made with mode 0700 if it is not there.

    Raises:
        BackupError: If it is a symlink, no directory, somebody else's, or may be written by others.
    """
    if not path.is_symlink() and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            effects.make_directory(str(path))
    status = path.lstat()
    if path.is_symlink() or not path.is_dir():
        raise BackupError(f"{path} is not a directory of its own")
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise BackupError(f"{path} belongs to another user or may be written by others")
    return path


def write_durably(path: Path, content: bytes) -> None:
    """Put a file in its place so that after a crash it is there whole, or as it was before.

    Raises:
        OSError: If anything fails; nothing is tried twice.
    """
    draft = path.with_name(f".{path.name}.next")
    with suppress(FileNotFoundError):
        effects.remove_file(str(draft))
    descriptor = effects.create_file(str(draft))
    try:
        effects.write(descriptor, content, str(draft))
        effects.sync(descriptor, str(draft))
    finally:
        os.close(descriptor)
    effects.rename(str(draft), str(path))
    sync_directory(path.parent)


def remove_durably(path: Path) -> None:
    """Remove a file so that it stays removed after a crash; nothing if it is gone."""
    with suppress(FileNotFoundError):
        effects.remove_file(str(path))
        sync_directory(path.parent)


def sync_file(path: Path) -> None:
    """Flush a file that somebody else wrote."""
    _sync(path, os.O_RDONLY)


def sync_directory(path: Path) -> None:
    """Flush a directory, so that the names in it last."""
    _sync(path, effects.DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        effects.sync(descriptor, str(path))
    finally:
        os.close(descriptor)


def hash_of(path: Path) -> tuple[int, str]:
    """Return a file's size and SHA-256."""
    with path.open("rb") as file:
        return path.stat().st_size, file_digest(file, "sha256").hexdigest()
