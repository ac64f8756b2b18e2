"""An attached database as a lease: guarded, backed up, filled, worked on, put back."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, text
from sqlalchemy.exc import DatabaseError

from faults import Counted
from rehearse.database.attached import AttachedLease, AttachedStore
from rehearse.database.deadline import Deadline, DeadlinePassedError
from rehearse.database.effects import SEAM
from rehearse.database.fingerprint import Fingerprint, fingerprint
from rehearse.database.intent import read_intent
from rehearse.database.locks import TargetBusyError
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, Lease, LeaseRequest, Store
from rehearse.database.watch import TransactionError
from rehearse.database.worker import open_work
from rehearse.errors import BackupError, GuardRefusedError, LeaseRevokedError, RehearseError

from .targets import SECONDS, Target, adopted, make_sqlite, opened, postgres_target, sqlite_target, target

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]

METADATA = MetaData()
PERSONS = Table(
    "persons", METADATA, Column("id", String, primary_key=True), Column("name", String), Column("level", Integer)
)
NOTES = Table("notes", METADATA, Column("id", Integer, primary_key=True), Column("text", String))


def fill(connection: Connection) -> None:
    """Add one person and one note."""
    connection.execute(insert(PERSONS), [{"id": "N1", "name": "Di", "level": 3}])
    connection.execute(insert(NOTES), [{"text": "new"}])


LAYERS = (Layer("s", METADATA.create_all, "schema"), Layer("r", fill, "setup"))
REQUEST = LeaseRequest("a-0001", LAYERS)


def store_of(database: Target, tmp_path: Path, **terms: object) -> AttachedStore:
    """Return a store for a target, with consent."""
    fields: dict[str, object] = {"consent": database.request().consent, "state": tmp_path / "state", "seconds": SECONDS}
    return AttachedStore(database.url, **(fields | terms))  # type: ignore[arg-type]


def content(database: Target) -> Fingerprint:
    """Return what is in a target."""
    with opened(database) as link:
        return fingerprint(link)


def act(lease: Lease, *statements: str) -> None:
    """Execute statements in one transaction of the run."""
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    try:
        work.begin()
        for statement in statements:
            work.connection.execute(text(statement))
        work.commit()
    finally:
        work.close()


def test_a_run_finds_its_setup_beside_what_was_there_and_leaves_no_trace(adopted: Target, tmp_path: Path) -> None:
    """Schema and rows are added, the operation writes, and afterwards the target is what it was, passed or not."""
    before = content(adopted)
    for passed in (True, False):
        store: Store = store_of(adopted, tmp_path)
        lease = store.lease(replace(REQUEST, run=f"a-{passed}"))
        assert ["N1", "R1", "R2", "R3"] == [row[0] for row in adopted.rows()]
        act(lease, "UPDATE persons SET level = 9", "DELETE FROM duties")
        assert 0 == len(adopted.rows("duties"))
        lease.finish(passed=passed, rollback_on_failure=True)
        assert () == before.differences(content(adopted))
        lease.finish(passed=False, rollback_on_failure=False)
        lease.discard()
        store.close()


def test_a_run_from_the_bare_schema_finds_no_rows(adopted: Target, tmp_path: Path) -> None:
    """Only the tables that are named are emptied, children first, and only for the run."""
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, clean=("persons", "duties", "notes", "unheard_of")))
    assert (["N1"], []) == ([row[0] for row in adopted.rows()], adopted.rows("duties"))
    assert [(1, "new")] == adopted.rows("notes")
    lease.discard()
    assert () == before.differences(content(adopted))


GROWS_ONLY = {
    "sqlite": (
        "CREATE TRIGGER notes_grow BEFORE DELETE ON duties BEGIN SELECT RAISE(ABORT, 'only grows: a ''rule'' '); END",
    ),
    "postgresql": (
        "CREATE FUNCTION grow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'only grows'; END $$",
        "CREATE TRIGGER notes_grow BEFORE DELETE ON duties FOR EACH ROW EXECUTE FUNCTION grow()",
    ),
}


def test_a_table_that_only_grows_is_emptied_as_well_and_grows_on(adopted: Target, tmp_path: Path) -> None:
    """Emptying asks no trigger; during the run and after it the triggers are there."""
    adopted.run(*GROWS_ONLY[adopted.backend])
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, clean=("persons", "duties")))
    assert [] == adopted.rows("duties")
    act(lease, "INSERT INTO duties VALUES ('d9', 'N1', 8)")
    with pytest.raises(DatabaseError, match="only grows"):
        act(lease, "DELETE FROM duties")
    lease.discard()
    assert () == before.differences(content(adopted))
    with pytest.raises((sqlite3.Error, psycopg.Error), match="only grows"):
        adopted.run("DELETE FROM duties")


def test_what_the_report_says_of_it(adopted: Target, tmp_path: Path) -> None:
    """Backend, level, version and address, without credentials."""
    store = store_of(adopted, tmp_path)
    lease = store.lease(REQUEST)
    level = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SERIALIZABLE"}[adopted.backend]
    assert ("attached", adopted.backend, level) == (lease.how, lease.backend, lease.isolation_level)
    assert adopted.name in lease.address
    assert "@" not in lease.address
    assert store.version[0].isdigit()
    assert "a-0001.0001" == lease.manifest.id
    lease.restore()


@pytest.mark.parametrize("terms", [{"consent": ()}, {"consent": ("test_roster",)}, {"patterns": ("other_*",)}])
def test_without_the_guards_leave_nothing_is_written_anywhere(
    adopted: Target, tmp_path: Path, terms: dict[str, object]
) -> None:
    """No statement, no state directory."""
    counted = Counted()
    with SEAM.heard_by(counted), pytest.raises(GuardRefusedError):
        store_of(adopted, tmp_path, **terms).lease(REQUEST)
    assert [] == counted.effects
    assert not (tmp_path / "state").exists()


def test_a_setup_that_the_database_refuses_is_put_back_at_once(adopted: Target, tmp_path: Path) -> None:
    """The error of the set-up survives, the target is what it was, and the next run may come."""
    before = content(adopted)

    def fill_twice(connection: Connection) -> None:
        fill(connection)
        fill(connection)

    twice = Layer("x", fill_twice, "setup")
    store = store_of(adopted, tmp_path)
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.lease(replace(REQUEST, layers=(LAYERS[0], twice)))
    assert () == before.differences(content(adopted))
    store.lease(REQUEST).discard()
    assert () == before.differences(content(adopted))


def test_a_run_that_did_not_pass_can_be_left_as_it_ended(adopted: Target, tmp_path: Path) -> None:
    """Nothing is restored, the backup is kept, the next run is refused with where to look; asked, it is put back."""
    before = content(adopted)
    store = store_of(adopted, tmp_path)
    lease = store.lease(REQUEST)
    act(lease, "DELETE FROM duties")
    lease.finish(passed=False, rollback_on_failure=False)
    assert adopted.request().planned.full_name == lease.left
    assert [] == adopted.rows("duties")
    with pytest.raises(
        BackupError, match=r"run a-0001 left .* as it was at its end, and its backup a-0001\.0001 is kept"
    ):
        store.lease(replace(REQUEST, run="a-0002"))
    assert [] == adopted.rows("duties")
    assert "restored from a-0001.0001" == store.recover_left(restore=True).done
    assert () == before.differences(content(adopted))


def test_what_was_left_can_be_let_go_of(adopted: Target, tmp_path: Path) -> None:
    """Then it is the new beginning."""
    store = store_of(adopted, tmp_path)
    lease = store.lease(REQUEST)
    act(lease, "DELETE FROM duties")
    lease.finish(passed=False, rollback_on_failure=False)
    assert "kept as it is" == store.recover_left(restore=False).done
    store.lease(replace(REQUEST, layers=())).discard()
    assert [] == adopted.rows("duties")
    with pytest.raises(BackupError, match="was not left by a run"):
        store.recover_left(restore=True)


def test_a_passed_run_is_put_back_even_if_failures_are_left(adopted: Target, tmp_path: Path) -> None:
    """`rollback_on_failure: false` is about runs that did not pass."""
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    lease.finish(passed=True, rollback_on_failure=False)
    assert () == before.differences(content(adopted))


def test_a_kept_one_is_left_as_it_is(adopted: Target, tmp_path: Path) -> None:
    """Keeping an attached database is leaving it."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    act(lease, "DELETE FROM duties")
    assert lease.address == lease.keep()
    lease.discard()
    assert [] == adopted.rows("duties")


