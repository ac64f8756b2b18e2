"""Notices leave through a real mail server: at least once, in order, and never before what they tell of is committed."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, insert, make_url, select

from residency import schema
from residency.journal.mail_server import VARIABLE

from .desk import Desk
from .post import HOME, Postbox, covered, free_port, open_post, outbox, reported, sent, ward

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.store import Store


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port on which nobody listens yet, named as the operator names a mail server."""
    free = free_port()
    monkeypatch.setenv(VARIABLE, f"smtp://127.0.0.1:{free}?domain={HOME}&seconds=5")
    return free


def test_what_is_queued_is_delivered_in_order(store: Store, port: int) -> None:
    """Each to its recipient at the operator's domain, with its kind as the subject, its text, and the scenario's own time."""
    postbox = Postbox()
    with Desk(store, ward(), clock="12-09") as desk, open_post(postbox, port):
        covered(desk)
        assert {"sent": 4, "failed": 0, "deferred": 0} == sent(desk)
        assert [
            ("R1", "sent", 1, 250),
            ("PD", "sent", 1, 250),
            ("R1", "sent", 1, 250),
            ("R2", "sent", 1, 250),
        ] == outbox(desk)
        assert [
            (f"R1@{HOME}", "absence recorded"),
            (f"PD@{HOME}", "coverage alert"),
            (f"R1@{HOME}", "assignment changed"),
            (f"R2@{HOME}", "assignment changed"),
        ] == postbox.told
        letter = postbox.letters[1]
        rows = {row["recipient"]: row["text"] for row in desk.rows("notifications").values()}
        assert rows["PD"] == letter.get_content().replace("\r\n", "\n").rstrip("\n")
        assert (f"rehearse@{HOME}", "Mon, 09 Dec 2024 00:00:00 -0000") == (letter["From"], letter["Date"])
        assert 4 == len({letter["Message-ID"] for letter in postbox.letters})
        assert {"sent": 0, "failed": 0, "deferred": 0} == sent(desk)


def test_one_recipient_who_is_refused_for_good_stops_nobody(store: Store, port: int) -> None:
    """That notice has failed, with the server's answer, and is not tried again."""
    postbox = Postbox(refuses={"PD": "550 no such mailbox"})
    with Desk(store, ward(), clock="12-09") as desk, open_post(postbox, port):
        covered(desk)
        assert {"sent": 3, "failed": 1, "deferred": 0} == sent(desk)
        assert ("PD", "failed", 1, 550) == outbox(desk)[1]
        postbox.refuses.clear()
        assert {"sent": 0, "failed": 0, "deferred": 0} == sent(desk)
        assert [f"R1@{HOME}", f"R1@{HOME}", f"R2@{HOME}"] == [recipient for recipient, _ in postbox.told]


def test_who_is_refused_for_now_is_tried_again_and_nothing_overtakes(store: Store, port: int) -> None:
    """Later notices to the same person wait behind the first, untried; other people's leave."""
    postbox = Postbox(refuses={"R1": "450 mailbox busy"})
    with Desk(store, ward(), clock="12-09") as desk, open_post(postbox, port):
        covered(desk)
        for tries in (1, 2):
            assert 2 == sent(desk)["deferred"]
            waiting = [row for row in outbox(desk) if row[0] == "R1"]
            assert [("R1", "queued", tries, 450), ("R1", "queued", 0, None)] == waiting
        postbox.refuses.clear()
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
        assert [("R1", "sent", 3, 250), ("R1", "sent", 1, 250)] == [row for row in outbox(desk) if row[0] == "R1"]
        assert ["absence recorded", "assignment changed"] == [kind for to, kind in postbox.told if to == f"R1@{HOME}"]


def test_a_server_that_is_down_loses_nothing_and_is_asked_again(store: Store, port: int) -> None:
    """Down, then up: all stays queued with its number of tries, then leaves in order."""
    postbox = Postbox()
    with Desk(store, ward(), clock="12-09") as desk:
        reported(desk)
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
        assert [("R1", "queued", 1, None), ("PD", "queued", 1, None)] == outbox(desk)
        with open_post(postbox, port):
            assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
        assert [("R1", "sent", 2, 250), ("PD", "sent", 2, 250)] == outbox(desk)
        assert [f"R1@{HOME}", f"PD@{HOME}"] == [recipient for recipient, _ in postbox.told]


@pytest.mark.parametrize("answer", ["554 not today", "421 too busy"])
def test_a_server_that_takes_nobodys_greeting_has_refused_no_message(
    sqlite_store: Store, port: int, answer: str
) -> None:
    """Whatever it says to the greeting is about itself: nothing has failed for good."""
    postbox = Postbox(greets=answer)
    with Desk(sqlite_store, ward(), clock="12-09") as desk, open_post(postbox, port):
        reported(desk)
        assert {"sent": 0, "failed": 0, "deferred": 2} == sent(desk)
        postbox.greets = ""
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


def test_a_server_that_goes_before_it_answers_may_get_a_message_twice(sqlite_store: Store, port: int) -> None:
    """Nobody knows whether it was taken, so it leaves again, known by its id; the next one goes over a new connection."""
    postbox = Postbox(hangs_up=1)
    with Desk(sqlite_store, ward(), clock="12-09") as desk, open_post(postbox, port):
        reported(desk)
        assert {"sent": 1, "failed": 0, "deferred": 1} == sent(desk)
        assert [("R1", "queued", 1, None), ("PD", "sent", 1, 250)] == outbox(desk)
        assert {"sent": 1, "failed": 0, "deferred": 0} == sent(desk)
        first, _, again = postbox.letters
        assert first["Message-ID"] == again["Message-ID"]


