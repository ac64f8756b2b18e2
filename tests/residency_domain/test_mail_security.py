"""Mail over TLS and with a login: it leaves as demanded or not at all, nothing is lost, and no password is anywhere but at the server."""

from __future__ import annotations

import socket
import subprocess
import sys
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import pytest

from residency.journal.mail_password import VARIABLE as PASSWORD_VARIABLE
from residency.journal.mail_server import VARIABLE

from .desk import Desk
from .post import CERTIFICATES, HOME, Attempt, Postbox, covered, free_port, open_post, outbox, reported, sent, ward

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Store

    Encrypted = Literal["starttls", "tls"]

USER = f"roster@{HOME}"
SCHEMES = {"none": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}
UNTRIED = [("R1", "queued", 0, None), ("PD", "queued", 0, None)]
both = pytest.mark.parametrize("encryption", ["starttls", "tls"])


def encoded(text: str) -> str:
    """Text as a login sends it."""
    return b64encode(text.encode()).decode()


PASSWORD = "Grüße, 4711"  # noqa: S105  (the tests' own)
#: Every form in which the password leaves the program.
SECRETS = (PASSWORD, encoded(PASSWORD), encoded(f"\0{USER}\0{PASSWORD}"))


@dataclass(frozen=True)
class Operator:
    """Who sets the environment."""

    port: int
    patch: pytest.MonkeyPatch

    def names(self, encryption: str, *, user: str = "", host: str = "localhost", ca: str = "authority.pem") -> None:
        """Name the server, with a certificate's authority that is trusted, or none."""
        trusted = f"&ca={CERTIFICATES / ca}" if ca and encryption != "none" else ""
        who = quote(user, safe="") + "@" if user else ""
        place = f"{SCHEMES[encryption]}://{who}{host}:{self.port}"
        self.patch.setenv(VARIABLE, f"{place}?domain={HOME}&seconds=5{trusted}")

    def has_password(self, password: str) -> None:
        """Name the password."""
        self.patch.setenv(PASSWORD_VARIABLE, password)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Somebody who knows a port where nobody listens yet."""
    return Operator(free_port(), monkeypatch)


@pytest.fixture
def desk(sqlite_store: Store) -> Iterator[Desk]:
    """A roster in whose outbox two notices wait."""
    with Desk(sqlite_store, ward(), clock="12-09") as made:
        reported(made)
        yield made


def refused(desk: Desk) -> str:
    """Deliver, be refused, find all as it was, and return why."""
    before = outbox(desk)
    result = desk.do("send_notifications", transport="smtp")
    assert ("rejected", ["mail_server"]) == (result.outcome, [reason.code for reason in result.reasons])
    assert before == outbox(desk)
    return result.reasons[0].text


# ── mail leaves ────────────────────────────────────────────────────────────────────────────────────────────────────────


@both
@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_mail_leaves_encrypted_and_after_one_login(
    store: Store, operator: Operator, encryption: Encrypted, way: str
) -> None:
    """In order, over one connection, and of what can be overheard nothing is more than a greeting."""
    postbox = Postbox(passwords={USER: PASSWORD})
    operator.names(encryption, user=USER)
    operator.has_password(PASSWORD)
    with (
        Desk(store, ward(), clock="12-09") as desk,
        open_post(postbox, operator.port, encryption=encryption, ways=(way,)),
    ):
        covered(desk)
        assert {"sent": 4, "failed": 0, "deferred": 0} == sent(desk)
        assert ["R1", "PD", "R1", "R2"] == [recipient.partition("@")[0] for recipient, _ in postbox.told]
        assert [Attempt(way, USER, PASSWORD)] == postbox.attempts
        assert ([f"ehlo {HOME}", "STARTTLS"] if encryption == "starttls" else []) == postbox.overheard
        everything = b"".join(piece for _, piece in postbox.heard).decode()
        assert (False, True) == (PASSWORD in everything, any(secret in everything for secret in SECRETS))


@both
def test_a_password_of_a_file_and_of_every_sign_is_sent(
    desk: Desk, operator: Operator, tmp_path: Path, encryption: Encrypted
) -> None:
    """As containers keep it, beyond ASCII, with a colon and a space."""
    password = "pä:ss wörd@/?#%41"  # noqa: S105
    (tmp_path / "secret").write_text(f"{password}\n", encoding="utf-8")
    operator.patch.setenv("RESIDENCY_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    postbox = Postbox(passwords={"rö:ster": password})
    operator.names(encryption, user="rö:ster")
    with open_post(postbox, operator.port, encryption=encryption):
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
    assert [Attempt("PLAIN", "rö:ster", password)] == postbox.attempts


@both
def test_mail_leaves_encrypted_without_a_login_too(desk: Desk, operator: Operator, encryption: Encrypted) -> None:
    """A server that asks for none is told none."""
    postbox = Postbox()
    operator.names(encryption)
    with open_post(postbox, operator.port, encryption=encryption):
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
    assert [] == postbox.attempts


@both
def test_a_crash_after_an_encrypted_delivery_repeats_the_same_message(
    desk: Desk, operator: Operator, encryption: Encrypted
) -> None:
    """At least once, as without encryption."""
    postbox = Postbox(passwords={USER: PASSWORD})
    operator.names(encryption, user=USER)
    operator.has_password(PASSWORD)
    with open_post(postbox, operator.port, encryption=encryption):
        desk.crash("send_notifications", transport="smtp")
        assert UNTRIED == outbox(desk)
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
    texts = [letter.as_bytes() for letter in postbox.letters]
    assert texts[:2] == texts[2:]


# ── the server is not as the setting demands ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Distrust:
    """A certificate that a server shows, what it is checked by, and why it is not good."""

    why: str
    certificate: str = "server.pem"
    host: str = "localhost"
    ca: str = "authority.pem"


@both
@pytest.mark.parametrize(
    "case",
    [
        Distrust("a certificate that nobody vouches for who is trusted here", ca=""),
        Distrust("a certificate for another host name", host="127.0.0.1"),
        Distrust("a certificate that has expired", certificate="expired.pem"),
    ],
    ids=lambda case: case.why,
)
def test_a_certificate_that_is_not_good_ends_it_before_anything_is_said(
    desk: Desk, operator: Operator, caplog: pytest.LogCaptureFixture, encryption: Encrypted, case: Distrust
) -> None:
    """All stays queued, untried; the answer tells why, the log besides where; and once it is good, all leaves."""
    postbox = Postbox(passwords={USER: PASSWORD})
    operator.has_password(PASSWORD)
    operator.names(encryption, user=USER, host=case.host, ca=case.ca)
    with open_post(postbox, operator.port, encryption=encryption, certificate=case.certificate):
        text = refused(desk)
    assert f"the mail server that {VARIABLE} names shows {case.why}" in text
    assert (False, False) == (str(operator.port) in text, "localhost" in text)
    assert f"{case.host}:{operator.port}: {text} ([SSL: CERTIFICATE_VERIFY_FAILED]" in caplog.text
    assert ([], []) == (postbox.attempts, postbox.letters)
    assert not any(was_encrypted for was_encrypted, _ in postbox.heard)
    operator.names(encryption, user=USER)
    with open_post(postbox, operator.port, encryption=encryption):
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


@pytest.mark.parametrize("user", ["", USER])
def test_without_starttls_nothing_is_said_but_a_greeting(
    desk: Desk, operator: Operator, caplog: pytest.LogCaptureFixture, user: str
) -> None:
    """Neither a message nor a login goes in plain text; a server that is mended gets all."""
    postbox = Postbox(also_offers="AUTH PLAIN LOGIN")
    operator.names("starttls", user=user)
    operator.patch.setenv(PASSWORD_VARIABLE, PASSWORD if user else "")
    with open_post(postbox, operator.port):
        text = refused(desk)
    assert f"the mail server that {VARIABLE} names offers no STARTTLS, without which no mail leaves" == text
    assert f"localhost:{operator.port}: {text}" in caplog.text
    assert [f"ehlo {HOME}"] == postbox.overheard
    with open_post(postbox, operator.port, encryption="starttls"):
        postbox.passwords = {USER: PASSWORD} if user else {}
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


def test_a_server_that_puts_off_starttls_is_asked_again(desk: Desk, operator: Operator) -> None:
    """It offers it, and then answers 454: another time, and until then in plain text neither."""
    postbox = Postbox(also_offers="STARTTLS")
    operator.names("starttls")
    with open_post(postbox, operator.port):
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
    assert [("R1", "queued", 1, None), ("PD", "queued", 1, None)] == outbox(desk)
    assert [f"ehlo {HOME}", "STARTTLS"] == postbox.overheard


def test_a_port_where_no_tls_is_spoken_is_told(desk: Desk, operator: Operator) -> None:
    """smtps:// at a port of plain greetings, which no other time makes good."""
    postbox = Postbox()
    operator.names("tls")
    with open_post(postbox, operator.port):
        assert "speaks no TLS that is accepted here, or none at all at this port" in refused(desk)
    assert [] == postbox.letters


