"""Deadlines and interruptions on a real database: what is stopped, what is left, what is known of it afterwards."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from children import in_child
from worlds import PEOPLE, hours, hours_now, opened, request, set_hours, slow_statement

from rehearse.database.deadline import Deadline, DeadlinePassedError
from rehearse.database.observe import StatementLog
from rehearse.database.store import is_transient
from rehearse.errors import LeaseRevokedError
from rehearse.run.deadline import Cancellation, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rehearse.database.postgres import PostgresStore
    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Lease, Store, Work

FRESH = {"p1": 10, "p2": 20, "p3": 30}


@pytest.fixture(params=["auto", "together"])
def lease(store: Store, request: pytest.FixtureRequest) -> Iterator[Lease]:
    """A lease for one session, and one for several."""
    made = store.lease(asked(sessions=2) if request.param == "together" else asked())
    yield made
    made.discard()


def asked(**changes: object) -> object:
    """Return a request for the small world."""
    return request(**changes)


class InThread:
    """Runs a call in a thread and keeps what it raised."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self.ended = threading.Event()
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001  (handed to the waiting thread)
            self.error = error
        finally:
            self.ended.set()

    def join(self) -> BaseException | None:
        """Wait for its end and return what it raised."""
        assert self.ended.wait(20), "the thread did not come back"
        self._thread.join()
        return self.error


def until_busy(work: Work) -> None:
    """Wait until a statement of `work` is at the server."""
    limit = time.monotonic() + 10
    while not work.watch.busy:  # type: ignore[attr-defined]
        assert time.monotonic() < limit
        time.sleep(0.001)


def test_a_long_statement_ends_at_its_deadline(store: Store, lease: Lease) -> None:
    """The database itself ends the statement, soon after the deadline (F21)."""
    work = opened(lease, seconds=0.2)
    began = time.monotonic()
    with pytest.raises((DeadlinePassedError, sa.exc.OperationalError)):
        work.connection.exec_driver_sql(slow_statement(store))
    assert time.monotonic() - began < 2
    work.close()


def test_the_deadline_is_named(store: Store, lease: Lease) -> None:
    """The error says that time was up, and not that somebody held a lock."""
    work = opened(lease, seconds=0.1)
    with pytest.raises(DeadlinePassedError, match=r"SELECT was ended.*0\.1 s had passed") as caught:
        work.connection.exec_driver_sql(slow_statement(store))
    assert not caught.value.waited_for_lock
    work.close()


def test_nothing_is_sent_after_the_deadline(lease: Lease) -> None:
    """A statement that comes too late is refused before it is sent; the rollback still goes."""
    now = [0.0]
    work = lease.work(StatementLog(), Deadline.after(5, now=lambda: now[0]))
    work.begin()
    set_hours(work, "p1", 99)
    now[0] = 6.0
    with pytest.raises(DeadlinePassedError, match="was not sent"):
        set_hours(work, "p2", 99)
    with pytest.raises(DeadlinePassedError, match=r"COMMIT|RELEASE"):
        work.commit()
    work.rollback()
    work.close()
    assert hours_now(lease) == FRESH