def test_after_the_end_nothing_is_executed_any_more(adopted: Target, tmp_path: Path) -> None:
    """A thread that wakes later meets a revoked lease, and its transaction is undone."""
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.begin()
    work.connection.execute(text("DELETE FROM duties"))
    lease.revoke()
    with pytest.raises(LeaseRevokedError):
        work.connection.execute(text("DELETE FROM persons"))
    with pytest.raises(LeaseRevokedError):
        work.commit()
    lease.discard()
    with pytest.raises(LeaseRevokedError):
        lease.work(StatementLog(), Deadline.after(SECONDS))
    assert () == before.differences(content(adopted))


def test_the_connection_refuses_writes_without_clearance(adopted: Target, tmp_path: Path) -> None:
    """The second lock: reads pass, INSERT, DDL and COPY do not, once the clearance is gone."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.begin()
    lease._open[work].lock.clearance = None
    assert 4 == work.connection.execute(text("SELECT count(*) FROM persons")).scalar()
    for statement in ("INSERT INTO notes (text) VALUES ('x')", "CREATE TABLE x (a int)", "DROP TABLE duties"):
        with pytest.raises(GuardRefusedError, match="over a connection without clearance"):
            work.connection.execute(text(statement))
    work.rollback()
    work.close()
    lease.discard()


@pytest.mark.postgresql
def test_copy_needs_clearance_too(postgres_target: Target, tmp_path: Path) -> None:
    """COPY bypasses SQLAlchemy, but not the hook."""
    lease = store_of(postgres_target, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.begin()
    lease._open[work].lock.clearance = None
    with pytest.raises(GuardRefusedError, match="COPY"), work.wire.cursor().copy("COPY notes FROM STDIN") as copy:
        copy.write(b"1\tx\n")
    work.rollback()
    work.close()
    lease.discard()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM rehearse_marker", "DROP TABLE rehearse_journal", 'UPDATE "rehearse_marker" SET id = 1']
)
def test_no_operation_reaches_for_the_guards_own_tables(adopted: Target, tmp_path: Path, statement: str) -> None:
    """A scenario that took the marker away could not be put back."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    with pytest.raises(GuardRefusedError, match="reaches for rehearse_marker or rehearse_journal"):
        act(lease, statement)
    lease.discard()


