"""A database of one's own: what both stores promise, on both."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from worlds import PEOPLE, SCHEMA, SHIFTS, fill, hours, hours_now, opened, request, set_hours

from rehearse.database.observe import StatementLog
from rehearse.database.postgres_databases import Databases
from rehearse.database.store import Layer
from rehearse.database.watch import TransactionError
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from rehearse.database.postgres import PostgresStore
    from rehearse.database.postgres_databases import OwnDatabase
    from rehearse.database.store import Lease, Store

FRESH = {"p1": 10, "p2": 20, "p3": 30}
WAYS = ("auto", "clone", "transaction", "together")


@pytest.fixture(params=WAYS)
def lease(store: Store, request: pytest.FixtureRequest) -> Iterator[Lease]:
    """A lease on the small world, made in each of the ways."""
    made = store.lease(asked(request.param))
    yield made
    made.discard()


def asked(way: str) -> object:
    """Return a request for one of the ways."""
    return request(sessions=2) if way == "together" else request(isolation=way)


def test_a_lease_holds_the_template(lease: Lease) -> None:
    """A fresh database has every layer's rows."""
    assert hours_now(lease) == FRESH


def test_committed_work_is_seen_by_later_work(lease: Lease) -> None:
    """What one piece of work commits, the next one reads."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    work.commit()
    work.close()
    assert hours_now(lease) == FRESH | {"p1": 99}


def test_rolled_back_work_leaves_nothing(lease: Lease) -> None:
    """What is rolled back was never there."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    work.rollback()
    work.close()
    assert hours_now(lease) == FRESH


def test_closing_undoes_what_was_not_committed(lease: Lease) -> None:
    """Work that is closed in the middle of its transaction leaves nothing."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    work.close()
    assert hours_now(lease) == FRESH


def test_rolling_back_without_a_transaction_is_harmless(lease: Lease) -> None:
    """`rollback` may be called before `begin`, and twice."""
    work = opened(lease)
    work.rollback()
    work.rollback()
    work.begin()
    assert hours(work) == FRESH
    work.commit()
    work.rollback()
    work.close()
    work.close()


def test_one_piece_of_work_may_begin_again(lease: Lease) -> None:
    """A work may have several transactions, one after another."""
    work = opened(lease)
    set_hours(work, "p1", 11)
    work.commit()
    work.begin()
    set_hours(work, "p2", 22)
    work.rollback()
    work.begin()
    set_hours(work, "p3", 33)
    work.commit()
    work.close()
    assert hours_now(lease) == {"p1": 11, "p2": 20, "p3": 33}


@pytest.mark.parametrize("way", WAYS)
def test_runs_never_see_each_other(store: Store, way: str) -> None:
    """Two leases of one template are two databases, and a third made later is fresh again."""
    first, second = store.lease(asked(way)), store.lease(asked(way))
    work = opened(first)
    work.connection.execute(PEOPLE.delete())
    work.commit()
    work.close()
    assert hours_now(second) == FRESH
    first.discard()
    third = store.lease(asked(way))
    assert hours_now(third) == FRESH
    second.discard()
    third.discard()


def test_a_failed_statement_can_be_rolled_back_and_tried_again(lease: Lease) -> None:
    """After a refused row the transaction is undone as a whole, and the connection works on."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    with pytest.raises(sa.exc.IntegrityError):
        work.connection.execute(PEOPLE.insert().values(id="p1", name="Again", hours=1))
    work.rollback()
    work.begin()
    assert hours(work) == FRESH
    work.commit()
    work.close()


def test_foreign_keys_are_enforced(lease: Lease) -> None:
    """A row that refers to nobody is refused, and a deleted person takes their shifts along."""
    work = opened(lease)
    with pytest.raises(sa.exc.IntegrityError):
        work.connection.execute(SHIFTS.insert().values(id="s9", person_id="nobody", hours=1))
    work.rollback()
    work.begin()
    work.connection.execute(PEOPLE.delete().where(PEOPLE.c.id == "p1"))
    left = work.connection.execute(sa.select(sa.func.count()).select_from(SHIFTS)).scalar()
    work.close()
    assert left == 2


