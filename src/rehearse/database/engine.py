"""SQLAlchemy over driver connections that are ours: one engine for a whole store, which never opens or closes anything by itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from rehearse.errors import LeaseRevokedError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rehearse.database.watch import Wire


class Exchange:
    """Wraps a driver connection as a SQLAlchemy connection.

    The dialect is set up once, with `first`; after that a wrapping costs some microseconds and sends nothing.

    Args:
        dialect: URL that names the dialect.
        first: An open connection without a watch, for the dialect to look at the server.
        options: Further arguments of `sqlalchemy.create_engine`.
    """

    def __init__(self, dialect: str, first: Wire, **options: Any) -> None:
        self._hand = threading.local()
        self._engine = create_engine(
            dialect,
            creator=self._take,
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
            **options,
        )
        self.wrap(first).close()

    def wrap(self, wire: Wire) -> Connection:
        """Return a SQLAlchemy connection over `wire`; closing it leaves `wire` open."""
        self._hand.wire = wire
        try:
            return self._engine.connect()
        finally:
            self._hand.wire = None

    def _take(self) -> Any:
        """Give SQLAlchemy the connection in hand; it asks on its own only for one to replace a broken one."""
        wire = getattr(self._hand, "wire", None)
        if wire is None:
            raise LeaseRevokedError("the connection was lost, and a run gets no second one for the same work")
        return wire

    def dispose(self) -> None:
        """Forget the engine's pool."""
        self._engine.dispose()
