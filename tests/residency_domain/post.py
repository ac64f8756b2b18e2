"""A real mail server for the tests of the outbox: what it takes, what it refuses, and every byte that it heard."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from .rosters import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import Envelope
    from aiosmtpd.smtp import Session as SmtpSession

    from residency.journal.mail_server import Encryption

    from .desk import Desk

HOME = "hospital.example"
ACCEPTED = "250 taken"
CERTIFICATES = Path(__file__).with_name("certificates")
WAYS = ("LOGIN", "PLAIN")


@dataclass(frozen=True)
class Attempt:
    """Somebody who tried to log in."""

    way: str
    user: str
    password: str


@dataclass
class Postbox:
    """What a mail server does with mail.

    Attributes:
        refuses: Recipient's name → what it is answered, as long as it stands here.
        hangs_up: How many messages it takes without an answer, and goes.
        greets: What it answers to a greeting, or empty for the usual.
        also_offers: What it claims to be able to do besides, in its answer to a greeting.
        passwords: User → password; who is not among them may not send, unless it is empty.
        denies: What a login that is refused is answered.
        logins_left: How many logins it still takes.
        letters: What it took, in order.
        attempts: Every login that was tried, in order.
        heard: Every piece that arrived, in order, and whether it came encrypted.
    """

    refuses: dict[str, str] = field(default_factory=dict)
    hangs_up: int = 0
    greets: str = ""
    also_offers: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    denies: str = "535 5.7.8 no such user"
    logins_left: int = 1000
    letters: list[EmailMessage] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    heard: list[tuple[bool, bytes]] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  (the server's own name and parameters)
        self, server: SMTP, session: SmtpSession, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet, or refuse to."""
        del server, envelope
        session.host_name = hostname
        if self.also_offers:
            responses.insert(1, f"250-{self.also_offers}")
        return [self.greets] if self.greets else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, hostname: str
    ) -> str:
        """Greet in the old way, or refuse to."""
        del server, envelope
        session.host_name = hostname
        return self.greets or "250 hello"

    def login(self, server: SMTP, session: SmtpSession, envelope: Envelope, way: str, said: object) -> AuthResult:
        """Take a login, or refuse it."""
        del server, session, envelope
        assert isinstance(said, LoginPassword)
        attempt = Attempt(way, said.login.decode(), said.password.decode())
        self.attempts.append(attempt)
        self.logins_left -= 1
        if self.logins_left >= 0 and self.passwords.get(attempt.user) == attempt.password:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=self.denies)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, or want a login first."""
        del server
        if self.passwords and not session.authenticated:
            return "530 5.7.0 who are you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPTED

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it."""
        del server, session, options
        answer = self.refuses.get(address.partition("@")[0])
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        del session
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=default))
        if self.hangs_up:
            self.hangs_up -= 1
            assert server.transport is not None
            server.transport.abort()
        return ACCEPTED

    @property
    def told(self) -> list[tuple[str, str]]:
        """Recipient and subject of every letter, in order."""
        return [(str(letter["To"]), str(letter["Subject"])) for letter in self.letters]

    @property
    def overheard(self) -> list[str]:
        """Every line that arrived for everybody on the way to read."""
        return b"".join(piece for was_encrypted, piece in self.heard if not was_encrypted).decode().splitlines()


class _Server(SMTP):
    """Remembers what it hears."""

    def data_received(self, data: bytes) -> None:
        """Note a piece before it is understood."""
        assert self.transport is not None
        self.event_handler.heard.append((self.transport.get_extra_info("ssl_object") is not None, data))
        super().data_received(data)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def open_post(
    postbox: Postbox,
    port: int,
    *,
    encryption: Encryption = "none",
    certificate: str = "server.pem",
    ways: tuple[str, ...] = WAYS,
) -> Iterator[None]:
    """A mail server that listens while the block runs."""
    shown = None if encryption == "none" else _shown(certificate)
    controller = _Controller(
        postbox,
        hostname="127.0.0.1",
        port=port,
        ssl_context=shown if encryption == "tls" else None,
        tls_context=shown if encryption == "starttls" else None,
        authenticator=postbox.login,
        auth_require_tls=encryption != "tls",  # it knows of no other TLS than the one that a STARTTLS began
        auth_exclude_mechanism=[way for way in WAYS if way not in ways],
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def _shown(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / certificate, CERTIFICATES / "server.key")
    return context


def free_port() -> int:
    """A port on which nobody listens yet."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        free: int = taken.getsockname()[1]
    return free


def ward() -> World:
    """R1 on the ward tomorrow and on the day after, R2 behind R1."""
    world = World().residents("R1", "R2").rotation("ward")
    world.duty("R1", "ward", "12-10 07:00", "19:00").duty("R1", "ward", "12-11 07:00", "19:00")
    return world.backs("R2", "R1")


def reported(desk: Desk) -> None:
    """R1 is away, which R1 and the director are told: two notices."""
    desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10), reason="sick")


def covered(desk: Desk) -> None:
    """R1 is away and R2 steps in: four notices, to R1, the director, R1 and R2."""
    reported(desk)
    desk.do("activate_backup_assignments")


def sent(desk: Desk, **parameters: Any) -> dict[str, object]:
    """Deliver by mail and return the counts."""
    return dict(desk.do("send_notifications", transport="smtp", **parameters).data)


def outbox(desk: Desk) -> list[tuple[str, str, int, int | None]]:
    """Return recipient, status, tries and last reply of every notice, in order."""
    rows = sorted(desk.rows("notifications").values(), key=lambda row: row["number"])
    return [(row["recipient"], row["status"], row["tries"], row["last_reply"]) for row in rows]
