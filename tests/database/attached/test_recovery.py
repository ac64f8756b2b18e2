"""Whatever ends a run on an attached target, the next start makes it good: by effect and by instant.

By default PostgreSQL's sweeps take every eleventh effect and the random kills are few; REHEARSE_SWEEP=all takes every
effect, REHEARSE_KILLS=1000 kills so often.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from faults import Counted, DiesAt, FailsAt
from rehearse.database.deadline import Deadline
from rehearse.database.effects import SEAM
from rehearse.database.fingerprint import Fingerprint, fingerprint
from rehearse.database.intent import read_intent, write_intent
from rehearse.database.links import open_postgres
from rehearse.database.manifest import listed_backups
from rehearse.database.postgres_own import found_own, role_of
from rehearse.database.protect import Protection, Terms, protection_for
from rehearse.errors import BackupError, GuardRefusedError

from .targets import SECONDS, Target, adopted, execute, make_sqlite, opened, postgres_target, sqlite_target, target

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]

EVERY = os.environ.get("REHEARSE_SWEEP") == "all"
KILLS = int(os.environ.get("REHEARSE_KILLS", "0"))
Listener = Callable[[str, str], None]


def protection(database: Target, state: Path, run: str = "a-0001") -> Protection:
    """Return the protection of a target, with consent."""
    return protection_for(database.url, Terms(database.request().consent, seconds=SECONDS, state=state), run)


def content(database: Target) -> Fingerprint:
    """Return what is in a target."""
    with opened(database) as link:
        return fingerprint(link)


def rehearse(database: Target, state: Path, run: str = "a-0001") -> None:
    """Go the whole way: take, arm, change everything, put back, release."""
    guarded = protection(database, state, run)
    guarded.take()
    try:
        guarded.arm()
        database.run("DELETE FROM duties", "UPDATE persons SET level = 9", "CREATE TABLE extra (a int)")
        guarded.put_back()
    finally:
        guarded.release()


def recover(database: Target, state: Path) -> str:
    """Start anew, as the next run does, and say what was done."""
    guarded = protection(database, state, "next-0001")
    limit = Deadline.after(SECONDS)
    while True:
        try:
            recovered = guarded.take()
            break
        except BackupError as error:  # a server notices a killed client's lock a moment later
            if "works on this target" not in str(error) or limit.passed:
                raise
    guarded.release()
    return recovered.done if recovered else ""


def is_tidy(database: Target, guarded: Protection) -> bool:
    """Return whether nothing but sound backups is left: no intent, no draft, no database without a manifest."""
    named = {manifest.database for manifest in listed_backups(guarded.home)}
    drafts = [path for path in guarded.home.path.rglob("*") if path.name.endswith((".next", ".part"))]
    unsound = set(guarded.home.listed()) - {manifest.id for manifest in listed_backups(guarded.home)}
    if database.maintenance:
        link = open_postgres(make_url(database.maintenance), Deadline.after(SECONDS))
        unsound |= {made.name for made in found_own(link, guarded.home.key) if made not in named}
        link.close()
    harmless = [path for path in drafts if path.name in (".intent.json.next", ".last.next")]
    return read_intent(guarded.home) is None and not unsound and len(drafts) == len(harmless)


def effects_of(action: Callable[[], None]) -> int:
    """Return how many effects an action has when nothing harms it."""
    counted = Counted()
    with SEAM.heard_by(counted):
        action()
    return len(counted.effects)


def steps(database: Target, total: int, offset: int) -> Iterator[int]:
    """Return the effects to be swept."""
    stride = 1 if EVERY or database.backend == "sqlite" else 11
    return iter(range(1 + (offset if stride > 1 else 0), total + 1, stride))


def forked(action: Callable[[], None], listener: Listener) -> int:
    """Perform an action in a forked child under a listener; return its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException), SEAM.heard_by(listener):
            action()
            status = 0
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("sticky", [False, True], ids=["once", "for ever"])
def test_an_error_at_any_effect(adopted: Target, tmp_path: Path, *, sticky: bool) -> None:
    """The target is as before or the intent is kept; the next start, unasked, makes it as before and tidies up."""
    before = content(adopted)
    total = effects_of(lambda: rehearse(adopted, tmp_path / "count"))
    print("effects swept:", total)  # noqa: T201  (shown with -rP)
    for n in steps(adopted, total, 2 + 3 * sticky):
        state = tmp_path / str(n)
        fault = FailsAt(n, sticky=sticky)
        with SEAM.heard_by(fault), suppress(OSError, BackupError, GuardRefusedError):
            rehearse(adopted, state)
        assert fault.reached
        guarded = protection(adopted, state)
        changed = before.differences(content(adopted))
        intent = read_intent(guarded.home)
        assert not changed or (intent is not None and intent.phase in ("armed", "restoring")), f"effect {n}"
        recover(adopted, state)
        assert () == before.differences(content(adopted)), f"effect {n}"
        assert is_tidy(adopted, guarded), f"effect {n}"


