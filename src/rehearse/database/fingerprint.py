"""What is in a database, as text that can be compared: the schema's hash, and for each table a count and a hash of its rows.

Files tell nothing: a database, its backup and a compacted copy have three file hashes and one content. Rows are hashed
one by one and the hashes added up, so that their order does not matter. Our own marker and journal are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any, cast

from rehearse.database import fingerprint_queries as queries
from rehearse.database.conditions import tables_of
from rehearse.database.marker import OURS

if TYPE_CHECKING:
    from rehearse.database.links import Link, SqliteLink

_BITS = 128


@dataclass(frozen=True)
class TableDigest:
    """A table's content: how many rows, and the sum of their hashes."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Fingerprint:
    """A database's content.

    Attributes:
        schema: Hash of everything that defines it.
        tables: Table → its content.
        extras: What a table does not hold: sequences, grants, large objects; each as a hash.
    """

    schema: str
    tables: Mapping[str, TableDigest]
    extras: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(table.rows for table in self.tables.values())

    @property
    def digest(self) -> str:
        """One hash of it all."""
        return sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def differences(self, other: Fingerprint) -> tuple[str, ...]:
        """Say where `other` is not the same."""
        told = [] if self.schema == other.schema else ["the schema differs"]
        for name in sorted(self.tables.keys() | other.tables.keys()):
            ours, theirs = self.tables.get(name), other.tables.get(name)
            if ours is None or theirs is None:
                told.append(f"table {name} is {'missing' if theirs is None else 'new'}")
            elif ours != theirs:
                told.append(f"table {name} differs ({ours.rows} and {theirs.rows} rows)")
        told += [
            f"{name} differ"
            for name in sorted(self.extras.keys() | other.extras.keys())
            if self.extras.get(name) != other.extras.get(name)
        ]
        return tuple(told)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        tables = {name: [table.rows, table.digest] for name, table in self.tables.items()}
        return {"schema": self.schema, "tables": tables, "extras": dict(self.extras)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fingerprint:
        """Read what `to_json` wrote; KeyError, TypeError or ValueError if it is anything else."""
        tables = {str(name): TableDigest(int(rows), str(digest)) for name, (rows, digest) in data["tables"].items()}
        return cls(str(data["schema"]), tables, {str(name): str(text) for name, text in data["extras"].items()})


def fingerprint(link: Link) -> Fingerprint:
    """Read the content of the database behind `link`, in one snapshot."""
    with link.snapshot():
        if link.backend == "sqlite":
            return _of_file(cast("SqliteLink", link))
        return _of_server(link)


def _of_file(link: SqliteLink) -> Fingerprint:
    defined = [row for row in link.rows(queries.SQLITE_SCHEMA) if row[2] not in OURS]
    versions = link.rows("PRAGMA user_version") + link.rows("PRAGMA application_id")
    tables = {plain: _digest(link.stream(f"SELECT * FROM {source}")) for source, plain in tables_of(link)}  # noqa: S608
    counters: list[tuple[object, ...]] = []
    if link.rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
        counters = [
            row for row in link.rows("SELECT name, seq FROM sqlite_sequence ORDER BY 1, 2") if row[0] not in OURS
        ]
    return Fingerprint(hashed([*defined, *versions]), tables, {"sequences": hashed(counters)})


def _of_server(link: Link) -> Fingerprint:
    defined = [(name, *row) for name, sql in queries.POSTGRES_SCHEMA.items() for row in link.rows(sql)]
    tables = {}
    for source, plain in tables_of(link):
        rows, low, high = link.rows(queries.POSTGRES_ROWS.format(source=source))[0]
        tables[plain] = TableDigest(rows, f"{low}:{high}")
    extras = {name: hashed(link.rows(sql)) for name, sql in queries.POSTGRES_EXTRAS.items()}
    if link.rows(queries.POSTGRES_LARGE_OBJECTS) != [(0,)]:
        extras["large objects"] = hashed(link.rows(queries.POSTGRES_LARGE_OBJECT_PAGES))
    return Fingerprint(hashed(defined), tables, extras)


def hashed(rows: Iterable[tuple[object, ...]]) -> str:
    """Return the hash of rows in the order given."""
    digest = sha256()
    for row in rows:
        digest.update(repr(row).encode("utf-8", errors="surrogatepass") + b"\n")
    return digest.hexdigest()


def _digest(rows: Iterable[tuple[object, ...]]) -> TableDigest:
    """Add up the hashes of rows; equal rows count as often as they come."""
    count = total = 0
    for row in rows:
        count += 1
        content = repr(row).encode("utf-8", errors="surrogatepass")
        total += int.from_bytes(blake2b(content, digest_size=_BITS // 8).digest(), "big")
    return TableDigest(count, f"{total % (1 << _BITS):032x}")
