"""Templates on a PostgreSQL server: each layer built once, in a database cloned from the one beneath it."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from rehearse.database.postgres_databases import EMPTY
from rehearse.database.sharing import alone
from rehearse.database.watch import TransactionError

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.engine import Exchange
    from rehearse.database.postgres_connection import PostgresConnection
    from rehearse.database.postgres_databases import Databases, OwnDatabase
    from rehearse.database.store import Layer


class PostgresTemplates:
    """Finds or builds the template of a stack of layers.

    A bottom layer stays on the server for later runs, under a name that says its content and with a mark that is set last. Layers above it
    live as long as the store.

    Args:
        databases: Where they are made.
        exchange: Makes the SQLAlchemy connection that a layer is built over.
        shared: Where processes of one session take turns, so that one of them builds the bottom layer, or None.
    """

    def __init__(self, databases: Databases, exchange: Exchange, *, shared: Path | None = None) -> None:
        self._shared = shared
        self._databases = databases
        self._exchange = exchange
        self._lock = threading.RLock()
        self._names: dict[str, str] = {}
        self._own: list[OwnDatabase] = []

    def name(self, layers: tuple[Layer, ...]) -> str:
        """Return the name of the database to clone for `layers`; missing ones are built first."""
        if not layers:
            return EMPTY
        key = template_key(layers)
        with self._lock:
            if key not in self._names:
                self._names[key] = self._bottom(key, layers) if len(layers) == 1 else self._built(layers).name
            return self._names[key]

    def forget(self, layers: tuple[Layer, ...]) -> None:
        """Forget a template that is gone from the server, and those beneath it."""
        with self._lock:
            for height in range(1, len(layers) + 1):
                self._names.pop(template_key(layers[:height]), None)

    def own(self) -> tuple[OwnDatabase, ...]:
        """Return the templates that end with the store."""
        return tuple(self._own)

    def _bottom(self, key: str, layers: tuple[Layer, ...]) -> str:
        with alone(self._shared, key):
            found = self._databases.find_template(key)
            if found is not None:
                return found
            return self._databases.finish_template(self._build(layers), key)

    def _built(self, layers: tuple[Layer, ...]) -> OwnDatabase:
        database = self._build(layers)
        self._own.append(database)
        return database

    def _build(self, layers: tuple[Layer, ...]) -> OwnDatabase:
        database = self._databases.copy(self.name(layers[:-1]), "b")
        try:
            connection = self._databases.connect(database, "build")
            try:
                build_layers(connection, self._exchange, layers[-1:])
            finally:
                connection.shut()
        except BaseException:
            self._databases.drop(database)
            raise
        return database


def build_layers(connection: PostgresConnection, exchange: Exchange, layers: tuple[Layer, ...]) -> None:
    """Build `layers`, each in a transaction of its own."""
    face = exchange.wrap(connection)
    try:
        for layer in layers:
            connection.send("BEGIN")
            layer.build(face)
            _check_open(connection, layer)
            connection.send("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.send("ROLLBACK")
        raise
    finally:
        face.close()


def _check_open(connection: PostgresConnection, layer: Layer) -> None:
    if not connection.is_healthy:
        raise TransactionError(f"layer `{layer.name}` ended the transaction that it is built in")


def template_key(layers: tuple[Layer, ...]) -> str:
    """Return the key of a stack of layers: each one's hash covers those beneath it."""
    digest = hashlib.sha256(b"rehearse-template-1")
    for layer in layers:
        digest = hashlib.sha256(digest.digest() + layer.key.encode())
    return digest.hexdigest()[:32]