def test_a_kill_at_any_effect(adopted: Target, tmp_path: Path) -> None:
    """`kill -9` at each effect of the whole way: the next start restores what was before, unasked."""
    before = content(adopted)
    total = effects_of(lambda: rehearse(adopted, tmp_path / "count"))
    print("effects swept:", total)  # noqa: T201  (shown with -rP)
    for n in steps(adopted, total, 0):
        state = tmp_path / str(n)
        assert -signal.SIGKILL == forked(lambda state=state: rehearse(adopted, state), DiesAt(n)), f"effect {n}"
        recover(adopted, state)
        assert () == before.differences(content(adopted)), f"effect {n}"
        assert is_tidy(adopted, protection(adopted, state)), f"effect {n}"


def test_a_kill_at_any_effect_of_a_recovery(adopted: Target, tmp_path: Path) -> None:
    """Nested: the run is killed on the way back, then its recovery is killed at each effect, then it still recovers."""
    before = content(adopted)
    total = effects_of(lambda: rehearse(adopted, tmp_path / "count"))
    inner = 0
    for n in range(total // 2 + 1, total + 1, 1 if EVERY else (9 if adopted.backend == "sqlite" else 29)):
        for m in range(1, 1_000, 1 if EVERY else (3 if adopted.backend == "sqlite" else 17)):
            state = tmp_path / f"{n}-{m}"
            assert -signal.SIGKILL == forked(lambda state=state: rehearse(adopted, state), DiesAt(n))
            ended = forked(lambda state=state: assert_recovers(adopted, state), DiesAt(m))
            recover(adopted, state)
            assert () == before.differences(content(adopted)), f"effects {n}, {m}"
            inner += 1
            if ended == 0:
                break
    assert inner >= 3


def assert_recovers(database: Target, state: Path) -> None:
    """Recover; a child's errors are not hidden."""
    recover(database, state)


# ── random instants ───────────────────────────────────────────────────────────────────────────────────────────────


def killed_during(database: Target, state: Path, what: str, delay: float) -> bool:
    """Kill a process so many seconds into its ``backup`` or ``restore``; return whether it died inside."""
    (hears, says), (listens, speaks) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            guarded = protection(database, state, "killed")
            guarded.take()
            if what == "restore":
                guarded.arm()
            os.write(says, b"r")
            os.read(listens, 1)
            (guarded.put_back if what == "restore" else guarded.arm)()
            os.write(says, b"d")
            os.read(listens, 1)
        os._exit(1)
    assert b"r" == os.read(hears, 1)
    if what == "restore":
        database.run("UPDATE bulk SET a = 'dirty'", "DELETE FROM duties")
    os.write(speaks, b"g")
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(says)
    done = os.read(hears, 1)
    for end in (hears, listens, speaks):
        os.close(end)
    return done == b""


def seconds_of(database: Target, state: Path, what: str) -> float:
    """Return how long a backup or restore takes when nobody ends it."""
    guarded = protection(database, state, "measured")
    guarded.take()
    times = [time.perf_counter()]
    for action in (guarded.arm, guarded.put_back):
        action()
        times.append(time.perf_counter())
    guarded.release()
    return times[2] - times[1] if what == "restore" else times[1] - times[0]


def fill(database: Target) -> None:
    """Make a target large enough that a copy of it takes some milliseconds."""
    database.run("CREATE TABLE bulk (id int PRIMARY KEY, a text)", FILLING[database.backend])
    database.adopt()


FILLING = {
    "sqlite": "INSERT INTO bulk SELECT i, hex(zeroblob(4000)) FROM "
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT i FROM n)",
    "postgresql": "INSERT INTO bulk SELECT i, repeat('0', 1000) FROM generate_series(1, 300) AS i",
}


