"""Databases that outlive their run, that a child process opens, and that are made ahead; and how a store is named."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa
from children import in_child, killed_at_first_line
from worlds import LAYERS, PEOPLE, SCHEMA, fill, hours_now, opened, request, set_hours

from rehearse.database.observe import StatementLog
from rehearse.database.open import open_store
from rehearse.database.postgres import PostgresStore
from rehearse.database.server import BundledServer
from rehearse.database.store import Layer
from rehearse.database.watch import TransactionError
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Lease, Store

FRESH = {"p1": 10, "p2": 20, "p3": 30}
CHANGED = {"p1": 99, "p2": 20, "p3": 30}

CHANGE_FROM_A_PROCESS = """
import sys
from worlds import hours, set_hours
from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.worker import open_work

log = StatementLog()
work = open_work(sys.argv[1], log, Deadline.after(30))
work.begin()
set_hours(work, "p1", 99)
work.commit()
print(work.outcome_after_interruption(), hours.__name__, [s.verb for s in log.statements], work.is_waiting_for_lock())
work.close()
"""

DIE_IN_A_PROCESS = """
import sys, time
from worlds import PEOPLE, set_hours
from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.worker import open_work

work = open_work(sys.argv[1], StatementLog(), Deadline.after(30))
work.begin()
if work.wire.__class__.__name__ == "SqliteConnection":
    work.wire.send("PRAGMA cache_size = 1")
work.connection.execute(PEOPLE.insert(), [{"id": f"x{n}", "name": f"X{n}" * 50, "hours": 1} for n in range(5000)])
set_hours(work, "p1", 99)
print("written", flush=True)
time.sleep(600)
"""


def changed(lease: Lease) -> None:
    """Commit a change."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    work.commit()
    work.close()


def read_at(address: str) -> dict[str, int]:
    """Return everybody's hours at the address of a kept database, as any program would read it."""
    if address.startswith("sqlite:///"):
        with sqlite3.connect(address.removeprefix("sqlite:///")) as file:
            rows = file.execute("SELECT id, hours FROM people").fetchall()
        file.close()
        return dict(rows)
    with psycopg.connect(address, user="rehearse") as server:
        return dict(server.execute("SELECT id, hours FROM people").fetchall())


@pytest.mark.parametrize("way", ["auto", "transaction", "together"])
def test_a_kept_database_has_what_was_committed(store: Store, way: str) -> None:
    """`keep` returns the address that was promised; discarding and sweeping leave it alone."""
    lease = store.lease(request(sessions=2) if way == "together" else request(isolation=way))
    promised = lease.address
    changed(lease)
    assert lease.keep() == promised
    lease.finish(passed=False, rollback_on_failure=True)
    assert not set(store.sweep()) & {promised}
    assert read_at(promised) == CHANGED


def test_keeping_twice_is_harmless_and_ends_the_lease_on_postgresql(postgres_store: PostgresStore) -> None:
    """A kept database on a server has changed its name: the lease opens no work on it any more."""
    lease = postgres_store.lease(request())
    changed(lease)
    assert lease.keep() == lease.keep()
    with pytest.raises(LeaseRevokedError):
        opened(lease)
    lease.discard()
    assert read_at(lease.address) == CHANGED


