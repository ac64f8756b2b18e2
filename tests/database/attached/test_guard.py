"""The guard: everything must hold, unknown means refuse, and a refusal has written nothing."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from faults import Counted
from rehearse.database.adopt import _Leave, adopt
from rehearse.database.deadline import Deadline
from rehearse.database.effects import SEAM
from rehearse.database.guard import Clearance, clear
from rehearse.database.identity import Identity, identity_of
from rehearse.database.links import SqliteLink, open_link
from rehearse.database.marker import read_markers
from rehearse.database.naming import is_too_wide, name_reasons, production_word
from rehearse.errors import BackupError, GuardRefusedError

from .targets import (
    SECONDS,
    Target,
    adopted,
    drop_postgres,
    execute,
    make_sqlite,
    opened,
    postgres_target,
    sqlite_target,
    target,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]


def refusals(database: Target, **changes: object) -> str:
    """Return the guard's refusal, after looking that it sent no statement that changes anything."""
    counted = Counted()
    request = changes.pop("request", None) or database.request(**changes)
    with opened(database) as link, SEAM.heard_by(counted):
        with pytest.raises(GuardRefusedError) as refusal:
            clear(link, request)  # type: ignore[arg-type]
        assert [] == counted.effects
    return "; ".join(refusal.value.reasons)


# ── what is granted ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_adopted_database_with_consent_is_cleared_for_this_run(adopted: Target) -> None:
    """All conditions hold: the clearance is frozen, names run and identity, and is good on its connection."""
    with opened(adopted) as link:
        clearance = clear(link, adopted.request())
        assert ("a-0001", identity_of(link)) == (clearance.run, clearance.identity)
        link.destroy("DELETE FROM duties", clearance)
        with pytest.raises(FrozenInstanceError):
            clearance.run = "b-0001"  # type: ignore[misc]
    assert [] == adopted.rows("duties")


def test_a_clearance_is_worth_nothing_on_another_connection(adopted: Target) -> None:
    """After a reconnect there is none."""
    with opened(adopted) as first, opened(adopted) as second:
        clearance = clear(first, adopted.request())
        with pytest.raises(GuardRefusedError, match="given on another connection"):
            second.destroy("DELETE FROM duties", clearance)
    assert 3 == len(adopted.rows("duties"))


def test_only_the_guard_makes_clearances(adopted: Target) -> None:
    """One made by hand, or changed, is refused."""
    with opened(adopted) as link:
        genuine = clear(link, adopted.request())
        with pytest.raises(GuardRefusedError, match="comes from the guard"):
            Clearance("a-0001", genuine.identity, link.number, object())
        with pytest.raises(GuardRefusedError, match="comes from the guard"):
            replace(genuine, seal=None)


@pytest.mark.parametrize("statement", ["DELETE FROM duties", "SELECT 1; DROP TABLE duties", "CREATE TABLE x (a int)"])
def test_the_reading_half_of_a_link_reads_only(adopted: Target, statement: str) -> None:
    """What changes something has no way but the one that asks for a clearance."""
    with opened(adopted) as link, pytest.raises(ValueError, match="not a statement that only reads"):
        link.rows(statement)
    assert 3 == len(adopted.rows("duties"))


# ── 1. marker ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_database_that_nobody_adopted_is_refused(target: Target) -> None:
    """No marker, no touch."""
    assert "it has no rehearse_marker; adopt it first, if it may be rehearsed on" == refusals(target)


def test_two_markers_are_refused(adopted: Target) -> None:
    """One of them must be somebody else's."""
    adopted.run(
        "INSERT INTO rehearse_marker SELECT 'x', environment, backend, name, place, number, address, 0 FROM rehearse_marker"
    )
    assert "its rehearse_marker has 2 rows" in refusals(adopted)


def test_an_empty_marker_table_is_refused(adopted: Target) -> None:
    """A table alone says nothing."""
    adopted.run("DELETE FROM rehearse_marker")
    assert "it has no rehearse_marker" in refusals(adopted)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rehearse_marker SET backend = 'oracle'",
        "ALTER TABLE rehearse_marker DROP COLUMN place",
        "DROP TABLE rehearse_marker; CREATE TABLE rehearse_marker (id text)",
    ],
)
def test_a_marker_that_cannot_be_understood_is_refused(adopted: Target, statement: str) -> None:
    """Unknown means refuse."""
    adopted.run(*statement.split("; "))
    assert "its marker could not be asked" in refusals(adopted)