@pytest.mark.parametrize("mode", ["DELETE", "WAL", "postgresql"])
def test_a_kill_at_a_random_instant_of_a_restore(request: pytest.FixtureRequest, tmp_path: Path, mode: str) -> None:
    """The target is wholly old or wholly new, and after recovery wholly what it was."""
    database: Target = request.getfixturevalue("postgres_target" if mode == "postgresql" else "sqlite_target")
    fill(database)
    if mode != "postgresql":
        database.run(f"PRAGMA journal_mode = {mode}")
    before, chance, inside, new = content(database), random.Random(7), 0, 0  # noqa: S311  (no secret)
    seconds = seconds_of(database, tmp_path / "state", "restore")
    for number in range(KILLS or (5 if mode == "postgresql" else 16)):
        inside += killed_during(database, tmp_path / "state", "restore", chance.random() * seconds)
        dirty = {row[1] == "dirty" for row in database.run("SELECT id, a FROM bulk")}
        assert 1 == len(dirty), f"kill {number}: mixed"
        new += True not in dirty
        assert (0 if True in dirty else 3) == len(database.rows("duties")), f"kill {number}: mixed"
        recover(database, tmp_path / "state")
        assert () == before.differences(content(database)), f"kill {number}"
    print("died inside:", inside, "of which restored already:", new)  # noqa: T201  (shown with -rP)
    assert is_tidy(database, protection(database, tmp_path / "state"))


def test_a_kill_at_a_random_instant_of_a_backup(adopted: Target, tmp_path: Path) -> None:
    """What was begun is not listed and is removed by the next start; the target is untouched."""
    fill(adopted)
    before, chance, inside = content(adopted), random.Random(11), 0  # noqa: S311  (no secret)
    seconds = seconds_of(adopted, tmp_path / "state", "backup")
    for number in range(KILLS or (12 if adopted.backend == "sqlite" else 4)):
        inside += killed_during(adopted, tmp_path / "state", "backup", chance.random() * seconds)
        assert () == before.differences(content(adopted)), f"kill {number}"
        recover(adopted, tmp_path / "state")
        assert is_tidy(adopted, protection(adopted, tmp_path / "state")), f"kill {number}"
    print("died inside:", inside)  # noqa: T201  (shown with -rP)
    assert () == before.differences(content(adopted))


# ── what is found at start-up ─────────────────────────────────────────────────────────────────────────────────────


def test_nothing_to_recover_is_nothing_done(adopted: Target, tmp_path: Path) -> None:
    """The usual start."""
    assert "" == recover(adopted, tmp_path / "state")


def test_recovery_says_what_it_did(adopted: Target, tmp_path: Path) -> None:
    """Untouched targets are told from restored ones."""
    guarded = protection(adopted, tmp_path)
    guarded.take()
    guarded.arm()
    intent = read_intent(guarded.home)
    assert intent is not None
    write_intent(guarded.home, replace(intent, phase="backing-up"))
    guarded.release()
    assert "nothing had been touched" == recover(adopted, tmp_path)
    write_intent(guarded.home, intent)
    adopted.run("DELETE FROM duties")
    backup = listed_backups(guarded.home)[-1].id
    assert f"restored from {backup}" == recover(adopted, tmp_path)
    assert 3 == len(adopted.rows("duties"))


def test_an_intent_of_another_database_is_refused_and_kept(sqlite_target: Target, tmp_path: Path) -> None:
    """The file was exchanged while nobody looked: nothing is touched, whatever the new one's marker says."""
    guarded = protection(sqlite_target, tmp_path)
    guarded.take()
    guarded.arm()
    guarded.release()
    (tmp_path / "other").mkdir()
    other = make_sqlite(tmp_path / "other")
    other.path.rename(sqlite_target.path)
    sqlite_target.adopt()
    with pytest.raises(
        BackupError, match=r"speaks of another database \(its inode is .*nothing is touched before somebody"
    ):
        recover(sqlite_target, tmp_path)
    assert "armed" == getattr(read_intent(guarded.home), "phase", None)
    assert 3 == len(sqlite_target.rows("duties"))


