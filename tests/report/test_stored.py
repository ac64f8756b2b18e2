"""Reports of stored runs, made from whatever files are left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from rehearse.codec import dumps
from rehearse.errors import ArtifactError
from rehearse.report.folder import Folder
from rehearse.report.formats import RENDERERS, rendered
from rehearse.report.stored import command, stored_report, stored_result
from rehearse.run.evidence import RESULT, SCENARIO, SQL
from rehearse.run.outcome import Isolation
from rehearse.run.rejudge import NEEDED
from report.samples import PASSED, STATEMENTS

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO_TEXT = """\
scenario:
  id: christmas-call
  domain: nowhere
  category: n1_failure
  tags: [n1, holiday]
  rationale: |
    Holidays have
    the thinnest cover.
  clock: 2024-12-25T06:00
  seed: 7
  setup:
    persons:
      - {id: R1, category: no}
  debug_mode: true
"""


@dataclass(frozen=True)
class Held:
    """Files of a run in memory."""

    texts: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(self.texts)

    def read(self, name: str) -> str:
        """Return a file's text."""
        return self.texts[name]


FILES = Held(
    {
        RESULT: dumps(PASSED),
        SCENARIO: SCENARIO_TEXT,
        SQL: "".join(f"{dumps(replace(statement, number=number))}\n" for number, statement in enumerate(STATEMENTS, 1)),
    }
)


def test_a_result_is_read_back() -> None:
    """What a run wrote reads back as the same result, but for the text that places lie in."""
    found = stored_result(FILES)
    assert (found.steps, found.diff, found.isolation, found.metrics) == (
        PASSED.steps,
        PASSED.diff,
        PASSED.isolation,
        PASSED.metrics,
    )
    assert {key: str(check.span) for key, check in found.validations.items()} == {
        key: str(check.span) for key, check in PASSED.validations.items()
    }


def test_the_subject_comes_from_the_scenario() -> None:
    """Category, tags, rationale and clock are read from the scenario's own lines, not from its sections."""
    subject = stored_report(FILES, PASSED).subject
    assert (subject.category, subject.tags, subject.clock, subject.seed) == (
        "n1_failure",
        ("n1", "holiday"),
        "2024-12-25T06:00",
        7,
    )
    assert subject.rationale == "Holidays have\nthe thinnest cover.\n"


def test_statements_that_were_only_counted_are_counted() -> None:
    """The report says how many statements of the steps are not in the log, and whether values are."""
    report = stored_report(FILES, PASSED)
    assert (len(report.statements), report.statements_dropped, report.values_logged) == (2, 10, True)


@pytest.mark.parametrize("form", RENDERERS)
def test_a_report_needs_the_result_alone(form: str) -> None:
    """Whatever else is gone, every format can be made."""
    assert "christmas" in rendered(form, Held({RESULT: dumps(PASSED)}), PASSED)


def test_a_domain_that_crashes_costs_its_panels_only() -> None:
    """Panels that cannot be made are a note in the report."""
    (panel,) = stored_report(Held(dict.fromkeys(NEEDED, "scenario: {}")), PASSED).panels
    assert panel.note.startswith("could not be made: ")


@pytest.mark.parametrize("text", ["{}", "[", '{"scenario_id": 1}'])
def test_a_result_that_is_none_is_told(text: str) -> None:
    """A result file with anything else in it is named."""
    with pytest.raises(ArtifactError, match=r"result\.json"):
        stored_result(Held({RESULT: text}))


def test_a_folder_reads_its_files(tmp_path: Path) -> None:
    """The files of a run that is just ending are read as they are; one that cannot be read is named."""
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.bin").write_bytes(b"\xff")
    folder = Folder(tmp_path)
    assert (folder.names, folder.read("a.txt")) == (("a.txt", "b.bin"), "text")
    for name in ("b.bin", "c.txt"):
        with pytest.raises(ArtifactError, match=name):
            folder.read(name)


@pytest.mark.parametrize(
    ("isolation", "expected"),
    [
        (None, "rehearse run christmas-call"),
        (Isolation("sqlite", "3", "memory", "BEGIN"), "rehearse run christmas-call"),
        (Isolation("postgresql", "15", "database", "SERIALIZABLE"), "rehearse run christmas-call --database bundled"),
        (Isolation("postgresql", "15", "attached", "x"), "rehearse run christmas-call --database URL --consent NAME"),
    ],
)
def test_the_command_asks_for_the_same_kind_of_database(isolation: Isolation | None, expected: str) -> None:
    """What a report tells one to run again uses the same backend."""
    assert command(replace(PASSED, isolation=isolation)) == expected
