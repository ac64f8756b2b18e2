"""``python -m benchmarks.starts``: how soon the program is there, beside ``python -c pass`` and the peers, in one run.

Three tables: help and one scenario from a cold start; what a collection of 2,000 files of one small scenario each costs, without running any.
Rounds are interleaved (every row once, then again), and the median of the rounds is shown. Each file is new for every round, so that what a
runner has kept of an earlier one is no help; `again` is the second collection of the same files. pytest loads the one plugin that is measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ours import rehearse_project
from benchmarks.peers.generate import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent
PYTEST = ("-m", "pytest", "--co", "-q", "-p", "no:cacheprovider")
SCENARIO = "n1-holiday-coverage-001"
STARTS: Mapping[str, tuple[str, ...]] = {
    "python -c pass": ("-c", "pass"),
    "rehearse --help": ("-m", "rehearse", "--help"),
    f"rehearse run {SCENARIO}": ("-m", "rehearse", "run", SCENARIO),
}


def ours(folder: Path, count: int) -> None:
    """Write `count` files of one scenario."""
    rehearse_project(folder, count, per_file=1)
    (folder / "pytest.ini").write_text("[pytest]\nscenario_paths = scenarios\n", encoding="utf-8")


def split(peer: str, pattern: str) -> Callable[[Path, int], None]:
    """Return what writes `count` files of one scenario each for a peer: copies of its project's file for one."""

    def write(folder: Path, count: int) -> None:
        PROJECTS[peer][0](folder, 1)
        (first,) = folder.rglob(pattern)
        text = first.read_text(encoding="utf-8")
        first.unlink()
        for number in range(1, count + 1):
            copy = first.with_name(f"{first.stem}_{number}{first.suffix}")
            copy.write_text(
                text.replace("shop 1", f"shop {number}").replace("Shop 1", f"Shop {number}"), encoding="utf-8"
            )

    return write


def bdd(folder: Path, count: int) -> None:
    """Write `count` features of one scenario and the one module that pytest-bdd needs beside them."""
    split("pytest-bdd", "*.feature")(folder, count)
    steps = folder / "test_shop.py"
    steps.write_text(steps.read_text(encoding="utf-8").replace('"shop.feature"', '"."'), encoding="utf-8")


COLLECTIONS: Mapping[str, tuple[Callable[[Path, int], None], tuple[str, ...]]] = {
    "Rehearse, pytest --co": (ours, (*PYTEST, "-p", "rehearse.pytest_plugin")),
    "behave --dry-run": (
        split("behave", "*.feature"),
        ("-m", "behave", "--dry-run", "--no-summary", "--format", "null", "--no-capture"),
    ),
    "pytest-bdd, pytest --co": (bdd, (*PYTEST, "-p", "pytest_bdd.plugin", "-c", "/dev/null", ".")),
    "Robot Framework --dryrun": (
        split("Robot Framework, no output", "*.robot"),
        ("-m", "robot", "--dryrun", "--output", "NONE", "--log", "NONE", "--report", "NONE", "--console", "none", "."),
    ),
}


def seconds(arguments: tuple[str, ...], folder: Path) -> float:
    """Return the processor seconds of a fresh process in `folder`: what else the machine does at the time counts less than on the wall.

    Raises:
        RuntimeError: If it failed.
    """
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT), str(folder)])
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, for every runner
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts(rounds: int) -> dict[str, list[float]]:
    """Return seconds of each cold start, one figure a round."""
    found: dict[str, list[float]] = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as name:
        for arguments in STARTS.values():
            seconds(arguments, Path(name))  # compiles modules and builds the schema's template, once
        for _ in range(rounds):
            for row, arguments in STARTS.items():
                found[row].append(seconds(arguments, Path(name)))
    return found


def collections(rounds: int, count: int) -> dict[str, list[float]]:
    """Return seconds of each collection, one figure a round; of ours the second one of the same files, too."""
    found: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        for row, (make, arguments) in COLLECTIONS.items():
            with tempfile.TemporaryDirectory(dir=_fast_folder()) as name:
                make(Path(name), count)
                found.setdefault(row, []).append(seconds(arguments, Path(name)))
                if make is ours:
                    found.setdefault(f"{row}, again", []).append(seconds(arguments, Path(name)))
            print(f"round {number}: {row}: {found[row][-1]:.2f} s", file=sys.stderr)
    return found


def table(found: Mapping[str, list[float]], reference: str) -> str:
    """Return the figures as a Markdown table, with the ratio to one row."""
    base = statistics.median(found[reference])
    lines = [f"| | median s of processor | rounds | ÷ {reference} |", "|---|--:|---|--:|"]
    for row, times in found.items():
        median = statistics.median(times)
        shown = " ".join(f"{one:.2f}" for one in times)
        lines.append(f"| {row} | {median:.2f} | {shown} | {median / base:.2f} |")
    return "\n".join(lines)


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (memory-backed, the same for every runner)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=2000)
    chosen = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("pytest", "pytest-bdd", "behave", "robotframework"))
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores; {packages}\n")
    print("From a cold start, modules compiled and the schema's template built:\n")
    print(table(starts(chosen.rounds), "python -c pass"))
    print(f"\nCollecting {chosen.files} files of one scenario each:\n")
    print(table(collections(chosen.rounds, chosen.files), "behave --dry-run"))


if __name__ == "__main__":
    main()
