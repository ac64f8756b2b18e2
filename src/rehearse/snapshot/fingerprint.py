"""One short text for a whole state: equal exactly when every row of every table is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.snapshot.diff import in_order
from rehearse.snapshot.encoding import Marks, dump
from rehearse.snapshot.serialize import cells

if TYPE_CHECKING:
    from rehearse.snapshot.model import Snapshot, Table


def fingerprint(snapshot: Snapshot) -> str:
    """Return the SHA-256 of all tables, in hexadecimal.

    It depends on names, types and rows alone: neither on the back-end, nor on the order of tables or rows, nor on labels and extras.
    """
    digest = hashlib.sha256()
    for name in sorted(snapshot.tables):
        digest.update(_table_text(snapshot.tables[name]))
    return digest.hexdigest()


def _table_text(table: Table) -> bytes:
    marks: Marks = {}
    ordered = replace(table, rows={key: table.rows[key] for key in in_order(table.rows)})
    columns = [[column.name, column.kind] for column in table.columns]
    return dump([table.name, columns, list(table.key), cells(ordered, marks, ""), marks])