def test_a_server_that_goes_after_a_refusal_is_called_again_for_the_next(sqlite_store: Store, port: int) -> None:
    """421 ends the connection, and says nothing about other people's mail."""
    postbox = Postbox(refuses={"R1": "421 going down"})
    with Desk(sqlite_store, ward(), clock="12-09") as desk, open_post(postbox, port):
        reported(desk)
        assert {"sent": 1, "failed": 0, "deferred": 1} == sent(desk)
        assert [("R1", "queued", 1, 421), ("PD", "sent", 1, 250)] == outbox(desk)


def test_a_crash_after_delivery_and_before_commit_repeats_the_same_message(store: Store, port: int) -> None:
    """The rows are still queued, and what leaves again is the same to the byte."""
    postbox = Postbox()
    with Desk(store, ward(), clock="12-09") as desk, open_post(postbox, port):
        reported(desk)
        desk.crash("send_notifications", transport="smtp")
        assert [("R1", "queued", 0, None), ("PD", "queued", 0, None)] == outbox(desk)
        assert 2 == len(postbox.letters)
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)
        texts = [letter.as_bytes() for letter in postbox.letters]
        assert texts[:2] == texts[2:]


KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import create_engine
from rehearse.domain import Context
from rehearse.run.attempt import StepSession
from residency import DOMAIN

operation = DOMAIN.operations["send_notifications"]
connection = create_engine(sys.argv[1]).connect()
connection.begin()
context = Context(datetime(2024, 12, 9, 12), 0, None)
result = operation.function(StepSession(connection, sys.argv[2]), operation.parameters(transport="smtp"), context)
assert result.data["sent"] == 1
if sys.argv[3] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
connection.commit()
"""


@pytest.fixture
def existing_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that holds one notice which waits."""
    url = f"sqlite:///{tmp_path / 'roster.db'}"
    if request.param == "postgresql":
        server = make_url(request.getfixturevalue("postgres_url"))
        with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS killed WITH (FORCE)")
            connection.execute("CREATE DATABASE killed")
        url = server.set(database="killed", drivername="postgresql+psycopg").render_as_string(hide_password=False)
    engine = create_engine(url)
    with engine.begin() as connection:
        schema.METADATA.create_all(connection)
        notice = {"id": "n", "number": 1, "event": "step1:coverage_alert", "kind": "coverage_alert", "recipient": "PD"}
        notice |= {"channel": "inbox", "status": "queued", "text": "ward is short", "tries": 0}
        connection.execute(insert(schema.NOTIFICATIONS).values(queued_at=datetime(2024, 12, 9), **notice))  # noqa: DTZ001
    engine.dispose()
    return url


def status(url: str) -> tuple[str, int]:
    """Return status and tries of the one notice."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(select(schema.NOTIFICATIONS.c.status, schema.NOTIFICATIONS.c.tries)).one()
    engine.dispose()
    return found[0], found[1]


@pytest.mark.parametrize(
    "existing_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_a_process_that_is_killed_between_delivery_and_commit_has_sent_nothing(existing_url: str, port: int) -> None:
    """The next process sends the same message again, and once it has committed nobody does."""
    postbox = Postbox()
    with open_post(postbox, port):
        for step, fate, code in (("step2", "killed", -signal.SIGKILL), ("step3", "committed", 0)):
            ended = subprocess.run([sys.executable, "-c", KILLED, existing_url, step, fate], check=False, timeout=60)
            assert code == ended.returncode
            assert (("queued", 0) if fate == "killed" else ("sent", 1)) == status(existing_url)
    first, second = postbox.letters
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.postgresql
def test_what_is_not_committed_is_told_to_nobody(postgres_store: Store, port: int) -> None:
    """A delivery that begins while a change may still be undone finds nothing to deliver, and nothing after it was undone."""
    postbox = Postbox()
    with Desk(postgres_store, ward(), clock="12-09") as desk, open_post(postbox, port), ThreadPoolExecutor(1) as other:
        with desk.uncommitted("mark_unavailable", person_id="R1", date=date(2024, 12, 10)):
            beside = other.submit(sent, desk)
        assert {"sent": 0, "failed": 0, "deferred": 0} == beside.result(timeout=60)
        assert [] == postbox.letters
        reported(desk)
        assert {"sent": 2, "failed": 0, "deferred": 0} == sent(desk)


def test_recipients_choose_whose_mail_leaves(sqlite_store: Store, port: int) -> None:
    """What is not asked for stays queued, untried."""
    postbox = Postbox()
    with Desk(sqlite_store, ward(), clock="12-09") as desk, open_post(postbox, port):
        reported(desk)
        assert {"sent": 1, "failed": 0, "deferred": 0} == sent(desk, recipients=("PD",))
        assert [("R1", "queued", 0, None), ("PD", "sent", 1, 250)] == outbox(desk)


def test_a_setting_that_cannot_be_read_is_refused_and_recorded(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is tried, the audit log says who asked; deliveries that only write down do not even look."""
    monkeypatch.setenv(VARIABLE, "mail.hospital.example")
    with Desk(sqlite_store, ward(), clock="12-09") as desk:
        reported(desk)
        refused = desk.do("send_notifications", transport="smtp", actor_id="PD")
        assert ("rejected", "mail_server") == (refused.outcome, refused.reasons[0].code)
        assert [("R1", "queued", 0, None), ("PD", "queued", 0, None)] == outbox(desk)
        assert ("PD", "rejected") == tuple(desk.rows("audit_log")["step2:1"][name] for name in ("actor_id", "outcome"))
        assert 2 == desk.do("send_notifications").data["sent"]
        assert [("R1", "sent", 1, None), ("PD", "sent", 1, None)] == outbox(desk)
