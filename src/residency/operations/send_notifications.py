"""`send_notifications`: deliver what is queued, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from sqlalchemy import bindparam, select, update

from rehearse.domain import Context, Operation, OperationResult, Reason, Session
from rehearse.fields import Help, RowId
from rehearse.values import FrozenMap
from residency.decisions import Decision, refusal
from residency.journal.mail_server import MailServerError
from residency.journal.transports import TRANSPORTS, Delivery, QueuedNotice
from residency.operations.asking import Asked, conclude
from residency.schema import NOTIFICATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Parameters(Asked):
    """How, and to whom."""

    transport: Annotated[
        Literal["record", "smtp"],
        Help("record: delivery is written down, nothing leaves; smtp: to the mail server of the environment"),
    ] = "record"
    recipients: Annotated[tuple[RowId, ...] | None, Help("all")] = None


def send_notifications(session: Session, parameters: Parameters, context: Context) -> OperationResult:
    """Deliver queued notices in the order in which they were queued, each at least once.

    Only what an earlier step committed is there to be delivered. A notice counts as sent once this transaction commits: if it does not, the
    same message leaves again. What the mail server refuses for good is failed; what it refuses for now, or when it cannot be reached, stays
    queued for the next time, and so does what is queued for the same recipient behind it (`deferred`). Where the operator has to mend the
    setting or the server first (no STARTTLS, a certificate that is not trusted, a login refused), the step is refused and all stays queued.
    """
    try:
        deliveries = TRANSPORTS[parameters.transport](_queued(session, parameters))
    except MailServerError as error:
        return conclude(session, context, _NAME, parameters, refusal(Reason("mail_server", str(error))))
    if deliveries:
        _write(session, context, deliveries)
    told = tuple(dict.fromkeys(delivery.notice.recipient for delivery in deliveries))
    counts = {name: sum(delivery.status == status for delivery in deliveries) for name, status in _COUNTED}
    return conclude(session, context, _NAME, parameters, Decision(data=FrozenMap(counts), persons=told))


_NAME = "send_notifications"
_COUNTED = (("sent", "sent"), ("failed", "failed"), ("deferred", "queued"))


def _queued(session: Session, parameters: Parameters) -> list[QueuedNotice]:
    table = NOTIFICATIONS.c
    columns = (table.id, table.event, table.kind, table.recipient, table.text, table.queued_at, table.tries)
    wanted = select(*columns).where(table.status == "queued").order_by(table.number)
    if parameters.recipients is not None:
        wanted = wanted.where(table.recipient.in_(parameters.recipients))
    return [QueuedNotice(*row) for row in session.connection.execute(wanted)]


def _write(session: Session, context: Context, deliveries: Iterable[Delivery]) -> None:
    table = NOTIFICATIONS
    changed = ("status", "sent_at", "tries", "last_reply")
    statement = (
        update(table)
        .where(table.c.id == bindparam("key_of_row"))
        .values({name: bindparam(f"new_{name}") for name in changed})
    )
    rows = [
        {
            "key_of_row": delivery.notice.id,
            "new_status": delivery.status,
            "new_sent_at": context.clock if delivery.status == "sent" else None,
            "new_tries": delivery.tries,
            "new_last_reply": delivery.reply,
        }
        for delivery in deliveries
    ]
    session.connection.execute(statement, rows)


OPERATION = Operation(
    name=_NAME,
    parameters=Parameters,
    function=send_notifications,
    data={"sent": "int", "failed": "int", "deferred": "int"},
    codes=("mail_server",),
)
