"""Ctrl-C at the command line: the first ends the run politely, and the process says so with its exit code (F55)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from .bench import document, step
from .children import environment

if TYPE_CHECKING:
    from pathlib import Path


def test_sigint_ends_a_run_politely(tmp_path: Path) -> None:
    """The step is undone, the run is reported and its evidence whole; nothing runs on."""
    (tmp_path / "slow.yaml").write_text(document(step("put"), step("hang"), step("put"), timeout_seconds=60))
    child = subprocess.Popen(
        [sys.executable, "-m", "rehearse", "run", "slow.yaml", "--json", "--artifacts", "evidence"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(json.loads(line))
        if lines[-1].get("event") == "step-started" and lines[-1].get("step") == "step2":
            os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert 3 == child.returncode, err
    assert "stopping" in err
    (run,) = (tmp_path / "evidence" / "runs").glob("lab-*")
    stored = json.loads((run / "result.json").read_text())
    assert ["done", "error", "skipped"] == [each["outcome"] for each in stored["steps"]]
    assert "the run was cancelled; nothing was committed" == stored["steps"][1]["error"]
    assert (run / "complete.json").exists()