@both
def test_a_server_that_goes_away_in_the_middle_of_a_handshake_is_asked_again(
    desk: Desk, operator: Operator, encryption: Encrypted
) -> None:
    """That may be otherwise another time, like every connection that breaks."""
    operator.names(encryption)
    with ExitStack() as open_things:
        listening = open_things.enter_context(socket.create_server(("127.0.0.1", operator.port)))
        gone = Thread(target=_goes_away, args=(listening, encryption))
        gone.start()
        open_things.callback(gone.join)
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
    assert [("R1", "queued", 1, None), ("PD", "queued", 1, None)] == outbox(desk)


def _goes_away(listening: socket.socket, encryption: Encrypted) -> None:
    """Behave like a mail server up to the first byte of the handshake, and close."""
    caller, _ = listening.accept()
    with caller, caller.makefile("rb") as lines:
        if encryption == "starttls":
            caller.sendall(b"220 hello\r\n")
            lines.readline()
            caller.sendall(b"250-hello\r\n250 STARTTLS\r\n")
            lines.readline()
            caller.sendall(b"220 go on\r\n")
        lines.read(1)
        caller.shutdown(socket.SHUT_WR)
        lines.read()


# ── the login is refused ───────────────────────────────────────────────────────────────────────────────────────────────


@both
@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_a_login_that_is_refused_is_tried_once_and_told(
    desk: Desk, operator: Operator, caplog: pytest.LogCaptureFixture, encryption: Encrypted, way: str
) -> None:
    """All stays queued, untried, until somebody mends it; what the server says beside its codes is not repeated, which may be the password."""
    postbox = Postbox(passwords={USER: "another"}, denies=f"535 5.7.8 {encoded(PASSWORD)} is wrong")
    operator.names(encryption, user=USER)
    operator.has_password(PASSWORD)
    ways = ("LOGIN", "PLAIN") if way == "PLAIN" else ("LOGIN",)
    with open_post(postbox, operator.port, encryption=encryption, ways=ways):
        text = refused(desk)
        assert "refuses the login (535 5.7.8): look at the user and at the password" in text
        assert f"localhost:{operator.port}: {text}" in caplog.text
        assert not any(secret in text + caplog.text for secret in SECRETS)
        assert [Attempt(way, USER, PASSWORD)] == postbox.attempts
        assert [] == postbox.letters
        assert UNTRIED == outbox(desk)
        postbox.passwords = {USER: PASSWORD}
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


