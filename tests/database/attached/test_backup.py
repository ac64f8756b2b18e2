"""Backups: what has a manifest, was compared with its source, and is restored wholly or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from faults import FailsAt
from rehearse.database.deadline import Deadline
from rehearse.database.durable import private_directory, write_durably
from rehearse.database.effects import SEAM
from rehearse.database.fingerprint import Fingerprint, fingerprint
from rehearse.database.home import Home, home_of
from rehearse.database.identity import Identity
from rehearse.database.intent import Intent, read_intent, write_intent
from rehearse.database.links import open_postgres, open_sqlite
from rehearse.database.locks import AdvisoryLock, FileLock, TargetBusyError
from rehearse.database.manifest import Manifest, OwnDatabase, listed_backups, read_manifest
from rehearse.database.postgres_dump import program
from rehearse.database.postgres_own import found_own, own
from rehearse.database.postgres_properties import read_properties
from rehearse.database.protect import Protection, Terms, protection_for
from rehearse.database.sqlite_vault import SqliteVault, holders_of
from rehearse.errors import BackupError, GuardRefusedError

from .targets import SECONDS, Target, adopted, execute, make_sqlite, opened, postgres_target, sqlite_target, target

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]


def protection(database: Target, tmp_path: Path, run: str = "a-0001", *, seconds: float = SECONDS) -> Protection:
    """Return the protection of a target, with consent."""
    consent = database.request().consent
    return protection_for(database.url, Terms(consent, seconds=seconds, state=tmp_path / "state"), run)


def content(database: Target) -> Fingerprint:
    """Return what is in a target."""
    with opened(database) as link:
        return fingerprint(link)


def damage(database: Target) -> None:
    """Change rows and schema, as a run may."""
    database.run("DELETE FROM duties", "UPDATE persons SET level = 9", "CREATE TABLE extra (a int)")


@contextmanager
def armed(database: Target, tmp_path: Path, run: str = "a-0001") -> Iterator[Protection]:
    """Hold a target that was backed up and then changed."""
    guarded = protection(database, tmp_path, run)
    guarded.take()
    guarded.arm()
    damage(database)
    try:
        yield guarded
    finally:
        guarded.release()


# ── the way there and back ────────────────────────────────────────────────────────────────────────────────────────


def test_a_target_is_put_back_with_schema_rows_and_counters(adopted: Target, tmp_path: Path) -> None:
    """Rows, tables and sequences are what they were, and so is the marker."""
    counting = {
        "sqlite": "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, a text)",
        "postgresql": "CREATE TABLE counted (id serial PRIMARY KEY, a text)",
    }
    adopted.run(counting[adopted.backend], "INSERT INTO counted (a) VALUES ('x'), ('y')", "DELETE FROM counted")
    before = content(adopted)
    with armed(adopted, tmp_path) as guarded:
        adopted.run("INSERT INTO counted (a) VALUES ('z')")
        assert before.differences(content(adopted))
        guarded.put_back()
    assert () == before.differences(content(adopted))
    adopted.run("INSERT INTO counted (a) VALUES ('z')")
    assert [(3, "z")] == adopted.rows("counted")
    with opened(adopted) as link:
        protection(adopted, tmp_path).clear(link)


def test_only_the_newest_automatic_backup_stays_and_those_asked_for(adopted: Target, tmp_path: Path) -> None:
    """An earlier run's backup goes when a later run was put back; one made by hand stays."""
    first = protection(adopted, tmp_path, "by-hand")
    first.take()
    by_hand = first.save(description="before the migration").id
    first.release()
    for run in ("a-0001", "a-0002"):
        with armed(adopted, tmp_path, run) as guarded:
            guarded.put_back()
    assert [by_hand, "a-0002.0003"] == [manifest.id for manifest in listed_backups(guarded.home)]
    assert "before the migration" == listed_backups(guarded.home)[0].description


def test_an_older_backup_is_restored_by_name(adopted: Target, tmp_path: Path) -> None:
    """What is in the target now is saved first."""
    before = content(adopted)
    guarded = protection(adopted, tmp_path)
    guarded.take()
    backup = guarded.save().id
    adopted.run("DELETE FROM duties")
    changed = content(adopted)
    guarded.restore(backup)
    assert () == before.differences(content(adopted))
    safety = listed_backups(guarded.home)[-1]
    assert () == changed.differences(safety.fingerprint)
    guarded.release()