def test_a_null_in_the_marker_is_refused(sqlite_target: Target) -> None:
    """NULL is not an answer."""
    sqlite_target.run(
        "CREATE TABLE m AS SELECT * FROM rehearse_marker", "DROP TABLE rehearse_marker",
        "ALTER TABLE m RENAME TO rehearse_marker", "UPDATE rehearse_marker SET place = NULL",
    )  # fmt: skip
    assert "its marker has a NULL" in refusals(sqlite_target)


@pytest.mark.parametrize("environment", ["production", "prod", "eu-live-1", " "])
def test_a_marker_of_a_forbidden_environment_is_refused(adopted: Target, environment: str) -> None:
    """Somebody wrote it by hand; that is no adoption."""
    adopted.run(f"UPDATE rehearse_marker SET environment = '{environment}'")  # noqa: S608
    assert "it was adopted for the environment" in refusals(adopted)


def test_a_marker_copied_with_the_file_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """A file copy carries the marker, but not the identity."""
    (tmp_path / "copies").mkdir()
    shutil.copyfile(sqlite_target.path, tmp_path / "copies" / "test_roster.db")
    copy = Target(f"sqlite:///{tmp_path / 'copies' / 'test_roster.db'}", "test_roster")
    said = refusals(copy)
    assert "its marker is a copy: its file is " in said
    assert "its marker is a copy: its inode is " in said


def test_a_marker_restored_from_a_dump_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """So does a dump."""
    copy = Target(f"sqlite:///{tmp_path / 'test_other.db'}", "test_other")
    execute(copy.url, "PRAGMA foreign_keys = OFF", *sqlite_target_dump(sqlite_target))
    assert "its marker is a copy: its name is test_other, not test_roster" in refusals(copy)


def sqlite_target_dump(database: Target) -> list[str]:
    """Return the statements of a dump of marker and all."""
    raw = sqlite3.connect(database.path)
    statements = [line for line in raw.iterdump() if not line.startswith(("BEGIN", "COMMIT"))]
    raw.close()
    return statements


@pytest.mark.postgresql
def test_a_marker_that_came_with_a_clone_is_refused(postgres_target: Target) -> None:
    """`CREATE DATABASE … TEMPLATE` carries the marker too; the oid and the name tell."""
    server, name = postgres_target.maintenance, f"{postgres_target.name}_test"
    execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_target.name}"')
    clone = Target(make_url(server).set(database=name).render_as_string(hide_password=False), name, server)
    said = refusals(clone)
    drop_postgres(server, name)
    assert f"its marker is a copy: its name is {name}" in said
    assert "its marker is a copy: its oid is " in said


# ── 2. identity ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("part", ["name", "place", "number", "address"])
def test_another_database_than_the_planned_one_is_refused(adopted: Target, part: str) -> None:
    """Every part of the identity counts."""
    planned = replace(adopted.request().planned, **{part: "another"})
    assert "it is not the planned database: its " in refusals(adopted, planned=planned)


def test_a_file_exchanged_between_check_and_use_is_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """Under the same path lies another inode: the new connection sees it."""
    request = sqlite_target.request()
    other = make_sqlite(tmp_path, "test_other")
    other.path.replace(sqlite_target.path)
    assert "its inode is " in refusals(sqlite_target, request=request)


@pytest.mark.postgresql
def test_a_database_exchanged_between_check_and_use_is_refused(postgres_target: Target) -> None:
    """Under the same name lies another oid."""
    request = postgres_target.request()
    execute(
        postgres_target.maintenance,
        f'ALTER DATABASE "{postgres_target.name}" RENAME TO "{postgres_target.name}_gone"',
        f'CREATE DATABASE "{postgres_target.name}" TEMPLATE "{postgres_target.name}_gone"',
    )
    said = refusals(postgres_target, request=request)
    drop_postgres(postgres_target.maintenance, f"{postgres_target.name}_gone")
    assert "it is not the planned database: its oid is " in said


def test_a_database_in_memory_has_no_identity() -> None:
    """Nothing tells it from another."""
    memory = SqliteLink(sqlite3.connect(":memory:"), Path(":memory:"), Deadline.after(SECONDS))
    with pytest.raises(GuardRefusedError, match="lies in memory"):
        identity_of(memory)
    memory.close()


def test_a_file_that_was_unlinked_while_open_is_refused(sqlite_target: Target) -> None:
    """Its path leads nowhere any more."""
    request = sqlite_target.request()
    with opened(sqlite_target) as link:
        sqlite_target.path.unlink()
        with pytest.raises(GuardRefusedError, match="its file cannot be looked at: No such file"):
            clear(link, request)


