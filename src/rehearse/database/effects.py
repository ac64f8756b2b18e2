"""The one seam through which side effects pass, so that a test can count them, fail the n-th, or die at it.

Every created file, write, fsync, rename, unlink, spawned program, step of a copy and destructive statement is
announced here right before it happens. Nobody listens in production: an announcement then costs one comparison.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

Kind = Literal["create", "write", "sync", "rename", "remove", "spawn", "copy", "statement"]
Listener: TypeAlias = Callable[[str, str], None]

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
APPENDED_FILE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Seam:
    """Tells a listener of each effect before it happens; what the listener raises takes the effect's place."""

    def __init__(self) -> None:
        self._listener: Listener | None = None

    def announce(self, kind: Kind, target: str) -> None:
        """Say that an effect of `kind` on `target` comes next."""
        if self._listener is not None:
            self._listener(kind, target)

    @contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Tell `listener` of every effect of this process until the block ends."""
        before, self._listener = self._listener, listener
        try:
            yield
        finally:
            self._listener = before


SEAM = Seam()


def make_directory(name: str, *, within: int | None = None) -> None:
    """Create a directory with mode 0700, whatever the umask; FileExistsError if there is one."""
    SEAM.announce("create", name)
    os.mkdir(name, PRIVATE_DIRECTORY, dir_fd=within)
    os.chmod(name, PRIVATE_DIRECTORY, dir_fd=within)


def create_file(name: str, *, within: int | None = None, append: bool = False) -> int:
    """Create a file with mode 0600, whatever the umask, and return its descriptor; FileExistsError if there is one."""
    SEAM.announce("create", name)
    descriptor = os.open(name, NEW_FILE | (os.O_APPEND if append else 0), PRIVATE_FILE, dir_fd=within)
    os.fchmod(descriptor, PRIVATE_FILE)
    return descriptor


def append_line(name: str, line: bytes, *, within: int | None = None) -> None:
    """Add a line to a file in one write, so that several processes may; the file is made with mode 0600 if need be."""
    SEAM.announce("write", name)
    descriptor = os.open(name, APPENDED_FILE, PRIVATE_FILE, dir_fd=within)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


def write(descriptor: int, data: bytes, name: str) -> None:
    """Write all of `data`."""
    SEAM.announce("write", name)
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, data[written:])


def sync(descriptor: int, name: str) -> None:
    """Flush `descriptor` to the disk. A failure is never tried again: the kernel may have dropped the page."""
    SEAM.announce("sync", name)
    os.fsync(descriptor)


def rename(old: str, new: str, *, within: int | None = None) -> None:
    """Put `old` in the place of `new`."""
    SEAM.announce("rename", new)
    os.rename(old, new, src_dir_fd=within, dst_dir_fd=within)


def remove_file(name: str, *, within: int | None = None) -> None:
    """Remove a file."""
    SEAM.announce("remove", name)
    os.unlink(name, dir_fd=within)


def remove_directory(name: str, *, within: int | None = None) -> None:
    """Remove an empty directory."""
    SEAM.announce("remove", name)
    os.rmdir(name, dir_fd=within)
