"""What a process and a server hold at a moment: counted before and after, so that what is left behind can be seen."""

from __future__ import annotations

import gc
import os
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SETTLE_SECONDS = 15.0


@dataclass(frozen=True)
class Inventory:
    """What there is.

    Attributes:
        threads: Of this process, those of C libraries too.
        descriptors: Open files, sockets and pipes of this process.
        processes: Its children and theirs.
        files: Below the folders that were named, as far as they are this process's.
        connections: To the server, but for the one that asks.
        databases: On the server, finished templates left out.
    """

    threads: int
    descriptors: int
    processes: int
    files: int
    connections: int = 0
    databases: int = 0

    def grown(self, before: Inventory) -> dict[str, int]:
        """Return by how much each kind is more than `before`."""
        now, then = asdict(self), asdict(before)
        return {name: now[name] - then[name] for name in now if now[name] > then[name]}


def take(folders: Iterable[Path], url: str | None = None) -> Inventory:
    """Count everything now."""
    gc.collect()
    connections, databases = _server(url) if url else (0, 0)
    return Inventory(
        threads=len(list(Path("/proc/self/task").iterdir())),
        descriptors=len(list(Path("/proc/self/fd").iterdir())),
        processes=len(descendants(os.getpid())),
        files=sum(len(list(folder.glob(f"*{os.getpid()}-*"))) for folder in folders),
        connections=connections,
        databases=databases,
    )


def settled(before: Inventory, folders: Iterable[Path], url: str | None = None) -> Inventory:
    """Count until nothing is more than `before`, or for some seconds: what ends in the background may take a moment."""
    folders, limit = tuple(folders), time.monotonic() + _SETTLE_SECONDS
    while (now := take(folders, url)).grown(before) and time.monotonic() < limit:
        time.sleep(0.1)
    return now


def descendants(pid: int) -> set[int]:
    """Return the processes that descend from `pid`; those that are dead and not waited for are left out."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                state, parent = (path / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(path.name)] = int(parent)
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def leftover_databases(url: str) -> list[str]:
    """Return the databases of ours on a server that are no finished templates."""
    import psycopg  # noqa: PLC0415  (only where there is a server)

    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'rehearse%' AND NOT datistemplate ORDER BY datname"
        ).fetchall()
    return [row[0] for row in rows]


def _server(url: str) -> tuple[int, int]:
    import psycopg  # noqa: PLC0415  (only where there is a server)

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    return (row[0] if row else 0, len(leftover_databases(url)))


def thread_names() -> list[str]:
    """Return the names of this process's threads, for whoever has to find what is left."""
    return sorted(thread.name for thread in threading.enumerate())
