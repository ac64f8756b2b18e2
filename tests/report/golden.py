"""Golden files: what a reader sees, byte for byte; REHEARSE_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden"


def assert_golden(name: str, actual: str) -> None:
    """Compare `actual` with the golden file `name`."""
    path = GOLDEN / name
    if os.environ.get("REHEARSE_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == actual
