"""Runs a piece of Python in a process of its own, judged by the parent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"


def started(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start `script` with `arguments` and return its process; its first line tells that it is ready."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(SOURCES), str(HERE)))},
    )


def in_child(script: str, *arguments: str) -> str:
    """Run `script` to its end and return what it printed."""
    child = started(script, *arguments)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return out.strip()


def killed_at_first_line(script: str, *arguments: str) -> str:
    """Run `script` until it has printed a line, kill it as `kill -9` does, and return the line."""
    child = started(script, *arguments)
    assert child.stdout is not None
    line = child.stdout.readline().strip()
    child.kill()
    _, err = child.communicate(timeout=60)
    assert line, err
    return line