def test_a_new_connection_to_an_exchanged_file_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """Swapped under the lease: the next connection is not the database that was backed up, and stays untouched."""
    lease = store_of(sqlite_target, tmp_path).lease(REQUEST)
    (tmp_path / "elsewhere").mkdir()
    other = make_sqlite(tmp_path / "elsewhere")
    other.adopt()
    for session in lease._idle:
        session.close()
    lease._idle.clear()
    sqlite_target.path.rename(tmp_path / "away.db")
    other.path.rename(sqlite_target.path)
    with pytest.raises(GuardRefusedError, match="it is not the planned database: its inode is"):
        act(lease, "DELETE FROM persons")
    with pytest.raises(GuardRefusedError, match="its inode is"):
        lease.discard()
    assert 3 == len(sqlite_target.rows())
    (tmp_path / "away.db").rename(sqlite_target.path)
    recovered = store_of(sqlite_target, tmp_path).recover()
    assert recovered is not None
    assert "restored from a-0001.0001" == recovered.done


def test_two_engines_cannot_have_one_target(adopted: Target, tmp_path: Path) -> None:
    """The second is refused at once and told who has it; afterwards it may come."""
    store = store_of(adopted, tmp_path)
    lease = store.lease(REQUEST)
    with pytest.raises(TargetBusyError, match=r"process \d+ \(.*a.0001\).* works on this target"):
        store.lease(replace(REQUEST, run="b-0001"))
    lease.discard()
    store.lease(replace(REQUEST, run="b-0001")).discard()


