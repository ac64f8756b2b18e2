"""Pairs of operations that exclude each other, performed at the same moment over and over: never both accepted, never neither."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.residency_domain.arena import Arena, Meeting, tally
from tests.residency_domain.rivals import PAIRS, Rivals

from rehearse.database import postgres_lease
from rehearse.database.open import open_store
from rehearse.database.server import BundledServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.database.store import Store


def concurrent(folder: Path, count: int, database: str, *, level: str = "") -> int:
    """Let every pair meet `count` times and return 1 if ever both or neither were accepted, or a roster was left broken.

    Args:
        folder: Where databases may lie.
        count: How often each pair meets.
        database: ``sqlite`` or ``bundled``.
        level: An isolation level of the server in place of the product's, to see what that would let through.
    """
    server = BundledServer() if database == "bundled" else None
    store = open_store(server.start() if server else None, root=folder / "databases")
    try:
        with _weakened(level):
            return _counted(store, count)
    finally:
        store.close()
        if server:
            server.stop()


@contextmanager
def _weakened(level: str) -> Iterator[None]:
    """Begin transactions at another level than the product does; nothing if none is named."""
    usual = postgres_lease.TRANSACTIONS
    if level:
        words = f"BEGIN ISOLATION LEVEL {level}"
        postgres_lease.TRANSACTIONS = replace(usual, write=words, read=words)
        print(f"NOT the product's isolation: {words}")
    try:
        yield
    finally:
        postgres_lease.TRANSACTIONS = usual


def _counted(store: Store, count: int) -> int:
    wrong = 0
    for rivals in PAIRS:
        began = time.monotonic()
        meetings = _met(store, rivals, count)
        each = (time.monotonic() - began) / count * 1000
        overlapped = sum(meeting.overlapped for meeting in meetings)
        again = sum(max(meeting.tries) > 1 for meeting in meetings)
        broken = sum(bool(meeting.broken) for meeting in meetings)
        print(f"{rivals.name}: {rivals.first.operation} · {rivals.second.operation}")
        for words, number in sorted(tally(meetings).items()):
            print(f"  {number:5d} × {words}")
        print(
            f"  {overlapped} of {count} at the same time, {again} tried again, {broken} left broken; {each:.0f} ms each"
        )
        wrong += broken + sum(sum(meeting.accepted) != 1 or bool(meeting.errors) for meeting in meetings)
    print(f"{len(PAIRS)} pairs, {count} meetings each on {store.backend}: {wrong} came out wrong")
    return 1 if wrong else 0


def _met(store: Store, rivals: Rivals, count: int) -> list[Meeting]:
    with Arena(store, rivals) as arena:
        return [arena.meet() for _ in range(count)]
