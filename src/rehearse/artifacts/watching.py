"""Runs that others make, seen from outside while they go: what has been written so far, and whether anybody still writes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.artifacts.folder import lock, read_mark
from rehearse.artifacts.record import split_run
from rehearse.database import effects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.artifacts.record import RunRecord
    from rehearse.artifacts.store import ArtifactStore

MOST_AT_ONCE = 1 << 20
"""So many bytes of a log are read in one look; the rest with the next."""

GONE = -1
"""When the place of all runs was last changed, if it was removed since."""


@dataclass(frozen=True)
class Tail:
    """What came to a log since somebody looked last.

    Attributes:
        data: The new bytes.
        written: When the log was last written to, in seconds since the epoch.
    """

    data: bytes
    written: float


def tail(store: ArtifactStore, run: str, name: str, offset: int) -> Tail | None:
    """Return what a run's log holds from `offset` on; None if there is no such log."""
    with _directory(store, run) as directory:
        if directory is None:
            return None
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            written = os.fstat(descriptor).st_mtime
            file.seek(offset)
            return Tail(file.read(MOST_AT_ONCE), written)


def mark_of(store: ArtifactStore, run: str) -> RunRecord | None:
    """Return a run's complete mark; None if it was not finished."""
    with _directory(store, run) as directory:
        return None if directory is None else read_mark(directory)


def is_held(store: ArtifactStore, run: str) -> bool:
    """Whether a living process writes this run.

    Asking takes the lock for an instant, so ask only of runs of which something is written: they were claimed long before.
    """
    with _directory(store, run) as directory:
        return directory is not None and not lock(directory, exclusive=False)


def changed_at(store: ArtifactStore) -> int:
    """Return when a folder last came to the runs or went, in nanoseconds since the epoch; 0 if there are none.

    If somebody has removed the whole place it is `GONE`, and the store finds the next one when it is there.
    """
    runs = store.handle()
    if runs is None:
        return 0
    status = os.fstat(runs)
    if status.st_nlink:
        return status.st_mtime_ns
    store.close()
    return GONE


@contextmanager
def _directory(store: ArtifactStore, run: str) -> Iterator[int | None]:
    runs = store.handle()
    if runs is None or split_run(run) is None:
        yield None
        return
    try:
        directory = os.open(run, effects.DIRECTORY, dir_fd=runs)
    except OSError:
        yield None
        return
    try:
        yield directory
    finally:
        os.close(directory)