@pytest.mark.parametrize("words", ["COMMIT", "ROLLBACK", "BEGIN", "  /* now */ commit", "SELECT 1; COMMIT"])
def test_an_operation_cannot_end_its_own_transaction(lease: Lease, words: str) -> None:
    """BEGIN, COMMIT and ROLLBACK are the run's to say, however they are written."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    with pytest.raises(TransactionError):
        work.connection.exec_driver_sql(words)
    work.rollback()
    work.close()
    assert hours_now(lease) == FRESH


def test_commit_and_rollback_of_the_connection_are_refused(lease: Lease) -> None:
    """SQLAlchemy's own `commit` and `rollback` do not reach the server."""
    work = opened(lease)
    set_hours(work, "p1", 99)
    with pytest.raises(TransactionError):
        work.connection.commit()
    work.close()
    again = opened(lease)
    set_hours(again, "p1", 98)
    with pytest.raises(TransactionError):
        again.connection.rollback()
    again.close()
    assert hours_now(lease) == FRESH


def test_nothing_is_sent_without_a_transaction(lease: Lease) -> None:
    """A statement before `begin` or after `commit` is refused, so that none commits by itself."""
    work = opened(lease)
    work.commit()
    with pytest.raises(TransactionError):
        set_hours(work, "p1", 99)
    work.close()
    assert hours_now(lease) == FRESH


def test_savepoints_of_an_operation_work(lease: Lease) -> None:
    """`begin_nested` undoes a part of the transaction."""
    work = opened(lease)
    set_hours(work, "p1", 11)
    nested = work.connection.begin_nested()
    set_hours(work, "p2", 22)
    nested.rollback()
    work.commit()
    work.close()
    assert hours_now(lease) == FRESH | {"p1": 11}


def test_a_revoked_lease_executes_nothing(lease: Lease) -> None:
    """After `revoke`, statements and COMMIT raise, and no further work is opened."""
    work = opened(lease)
    lease.revoke()
    with pytest.raises(LeaseRevokedError):
        set_hours(work, "p1", 99)
    with pytest.raises(LeaseRevokedError):
        work.commit()
    with pytest.raises(LeaseRevokedError):
        opened(lease)
    work.rollback()
    work.close()


def test_discarding_is_final_and_idempotent(lease: Lease) -> None:
    """A discarded lease opens no work, and may be discarded again."""
    lease.discard()
    lease.discard()
    with pytest.raises(LeaseRevokedError):
        opened(lease)


def test_begin_is_on_the_wire_before_the_first_read(lease: Lease) -> None:
    """The driver does not postpone BEGIN: it is the first statement of the log (F33)."""
    log = StatementLog()
    work = opened(lease, log=log)
    hours(work)
    work.commit()
    work.close()
    verbs = [statement.verb for statement in log.statements]
    assert verbs in (["BEGIN", "SELECT", "COMMIT"], ["SAVEPOINT", "SELECT", "RELEASE"])


def test_the_way_is_named(store: Store) -> None:
    """A report can say how the database was made and at which level it runs."""
    ways = {}
    for way in WAYS:
        lease = store.lease(asked(way))
        ways[way] = lease.how
        assert lease.backend == store.backend
        assert lease.isolation_level == ("BEGIN IMMEDIATE" if store.backend == "sqlite" else "SERIALIZABLE")
        lease.discard()
    memory_or_clone = "memory" if store.backend == "sqlite" else "database"
    assert ways == {
        "auto": "memory" if store.backend == "sqlite" else "transaction",
        "clone": memory_or_clone,
        "transaction": "transaction",
        "together": "file" if store.backend == "sqlite" else "database",
    }


def test_one_transaction_is_not_shared(store: Store) -> None:
    """`transaction` with several sessions, or with another process, is refused."""
    with pytest.raises(RehearseError, match="single session"):
        store.lease(request(isolation="transaction", sessions=2))
    with pytest.raises(RehearseError, match="single session"):
        store.lease(request(isolation="transaction", processes=True))


def test_a_layer_is_built_once(store: Store) -> None:
    """The bottom layer is built on first use and then copied."""
    built: list[str] = []

    def build(connection: Connection) -> None:
        built.append("schema")
        SCHEMA.build(connection)

    layers = (Layer("schema-counted", build, "schema"),)
    for _ in range(3):
        store.lease(request(layers=layers)).discard()
    assert built == ["schema"]


def test_layers_with_another_key_are_another_template(store: Store) -> None:
    """The key decides: the same bottom with other rows gives other databases."""

    def none(connection: Connection) -> None:
        fill(connection)
        connection.execute(SHIFTS.delete())
        connection.execute(PEOPLE.delete())

    empty = store.lease(request(layers=(SCHEMA, Layer("rows-none", none, "setup"))))
    full = store.lease(request())
    assert (hours_now(empty), hours_now(full)) == ({}, FRESH)
    empty.discard()
    full.discard()


