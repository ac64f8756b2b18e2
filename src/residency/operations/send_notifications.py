"""`send_notifications`: deliver what is queued, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from sqlalchemy import bindparam, select, update

from rehearse.domain import Context, Operation, OperationResult, Session
from rehearse.fields import Help, RowId
from rehearse.values import FrozenMap
from residency.decisions import Decision
from residency.operations.asking import Asked, conclude
from residency.schema import NOTIFICATIONS
from residency.transports import TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """How, and to whom."""

    transport: Annotated[Literal["record", "smtp"], Help("record: delivery is written down, nothing leaves")] = "record"
    recipients: Annotated[tuple[RowId, ...] | None, Help("all")] = None


def send_notifications(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Deliver queued notices in the order in which they were queued; what cannot be delivered is marked as failed.

    Delivery is at least once: a notice counts as sent only once this transaction commits.
    """
    deliver = TRANSPORTS[parameters.transport]
    outcomes = [(row, deliver(row)) for row in _queued(session, parameters)]
    if outcomes:
        _write(session, context, outcomes)
    sent = sum(delivered for _, delivered in outcomes)
    told = tuple(dict.fromkeys(str(row["recipient"]) for row, _ in outcomes))
    decision = Decision(data=FrozenMap({"sent": sent, "failed": len(outcomes) - sent}), persons=told)
    return conclude(session, context, "send_notifications", parameters, decision)


def _queued(session: Session, parameters: Parameters) -> list[Mapping[str, Any]]:
    table = NOTIFICATIONS
    wanted = select(table).where(table.c.status == "queued").order_by(table.c.number)
    if parameters.recipients is not None:
        wanted = wanted.where(table.c.recipient.in_(parameters.recipients))
    return [dict(row) for row in session.connection.execute(wanted).mappings()]


def _write(session: Session, context: Context, outcomes: list[tuple[Mapping[str, Any], bool]]) -> None:
    table = NOTIFICATIONS
    statement = (
        update(table)
        .where(table.c.id == bindparam("key_of_row"))
        .values(status=bindparam("new_status"), sent_at=bindparam("new_sent_at"))
    )
    rows = [
        {
            "key_of_row": row["id"],
            "new_status": "sent" if delivered else "failed",
            "new_sent_at": context.clock if delivered else None,
        }
        for row, delivered in outcomes
    ]
    session.connection.execute(statement, rows)


OPERATION = Operation(
    name="send_notifications",
    parameters=Parameters,
    function=send_notifications,
    data={"sent": "int", "failed": "int"},
)