@pytest.mark.postgresql
def test_a_target_that_is_gone_is_refused_and_the_intent_kept(postgres_target: Target, tmp_path: Path) -> None:
    """Its name leads nowhere; nobody makes a new one in its place."""
    guarded = protection(postgres_target, tmp_path)
    guarded.take()
    guarded.arm()
    guarded.release()
    away = f'ALTER DATABASE "{postgres_target.name}" RENAME TO "{postgres_target.name}_away"'
    execute(postgres_target.maintenance, away)
    with pytest.raises(BackupError, match="cannot be reached"):
        protection_for(postgres_target.url, Terms(state=tmp_path), "next")
    assert "armed" == getattr(read_intent(guarded.home), "phase", None)
    execute(
        postgres_target.maintenance,
        f'ALTER DATABASE "{postgres_target.name}_away" RENAME TO "{postgres_target.name}"',
    )
    assert "restored from a-0001.0001" == recover(postgres_target, tmp_path)


def test_without_consent_nothing_is_recovered(adopted: Target, tmp_path: Path) -> None:
    """The restore is destructive too; the intent waits for somebody who may."""
    guarded = protection(adopted, tmp_path)
    guarded.take()
    guarded.arm()
    adopted.run("DELETE FROM duties")
    guarded.release()
    counted = Counted()
    stranger = protection_for(adopted.url, Terms(state=tmp_path, seconds=SECONDS), "stranger")
    with SEAM.heard_by(counted), pytest.raises(GuardRefusedError, match="nobody consented"):
        stranger.take()
    assert [] == counted.effects
    assert [] == adopted.rows("duties")
    recover(adopted, tmp_path)
    assert 3 == len(adopted.rows("duties"))


def test_a_run_that_filled_the_target_far_beyond_its_fixture_is_still_put_back(adopted: Target, tmp_path: Path) -> None:
    """The ceiling guards against a stranger's data, not against what the killed run wrote itself."""
    guarded = protection(adopted, tmp_path)
    guarded.take()
    guarded.arm()
    adopted.run(FILLING[adopted.backend].replace("INSERT INTO bulk SELECT i,", "INSERT INTO persons SELECT 'p' || i,")
                .replace("300", "11000").replace("4000", "1").replace(") FROM", "), 1 FROM"))  # fmt: skip
    guarded.release()
    assert "restored from a-0001.0001" == recover(adopted, tmp_path)
    assert 3 == len(adopted.rows())


@pytest.mark.postgresql
def test_orphans_of_a_killed_client_are_found_by_name_and_others_stay(postgres_target: Target, tmp_path: Path) -> None:
    """A CREATE DATABASE goes on after its client died; what bears this target's key goes, what does not stays."""
    guarded = protection(postgres_target, tmp_path)
    key = guarded.home.key
    strangers = (f"rehearse_next_{'f' * 16}_00000000_1", f"rehearse_next_{key}_x", "rehearse_other")
    for name in (*strangers, f"rehearse_next_{key}_00000000_1", f"rehearse_check_{key}_00000000_2"):
        execute(postgres_target.maintenance, f'CREATE DATABASE "{name}" TEMPLATE template0')
    assert f"removed rehearse_check_{key}_00000000_2, rehearse_next_{key}_00000000_1" == recover(
        postgres_target, tmp_path
    )
    there = {row[0] for row in execute(postgres_target.maintenance, "SELECT datname FROM pg_database")}
    for name in strangers:
        execute(postgres_target.maintenance, f'DROP DATABASE "{name}"')
    assert there.issuperset(strangers)


@pytest.mark.postgresql
def test_a_clone_whose_manifest_cannot_be_read_is_left_for_a_person(postgres_target: Target, tmp_path: Path) -> None:
    """Nobody knows which database a damaged manifest named, so no saved one is dropped."""
    guarded = protection(postgres_target, tmp_path)
    guarded.take()
    backup = guarded.save().id
    guarded.release()
    manifest = guarded.home.folder(backup) / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:-5])
    assert "" == recover(postgres_target, tmp_path)
    link = open_postgres(make_url(postgres_target.maintenance), Deadline.after(SECONDS))
    assert ["saved"] == [role_of(made) for made in found_own(link, guarded.home.key)]
    link.close()
    manifest.write_bytes(whole)
    guarded.delete(backup)
