"""Scenarios performed in a process of their own, judged by the parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .lab_site import write_site

HERE = Path(__file__).parent
_PERFORM = """
import json, resource, sys
from pathlib import Path
from rehearse.database.open import open_store
from run.bench import Lab
text, root, limit = sys.stdin.read(), Path(sys.argv[1]), int(sys.argv[2])
store = open_store(None, root=root / "store")
lab = Lab(store, root / "evidence")
if limit:
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.dont_write_bytecode = True  # half a file of it would be left where every later process reads it
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
result = lab.perform(text)
scratch = list((root / "scratch").rglob("*")) if (root / "scratch").is_dir() else []
told = dict(status=result.status, category=result.category, phase=result.phase, error=result.error or "",
            complete=(Path(result.run_path) / "complete.json").exists(), scratch=len(scratch))
store.close()
print(json.dumps(told))
"""


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a child that finds the engine, the tests and the laboratory."""
    site = write_site(folder / "site", "run.lab_domain")
    paths = (HERE.parents[1] / "src", HERE.parent, site)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "XDG_CACHE_HOME": str(folder / "cache")}


def performed_in_child(text: str, *, file_size: int = 0) -> dict[str, Any]:
    """Perform a scenario in a child that may write files of at most `file_size` bytes, and return what it tells."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        child = subprocess.run(
            [sys.executable, "-c", _PERFORM, name, str(file_size)],
            input=text,
            capture_output=True,
            text=True,
            env=environment(folder),
            timeout=120,
            check=False,
        )
        assert child.returncode == 0, child.stderr
        told: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
        return told
