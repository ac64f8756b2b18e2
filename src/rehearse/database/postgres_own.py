"""Databases that the engine itself makes beside an attached one: copies to go back to, and what takes its place.

They pass by a generated name and the oid that was noted when they were made, read again right before each statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal

from rehearse.database.manifest import OwnDatabase
from rehearse.errors import BackupError, GuardRefusedError

if TYPE_CHECKING:
    from rehearse.database.guard import Clearance
    from rehearse.database.links import Link, PostgresLink

Role = Literal["saved", "next", "prev", "check"]
_NAME: Final = re.compile(r"rehearse_(saved|next|prev|check)_[0-9a-f]{16}_[0-9a-f]{8}_[0-9]+")
_OID: Final = "SELECT oid::bigint FROM pg_database WHERE datname = %s"
_BUSY: Final = "55006"


class InUseError(BackupError):
    """Somebody else is connected, so that the server neither copies nor renames."""


@dataclass(frozen=True)
class OwnPermission:
    """Leave to change one database of our own making over one connection."""

    database: OwnDatabase
    link: int

    def check(self, link: Link) -> None:
        """Raise unless it was given on this connection and the name still means the same database."""
        if link.number != self.link or link.rows(_OID, self.database.name) != [(self.database.oid,)]:
            raise GuardRefusedError(self.database.name, ["it is not the database that we made"])


def own(link: Link, database: OwnDatabase) -> OwnPermission:
    """Return leave to change a database of our own making.

    Raises:
        GuardRefusedError: If its name is none that we generate, or means another database by now.
    """
    if not _NAME.fullmatch(database.name):
        raise GuardRefusedError(database.name, ["it does not bear a name that we generate"])
    permission = OwnPermission(database, link.number)
    permission.check(link)
    return permission


def own_name(role: Role, key: str, run: str, number: int) -> str:
    """Return the name of a database made for a target and a run; at most 63 bytes."""
    return f"rehearse_{role}_{key}_{sha256(run.encode()).hexdigest()[:8]}_{number}"


def found_own(link: Link, key: str) -> tuple[OwnDatabase, ...]:
    """Return every database on the server that bears a name generated for this target, by name."""
    rows = link.rows("SELECT datname, oid::bigint FROM pg_database WHERE datname LIKE %s ORDER BY 1", f"%\\_{key}\\_%")
    return tuple(OwnDatabase(name, oid) for name, oid in rows if _NAME.fullmatch(name))


@dataclass(frozen=True)
class _NewPermission:
    """Leave to make one database under a generated name that nobody bears yet."""

    name: str
    link: int

    def check(self, link: Link) -> None:
        if link.number != self.link or not _NAME.fullmatch(self.name) or link.rows(_OID, self.name):
            raise GuardRefusedError(self.name, ["it is not a new name that we generate"])


def create_like(link: PostgresLink, name: str, model: str) -> OwnDatabase:
    """Make an empty database in the encoding and collation of `model`."""
    encoding, collate, ctype = link.rows(
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = %s", model
    )[0]
    link.destroy(
        f"CREATE DATABASE {quoted(name)} TEMPLATE template0 ENCODING {literal(encoding)} "
        f"LC_COLLATE {literal(collate)} LC_CTYPE {literal(ctype)}",
        _NewPermission(name, link.number),
    )
    return made(link, name)


def drop_all(link: PostgresLink, key: str, *roles: Role) -> None:
    """Drop every database made for a target in one of these roles."""
    for database in found_own(link, key):
        if role_of(database) in roles:
            drop_own(link, database)


def role_of(database: OwnDatabase) -> str:
    """Return what a database of ours was made for."""
    return database.name.split("_")[1]


def copy_target(link: PostgresLink, clearance: Clearance, name: str) -> OwnDatabase:
    """Make a database with the content of the target.

    Raises:
        InUseError: If anybody is connected to the target; the message names them.
    """
    _copied(link, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(clearance.identity.name)}", clearance)
    return made(link, name)


def copy_own(link: PostgresLink, source: OwnDatabase, name: str) -> OwnDatabase:
    """Make a database with the content of one of ours."""
    _copied(link, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(source.name)}", own(link, source))
    return made(link, name)


def _copied(link: PostgresLink, sql: str, permission: Clearance | OwnPermission) -> None:
    try:
        link.destroy(sql, permission)
    except Exception as error:
        if getattr(error, "sqlstate", None) != _BUSY:
            raise
        raise InUseError(f"{sql.rpartition(' ')[2]} is in use") from error


def made(link: Link, name: str) -> OwnDatabase:
    """Return a database just made, with the oid that it has now."""
    rows = link.rows(_OID, name)
    if not rows:
        raise BackupError(f"database {name} is not there although it was made")
    return OwnDatabase(name, rows[0][0])


def allow_connections(link: PostgresLink, database: OwnDatabase, *, allowed: bool) -> None:
    """Open or close a database of ours to everybody."""
    word = "true" if allowed else "false"
    link.destroy(f"ALTER DATABASE {quoted(database.name)} ALLOW_CONNECTIONS {word}", own(link, database))


def drop_own(link: PostgresLink, database: OwnDatabase) -> None:
    """Drop a database of ours; nothing if the name is gone."""
    if link.rows(_OID, database.name):
        link.destroy(f"DROP DATABASE {quoted(database.name)} WITH (FORCE)", own(link, database))


def exchange(link: PostgresLink, clearance: Clearance, replacement: OwnDatabase, former: str) -> None:
    """Give `replacement` the target's name and the target the name `former`, both in one transaction.

    Raises:
        InUseError: If anybody is connected to the target.
    """
    target, permission = quoted(clearance.identity.name), own(link, replacement)
    link.destroy("BEGIN", clearance)
    try:
        link.destroy(f"ALTER DATABASE {target} RENAME TO {quoted(former)}", clearance)
        link.destroy(f"ALTER DATABASE {quoted(replacement.name)} RENAME TO {target}", permission)
        link.destroy("COMMIT", clearance)
    except Exception as error:
        if not link.raw.closed:
            link.raw.execute("ROLLBACK")
        if getattr(error, "sqlstate", None) == _BUSY:
            raise InUseError(f"{target} is in use") from error
        raise


def sessions_on(link: Link, name: str) -> tuple[str, ...]:
    """Say who is connected to a database: process, application, user."""
    rows = link.rows(
        "SELECT pid, coalesce(nullif(application_name, ''), 'no name'), coalesce(usename, '') FROM pg_stat_activity "
        "WHERE datname = %s ORDER BY pid",
        name,
    )
    return tuple(f"process {pid} ({application}, user {user})" for pid, application, user in rows)


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL, whatever ``standard_conforming_strings`` says."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"
