"""One connection to the operator's mail server: as encrypted as the setting demands, with a login if there is one, or not at all.

What may be otherwise another time (nobody listens, the server puts off) is a reason to wait. What only people can mend (no STARTTLS, a
certificate that is not trusted, a login that is refused) ends the delivery before anything has left. Whoever reads the reason in a report
learns nothing of the setting; the log names the server.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING

from residency.journal.mail_server import VARIABLE, MailServerError, trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.message import EmailMessage
    from types import TracebackType
    from typing import Self

    from residency.journal.mail_server import Login, MailServer

logger = logging.getLogger("residency")

ACCEPTED = 250
_LOGGED_IN = 235
_GO_ON = 334
_PERMANENT = range(500, 600)
#: The ways to log in, best first. Both send the password itself, which is why the connection is encrypted before.
_WAYS = ("PLAIN", "LOGIN")
_ZERO = "\0"
_ENHANCED_CODE = re.compile(rb"\d\.\d{1,3}\.\d{1,3}\b")
_NOT_TRUSTED = "shows a certificate that nobody vouches for who is trusted here: name the house's CA with ca="
_ELSEWHERE = "shows a certificate for another host name: write a name that stands in it"
#: OpenSSL's number of what is wrong with a certificate → what is wrong with the server.
_CERTIFICATE: Mapping[int, str] = {
    9: "shows a certificate that is not valid yet",
    10: "shows a certificate that has expired",
    18: _NOT_TRUSTED,
    19: _NOT_TRUSTED,
    20: _NOT_TRUSTED,
    21: _NOT_TRUSTED,
    62: _ELSEWHERE,
    64: _ELSEWHERE,
}


class Line:
    """The connection, made when it is first needed; a server that cannot be reached is not asked again."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._smtp: smtplib.SMTP | None = None
        self._was_open = False
        self._is_down = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def reply_to(self, message: EmailMessage) -> int | None:
        """Return the code of the server's answer to a message; None if there was none.

        Raises:
            MailServerError: If the server is not as the setting demands, or refuses the login; no message has been handed over yet.
        """
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
        return ACCEPTED

    def _connected(self) -> smtplib.SMTP | None:
        if self._smtp is not None and self._smtp.sock is None:  # it hung up after its last answer
            self._smtp = None
        if self._smtp is None and not self._is_down:
            self._connect()
        return self._smtp

    def _connect(self) -> None:
        """Call the server. Whatever it answers here concerns the server and no message, so nothing has failed for good."""
        try:
            self._smtp = _opened(self.server)
        except (OSError, smtplib.SMTPException, MailServerError) as error:
            self._is_down = True
            why = f"{error} ({error.__cause__})" if error.__cause__ else error
            logger.warning("no mail leaves by %s:%d: %s", self.server.host, self.server.port, why)
            if isinstance(error, MailServerError) and not self._was_open:
                raise
            return
        self._was_open = True

    def _hang_up(self) -> None:
        if self._smtp is None:
            return
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
        self._smtp = None


def _opened(server: MailServer) -> smtplib.SMTP:
    """A connection over which messages may go.

    Raises:
        MailServerError: If only people can mend why there is none.
        OSError, smtplib.SMTPException: If it may be otherwise another time.
    """
    made = _called(server) if server.encryption == "none" else _encrypted(server, trust(server.ca))
    if server.login is not None:
        with _or_closed(made):
            _log_in(made, server.login)
    return made


def _called(server: MailServer) -> smtplib.SMTP:
    return _greeted(smtplib.SMTP(server.host, server.port, server.domain, timeout=server.seconds))


def _encrypted(server: MailServer, checks: ssl.SSLContext) -> smtplib.SMTP:
    try:
        if server.encryption == "starttls":
            return _switched(_called(server), checks)
        to = (server.host, server.port, server.domain)
        return _greeted(smtplib.SMTP_SSL(*to, timeout=server.seconds, context=checks))
    except ssl.SSLCertVerificationError as error:
        raise _unfit(_CERTIFICATE.get(error.verify_code, "shows a certificate that is not accepted here")) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):  # it went away
        raise
    except ssl.SSLError as error:
        raise _unfit("speaks no TLS that is accepted here, or none at all at this port") from error


def _greeted(made: smtplib.SMTP) -> smtplib.SMTP:
    """The connection, once the server has said what it can."""
    with _or_closed(made):
        made.ehlo_or_helo_if_needed()
    return made


def _switched(made: smtplib.SMTP, checks: ssl.SSLContext) -> smtplib.SMTP:
    """The connection, encrypted from now on."""
    with _or_closed(made):
        if not made.has_extn("starttls"):
            raise _unfit("offers no STARTTLS, without which no mail leaves")
        try:
            made.starttls(context=checks)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code in _PERMANENT:
                raise _unfit(f"refuses STARTTLS ({error.smtp_code}), without which no mail leaves") from error
            raise
        return _greeted(made)


@contextmanager
def _or_closed(made: smtplib.SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:
        made.close()
        raise


def _log_in(made: smtplib.SMTP, login: Login) -> None:
    """Say who asks, once: a second try in another way would count as a second wrong password, and lock the user out the sooner.

    That is why this is not the standard library's; nor does that one send a password with signs beyond ASCII. What the server says is
    not repeated beside its codes, since it has read the password.
    """
    offered = made.esmtp_features.get("auth", "").upper().split()
    way = next((way for way in _WAYS if way in offered), None)
    if way is None:
        raise _unfit(f"takes no login of a kind that is known here ({', '.join(_WAYS)})")
    code, reply = _GO_ON, b""
    for line in _lines(way, login):
        code, reply = made.docmd(line)
        if code != _GO_ON:
            break
    if code == _LOGGED_IN:
        return
    enhanced = _ENHANCED_CODE.match(reply)
    said = f"{code} {enhanced[0].decode()}" if enhanced else str(code)
    if code in _PERMANENT:
        raise _unfit(f"refuses the login ({said}): look at the user and at the password")
    raise smtplib.SMTPException(f"it puts off the login ({said})")


def _lines(way: str, login: Login) -> tuple[str, ...]:
    """What is sent, one line for each answer of the server."""
    if way == "PLAIN":
        return (f"AUTH PLAIN {_encoded(f'{_ZERO}{login.user}{_ZERO}{login.password}')}",)
    return "AUTH LOGIN", _encoded(login.user), _encoded(login.password)


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def _unfit(why: str) -> MailServerError:
    return MailServerError(f"the mail server that {VARIABLE} names {why}")


def _first_code(error: smtplib.SMTPRecipientsRefused) -> int:
    """The code of the refusal; a message of ours has one recipient."""
    return next(iter(error.recipients.values()))[0]
