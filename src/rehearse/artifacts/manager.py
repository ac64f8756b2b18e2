"""The seed's `ArtifactManager`: retention and export of a scenario's newest run."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from rehearse.artifacts import export as exports
from rehearse.artifacts import retention
from rehearse.artifacts.store import ArtifactStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rehearse.artifacts.export import Exporter
    from rehearse.artifacts.record import RunRecord
    from rehearse.artifacts.retention import Removal


def today_utc() -> date:
    """Return the day on which retention is decided; nothing of a result depends on it."""
    return datetime.now(UTC).date()


class ArtifactManager:
    """Retention and exports by scenario id; each call works on the scenario's newest finished run.

    Attributes:
        store: Where the runs are.
    """

    def __init__(
        self,
        store: ArtifactStore | None = None,
        *,
        exporters: Sequence[Exporter] = (),
        today: Callable[[], date] = today_utc,
    ) -> None:
        self.store = store or ArtifactStore()
        self._exporters = tuple(exporters)
        self._today = today

    async def set_expiration(self, scenario_id: str, retention_days: int | None) -> RunRecord:
        """Keep the newest run for so many days (at least 90 if it did not pass), or for ever.

        Raises:
            ArtifactError: If the scenario has no finished run.
        """
        return await asyncio.to_thread(self._set_expiration, scenario_id, retention_days)

    def _set_expiration(self, scenario_id: str, retention_days: int | None) -> RunRecord:
        return self.store.set_expiration(self.store.latest(scenario_id).run, retention_days)

    async def export(self, scenario_id: str, format: str) -> Path:  # noqa: A002  (the seed's name)
        """Write the newest run in one format into its folder and return the file's path.

        Raises:
            ArtifactError: If the scenario has no finished run, or there is no such format.
        """
        return await asyncio.to_thread(self._export, scenario_id, format)

    def _export(self, scenario_id: str, format_name: str) -> Path:
        return exports.export(self.store, self.store.latest(scenario_id).run, format_name, self._exporters)

    async def sweep(self) -> Removal:
        """Remove the runs whose time is over."""
        return await asyncio.to_thread(retention.sweep, self.store, self._today())