# ── 3. name ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "granted"),
    [
        ("rehearse_roster", True),
        ("test_roster", True),
        ("roster_test", True),
        ("roster_tests", False),
        ("my_test_roster", False),
        ("Test_roster", False),
        ("rehearse", False),
        ("test_production", False),
        ("test_prod_2", False),
        ("prod-copy_test", False),
        ("test_live", False),
        ("test_LiveRoster", False),
        ("test_liver", True),
        ("test_products", True),
        ("rehearse_main", False),
        ("test_productiondata", False),
    ],
)
def test_the_whole_name_must_fit_and_must_not_smell_of_production(name: str, granted: bool) -> None:  # noqa: FBT001
    """Patterns are anchored; a word of production refuses whatever the pattern."""
    assert granted is not bool(
        name_reasons(Identity("postgresql", name, "1", "2", "3"), ["rehearse_*", "test_*", "*_test"])
    )


@pytest.mark.parametrize(
    "pattern", ["*", "**", "?*", "[a-z]*", "*_*", "?????*", "[!z]*[!q]*", "p*", "ma*", "**t**", "", "post*"]
)
def test_a_pattern_that_fits_everything_is_refused(adopted: Target, pattern: str) -> None:
    """It is named as the reason, and counts as no pattern."""
    assert is_too_wide(pattern)
    assert f"the pattern {pattern!r} matches everything" in refusals(adopted, patterns=(pattern,))


def test_no_pattern_at_all_fits_nothing(adopted: Target) -> None:
    """The default is in the request; taking it away allows nothing."""
    assert "matches none of no pattern at all" in refusals(adopted, patterns=())


def test_the_directories_of_a_file_count_too(tmp_path: Path) -> None:
    """The path is part of a file's name."""
    (tmp_path / "production").mkdir()
    database = make_sqlite(tmp_path / "production")
    assert "the directory 'production' holds the word 'production'" in refusals(database)


def test_words_are_split_as_people_write_them() -> None:
    """Camel case, digits and punctuation separate words."""
    words = ["eu-prod-1", "prod1", "LiveRoster", "rosterProduction", "aliveness", "reproduced", "domain", "TEST"]
    assert ["prod", "prod", "live", "production", None, None, None, None] == [production_word(word) for word in words]


# ── 4. kind ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_further_attached_files_are_refused(sqlite_target: Target, tmp_path: Path) -> None:
    """A statement could reach them under the same clearance."""
    other = make_sqlite(tmp_path, "other")
    request = sqlite_target.request()
    with opened(sqlite_target) as link:
        link.raw.execute("ATTACH DATABASE ? AS aside", (str(other.path),))  # type: ignore[attr-defined]
        with pytest.raises(GuardRefusedError, match="further files are attached to the connection: aside"):
            clear(link, request)


@pytest.mark.postgresql
def test_a_system_database_is_refused(postgres_url: str) -> None:
    """Nobody rehearses on the maintenance database, whatever was configured."""
    name = make_url(postgres_url).database or ""
    said = refusals(Target(postgres_url, name), patterns=(name,))
    assert "it is a system database" in said
    assert "it has no rehearse_marker" in said


@pytest.mark.postgresql
def test_a_template_is_refused(postgres_target: Target) -> None:
    """Others are made from it."""
    execute(postgres_target.maintenance, f'ALTER DATABASE "{postgres_target.name}" IS_TEMPLATE true')
    said = refusals(postgres_target)
    execute(postgres_target.maintenance, f'ALTER DATABASE "{postgres_target.name}" IS_TEMPLATE false')
    assert "it is a template" == said


@pytest.mark.postgresql
def test_a_read_only_database_is_refused(postgres_target: Target) -> None:
    """What cannot be put back must not be touched; a replica is read-only too."""
    postgres_target.run(f'ALTER DATABASE "{postgres_target.name}" SET default_transaction_read_only = on')
    assert "it is read-only" == refusals(postgres_target)


@pytest.mark.postgresql
def test_something_between_us_and_the_server_is_refused(postgres_target: Target) -> None:
    """A proxy that hands our queries to another backend than the one that was announced at connect."""
    url = make_url(postgres_target.url)
    with swapping_proxy(f"{url.query['host']}/.s.PGSQL.5432") as port:
        through = Target(url.set(host="127.0.0.1", port=port, query={"sslmode": "disable", "gssencmode": "disable"})
                         .render_as_string(hide_password=False), postgres_target.name)  # fmt: skip
        assert "a pooler stands between" in refusals(through, request=postgres_target.request())


