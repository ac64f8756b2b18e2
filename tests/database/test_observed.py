"""What is seen of every statement: the log, the gate, and what is left out of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from worlds import PEOPLE, SHIFTS, hours, hours_now, opened, request, set_hours

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.statements import SQL_LIMIT, shape_of
from rehearse.database.transient import is_transient_database_error, safe_message
from rehearse.database.watch import TransactionError, described_types, described_values
from rehearse.errors import ContentionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.postgres import PostgresStore
    from rehearse.database.sqlite import SqliteStore
    from rehearse.database.store import Lease, Store


@pytest.fixture
def lease(store: Store) -> Iterator[Lease]:
    """A lease for several sessions."""
    made = store.lease(request(sessions=2))
    yield made
    made.discard()


def test_every_statement_is_logged_in_order(lease: Lease) -> None:
    """Verb, tables, rows and types of parameters stand in the log, values do not."""
    log = StatementLog()
    log.step = "main"
    work = opened(lease, log=log)
    hours(work)
    set_hours(work, "p1", 424242)
    work.connection.execute(SHIFTS.delete())
    work.commit()
    work.close()
    seen = [(s.number, s.step, s.verb, s.parameters, s.rows, s.tables) for s in log.statements]
    assert [entry[:3] for entry in seen] == [
        (1, "main", "BEGIN"),
        (2, "main", "SELECT"),
        (3, "main", "UPDATE"),
        (4, "main", "DELETE"),
        (5, "main", "COMMIT"),
    ]
    assert [entry[3:] for entry in seen][1:4] == [
        ("", -1, ("people",)),
        ("(int, text)", 1, ("people",)),
        ("", 3, ("shifts",)),
    ]
    assert "424242" not in repr(log.statements)
    assert log.counts("main") == {"BEGIN": 1, "SELECT": 1, "UPDATE": 1, "DELETE": 1, "COMMIT": 1}
    assert log.count(steps=("main",)) == 3


def test_a_batch_is_one_statement(lease: Lease) -> None:
    """Many rows with one statement are one entry, which says how many."""
    log = StatementLog()
    work = opened(lease, log=log)
    rows = [(f"n{n}", f"Name {n}", n) for n in range(5)]
    mark = "?" if lease.backend == "sqlite" else "%s"
    cursor = work.connection.connection.cursor()
    cursor.executemany("INSERT INTO people VALUES (?, ?, ?)".replace("?", mark), rows)
    work.commit()
    work.close()
    insert = log.statements[1]
    assert (insert.verb, insert.parameters, insert.rows) == ("INSERT", "5 x (text, text, int)", 5)


def test_statements_past_sqlalchemy_are_seen_too(lease: Lease) -> None:
    """A statement over the driver's own connection passes the same hook."""
    log = StatementLog()
    work = opened(lease, log=log)
    rows = work.connection.connection.driver_connection.execute("SELECT id FROM people ORDER BY id").fetchall()
    assert [row[0] for row in rows] == ["p1", "p2", "p3"]
    work.commit()
    work.close()
    assert [statement.verb for statement in log.statements] == ["BEGIN", "SELECT", "COMMIT"]


def test_values_are_logged_only_where_asked(lease: Lease) -> None:
    """With `values` the log holds what was sent, cut."""
    log = StatementLog(values=True)
    work = opened(lease, log=log)
    set_hours(work, "p1", 12345)
    work.connection.execute(PEOPLE.update().values(name=PEOPLE.c.id + "x" * 5000))
    work.close()
    assert "12345" in log.statements[1].parameters
    assert log.statements[2].parameters.endswith("characters cut]")


def test_a_failed_statement_is_logged_without_values(lease: Lease) -> None:
    """The log and the exception name the constraint, and not the value that broke it."""
    log = StatementLog()
    work = opened(lease, log=log)
    with pytest.raises(sa.exc.IntegrityError) as caught:
        work.connection.execute(PEOPLE.insert().values(id="canary-4711", name="Person 1", hours=1))
    work.close()
    told = log.statements[1].error + str(caught.value)
    assert "canary-4711" not in told
    assert "Person 1" not in told
    assert "people.name" in told or "people_name_key" in told


@pytest.mark.postgresql
def test_the_servers_details_are_dropped(postgres_store: PostgresStore) -> None:
    """PostgreSQL repeats rows in DETAIL and input in its message: neither is kept, SQLSTATE is (F51)."""
    lease = postgres_store.lease(request())
    for words in ("SELECT CAST('canary-4711' AS integer)", "INSERT INTO shifts VALUES ('s9', 'canary-4711', 1)"):
        work = opened(lease)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            work.connection.exec_driver_sql(words)
        assert "SQLSTATE" in str(caught.value.orig)
        assert "canary" not in str(caught.value.orig)
        work.close()
    lease.discard()


