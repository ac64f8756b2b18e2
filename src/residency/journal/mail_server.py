"""Where the operator's mail server is: the one setting of the residency that is not the scenario's.

Nothing of it is written down. A scenario cannot name a server, since the same file runs in many places, and a file that could would be a way
to send mail anywhere; the environment of the process that delivers names it, as that of any program that sends mail.

No complaint repeats what was written: who puts a password where it does not belong, or forgets to encode a sign in it, would read parts of it
in the report.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass, field
from email.policy import default as mail_policy
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from residency.journal import mail_password
from residency.journal.mail_password import password

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

    from residency.journal.mail_password import Password

#: How the connection is encrypted: not at all; after the greeting, or no mail leaves; from the first byte.
Encryption: TypeAlias = Literal["none", "starttls", "tls"]

#: The environment's variable.
VARIABLE = "RESIDENCY_SMTP"
EXAMPLE = "smtp+starttls://user@host:port?domain=…&sender=…&seconds=…&ca=…"
_SCHEMES: Mapping[str, tuple[Encryption, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_PLAIN = "smtp"
_SECONDS = 5.0
_MOST_SECONDS = 60
_DOMAIN = "localhost"
_DOMAIN_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_OPTIONS = ("domain", "sender", "seconds", "ca")


class MailServerError(Exception):
    """No mail can leave until the operator mends something; the text says what, and nothing of what was set."""


@dataclass(frozen=True)
class Login:
    """Who asks the server to take mail."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class MailServer:
    """A mail server that takes what is handed to it: one of the house, which knows how mail goes on from there.

    Attributes:
        domain: Where recipients have their mailboxes: the mail for person R1 goes to R1 at this domain.
        sender: The address that mail comes from.
        seconds: How long one answer may take.
        ca: A file of certificates that are trusted beside those of the system; empty: none.
        login: Who asks; never without encryption.
    """

    host: str = "localhost"
    port: int = 25
    domain: str = _DOMAIN
    sender: str = f"rehearse@{_DOMAIN}"
    seconds: float = _SECONDS
    encryption: Encryption = "none"
    ca: str = ""
    login: Login | None = None

    def __post_init__(self) -> None:
        """Refuse what would send a password for everybody to read."""
        if self.login is not None and self.encryption == "none":
            raise ValueError("a login needs an encrypted connection")


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer:
    """Return the mail server that the environment names; without a name, the one of this machine.

    Raises:
        MailServerError: If what it names cannot be read, with everything that is wrong with it.
    """
    secret = password(environment)
    parts = _taken_apart(environment.get(VARIABLE) or f"{_PLAIN}://{MailServer.host}")
    mistakes = list(_mistakes(parts, secret))
    if parts is None or mistakes:
        raise MailServerError(f"{VARIABLE} cannot be read: {'; '.join(mistakes)}; write {EXAMPLE}")
    return _server(parts, secret)


def trust(ca: str) -> ssl.SSLContext:
    """Return what a server's certificate and host name are checked by: the system's certificates, and those of a file if there is one.

    Raises:
        OSError: If the file cannot be read, or holds no certificate (`ssl.SSLError`).
    """
    checks = ssl.create_default_context()
    if ca:
        checks.load_verify_locations(cafile=ca)
    return checks


def _server(parts: SplitResult, secret: Password) -> MailServer:
    """What was written, once nothing is wrong with it."""
    encryption, usual_port = _SCHEMES[parts.scheme]
    options = dict(_options(parts))
    domain = options.get("domain", _DOMAIN)
    return MailServer(
        host=parts.hostname or "",
        port=_port(parts) or usual_port,
        domain=domain,
        sender=options.get("sender", f"rehearse@{domain}"),
        seconds=float(options.get("seconds", _SECONDS)),
        encryption=encryption,
        ca=options.get("ca", ""),
        login=Login(unquote(parts.username), secret.value) if parts.username else None,
    )