def test_a_login_that_is_put_off_is_tried_again(
    desk: Desk, operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    """4xx is about the moment: each notice waits as for a server that is down."""
    postbox = Postbox(passwords={USER: "another"}, denies="454 4.7.0 try later")
    operator.names("starttls", user=USER)
    operator.has_password(PASSWORD)
    with open_post(postbox, operator.port, encryption="starttls"):
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
        assert [("R1", "queued", 1, None), ("PD", "queued", 1, None)] == outbox(desk)
        assert f"localhost:{operator.port}: it puts off the login (454 4.7.0)" in caplog.text
        postbox.passwords = {USER: PASSWORD}
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


def test_a_server_that_knows_no_login_of_ours_is_told(desk: Desk, operator: Operator) -> None:
    """The password is not sent in any way that it did not offer."""
    postbox = Postbox(passwords={USER: PASSWORD})
    operator.names("starttls", user=USER)
    operator.has_password(PASSWORD)
    with open_post(postbox, operator.port, encryption="starttls", ways=()):
        assert "takes no login of a kind that is known here (PLAIN, LOGIN)" in refused(desk)
    assert [] == postbox.attempts


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_a_server_that_wants_a_login_where_there_is_none_makes_nothing_fail(
    desk: Desk, operator: Operator, caplog: pytest.LogCaptureFixture, encryption: Any
) -> None:
    """530 is not about the message: it stays queued with that answer, the log says what is wanted."""
    postbox = Postbox(passwords={USER: PASSWORD})
    operator.names(encryption)
    with open_post(postbox, operator.port, encryption=encryption):
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
    assert [("R1", "queued", 1, 530), ("PD", "queued", 1, 530)] == outbox(desk)
    assert "the mail server answered 530: it wants a login, or encryption" in caplog.text


def test_what_has_left_before_a_login_is_refused_stays_sent(desk: Desk, operator: Operator) -> None:
    """The server hung up and takes no second login: the step tells what was sent, and what was not waits."""
    postbox = Postbox(refuses={"PD": "421 going down"}, passwords={USER: PASSWORD}, logins_left=1)
    desk.do("activate_backup_assignments")
    operator.names("starttls", user=USER)
    operator.has_password(PASSWORD)
    with open_post(postbox, operator.port, encryption="starttls"):
        assert {"sent": 1, "failed": 0, "deferred": 3} == sent(desk)
        assert [
            ("R1", "sent", 1, 250),
            ("PD", "queued", 1, 421),
            ("R1", "queued", 1, None),
            ("R2", "queued", 1, None),
        ] == outbox(desk)
        assert 2 == len(postbox.attempts)
        assert 1 == len(postbox.letters)


# ── no password is anywhere ────────────────────────────────────────────────────────────────────────────────────────────

SCENARIO = """\
scenario:
  name: Somebody is told
  id: told
  domain: residency
  category: n1_failure
  description: R1 is away.
  rationale: The director has to hear of it.
  clock: 2024-12-09T18:00
  setup:
    persons: [{id: R1, pgy_level: 2}, {id: R2, pgy_level: 2}, {id: PD, role: PROGRAM_DIRECTOR}]
    rotations: [{id: ward, rotation_type: inpatient, min_persons: 0}]
    assignments: [{id: w, person_id: R1, rotation_id: ward, date: 2024-12-10, start: "07:00", end: "19:00"}]
  test_case:
    operations:
      - {operation: mark_unavailable, parameters: {person_id: R1, start_date: 2024-12-10, end_date: 2024-12-10, kind: illness}}
      - {operation: send_notifications, parameters: {transport: smtp}}
  expected_outcome: {success: true}
"""


@pytest.mark.parametrize("right", [True, False])
def test_a_run_keeps_no_password(operator: Operator, tmp_path: Path, *, right: bool) -> None:
    """Whether it is taken or refused: not in what is printed or logged, not in the database, the evidence, or any report."""
    postbox = Postbox(passwords={USER: PASSWORD if right else "another"}, denies=f"535 5.7.8 {encoded(PASSWORD)}")
    operator.names("starttls", user=USER)
    operator.has_password(PASSWORD)
    (tmp_path / "told.yaml").write_text(SCENARIO)
    with open_post(postbox, operator.port, encryption="starttls"):
        printed = _rehearse(tmp_path, "run", "told.yaml", "--debug", "--report", "report", code=0 if right else 1)
    printed += _rehearse(tmp_path, "show", "told", "--format", "yaml")
    assert (1 if right else 0) == len(postbox.letters)
    assert right != ("no mail leaves by localhost" in printed)
    assert right != ("refuses the login (535 5.7.8)" in printed)
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} | _database(printed)
    assert {".html", ".md", ".xml", ".json", ".jsonl", ".db"} <= {path.suffix for path in kept}
    for secret in SECRETS:
        assert secret not in printed
        assert [] == [path for path, content in kept.items() if secret.encode() in content]


def _database(printed: str) -> dict[Path, bytes]:
    """Take the database that a run says it kept away with it."""
    path = Path(printed.partition("The database was kept: sqlite:///")[2].partition("\n")[0])
    content = path.read_bytes()
    path.unlink()
    return {path: content}


def _rehearse(directory: Path, *arguments: str, code: int = 0) -> str:
    """Return all that a command prints."""
    command = [sys.executable, "-m", "rehearse", *arguments]
    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)
    assert code == ended.returncode, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr
