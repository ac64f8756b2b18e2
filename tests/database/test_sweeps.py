"""What killed processes leave behind: never trusted, found by name, and swept only when nobody living holds it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from children import killed_at_first_line, started
from worlds import PEOPLE, SCHEMA, fill, hours_now, opened, request

from rehearse.database.postgres import PostgresStore
from rehearse.database.postgres_databases import Databases, OwnDatabase
from rehearse.database.scratch import Holding, name_part, private_directory, sweep_holdings
from rehearse.database.server import BundledServer, sweep_servers
from rehearse.database.sqlite import SqliteStore
from rehearse.database.store import Layer
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

FRESH = {"p1": 10, "p2": 20, "p3": 30}

HANG_IN_LAYER = """
import sys, time
from pathlib import Path
from worlds import SCHEMA, fill, request
from rehearse.database.postgres import PostgresStore
from rehearse.database.sqlite import SqliteStore
from rehearse.database.store import Layer

kind, place = sys.argv[1:]
store = SqliteStore(Path(place)) if kind == "sqlite" else PostgresStore(place)

def build(connection):
    SCHEMA.build(connection)
    fill(connection)
    print("half-way", flush=True)
    time.sleep(600)

store.lease(request(layers=(Layer("half-way", build, "schema"),)))
"""

HANG_IN_WRITE = """
import sys, time
from pathlib import Path
from worlds import SCHEMA, request
from rehearse.database import sqlite_templates
from rehearse.database.sqlite import SqliteStore

def hang(key, content):
    print("content written", flush=True)
    time.sleep(600)

store = SqliteStore(Path(sys.argv[1]))
sqlite_templates._mark = hang
store.lease(request(layers=(SCHEMA,)))
"""

HOLD_LEASES = """
import sys, time
from pathlib import Path
from worlds import hours_now, request
from rehearse.database.postgres import PostgresStore
from rehearse.database.sqlite import SqliteStore

kind, place = sys.argv[1:]
root = Path(place)
store = SqliteStore(root, scratch=root / "scratch") if kind == "sqlite" else PostgresStore(place)
leases = [store.lease(request(sessions=2)) for _ in range(3)]
for lease in leases:
    hours_now(lease)
print("held", flush=True)
time.sleep(600)
"""

HOLD_SERVER = """
import sys, time
from pathlib import Path
from rehearse.database.server import BundledServer
server = BundledServer(Path(sys.argv[1]))
server.start()
print(server._guardian.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def lasting_databases(postgres_url: str) -> Iterator[Databases]:
    """A look at the server's databases."""
    found = Databases(postgres_url)
    yield found
    found.close()


def own_names(databases: Databases) -> set[str]:
    """Return every database of ours on the server."""
    return {row[0] for row in databases._ask("SELECT datname FROM pg_database WHERE datname ~ '^rehearse_'")}


def until(holds: object, seconds: float = 10.0) -> None:
    """Wait until a condition holds."""
    limit = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.01)


def test_a_template_killed_while_it_is_built_is_not_trusted(tmp_path: Path) -> None:
    """Killed inside a layer, a SQLite store leaves nothing; the next one builds it whole."""
    killed_at_first_line(HANG_IN_LAYER, "sqlite", str(tmp_path))
    assert list((tmp_path / "templates").iterdir()) == []


def test_a_template_killed_before_its_mark_is_not_trusted(tmp_path: Path) -> None:
    """Content without its mark is a draft: never read, and swept once its writer is dead."""
    killed_at_first_line(HANG_IN_WRITE, str(tmp_path))
    drafts = list((tmp_path / "templates").iterdir())
    assert [draft.suffix for draft in drafts] == [".draft"]
    store = SqliteStore(tmp_path, scratch=tmp_path / "scratch")
    lease = store.lease(request())
    assert hours_now(lease) == FRESH
    lease.discard()
    assert store.sweep() == (str(drafts[0]),)
    assert [path.suffix for path in (tmp_path / "templates").iterdir()] == [".template"]
    assert store.sweep() == ()
    store.close()