def test_a_layer_that_fails_leaves_no_template(store: Store) -> None:
    """A failing set-up is told as it is, and is built again the next time."""
    tries: list[int] = []

    def build(connection: Connection) -> None:
        fill(connection)
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("the fixture is broken")

    layers = (SCHEMA, Layer("rows-failing", build, "setup"))
    for _ in range(2):
        with pytest.raises(ValueError, match="the fixture is broken"):
            store.lease(request(layers=layers))
    lease = store.lease(request(layers=layers))
    assert hours_now(lease) == FRESH
    lease.discard()


@pytest.mark.parametrize("way", ["clone", "together"])
def test_a_layer_may_not_end_its_transaction(store: Store, way: str) -> None:
    """A layer that commits by itself is refused: half of it could survive."""

    def build(connection: Connection) -> None:
        fill(connection)
        connection.exec_driver_sql("COMMIT")

    layers = (SCHEMA, Layer(f"rows-committing-{way}", build, "setup"))
    for _ in range(2):
        with pytest.raises(TransactionError):
            store.lease(replace(asked(way), layers=layers))


def test_no_layers_give_an_empty_database(store: Store) -> None:
    """A request without layers is a database without tables."""
    lease = store.lease(request(layers=()))
    work = opened(lease)
    assert sa.inspect(work.connection).get_table_names() == []
    work.close()
    lease.discard()


def test_several_sessions_work_at_the_same_time(store: Store) -> None:
    """Two sessions of one lease each hold a transaction; the second reader sees what the first has committed."""
    lease = store.lease(request(sessions=2))
    reader, writer = opened(lease, write=False), opened(lease)
    set_hours(writer, "p1", 99)
    assert hours(reader) == FRESH
    reader.rollback()
    writer.commit()
    reader.begin(write=False)
    assert hours(reader) == FRESH | {"p1": 99}
    reader.close()
    writer.close()
    lease.discard()


def test_a_copy_starts_from_now_and_goes_its_own_way(store: Store) -> None:
    """`fork` copies what is there now; neither sees what the other does afterwards."""
    lease = store.lease(request(sessions=2))
    work = opened(lease)
    set_hours(work, "p1", 11)
    work.commit()
    work.close()
    copy = lease.fork("another-order")
    work = opened(copy)
    set_hours(work, "p2", 22)
    work.commit()
    work.close()
    assert hours_now(lease) == FRESH | {"p1": 11}
    assert hours_now(copy) == FRESH | {"p1": 11, "p2": 22}
    copy.discard()
    assert hours_now(lease) == FRESH | {"p1": 11}
    work = opened(lease)
    set_hours(work, "p3", 33)
    work.commit()
    work.close()
    later = lease.fork("yet-another")
    assert hours_now(later) == FRESH | {"p1": 11, "p3": 33}
    later.discard()
    lease.discard()


@pytest.mark.postgresql
def test_a_database_that_is_worked_in_is_not_being_copied(
    postgres_store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies that are made ahead are finished or given up before anybody connects: the server lets nobody in while it copies."""
    real, worked_in, under_way, begun = Databases.copy, set[str](), set[str](), threading.Event()

    def copy(databases: Databases, template: str, kind: str) -> OwnDatabase:
        if threading.current_thread().name != "rehearse-janitor":
            worked_in.add(template)
        elif template in worked_in:  # the store has templates of its own, which nobody works in
            return late_copy(databases, template, kind)
        return real(databases, template, kind)

    def late_copy(databases: Databases, template: str, kind: str) -> OwnDatabase:
        under_way.add(template)
        begun.set()
        try:
            time.sleep(0.2)  # long enough to be met
            return real(databases, template, kind)
        finally:
            under_way.discard(template)

    lease = postgres_store.lease(request(sessions=2))
    with monkeypatch.context() as patch:
        patch.setattr(Databases, "copy", copy)
        copies = [lease.fork(f"order{number}") for number in (1, 2, 3)]
        assert begun.wait(20)
        work = opened(lease)
        assert set[str]() == under_way
        set_hours(work, "p1", 11)
    work.commit()
    work.close()
    assert [FRESH] * 3 == [hours_now(each) for each in copies]
    for each in (*copies, lease):
        each.discard()


@pytest.mark.postgresql
def test_whoever_is_stopped_while_the_server_answers_stops_nobody_else(postgres_url: str) -> None:
    """A question that nobody read the answer of does not stand in the way of the next one, and the store's mark stays its own."""
    databases = Databases(postgres_url)
    try:
        version, holder = databases.version, databases.holder
        vars(databases)["_connection"].pgconn.send_query(b"SELECT pg_sleep(0.2)")
        assert (version, holder) == (databases.version, databases.holder)
        assert databases._holder_lives(holder)
    finally:
        databases.close()
