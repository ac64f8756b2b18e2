"""A look at a database that is there: one connection that reads, and to which the server itself refuses every write."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rehearse.database.links import open_link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from rehearse.database.deadline import Deadline


@contextmanager
def looking_at(url: str, deadline: Deadline) -> Iterator[Connection]:
    """Open an existing database for reading only, as of one moment; it need not be adopted, since nothing can happen to it.

    Raises:
        GuardRefusedError: If `url` names no SQLite file or PostgreSQL database.
        BackupError: If it cannot be reached.
    """
    from sqlalchemy import create_engine  # noqa: PLC0415  (only who looks pays for it)
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    link: Any = open_link(url, deadline)
    try:
        link.raw.execute(_READ_ONLY[link.backend])
        engine = create_engine(
            _DIALECTS[link.backend],
            creator=lambda: link.raw,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        with engine.connect() as connection, link.snapshot():
            yield connection
    finally:
        link.close()


_DIALECTS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}
_READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET default_transaction_read_only = on"}