def test_a_statement_is_interrupted_from_outside(store: Store, lease: Lease) -> None:
    """`interrupt` frees the thread, and nothing of the transaction is left."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    running = InThread(lambda: work.connection.exec_driver_sql(slow_statement(store)))
    until_busy(work)
    while not running.ended.wait(0.01):
        lease.interrupt()
    assert isinstance(running.join(), sa.exc.DBAPIError)
    work.rollback()
    assert work.outcome_after_interruption() == "aborted"
    work.close()


def test_an_idle_connection_is_not_harmed_by_an_interrupt(lease: Lease) -> None:
    """Interrupting when nothing runs, also in the middle of reading rows, does not hit the next statement (F23)."""
    work = opened(lease)
    rows = iter(work.connection.execute(sa.select(PEOPLE.c.id).order_by(PEOPLE.c.id)))
    assert next(rows).id == "p1"
    lease.interrupt()
    assert next(rows).id == "p2"
    assert hours(work) == FRESH
    work.commit()
    work.close()


def test_waiting_for_a_lock_ends_at_the_deadline(store: Store) -> None:
    """Who waits for a row that another session holds is told so when time is up (F22)."""
    lease = store.lease(asked(sessions=2))
    holder = opened(lease)
    set_hours(holder, "p1", 11)
    waiter = lease.work(StatementLog(), Deadline.after(0.3))
    began = time.monotonic()

    def wait() -> None:
        waiter.begin()
        set_hours(waiter, "p1", 12)

    with pytest.raises(DeadlinePassedError, match="lock") as caught:
        wait()
    assert caught.value.waited_for_lock
    assert time.monotonic() - began < 2
    waiter.close()
    holder.commit()
    holder.close()
    assert hours_now(lease)["p1"] == 11
    lease.discard()


def test_waiting_for_a_lock_can_be_interrupted(store: Store) -> None:
    """`interrupt` also frees a session that waits for a lock; the holder is not disturbed."""
    lease = store.lease(asked(sessions=2))
    holder = opened(lease)
    set_hours(holder, "p1", 11)
    waiter = lease.work(StatementLog(), Deadline.after(30))
    tried = threading.Event()

    def wait() -> None:
        tried.set()
        waiter.begin()
        set_hours(waiter, "p1", 12)

    waiting = InThread(wait)
    assert tried.wait(5)
    while not waiting.ended.wait(0.02):
        waiter.watch.interrupt()  # type: ignore[attr-defined]
    assert waiting.join() is not None
    waiter.close()
    holder.commit()
    holder.close()
    assert hours_now(lease)["p1"] == 11
    lease.discard()


def test_a_freed_lock_lets_the_waiting_session_go_on(store: Store) -> None:
    """A lock that becomes free in time is waited for, without an error on SQLite and as a lost race on PostgreSQL."""
    lease = store.lease(asked(sessions=2))
    holder = opened(lease)
    set_hours(holder, "p1", 11)
    waiter = lease.work(StatementLog(), Deadline.after(20))

    def wait() -> None:
        waiter.begin()
        set_hours(waiter, "p1", 12)
        waiter.commit()

    waiting = InThread(wait)
    while store.backend == "postgresql" and not waiter.is_waiting_for_lock():
        time.sleep(0.001)
    holder.commit()
    error = waiting.join()
    waiter.close()
    holder.close()
    if store.backend == "sqlite":
        assert error is None
        assert hours_now(lease)["p1"] == 12
    else:
        assert error is not None
        assert is_transient(error)
        assert hours_now(lease)["p1"] == 11
    lease.discard()


@pytest.mark.parametrize("spot", ["begin", "savepoint"])
def test_a_cancelled_beginning_leaves_no_transaction(store: Store, spot: str) -> None:
    """However often beginning is cancelled, the next writer gets in at once (F20)."""
    lease = store.lease(asked(sessions=2))
    for _ in range(200):
        work = lease.work(StatementLog(), Deadline.after(20))
        interrupter = InThread(lease.interrupt)
        work.begin()
        if spot == "savepoint":
            try:
                work.connection.begin_nested().rollback()
            except sa.exc.DBAPIError:
                work.rollback()
        interrupter.join()
        work.close()
    began = time.monotonic()
    other = opened(lease)
    set_hours(other, "p1", 11)
    other.commit()
    other.close()
    assert time.monotonic() - began < 1
    assert hours_now(lease)["p1"] == 11
    lease.discard()


def test_a_thread_that_wakes_late_writes_nothing(store: Store) -> None:
    """After `revoke`, a thread that was away in Python finds that nothing of it is executed (F26)."""
    lease = store.lease(asked(sessions=2))
    wake = threading.Event()
    work = opened(lease)

    def sleeper() -> None:
        wake.wait(10)
        set_hours(work, "p1", 99)

    asleep = InThread(sleeper)
    lease.revoke()
    wake.set()
    assert isinstance(asleep.join(), LeaseRevokedError)
    lease.discard()


def test_a_gate_that_opens_after_the_revocation_lets_nothing_through(lease: Lease) -> None:
    """A thread that was held at the gate while its lease was revoked does not slip through (F26)."""

    class Held:
        def before(self, verb: str, sql: str) -> None:
            assert (verb, sql[:6]) == ("UPDATE", "UPDATE")
            lease.revoke()

        def after(self, verb: str, *, blocked: bool) -> None:
            raise AssertionError((verb, blocked))

    log = StatementLog()
    work = opened(lease, log=log)
    log.gate = Held()
    with pytest.raises(LeaseRevokedError):
        set_hours(work, "p1", 99)
    work.close()


TIMEOUTS = """
import os, sys, threading, time
from pathlib import Path
from worlds import hours_now, opened, request, slow_statement
from rehearse.database.deadline import Deadline, DeadlinePassedError
from rehearse.database.observe import StatementLog
from rehearse.database.postgres import PostgresStore
from rehearse.database.sqlite import SqliteStore

