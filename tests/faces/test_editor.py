"""A scenario in an editor: what a real language server completes, shows and underlines with the published schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faces.editor import Editor
from rehearse.report.schema import schema_text
from rehearse.writing.modeline import modeline
from residency import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.node

STEP = """\
      - operation: mark_unavailable
        parameters: {person_id: R1, date: 2024-12-16, kind: illness}
"""
TEXT = f"""\
{modeline("scenario.schema.json")}
scenario:
  name: One clinic loses its resident
  id: one-clinic-001
  category: n1_failure
  priority: high
  clock: 2024-12-16T06:00
  setup:
    persons:
      - {{id: R1, pgy_level: 2}}
    preconditions:
      - check: all_persons_exist
  test_case:
    operations:
{STEP}\
  expected_outcome:
    coverage_gap_hours: 0
"""
OUTCOME = "    coverage_gap_hours: 0\n"


def changed(old: str, new: str) -> str:
    """The scenario with one piece exchanged."""
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


@pytest.fixture(scope="module")
def editor(language_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor with the published schema beside its files; at the end the server must have asked nobody for anything."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "scenario.schema.json").write_text(schema_text(DOMAIN), encoding="utf-8")
    editor = Editor(language_server, folder)
    yield editor
    editor.close()
    assert [] == editor.strangers


def test_a_right_scenario_is_not_underlined(editor: Editor) -> None:
    """What every case below changes is right before."""
    assert [] == editor.underlined(TEXT)


@pytest.mark.parametrize("written", ["run_cont|", "|"])
def test_operations_complete(editor: Editor, written: str) -> None:
    """At the beginning of an operation's name and at an empty value, every operation is offered with what it does."""
    offered = editor.offered(changed(STEP, f"      - operation: {written}\n"))
    assert list(DOMAIN.operations) == list(offered)
    documentation = offered["run_contingency_analysis"]["documentation"]
    assert documentation.startswith("Plan for every duty inside an absence")


def test_a_step_of_its_own_completes(editor: Editor) -> None:
    """The one operation of a test case completes like those of a list."""
    assert "request_swap" in editor.offered(changed(f"    operations:\n{STEP}", "    operation: |\n"))


def test_parameters_complete(editor: Editor) -> None:
    """Parameters are those of the step's operation; what it must be told comes as one snippet; other spellings stay unsaid."""
    parameters = "parameters: {person_id: R1, date: 2024-12-16, kind: illness}"
    offered = editor.offered(changed(parameters, "parameters:\n          |"))
    assert {"person_id", "start", "end", "trigger_contingency"} <= offered.keys()
    assert not {"swap_id", "person"} & offered.keys()
    assert "person_id: " in offered["what mark_unavailable must be told"]["insertText"]


@pytest.mark.parametrize("written", ["    |\n", "    cov|\n"])
def test_measures_complete(editor: Editor, written: str) -> None:
    """Measures are offered under `expected_outcome`, each with its meaning and unit, beside the engine's own keys."""
    offered = editor.offered(changed(OUTCOME, written))
    assert DOMAIN.measures.keys() | {"assertions", "changes", "final_state", "invariants"} <= offered.keys()
    assert "Missing heads" in offered["coverage_gap_hours"]["documentation"]
    assert "hours" in offered["coverage_gap_hours"]["documentation"]


