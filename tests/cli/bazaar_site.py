"""How the bazaar is installed: a distribution with an entry point, in a folder to be put on the path beside the tests'."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_site(folder: Path) -> Path:
    """Write a distribution whose entry point names the bazaar, and return the folder."""
    metadata = folder / "rehearse_bazaar-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearse-bazaar\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[rehearse.domains]\nbazaar = cli.bazaar:BAZAAR\n")
    return folder
