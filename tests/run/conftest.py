"""The laboratory comes in by the same door as any domain, for this process and for its children."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from .bench import Lab
from .lab_site import write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.database.postgres import PostgresStore
    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Store


@pytest.fixture(scope="session", autouse=True)
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the laboratory for this session."""
    folder = write_site(tmp_path_factory.mktemp("site"), f"{__package__}.lab_domain")
    sys.path.append(str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def lab(store: Store, tmp_path: Path) -> Lab:
    """The laboratory on each kind of store."""
    return Lab(store, tmp_path / "evidence")


@pytest.fixture
def sqlite_lab(sqlite_store: SqliteStore, tmp_path: Path) -> Lab:
    """The laboratory on SQLite."""
    return Lab(sqlite_store, tmp_path / "evidence")


@pytest.fixture
def postgres_lab(postgres_store: PostgresStore, tmp_path: Path) -> Lab:
    """The laboratory on PostgreSQL."""
    return Lab(postgres_store, tmp_path / "evidence")


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    """No operation's thread outlives its test."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith(("rehearse-step", "rehearse-main", "rehearse-concurrent")):
            thread.join(10)
            assert not thread.is_alive(), f"{thread.name} was left behind"
