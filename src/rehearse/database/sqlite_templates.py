"""Templates of SQLite databases as bytes: in memory for this process, the bottom layer on disk for the next one."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from rehearse.database.sharing import alone
from rehearse.database.sqlite_connection import connect_own_memory
from rehearse.database.watch import TransactionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from rehearse.database.sqlite_connection import SqliteConnection
    from rehearse.database.store import Layer

_MEMORY_LIMIT: Final = 256 * 1024 * 1024
_FORMAT: Final = b"rehearse-template-1"
_MARK_LENGTH: Final = len(_FORMAT) + hashlib.sha256().digest_size


class SqliteTemplates:
    """Builds each layer once, atop the bytes of the one beneath it.

    Args:
        directory: Where bottom layers are kept for other processes, or None.
        wrap: Makes the SQLAlchemy connection that a layer is built over.
        shared: Where processes of one session share every layer, so that each is built once, or None.
    """

    def __init__(
        self, directory: Path | None, wrap: Callable[[SqliteConnection], Connection], *, shared: Path | None = None
    ) -> None:
        self._directory = directory
        self._shared = shared
        self._wrap = wrap
        self._lock = threading.RLock()
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def content(self, layers: tuple[Layer, ...]) -> bytes:
        """Return the database that holds `layers`, bottom first; empty for none."""
        if not layers:
            return b""
        key = template_key(layers)
        with self._lock:
            content = self._known.get(key)
            if content is None:
                content = self._made(key, layers)
                self._remember(key, content)
            else:
                self._known.move_to_end(key)
            return content

    def _made(self, key: str, layers: tuple[Layer, ...]) -> bytes:
        directory = self._directory if len(layers) == 1 and self._directory else self._shared
        with alone(self._shared, key):
            stored = _stored(directory, key)
            if stored is not None:
                return stored
            content = self._built(self.content(layers[:-1]), layers[-1])
            _store(directory, key, content)
            return content

    def _built(self, beneath: bytes, layer: Layer) -> bytes:
        raw = connect_own_memory(beneath)
        try:
            raw.send("BEGIN IMMEDIATE")
            connection = self._wrap(raw)
            layer.build(connection)
            connection.close()
            if not raw.in_transaction:
                raise TransactionError(f"layer `{layer.name}` ended the transaction that it is built in")
            raw.send("COMMIT")
            return raw.serialize()
        finally:
            raw.shut()

    def _remember(self, key: str, content: bytes) -> None:
        self._known[key] = content
        self._size += len(content)
        while self._size > _MEMORY_LIMIT and len(self._known) > 1:
            self._size -= len(self._known.popitem(last=False)[1])


def _stored(directory: Path | None, key: str) -> bytes | None:
    """Return a template from disk if its mark is there and fits; whatever else lies there is no template."""
    if directory is None:
        return None
    try:
        data = _path(directory, key).read_bytes()
    except OSError:
        return None
    content, mark = data[:-_MARK_LENGTH], data[-_MARK_LENGTH:]
    return content if content and mark == _mark(key, content) else None


def _store(directory: Path | None, key: str, content: bytes) -> None:
    """Write a template, its mark last, and only then give it its name. A disk that refuses costs only time."""
    if directory is None:
        return
    path = _path(directory, key)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.draft")
    with suppress(OSError):
        try:
            with open(draft, "xb", opener=_private) as file:
                file.write(content)
                file.flush()
                file.write(_mark(key, content))
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)


def _path(directory: Path, key: str) -> Path:
    return directory / f"{key}.template"


def template_key(layers: tuple[Layer, ...]) -> str:
    """Return the key of a stack of layers: each one's hash covers those beneath it and the library that wrote the file."""
    digest = hashlib.sha256(sqlite3.sqlite_version.encode())
    for layer in layers:
        digest = hashlib.sha256(digest.digest() + layer.key.encode())
    return digest.hexdigest()[:32]


def _mark(key: str, content: bytes) -> bytes:
    return _FORMAT + hashlib.sha256(key.encode() + content).digest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
