"""A PostgreSQL server behind a line that breaks: who is freed, how fast, and what is known of the transaction."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa
from proxy import Proxy
from worlds import hours_now, opened, request, set_hours

from rehearse.database.postgres import PostgresStore
from rehearse.database.store import Layer, is_transient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from rehearse.database.store import Lease

pytestmark = pytest.mark.postgresql

SLOW_COMMIT = """
CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON people DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.hours = 666) EXECUTE FUNCTION refuse_late()
"""


@pytest.fixture(scope="module")
def proxy(postgres_url: str) -> Iterator[Proxy]:
    """A line to the server."""
    with Proxy(postgres_url) as line:
        yield line


@pytest.fixture(scope="module")
def distant_store(proxy: Proxy) -> Iterator[PostgresStore]:
    """A store at the far end of the line."""
    store = PostgresStore(proxy.url)
    yield store
    store.close()


@pytest.fixture
def lease(distant_store: PostgresStore, proxy: Proxy) -> Iterator[Lease]:
    """A lease for two sessions over the line."""
    proxy.tell("pass")
    made = distant_store.lease(request(sessions=2))
    yield made
    proxy.tell("pass")
    made.discard()


def test_a_reset_in_a_statement_is_transient_and_undone(lease: Lease, proxy: Proxy) -> None:
    """A connection that is reset in a statement is worth another attempt, and left nothing (F17)."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    proxy.tell("reset UPDATE people")
    with pytest.raises(sa.exc.OperationalError) as caught:
        set_hours(work, "p2", 99)
    assert is_transient(caught.value)
    work.rollback()
    assert work.outcome_after_interruption() == "aborted"
    work.close()
    assert hours_now(lease) == {"p1": 10, "p2": 20, "p3": 30}


def test_a_lost_answer_to_commit_is_read_back(lease: Lease, proxy: Proxy) -> None:
    """A COMMIT whose answer was lost did commit, and is reported so (F19)."""
    for hours in range(20, 30):
        work = opened(lease)
        set_hours(work, "p1", hours)
        proxy.tell("lose-answer COMMIT")
        with pytest.raises(psycopg.OperationalError):
            work.commit()
        assert work.outcome_after_interruption() == "committed"
        work.rollback()
        work.close()
        assert hours_now(lease)["p1"] == hours


def test_a_lost_request_to_commit_is_ended_and_read_back(lease: Lease, proxy: Proxy) -> None:
    """A COMMIT that never arrived leaves a transaction in progress: it is ended, and reported as aborted (F19)."""
    for _ in range(10):
        work = opened(lease)
        set_hours(work, "p1", 99)
        proxy.tell("lose-request COMMIT")
        with pytest.raises(psycopg.OperationalError):
            work.commit()
        assert work.outcome_after_interruption() == "aborted"
        work.close()
        assert hours_now(lease)["p1"] == 10


def test_a_reset_before_anything_was_written_is_aborted(lease: Lease, proxy: Proxy) -> None:
    """A transaction that wrote nothing has committed nothing, whatever became of its COMMIT."""
    work = opened(lease)
    proxy.tell("lose-answer COMMIT")
    with pytest.raises(psycopg.OperationalError):
        work.commit()
    assert work.outcome_after_interruption() == "aborted"
    work.close()


def test_a_silent_server_frees_its_thread_and_holds_up_nobody(lease: Lease, proxy: Proxy) -> None:
    """The thread is back within two seconds, and other threads of the process run on meanwhile (F18)."""
    work = opened(lease)
    caught: list[BaseException] = []
    ticks: list[float] = []
    over = threading.Event()

    def wait() -> None:
        try:
            work.connection.exec_driver_sql("SELECT pg_sleep(600)")
        except BaseException as error:  # noqa: BLE001  (looked at below)
            caught.append(error)

    def tick() -> None:
        while not over.wait(0.01):
            ticks.append(time.monotonic())

    waiting = threading.Thread(target=wait, daemon=True)
    ticking = threading.Thread(target=tick, daemon=True)
    waiting.start()
    while not work.watch.busy:  # type: ignore[attr-defined]
        time.sleep(0.001)
    proxy.tell("freeze")
    ticking.start()
    began = time.monotonic()
    lease.interrupt()
    waiting.join(5)
    ended = time.monotonic()
    over.set()
    ticking.join()
    assert not waiting.is_alive()
    assert ended - began < 2
    assert max(b - a for a, b in pairwise(ticks)) < 0.5
    assert isinstance(caught[0], sa.exc.OperationalError)
    proxy.tell("pass")
    work.close()
    assert hours_now(lease) == {"p1": 10, "p2": 20, "p3": 30}


def test_a_commit_that_is_cancelled_is_reported_as_it_is(distant_store: PostgresStore) -> None:
    """Whatever an interruption makes of a COMMIT, the report equals what another session sees (F19)."""
    lease = distant_store.lease(request(sessions=2))
    for hours in range(100, 200):
        work = opened(lease)
        set_hours(work, "p1", hours)
        before = hours_now(lease)["p1"]
        stopper = threading.Thread(target=lease.interrupt)
        stopper.start()
        try:
            work.commit()
        except psycopg.Error:
            work.rollback()
        stopper.join()
        outcome = work.outcome_after_interruption()
        work.close()
        assert (outcome, hours_now(lease)["p1"]) in {("committed", hours), ("aborted", before)}
    lease.discard()


def test_a_slow_deferred_check_cancelled_in_commit_is_aborted(distant_store: PostgresStore) -> None:
    """A COMMIT that hangs in a deferred trigger and is cancelled did not commit (F19)."""

    def build(connection: Connection) -> None:
        connection.exec_driver_sql(SLOW_COMMIT)

    lease = distant_store.lease(request(sessions=2, layers=(*request().layers, Layer("late-1", build, "trigger"))))
    work = opened(lease)
    set_hours(work, "p1", 666)
    failed: list[BaseException] = []

    def commit() -> None:
        try:
            work.commit()
        except psycopg.Error as error:
            failed.append(error)

    committing = threading.Thread(target=commit)
    committing.start()
    while committing.is_alive():
        lease.interrupt()
        committing.join(0.01)
    assert len(failed) == 1
    assert work.outcome_after_interruption() == "aborted"
    work.rollback()
    work.close()
    assert hours_now(lease)["p1"] == 10
    lease.discard()


def test_a_transaction_lease_that_lost_its_line_is_given_up(distant_store: PostgresStore, proxy: Proxy) -> None:
    """When the outer transaction's connection is gone, the run gets no second database under its feet; the next run gets a fresh one."""
    lease = distant_store.lease(request())
    assert lease.how == "transaction"
    work = opened(lease)
    set_hours(work, "p1", 99)
    proxy.tell("reset UPDATE people")
    with pytest.raises(sa.exc.OperationalError):
        set_hours(work, "p2", 99)
    work.rollback()
    assert work.outcome_after_interruption() == "aborted"
    work.close()
    with pytest.raises(Exception, match="lost"):
        opened(lease)
    lease.discard()
    again = distant_store.lease(request())
    assert hours_now(again) == {"p1": 10, "p2": 20, "p3": 30}
    again.discard()