def test_a_draft_of_a_living_writer_stays(tmp_path: Path) -> None:
    """A draft whose process still runs is not swept, nor is one that names no process."""
    store = SqliteStore(tmp_path, scratch=tmp_path / "scratch")
    for name in (f"key.template.{os.getpid()}.1.draft", "key.template.1.1.draft"):
        (tmp_path / "templates" / name).write_bytes(b"x")
    assert store.sweep() == ()
    store.close()


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other"])
def test_a_damaged_template_is_built_anew(tmp_path: Path, damage: str) -> None:
    """A stored template with a changed byte, a missing end or another's content is not believed."""
    built: list[int] = []

    def build(connection: Connection) -> None:
        built.append(1)
        SCHEMA.build(connection)
        fill(connection)

    layers = (Layer("damaged", build, "schema"),)

    def open_once() -> None:
        store = SqliteStore(tmp_path, scratch=tmp_path / "scratch")
        lease = store.lease(request(layers=layers))
        assert hours_now(lease) == FRESH
        lease.discard()
        store.close()

    open_once()
    open_once()
    assert built == [1]
    path = next((tmp_path / "templates").iterdir())
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    other = bytes(data[:-1]) if damage == "cut" else b"" if damage == "empty" else bytes(data)
    path.write_bytes(other)
    if damage == "other":
        path.rename(path.with_name("0" * 32 + ".template"))
    open_once()
    assert built == [1, 1]


def test_a_directory_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    """Without a place for templates a store works all the same."""
    (tmp_path / "file").write_text("no directory")
    store = SqliteStore(tmp_path / "file" / "below", scratch=tmp_path / "scratch")
    lease = store.lease(request())
    assert hours_now(lease) == FRESH
    lease.discard()
    assert store.sweep() == ()
    store.close()


def test_files_of_a_killed_process_are_swept_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    """The kernel's lock tells the dead from the living; both are looked at by the same sweep."""
    living = SqliteStore(tmp_path, scratch=tmp_path / "scratch")
    lease = living.lease(request(sessions=2))
    hours_now(lease)
    killed_at_first_line(HOLD_LEASES, "sqlite", str(tmp_path))
    assert len(list((tmp_path / "scratch").glob("*/*.db"))) == 4
    gone = living.sweep()
    assert len(gone) == 1
    assert len(list((tmp_path / "scratch").glob("*/*.db"))) == 1
    assert hours_now(lease) == FRESH
    assert living.sweep() == ()
    lease.discard()
    living.close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_name_that_a_dead_process_left_is_not_taken(tmp_path: Path) -> None:
    """Holders count past what is there, and let go of everything when released."""
    (tmp_path / f"{os.getpid()}-1.lock").touch()
    holding = Holding(tmp_path)
    assert holding.path.name == f"{os.getpid()}-2"
    assert [path.name for path in sweep_holdings(tmp_path)] == [f"{os.getpid()}-1"]
    holding.release()
    holding.release()
    assert list(tmp_path.iterdir()) == []
    assert sweep_holdings(tmp_path / "nowhere") == ()


def test_directories_of_others_are_refused(tmp_path: Path) -> None:
    """A link, a file, or somebody else's directory is never used; one of ours is closed to others."""
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(RehearseError, match="link or a file"):
        private_directory(tmp_path / "link")
    (tmp_path / "open").mkdir(mode=0o777)
    assert private_directory(tmp_path / "open").stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        (tmp_path / "theirs").mkdir()
        os.chown(tmp_path / "theirs", 65534, 65534)
        with pytest.raises(RehearseError, match="belongs to user 65534"):
            private_directory(tmp_path / "theirs")


@pytest.mark.parametrize(
    ("text", "part"), [("Swap: A/B", "swap_a_b"), ("../../x", "x"), ("", "run"), ("é", "run"), ("a" * 60, "a" * 24)]
)
def test_names_are_made_harmless(text: str, part: str) -> None:
    """Whatever a run is called, its database has a plain name."""
    assert name_part(text) == part


