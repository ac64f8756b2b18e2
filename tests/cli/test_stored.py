"""``show``, ``judge`` and ``clean``: runs that are over."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore

if TYPE_CHECKING:
    from cli.conftest import Command

EASIER = "expected_outcome:\n  stock_total: 1\n"
WRONG = "expected_outcome:\n  stock_totl: 1\n"


@pytest.fixture
def ran(rehearse: Command) -> Command:
    """A project in which two scenarios ran, one of them twice."""
    rehearse("run", "sell-two")
    rehearse("run", "sell-two")
    rehearse("run", "sell-wrong")
    return rehearse


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("text", "✓ Two lamps\n"),
        ("json", '{\n  "format": 1,\n  "scenario_id": "sell-two",'),
        ("yaml", "format: 1\nscenario_id: sell-two\n"),
        ("markdown", "# ✓ Two lamps\n"),
        ("html", "<!doctype html>\n"),
        ("junit", "<?xml "),
    ],
)
def test_show(ran: Command, form: str, beginning: str) -> None:
    """A stored run is shown in every format."""
    answer = ran("show", "sell-two-0001", "--format", form)
    assert (0, "") == (answer.code, answer.err)
    assert answer.out.startswith(beginning)


@pytest.mark.parametrize("form", ["html", "text", "json"])
def test_show_writes_a_file(ran: Command, form: str) -> None:
    """With -o the report goes to a file, and its place is said."""
    printed = ran("show", "sell-two-0001", "--format", form).out
    answer = ran("show", "sell-two-0001", "--format", form, "-o", "report.out")
    assert (0, "Report: report.out\n") == (answer.code, answer.out)
    assert printed == (ran.root / "report.out").read_text()


def test_show_says_why_it_cannot_write(ran: Command) -> None:
    """A folder that is not there is a mistake of the caller, told with the file's name."""
    answer = ran("show", "sell-two", "-o", "nowhere/report.html")
    assert 2 == answer.code
    assert "cannot write nowhere/report.html" in answer.err


def test_a_stored_run_reads_as_it_did(ran: Command) -> None:
    """The report of a stored run is the report that was printed when it ended, places included."""
    printed = ran("run", "sell-wrong").out
    assert ran("show", "sell-wrong").out == printed
    assert "scenarios/selling/wrong.yaml:19:5" in printed


def test_a_scenarios_id_means_its_newest_run(ran: Command) -> None:
    """Without a number the newest run is shown."""
    assert "runs/sell-two-0002" in ran("show", "sell-two").out


def test_the_page_has_the_domains_panels_and_the_sql(ran: Command) -> None:
    """The page is made from the evidence alone: panels of the domain, the SQL log, the way to run it again."""
    page = ran("show", "sell-two", "--format", "html").out
    for text in (
        ">Stock</h2>",
        ">lamp</td>",
        "UPDATE products",
        "rehearse run sell-two",
        "It is what a bazaar is for.",
    ):
        assert text in page


@pytest.mark.parametrize("command", ["show", "judge"])
def test_an_unknown_run_suggests_the_nearest(ran: Command, command: str) -> None:
    """A run that is not there is a mistake of the caller."""
    answer = ran(command, "sell-two-0009")
    assert answer.code == 2
    assert "no run `sell-two-0009`" in answer.err
    assert "did you mean `sell-two-000" in answer.err


def test_judge_again(ran: Command) -> None:
    """The same expectations give the same verdict and exit code, without a database."""
    assert (0, 1) == (ran("judge", "sell-two").code, ran("judge", "sell-wrong").code)


def test_judge_with_other_expectations(ran: Command) -> None:
    """Edited expectations are judged on the same evidence, and the stored result stays as it was."""
    ran.write("easier.yaml", EASIER)
    answer = ran("judge", "sell-wrong", "--expect", "easier.yaml", "--json")
    assert answer.code == 0
    assert json.loads(answer.out)["status"] == "passed"
    assert json.loads(ran("show", "sell-wrong", "--format", "json").out)["status"] == "failed"


def test_expectations_with_mistakes(ran: Command) -> None:
    """Mistakes in edited expectations are shown with their place; exit code 2."""
    ran.write("wrong.yaml", WRONG)
    answer = ran("judge", "sell-two", "--expect", "wrong.yaml")
    assert answer.code == 2
    assert "--> wrong.yaml:2:3" in answer.err
    assert "did you mean `stock_total`?" in answer.err


