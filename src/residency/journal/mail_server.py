"""Where the operator's mail server is: the one setting of the residency that is not the scenario's.

Nothing of it is written down. A scenario cannot name a server, since the same file runs in many places, and a file that could would be a way
to send mail anywhere; the environment of the process that delivers names it, as that of any program that sends mail.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The environment's variable, as `smtp://host:port?domain=hospital.example&sender=roster@hospital.example&seconds=5`.
VARIABLE = "RESIDENCY_SMTP"
_PORT = 25
_SECONDS = 5.0
_DOMAIN = "localhost"
_DOMAIN_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_KEYS = frozenset({"domain", "sender", "seconds"})


class MailServerError(ValueError):
    """The setting cannot be read; the text says what is wrong with it and what it looks like."""


@dataclass(frozen=True)
class MailServer:
    """A mail server that takes what is handed to it: one of the house, which knows how mail goes on from there.

    Attributes:
        domain: Where recipients have their mailboxes: the mail for person R1 goes to R1 at this domain.
        sender: The address that mail comes from.
        seconds: How long one answer may take.
    """

    host: str = "localhost"
    port: int = _PORT
    domain: str = _DOMAIN
    sender: str = f"rehearse@{_DOMAIN}"
    seconds: float = _SECONDS


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer:
    """Return the mail server that the environment names; without a name, the one of this machine.

    Raises:
        MailServerError: If what it names cannot be read.
    """
    written = environment.get(VARIABLE, "")
    return _read(written) if written else MailServer()


def _read(written: str) -> MailServer:
    try:
        parts = urlsplit(written)
        port = parts.port or _PORT
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        seconds = float(options.get("seconds", _SECONDS))
    except ValueError as error:
        raise _mistake(str(error)) from error
    domain = options.get("domain", _DOMAIN)
    wrong = (
        (parts.scheme != "smtp" or not parts.hostname, "it names no server"),
        (parts.username is not None or bool(parts.path.strip("/")), "it has more than host and port before the `?`"),
        (bool(options.keys() - _KEYS), f"it knows no {', '.join(sorted(options.keys() - _KEYS))}"),
        (not _DOMAIN_NAME.fullmatch(domain), f"{domain!r} is no domain"),
        (not 0 < seconds <= 60, f"{seconds:g} seconds are not between 0 and 60"),  # noqa: PLR2004  (the bounds are the message)
    )
    for is_wrong, why in wrong:
        if is_wrong:
            raise _mistake(why)
    return MailServer(parts.hostname or "", port, domain, options.get("sender", f"rehearse@{domain}"), seconds)


def _mistake(why: str) -> MailServerError:
    return MailServerError(f"{VARIABLE} cannot be read: {why}; write smtp://host:port?domain=…&sender=…&seconds=…")
