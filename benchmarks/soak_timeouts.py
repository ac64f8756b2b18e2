"""Scenarios that miss their deadline, one after another, and an inventory before and after (F29)."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.run.bench import Lab, document, step

from benchmarks.inventory import settled, take, thread_names
from rehearse.database.open import open_store
from rehearse.database.scratch import scratch_root
from rehearse.database.server import BundledServer

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.store import Store

DEADLINE = 0.03
CASES = (
    document(step("hang_in_sql"), timeout_seconds=DEADLINE),
    document(step("hang"), timeout_seconds=DEADLINE),
    document(together=(step("hang_in_sql"), step("put", {"cell": "b"})), timeout_seconds=DEADLINE),
    document(step("spin"), timeout_seconds=DEADLINE),
)
"""Half of them wait in the database, half in Python; one in four has two sessions on a database of their own."""


def timeouts(folder: Path, count: int, database: str) -> int:
    """Perform `count` scenarios that time out and return 1 if anything of them is left, or one ended otherwise."""
    server = BundledServer() if database == "bundled" else None
    url = server.start() if server else None
    try:
        return _counted(folder, count, url)
    finally:
        if server:
            server.stop()


def _counted(folder: Path, count: int, url: str | None) -> int:
    folders = (folder / "databases" / "kept", scratch_root())
    _soaked(folder / "warm", folder, 8, url)
    before = take(folders, url)
    print(f"before: {before}")
    began = time.monotonic()
    statuses = _soaked(folder / "evidence", folder, count, url)
    seconds = time.monotonic() - began
    after = settled(before, folders, url)
    print(f"after:  {after}")
    print(f"{count} runs with a deadline of {DEADLINE:g} s in {seconds:.0f} s, {seconds / count * 1000:.0f} ms each")
    for (status, outcome, error), number in sorted(statuses.items()):
        print(f"  {number:5d} × status {status}, step {outcome}: {error}")
    marks = sum(1 for _ in (folder / "evidence" / "runs").glob("*/complete.json"))
    print(f"  {marks:5d} runs with whole evidence")
    grown = after.grown(before)
    wrong = count - sum(number for (status, _, _), number in statuses.items() if status == "timeout")
    if grown:
        print(f"LEFT BEHIND: {grown}; threads: {thread_names()}")
    print(
        "0 left of anything" if not grown else "",
        f"{wrong} ended otherwise",
        f"{count - marks} without evidence",
        sep="; ",
    )
    return 1 if grown or wrong or marks != count else 0


def _soaked(evidence: Path, folder: Path, count: int, url: str | None) -> Counter[tuple[str, str, str]]:
    store: Store = open_store(url, root=folder / "databases")
    lab = Lab(store, evidence)
    statuses = Counter[tuple[str, str, str]]()
    try:
        for number in range(count):
            result = lab.perform(CASES[number % len(CASES)])
            late = next((each for each in result.steps if each.timed_out), None)
            statuses[result.status, late.outcome if late else "none", (late.error if late else result.error) or ""] += 1
    finally:
        lab.artifacts.close()
        store.close()
    return statuses
