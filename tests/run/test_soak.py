"""The soaks, with small numbers: nothing is left of runs that timed out (F29), or that were killed in any phase; one wins a race."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATABASES = ["sqlite", pytest.param("bundled", marks=pytest.mark.postgresql)]


def soaked(*arguments: str) -> str:
    """Run ``python -m benchmarks.soak`` and return what it printed; it ends with 0 or its words are the failure."""
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    return child.stdout


@pytest.mark.parametrize("database", DATABASES)
def test_timeouts_leave_nothing(database: str) -> None:
    """Threads, descriptors, processes, files, connections and databases are as before; every run has its evidence."""
    told = soaked("timeouts", "--count", "12", "--database", database)
    assert "12 × status timeout, step error: 0.03 s passed; nothing was committed" in told
    assert "0 left of anything; 0 ended otherwise; 0 without evidence" in told


@pytest.mark.parametrize(
    ("database", "phases"),
    [
        ("sqlite", ("isolate", "setup", "capture_before", "act", "judge", "retain")),
        pytest.param("bundled", ("setup", "act", "capture_after", "restore"), marks=pytest.mark.postgresql),
    ],
)
def test_kills_leave_nothing(database: str, phases: tuple[str, ...]) -> None:
    """A run killed inside a phase is never taken for a finished one, and the next run passes on what it left."""
    asked = [word for phase in phases for word in ("--phase", phase)]
    told = soaked("kills", "--per-phase", "1", "--database", database, *asked)
    assert list(phases) == re.findall(r"^(\w+) +~.* 1 killed inside, .* faults: 0$", told, re.MULTILINE)
    assert "0 faults; too few kills inside: none" in told


@pytest.mark.parametrize("database", DATABASES)
def test_of_two_that_exclude_each_other_one_wins(database: str) -> None:
    """Every pair meets, and it is counted what came of it."""
    told = soaked("concurrent", "--count", "1", "--database", database)
    assert "two removals from one night: remove_assignment · remove_assignment" in told
    assert re.search(r"^(\d+) pairs, 1 meetings each on \w+: 0 came out wrong$", told, re.MULTILINE)