def test_a_backup_is_deleted_manifest_first_and_never_one_that_an_intent_names(adopted: Target, tmp_path: Path) -> None:
    """Half a deletion leaves no backup; the one to go back to is refused."""
    with armed(adopted, tmp_path) as guarded:
        with pytest.raises(BackupError, match=r"backup a-0001\.0001 is what .* goes back to"):
            guarded.delete("a-0001.0001")
        guarded.put_back()
        removed: list[str] = []
        with SEAM.heard_by(lambda kind, name: removed.append(f"{kind} {Path(name).name}")):
            guarded.delete("a-0001.0001")
        assert "remove manifest.json" == removed[0]
        assert () == guarded.home.listed()
        with pytest.raises(BackupError, match=r"manifest\.json cannot be read"):
            guarded.delete("a-0001.0001")
    if adopted.backend == "postgresql":
        assert [] == leftovers(adopted, guarded.home)


def leftovers(database: Target, home: Home) -> list[str]:
    """Return the databases that were made for a target and are still there."""
    link = open_postgres(make_url(database.maintenance), Deadline.after(SECONDS))
    with closing(link):
        return [own.name for own in found_own(link, home.key)]


def test_what_was_not_begun_cannot_be_ended(adopted: Target, tmp_path: Path) -> None:
    """Without lock or intent nothing is put back, left or backed up."""
    guarded = protection(adopted, tmp_path)
    for end in (guarded.put_back, guarded.leave, guarded.arm):
        with pytest.raises(BackupError, match="is not locked by this run"):
            end()
    guarded.take()
    for end in (guarded.put_back, guarded.leave):
        with pytest.raises(BackupError, match="has no intent"):
            end()
    guarded.release()
    guarded.release()