def test_expectations_that_are_not_there(ran: Command) -> None:
    """A file that is missing is a mistake."""
    assert ran("judge", "sell-two", "--expect", "nowhere.yaml").code == 2


def test_an_error_stays_an_error(rehearse: Command) -> None:
    """A run that crashed is not made good by other expectations."""
    rehearse("run", "fire")
    rehearse.write("easier.yaml", "expected_outcome:\n  stock_total: 3\n")
    assert rehearse("judge", "fire", "--expect", "easier.yaml").code == 3


def test_judging_needs_evidence(rehearse: Command) -> None:
    """A run that kept only its result cannot be judged again, and says what is missing."""
    path = rehearse.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text().replace("  clock:", "  capture_artifacts: false\n  clock:"))
    assert rehearse("run", "sell-two").code == 0
    answer = rehearse("judge", "sell-two")
    assert answer.code == 3
    assert "the run did not keep" in answer.err
    assert rehearse("show", "sell-two", "--format", "html").code == 0


def test_what_is_made_from_evidence_is_left_out_without_it(rehearse: Command) -> None:
    """A run that kept only its result says nothing in short, neither when it ends nor when it is shown."""
    path = rehearse.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text().replace("  clock:", "  capture_artifacts: false\n  clock:"))
    printed = rehearse("run", "sell-two").out
    assert printed == rehearse("show", "sell-two").out
    assert "In short" not in printed


def test_clean(ran: Command) -> None:
    """Runs kept for no day go, and the wreck of a killed run; with --dry-run they are only named."""
    path = ran.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text() + "  artifacts: {retention_days: 0}\n")
    ran("run", "sell-two")
    wreck = ran.root / ".rehearse/runs/sell-two-0099"
    wreck.mkdir()
    only_said = ran("clean", "--dry-run")
    assert "sell-two-0003  would go: passed, was to be kept for no day; 0 days old, " in only_said.out
    assert "sell-two-0099  would go: never finished; 0 days old, 0 bytes" in only_said.out
    assert re.search(r"^2 runs would go, .* kB; 3 runs stay, .* kB$", only_said.out, re.MULTILINE)
    assert wreck.is_dir()
    cleaned = ran("clean")
    assert cleaned.code == 0
    assert "sell-two-0003  removed: passed, was to be kept for no day" in cleaned.out
    assert "2 runs removed" in cleaned.out
    assert not wreck.exists()
    assert ran("clean").out.splitlines()[0].startswith("0 runs removed, 0 bytes; 3 runs stay, ")


def test_a_run_that_is_being_read_is_not_cleaned(ran: Command) -> None:
    """It is named, and it stays."""
    path = ran.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text() + "  artifacts: {retention_days: 0}\n")
    ran("run", "sell-two")
    with ArtifactStore(ran.root / ".rehearse").open("sell-two-0003"):
        assert "sell-two-0003  stays: somebody writes or reads it" in ran("clean").out
    assert "sell-two-0003  removed" in ran("clean").out


def test_list_runs(ran: Command) -> None:
    """Each stored run with its outcome, age, size and how long it stays; the options of `list` choose among their scenarios."""
    lines = ran("list", "--runs").out.splitlines()
    assert [
        ["sell-two-0001", "passed", "0", "days"],
        ["sell-two-0002", "passed", "0", "days"],
        ["sell-wrong-0001", "failed", "0", "days"],
    ] == [line.split()[:4] for line in lines[:-1]]
    assert all(re.search(r" \d+\.\d kB  until \d{4}-\d\d-\d\d$", line) for line in lines[:-1])
    assert lines[-1].startswith("3 runs, ")
    assert ["sell-two-0001", "sell-two-0002"] == [
        json.loads(line)["run"] for line in ran("list", "--runs", "--priority", "critical", "--json").out.splitlines()
    ]


def test_a_runs_mark_knows_content_and_database(ran: Command) -> None:
    """Two runs of one text have one content, an edited scenario has another; runs of one command began together."""
    path = ran.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text().replace("Two lamps", "Two good lamps"))
    ran("run", "sell-two", "sell-wrong")
    first, second, third, _, wrong = ArtifactStore(ran.root / ".rehearse").records()
    assert first.about.content == second.about.content != third.about.content
    assert ("sqlite", "Two good lamps") == (third.about.backend, third.about.name)
    assert third.began == wrong.began != second.began