def test_a_child_process_works_on_it_under_the_guard(adopted: Target, tmp_path: Path) -> None:
    """Its address holds all that the guard needs there; without consent it is refused there too."""
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    work = open_work(lease.process_address(), StatementLog(), Deadline.after(SECONDS))
    work.begin()
    work.connection.execute(text("DELETE FROM duties"))
    work.commit()
    work.close()
    assert [] == adopted.rows("duties")
    with pytest.raises(GuardRefusedError, match="consent was given for"):
        open_work(
            lease.process_address().replace('"consent": ["', '"consent": ["not '), StatementLog(), Deadline.after(1)
        )
    lease.discard()
    assert () == before.differences(content(adopted))


def test_it_is_not_copied(sqlite_target: Target, tmp_path: Path) -> None:
    """There is one of it."""
    lease = store_of(sqlite_target, tmp_path).lease(REQUEST)
    with pytest.raises(RehearseError, match="no copy for again"):
        lease.fork("again")
    lease.discard()


def test_connections_are_used_again_and_broken_ones_are_not(adopted: Target, tmp_path: Path) -> None:
    """The guard looks once at each connection; an interrupted one is thrown away."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    first = lease.work(StatementLog(), Deadline.after(SECONDS))
    wire = first.wire
    first.close()
    first.close()
    second = lease.work(StatementLog(), Deadline.after(SECONDS))
    assert wire is second.wire
    second.watch.interrupt()
    second.close()
    third = lease.work(StatementLog(), Deadline.after(SECONDS))
    assert wire is not third.wire
    third.close()
    lease.discard()


def test_the_end_stops_what_runs(adopted: Target, tmp_path: Path) -> None:
    """Two operations that never end: the lease interrupts both, puts the target back, and no thread is left."""
    before = content(adopted)
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, sessions=2))
    errors: list[BaseException] = []
    started = threading.Barrier(3)

    def run_for_ever() -> None:
        work = lease.work(StatementLog(), Deadline.after(SECONDS))
        work.begin(write=False)
        started.wait()
        try:
            work.connection.execute(text(ENDLESS[adopted.backend]))
        except BaseException as error:  # noqa: BLE001  (whatever it is, it is the answer)
            errors.append(error)
        work.close()

    threads = [threading.Thread(target=run_for_ever) for _ in range(2)]
    for thread in threads:
        thread.start()
    started.wait()
    while sum(work.watch.busy for work in tuple(lease._open)) < 2:
        threading.Event().wait(0.001)
    lease.finish(passed=False, rollback_on_failure=True)
    for thread in threads:
        thread.join(SECONDS)
    assert 2 == len(errors)
    assert () == before.differences(content(adopted))


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def test_a_deadline_ends_a_statement_on_it(adopted: Target, tmp_path: Path) -> None:
    """The same limits as on a database of our own."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(0.1))
    work.begin(write=False)
    with pytest.raises(Exception, match="was ended") as error:
        work.connection.execute(text(ENDLESS[adopted.backend]))
    assert isinstance(getattr(error.value, "orig", error.value), DeadlinePassedError)
    work.rollback()
    work.close()
    lease.discard()


