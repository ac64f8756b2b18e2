"""Databases that exist before the engine comes: a SQLite file and a PostgreSQL database, filled, and adopted if asked."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import make_url

from rehearse.database.adopt import Adoption, adopt
from rehearse.database.deadline import Deadline
from rehearse.database.guard import GuardRequest
from rehearse.database.identity import identity_of
from rehearse.database.links import Link, open_link

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = (
    "CREATE TABLE persons (id text PRIMARY KEY, name text NOT NULL, level int)",
    "CREATE TABLE duties (id text PRIMARY KEY, person_id text NOT NULL REFERENCES persons(id), hours int NOT NULL)",
    "CREATE INDEX duties_by_person ON duties (person_id)",
)
ROWS = (
    "INSERT INTO persons VALUES ('R1', 'Ada', 1), ('R2', 'Bo', 2), ('R3', 'Cy', NULL)",
    "INSERT INTO duties VALUES ('d1', 'R1', 8), ('d2', 'R2', 12), ('d3', 'R2', 24)",
)
SECONDS = 30.0
_NAMES = count(1)


@dataclass
class Target:
    """A database to rehearse on.

    Attributes:
        url: Its URL.
        name: Its name.
        maintenance: URL of another database of its server; empty for a file.
    """

    url: str
    name: str
    maintenance: str = ""

    @property
    def backend(self) -> str:
        """Which server."""
        return make_url(self.url).get_backend_name()

    @property
    def path(self) -> Path:
        """The file."""
        return Path(make_url(self.url).database or "")

    def link(self) -> Link:
        """Open a link."""
        return open_link(self.url, Deadline.after(SECONDS))

    def adopt(self, environment: str = "test") -> Adoption:
        """Adopt it."""
        return adopt(self.url, environment)

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Execute statements as a stranger would, over a connection of its own, and return the last one's rows."""
        return execute(self.url, *statements)

    def rows(self, table: str = "persons") -> list[tuple[object, ...]]:
        """Return a table's rows by id."""
        return self.run(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608

    def request(self, **changes: object) -> GuardRequest:
        """Return a request that the guard grants, with changes."""
        with opened(self) as link:
            identity = identity_of(link)
        fields: dict[str, object] = {"run": "a-0001", "planned": identity, "consent": (identity.full_name,)}
        return GuardRequest(**(fields | changes))  # type: ignore[arg-type]


@contextmanager
def opened(target: Target) -> Iterator[Link]:
    """Open a link until the block ends."""
    link = target.link()
    try:
        yield link
    finally:
        link.close()


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Execute statements over a connection of their own and return the last one's rows."""
    rows: list[tuple[object, ...]] = []
    if url.startswith("sqlite"):
        raw = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        raw.execute("PRAGMA foreign_keys = ON")
        for statement in statements:
            rows = raw.execute(statement).fetchall()
        raw.close()
        return rows
    with psycopg.connect(url, autocommit=True) as server:
        for statement in statements:
            cursor = server.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
    return rows


def make_sqlite(directory: Path, name: str = "test_roster") -> Target:
    """Make a filled file."""
    target = Target(f"sqlite:///{directory / name}.db", name)
    target.run(*SCHEMA, *ROWS)
    return target


def make_postgres(server: str, name: str = "") -> Target:
    """Make a filled database on a server."""
    name = name or f"test_roster_{next(_NAMES)}"
    execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    target = Target(url, name, server)
    target.run(*SCHEMA, *ROWS)
    return target


def drop_postgres(server: str, name: str) -> None:
    """Drop a database and whatever was made from it."""
    execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """A filled database that nobody has adopted, on either backend."""
    if request.param == "sqlite":
        yield make_sqlite(tmp_path)
        return
    server = request.getfixturevalue("postgres_url")
    made = make_postgres(server)
    yield made
    drop_postgres(server, made.name)


@pytest.fixture
def adopted(target: Target) -> Target:
    """A filled database that was adopted for tests."""
    target.adopt()
    return target


@pytest.fixture
def sqlite_target(tmp_path: Path) -> Target:
    """An adopted file."""
    made = make_sqlite(tmp_path)
    made.adopt()
    return made


@pytest.fixture
def postgres_target(postgres_url: str) -> Iterator[Target]:
    """An adopted PostgreSQL database."""
    made = make_postgres(postgres_url)
    made.adopt()
    yield made
    drop_postgres(postgres_url, made.name)
