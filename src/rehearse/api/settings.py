"""Where the functions of this package run what they are given: which database, which catalog, where evidence goes."""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.artifacts.store import ArtifactStore
from rehearse.database.open import open_store
from rehearse.loading.catalog import Catalog
from rehearse.project import DATABASE_VARIABLE, Project, find_project
from rehearse.registry import domains

if TYPE_CHECKING:
    from rehearse.database.store import Store


@dataclass(frozen=True)
class Settings:
    """The settings of one caller.

    Attributes:
        project: What the nearest project file says.
        database: A server's address (`rehearse.database.open.open_store`), or None for SQLite.
        artifacts: Where runs are kept, or None for the project's place.
        orders: How many orders of a concurrent block are tried.
    """

    project: Project
    database: str | None = None
    artifacts: Path | None = None
    orders: int = 1

    @classmethod
    def here(cls, **changes: object) -> Settings:
        """Return the settings of the project at or above the working directory."""
        found = cls(find_project(), database=os.environ.get(DATABASE_VARIABLE) or None)
        return replace(found, **changes)  # type: ignore[arg-type]

    @cached_property
    def catalog(self) -> Catalog:
        """The scenarios of the project and of every installed domain."""
        bundled = tuple(found.scenario_root for found in domains() if found.scenario_root)
        return Catalog(self.project.scenario_roots, bundled=bundled)

    @cached_property
    def artifact_store(self) -> ArtifactStore:
        """The runs."""
        return ArtifactStore(self.artifacts or self.project.artifact_root)

    @property
    def store(self) -> Store:
        """The databases: one store for each address and process, closed when the process ends."""
        return shared_store(self.database)


_stores: dict[str | None, Store] = {}
_lock = threading.Lock()


def shared_store(database: str | None) -> Store:
    """Return this process's store for an address; what killed runs left behind is swept when it is first opened."""
    with _lock:
        if database not in _stores:
            store = open_store(database)
            store.sweep()
            _stores[database] = store
        return _stores[database]


def close_stores() -> None:
    """Close every shared store; what was started for them stops."""
    with _lock:
        while _stores:
            _stores.popitem()[1].close()


atexit.register(close_stores)