@contextmanager
def swapping_proxy(server: str) -> Iterator[int]:
    """Pass bytes between a client and the server, but announce another backend's number, as a pooler does."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve() -> None:
        client, _ = listener.accept()
        with client, socket.socket(socket.AF_UNIX) as backend:
            backend.connect(server)
            back = threading.Thread(target=pump, args=(backend, client), kwargs={"announces": True})
            back.start()
            pump(client, backend, announces=False)
            back.join()

    def pump(source: socket.socket, sink: socket.socket, *, announces: bool) -> None:
        while data := source.recv(65536):
            place = data.find(b"K\x00\x00\x00\x0c") if announces else -1
            if place >= 0:
                data = data[: place + 5] + b"\x00\x01\x02\x03" + data[place + 9 :]
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    threads.append(threading.Thread(target=serve))
    threads[0].start()
    try:
        yield listener.getsockname()[1]
    finally:
        threads[0].join(SECONDS)
        listener.close()


# ── 5. consent ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_consent_nothing_is_allowed(adopted: Target) -> None:
    """The refusal says what consent would have to name."""
    name = adopted.request().planned.full_name
    assert f"nobody consented; consent names the database in full: {name}" == refusals(adopted, consent=())


@pytest.mark.parametrize(
    "consent", [("test_roster",), ("*",), ("yes",), ("true",), ("localhost",), ("",), "test_roster"]
)
def test_consent_must_name_the_database_in_full(adopted: Target, consent: tuple[str, ...]) -> None:
    """A short name, a yes, a star or a host are consent to something else."""
    assert "consent was given for" in refusals(adopted, consent=consent)


@pytest.mark.parametrize("consent", [True, 1, None])
def test_consent_is_never_a_boolean(adopted: Target, consent: object) -> None:
    """What is no list of names cannot be asked, and that refuses."""
    assert "its consent could not be asked" in refusals(adopted, consent=consent)


@pytest.mark.parametrize("value", ["1", "true", "yes", "*", "FULL"])
@pytest.mark.parametrize("name", ["REHEARSE_CONSENT", "REHEARSE_FORCE", "DATABASE_URL", "CI", "I_KNOW_WHAT_I_AM_DOING"])
def test_nothing_in_the_environment_is_consent(
    adopted: Target, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """What was left in the environment, even the full name, allows nothing."""
    full = adopted.request().planned.full_name
    monkeypatch.setenv(name, full if value == "FULL" else value)
    assert "nobody consented" in refusals(adopted, consent=())


# ── 6. ceiling ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_far_more_rows_than_the_last_known_fixture_are_refused(adopted: Target) -> None:
    """Six rows were adopted: 10,060 may be there, 10,061 may not; a larger known fixture lifts the ceiling."""
    adopted.run(many_persons(10_054, adopted.backend))
    with opened(adopted) as link:
        clear(link, adopted.request())
    adopted.run("INSERT INTO persons VALUES ('one-more', 'x', 1)")
    assert "it has more than 10060 rows, where the last known fixture had 6" == refusals(adopted)
    with opened(adopted) as link:
        clear(link, adopted.request(known_rows=7))


def many_persons(rows: int, backend: str) -> str:
    """Return an INSERT of so many persons."""
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "  # noqa: S608
        if backend == "sqlite"
        else f"WITH n(i) AS (SELECT generate_series(1, {rows})) "
    )
    return f"INSERT INTO persons {numbers} SELECT 'p' || i, 'x', 1 FROM n"  # noqa: S608


# ── unknown means refuse ──────────────────────────────────────────────────────────────────────────────────────────


def test_all_reasons_are_told_at_once(target: Target) -> None:
    """Nobody mends one thing only to meet the next."""
    said = refusals(target, consent=(), patterns=("other_*",))
    for reason in ("it has no rehearse_marker", "matches none of other_*", "nobody consented"):
        assert reason in said


def test_a_deadline_that_passes_while_asking_refuses(sqlite_target: Target) -> None:
    """A locked file cannot say who it is."""
    request = sqlite_target.request()
    holder = sqlite3.connect(sqlite_target.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    link = open_link(sqlite_target.url, Deadline.after(0.05))
    with pytest.raises(
        GuardRefusedError, match=r"its marker could not be asked: .* stayed locked by another connection"
    ):
        clear(link, request)
    link.close()
    holder.close()


@pytest.mark.postgresql
def test_a_privilege_that_was_taken_away_refuses(postgres_target: Target) -> None:
    """A role that may not read the marker learns nothing, so nothing is allowed."""
    server = postgres_target.maintenance
    execute(server, "DROP ROLE IF EXISTS rehearse_guest", "CREATE ROLE rehearse_guest LOGIN")
    guest = make_url(postgres_target.url).set(username="rehearse_guest").render_as_string(hide_password=False)
    said = refusals(Target(guest, postgres_target.name), request=postgres_target.request())
    execute(server, "DROP ROLE rehearse_guest")
    assert "its marker could not be asked: permission denied for table rehearse_marker" in said


@pytest.mark.postgresql
def test_a_connection_that_breaks_while_asking_refuses(postgres_target: Target) -> None:
    """Nothing is known of a database that does not answer."""
    request = postgres_target.request()
    with opened(postgres_target) as link:
        pid = link.raw.info.backend_pid  # type: ignore[attr-defined]
        execute(postgres_target.maintenance, f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(GuardRefusedError, match="could not be asked"):
            clear(link, request)


@pytest.mark.parametrize(
    "url", ["mysql://h/d", "sqlite://", "nonsense", "postgresql://user:geheim@host", "sqlite:///:memory:"]
)
def test_a_backend_that_nobody_knows_is_refused(url: str) -> None:
    """And no password is repeated."""
    with pytest.raises((GuardRefusedError, BackupError)) as refusal:
        adopt(url, "test")
    assert "geheim" not in str(refusal.value)


def test_a_file_that_is_not_there_is_not_created(tmp_path: Path) -> None:
    """A typing error makes no database."""
    with pytest.raises(BackupError, match="cannot be opened"):
        adopt(f"sqlite:///{tmp_path / 'test_typo.db'}", "test")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.postgresql
def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    """The password stays out of the message."""
    with pytest.raises(BackupError, match=r"127\.0\.0\.1:1/test_x cannot be reached") as refusal:
        adopt("postgresql://somebody:geheim@127.0.0.1:1/test_x", "test")
    assert "geheim" not in str(refusal.value)


# ── adopting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_adopting_writes_who_it_is_and_says_what_consent_must_name(target: Target) -> None:
    """The marker holds the live identity, the environment and how many rows there are."""
    adoption = target.adopt("ci")
    with opened(target) as link:
        assert (adoption.marker,) == read_markers(link)
        assert identity_of(link) == adoption.marker.identity
    assert ("ci", 6, ()) == (adoption.marker.environment, adoption.marker.fixture_rows, adoption.replaced)
    assert adoption.consent == adoption.marker.identity.full_name


def test_adopting_again_replaces_the_marker(adopted: Target) -> None:
    """Twice is harmless, and the earlier marker is told."""
    adopted.run("INSERT INTO persons VALUES ('R4', 'Di', 4)")
    adoption = adopted.adopt("ci")
    assert [("test", 6)] == [(marker.environment, marker.fixture_rows) for marker in adoption.replaced]
    with opened(adopted) as link:
        assert [("ci", 7)] == [(marker.environment, marker.fixture_rows) for marker in read_markers(link)]


def test_adopting_mends_a_marker_of_another_backend(adopted: Target) -> None:
    """What cannot be understood is replaced like any other."""
    adopted.run("UPDATE rehearse_marker SET backend = 'oracle'")
    assert () == adopted.adopt().replaced
    with opened(adopted) as link:
        clear(link, adopted.request())


@pytest.mark.parametrize("environment", ["production", "prod-eu", "", "Test", "a b", "live"])
def test_nothing_is_adopted_for_production(target: Target, environment: str) -> None:
    """The word is refused and nothing is written."""
    with pytest.raises(GuardRefusedError):
        target.adopt(environment)
    with opened(target) as link:
        assert () == read_markers(link)


def test_a_name_that_fits_no_pattern_is_not_adopted(tmp_path: Path) -> None:
    """Adopting holds the name to the same patterns."""
    database = make_sqlite(tmp_path, "roster")
    with pytest.raises(GuardRefusedError, match="the name 'roster' matches none of"):
        database.adopt()
    assert "my_roster" in adopt(make_sqlite(tmp_path, "my_roster").url, "test", patterns=("my_roster",)).consent


def test_an_error_while_the_marker_is_written_leaves_none(target: Target) -> None:
    """Marker and journal come in one transaction."""

    def fail(kind: str, sql: str) -> None:
        if sql.startswith("INSERT INTO rehearse_marker"):
            raise OSError(kind)

    with SEAM.heard_by(fail), pytest.raises(OSError, match="statement"):
        target.adopt()
    with opened(target) as link:
        assert () == read_markers(link)


def test_leave_to_adopt_is_worth_nothing_elsewhere(sqlite_target: Target) -> None:
    """The adopting command's own leave is bound to its connection too."""
    with (
        opened(sqlite_target) as link,
        pytest.raises(GuardRefusedError, match="over the connection that was looked at"),
    ):
        link.destroy("DELETE FROM duties", _Leave(link.number + 1))
    assert 3 == len(sqlite_target.rows("duties"))
