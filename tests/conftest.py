"""Databases for all tests: real SQLite files, and a real PostgreSQL that is started once for a test process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from rehearse.database.postgres import PostgresStore
from rehearse.database.server import BundledServer
from rehearse.database.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Store


LONGEST = (
    "tests/faces/test_suite_report.py",
    "tests/test_library.py",
    "tests/pytest_plugin/test_running.py",
    "tests/test_wheel.py",
    "tests/faces/test_run_report.py",
    "tests/faces/test_serve.py",
    "tests/residency/test_rules_against_naive.py",
    "tests/docs/test_pages.py",
    "tests/serve/test_server.py",
    "tests/database/attached/test_recovery.py",
    "tests/run/test_soak.py",
    "tests/run/test_concurrent.py",
)
"""The files that take longest; they are begun first, so that no worker is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))


def pytest_configure() -> None:
    """Forget what the machine says about terminals and logs: what a program does then is for the tests to say, not for where they run.

    Bytecode is kept: hundreds of programs are started, and each would compile all of the sources again.
    """
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A SQLite store with directories of its own."""
    store = SqliteStore(tmp_path_factory.mktemp("sqlite"), scratch=tmp_path_factory.mktemp("scratch"))
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server that ends with the test process."""
    server = BundledServer()
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def postgres_store(postgres_url: str) -> Iterator[PostgresStore]:
    """A PostgreSQL store on that server."""
    store = PostgresStore(postgres_url)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store, one after the other."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found: Store = request.getfixturevalue(name)
    return found
