"""Reports made from a stored run, by the formats that somebody hands in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.artifacts.folder import EXPORT, StoredRun
from rehearse.errors import ArtifactError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rehearse.artifacts.store import ArtifactStore

EXTENSIONS = {"json": "json", "yaml": "yaml", "html_report": "html", "junit": "junit.xml", "markdown": "md"}
"""Export format → the end of its file's name."""


@dataclass(frozen=True)
class Exporter:
    """One format: `render` makes the whole file from a stored run."""

    format: str
    render: Callable[[StoredRun], str]

    @property
    def file_name(self) -> str:
        """The file in the run's folder."""
        return export_name(self.format)


def export_name(format_name: str) -> str:
    """Return the name of a format's file: ``report.html`` for ``html_report``."""
    return EXPORT + EXTENSIONS.get(format_name, format_name)


def export(store: ArtifactStore, run: str, format_name: str, exporters: Iterable[Exporter]) -> Path:
    """Write a stored run in one format into its folder and return the file's path.

    Raises:
        ArtifactError: If there is no such run or format, or the file cannot be written.
    """
    known = {exporter.format: exporter for exporter in exporters}
    if format_name not in known:
        raise ArtifactError(f"no export format `{format_name}`; {did_you_mean(format_name, known)}".rstrip("; "))
    with store.open(run) as stored:
        return stored.write_export(known[format_name].file_name, known[format_name].render(stored))