@pytest.mark.postgresql
def test_a_killed_building_is_no_template(postgres_url: str, lasting_databases: Databases) -> None:
    """Killed inside a layer, a store leaves a database that is no template, and the next sweep drops it (F7)."""
    before = own_names(lasting_databases)
    killed_at_first_line(HANG_IN_LAYER, "postgresql", postgres_url)
    left = own_names(lasting_databases) - before
    assert len(left) == 1
    assert next(iter(left)).startswith("rehearse_b_")
    until(lambda: set(lasting_databases.sweep()) >= left or not (own_names(lasting_databases) & left))
    assert not own_names(lasting_databases) & left


@pytest.mark.postgresql
def test_clones_of_a_killed_process_are_swept_and_those_of_a_living_one_are_not(
    postgres_url: str, lasting_databases: Databases
) -> None:
    """A store's lock on the server tells the dead from the living, also while several sweep at once."""
    living = PostgresStore(postgres_url)
    lease = living.lease(request(sessions=2))
    assert hours_now(lease) == FRESH
    mine = {name for name in own_names(lasting_databases) if living._databases.holder in name}
    child = started(HOLD_LEASES, "postgresql", postgres_url)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "held"
    theirs = own_names(lasting_databases) - mine
    assert len([name for name in theirs if name.startswith("rehearse_c_")]) >= 3
    assert not set(living.sweep()) & theirs
    child.kill()
    child.communicate()

    def swept() -> bool:
        threads = [threading.Thread(target=databases.sweep) for databases in (lasting_databases, living._databases)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return not any(
            name.startswith(("rehearse_c_", "rehearse_b_")) for name in own_names(lasting_databases) & theirs - kept()
        )

    def kept() -> set[str]:
        held = lasting_databases._ask("SELECT datname FROM pg_database WHERE datname ~ '^rehearse_[bc]_'")
        return {row[0] for row in held if lasting_databases._holder_lives(row[0].split("_")[2])}

    until(swept)
    assert mine <= own_names(lasting_databases)
    assert hours_now(lease) == FRESH
    lease.discard()
    living.close()
    assert not {name for name in own_names(lasting_databases) if living._databases.holder in name}


@pytest.mark.postgresql
def test_bottom_templates_serve_the_next_store(postgres_url: str) -> None:
    """A finished schema template is found by another store, which does not build it again."""
    built: list[int] = []

    def build(connection: Connection) -> None:
        built.append(1)
        SCHEMA.build(connection)

    for _ in range(2):
        store = PostgresStore(postgres_url)
        store.lease(request(layers=(Layer("shared-schema", build, "schema"),), isolation="clone")).discard()
        store.close()
    assert built == [1]


@pytest.mark.postgresql
def test_only_the_newest_templates_stay(postgres_url: str, lasting_databases: Databases) -> None:
    """Sweeping leaves eight templates; one that was dropped under a running store is built again."""
    store = PostgresStore(postgres_url)
    layers = [(Layer(f"old-{n}", SCHEMA.build, "schema"),) for n in range(10)]
    for stack in layers:
        store.lease(request(layers=stack, isolation="clone")).discard()
    store.sweep()
    templates = {name for name in own_names(lasting_databases) if name.startswith("rehearse_t_")}
    assert len(templates) == 8
    for pool in store._pools.values():
        pool.close()
    store._pools.clear()
    lease = store.lease(request(layers=layers[0], isolation="clone"))
    work = opened(lease)
    assert work.connection.execute(PEOPLE.select()).all() == []
    work.close()
    lease.discard()
    store.close()


@pytest.mark.postgresql
def test_a_database_that_changed_its_identity_is_left_alone(postgres_url: str, lasting_databases: Databases) -> None:
    """Dropping checks the oid noted at creation: a namesake made by somebody else stays (F40)."""
    made = lasting_databases.copy("template0", "c")
    lasting_databases.drop(made)
    lasting_databases.drop(made)
    with psycopg.connect(postgres_url, autocommit=True) as stranger:
        stranger.execute(f'CREATE DATABASE "{made.name}"')
        with pytest.raises(RehearseError, match="left alone"):
            lasting_databases.drop(made)
        assert made.name in own_names(lasting_databases)
        stranger.execute(f'DROP DATABASE "{made.name}"')


@pytest.mark.postgresql
def test_a_namesake_of_a_template_is_refused(postgres_url: str, lasting_databases: Databases) -> None:
    """A database that bears a template's name without its mark is neither used nor touched."""
    name = "rehearse_t_" + "0" * 32
    with psycopg.connect(postgres_url, autocommit=True) as stranger:
        stranger.execute(f'CREATE DATABASE "{name}"')
        assert lasting_databases.find_template("0" * 32) is None
        building = lasting_databases.copy("template0", "b")
        with pytest.raises(RehearseError, match="no template of ours"):
            lasting_databases.finish_template(building, "0" * 32)
        assert building.name not in own_names(lasting_databases)
        stranger.execute(f'DROP DATABASE "{name}"')


@pytest.mark.postgresql
def test_two_engines_may_build_the_same_template(lasting_databases: Databases) -> None:
    """Who comes second finds the first one's template and drops its own building."""
    key = "f" * 32
    first, second = (lasting_databases.copy("template0", "b") for _ in range(2))
    name = lasting_databases.finish_template(first, key)
    assert lasting_databases.finish_template(second, key) == name
    assert second.name not in own_names(lasting_databases)
    lasting_databases.drop(OwnDatabase(name, first.oid))
    assert name not in own_names(lasting_databases)


@pytest.mark.postgresql
def test_a_store_whose_line_to_the_server_was_cut_goes_on(postgres_url: str) -> None:
    """When the kept connection is ended, the store takes its lock again under the same key."""
    store = PostgresStore(postgres_url)
    holder = store._databases.holder
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (store._databases._connection.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        store._databases._ask("SELECT 1")
    lease = store.lease(request(sessions=2))
    assert hours_now(lease) == FRESH
    assert store._databases._holder_lives(holder)
    lease.discard()
    store.close()


@pytest.mark.postgresql
def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """After `kill -9` of its owner the server is gone, and so are its data."""
    root = short(tmp_path)
    killed_at_first_line(HOLD_SERVER, str(root))
    home = next(path for path in root.iterdir() if path.is_dir())
    until(lambda: not any(home.iterdir()))
    assert sweep_servers(root) == (home,)
    assert list(root.iterdir()) == []
    root.rmdir()


@pytest.mark.postgresql
def test_a_server_that_lost_its_guardian_is_swept(tmp_path: Path) -> None:
    """If owner and guardian are both killed, the next start ends the orphan and removes its data."""
    root = short(tmp_path)
    child = started(HOLD_SERVER, str(root))
    assert child.stdout is not None
    os.kill(int(child.stdout.readline()), 9)
    child.kill()
    child.communicate()
    home = next(path for path in root.iterdir() if path.is_dir())
    pid = int((home / "data" / "postmaster.pid").read_text().split("\n")[0])
    assert Path(f"/proc/{pid}").exists()
    assert sweep_servers(root) == (home,)
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert list(root.iterdir()) == []
    root.rmdir()


@pytest.mark.postgresql
def test_a_server_starts_twice_and_stops_twice(tmp_path: Path) -> None:
    """Starting a running server and stopping a stopped one change nothing."""
    root = short(tmp_path)
    server = BundledServer(root)
    server.stop()
    url = server.start()
    assert server.start() == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    server.stop()
    server.stop()
    assert list(root.iterdir()) == []
    assert server.start()
    server.stop()
    root.rmdir()


@pytest.mark.postgresql
def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own last words are the message, and nothing is left."""
    root = short(tmp_path)
    monkeypatch.setattr("rehearse.database.server._SETTINGS", ("no_such_setting=1",))
    with pytest.raises(RehearseError, match="no_such_setting"):
        BundledServer(root).start()
    assert list(root.iterdir()) == []
    root.rmdir()


def short(tmp_path: Path) -> Path:
    """Return a directory whose path is short enough for a socket, and which the server's user can reach."""
    import tempfile  # noqa: PLC0415

    return Path(tempfile.gettempdir()) / f"rh-{os.getpid()}-{tmp_path.name[-8:]}"