@pytest.mark.postgresql
def test_copy_is_watched(postgres_store: PostgresStore) -> None:
    """COPY stands in the log, also when it fails, and needs a transaction like every statement."""
    log = StatementLog()
    lease = postgres_store.lease(request(sessions=2))
    work = lease.work(log, Deadline.after(10))
    cursor = work.connection.connection.cursor()
    with pytest.raises(TransactionError), cursor.copy("COPY people FROM STDIN") as copy:
        copy.write_row(("x", "X", 1))
    work.begin()
    with cursor.copy("COPY people FROM STDIN") as copy:
        copy.write_row(("x", "X", 1))
    with cursor.copy("COPY people TO STDOUT") as copy:
        assert len(list(copy.rows())) == 4
    with pytest.raises(Exception, match="people_pkey"), cursor.copy("COPY people FROM STDIN") as copy:
        copy.write_row(("x", "Y", 1))
    work.close()
    entries = [(s.verb, s.rows, bool(s.error)) for s in log.statements]
    assert entries == [("BEGIN", -1, False), ("COPY", 1, False), ("COPY", 4, False), ("COPY", -1, True)]
    lease.discard()


@pytest.mark.postgresql
def test_cursors_that_would_pass_unseen_are_refused(postgres_store: PostgresStore) -> None:
    """A server-side cursor is refused; streaming reads everything at once, under the watch."""
    log = StatementLog()
    lease = postgres_store.lease(request())
    work = opened(lease, log=log)
    driver = work.connection.connection.driver_connection
    with pytest.raises(TransactionError):
        driver.cursor("by_name")
    assert [row[0] for row in driver.cursor().stream("SELECT id FROM people ORDER BY id")] == ["p1", "p2", "p3"]
    assert driver.execute(b"SELECT 1").fetchone() == (1,)
    assert [statement.verb for statement in log.statements] == ["SAVEPOINT", "SELECT", "SELECT"]
    work.close()
    lease.discard()


def test_scripts_are_refused(sqlite_store: SqliteStore) -> None:
    """`executescript`, which would commit, is refused before anything happens."""
    lease = sqlite_store.lease(request())
    work = opened(lease)
    set_hours(work, "p1", 99)
    with pytest.raises(TransactionError):
        work.connection.connection.driver_connection.executescript("DELETE FROM people; COMMIT")
    work.rollback()
    work.close()
    assert hours_now(lease) == {"p1": 10, "p2": 20, "p3": 30}
    lease.discard()


