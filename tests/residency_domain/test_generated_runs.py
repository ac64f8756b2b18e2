"""Generation as a step of a run: in a process of its own, killed at its deadline, loaded late; and an export that is loaded again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import load_written
from rehearse.plan import make_plan
from rehearse.run.evidence import AFTER
from rehearse.run.run import Services, perform
from rehearse.snapshot.serialize import from_json
from residency import DOMAIN
from residency.export import fixture_text
from residency.model import (
    Absence,
    AbsenceKind,
    Backup,
    Duty,
    DutyKind,
    Holiday,
    Person,
    Preference,
    RequestStatus,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
    RotationType,
)
from residency.setup.draft import make_draft, values

from .rosters import at

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.run.outcome import ScenarioResult

_LATE = """\
scenario:
  name: A deadline before the solver can answer
  id: late-generation
  timeout_seconds: {seconds}
  setup:
    persons:
      - generate: {{count: 12, template: {{id: "R${{loop.index}}", pgy_level: 2}}}}
    rotations: [{{id: ward}}]
    requirements:
      - generate:
          for: {{day: {{from: 2024-12-02, to: 2024-12-29}}}}
          template: {{rotation_id: ward, date: "${{loop.day}}", block_period: DAY, min_persons: 5}}
  test_case:
    operation: generate_schedule
    parameters: {{start_date: 2024-12-02, end_date: 2024-12-29}}
  expected_outcome: {{success: true}}
"""
_EMPTY = """\
scenario:
  name: An exported roster
  id: exported
  setup: {database: {load_fixtures: [roster.json]}}
  test_case: {operation: validate_acgme}
  expected_outcome: {success: true}
"""


def run(folder: Path, text: str, store: Store) -> ScenarioResult:
    """Perform the one scenario of a folder."""
    (folder / "one.yaml").write_text(text, encoding="utf-8")
    (written,) = Catalog((folder,)).all()
    with ArtifactStore(folder / "runs") as runs:
        return perform(make_plan(load_written(written)), Services(store, runs))


def test_a_deadline_ends_the_solver_and_nothing_is_written(store: Store, tmp_path: Path) -> None:
    """The process is killed while it loads or searches: a timeout, no duty, no audit entry, no notice."""
    result = run(tmp_path, _LATE.format(seconds=0.4), store)
    assert ("timeout", "error") == (result.status, result.steps[0].outcome)
    assert "nothing was committed" in (result.steps[0].error or "")
    after = from_json((Path(result.run_path) / AFTER).read_bytes())
    written = ("assignments", "audit_log", "notifications", "equity_ledger")
    assert [0, 0, 0, 0] == [len(after.tables[name].rows) for name in written]


@pytest.mark.parametrize("module", ["rehearse", "residency", "residency.operations.generate_schedule"])
def test_the_solver_is_loaded_late(module: str) -> None:
    """Whoever does not generate does not wait for OR-tools to be loaded."""
    code = f"import sys, {module}; sys.exit(any(name.startswith('ortools') for name in sys.modules))"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def full_roster() -> Roster:
    """Return one row or two of everything, with every optional field used somewhere."""
    persons = (
        Person("R1", pgy_level=1, first_name="Ada", last_name="L", qualifications=frozenset({"acls"})),
        Person("R2", pgy_level=3, first_name="R2", max_weekly_minutes=3630, may_moonlight=True),
        Person("F1", Role.FACULTY, first_name="F1", can_supervise=True, may_moonlight=True),
    )
    rotations = (
        Rotation("ward", "Ward", RotationType.INPATIENT, block_minutes=270, max_persons=3, requires_supervision=True),
        Rotation(
            "call", "call", RotationType.CALL, DutyKind.IN_HOUSE_CALL, requires=frozenset({"acls"}), critical=True
        ),
    )
    duties = (
        Duty("d1", "R1", "call", at("12-02 07:00"), at("12-03 07:00"), DutyKind.IN_HOUSE_CALL, pinned=True),
        Duty("d2", "R2", None, at("12-02 07:00"), at("12-02 09:01"), DutyKind.EDUCATION, exception=True),
    )
    requirement = Requirement("q1", "ward", at("12-02 07:00"), at("12-02 19:00"), 2, Role.FACULTY)
    period = RotationPeriod("p1", "R2", at("12-02"), at("12-29"), "ward", 88 * 60, "GMEC")
    absences = (
        Absence("a1", "R1", at("12-10"), at("12-12"), AbsenceKind.VACATION),
        Absence("a2", "R2", at("12-10 12:00"), at("12-11"), AbsenceKind.ILLNESS, RequestStatus.PENDING, "flu"),
    )
    return Roster(persons, rotations, duties, (requirement,), (period,), absences)


def test_an_export_is_loaded_again_as_it_was(tmp_path: Path) -> None:
    """Every row and field comes back, and exporting what was loaded gives the same text."""
    roster = full_roster()
    backups = (
        Backup("b1", "R1", "R2", 1, at("12-02 07:00"), at("12-09"), frozenset({"ward"}), 2),
        Backup("b2", "R1", "F1", 2),
    )
    holidays = (Holiday(at("12-25"), "Christmas Day", worked_by=("R1",)), Holiday(at("12-24"), "Eve", major=False))
    wishes = (Preference("R1", at("12-25"), "AM", "off", 5), Preference("R2", at("12-26"), None, "ward"))
    text = fixture_text(roster, backups=backups, holidays=holidays, preferences=wishes)
    (tmp_path / "roster.json").write_text(text, encoding="utf-8")
    (tmp_path / "one.yaml").write_text(_EMPTY, encoding="utf-8")
    (written,) = Catalog((tmp_path,)).all()
    loaded = load_written(written)
    rows = {
        table.table: len(table.rows)
        for table in DOMAIN.rows(loaded.scenario.setup.world, loaded.policy, loaded.scenario.clock)
    }
    assert {"persons": 3, "rotations": 2, "assignments": 2, "absences": 2, "backups": 2, "holidays": 2} == {
        name: rows[name] for name in ("persons", "rotations", "assignments", "absences", "backups", "holidays")
    }
    draft = make_draft(loaded.scenario.setup.world, loaded.policy.periods)
    made = draft.roster()
    assert roster == made
    again = fixture_text(
        made, backups=values(draft.backups), holidays=values(draft.holidays), preferences=values(draft.preferences)
    )
    assert json.loads(text) == json.loads(again)
