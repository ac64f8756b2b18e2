"""The mark inside an adopted database: who it was when it was adopted, for which environment, and how large."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from rehearse.database.identity import Identity

if TYPE_CHECKING:
    from rehearse.database.links import Link, Permission

MARKER = "rehearse_marker"
JOURNAL = "rehearse_journal"
OURS = (MARKER, JOURNAL)
"""Tables of ours in an adopted database; no fingerprint counts them."""

COLUMNS = ("id", "environment", "backend", "name", "place", "number", "address", "fixture_rows")
_CREATE_MARKER = (
    f"CREATE TABLE IF NOT EXISTS {MARKER} (id text PRIMARY KEY, environment text NOT NULL, backend text NOT NULL,"
    " name text NOT NULL, place text NOT NULL, number text NOT NULL, address text NOT NULL,"
    " fixture_rows bigint NOT NULL)"
)
_CREATE_JOURNAL = (
    f"CREATE TABLE IF NOT EXISTS {JOURNAL} (run text NOT NULL, step text NOT NULL, PRIMARY KEY (run, step))"
)


@dataclass(frozen=True)
class Marker:
    """The marker's one row.

    Attributes:
        id: Hash of identity and environment.
        environment: What the database is for: ``test``, ``ci`` …
        identity: Who it was when it was adopted.
        fixture_rows: Rows of all tables at that time: the last known size of its fixture.
    """

    id: str
    environment: str
    identity: Identity
    fixture_rows: int


def marker_for(identity: Identity, environment: str, fixture_rows: int) -> Marker:
    """Return the marker that adopting `identity` writes."""
    digest = sha256("\0".join([environment, *identity.to_json().values()]).encode(errors="surrogateescape"))
    return Marker(digest.hexdigest()[:16], environment, identity, fixture_rows)


def read_markers(link: Link) -> tuple[Marker, ...]:
    """Return every row of the marker table; none if there is no such table.

    Raises:
        ValueError: If a row cannot be understood.
    """
    if not has_table(link, MARKER):
        return ()
    return tuple(_marker(row) for row in link.rows(f"SELECT {', '.join(COLUMNS)} FROM {MARKER}"))  # noqa: S608


def _marker(row: tuple[object, ...]) -> Marker:
    fields = dict(zip(COLUMNS, row, strict=True))
    if None in row:
        raise ValueError("its marker has a NULL")
    identity = Identity.from_json({name: str(fields[name]) for name in COLUMNS[2:7]})
    return Marker(str(fields["id"]), str(fields["environment"]), identity, int(str(fields["fixture_rows"])))


def has_table(link: Link, table: str) -> bool:
    """Return whether the database has `table` where an unqualified name finds it."""
    if link.backend == "sqlite":
        return bool(link.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table))
    return link.rows("SELECT to_regclass(%s) IS NOT NULL", table) == [(True,)]


def write_marker(link: Link, marker: Marker, permission: Permission) -> None:
    """Put `marker` in the place of whatever marker there was, in one transaction; make our tables first."""
    fields = (marker.id, marker.environment, *marker.identity.to_json().values(), marker.fixture_rows)
    mark = "?" if link.backend == "sqlite" else "%s"
    insert = f"INSERT INTO {MARKER} ({', '.join(COLUMNS)}) VALUES ({', '.join([mark] * len(COLUMNS))})"  # noqa: S608
    link.destroy("BEGIN IMMEDIATE" if link.backend == "sqlite" else "BEGIN", permission)
    try:
        link.destroy(_CREATE_MARKER, permission)
        link.destroy(_CREATE_JOURNAL, permission)
        link.destroy(f"DELETE FROM {MARKER}", permission)  # noqa: S608
        link.destroy(insert, permission, *fields)
    except BaseException:
        link.destroy("ROLLBACK", permission)
        raise
    link.destroy("COMMIT", permission)
