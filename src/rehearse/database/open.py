"""From an address on the command line to a store of databases of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.store import Store

_BUNDLED: Final = ("bundled", "postgresql+bundled://")
_SERVERS: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")


def open_store(url: str | None = None, *, root: Path | None = None, shared: Path | None = None) -> Store:
    """Return the store that `url` names; it makes databases of its own and never touches another.

    Args:
        url: None, ``sqlite`` or ``sqlite://`` for SQLite; ``postgresql://…`` for that server; ``bundled`` or ``postgresql+bundled://`` for a
            PostgreSQL that is started here and stops with this process.
        root: Where templates and kept databases lie.
        shared: A folder in which the processes of one session share templates, so that each is built once; None where there is one process.

    Raises:
        RehearseError: If the address names nothing of that kind, or a driver is missing.
    """
    if url is None or url in {"sqlite", "sqlite://"}:
        from rehearse.database.sqlite import SqliteStore  # noqa: PLC0415  (only the backend that is used is imported)

        return SqliteStore(root, shared=shared)
    if url in _BUNDLED or url.startswith(_SERVERS):
        _require_driver()
        from rehearse.database.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(None if url in _BUNDLED else url, root=root, shared=shared)
    if url.startswith("sqlite://"):
        raise RehearseError(f"{url} names a database that exists already; a store makes its own: leave the path out")
    raise RehearseError(f"no store for {_without_password(url)}; known are sqlite://, postgresql://… and bundled")


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415  (asked before anything needs it, for a message that says what to do)
    except ImportError as error:
        raise RehearseError(
            "PostgreSQL needs the driver psycopg 3; install rehearse[postgresql], or rehearse[server]"
        ) from error


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