class RecordingGate:
    """A gate that is always open and writes down who passed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | bool]] = []

    def before(self, verb: str, sql: str) -> None:
        """Note who comes."""
        self.seen.append((verb, sql.split(" ", 1)[0]))

    def after(self, verb: str, *, blocked: bool) -> None:
        """Note how it ended."""
        self.seen.append((verb, blocked))


def test_the_gate_is_passed_by_every_statement(lease: Lease) -> None:
    """BEGIN, statements, COMMIT and ROLLBACK are each announced before and after."""
    log = StatementLog()
    gate = log.gate = RecordingGate()
    work = opened(lease, log=log)
    hours(work)
    work.commit()
    work.begin()
    work.rollback()
    work.close()
    expected = []
    for verb in ("BEGIN", "SELECT", "COMMIT", "BEGIN", "ROLLBACK"):
        expected += [(verb, verb), (verb, False)]
    assert gate.seen == expected


def test_a_refused_lock_is_told_to_the_gate_and_tried_again(sqlite_store: SqliteStore) -> None:
    """On SQLite a busy answer goes to the gate, which decides when the statement tries again."""
    lease = sqlite_store.lease(request(sessions=2))
    holder = opened(lease)

    class Release(RecordingGate):
        def after(self, verb: str, *, blocked: bool) -> None:
            super().after(verb, blocked=blocked)
            if len(self.seen) == 4:
                holder.rollback()

    log = StatementLog()
    gate = log.gate = Release()
    waiter = lease.work(log, Deadline.after(10))
    waiter.begin()
    waiter.rollback()
    assert [answer for _, answer in gate.seen[1:6:2]] == [True, True, False]
    assert [statement.verb for statement in log.statements] == ["BEGIN", "ROLLBACK"]
    waiter.close()
    holder.close()
    lease.discard()


def test_what_the_gate_raises_stops_the_statement(lease: Lease) -> None:
    """A gate that raises keeps the statement from being sent, and its error comes out as it is."""

    class Shut(RecordingGate):
        def before(self, verb: str, sql: str) -> None:
            raise ContentionError(f"{verb} gave way: {sql[:6]}")

    log = StatementLog()
    work = opened(lease, log=log)
    log.gate = Shut()
    with pytest.raises(ContentionError, match="UPDATE gave way"):
        set_hours(work, "p1", 99)
    log.gate = None
    assert hours(work) == {"p1": 10, "p2": 20, "p3": 30}
    work.commit()
    work.close()


@pytest.mark.parametrize(
    ("sql", "verb", "tables", "reads_only"),
    [
        ("select * from a, b c join d.e on 1 = 1", "SELECT", ("a", "b", "e"), True),
        ("SELECT extract(year FROM x) FROM t WHERE a IS DISTINCT FROM b", "SELECT", ("t",), True),
        ('INSERT INTO "My T" (a, b) VALUES (?, ?)', "INSERT", ("My T",), False),
        ("insert or replace into t select * from u", "INSERT", ("t", "u"), False),
        ("update people set x = 1 where id in (select id from other)", "UPDATE", ("other", "people"), False),
        ("DELETE FROM z USING y WHERE y.a = z.a", "DELETE", ("y", "z"), False),
        ("with q as (select * from a1) select * from q join r using (id)", "SELECT", ("a1", "r"), True),
        ("with r as (delete from k returning *) select * from r", "SELECT", ("k",), False),
        ("WITH q AS (SELECT 1) INSERT INTO t SELECT * FROM q", "INSERT", ("t",), False),
        ("select * into copy from t", "SELECT", ("copy", "t"), False),
        ("select x from t for update", "SELECT", ("t",), True),
        ("-- a note\n/* more */ select a from (x join y on 1=1) left join z", "SELECT", ("x", "y", "z"), True),
        ("select 'from nobody', $$ from nobody $$ from somebody", "SELECT", ("somebody",), True),
        ("select * from json_each('[]')", "SELECT", (), True),
        ("(SELECT 1)", "SELECT", (), True),
        ("SELECT 1; DELETE FROM t", "SELECT", ("t",), False),
        ("pragma foreign_keys = off", "PRAGMA", (), False),
        ("pragma table_info(t)", "PRAGMA", (), True),
        ("EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN", (), False),
        ("CREATE TABLE t (a int)", "CREATE", (), False),
        ("", "", (), False),
    ],
)
def test_a_statement_is_read_for_what_it_does(
    sql: str, verb: str, tables: tuple[str, ...], *, reads_only: bool
) -> None:
    """Verb, tables and harmlessness are read from the text, whatever stands in quotes and comments."""
    shape = shape_of(sql)
    assert (shape.verb, shape.tables, shape.reads_only) == (verb, tables, reads_only)


@pytest.mark.parametrize(
    ("sql", "controls"),
    [
        ("COMMIT", True),
        ("end", True),
        ("START TRANSACTION", True),
        ("PREPARE TRANSACTION 'x'", True),
        ("PREPARE plan AS SELECT 1", False),
        ("ROLLBACK", True),
        ("ROLLBACK TO SAVEPOINT a", False),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; SELECT CASE WHEN 1 THEN 2 END; END", False),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END; COMMIT", True),
        ("CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f(); BEGIN; COMMIT; END", True),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; COMMIT", True),
        ("ROLLBACK TRANSACTION TO a", False),
        ("RELEASE SAVEPOINT a", False),
        ("SELECT 1; ; COMMIT", True),
        ("SELECT commit FROM t", False),
    ],
)
def test_words_about_the_transaction_are_told_from_others(sql: str, *, controls: bool) -> None:
    """Whatever ends the transaction is recognised, and a savepoint is not."""
    assert shape_of(sql).controls_transaction is controls


def test_long_statements_are_cut_with_a_mark() -> None:
    """Beyond 10 kB the text is cut, and says so."""
    shape = shape_of("SELECT " + "1, " * 10_000 + "1")
    assert len(shape.text) < SQL_LIMIT + 50
    assert shape.text.endswith("characters cut]")


@pytest.mark.parametrize(
    ("parameters", "types"),
    [
        ((), ""),
        (None, ""),
        ((1, "a", None, 2.5, b"x", True), "(int, text, null, float, bytes, bool)"),
        ({"a": 1, "b": "x"}, "(int, text)"),
        ([(1, 2), (3, 4)], "2 x (int, int)"),
        ([{"a": 1}], "1 x (int)"),
        ([1, 2], "(int, int)"),
        ("text", "(text)"),
    ],
)
def test_parameters_are_described_by_type(parameters: object, types: str) -> None:
    """The log names types, in the order of the placeholders."""
    assert described_types(parameters) == types


def test_no_parameters_have_no_values() -> None:
    """Nothing is written where nothing was sent."""
    assert described_values(None) == ""
    assert described_values((1,)) == "(1,)"


def test_other_errors_are_not_transient() -> None:
    """Only what a fresh attempt may mend is transient."""
    assert not is_transient_database_error(ValueError("wrong"))
    assert safe_message(ValueError("first\nsecond")) == "first"
    assert safe_message(ValueError()) == ""


def test_a_stale_snapshot_is_transient_and_no_lock(tmp_path: object) -> None:
    """SQLite's BUSY_SNAPSHOT never goes away by waiting: it is an abort, and worth another attempt."""
    import sqlite3  # noqa: PLC0415

    from rehearse.database.sqlite_connection import connect_sqlite  # noqa: PLC0415

    path = f"{tmp_path}/wal.db"
    first, second = connect_sqlite(path), connect_sqlite(path)
    first.read("PRAGMA journal_mode = WAL")
    first.send("CREATE TABLE t (a)")
    first.send("BEGIN")
    first.read("SELECT * FROM t")
    second.send("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        first.send("INSERT INTO t VALUES (2)")
    assert is_transient_database_error(caught.value)
    assert not first.is_blocked(caught.value)
    first.shut()
    second.shut()
