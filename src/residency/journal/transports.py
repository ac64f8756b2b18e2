"""How notices leave: written down only, or handed to a mail server, each at least once and in order.

Mail is handed over inside the transaction that then writes down what became of it. If that transaction does not commit, the notice is still
queued and leaves once more, under the same Message-ID, by which whoever reads mail knows it again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, TypeAlias

from residency.journal.mail_line import ACCEPTED, Line
from residency.journal.mail_server import mail_server
from residency.words import NoticeStatus

if TYPE_CHECKING:
    from residency.journal.mail_server import MailServer

logger = logging.getLogger("residency")

_PERMANENT = range(500, 600)
#: A login is missing, refused, or not over an encrypted connection: this concerns the session and no message.
_LOGIN_WANTED = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class QueuedNotice:
    """A row of the outbox that waits."""

    id: str
    event: str
    kind: str
    recipient: str
    text: str
    queued_at: datetime
    tries: int


@dataclass(frozen=True)
class Delivery:
    """What became of a notice.

    Attributes:
        status: `sent`; `failed` if its server will never take it; still `queued` if it may later.
        tries: How often it was tried, all in all.
        reply: The code of the server's last answer; None if there was none.
    """

    notice: QueuedNotice
    status: NoticeStatus
    tries: int
    reply: int | None = None


#: Takes queued notices in order, and tells of each what became of it, in the same order.
Transport: TypeAlias = Callable[[Iterable[QueuedNotice]], tuple[Delivery, ...]]


def record(notices: Iterable[QueuedNotice]) -> tuple[Delivery, ...]:
    """Deliver by writing down: nothing leaves the database."""
    return tuple(Delivery(notice, "sent", notice.tries + 1) for notice in notices)


def smtp(notices: Iterable[QueuedNotice], *, server: MailServer | None = None) -> tuple[Delivery, ...]:
    """Hand notices to a mail server, by default the operator's, over one connection and in order.

    What the server refuses for good has failed. What it refuses for now, or cannot be asked, stays queued; so do later notices to the same
    recipient, which may not overtake it.

    Raises:
        MailServerError: If the operator has to mend something first, the setting or the server; nothing was handed over.
    """
    waiting = tuple(notices)
    if not waiting:
        return ()
    with Line(server or mail_server()) as line:
        return tuple(_delivered(waiting, line))


def _delivered(notices: Iterable[QueuedNotice], line: Line) -> Iterator[Delivery]:
    held: set[str] = set()
    for notice in notices:
        if notice.recipient in held:
            yield Delivery(notice, "queued", notice.tries)
            continue
        reply = line.reply_to(letter(notice, line.server))
        status = _status_of(reply)
        if status == "queued":
            held.add(notice.recipient)
        if status != "sent":
            meaning = ": it wants a login, or encryption" if reply in _LOGIN_WANTED else ""
            logger.warning(
                "notice %s to %s: the mail server answered %s%s", notice.id, notice.recipient, reply, meaning
            )
        yield Delivery(notice, status, notice.tries + 1, reply)


def _status_of(reply: int | None) -> NoticeStatus:
    if reply == ACCEPTED:
        return "sent"
    return "failed" if reply in _PERMANENT and reply not in _LOGIN_WANTED else "queued"


def letter(notice: QueuedNotice, server: MailServer) -> EmailMessage:
    """Return a notice as a mail; the same notice always makes the same mail."""
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = Address(username=notice.recipient, domain=server.domain)
    message["Subject"] = notice.kind.replace("_", " ")
    message["Date"] = format_datetime(notice.queued_at)
    message["Message-ID"] = f"<{_digest(notice)}@{server.domain}>"
    message.set_content(notice.text)
    return message


def _digest(notice: QueuedNotice) -> str:
    """What a notice is known by wherever it arrives: ids are counted from 1 in every database, its content is its own."""
    parts = (notice.id, notice.event, notice.recipient, notice.queued_at.isoformat(), notice.text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


TRANSPORTS: Mapping[str, Transport] = {"record": record, "smtp": smtp}