def test_a_kept_sqlite_database_is_a_private_file(sqlite_store: SqliteStore) -> None:
    """Only we can read it, and keeping again brings it up to date."""
    lease = sqlite_store.lease(request())
    path = Path(lease.keep().removeprefix("sqlite:///"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_at(lease.address) == FRESH
    changed(lease)
    lease.keep()
    assert read_at(lease.address) == CHANGED
    lease.discard()


def test_a_child_process_works_on_the_same_database(store: Store) -> None:
    """What a child commits over the address, the run sees."""
    lease = store.lease(request(processes=True))
    told = in_child(CHANGE_FROM_A_PROCESS, lease.process_address())
    assert told == "committed hours ['BEGIN', 'UPDATE', 'COMMIT'] False"
    assert hours_now(lease) == CHANGED
    lease.discard()


def test_a_child_killed_in_its_transaction_leaves_nothing(store: Store) -> None:
    """A process that dies half-way, pages already written, has not changed the run's database."""
    lease = store.lease(request(processes=True))
    hours_now(lease)
    killed_at_first_line(DIE_IN_A_PROCESS, lease.process_address())
    assert hours_now(lease) == FRESH
    changed(lease)
    assert hours_now(lease) == CHANGED
    lease.discard()


def test_what_only_this_process_can_see_has_no_address(store: Store) -> None:
    """A database in memory, or in an open transaction, has no address for a child."""
    for lease in (store.lease(request()), store.lease(request(isolation="transaction"))):
        with pytest.raises(RehearseError, match="child process"):
            lease.process_address()
        lease.discard()


def test_copies_of_one_session(store: Store) -> None:
    """A lease in memory can be copied; one inside an open PostgreSQL transaction cannot, and says so."""
    lease = store.lease(request())
    changed(lease)
    if lease.how == "transaction":
        with pytest.raises(RehearseError, match="uncommitted transaction"):
            lease.fork("again")
    else:
        copy = lease.fork("again")
        assert hours_now(copy) == CHANGED
        copy.discard()
    lease.discard()


def test_a_nested_sqlite_lease_can_be_copied(sqlite_store: SqliteStore) -> None:
    """What was committed inside the outer transaction is in the copy, and the original works on."""
    lease = sqlite_store.lease(request(isolation="transaction"))
    changed(lease)
    copy = lease.fork("again")
    assert hours_now(copy) == hours_now(lease) == CHANGED
    copy.discard()
    lease.discard()


@pytest.mark.postgresql
def test_a_database_at_work_is_not_copied(postgres_store: PostgresStore) -> None:
    """A copy needs everybody else to be gone."""
    lease = postgres_store.lease(request(sessions=2))
    work = opened(lease)
    with pytest.raises(RehearseError, match="nobody works with it"):
        lease.fork("again")
    work.close()
    lease.discard()


COUNTED = sa.MetaData()
NUMBERED = sa.Table("numbered", COUNTED, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String))
COUNTED_LAYERS = (Layer("counted-1", COUNTED.create_all, "schema"),)


@pytest.mark.parametrize("isolation", ["auto", "transaction"])
def test_numbers_begin_anew_in_every_run(store: Store, isolation: str) -> None:
    """Sequences, which no rollback turns back, do not carry from one run into the next."""
    for _ in range(3):
        lease = store.lease(request(layers=COUNTED_LAYERS, isolation=isolation))
        work = opened(lease)
        made = work.connection.execute(NUMBERED.insert().values(name="first"))
        assert made.inserted_primary_key is not None
        assert made.inserted_primary_key[0] == 1
        work.commit()
        work.close()
        assert lease.how == (
            "transaction" if isolation == "transaction" else "memory" if lease.backend == "sqlite" else "database"
        )
        lease.discard()


def deferred(connection: Connection) -> None:
    """Make a table whose rows must refer to each other by the time of COMMIT."""
    connection.exec_driver_sql(
        "CREATE TABLE pairs (id TEXT PRIMARY KEY, other TEXT REFERENCES pairs (id) DEFERRABLE INITIALLY DEFERRED)"
    )


@pytest.mark.parametrize("isolation", ["auto", "clone", "transaction"])
def test_deferred_constraints_are_checked_at_commit(postgres_store: PostgresStore, isolation: str) -> None:
    """Also inside an outer transaction, a deferred constraint refuses the commit of the work that breaks it."""
    lease = postgres_store.lease(request(layers=(Layer("deferred-1", deferred, "schema"),), isolation=isolation))
    work = opened(lease)
    work.connection.exec_driver_sql("INSERT INTO pairs VALUES ('a', 'b'), ('b', 'a')")
    work.commit()
    work.begin()
    work.connection.exec_driver_sql("INSERT INTO pairs VALUES ('c', 'nobody')")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        work.commit()
    work.rollback()
    work.begin()
    rows = work.connection.exec_driver_sql("SELECT id FROM pairs ORDER BY id").all()
    work.close()
    assert [row[0] for row in rows] == ["a", "b"]
    lease.discard()


@pytest.mark.postgresql
def test_a_failed_transaction_is_not_committed_in_silence(postgres_store: PostgresStore) -> None:
    """PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error: it is refused instead."""
    for sessions in (1, 2):
        lease = postgres_store.lease(request(sessions=sessions))
        work = opened(lease)
        set_hours(work, "p1", 99)
        with pytest.raises(sa.exc.DBAPIError):
            work.connection.exec_driver_sql("SELECT * FROM nowhere")
        with pytest.raises(TransactionError, match="has failed"):
            work.commit()
        work.rollback()
        work.close()
        assert hours_now(lease) == FRESH
        lease.discard()


@pytest.mark.postgresql
def test_a_bench_serves_one_run_after_another(postgres_store: PostgresStore) -> None:
    """Runs in one transaction each share a database, one after the other, and settings do not carry over."""
    names = set()
    for _ in range(4):
        lease = postgres_store.lease(request(isolation="transaction"))
        work = opened(lease)
        cursor = work.connection.exec_driver_sql("SELECT current_database(), current_setting('work_mem')").one()
        names.add(cursor[0])
        assert cursor[1] != "77kB"
        work.connection.exec_driver_sql("SET work_mem = '77kB'")
        work.connection.exec_driver_sql("SELECT pg_advisory_lock(4711)")
        work.commit()
        work.close()
        lease.discard()
    assert len(names) <= 2
    found = postgres_store._databases._ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")
    assert found[0][0] == 0


@pytest.mark.postgresql
def test_a_set_up_that_fails_on_a_bench_leaves_the_bench_usable(postgres_store: PostgresStore) -> None:
    """A failing layer inside the outer transaction is undone with it."""

    def build(connection: Connection) -> None:
        fill(connection)
        connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(sa.exc.DBAPIError):
        postgres_store.lease(
            request(layers=(SCHEMA, Layer("failing-on-bench", build, "setup")), isolation="transaction")
        )
    lease = postgres_store.lease(request(layers=(SCHEMA,), isolation="transaction"))
    work = opened(lease)
    assert work.connection.execute(PEOPLE.select()).all() == []
    work.close()
    lease.discard()


@pytest.mark.postgresql
def test_clones_are_made_ahead_and_dropped_at_the_end(postgres_url: str) -> None:
    """After the first lease of a template a clone waits for the next; closing the store drops all of them."""
    store = PostgresStore(postgres_url)
    for _ in range(2):
        store.lease(request(sessions=2)).discard()
    pool = store._pools[store._templates.name(LAYERS)]
    limit = time.monotonic() + 10
    while not pool._ready:
        assert time.monotonic() < limit
        time.sleep(0.005)
    ready = pool._ready[0]
    lease = store.lease(request(sessions=2))
    assert lease._clone is ready  # type: ignore[attr-defined]
    assert hours_now(lease) == FRESH
    lease.discard()
    store.close()
    store.close()
    with psycopg.connect(postgres_url) as server:
        left = server.execute(
            "SELECT datname FROM pg_database WHERE datname ~ %s", (store._databases.holder,)
        ).fetchall()
    assert left == []


@pytest.mark.postgresql
def test_limits_are_asserted_on_a_live_connection(postgres_store: PostgresStore) -> None:
    """Who we are and when the server itself ends a statement stands in the connection's settings (finding 5)."""
    lease = postgres_store.lease(replace(request(sessions=2), run="Night Shift #1"))
    work = opened(lease, seconds=20)
    shown = {
        name: work.connection.exec_driver_sql(f"SHOW {name}").scalar()
        for name in (
            "application_name",
            "transaction_isolation",
            "idle_in_transaction_session_timeout",
            "client_connection_check_interval",
            "TimeZone",
        )
    }
    limits = [
        work.connection.exec_driver_sql("SELECT setting::int FROM pg_settings WHERE name = %s", (name,)).scalar()
        for name in ("statement_timeout", "lock_timeout")
    ]
    work.close()
    other = opened(lease)
    second = opened(lease)
    assert second.connection.exec_driver_sql("SHOW application_name").scalar() == "rehearse/night_shift_1"
    other.close()
    second.close()
    assert shown == {
        "application_name": "rehearse/clone",
        "transaction_isolation": "serializable",
        "idle_in_transaction_session_timeout": "15min",
        "client_connection_check_interval": "500ms",
        "TimeZone": "UTC",
    }
    assert 15_000 < limits[1] < limits[0] <= 20_000
    lease.discard()


def test_settings_of_a_live_sqlite_connection(sqlite_store: SqliteStore) -> None:
    """Foreign keys on, trusted schema off, no busy timeout, driver in autocommit (findings 4 and 8)."""
    for given in (request(), request(sessions=2), request(processes=True)):
        lease = sqlite_store.lease(given)
        work = opened(lease)
        assert [
            work.wire.read(f"PRAGMA {name}")[0][0] for name in ("foreign_keys", "trusted_schema", "busy_timeout")
        ] == [1, 0, 0]
        assert work.wire.isolation_level is None
        work.close()
        lease.discard()


def test_stores_by_address(tmp_path: Path, postgres_url: str) -> None:
    """The words of the command line name the two kinds of store."""
    for url in (None, "sqlite", "sqlite://"):
        store = open_store(url, root=tmp_path)
        assert (store.backend, store.version) == ("sqlite", sqlite3.sqlite_version)
        store.close()
    for url in (postgres_url, postgres_url.replace("postgresql://", "postgresql+psycopg://"), "bundled"):
        store = open_store(url)
        assert store.backend == "postgresql"
        assert store.version[0].isdigit()
        store.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///some/file.db", "exists already"),
        ("mysql://anna:secret@host/db", "no store for mysql://host/db; known are"),
        ("postgresql://rehearse@127.0.0.1:1/none", "cannot be used"),
    ],
)
def test_other_addresses_are_refused(url: str, message: str) -> None:
    """What is no store of ours is refused with a remedy, without credentials."""
    with pytest.raises(RehearseError, match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_an_old_client_library_is_refused(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    """Below libpq 17 a cancellation would hold up the whole process: such a client is not used."""
    monkeypatch.setattr("psycopg.pq.version", lambda: 160004)
    with pytest.raises(RehearseError, match="libpq 16 is too old"):
        PostgresStore(postgres_url)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without psycopg the message names the extra."""
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(RehearseError, match=r"rehearse\[postgresql\]"):
        open_store("postgresql://somewhere/db")


def test_a_full_disk_names_the_file(sqlite_store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written ends the lease with its path (F8)."""

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self), len(data))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RehearseError, match=r"\.db could not be written: No space left"):
        sqlite_store.lease(request(sessions=2))


