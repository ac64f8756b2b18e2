"""``python -m benchmarks.soak``: what a thousand timeouts leave behind, what a kill leaves behind in each phase, and who wins a race.

    python -m benchmarks.soak timeouts --count 1000 --database sqlite|bundled
    python -m benchmarks.soak kills --per-phase 50 --database sqlite|bundled
    python -m benchmarks.soak concurrent --count 200 --database sqlite|bundled [--level "READ COMMITTED"]

Each prints what it counted, and ends with 1 if anything was left, or accepted, that should not be.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.run.lab_site import write_site

from benchmarks.soak_concurrent import concurrent
from benchmarks.soak_kills import kills
from benchmarks.soak_timeouts import timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    commands = parser.add_subparsers(dest="command", required=True)
    slow = commands.add_parser("timeouts", help="scenarios that miss their deadline, half in SQL and half in Python")
    slow.add_argument("--count", type=int, default=1000)
    dead = commands.add_parser("kills", help="runs killed at a random instant of each phase")
    dead.add_argument("--per-phase", type=int, default=50)
    dead.add_argument("--phase", action="append", default=[], help="only this one; may be repeated")
    rivals = commands.add_parser("concurrent", help="pairs of operations that exclude each other, at the same moment")
    rivals.add_argument("--count", type=int, default=200, help="meetings of each pair")
    rivals.add_argument("--level", default="", help="another isolation level than the product's, on a server")
    for command in (slow, dead, rivals):
        command.add_argument("--database", choices=("sqlite", "bundled"), default="sqlite")
        command.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {sysconfig.get_platform()}, {os.cpu_count()} cores"
    )
    with _workshop() as folder:
        if asked.command == "timeouts":
            return timeouts(folder, asked.count, asked.database)
        if asked.command == "concurrent":
            return concurrent(folder, asked.count, asked.database, level=asked.level)
        return kills(folder, asked.per_phase, asked.database, seed=asked.seed, phases=tuple(asked.phase))


@contextmanager
def _workshop() -> Iterator[Path]:
    """Install the laboratory of the tests beside a folder that goes at the end; children of ours find both."""
    with tempfile.TemporaryDirectory(prefix="rehearse-soak-") as name:
        site = write_site(Path(name) / "site", "tests.run.lab_domain")
        paths = [str(ROOT), str(ROOT / "src"), str(site)]
        sys.path += [path for path in paths if path not in sys.path]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
        yield Path(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
