"""The query cache: repeated reads answered from memory until a write touches their tables.

A cache belongs to one session and lives no longer than what it remembers is certain to be true: within a transaction,
and beyond it only where the lease has a single session. Answers from it are logged with the verb ``CACHED``, apart from
the statements that were sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rehearse.database.statements import Shape

_ENABLED: ContextVar[bool] = ContextVar("rehearse_query_cache", default=False)
_MAX_ROWS: Final = 10_000
_MAX_ENTRIES: Final = 1_000
_PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes, Decimal, date, datetime, time})
_ROW_VERBS: Final = frozenset({"INSERT", "UPDATE", "DELETE"})
_HARMLESS_VERBS: Final = frozenset({"SAVEPOINT", "RELEASE"})


@contextmanager
def enable_query_cache() -> Iterator[None]:
    """Answer repeated reads of runs that begin inside the block from memory, until a write touches their tables."""
    token = _ENABLED.set(True)
    try:
        yield
    finally:
        _ENABLED.reset(token)


def query_cache_enabled() -> bool:
    """Return whether the caller stands inside `enable_query_cache`."""
    return _ENABLED.get()


@dataclass(frozen=True)
class SchemaLinks:
    """How a write to one table can reach another.

    Attributes:
        tables: Every table, in lower case.
        cascades: Table → tables whose rows a foreign key changes along with it.
        opaque: Whether triggers, views or the like make the reach of a write unknowable from its text.
    """

    tables: frozenset[str]
    cascades: Mapping[str, frozenset[str]] = field(default_factory=dict)
    opaque: bool = False

    def reach(self, names: frozenset[str]) -> frozenset[str] | None:
        """Return the tables that a write naming `names` may change; None for any."""
        reached = names & self.tables
        if self.opaque or not reached:
            return None
        fresh = reached
        while fresh:
            fresh = frozenset(child for table in fresh for child in self.cascades.get(table, ())) - reached
            reached |= fresh
        return reached


@dataclass(frozen=True, slots=True)
class Answer:
    """What a read returned: the rows, and the driver's description of their columns."""

    rows: Sequence[Any]
    description: Any


@dataclass(frozen=True, slots=True)
class _Entry:
    tables: frozenset[str]
    answer: Answer


class QueryCache:
    """What one session has read and nothing has changed since.

    Args:
        links: Reads from the database how writes reach from table to table.
        lasting: Whether what was read in one transaction still holds in the next, since nobody else can write.
    """

    def __init__(self, links: Callable[[], SchemaLinks], *, lasting: bool) -> None:
        self._read_links = links
        self.lasting = lasting
        self._links: SchemaLinks | None = None
        self._entries: dict[tuple[str, str], _Entry] = {}

    def find(self, shape: Shape, sql: str, parameters: object) -> Answer | None:
        """Return the remembered answer, if there is one."""
        if not shape.repeatable or not self._entries:
            return None
        key = _key(sql, parameters)
        entry = self._entries.get(key) if key else None
        return entry.answer if entry else None

    def keep(self, shape: Shape, sql: str, parameters: object, answer: Answer) -> None:
        """Remember an answer that nothing but a write can change."""
        key = _key(sql, parameters) if shape.repeatable else None
        if key is None or len(answer.rows) > _MAX_ROWS or not _is_plain(answer.rows):
            return
        links = self._known_links()
        tables = shape.names & links.tables
        if tables and links.tables.issuperset(table.lower() for table in shape.tables):
            if len(self._entries) >= _MAX_ENTRIES:
                self._entries.clear()
            self._entries[key] = _Entry(tables, answer)

    def written(self, shape: Shape) -> None:
        """Forget what a statement may have changed."""
        if shape.reads_only or shape.verb in _HARMLESS_VERBS:
            return
        if shape.verb not in _ROW_VERBS:
            self._links = None
            self.clear()
            return
        reached = self._known_links().reach(shape.names) if self._entries else None
        if reached is None:
            self.clear()
        else:
            self._entries = {key: entry for key, entry in self._entries.items() if reached.isdisjoint(entry.tables)}

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _known_links(self) -> SchemaLinks:
        if self._links is None:
            self._links = self._read_links()
        return self._links


def _key(sql: str, parameters: object) -> tuple[str, str] | None:
    """Return text and exact parameters (1, True and 1.0 ask different questions); None where they cannot be told apart."""
    values: Iterator[object]
    if isinstance(parameters, Mapping):
        values = iter(parameters.values())
    elif isinstance(parameters, Sequence):
        values = iter(parameters)
    else:
        values = iter(() if parameters is None else (parameters,))
    return (sql, repr(parameters)) if all(type(value) in _PLAIN for value in values) else None


def _is_plain(rows: Sequence[Any]) -> bool:
    """Return whether no caller can change a remembered row: tuples of plain values only."""
    return all(type(row) is tuple and all(type(value) in _PLAIN for value in row) for row in rows)
