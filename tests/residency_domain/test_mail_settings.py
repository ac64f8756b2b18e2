"""Where the mail server is and who asks it, as the operator's environment says: everything wrong is told at once, and no secret with it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from residency.journal import mail_password
from residency.journal.mail_server import VARIABLE, Login, MailServer, MailServerError, mail_server

from .post import CERTIFICATES

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY = str(CERTIFICATES / "authority.pem")
PASSWORD = "s3cret-Grüße"  # noqa: S105  (the tests' own)


def said(written: str = "", **passwords: str) -> str:
    """Return the complaint about a setting."""
    with pytest.raises(MailServerError, match="write smtp\\+starttls://user@host:port") as caught:
        mail_server({VARIABLE: written, **passwords})
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", MailServer()),
        ("smtp://mail", MailServer("mail")),
        ("SMTP://mail", MailServer("mail")),
        ("smtp://10.0.0.5:2525/", MailServer("10.0.0.5", 2525)),
        ("smtp://[::1]:26?domain=ward.example", MailServer("::1", 26, "ward.example", "rehearse@ward.example")),
        ("smtp://mail?sender=roster@x.example&seconds=0.5", MailServer("mail", sender="roster@x.example", seconds=0.5)),
        ("smtp://mail?sender=Duty%20roster%20<roster@x>", MailServer("mail", sender="Duty roster <roster@x>")),
        ("smtp+starttls://mail", MailServer("mail", 587, encryption="starttls")),
        ("smtps://mail", MailServer("mail", 465, encryption="tls")),
        ("smtps://mail:4650?seconds=60", MailServer("mail", 4650, seconds=60, encryption="tls")),
        (f"smtps://mail?ca={AUTHORITY}", MailServer("mail", 465, encryption="tls", ca=AUTHORITY)),
    ],
)
def test_the_environment_names_the_mail_server(written: str, expected: MailServer) -> None:
    """What it does not say has its usual value, and the port is the usual one of the encryption."""
    assert expected == mail_server({VARIABLE: written} if written else {})


@pytest.mark.parametrize(
    ("written", "user"),
    [
        ("smtps://roster@mail", "roster"),
        ("smtps://roster%40hospital.example@mail", "roster@hospital.example"),
        ("smtps://a%3Ab%2F%C3%BC@mail", "a:b/ü"),
    ],
)
def test_a_user_has_the_password_of_its_own_variable_or_file(tmp_path: Path, written: str, user: str) -> None:
    """The user is percent-encoded in the URL; the end of the file's line is no part of the password."""
    asked = MailServer("mail", 465, encryption="tls", login=Login(user, PASSWORD))
    assert asked == mail_server({VARIABLE: written, mail_password.VARIABLE: PASSWORD})
    for ending in ("", "\n", "\r\n"):
        (tmp_path / "secret").write_bytes(f"{PASSWORD}{ending}".encode())
        assert asked == mail_server({VARIABLE: written, mail_password.FILE_VARIABLE: str(tmp_path / "secret")})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("mail.example", "it begins with none of smtp://, smtp+starttls://, smtps://; it names no server"),
        ("http://mail", "it begins with none of"),
        ("smtp://:25", "it names no server"),
        ("smtp://a..b", "its host is no host name"),
        ("smtp://[::1", "it is no URL"),
        ("smtp://mail:many", "its port is no number"),
        ("smtp://mail:70000", "its port is no number"),
        ("smtp://mail:0", "its port is no number"),
        ("smtp://mail/box", "it has more than host and port"),
        ("smtp://mail#box", "it has more than host and port"),
        ("smtp://mail?domain=a b", "its domain is no domain name"),
        ("smtp://mail?domain=", "its domain is no domain name"),
        ("smtp://mail?sender=", "its sender is no mail address"),
        ("smtp://mail?sender=roster", "its sender is no mail address"),
        ("smtp://mail?sender=x@", "its sender is no mail address"),
        ("smtp://mail?sender=a@x,b@x", "its sender is no mail address"),
        ("smtp://mail?sender=a@x%0D%0ABcc:b@x", "its sender is no mail address"),
        ("smtp://mail?seconds=soon", "its seconds are no number above 0 and up to 60"),
        ("smtp://mail?seconds=0", "its seconds are no number"),
        ("smtp://mail?seconds=61", "its seconds are no number"),
        ("smtp://mail?seconds=nan", "its seconds are no number"),
        ("smtp://mail?colour=red", "it has an option that there is not; there are domain, sender, seconds, ca"),
        ("smtp://mail?what", "it has an option that there is not"),
        ("smtps://mail?verify=no", "it has an option that there is not"),
        ("smtp://mail?seconds=1&seconds=2", "it says an option twice"),
        (f"smtp://mail?ca={AUTHORITY}", "a `ca` is of no use to smtp://"),
        ("smtps://mail?ca=", "its ca names no file"),
        ("smtps://mail?ca=%00", "its ca names no file"),
        ("smtps://mail?ca=/nowhere/ca.pem", "the file that its ca names cannot be read (No such file or directory)"),
        (f"smtps://mail?ca={CERTIFICATES / 'server.key'}", "the file that its ca names holds no certificate"),
        ("smtps://@mail", "its user is empty or cannot be read"),
        ("smtps://%ff@mail", "its user is empty or cannot be read"),
        ("smtps://a%00b@mail", "its user is empty or cannot be read"),
        ("smtps://me@mail", "it names a user, and neither RESIDENCY_SMTP_PASSWORD nor"),
        ("smtp://me@mail", "a login never goes over smtp://, which is not encrypted"),
        ("smtp://me@localhost", "a login never goes over smtp://, which is not encrypted"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_write(written: str, why: str) -> None:
    """There is no option that leaves a certificate unchecked."""
    assert why in said(written)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """One word in the message for each mistake, in the order in which they are written."""
    text = said("ftp://a..b:x/y?domain=&sender=&seconds=&ca=&colour=&colour=", RESIDENCY_SMTP_PASSWORD="x")  # noqa: S106
    wrong = ("begins with none", "host name", "port", "more than", "an option that", "an option twice", "domain name")
    wrong = (*wrong, "sender is", "seconds are", "ca names", "a password, and it names no user")
    assert sorted(text.index(word) for word in wrong) == [text.index(word) for word in wrong]
    assert 1 == text.count(VARIABLE + " ")


@pytest.mark.parametrize(
    "written",
    [
        "smtps://me:{}@mail",
        "smtps://:{}@mail",
        "smtps://me:{}",
        "smtps://me:x/{}@mail",
        "smtps://me:x?{}@mail",
        "smtps://me:1?{}=x@mail",
        "smtps://me:x#{}@mail",
        "smtps://me:[{}@mail",
        "smtps://me:℀{}@mail",
        "me:{}@mail",
        "smtps://mail?password={}",
        "smtps://mail?ca={}",
        "smtps://mail?domain={}%20",
        "smtps://mail?sender={}",
        "smtps://mail?seconds={}",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(written: str) -> None:
    """Neither it nor what it was mistaken for stands in the message, or in anything that hangs on the error."""
    with pytest.raises(MailServerError) as caught:
        mail_server({VARIABLE: written.format("s3cret")})
    assert "s3cret" not in str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_a_password_in_the_url_is_told_where_it_belongs() -> None:
    """That a user has no other is not told besides."""
    text = said("smtps://me:s3cret@mail")
    assert "put it into RESIDENCY_SMTP_PASSWORD, or into a file that RESIDENCY_SMTP_PASSWORD_FILE names" in text
    assert "is set" not in text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "RESIDENCY_SMTP_PASSWORD_FILE names cannot be read (No such file or directory)"),
        (b"", "RESIDENCY_SMTP_PASSWORD_FILE names is empty"),
        (b"\n", "RESIDENCY_SMTP_PASSWORD_FILE names is empty"),
        (b"s3cret\nand more\n", "RESIDENCY_SMTP_PASSWORD_FILE names holds more than one line"),
        (b"s3cret\0", "RESIDENCY_SMTP_PASSWORD_FILE names holds more than one line"),
        (b"s3cret\xff", "RESIDENCY_SMTP_PASSWORD_FILE names holds something else than text in UTF-8"),
    ],
)
def test_a_file_that_holds_no_password_is_refused(tmp_path: Path, content: bytes | None, why: str) -> None:
    """The message says nothing of what it holds, nor where it is."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    text = said("smtps://me@mail", RESIDENCY_SMTP_PASSWORD_FILE=str(path))
    assert why in text
    assert "s3cret" not in text
    assert str(tmp_path) not in text


def test_a_variable_that_holds_no_password_is_refused() -> None:
    """A line's end that came along, and bytes that are no text."""
    for value, why in (("s3cret\n", "more than one line"), (os.fsdecode(b"s3cret\xff"), "something else than text")):
        text = said("smtps://me@mail", RESIDENCY_SMTP_PASSWORD=value)
        assert f"RESIDENCY_SMTP_PASSWORD holds {why}" in text
        assert "s3cret" not in text


