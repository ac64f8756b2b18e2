"""How notices leave: written down only, or handed to a mail server, each at least once and in order.

Mail is handed over inside the transaction that then writes down what became of it. If that transaction does not commit, the notice is still
queued and leaves once more, under the same Message-ID, by which whoever reads mail knows it again.
"""

from __future__ import annotations

import hashlib
import logging
import smtplib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, TypeAlias

from residency.journal.mail_server import mail_server
from residency.words import NoticeStatus

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from residency.journal.mail_server import MailServer

logger = logging.getLogger("residency")

_PERMANENT = range(500, 600)
_ACCEPTED = 250


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
        MailServerError: If the operator's setting cannot be read; nothing was handed over.
    """
    waiting = tuple(notices)
    if not waiting:
        return ()
    with _Line(server or mail_server()) as line:
        return tuple(_delivered(waiting, line))


def _delivered(notices: Iterable[QueuedNotice], line: _Line) -> Iterator[Delivery]:
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
            logger.warning("notice %s to %s: the mail server answered %s", notice.id, notice.recipient, reply)
        yield Delivery(notice, status, notice.tries + 1, reply)


def _status_of(reply: int | None) -> NoticeStatus:
    if reply == _ACCEPTED:
        return "sent"
    return "failed" if reply in _PERMANENT else "queued"


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


class _Line:
    """One connection to a mail server, made when it is first needed; a server that cannot be reached is not asked again."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._smtp: smtplib.SMTP | None = None
        self._is_down = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def reply_to(self, message: EmailMessage) -> int | None:
        """Return the code of the server's answer to a message; None if there was none."""
        connection = self._connected()
        if connection is None:
            return None
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            return _first_code(error)
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        except (OSError, smtplib.SMTPException):
            self._hang_up()
            return None
        return _ACCEPTED

    def _connected(self) -> smtplib.SMTP | None:
        if self._smtp is not None and self._smtp.sock is None:  # it hung up after its last answer
            self._smtp = None
        if self._smtp is None and not self._is_down:
            self._connect()
        return self._smtp

    def _connect(self) -> None:
        """Greet the server. Whatever it answers here concerns the server and no message, so nothing has failed for good."""
        made = smtplib.SMTP(timeout=self.server.seconds, local_hostname=self.server.domain)
        try:
            made.connect(self.server.host, self.server.port)
            made.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            made.close()
            self._is_down = True
            logger.warning("the mail server %s:%d: %s", self.server.host, self.server.port, error)
            return
        self._smtp = made

    def _hang_up(self) -> None:
        if self._smtp is None:
            return
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
        self._smtp = None


def _first_code(error: smtplib.SMTPRecipientsRefused) -> int:
    """The code of the refusal; a message of ours has one recipient."""
    return next(iter(error.recipients.values()))[0]


TRANSPORTS: Mapping[str, Transport] = {"record": record, "smtp": smtp}
