"""What an operation decides: rows to write, people to tell, and what to answer. Deciding touches no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from rehearse.domain import Reason
from rehearse.values import EMPTY_MAP, FrozenMap
from residency import stored
from residency.calendar import moment_of
from residency.words import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from residency.model import Absence, Change, Duty, LeaveRequest, LedgerEntry, Person
    from residency.rules import Record

    NewId: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class RowWrite:
    """One row before and after; None where it is not there."""

    table: str
    id: str
    before: stored.StoredRow | None
    after: stored.StoredRow | None


@dataclass(frozen=True)
class Notice:
    """Something to tell somebody, once a step and kind."""

    kind: NoticeKind
    recipient: str
    text: str


@dataclass(frozen=True)
class Decision:
    """The outcome of an operation before anything is written.

    Attributes:
        outcome: done, or rejected with reasons; then `writes` are not applied.
        persons: whom it concerns, the first one first.
        reason: why it was asked for, in the author's words, or why it was refused.
    """

    outcome: Literal["done", "rejected"] = "done"
    reasons: tuple[Reason, ...] = ()
    data: FrozenMap = EMPTY_MAP
    writes: tuple[RowWrite, ...] = ()
    notices: tuple[Notice, ...] = ()
    persons: tuple[str, ...] = ()
    reason: str = field(default="")


def refusal(
    *reasons: Reason, persons: Iterable[str] = (), notices: Iterable[Notice] = (), data: FrozenMap = EMPTY_MAP
) -> Decision:
    """A decision that refuses; there is always a reason."""
    if not reasons:
        raise ValueError("a refusal needs a reason")
    said = "; ".join(reason.text for reason in reasons)
    return Decision("rejected", tuple(reasons), data, (), tuple(notices), tuple(persons), said)


def reason_of(record: Record) -> Reason:
    """A breach as a reason."""
    return Reason(
        code=record.rule,
        text=record.message,
        person=record.persons[0] if record.persons else None,
        window=(moment_of(record.start), moment_of(record.end)),
        measured=record.measured,
        limit=record.limit,
    )


def reason_map(reason: Reason) -> FrozenMap:
    """A reason as a value of an answer's data."""
    return FrozenMap(
        {
            "code": reason.code,
            "text": reason.text,
            "person": reason.person,
            "measured": reason.measured,
            "limit": reason.limit,
        }
    )


def unknown_row(table: str, name: str) -> Reason:
    """The reason for naming a row that is not there."""
    return Reason("unknown_row", f"there is no row `{name}` in {table}")


def duty_write(before: Duty | None, after: Duty | None) -> RowWrite:
    """A duty that comes, goes or changes."""
    return RowWrite("assignments", _id_of(before, after), _row(before), _row(after))


def _id_of(before: Duty | None, after: Duty | None) -> str:
    known = before if before is not None else after
    if known is None:
        raise ValueError("a change of nothing")
    return known.id


def _row(duty: Duty | None) -> stored.StoredRow | None:
    return None if duty is None else stored.duty_row(duty)


def absence_write(before: Absence | None, after: Absence | None) -> RowWrite:
    """An absence that comes, goes or changes."""
    known = before if before is not None else after
    if known is None:
        raise ValueError("a change of nothing")
    rows = [None if item is None else stored.absence_row(item) for item in (before, after)]
    return RowWrite("absences", known.id, rows[0], rows[1])


def leave_write(before: LeaveRequest | None, after: LeaveRequest) -> RowWrite:
    """A request for leave that comes or changes."""
    old = None if before is None else stored.leave_request_row(before)
    return RowWrite("leave_requests", after.id, old, stored.leave_request_row(after))


def ledger_write(identity: str, entry: LedgerEntry) -> RowWrite:
    """A new line of the equity ledger; lines are never changed."""
    return RowWrite("equity_ledger", identity, None, {"id": identity, **stored.ledger_entry_fields(entry)})


def person_write(before: Person, after: Person) -> RowWrite:
    """A person whose fields change."""
    return RowWrite("persons", before.id, stored.person_row(before), stored.person_row(after))


def duty_writes(change: Change) -> tuple[RowWrite, ...]:
    """The rows of a change of duties: one that is removed and added under the same id is updated."""
    added = {duty.id: duty for duty in change.added}
    removed = {duty.id: duty for duty in change.removed}
    changed = [duty_write(duty, added.get(duty_id)) for duty_id, duty in removed.items() if added.get(duty_id) != duty]
    return (*changed, *(duty_write(None, duty) for duty_id, duty in added.items() if duty_id not in removed))
