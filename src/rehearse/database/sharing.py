"""Templates that several processes of one test session share: each is built by one of them, whichever needs it first."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


def alone(directory: Path | None, key: str) -> AbstractContextManager[None]:
    """Return a context in which no other process that shares `directory` builds the template `key`; without one, everybody may.

    Whoever waited finds the template built. A builder that dies gives way: its lock goes with it.
    """
    return nullcontext() if directory is None else _locked(directory / f"{key}.lock")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
