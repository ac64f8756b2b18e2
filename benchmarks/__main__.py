"""``python -m benchmarks``: the marginal cost of a tiny scenario, ours beside five peers', in one run.

Every runner performs 200 and 2,000 copies of the same scenario in a fresh process; the marginal cost is the difference of the two wall-clock
times divided by 1,800. Rounds are interleaved (every runner once, then again), and the median of the rounds is shown. The peers take no
snapshot, capture no SQL, compute no difference and keep no evidence; Rehearse does all of that, on a fresh database each time.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ours import rehearse_project
from benchmarks.peers.generate import PROJECTS
from benchmarks.phases import phase_table

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
OURS = "Rehearse (SQLite, everything on)"
RUNNERS: dict[str, tuple[Callable[[Path, int], None], tuple[str, ...]]] = {
    OURS: (rehearse_project, ("-m", "rehearse", "run", "scenarios", "--json")),
    **PROJECTS,
}


def seconds(runner: str, count: int) -> float:
    """Return the wall-clock seconds of `count` scenarios in a fresh process.

    Raises:
        RuntimeError: If the runner did not pass them all.
    """
    make, arguments = RUNNERS[runner]
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as name:
        folder = Path(name)
        make(folder, count)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), name])}
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        elapsed = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{runner} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return elapsed


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (memory-backed, the same for every runner)


def marginal(rounds: int, few: int, many: int) -> dict[str, list[float]]:
    """Return milliseconds for one more scenario, runner by runner, one figure a round."""
    found: dict[str, list[float]] = {runner: [] for runner in RUNNERS}
    for number in range(1, rounds + 1):
        for runner in RUNNERS:
            cost = (seconds(runner, many) - seconds(runner, few)) / (many - few) * 1000
            found[runner].append(cost)
            print(f"round {number}: {runner}: {cost:.2f} ms", file=sys.stderr)
    return found


def table(found: dict[str, list[float]]) -> str:
    """Return the figures as a Markdown table, with the ratio to behave's."""
    behave = statistics.median(found["behave"])
    lines = ["| runner | median ms | rounds | ÷ behave |", "|---|--:|---|--:|"]
    for runner, costs in found.items():
        median = statistics.median(costs)
        rounds = " ".join(f"{cost:.2f}" for cost in costs)
        lines.append(f"| {runner} | {median:.2f} | {rounds} | {median / behave:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=2000)
    chosen = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("pytest", "pytest-bdd", "behave", "robotframework"))
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores; {packages}\n")
    print(f"One more tiny scenario, between {chosen.few} and {chosen.many}:\n")
    print(table(marginal(chosen.rounds, chosen.few, chosen.many)))
    print("\nWhere our milliseconds go, by phase (median of 200 runs in one process):\n")
    print(phase_table())


if __name__ == "__main__":
    main()
