"""Writing a decision down: its rows, the audit entry that chains to the one before, and the notices, all in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from rehearse.domain import OperationResult
from residency import schema
from residency.journal.audit_chain import GENESIS, entry_hash
from residency.stored import row_to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from rehearse.domain import Context, Session
    from residency.decisions import Decision, Notice, RowWrite

CHANNEL = "inbox"
_KEY = "key_of_row"


@dataclass(frozen=True)
class Entry:
    """Who asks for what."""

    action: str
    actor_id: str


def record(session: Session, context: Context, entry: Entry, decision: Decision) -> OperationResult:
    """Write a decision and return its answer. A refusal writes its audit entry and notices only."""
    if decision.outcome == "done":
        write_rows(session.connection, decision.writes)
    ends = _read_ends(session.connection)
    _write_audit(session, context, entry, decision, ends)
    _write_notices(session, context, decision.notices, after=ends.notices)
    return OperationResult(decision.outcome, decision.reasons, decision.data)


@dataclass(frozen=True)
class _Ends:
    """Where the journals end: what the next entry and the next notice follow."""

    entries: int
    hash: str
    notices: int


def _read_ends(connection: Connection) -> _Ends:
    """Read the ends of both journals; that of the audit log from its seal, so that nothing that went missing is ever numbered anew."""
    seal = schema.AUDIT_SEAL.c
    of_log = seal.id == schema.AUDIT_LOG.name
    number, digest = (select(column).where(of_log).scalar_subquery() for column in (seal.number, seal.hash))
    queued = select(func.max(schema.NOTIFICATIONS.c.number)).scalar_subquery()
    last = connection.execute(select(number, digest, queued)).one()
    return _Ends(last[0] or 0, last[1] or GENESIS, last[2] or 0)


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_rows(connection: Connection, writes: Iterable[RowWrite]) -> None:
    """Delete, update and insert rows, one statement for all rows of a table that change alike."""
    order = {name: place for place, name in enumerate(schema.METADATA.tables)}
    ordered = sorted(writes, key=lambda write: (_verb(write), order[write.table]))
    for (verb, name), group in groupby(ordered, key=lambda write: (_verb(write), write.table)):
        _write_group(connection, verb, name, list(group))


_DELETE, _UPDATE, _INSERT = range(3)


def _verb(write: RowWrite) -> int:
    if write.after is None:
        return _DELETE
    return _INSERT if write.before is None else _UPDATE


def _write_group(connection: Connection, verb: int, name: str, writes: Sequence[RowWrite]) -> None:
    table = schema.METADATA.tables[name]
    if verb == _INSERT:
        connection.execute(insert(table), [dict(write.after or {}) for write in writes])
        return
    is_row = table.c.id == bindparam(_KEY)
    if verb == _DELETE:
        connection.execute(delete(table).where(is_row), [{_KEY: write.id} for write in writes])
        return
    columns = [column for column in table.c if column.name != "id"]
    statement = update(table).where(is_row).values({column: bindparam(f"new_{column.name}") for column in columns})
    rows = [
        {_KEY: write.id, **{f"new_{column.name}": (write.after or {})[column.name] for column in columns}}
        for write in writes
    ]
    connection.execute(statement, rows)


# ── audit ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_audit(session: Session, context: Context, entry: Entry, decision: Decision, ends: _Ends) -> None:
    log = schema.AUDIT_LOG
    done = decision.writes if decision.outcome == "done" else ()
    writes = [write for write in done if write.table not in schema.JOURNAL_TABLES]
    row: dict[str, Any] = {
        "id": session.new_id(log.name),
        "number": ends.entries + 1,
        "at": context.clock,
        "step": session.step,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "outcome": decision.outcome,
        "person_id": decision.persons[0] if decision.persons else None,
        "persons": list(dict.fromkeys(decision.persons)),
        "before": _images((write.table, write.id, write.before) for write in writes),
        "after": _images((write.table, write.id, write.after) for write in writes),
        "reason": decision.reason,
        "previous_hash": ends.hash,
    }
    row["hash"] = entry_hash(row, ends.hash)
    session.connection.execute(insert(log), [row])


def _images(rows: Iterable[tuple[str, str, Mapping[str, object] | None]]) -> dict[str, dict[str, Any]]:
    images: dict[str, dict[str, Any]] = {}
    for table, identity, row in rows:
        if row is not None:
            images.setdefault(table, {})[identity] = row_to_plain(row)
    return images


# ── notices ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_notices(session: Session, context: Context, notices: Iterable[Notice], *, after: int) -> None:
    texts: dict[tuple[str, str], list[str]] = {}
    for notice in notices:
        texts.setdefault((notice.kind, notice.recipient), []).append(notice.text)
    if not texts:
        return
    table = schema.NOTIFICATIONS
    rows = [
        {
            "id": session.new_id(table.name),
            "number": after + place,
            "event": event_of(session.step, kind),
            "kind": kind,
            "recipient": recipient,
            "channel": CHANNEL,
            "status": "queued",
            "text": "\n".join(dict.fromkeys(told)),
            "queued_at": context.clock,
            "sent_at": None,
            "tries": 0,
            "last_reply": None,
        }
        for place, ((kind, recipient), told) in enumerate(texts.items(), start=1)
    ]
    session.connection.execute(insert(table), rows)


def event_of(step: str, kind: str) -> str:
    """What a notice is unique by, beside its recipient and channel."""
    return f"{step}:{kind}"
