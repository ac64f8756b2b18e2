"""How a notice leaves: written down only, or handed to the mail server of this machine."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any, TypeAlias

#: Takes a row of the outbox and says whether it was delivered.
Transport: TypeAlias = Callable[[Mapping[str, Any]], bool]

MAIL_HOST = "localhost"
MAIL_PORT = 25
MAIL_SECONDS = 5.0
SENDER = f"rehearse@{MAIL_HOST}"


def record(notice: Mapping[str, Any]) -> bool:
    """Deliver by writing down: nothing leaves the database."""
    return bool(notice["recipient"])


def smtp(notice: Mapping[str, Any], *, host: str = MAIL_HOST, port: int = MAIL_PORT) -> bool:
    """Hand a notice to a mail server, addressed to its recipient there; False if the server does not take it."""
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = f"{notice['recipient']}@{MAIL_HOST}"
    message["Subject"] = str(notice["kind"]).replace("_", " ")
    message["Message-ID"] = f"<{str(notice['id']).replace(':', '.')}@{MAIL_HOST}>"
    message.set_content(str(notice["text"]))
    try:
        with smtplib.SMTP(host, port, timeout=MAIL_SECONDS) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException):
        return False
    return True


TRANSPORTS: Mapping[str, Transport] = {"record": record, "smtp": smtp}