def test_an_unanswered_commit_is_read_back(sqlite_target: Target, tmp_path: Path) -> None:
    """The journal's row tells a commit whose answer was lost from one that never happened."""
    lease = store_of(sqlite_target, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.begin()
    work.connection.execute(text("DELETE FROM duties"))
    assert "aborted" == work.outcome_after_interruption()
    work._commit_sent = True
    assert "aborted" == work.outcome_after_interruption()
    assert 3 == len(sqlite_target.rows("duties"))
    work.begin()
    work.connection.execute(text("DELETE FROM duties"))
    work._commit_sent = True
    work._before_commit()
    work.wire.send("COMMIT")
    assert "committed" == work.outcome_after_interruption()
    work.begin()
    work._before_commit()
    work._commit_sent = True
    work.wire.send("ROLLBACK")
    assert "aborted" == work.outcome_after_interruption()
    work.path = str(tmp_path / "nowhere.db")
    assert "unknown" == work.outcome_after_interruption()
    work.close()
    lease.discard()


def test_a_transaction_that_only_reads_leaves_no_row_in_the_journal(sqlite_target: Target, tmp_path: Path) -> None:
    """Only what may write is told of afterwards."""
    lease = store_of(sqlite_target, tmp_path).lease(replace(REQUEST, layers=()))
    for write in (False, True):
        work = lease.work(StatementLog(), Deadline.after(SECONDS))
        work.begin(write=write)
        work.commit()
        work.close()
    assert [("a-0001",)] == sqlite_target.run("SELECT run FROM rehearse_journal")
    lease.discard()
    assert [] == sqlite_target.run("SELECT run FROM rehearse_journal")


def test_an_operation_cannot_end_the_runs_transaction(adopted: Target, tmp_path: Path) -> None:
    """COMMIT is the run's to say here too."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    with pytest.raises(TransactionError):
        act(lease, "COMMIT")
    lease.discard()


def test_reads_are_cached_inside_a_transaction_only(adopted: Target, tmp_path: Path) -> None:
    """Others may write to it, so that nothing is remembered from one transaction to the next."""
    log = StatementLog()
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, cache=True))
    work = lease.work(log, Deadline.after(SECONDS))
    counts = []
    for _ in range(2):
        work.begin(write=False)
        counts += [work.connection.execute(text("SELECT count(*) FROM duties")).scalar() for _ in range(2)]
        work.rollback()
        adopted.run("DELETE FROM duties WHERE id = 'd1'")
    work.close()
    lease.discard()
    assert [3, 3, 2, 2] == counts
    assert 2 == sum(statement.verb == "CACHED" for statement in log.statements)


def test_nothing_is_left_open(adopted: Target, tmp_path: Path) -> None:
    """Ten runs leave no descriptor, no thread, no session at the server, one backup, no intent."""
    store = store_of(adopted, tmp_path)
    store.lease(REQUEST).discard()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for number in range(10):
        lease = store.lease(replace(REQUEST, run=f"b-{number}"))
        act(lease, "DELETE FROM duties")
        lease.discard()
    assert before == (len(list(Path("/proc/self/fd").iterdir())), threading.active_count())
    home = store.protection("look").home
    assert read_intent(home) is None
    assert 1 == len(home.listed())
    assert [".rehearse-is-tidy"] == [".rehearse-is-tidy", *(path.name for path in home.path.rglob("*.next"))]
    if adopted.backend == "postgresql":
        assert has_no_sessions(adopted)


def has_no_sessions(database: Target) -> bool:
    """Return whether the server soon knows none of ours on a database: it notices a closed connection a moment later."""
    limit = Deadline.after(SECONDS)
    while not limit.passed:
        others = database.run("SELECT datname FROM pg_stat_activity WHERE application_name LIKE 'rehearse%'")
        if (database.name,) not in others:
            return True
    return False


def test_a_lease_that_was_never_asked_for_anything_still_protects(adopted: Target, tmp_path: Path) -> None:
    """A stranger's change during the run is undone with the rest: the target goes back to its backup."""
    before = content(adopted)
    lease: AttachedLease = store_of(adopted, tmp_path).lease(replace(REQUEST, layers=()))
    adopted.run("DELETE FROM duties")
    lease.restore()
    assert () == before.differences(content(adopted))