kind, place = sys.argv[1:]
store = SqliteStore(Path(place)) if kind == "sqlite" else PostgresStore(place)
lease = store.lease(request(sessions=2))
hours_now(lease)
time.sleep(0.5)  # lets clones that are made ahead arrive, so that they are not counted as leaks

def held():
    return len(os.listdir("/proc/self/fd")), threading.active_count(), len(lease._idle), len(lease._open)

before = held()
ended = 0
for _ in range(200):
    work = lease.work(StatementLog(), Deadline.after(0.003))
    try:
        work.begin()
        work.connection.exec_driver_sql(slow_statement(store))
    except DeadlinePassedError:
        ended += 1
    work.rollback()
    work.close()
after = held()
print(ended, before == after, hours_now(lease) == {"p1": 10, "p2": 20, "p3": 30}, before, after)
lease.discard()
store.close()
"""


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_two_hundred_timeouts_leave_nothing(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """After many statements that ran into their deadline there is no thread, descriptor or connection more (F29)."""
    place = str(tmp_path) if backend == "sqlite" else request.getfixturevalue("postgres_url")
    told = in_child(TIMEOUTS, backend, place)
    assert told.startswith("200 True True"), told


@pytest.mark.postgresql
def test_two_hundred_timeouts_leave_no_server_process(postgres_store: PostgresStore) -> None:
    """The server ends as many processes as were stopped (F29)."""
    lease = postgres_store.lease(asked(sessions=2))
    name = lease.process_address().split("/")[3].split("?")[0]
    databases = postgres_store._databases

    def backends() -> int:
        return int(databases._ask("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", name)[0][0])

    hours_now(lease)
    before = backends()
    for _ in range(200):
        work = opened(lease)
        running = InThread(lambda work=work: work.connection.exec_driver_sql("SELECT pg_sleep(600)"))
        until_busy(work)
        while not running.ended.wait(0.01):
            lease.interrupt()
        running.join()
        work.close()
    hours_now(lease)
    limit = time.monotonic() + 10
    while backends() > before and time.monotonic() < limit:
        time.sleep(0.01)
    assert backends() <= before
    lease.discard()


def test_an_unanswered_commit_is_unknown_on_sqlite(sqlite_store: SqliteStore) -> None:
    """SQLite does not tell what became of a COMMIT without an answer: it is called unknown, never guessed."""
    lease = sqlite_store.lease(asked())
    work = opened(lease)
    set_hours(work, "p1", 99)
    work._commit_sent = True
    work.wire.send("COMMIT")
    assert work.outcome_after_interruption() == "unknown"
    work.begin()
    set_hours(work, "p1", 98)
    work._commit_sent = True
    assert work.outcome_after_interruption() == "aborted"
    work.close()
    assert hours_now(lease)["p1"] == 99
    lease.discard()


def test_a_thread_that_is_broken_into_leaves_a_usable_lease(store: Store, lease: Lease) -> None:
    """When the watchdog stops an operation from outside, the next piece of work finds an unharmed database."""
    work = lease.work(StatementLog(), Deadline.after(30))

    def operation() -> None:
        work.begin()
        set_hours(work, "p1", 99)
        work.connection.exec_driver_sql(slow_statement(store))

    watchdog = Watchdog(Cancellation(), lease.interrupt, lease.revoke)
    ended = watchdog.call(operation, Deadline.after(0.1), name="main")
    assert (ended.stopped, ended.abandoned) == ("deadline", False)
    assert work.outcome_after_interruption() == "aborted"
    work.close()
    if lease.how == "transaction":
        with pytest.raises(LeaseRevokedError, match="outer transaction was lost"):
            hours_now(lease)
    else:
        assert hours_now(lease) == FRESH


def test_an_abandoned_thread_is_left_behind_without_a_database(sqlite_store: SqliteStore) -> None:
    """A statement that hangs in foreign code cannot be ended: discarding goes on without it."""
    lease = sqlite_store.lease(asked())
    work = opened(lease)
    entered, release = threading.Event(), threading.Event()

    def hang() -> int:
        entered.set()
        release.wait(20)
        return 1

    work.wire.create_function("hang", 0, hang)
    hanging = InThread(lambda: work.connection.exec_driver_sql("SELECT hang() FROM people"))
    assert entered.wait(5)
    began = time.monotonic()
    lease.discard()
    assert time.monotonic() - began < 3
    assert not hanging.ended.is_set()
    release.set()
    assert hanging.join() is not None
    with pytest.raises(LeaseRevokedError):
        hours(work)


@pytest.mark.postgresql
def test_a_statement_over_its_deadline_is_gone_from_the_server(postgres_store: PostgresStore) -> None:
    """When the error is told, the server works on nothing of it any more (F21)."""
    lease = postgres_store.lease(asked(sessions=2))
    work = opened(lease, seconds=0.1)
    with pytest.raises(DeadlinePassedError):
        work.connection.exec_driver_sql("SELECT pg_sleep(600)")
    states = postgres_store._databases._ask("SELECT state FROM pg_stat_activity WHERE pid = %s", work.wire.backend_pid)
    assert states == [("idle in transaction (aborted)",)]
    work.close()
    lease.discard()


@pytest.mark.postgresql
def test_several_sessions_are_interrupted_at_once(postgres_store: PostgresStore) -> None:
    """One call stops every running statement of the lease, and discarding stops them as well."""
    for ends in ("interrupt", "discard"):
        lease = postgres_store.lease(asked(sessions=3))
        works = [opened(lease) for _ in range(3)]
        running = [
            InThread(lambda work=work: work.connection.exec_driver_sql("SELECT pg_sleep(600)")) for work in works
        ]
        for work in works:
            until_busy(work)
        if ends == "discard":
            lease.discard()
        while not all(one.ended.is_set() for one in running):
            lease.interrupt()
            time.sleep(0.005)
        assert all(isinstance(one.join(), sa.exc.DBAPIError) for one in running)
        lease.discard()


@pytest.mark.postgresql
def test_who_does_not_let_go_is_hung_up_on(postgres_store: PostgresStore) -> None:
    """A thread that stays in the driver whatever happens has its socket shut when the database goes."""
    lease = postgres_store.lease(asked(sessions=2))
    work = opened(lease)
    work.watch.busy = True
    lease.discard()
    assert work.wire.was_hung_up
    work.watch.busy = False
    assert work.wire.closed
