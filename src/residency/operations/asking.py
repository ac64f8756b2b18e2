"""What every operation's parameters share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from rehearse.fields import Help, RowId
from residency.journal import writing as journal
from residency.load import Book, read_book
from residency.words import SYSTEM

if TYPE_CHECKING:
    from rehearse.domain import Context, OperationResult, Session
    from residency.decisions import Decision


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asks."""

    actor_id: Annotated[RowId, Help("a person, or system")] = SYSTEM


def open_book(session: Session, context: Context) -> Book:
    """Read the roster as it is in this transaction."""
    return read_book(session.connection, context.policy)


def conclude(session: Session, context: Context, action: str, asked: Asked, decision: Decision) -> OperationResult:
    """Write a decision down under the name of its operation, and answer."""
    return journal.record(session, context, journal.Entry(action, asked.actor_id), decision)
