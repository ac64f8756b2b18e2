"""Retention and exports of this project's runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.api.settings import Settings
from rehearse.artifacts.export import Exporter
from rehearse.artifacts.manager import ArtifactManager as Manager
from rehearse.report.formats import RENDERERS, rendered
from rehearse.report.stored import stored_result

if TYPE_CHECKING:
    from rehearse.artifacts.folder import StoredRun
    from rehearse.artifacts.store import ArtifactStore


class ArtifactManager(Manager):
    """`rehearse.artifacts.manager.ArtifactManager` over the project's runs, with every format that a report has."""

    def __init__(self, store: ArtifactStore | None = None) -> None:
        exporters = tuple(_exporter(name) for name in RENDERERS)
        super().__init__(store or Settings.here().artifact_store, exporters=exporters)


def _exporter(format_name: str) -> Exporter:
    def render(run: StoredRun) -> str:
        return rendered(format_name, run, stored_result(run))

    return Exporter(format_name, render)
