"""`rehearse inspect` and `rehearse judge` on rosters: a broken link of the audit chain is told on the command line."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine, insert
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from rehearse.cli.app import app
from rehearse.database.deadline import Deadline
from rehearse.database.look import looking_at
from residency import schema

from .test_audit_chain import chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

SOUND = "✓ audit_chain_intact       holds"
BROKEN = "✗ audit_chain_intact       broken\n"


def rehearse(*arguments: str) -> Result:
    """Perform ``rehearse ARGUMENTS`` in this process."""
    return CliRunner().invoke(app, arguments, prog_name="rehearse")


@dataclass(frozen=True)
class Roster:
    """An existing database of a residency, which is no run's."""

    url: str

    def owner(self, *statements: str) -> None:
        """Execute statements as the database's owner, behind the triggers."""
        if self.url.startswith("sqlite"):
            raw = sqlite3.connect(make_url(self.url).database or "", isolation_level=None)
            for name in ("audit_log_no_update", "audit_log_no_delete"):
                raw.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement in statements:
                raw.execute(statement)
            raw.close()
            return
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_only_grows")
            for statement in statements:
                server.execute(statement.encode())


def filled(url: str) -> Roster:
    """Make the tables, and four entries that chain."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        schema.METADATA.create_all(connection)
        connection.execute(insert(schema.AUDIT_LOG), chain())
    engine.dispose()
    return Roster(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def roster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Roster]:
    """A roster on either database."""
    if request.param == "sqlite":
        yield filled(f"sqlite:///{tmp_path / 'roster.db'}")
        return
    server = request.getfixturevalue("postgres_url")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE inspected")
        yield filled(make_url(server).set(database="inspected").render_as_string(hide_password=False))
        connection.execute("DROP DATABASE inspected WITH (FORCE)")


def test_a_broken_link_of_an_existing_database_is_told_with_its_number(roster: Roster) -> None:
    """The exit code is that of a failure; a whole one passes."""
    whole = rehearse("inspect", roster.url)
    assert (0, True) == (whole.exit_code, SOUND in whole.output)
    assert "5 invariants: 5 hold, 0 broken" in whole.output
    roster.owner("UPDATE audit_log SET actor_id = 'R2' WHERE number = 2", "DELETE FROM audit_log WHERE number = 4")
    broken = rehearse("inspect", roster.url)
    assert 1 == broken.exit_code
    told = "    entry 2 of the audit log was changed\n    entry 4 of the audit log is missing\n"
    assert f"{BROKEN}{told}" in broken.output
    assert "5 invariants: 4 hold, 1 broken" in broken.output


def test_a_look_changes_nothing(roster: Roster) -> None:
    """It is refused by the database itself: the connection only reads."""
    with looking_at(roster.url, Deadline.after(20)) as connection, pytest.raises(Exception, match=r"read-?only"):
        connection.execute(insert(schema.PERSONS).values(id="R9"))


def test_what_is_no_roster_is_an_error(tmp_path: Path) -> None:
    """A file without the tables, a file that is not there, a value that is none."""
    (tmp_path / "empty.db").touch()
    missing = rehearse("inspect", f"sqlite:///{tmp_path / 'empty.db'}")
    assert (3, True) == (missing.exit_code, "it is no database of `residency`: it has no absences, " in missing.output)
    assert 3 == rehearse("inspect", f"sqlite:///{tmp_path / 'nowhere.db'}").exit_code
    assert 2 == rehearse("inspect", "mysql://somewhere/roster").exit_code
    roster = filled(f"sqlite:///{tmp_path / 'roster.db'}")
    roster.owner("UPDATE audit_log SET at = 'yesterday' WHERE number = 3")
    unreadable = rehearse("inspect", roster.url)
    assert 3 == unreadable.exit_code
    assert "`audit_log.at` holds 'yesterday'" in unreadable.output


def test_a_crash_of_one_invariant_says_nothing_of_the_others(tmp_path: Path) -> None:
    """It is unknown, and the exit code says so."""
    roster = filled(f"sqlite:///{tmp_path / 'roster.db'}")
    roster.owner("UPDATE audit_log SET before = '\"nothing\"' WHERE number = 3")
    answer = rehearse("inspect", roster.url)
    assert 3 == answer.exit_code
    assert "? outbox_matches_changes   could not be asked" in answer.output
    assert BROKEN in answer.output
    assert "5 invariants: 3 hold, 1 broken, 1 unknown" in answer.output


SCENARIO = """\
scenario:
  name: A log that was forged before
  id: forged
  category: integration
  description: The fixture holds an entry that nobody wrote.
  rationale: What a run finds broken is none of its own doing, and is told all the same.
  setup:
    database: {load_fixtures: [forged.sql]}
    persons: [{id: R1, pgy_level: 2}, {id: PD, role: PROGRAM_DIRECTOR}]
    rotations: [{id: ward, min_persons: 0}]
  test_case:
    operation: create_assignment
    parameters: {person_id: R1, rotation_id: ward, date: 2024-12-10}
  expected_outcome: {state_consistent: false}
"""
FORGED = """\
INSERT INTO audit_log (id, number, at, step, actor_id, action, outcome, persons, before, after, reason, previous_hash, hash)
VALUES ('old', 1, '2024-12-01 00:00:00.000000', 'step1', 'PD', 'execute_swap', 'done', '[]', '{}', '{}', '', 'none', 'none');
"""


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run on a roster whose audit log does not hold, in a project of its own."""
    (tmp_path / "forged.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "forged.sql").write_text(FORGED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    answer = rehearse("run", "forged.yaml")
    assert 0 == answer.exit_code, answer.output
    return tmp_path / ".rehearse" / "runs"


TOLD = ("entry 1 of the audit log does not follow the one before it", "entry 1 of the audit log was changed")


@pytest.mark.usefixtures("ran")
def test_a_broken_link_in_what_a_run_left_is_told_with_its_number() -> None:
    """When it is inspected it fails; shown and judged again it is told as what was there before."""
    inspected = rehearse("inspect", "forged")
    assert 1 == inspected.exit_code
    assert f"{BROKEN}    {TOLD[0]}\n    {TOLD[1]}\n" in inspected.output
    for command in ("show", "judge"):
        answer = rehearse(command, "forged")
        assert 0 == answer.exit_code
        assert f"broken before the run: {', '.join(TOLD)}" in answer.output


def test_what_became_of_a_kept_photograph_is_told(ran: Path) -> None:
    """An entry that was rewritten in it is told like one in a database; without a whole file there is nothing to inspect."""
    (state,) = ran.rglob("after.json")
    kept = state.read_text(encoding="utf-8")
    state.write_text(kept.replace('"actor_id":"system"', '"actor_id":"sysadm"'), encoding="utf-8")
    inspected = rehearse("inspect", "forged")
    assert (1, True) == (inspected.exit_code, "    entry 2 of the audit log was changed\n" in inspected.output)
    judged = rehearse("judge", "forged")
    assert (1, True) == (judged.exit_code, "after the run: entry 2 of the audit log was changed" in judged.output)
    state.write_text(kept[:-1], encoding="utf-8")
    assert 3 == rehearse("inspect", "forged").exit_code
    state.unlink()
    assert 3 == rehearse("inspect", "forged").exit_code