def test_two_passwords_are_refused(tmp_path: Path) -> None:
    """Even where both are the same: nobody could say later which one counts."""
    (tmp_path / "secret").write_text(PASSWORD)
    text = said(
        "smtps://me@mail", RESIDENCY_SMTP_PASSWORD=PASSWORD, RESIDENCY_SMTP_PASSWORD_FILE=str(tmp_path / "secret")
    )
    assert "RESIDENCY_SMTP_PASSWORD and RESIDENCY_SMTP_PASSWORD_FILE are both set" in text
    assert PASSWORD not in text


@pytest.mark.parametrize("written", ["", "smtp://mail", "smtps://mail"])
def test_a_password_without_a_user_is_refused(written: str) -> None:
    """Somebody meant to log in."""
    assert "there is a password, and it names no user" in said(written, RESIDENCY_SMTP_PASSWORD=PASSWORD)


def test_variables_that_are_empty_count_as_not_set() -> None:
    """As a container's description leaves them."""
    empty = dict.fromkeys((VARIABLE, mail_password.VARIABLE, mail_password.FILE_VARIABLE), "")
    assert MailServer() == mail_server(empty)


def test_a_password_shows_in_no_representation() -> None:
    """Whatever prints the server, or what was read of the environment, prints no secret."""
    server = mail_server({VARIABLE: "smtps://me@mail", mail_password.VARIABLE: PASSWORD})
    read = mail_password.password({mail_password.VARIABLE: PASSWORD})
    assert PASSWORD == read.value
    assert "user='me'" in repr(server)
    for shown in (repr(server), str(server), f"{server.login}", repr(read)):
        assert PASSWORD not in shown


def test_no_login_can_be_made_to_go_in_plain_text() -> None:
    """Not even by who makes a server of his own."""
    server = MailServer("mail", encryption="tls", login=Login("me", PASSWORD))
    with pytest.raises(ValueError, match="encrypted"):
        replace(server, encryption="none")
