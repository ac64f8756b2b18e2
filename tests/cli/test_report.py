"""``report`` and ``run --report``: many runs as pages that link to each other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def links(page: Path) -> set[str]:
    """The addresses that a page links to, but for places in itself."""
    return {
        link for link in re.findall(r'href="([^"]*)"', page.read_text(encoding="utf-8")) if not link.startswith("#")
    }


def files(folder: Path) -> set[str]:
    """Everything below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_run_with_a_report(rehearse: Command) -> None:
    """A page of all runs, one of each beside it, and the same for machines; the exit code is the run's."""
    answer = rehearse("run", "selling", "--report", "out")
    assert answer.code == 1
    assert "Report: out/index.html" in answer.out
    folder = rehearse.root / "out"
    runs = {"runs/sell-two-0001.html", "runs/sell-wrong-0001.html"}
    machines = {"suite.json", "junit.xml", "suite.md"}
    assert {"index.html"} | runs | machines == files(folder)
    assert runs | machines == links(folder / "index.html")
    page = (folder / "index.html").read_text()
    assert "<h1>1 of 2 scenarios passed</h1>" in page
    assert '<div class="why">stock_total: expected 2, found 1</div>' in page
    assert "Two lamps, counted wrongly" in (folder / "runs/sell-wrong-0001.html").read_text()
    assert "../index.html" in links(folder / "runs/sell-wrong-0001.html")


def test_the_forms_for_machines_agree(rehearse: Command) -> None:
    """JSON, JUnit and Markdown tell of the same runs."""
    rehearse("run", "selling", "fire", "--report", "out")
    told = json.loads((rehearse.root / "out/suite.json").read_text())
    assert ("error", 3, {"failed": 1, "error": 1, "passed": 1}) == (told["status"], told["scenarios"], told["counts"])
    (suite,) = ET.fromstring((rehearse.root / "out/junit.xml").read_text())  # noqa: S314  (our own text)
    assert {"3", "1"} == {suite.attrib["tests"], suite.attrib["failures"], suite.attrib["errors"]}
    assert [run["scenario_id"] for run in told["runs"]] == [case.attrib["name"] for case in suite]
    assert (rehearse.root / "out/suite.md").read_text().startswith("# ! 1 of 3 scenarios passed\n")


def test_a_report_as_one_named_page(rehearse: Command) -> None:
    """A name that ends in .html is the suite's page; the runs lie in a folder of that name beside it."""
    rehearse("run", "selling", "--report", "out/today.html")
    runs = {"today-runs/sell-two-0001.html", "today-runs/sell-wrong-0001.html"}
    assert {"today.html"} | runs == files(rehearse.root / "out")
    assert runs == links(rehearse.root / "out/today.html")


def test_pages_of_what_did_not_pass_alone(rehearse: Command) -> None:
    """Where drawing a page for each run takes too long, those that passed are rows without a link."""
    rehearse("run", "selling", "--report", "out", "--pages", "unmet")
    assert {"sell-wrong-0001.html"} == files(rehearse.root / "out/runs")
    page = (rehearse.root / "out/index.html").read_text()
    assert "<strong>Two lamps</strong>" in page
    assert '"runs/sell-wrong-0001.html"' in page
    rehearse("report", "--pages", "unmet", "--to", "again")
    assert {"sell-wrong-0001.html"} == files(rehearse.root / "again/runs")


def test_one_scenario_has_a_report_too(rehearse: Command) -> None:
    """A suite of one."""
    rehearse("run", "sell-two", "--report", "out")
    assert "<h1>The scenario passed</h1>" in (rehearse.root / "out/index.html").read_text()


def test_json_lines_stay_alone_on_standard_output(rehearse: Command) -> None:
    """Where the report lies is told on standard error."""
    answer = rehearse("run", "sell-two", "--report", "out", "--json")
    assert all(json.loads(line) for line in answer.out.splitlines())
    assert "Report: out/index.html" in answer.err


def test_attempts_that_disagree_are_in_the_report(rehearse: Command) -> None:
    """Of a retried run every attempt counts as an outcome; those that agree are not flaky."""
    rehearse("run", "wait", "--retry", "2", "--report", "out")
    (run,) = json.loads((rehearse.root / "out/suite.json").read_text())["runs"]
    assert (["timeout", "timeout"], None) == (run["outcomes"], run["flaky"])


def test_a_report_of_stored_runs(rehearse: Command) -> None:
    """The newest run of each scenario, beside the runs unless another place is named."""
    rehearse("run", "selling")
    rehearse("run", "sell-two")
    answer = rehearse("report")
    assert (0, "") == (answer.code, answer.err)
    assert "2 scenarios: 1 failed, 1 passed\nReport: .rehearse/report/index.html\n" == answer.out
    folder = rehearse.root / ".rehearse/report"
    assert {"runs/sell-two-0002.html", "runs/sell-wrong-0001.html"} < links(folder / "index.html")
    assert 'aria-label="last 2 outcomes, oldest first: 2 passed"' in (folder / "index.html").read_text()
    rehearse("report", "sell-two", "--to", "two")
    assert "<h1>The scenario passed</h1>" in (rehearse.root / "two/index.html").read_text()


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("json", '{\n  "format": 1,\n  "status": "failed",'), ("markdown", "# ✗ 1 of 2 "), ("junit", "<?xml ")],
)
def test_the_suite_alone_on_standard_output(rehearse: Command, form: str, beginning: str) -> None:
    """The other formats are one text each."""
    rehearse("run", "selling")
    answer = rehearse("report", "--format", form)
    assert (0, "") == (answer.code, answer.err)
    assert answer.out.startswith(beginning)
    assert "sell-wrong" in answer.out.replace("\\", "")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("report",), "there is no run to report on; `rehearse run --all` makes them"),
        (("report", "sell-two"), "there is no run of sell-two; `rehearse run` makes one"),
        (("report", "sell-tw"), "did you mean"),
        (("report", "--to", "x", "--format", "json"), "--to says where pages go"),
    ],
)
def test_what_cannot_be_reported(rehearse: Command, arguments: tuple[str, ...], complaint: str) -> None:
    """A mistake of the caller: exit code 2, what is wrong, and what to do."""
    answer = rehearse(*arguments)
    assert answer.code == 2
    assert complaint in answer.err


def test_a_place_that_cannot_be_written_is_named(rehearse: Command) -> None:
    """An error of the machine, after the runs; their evidence is there."""
    rehearse.write("taken", "a file")
    answer = rehearse("run", "sell-two", "--report", "taken")
    assert answer.code == 3
    assert "cannot write taken/" in answer.err
    assert "sell-two-0001" in rehearse("list", "--runs").out


def test_alternating_outcomes_are_told(rehearse: Command) -> None:
    """The same scenario passed, failed and passed, as its marks say: whoever reads the report is told."""
    store = rehearse.root / ".rehearse/runs"
    for _ in range(3):
        rehearse("run", "sell-two")
    mark = store / "sell-two-0002/complete.json"
    mark.write_text(mark.read_text().replace('"status": "passed"', '"status": "failed"'))
    (store / "index.jsonl").unlink()
    told = json.loads(rehearse("report", "--format", "json").out)
    assert ["sell-two"] == told["flaky"]
    assert "outcomes alternate: 2 changes in 3 runs of the same scenario" == told["runs"][0]["flaky"]
