"""How the laboratory is installed: a distribution with an entry point, in a folder to be put on the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_site(folder: Path, module: str) -> Path:
    """Write a distribution whose entry point names the laboratory in `module`, and return the folder."""
    metadata = folder / "rehearse_lab-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearse-lab\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[rehearse.domains]\nlab = {module}:LAB\n")
    return folder