def test_sqlalchemys_own_connections_stay_inside(store: Store) -> None:
    """Closing the SQLAlchemy connection leaves the work usable for its end, and the log tells what was sent."""
    lease = store.lease(request(sessions=2))
    log = StatementLog()
    work = opened(lease, log=log)
    set_hours(work, "p1", 99)
    with pytest.raises(TransactionError):
        work.connection.close()
    work.commit()
    work.close()
    assert hours_now(lease) == CHANGED
    lease.discard()


@pytest.mark.postgresql
def test_a_kept_database_of_a_bundled_server_is_a_file(tmp_path: Path) -> None:
    """A server that ends with us leaves its kept database as SQL; what cannot be written is told."""
    store = PostgresStore(root=tmp_path)
    for given in (request(), request(sessions=2)):
        lease = store.lease(given)
        changed(lease)
        path = Path(lease.keep())
        assert str(path) == lease.address
        lease.discard()
        assert "p1\tPerson 1\t99" in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o600
    lease = store.lease(request())
    Path(lease.address).with_suffix(".draft").mkdir()
    with pytest.raises(RehearseError, match="could not be kept as"):
        lease.keep()
    store.close()


@pytest.mark.postgresql
def test_a_store_that_cannot_be_opened_leaves_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the store fails after its server was started, the server is stopped again."""
    stopped = []
    stop = BundledServer.stop

    def noted(self: BundledServer) -> None:
        stopped.append(self)
        stop(self)

    monkeypatch.setattr(BundledServer, "stop", noted)
    monkeypatch.setattr("rehearse.database.postgres.Databases", _refuse)
    with pytest.raises(RehearseError, match="not today"):
        PostgresStore(root=tmp_path)
    assert len(stopped) == 1


def _refuse(url: str) -> None:
    raise RehearseError(f"not today: {len(url)}")