def _taken_apart(written: str) -> SplitResult | None:
    try:
        return urlsplit(written)
    except ValueError:  # its text repeats what was written
        return None


def _mistakes(parts: SplitResult | None, secret: Password) -> Iterator[str]:
    if parts is not None:
        yield from _wrong_place(parts)
        yield from _wrong_options(parts)
        yield from _wrong_login(parts, secret)
    else:
        yield "it is no URL"
        if secret.mistake:
            yield secret.mistake


def _port(parts: SplitResult) -> int | None:
    """The port as written, or None; 0 if it is none."""
    try:
        return parts.port
    except ValueError:
        return 0


def _options(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query, keep_blank_values=True)


def _wrong_place(parts: SplitResult) -> Iterator[str]:
    if parts.scheme not in _SCHEMES:
        yield f"it begins with none of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}"
    if not parts.hostname:
        yield "it names no server"
    elif not _is_host(parts.hostname):
        yield "its host is no host name"
    if _port(parts) == 0:
        yield "its port is no number from 1 to 65535"
    if parts.path.strip("/") or parts.fragment:
        yield "it has more than host and port before the `?`, or a `#`"


def _is_host(name: str) -> bool:
    try:
        name.encode("idna")
    except ValueError:
        return False
    return True


def _wrong_options(parts: SplitResult) -> Iterator[str]:
    written = _options(parts)
    options = dict(written)
    if options.keys() - set(_OPTIONS):
        yield f"it has an option that there is not; there are {', '.join(_OPTIONS)}"
    if len(options) < len(written):
        yield "it says an option twice"
    if not _DOMAIN_NAME.fullmatch(options.get("domain", _DOMAIN)):
        yield "its domain is no domain name"
    if "sender" in options and not _is_sender(options["sender"]):
        yield "its sender is no mail address"
    if not _is_wait(options.get("seconds", "1")):
        yield f"its seconds are no number above 0 and up to {_MOST_SECONDS}"
    if "ca" in options:
        yield from _wrong_certificates(options["ca"], parts.scheme)


def _is_sender(text: str) -> bool:
    try:
        addresses = mail_policy.header_factory("From", text).addresses
    except (ValueError, IndexError):  # the latter for some texts that are none
        return False
    return text.isprintable() and len(addresses) == 1 and bool(addresses[0].username and addresses[0].domain)


def _is_wait(text: str) -> bool:
    try:
        return 0 < float(text) <= _MOST_SECONDS
    except ValueError:
        return False


def _wrong_certificates(ca: str, scheme: str) -> Iterator[str]:
    if scheme == _PLAIN:
        yield "a `ca` is of no use to smtp://, where there is no certificate"
    if not ca:
        yield "its ca names no file"
        return
    try:
        trust(ca)
    except ssl.SSLError:
        yield "the file that its ca names holds no certificate (it has to be PEM)"
    except OSError as error:
        yield f"the file that its ca names cannot be read ({error.strerror})"
    except ValueError:
        yield "its ca names no file"


def _wrong_login(parts: SplitResult, secret: Password) -> Iterator[str]:
    if parts.password is not None:
        yield (
            f"a password does not belong into it: put it into {mail_password.VARIABLE}, "
            f"or into a file that {mail_password.FILE_VARIABLE} names"
        )
    if secret.mistake:
        yield secret.mistake
    if parts.username is None:
        if secret.is_given:
            yield "there is a password, and it names no user"
        return
    if not _is_user(parts.username):
        yield "its user is empty or cannot be read: percent-encode it, as UTF-8"
    if parts.scheme == _PLAIN:
        yield "a login never goes over smtp://, which is not encrypted: write smtp+starttls:// or smtps://"
    if not secret.is_given and parts.password is None:
        yield f"it names a user, and neither {mail_password.VARIABLE} nor {mail_password.FILE_VARIABLE} is set"


def _is_user(encoded: str) -> bool:
    try:
        user = unquote(encoded, errors="strict")
    except ValueError:
        return False
    return bool(user) and user.isprintable()