@pytest.mark.parametrize(
    ("old", "new", "some"),
    [
        ("priority: high", "priority: |", {"critical", "high", "medium", "low"}),
        ("category: n1_failure", "category: |", {"n1_failure", "swap", "moonlight"}),
        ("kind: illness", "kind: |", {"illness", "vacation", "day_off"}),
        ("check: all_persons_exist", "check: |", {"all_persons_exist", "coverage_complete", "on_duty"}),
        (OUTCOME, "    invariants:\n      - |\n", {"no_double_booking", "acgme_compliant"}),
        (OUTCOME, "    assertions:\n      |\n", {"coverage_gap_hours", "backup_activated", "plan_id"}),
        (OUTCOME, "    assertions:\n      told: {type: |}\n", {"numeric", "notification_exists"}),
        (OUTCOME, "    assertions:\n      told:\n        type: person_on_duty\n        |\n", {"person_id", "at"}),
        (OUTCOME, "    changes:\n      |\n", {"only", "assignments", "persons"}),
        ("{id: R1, pgy_level: 2}", "{id: R1, p|}", {"pgy_level", "status", "role"}),
        ("  test_case:\n", "    |\n  test_case:\n", {"rotations", "assignments", "constraints"}),
        ("  priority: high\n", "  priority: high\n  |\n", {"tags", "seed", "timeout_seconds"}),
    ],
)
def test_words_complete(editor: Editor, old: str, new: str, some: set[str]) -> None:
    """Enums, checks, invariants, assertions and their types, tables, fields of rows, sections and keys are offered."""
    assert some <= editor.offered(changed(old, new)).keys()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("operation: mark_unavailable", "operation: mark_|unavailable", "Add an approved absence"),
        ("operation: mark_unavailable", "operation: mark_|unavailable", "parameters: {person_id: R1, start_date:"),
        ("coverage_gap_hours", "coverage|_gap_hours", "Missing heads"),
        ("person_id", "person|_id", "a row of persons, required"),
        ("persons:", "per|sons:", "People: residents, faculty"),
        ("clock:", "clo|ck:", "the now of every operation"),
        ("priority:", "prio|rity:", "order in reports"),
        ("illness", "ill|ness", "the reason if it names one"),
    ],
)
def test_words_are_documented(editor: Editor, old: str, new: str, told: str) -> None:
    """Who points at an operation, a measure, a parameter, a section or a key is told what it means."""
    assert told in editor.told(changed(old, new))


ACCEPTED = "Value is not accepted. Valid values: "


@pytest.mark.parametrize(
    ("old", "new", "text", "message"),
    [
        ("coverage_gap_hours", "coverage_gap_hour", "coverage_gap_hour", "Property coverage_gap_hour is not allowed."),
        ("mark_unavailable", "mark_unavailble", "mark_unavailble", f'{ACCEPTED}"mark_unavailable", "simulate_'),
        ("kind: illness", "kynd: illness", "kynd", "Property kynd is not allowed."),
        ("person_id: R1, ", "", "parameters", 'Missing property "person_id".'),
        ("kind: illness", "kind: ilness", "ilness", f'{ACCEPTED}"illness", "sick", "emergency"'),
        ("priority: high", "priority: urgent", "urgent", f'{ACCEPTED}"critical", "high", "medium", "low".'),
        ("priority: high", "prioritty: high", "prioritty", "Property prioritty is not allowed."),
        ("one-clinic-001", "One_Clinic", "One_Clinic", "write lower-case letters and digits, in groups joined by"),
        ("date: 2024-12-16", "date: 16.12.2024", "16.12.2024", "a date is written 2024-12-25"),
        ("pgy_level: 2", "pgy_level: 9", "9", "Value is above the maximum of 8."),
        ("pgy_level: 2", "pgy_level: two", "two", 'Incorrect type. Expected "integer".'),
        ("all_persons_exist", "all_person_exist", "all_person_exist", f'{ACCEPTED}"all_persons_exist"'),
        (OUTCOME, "    coverage_gap_hours: zero\n", "zero", 'Incorrect type. Expected "number | null | spec".'),
        (OUTCOME, "    invariants: [no_double]\n", "no_double", f'{ACCEPTED}"no_double_booking"'),
        (OUTCOME, "    assertions: {gap: 0}\n", "0", "no measure, field of data or path has this name"),
        (OUTCOME, "    changes: {persons: [{update: R1, stat: x}]}\n", "stat", "Property stat is not allowed."),
    ],
)
def test_mistakes_are_underlined(editor: Editor, old: str, new: str, text: str, message: str) -> None:
    """The wrong word alone is underlined, once, and one short sentence says what is wrong with it."""
    (found,) = editor.underlined(changed(old, new))
    assert text == found.text
    assert found.message.startswith(message)


def test_a_look_at_the_network_would_be_seen(language_server: str, tmp_path: Path) -> None:
    """A schema at an address is asked for, so the watch under which the others run does see."""
    editor = Editor(language_server, tmp_path)
    editor.underlined(f"{modeline('http://schema.invalid/scenario.json')}\nscenario: {{}}\n")
    editor.close()
    assert ["schema.invalid" in found for found in editor.strangers] == [True]
