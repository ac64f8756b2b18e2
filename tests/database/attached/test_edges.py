"""The narrow places of guard, backup and restore: races, programs that hang, answers that do not come."""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import make_url, text

from rehearse.database import attached, postgres_dump, postgres_own, sqlite_vault
from rehearse.database import postgres_vault as vault
from rehearse.database.attached import AttachedStore, empty_tables
from rehearse.database.deadline import Deadline
from rehearse.database.effects import SEAM
from rehearse.database.guard import clear, clear_on_server
from rehearse.database.identity import identity_of
from rehearse.database.intent import clear_intent, read_intent
from rehearse.database.links import open_postgres
from rehearse.database.locks import FileLock
from rehearse.database.observe import StatementLog
from rehearse.database.postgres_own import InUseError, copy_target, create_like, drop_own, exchange, made, own_name
from rehearse.database.protect import Terms, protection_for
from rehearse.database.store import LeaseRequest
from rehearse.errors import BackupError, GuardRefusedError

from .targets import SECONDS, Target, adopted, opened, postgres_target, sqlite_target, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]

REQUEST = LeaseRequest("a-0001", ())
KEY = "0" * 16


def store_of(database: Target, tmp_path: Path) -> AttachedStore:
    """Return a store for a target, with consent."""
    return AttachedStore(database.url, consent=database.request().consent, state=tmp_path, seconds=SECONDS)


# ── guard ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clearance_for_one_target_touches_no_other_ones_intent(sqlite_target: Target, tmp_path: Path) -> None:
    """Deleting an intent or a backup needs the clearance of that very target."""
    home = store_of(sqlite_target, tmp_path).protection("a").home
    with opened(sqlite_target) as link:
        clearance = clear(link, sqlite_target.request())
    with pytest.raises(GuardRefusedError, match="the clearance is for"):
        clear_intent(replace(home, key="another"), clearance)
    with pytest.raises(GuardRefusedError, match="the clearance is for"):
        replace(home, key="another").remove("x.0001", clearance)


@pytest.mark.postgresql
def test_a_database_exchanged_before_the_server_acts_is_refused(postgres_target: Target) -> None:
    """Between the guard and the statement from the maintenance database the name came to mean another."""
    with opened(postgres_target) as link:
        clearance = clear(link, postgres_target.request())
    with closing(open_postgres(make_url(postgres_target.maintenance), Deadline.after(SECONDS))) as server:
        clear_on_server(server, clearance)
        gone = replace(clearance.identity, name="test_gone")
        object.__setattr__(clearance, "identity", gone)
        with pytest.raises(GuardRefusedError, match="another database, or none, under the name test_gone"):
            clear_on_server(server, clearance)


class Mute:
    """A link that answers every question with nothing."""

    number = 0
    backend = "postgresql"
    target = "somewhere"

    def rows(self, sql: str, *parameters: object) -> list[tuple[None, ...]]:
        """Return one row of NULLs."""
        del sql, parameters
        return [(None,) * 5]


def test_a_database_that_does_not_say_who_it_is_is_refused() -> None:
    """NULL is no identity."""
    with pytest.raises(GuardRefusedError, match="it does not say who it is"):
        identity_of(Mute())  # type: ignore[arg-type]


def test_counting_stops_at_the_ceiling(adopted: Target) -> None:
    """The first table alone is too many; the second is not counted."""
    adopted.run(
        "CREATE TABLE aaa (n int)",
        "INSERT INTO aaa WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10061) SELECT i FROM n",
    )
    with opened(adopted) as link, pytest.raises(GuardRefusedError, match="it has more than 10060 rows"):
        clear(link, adopted.request())


# ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_file_that_vanishes_while_it_is_taken_is_made_again(
    sqlite_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former holder removed it between our open and our lock: what we locked is not what others will see."""
    home = store_of(sqlite_target, tmp_path).protection("a").home
    real, calls = fcntl.flock, []

    def flock(descriptor: int, operation: int) -> None:
        real(descriptor, operation)
        calls.append(operation)
        if len(calls) == 1:
            home.lock.unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = FileLock.take(home, "a")
    lock.check()
    lock.release()
    assert 2 == len(calls)


# ── attached ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lease_that_cannot_be_made_gives_the_lock_back(
    adopted: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No session could be prepared: the target is untouched and free."""

    def fail(_: object) -> None:
        raise OSError("no more connections")

    store = store_of(adopted, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(attached, "sessions_for", fail)
        with pytest.raises(OSError, match="no more connections"):
            store.lease(REQUEST)
    store.lease(REQUEST).discard()


def test_a_backup_that_fails_ends_the_lease_untouched(sqlite_target: Target, tmp_path: Path) -> None:
    """Nothing was armed, so nothing is restored; the lock is free and no intent is left."""

    def fail(kind: str, name: str) -> None:
        if kind == "copy":
            raise OSError(28, "No space left on device", name)

    store = store_of(sqlite_target, tmp_path)
    with SEAM.heard_by(fail), pytest.raises(OSError, match="No space left"):
        store.lease(REQUEST)
    assert read_intent(store.protection("look").home) is None
    store.lease(REQUEST).discard()


def test_the_sweep_of_a_start_tells_what_was_made_good(sqlite_target: Target, tmp_path: Path) -> None:
    """One sentence, or nothing."""
    store = store_of(sqlite_target, tmp_path)
    assert () == store.sweep()
    lease = store.lease(REQUEST)
    sqlite_target.run("DELETE FROM duties")
    lease._protection.release()
    assert ("run a-0001 had not been put back: restored from a-0001.0001",) == store.sweep()
    assert 3 == len(sqlite_target.rows("duties"))


def test_a_thread_that_never_lets_go_does_not_stop_the_restore_for_ever(
    sqlite_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection stays open, its statements are refused; the restore has its own deadline."""
    monkeypatch.setattr(attached, "_CLOSING_PATIENCE", 0.05)
    lease = store_of(sqlite_target, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.watch.busy = True
    lease.discard()
    work.watch.busy = False
    work.close()
    assert 3 == len(sqlite_target.rows("duties"))


def test_counters_start_anew_with_the_bare_schema(adopted: Target, tmp_path: Path) -> None:
    """A table with a counter begins at 1 again; a set-up without any table to empty is fine too."""
    column = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "serial PRIMARY KEY"}[adopted.backend]
    adopted.run(f"CREATE TABLE counted (id {column}, a text)", "INSERT INTO counted (a) VALUES ('x'), ('y')")
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, clean=("counted",)))
    adopted.run("INSERT INTO counted (a) VALUES ('z')")
    assert [(1, "z")] == adopted.rows("counted")
    lease.discard()
    assert [(1, "x"), (2, "y")] == adopted.rows("counted")
    lease = store_of(adopted, tmp_path).lease(replace(REQUEST, clean=("unheard_of",)))
    lease.discard()


@pytest.mark.postgresql
def test_a_server_that_cannot_be_asked_to_end_a_process_is_no_obstacle(postgres_target: Target, tmp_path: Path) -> None:
    """The line was cut, and the other connection is lost too: the server notices by itself."""
    lease = store_of(postgres_target, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.wire.was_hung_up = True
    lease._sessions.close()
    lease._sessions.hang_up(work)
    work.close()
    lease.discard()


# ── copies ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def server_of(database: Target) -> Iterator[vault.PostgresLink]:
    """Open a link to the maintenance database of a target's server."""
    with closing(open_postgres(make_url(database.maintenance), Deadline.after(SECONDS))) as server:
        yield server


@pytest.mark.postgresql
def test_a_colleague_who_connects_at_the_last_moment_stops_copy_and_exchange(postgres_target: Target) -> None:
    """Both are refused by the server, both are told as what they are, and nothing is half done."""
    with opened(postgres_target) as link:
        clearance = clear(link, postgres_target.request())
    with server_of(postgres_target) as server, closing(psycopg.connect(postgres_target.url)):
        here = clear_on_server(server, clearance)
        with pytest.raises(InUseError):
            copy_target(server, here, own_name("saved", KEY, "r", 1))
        replacement = create_like(server, own_name("next", KEY, "r", 2), postgres_target.name)
        with pytest.raises(InUseError):
            exchange(server, here, replacement, own_name("prev", KEY, "r", 2))
        drop_own(server, replacement)
        drop_own(server, replacement)
    assert 3 == len(postgres_target.rows())


@pytest.mark.postgresql
def test_a_name_that_is_taken_is_not_made_again(postgres_target: Target) -> None:
    """Neither an empty database nor a copy comes under a name that exists; other errors are told as they are."""
    with opened(postgres_target) as link:
        clearance = clear(link, postgres_target.request())
    name = own_name("next", KEY, "r", 3)
    with server_of(postgres_target) as server:
        first = create_like(server, name, postgres_target.name)
        with pytest.raises(GuardRefusedError, match="it is not a new name that we generate"):
            create_like(server, name, postgres_target.name)
        with pytest.raises(psycopg.errors.DuplicateDatabase):
            copy_target(server, clear_on_server(server, clearance), name)
        drop_own(server, first)
        with pytest.raises(BackupError, match="is not there although it was made"):
            made(server, name)


@pytest.mark.postgresql
def test_a_clone_that_differs_is_no_backup(
    postgres_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wrote between the first look and the clone."""
    guarded = protection_for(
        postgres_target.url, Terms(postgres_target.request().consent, seconds=SECONDS, state=tmp_path), "a"
    )
    guarded.take()

    def meddle(kind: str, sql: str) -> None:
        if sql.startswith("CREATE DATABASE") and kind == "statement":
            postgres_target.run("DELETE FROM duties WHERE id = 'd1'")

    with SEAM.heard_by(meddle), pytest.raises(BackupError, match=r"is no backup: table public\.duties differs"):
        guarded.arm()
    assert () == guarded.home.listed()
    real = postgres_dump.load

    def lossy(url: object, path: Path, *, server_version: int, deadline: Deadline) -> None:
        real(url, path, server_version=server_version, deadline=deadline)  # type: ignore[arg-type]
        with psycopg.connect(url.render_as_string(hide_password=False)) as scratch:  # type: ignore[attr-defined]
            scratch.execute("DELETE FROM duties")

    monkeypatch.setattr(postgres_dump, "load", lossy)
    with closing(psycopg.connect(postgres_target.url)), pytest.raises(BackupError, match=r"data\.dump is no backup"):
        guarded.arm()
    assert () == guarded.home.listed()
    assert read_intent(guarded.home) is None
    guarded.release()


@pytest.mark.postgresql
def test_a_restore_without_its_former_database_says_so(
    postgres_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to swap back to: told, intent kept."""
    terms = Terms(postgres_target.request().consent, seconds=SECONDS, state=tmp_path)
    guarded = protection_for(postgres_target.url, terms, "a")
    guarded.take()
    guarded.arm()
    with monkeypatch.context() as patch:
        patch.setattr(vault, "read_properties", lambda *_: "other")
        patch.setattr(vault, "found_own", lambda *_: ())
        with pytest.raises(BackupError, match="the former database is not there"):
            guarded.put_back()
    assert "restoring" == getattr(read_intent(guarded.home), "phase", None)
    guarded.put_back()
    guarded.delete("a.0001")
    guarded.release()


@pytest.mark.postgresql
def test_a_copy_without_its_marker_is_refused(postgres_target: Target, tmp_path: Path) -> None:
    """The marker came along with the clone, or the clone is not what it seems."""
    terms = Terms(postgres_target.request().consent, seconds=SECONDS, state=tmp_path)
    guarded = protection_for(postgres_target.url, terms, "a")
    guarded.take()
    saved = guarded.arm().database
    assert saved is not None
    inside = make_url(postgres_target.maintenance).set(database=saved.name).render_as_string(hide_password=False)
    with closing(psycopg.connect(postgres_target.maintenance, autocommit=True)) as server:
        server.execute(f'ALTER DATABASE "{saved.name}" ALLOW_CONNECTIONS true'.encode())
        with closing(psycopg.connect(inside, autocommit=True)) as copy:
            copy.execute("CREATE TABLE kept AS SELECT * FROM rehearse_marker")
            copy.execute("DELETE FROM rehearse_marker")
        server.execute(f'ALTER DATABASE "{saved.name}" ALLOW_CONNECTIONS false'.encode())
        with pytest.raises(BackupError, match="has 0 markers"):
            guarded.put_back()
        server.execute(f'DROP DATABASE "{saved.name}" WITH (FORCE)'.encode())
    guarded.release()


@pytest.mark.postgresql
def test_waiting_for_nobody_goes_on_after_a_lost_race(postgres_target: Target) -> None:
    """Somebody came and went between the look and the try: it is tried again, until the deadline."""
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise InUseError("x is in use")

    with server_of(postgres_target) as server:
        vault._patiently(server, postgres_target.name, Deadline.after(SECONDS), attempt)
        assert 3 == len(tries)
        tries.clear()
        with pytest.raises(TimeoutError, match="x is in use"):
            vault._patiently(server, postgres_target.name, Deadline.after(0), attempt)


@pytest.mark.postgresql
def test_a_dump_is_killed_at_its_deadline_and_when_the_run_is_cancelled(
    postgres_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No child is left either way; a dump that fails tells its last words."""
    url = make_url(postgres_target.url)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'pg_dump (PostgreSQL) 99.1'; else sleep 60; fi\n")
    slow.chmod(0o700)
    monkeypatch.setattr(postgres_dump, "_candidates", lambda _: [slow])
    (tmp_path / "part").touch()
    with pytest.raises(TimeoutError, match=r"slow missed its deadline of 0\.05 s"):
        postgres_dump.dump(url, "1", tmp_path / "part", server_version=180000, deadline=Deadline.after(0.05))
    with monkeypatch.context() as patch:
        patch.setattr(postgres_dump, "program", lambda *_: slow)
        patch.setattr(postgres_dump.subprocess.Popen, "communicate", cancelled)
        with pytest.raises(KeyboardInterrupt):
            postgres_dump.dump(url, "1", tmp_path / "part", server_version=180000, deadline=Deadline.after(SECONDS))
    slow.write_text("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 99; else echo 'no room' >&2; exit 3; fi\n")
    with pytest.raises(BackupError, match="slow failed: no room"):
        postgres_dump.load(url, tmp_path / "part", server_version=180000, deadline=Deadline.after(SECONDS))


def cancelled(*_: object, **__: object) -> None:
    """Be interrupted while waiting."""
    raise KeyboardInterrupt


def test_what_sqlite_cannot_read_is_no_backup(sqlite_target: Target, tmp_path: Path) -> None:
    """Pages that are no database, and a copy with foreign keys broken that were whole."""
    with opened(sqlite_target) as link:
        content = sqlite_vault.fingerprint(link)
    path = tmp_path / "copy.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackupError, match="cannot be read: file is not a database"):
        sqlite_vault._compared(path, content, None, Deadline.after(SECONDS))
    path.unlink()
    with closing(sqlite3.connect(sqlite_target.path)) as source, closing(sqlite3.connect(path)) as sink:
        source.backup(sink)
    sqlite_vault._compared(path, content, [], Deadline.after(SECONDS))
    with pytest.raises(BackupError, match="foreign keys are broken that were whole"):
        sqlite_vault._compared(path, content, [("duties", 1, "persons", 0)], Deadline.after(SECONDS))


def test_a_stranger_who_writes_right_after_the_restore_is_noticed(sqlite_target: Target, tmp_path: Path) -> None:
    """The comparison after the restore differs: told, intent kept, done again."""
    guarded = protection_for(
        sqlite_target.url, Terms(sqlite_target.request().consent, seconds=SECONDS, state=tmp_path), "a"
    )
    guarded.take()
    guarded.arm()
    real = guarded._vault._restored  # type: ignore[attr-defined]

    def meddled(*arguments: object) -> None:
        real(*arguments)
        sqlite_target.run("DELETE FROM duties")

    guarded._vault._restored = meddled  # type: ignore[attr-defined]
    with pytest.raises(BackupError, match=r"is not what backup a\.0001 holds: table duties differs"):
        guarded.put_back()
    assert "restoring" == getattr(read_intent(guarded.home), "phase", None)
    del guarded._vault._restored  # type: ignore[attr-defined]
    guarded.put_back()
    guarded.release()
    assert 3 == len(sqlite_target.rows("duties"))


@pytest.mark.postgresql
def test_a_connection_lost_inside_a_snapshot_tells_its_own_error(postgres_target: Target) -> None:
    """The end of the snapshot does not hide what happened in it."""
    with opened(postgres_target) as link:

        def lose() -> None:
            with link.snapshot():
                link.close()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            lose()


@pytest.mark.postgresql
def test_an_exchange_on_a_lost_connection_tells_its_own_error(postgres_target: Target) -> None:
    """The server rolls back by itself; the target keeps its name."""
    with opened(postgres_target) as link:
        clearance = clear(link, postgres_target.request())
    with server_of(postgres_target) as server:
        replacement = create_like(server, own_name("next", KEY, "r", 4), postgres_target.name)

        def lose(_: str, sql: str) -> None:
            if sql == "COMMIT":
                server.close()

        with SEAM.heard_by(lose), pytest.raises(psycopg.OperationalError):
            exchange(server, clear_on_server(server, clearance), replacement, own_name("prev", KEY, "r", 4))
    assert 3 == len(postgres_target.rows())
    with server_of(postgres_target) as server:
        postgres_own.drop_all(server, KEY, "next")
        assert () == postgres_own.found_own(server, KEY)


def test_empty_tables_of_nothing_is_nothing(adopted: Target, tmp_path: Path) -> None:
    """No table named, none there."""
    lease = store_of(adopted, tmp_path).lease(REQUEST)
    work = lease.work(StatementLog(), Deadline.after(SECONDS))
    work.begin()
    empty_tables(work.connection, ("nowhere",))
    assert 3 == work.connection.execute(text("SELECT count(*) FROM persons")).scalar()
    work.rollback()
    work.close()
    lease.discard()