# ── what is no backup ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_byte_anywhere_in_backup_or_manifest_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """Each region of each file: refused, the target untouched, the intent kept, the older backup named."""
    older = protection(sqlite_target, tmp_path, "older")
    older.take()
    older.save()
    older.release()
    with armed(sqlite_target, tmp_path) as guarded:
        changed = content(sqlite_target)
        folder = guarded.home.folder("a-0001.0002")
        for path in sorted(folder.iterdir()):
            whole = path.read_bytes()
            for place in (0, 18, 64, 100, len(whole) // 3, len(whole) // 2, len(whole) - 1):
                torn = bytearray(whole)
                torn[place] ^= 0x01
                for damaged in (bytes(torn), whole[:place]):
                    path.write_bytes(damaged)
                    with pytest.raises(
                        BackupError, match=r"nothing was restored, .* the next older backup is older\.0001"
                    ):
                        guarded.put_back()
                    assert () == changed.differences(content(sqlite_target))
                    assert read_intent(guarded.home) is not None
            path.write_bytes(whole)
        guarded.put_back()


def test_a_missing_file_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """Nothing was restored, and there is no older one."""
    with armed(sqlite_target, tmp_path) as guarded:
        (guarded.home.folder("a-0001.0001") / "data.db").unlink()
        with pytest.raises(BackupError, match=r"data\.db cannot be read: No such file.*there is no older backup"):
            guarded.put_back()


def test_exchanged_manifests_are_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """The backup of another database, put in the place of ours, with a sound manifest of its own."""
    (tmp_path / "other").mkdir()
    other = make_sqlite(tmp_path / "other")
    other.adopt()
    with armed(other, tmp_path) as another, armed(sqlite_target, tmp_path) as guarded:
        folder = guarded.home.folder("a-0001.0001")
        shutil.rmtree(folder)
        shutil.copytree(another.home.folder("a-0001.0001"), folder)
        with pytest.raises(BackupError, match="is not the one that the run wrote"):
            guarded.put_back()
        with pytest.raises(BackupError, match=r"is of .*/other/test_roster\.db, not of"):
            guarded.restore("a-0001.0001")
        assert [] == sqlite_target.rows("duties")


def test_a_renamed_backup_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """Its manifest is another's."""
    with armed(sqlite_target, tmp_path) as guarded:
        guarded.home.folder("a-0001.0001").rename(guarded.home.folder("b-0001.0002"))
        with pytest.raises(BackupError, match=r"is the manifest of a-0001\.0001"):
            read_manifest(guarded.home, "b-0001.0002")


def test_a_backup_of_an_older_schema_is_refused(adopted: Target, tmp_path: Path) -> None:
    """By hand, nobody goes back over a migration unawares."""
    guarded = protection(adopted, tmp_path)
    guarded.take()
    backup = guarded.save().id
    adopted.run("ALTER TABLE persons ADD COLUMN email text")
    changed = content(adopted)
    with pytest.raises(BackupError, match=f"backup {backup} is of another schema than"):
        guarded.restore(backup)
    assert () == changed.differences(content(adopted))
    assert read_intent(guarded.home) is None
    guarded.release()


def test_a_lost_clone_is_refused(postgres_target: Target, tmp_path: Path) -> None:
    """Somebody dropped it, or made another under its name."""
    with armed(postgres_target, tmp_path) as guarded:
        (name,) = leftovers(postgres_target, guarded.home)
        execute(postgres_target.maintenance, f'DROP DATABASE "{name}"')
        for remedy in (f'CREATE DATABASE "{name}"', "SELECT 1"):
            with pytest.raises(BackupError, match="is not there as it was made; nothing was restored"):
                guarded.put_back()
            execute(postgres_target.maintenance, remedy)
        assert [] == postgres_target.rows("duties")


def test_a_clone_whose_content_changed_is_refused(postgres_target: Target, tmp_path: Path) -> None:
    """The replacement is compared before it takes the target's place."""
    with armed(postgres_target, tmp_path) as guarded:
        (name,) = leftovers(postgres_target, guarded.home)
        server = postgres_target.maintenance
        inside = make_url(server).set(database=name).render_as_string(hide_password=False)
        execute(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        execute(inside, "DELETE FROM duties")
        execute(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        with pytest.raises(BackupError, match=r"is not what its manifest says: table public\.duties differs"):
            guarded.put_back()
        assert [] == postgres_target.rows("duties")
        assert "restoring" == getattr(read_intent(guarded.home), "phase", None)


def test_a_copy_that_lost_rows_on_the_way_is_no_backup(sqlite_target: Target, tmp_path: Path) -> None:
    """The copy is compared with what was read in the same transaction; a sound but wrong file is refused."""
    guarded = protection(sqlite_target, tmp_path)
    guarded.take()

    def swap(kind: str, name: str) -> None:
        if (kind, Path(name).name) == ("rename", "data.db"):
            with closing(sqlite3.connect(Path(name).with_name("data.part"))) as copy:
                copy.execute("DELETE FROM duties WHERE id = 'd1'")
                copy.commit()

    with SEAM.heard_by(swap), pytest.raises(BackupError, match=r"is no backup: table duties differs \(3 and 2 rows\)"):
        guarded.arm()
    assert () == listed_backups(guarded.home)
    assert read_intent(guarded.home) is None
    guarded.release()


def test_a_half_written_copy_is_no_backup_although_sqlite_says_it_is_sound(
    sqlite_target: Target, tmp_path: Path
) -> None:
    """An empty file opens as a valid database; without a manifest it is nothing, and the next run sweeps it."""
    guarded = protection(sqlite_target, tmp_path)
    guarded.take()
    home = guarded.home
    folder = home.folder(home.new_backup("killed"))
    (folder / "data.db").write_bytes(b"")
    guarded.release()
    with closing(open_sqlite(folder / "data.db", Deadline.after(SECONDS))) as link:
        assert [("ok",)] == link.rows("PRAGMA integrity_check")
    assert () == listed_backups(home)
    recovered = protection(sqlite_target, tmp_path)
    assert "removed killed.0001" == getattr(recovered.take(), "done", None)
    assert () == home.listed()
    recovered.release()


# ── when the disk or the deadline says no ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["intent.json", "manifest.json"])
def test_a_sync_that_fails_ends_the_backup_and_is_not_tried_again(
    sqlite_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One call, one failure, no backup listed."""
    before = content(sqlite_target)
    tried: list[str] = []
    real = os.fsync

    def fail(descriptor: int) -> None:
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if path.endswith(f".{name}.next"):
            tried.append(path)
            raise OSError(5, "Input/output error")
        real(descriptor)

    guarded = protection(sqlite_target, tmp_path)
    guarded.take()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        guarded.arm()
    guarded.release()
    assert 1 == len(tried)
    assert () == listed_backups(guarded.home)
    assert () == before.differences(content(sqlite_target))


def test_a_full_disk_leaves_target_and_older_backups_intact(sqlite_target: Target, tmp_path: Path) -> None:
    """A child that may write no file larger than one page of it gets an error, and nothing is lost."""
    first = protection(sqlite_target, tmp_path, "older")
    first.take()
    first.save()
    first.release()
    before = content(sqlite_target)
    said = child(
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)",
        "sys.dont_write_bytecode = True  # half a file of it would be left where every later process reads it",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))",
        f"guarded = make({sqlite_target.url!r}, {str(tmp_path / 'state')!r}); guarded.take()",
        "try:",
        "    guarded.arm()",
        "except Exception as error:",
        "    print(type(error).__name__, error)",
    )
    assert "disk I/O error" in said or "full" in said
    assert () == before.differences(content(sqlite_target))
    assert ["older.0001"] == [manifest.id for manifest in listed_backups(first.home)]


def child(*lines: str) -> str:
    """Run statements in a process of its own that can protect a target; return what it printed."""
    head = """if True:
        from pathlib import Path
        from rehearse.database.links import open_link
        from rehearse.database.deadline import Deadline
        from rehearse.database.identity import identity_of
        from rehearse.database.protect import Terms, protection_for
        def make(url, state, run="child"):
            link = open_link(url, Deadline.after(30)); consent = (identity_of(link).full_name,); link.close()
            return protection_for(url, Terms(consent, seconds=30, state=Path(state)), run)
    """
    program_text = "\n".join([head, *lines])
    done = subprocess.run([sys.executable, "-c", program_text], capture_output=True, text=True, check=False, timeout=60)
    assert "" == done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE", "SHARED", "WAL"])
def test_a_lock_of_another_ends_a_restore_at_its_deadline_and_is_named(
    sqlite_target: Target, tmp_path: Path, lock: str
) -> None:
    """Four kinds of lock: the restore misses its deadline, says who held it, leaves the target whole, and works later."""
    if lock == "WAL":
        sqlite_target.run("PRAGMA journal_mode = WAL")
    with armed(sqlite_target, tmp_path) as guarded:
        changed = content(sqlite_target)
        holder = sqlite3.connect(sqlite_target.path, isolation_level=None)
        holder.execute("BEGIN" if lock == "SHARED" else "BEGIN IMMEDIATE" if lock == "WAL" else lock)
        if lock == "SHARED":
            holder.execute("SELECT * FROM persons").fetchone()
        guarded._terms = replace(guarded._terms, seconds=0.3)
        with pytest.raises((TimeoutError, BackupError, GuardRefusedError)) as error:
            guarded.put_back()
        said = str(error.value)
        assert "process " in said or "stayed locked by another connection" in said
        assert "restoring" == getattr(read_intent(guarded.home), "phase", None)
        holder.close()
        assert () == changed.differences(content(sqlite_target))
        guarded._terms = replace(guarded._terms, seconds=SECONDS)
        guarded.put_back()


def test_a_locked_file_is_not_backed_up(sqlite_target: Target, tmp_path: Path) -> None:
    """The backup gives up at its deadline, and no intent is left."""
    guarded = protection(sqlite_target, tmp_path, seconds=0.2)
    guarded.take()
    holder = sqlite3.connect(sqlite_target.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises((TimeoutError, GuardRefusedError), match="stayed locked by another connection"):
        guarded.arm()
    holder.close()
    assert read_intent(guarded.home) is None
    assert () == guarded.home.listed()
    guarded.release()


def test_the_holders_of_a_lock_are_read_from_the_kernel(sqlite_target: Target) -> None:
    """Our own process is told as such; nobody is told of a free file."""
    assert [] == holders_of(sqlite_target.path)
    holder = sqlite3.connect(sqlite_target.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert [f"process {os.getpid()} (this one)"] == holders_of(sqlite_target.path)
    holder.close()


def test_a_restore_that_misses_its_deadline_half_way_leaves_the_target_as_it_was(
    sqlite_target: Target, tmp_path: Path
) -> None:
    """The callback raises between two steps of the copy, in both journal modes; the intent stays."""
    for mode in ("DELETE", "WAL"):
        sqlite_target.run(
            f"PRAGMA journal_mode = {mode}", "CREATE TABLE bulk (a text)", f"INSERT INTO bulk SELECT {BULK}"
        )
        with armed(sqlite_target, tmp_path, mode) as guarded:
            changed = content(sqlite_target)
            guarded._vault = SqliteVault(sqlite_target.path, pages=5)
            clock = [0.0]
            deadline = Deadline.after(10, now=partial(clock.__getitem__, 0))
            guarded.deadline = partial(_same, deadline)  # type: ignore[method-assign]
            steps: list[str] = []

            def late(kind: str, name: str, steps: list[str] = steps, clock: list[float] = clock) -> None:
                if kind == "copy":
                    steps.append(name)
                    clock[0] += 2.0

            with (
                SEAM.heard_by(late),
                pytest.raises(TimeoutError, match=r"missed its deadline of 10 s: \d+ of \d+ pages"),
            ):
                guarded.put_back()
            assert 5 == len(steps)
            del guarded.deadline
            assert () == changed.differences(content(sqlite_target))
            assert "restoring" == getattr(read_intent(guarded.home), "phase", None)
            guarded.put_back()
        sqlite_target.run("DROP TABLE bulk")


def _same(deadline: Deadline, **_: int) -> Deadline:
    return deadline


BULK = "hex(zeroblob(2000)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT i FROM n)"


def test_a_steady_writer_beside_a_backup_leaves_it_consistent(sqlite_target: Target, tmp_path: Path) -> None:
    """Two tables are written together all the time; in the backup they agree."""
    sqlite_target.run("PRAGMA journal_mode = WAL", "CREATE TABLE a (n int)", "CREATE TABLE b (n int)")
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        raw = sqlite3.connect(sqlite_target.path, isolation_level=None, timeout=5)
        while not stop.is_set():
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO a VALUES (1)")
            raw.execute("INSERT INTO b VALUES (1)")
            raw.execute("COMMIT")
            written.set()
        raw.close()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait()
    guarded = protection(sqlite_target, tmp_path)
    guarded._vault = SqliteVault(sqlite_target.path, pages=2)
    guarded.take()
    manifest = guarded.save()
    stop.set()
    writer.join()
    guarded.release()
    tables = manifest.fingerprint.tables
    assert tables["a"] == tables["b"]
    assert tables["a"].rows > 0


def test_stale_journals_beside_the_target_do_not_come_back(sqlite_target: Target, tmp_path: Path) -> None:
    """A writer is killed in mid-transaction, in both journal modes; after the restore the content is the backup's."""
    for mode, rest in (("DELETE", "-journal"), ("WAL", "-wal")):
        sqlite_target.run(f"PRAGMA journal_mode = {mode}")
        before = content(sqlite_target)
        with armed(sqlite_target, tmp_path, mode) as guarded:
            killed = f"""if True:
                import os, signal, sqlite3
                raw = sqlite3.connect({str(sqlite_target.path)!r}, isolation_level=None)
                raw.execute("PRAGMA cache_size = 1"); raw.execute("PRAGMA synchronous = OFF")
                if {mode!r} == "WAL": raw.execute("UPDATE persons SET name = 'stale'")
                raw.execute("BEGIN IMMEDIATE"); raw.execute("CREATE TABLE big (a text)")
                raw.execute("INSERT INTO big SELECT {BULK}")
                os.kill(os.getpid(), signal.SIGKILL)
            """  # noqa: S608
            done = subprocess.run([sys.executable, "-c", killed], check=False)
            assert -signal.SIGKILL == done.returncode
            assert sqlite_target.path.with_name(sqlite_target.path.name + rest).stat().st_size > 0
            guarded.put_back()
        assert () == before.differences(content(sqlite_target))


# ── PostgreSQL: what a clone does not carry, and what stands in its way ───────────────────────────────────────────


@pytest.mark.postgresql
def test_owner_comment_grants_and_settings_come_back(postgres_target: Target, tmp_path: Path) -> None:
    """They belong to the database, not to its content, and are applied again."""
    name, server = postgres_target.name, postgres_target.maintenance
    role = f"keeper_{name}"
    execute(
        server,
        f'DROP ROLE IF EXISTS "{role}"', f'CREATE ROLE "{role}" CREATEDB', f'GRANT "{role}" TO CURRENT_USER',
        f"COMMENT ON DATABASE \"{name}\" IS 'it''s a \\ roster'",
        f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC', f'GRANT CONNECT, CREATE ON DATABASE "{name}" TO "{role}" WITH GRANT OPTION',
        f'ALTER DATABASE "{name}" SET search_path TO "$user", public, "odd, name"', f"ALTER DATABASE \"{name}\" SET work_mem TO '7MB'",
        f"ALTER DATABASE \"{name}\" SET app.motto TO 'it''s'", f'ALTER ROLE "{role}" IN DATABASE "{name}" SET work_mem TO \'9MB\'',
        f'ALTER DATABASE "{name}" CONNECTION LIMIT 50',
    )  # fmt: skip
    with closing(open_postgres(make_url(server), Deadline.after(SECONDS))) as link:
        before = read_properties(link, name)
        with armed(postgres_target, tmp_path) as guarded:
            guarded.put_back()
        assert before == read_properties(link, name)
        guarded.take()
        guarded.delete("a-0001.0001")
        guarded.release()
    execute(server, f'DROP DATABASE "{name}" WITH (FORCE)', f'DROP ROLE "{role}"')
    for word in ("keeper_", "a \\\\\\\\ roster", "odd, name", "app.motto", "9MB", "50"):
        assert word in before or word.replace("\\\\", "\\") in before


@pytest.mark.postgresql
def test_a_target_in_use_is_dumped_and_the_dump_is_read(postgres_target: Target, tmp_path: Path) -> None:
    """With somebody connected the server does not clone; the dump is loaded and compared before it counts."""
    before = content(postgres_target)
    with busy(postgres_target):
        guarded = protection(postgres_target, tmp_path)
        guarded.take()
        manifest = guarded.arm()
    assert ("dump", ["data.dump"]) == (manifest.kind, list(manifest.files))
    assert [] == leftovers(postgres_target, guarded.home)
    damage(postgres_target)
    guarded.put_back()
    assert () == before.differences(content(postgres_target))
    guarded.delete(manifest.id)
    assert () == guarded.home.listed()
    guarded.release()


@contextmanager
def busy(database: Target) -> Iterator[None]:
    """Keep a stranger connected to a target."""
    import psycopg  # noqa: PLC0415  (only here)

    with psycopg.connect(database.url, application_name="a colleague"):
        yield


@pytest.mark.postgresql
def test_a_target_in_use_is_not_exchanged_and_the_colleague_is_named(postgres_target: Target, tmp_path: Path) -> None:
    """At the deadline the restore says who was connected; nobody of theirs is thrown out, the intent stays."""
    with armed(postgres_target, tmp_path) as guarded:
        changed = content(postgres_target)
        guarded._terms = replace(guarded._terms, seconds=1.0)
        with (
            busy(postgres_target),
            pytest.raises(TimeoutError, match=r"was in use until the deadline, by .*a colleague"),
        ):
            guarded.put_back()
        assert () == changed.differences(content(postgres_target))
        assert "restoring" == getattr(read_intent(guarded.home), "phase", None)
        guarded._terms = replace(guarded._terms, seconds=SECONDS)
        guarded.put_back()
        assert ["saved"] == [name.split("_")[1] for name in leftovers(postgres_target, guarded.home)]


@pytest.mark.postgresql
def test_the_runs_own_sessions_are_ended_and_no_others(postgres_target: Target, tmp_path: Path) -> None:
    """A backend that bears the run's name is terminated before the restore."""
    import psycopg  # noqa: PLC0415  (only here)

    with armed(postgres_target, tmp_path) as guarded:
        forgotten = psycopg.connect(postgres_target.url, application_name="rehearse/a_0001", autocommit=True)
        elsewhere = psycopg.connect(postgres_target.maintenance, application_name="rehearse/a_0001", autocommit=True)
        guarded.put_back()
        with pytest.raises(psycopg.OperationalError):
            forgotten.execute("SELECT 1")
        assert (1,) == elsewhere.execute("SELECT 1").fetchone()
        elsewhere.close()
        forgotten.close()


@pytest.mark.postgresql
def test_what_differs_after_the_exchange_is_swapped_back(
    postgres_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last comparison fails once: the former database takes its name back, and a second try succeeds."""
    import rehearse.database.postgres_vault as vault  # noqa: PLC0415  (patched)

    with armed(postgres_target, tmp_path) as guarded:
        changed = content(postgres_target)
        real, answers = vault.read_properties, [True]

        def once(link: object, name: str) -> str:
            return real(link, name) + (" " if answers and answers.pop() else "")  # type: ignore[arg-type]

        monkeypatch.setattr(vault, "read_properties", once)
        with pytest.raises(BackupError, match="its owner, comment, grants or settings differ"):
            guarded.put_back()
        assert () == changed.differences(content(postgres_target))
        guarded.put_back()
        assert 3 == len(postgres_target.rows("duties"))


@pytest.mark.postgresql
def test_only_databases_of_our_own_making_are_dropped(postgres_url: str) -> None:
    """A name that we do not generate, or an oid that is another's by now, is refused."""
    with closing(open_postgres(make_url(postgres_url), Deadline.after(SECONDS))) as link:
        with pytest.raises(GuardRefusedError, match="does not bear a name that we generate"):
            own(link, OwnDatabase("production", 1))
        with pytest.raises(GuardRefusedError, match="is not the database that we made"):
            own(link, OwnDatabase(f"rehearse_next_{'0' * 16}_{'0' * 8}_1", 1))


@pytest.mark.postgresql
def test_a_dump_program_older_than_the_server_is_not_used() -> None:
    """Whatever is on the path, its version decides."""
    with pytest.raises(BackupError, match="no pg_dump of version 99 or newer was found"):
        program("pg_dump", 990000)


@pytest.mark.postgresql
def test_a_lost_lock_stops_the_run(postgres_target: Target, tmp_path: Path) -> None:
    """The connection that held it was ended: nothing more is done to the target."""
    with armed(postgres_target, tmp_path) as guarded:
        execute(
            postgres_target.maintenance,
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
            "AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'rehearse-engine/%')",
        )
        with pytest.raises(BackupError, match="the connection that held the target's lock is lost"):
            guarded.put_back()
        assert [] == postgres_target.rows("duties")


# ── locks and homes ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_living_engine_is_named_and_a_dead_ones_lock_is_taken_over(adopted: Target, tmp_path: Path) -> None:
    """Two processes, one target: the second is refused at once; when the first is killed, it may have it."""
    program_text = f"""if True:
        import sys
        from pathlib import Path
        from rehearse.database.protect import Terms, protection_for
        terms = Terms(({adopted.request().planned.full_name!r},), state=Path({str(tmp_path / "state")!r}))
        guarded = protection_for({adopted.url!r}, terms, "first")
        guarded.take(); print("holds", flush=True); sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", program_text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert "holds" == holder.stdout.readline().strip()
        second = protection(adopted, tmp_path, "second")
        with pytest.raises(TargetBusyError, match=r"process \d+ .*first.* works on this target"):
            second.take()
        holder.kill()
        holder.wait()
    limit = Deadline.after(SECONDS)
    while True:
        try:
            second.take()
            break
        except TargetBusyError:
            assert not limit.passed
    second.release()


def test_a_lock_file_that_was_removed_stops_the_run(sqlite_target: Target, tmp_path: Path) -> None:
    """Somebody tidied up: the next step of the protocol refuses."""
    with armed(sqlite_target, tmp_path) as guarded:
        guarded.home.lock.unlink()
        with pytest.raises(BackupError, match="is gone; nothing more is done to the target"):
            guarded.put_back()


def test_a_lock_signed_by_a_living_process_is_respected_without_the_kernel(
    sqlite_target: Target, tmp_path: Path
) -> None:
    """Where locks do not reach (another container), number and start of the process still do."""
    home = home_of(sqlite_target.request().planned, tmp_path / "state")
    home.ensure()
    started = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]
    home.lock.write_text(f'{{"pid": 1, "started": "{started}", "run": "theirs"}}')
    with pytest.raises(TargetBusyError, match=r"process 1 \(run theirs\)"):
        FileLock.take(home, "ours")
    for dead in (
        '{"pid": 1, "started": "-1"}',
        '{"pid": 999999999, "started": "1"}',
        "{}",
        "[]",
        "torn{",
        '{"pid": "x"}',
    ):
        home.lock.write_text(dead)
        lock = FileLock.take(home, "ours")
        lock.check()
        lock.release()
        lock.release()
        with pytest.raises(BackupError, match="is gone"):
            lock.check()
        assert not home.lock.exists()


@pytest.mark.postgresql
def test_a_released_advisory_lock_is_free(postgres_url: str) -> None:
    """Closing the connection gives it back."""
    for _ in range(2):
        link = open_postgres(make_url(postgres_url), Deadline.never())
        limit = Deadline.after(SECONDS)
        lock = None
        while lock is None:
            try:
                lock = AdvisoryLock.take(link, "some key")
            except TargetBusyError:
                assert not limit.passed
                link = open_postgres(make_url(postgres_url), Deadline.never())
        lock.check()
        lock.release()


def test_a_home_that_is_not_ours_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A symlink, a file, a directory that others may write, somebody else's."""
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name in ("link", "file"):
        with pytest.raises(BackupError, match="is not a directory of its own"):
            private_directory(tmp_path / name)
    with pytest.raises(BackupError, match="may be written by others"):
        private_directory(tmp_path / "open")
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(BackupError, match="belongs to another user"):
        private_directory(tmp_path)


def test_a_home_lies_beside_a_file_and_in_the_state_directory_for_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody who can write a file finds its intent; a server's is the user's."""
    file = Identity("sqlite", "test_x", "/data/test_x.db", "1:2")
    server = Identity("postgresql", "test_x", "7", "16384", "h:1")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert Path(f"/data/test_x.db.rehearse/{file.key}") == home_of(file).path
    assert tmp_path / "rehearse" / "attached" / server.key == home_of(server).path
    monkeypatch.delenv("XDG_STATE_HOME")
    assert Path.home() / ".local/state/rehearse/attached" / server.key == home_of(server).path


def test_an_intent_that_cannot_be_understood_stops_everything(sqlite_target: Target, tmp_path: Path) -> None:
    """Nobody knows what was begun, so nothing is touched before somebody looked."""
    home = home_of(sqlite_target.request().planned, tmp_path / "state")
    home.ensure()
    for torn in (b"", b"{", b"[]", b'{"phase": "dancing"}', b"\xff\xfe", b"null"):
        home.intent.write_bytes(torn)
        with pytest.raises(BackupError, match="nothing is touched before somebody looked"):
            protection(sqlite_target, tmp_path).take()
    assert 3 == len(sqlite_target.rows("duties"))


def test_an_intent_survives_its_file(tmp_path: Path) -> None:
    """Written and read back, with and without a replacement; a draft left by a crash does not stand in the way."""
    identity = Identity("postgresql", "test_x", "7", "16384", "h:1")
    home = home_of(identity, tmp_path)
    home.ensure()
    (home.path / ".intent.json.next").write_text("left by a crash")
    for replacement in (None, OwnDatabase("rehearse_next_x", 5)):
        intent = Intent("a-0001", identity, "restoring", "a-0001.0001", "digest", replacement)
        write_intent(home, intent)
        assert intent == read_intent(home)


def test_a_manifest_survives_its_file_and_nothing_else_does() -> None:
    """Read back it is equal; what is valid JSON but no manifest is refused."""
    identity = Identity("sqlite", "test_x", "/x.db", "1:2")
    manifest = Manifest("x.0001", "x", identity, "file", Fingerprint("s", {}), {"data.db": (1, "2")}, description="d")
    assert manifest == Manifest.loads(manifest.dumps())
    for text in (
        "",
        "{}",
        manifest.dumps()[:-1],
        manifest.dumps() + "\n",
        manifest.dumps().replace("data.db", "data.dc"),
    ):
        with pytest.raises(ValueError, match="changed"):
            Manifest.loads(text)


def test_fingerprints_tell_what_differs(target: Target) -> None:
    """Rows, tables, schema; and nothing if only the order of rows or our own tables do."""
    before = content(target)
    target.run("DELETE FROM duties WHERE id = 'd1'", "INSERT INTO duties VALUES ('d1', 'R1', 8)")
    target.adopt()
    assert () == before.differences(content(target))
    assert before.digest == content(target).digest
    assert before == Fingerprint.from_json(before.to_json())
    assert 6 == before.rows
    target.run("UPDATE duties SET hours = 9 WHERE id = 'd1'", "CREATE TABLE more (a int)")
    told = before.differences(content(target))
    assert "the schema differs" == told[0]
    assert any("duties differs (3 and 3 rows)" in text for text in told)
    assert any("more is new" in text for text in told)
    assert any("more is missing" in text for text in content(target).differences(before))
    target.run(
        "DROP TABLE more",
        "INSERT INTO duties VALUES ('d4', 'R1', 1), ('d5', 'R1', 1)",
        "DELETE FROM duties WHERE id = 'd5'",
    )
    assert 4 == len(target.rows("duties"))


@pytest.mark.parametrize(
    ("one", "two"), [("1", "'1'"), ("1", "1.0"), ("NULL", "''"), ("x'31'", "'1'"), ("'a,b'", "'a'',''b'")]
)
def test_values_of_other_types_have_other_fingerprints(tmp_path: Path, one: str, two: str) -> None:
    """A number is not its text, nothing is not empty."""
    database = Target(f"sqlite:///{tmp_path / 'test_types.db'}", "test_types")
    database.run("CREATE TABLE t (v)", f"INSERT INTO t VALUES ({one})")  # noqa: S608
    before = content(database)
    database.run(f"UPDATE t SET v = {two}")  # noqa: S608
    assert ("table t differs (1 and 1 rows)",) == before.differences(content(database))


def test_bytes_that_are_no_utf8_have_a_fingerprint(tmp_path: Path) -> None:
    """SQLite stores any bytes as text; they are told apart all the same."""
    database = Target(f"sqlite:///{tmp_path / 'test_bytes.db'}", "test_bytes")
    database.run("CREATE TABLE t (v text)", "INSERT INTO t VALUES (CAST(x'ff' AS text))")
    before = content(database)
    database.run("UPDATE t SET v = CAST(x'fe' AS text)")
    assert before.differences(content(database))


@pytest.mark.postgresql
def test_large_objects_and_grants_are_part_of_the_fingerprint(postgres_target: Target) -> None:
    """What lies outside of tables counts too."""
    before = content(postgres_target)
    postgres_target.run("SELECT lo_from_bytea(0, 'abc')", "GRANT SELECT ON persons TO PUBLIC")
    assert ("grants differ", "large objects differ") == before.differences(content(postgres_target))


def test_durable_files_are_there_whole_or_as_before(tmp_path: Path) -> None:
    """Sweep over the effects of a durable write: at each the file has the old content or the new."""
    path = tmp_path / "file"
    write_durably(path, b"old")
    for n in range(1, 20):
        write_durably(path, b"old")
        fault = FailsAt(n)
        try:
            with SEAM.heard_by(fault):
                write_durably(path, b"new")
        except OSError:
            assert path.read_bytes() in (b"old", b"new")
        if not fault.reached:
            break
    assert (7, b"new") == (n, path.read_bytes())
