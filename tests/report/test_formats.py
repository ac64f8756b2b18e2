"""Every format of a report, against its golden file and against a reader of that format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import yaml

from rehearse.panels import PanelTable
from rehearse.report.html import html_report
from rehearse.report.json import json_report
from rehearse.report.junit import junit_report
from rehearse.report.markdown import markdown_report
from rehearse.report.model import Limits, RunReport
from rehearse.report.text import headline, text_report
from rehearse.report.yaml import yaml_report
from rehearse.snapshot.model import Diff
from report.golden import assert_golden
from report.samples import CRASHED, DIFF, FAILED, PASSED, REPORT, SAMPLES, STATEMENTS, change

MANY = Diff(
    {
        "absences": tuple(
            change("absences", "insert", str(n), None, (str(n), "R1", "illness", None)) for n in range(1203)
        )
    },
    DIFF.columns,
)


@pytest.mark.parametrize("name", SAMPLES)
def test_text(name: str) -> None:
    """The text report says in short what the domain says, what was done, what changed, what was checked and where the evidence lies."""
    assert_golden(f"report/{name}.txt", text_report(SAMPLES[name], panels=REPORT.panels))


@pytest.mark.parametrize("name", SAMPLES)
def test_markdown(name: str) -> None:
    """The Markdown report has a table for each part of the run."""
    assert_golden(f"report/{name}.md", markdown_report(replace(REPORT, result=SAMPLES[name])))


@pytest.mark.parametrize("name", SAMPLES)
def test_html(name: str) -> None:
    """The page holds the whole run; style, script and the lines of pictures are left out of the golden file."""
    assert_golden(f"report/{name}.html", skeleton(html_report(replace(REPORT, result=SAMPLES[name]))))


def skeleton(page: str) -> str:
    """A page without what no reader of a golden file reads."""
    page = re.sub(r"(<style>).*?(</style>)", r"\1…\2", page, flags=re.DOTALL)
    page = re.sub(r"(<script>).*?(</script>)", r"\1…\2", page, flags=re.DOTALL)
    page = re.sub(r"(</desc>).*?(</svg>)", r"\1…\2", page, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", page)


def test_a_long_description_leaves_room() -> None:
    """Above what happened stands its beginning; all of it is behind a switch."""
    page = html_report(replace(REPORT, result=replace(PASSED, description="word " * 1000)))
    opening, _, rest = page.partition("2 operations were performed")
    assert 239 <= opening.count("word ") <= 241
    assert "The whole description" in rest
    assert "The whole description" not in html_report(REPORT)


def test_a_page_has_every_row_and_says_which_are_cut() -> None:
    """The first page of a long table stands in the page, all further ones in its block of data; what is cut is told."""
    report = RunReport(result=replace(PASSED, diff=MANY))
    page = html_report(report)
    rows = json.loads(page.split('<script type="application/json">')[1].split("</script>")[0])
    assert [str(n) for n in range(1203)] == [row[2] for row in rows]
    assert "1,178 more rows are in this file" in page
    assert 25 == page.split('<script type="application/json">')[0].count("kind illness")
    assert "… cut: 203 more rows in diff.json" in html_report(report, limits=Limits(rows=1000))


def test_json() -> None:
    """The JSON report is canonical: keys in reading order, numbers as numbers, moments as text."""
    assert_golden("report/passed.json", json_report(REPORT))


def test_yaml_and_json_are_one_tree() -> None:
    """The YAML report read by a safe loader is the JSON report."""
    assert json.loads(json_report(REPORT)) == yaml.safe_load(yaml_report(REPORT))


def test_json_of_a_failure() -> None:
    """A failed run's JSON names status, category, expected and actual of every check."""
    document = json.loads(json_report(RunReport(result=FAILED)))
    assert ("failed", False, "critical") == (document["status"], document["success"], document["category"])
    check = document["validations"]["coverage_gap_hours"]
    assert {"expected": "0", "actual": 6.5} == {key: check[key] for key in ("expected", "actual")}
    assert check["place"] == "scenarios/christmas.yaml:3:5"


def test_junit() -> None:
    """Unmet expectations are failures, everything else that did not pass is an error."""
    text = junit_report([replace(REPORT, result=result) for result in SAMPLES.values()])
    assert_golden("report/junit.xml", text)
    suite = ET.fromstring(text)  # noqa: S314  (our own text)
    assert {"tests": "4", "failures": "1", "errors": "2"} == {
        key: suite.attrib[key] for key in ("tests", "failures", "errors")
    }
    assert [case.attrib["name"] for case in suite.iter("testcase")] == ["christmas-call"] * 4


def test_headline_is_one_line() -> None:
    """In a list a run is one line: mark, id, status, time, queries."""
    assert headline(PASSED).text == "✓ christmas-call · passed · 12 ms · 10 queries"
    assert headline(CRASHED).text == "! christmas-call · error · flaky · 12 ms · 10 queries"


def test_the_same_result_gives_the_same_bytes() -> None:
    """Nothing in a report depends on the clock or on chance."""
    for render in (html_report, json_report, yaml_report, markdown_report):
        assert render(REPORT) == render(REPORT)


@pytest.mark.parametrize("render", [json_report, yaml_report, markdown_report])
def test_rows_beyond_a_thousand_are_cut_and_marked(render: object) -> None:
    """A table of a report ends after 1,000 rows, and says how many are missing and where they are."""
    text = render(RunReport(result=replace(PASSED, diff=MANY)))  # type: ignore[operator]
    assert "203 more rows in diff" in text.replace("\\", "")
    assert text.count("illness") == 1000


def test_text_rows_beyond_a_thousand_are_cut_and_marked() -> None:
    """The text report cuts as every other does."""
    text = text_report(replace(PASSED, diff=MANY))
    assert "… cut: 203 more rows of absences in diff.json" in text
    assert text.count("illness") == 1000


def test_panels_and_statements_are_cut_and_marked() -> None:
    """A domain's table and the SQL log are cut alike."""
    panel = PanelTable("Long", ("n",), tuple((str(n),) for n in range(7)))
    report = replace(REPORT, panels=(panel,), statements=STATEMENTS * 4, statements_dropped=0)
    limits = Limits(rows=5, statements=3)
    page = html_report(report, limits=limits)
    assert "cut: 2 more rows" in page
    assert "cut: 5 more statements were only counted" in page
    assert "cut: 2 more rows" in markdown_report(report, limits=limits).replace("\\", "")


def test_a_long_statement_is_cut_and_marked() -> None:
    """10 kB of one statement are shown."""
    long = replace(STATEMENTS[0], sql="SELECT " + "x" * 20_000)
    page = html_report(replace(REPORT, statements=(long,)))
    assert "… [cut: 20,007 characters in all]" in page
    assert page.count("x" * 100) <= 100


def test_a_cell_of_a_gigabyte_is_cut() -> None:
    """A cell holds 2 kB, whatever is in it."""
    huge = change("absences", "insert", "a", None, ("a", "R1", "é" * 3_000_000, None))
    text = text_report(replace(PASSED, diff=Diff({"absences": (huge,)}, DIFF.columns)))
    assert "… [cut: 3,000,000 characters in all]" in text
    assert len(text.encode()) < 5_000


def test_a_page_stays_below_ten_megabytes() -> None:
    """A page that would be larger is made again with a quarter of every limit."""
    rows = tuple(tuple("&" * 2000 for _ in range(20)) for _ in range(900))
    page = html_report(replace(REPORT, panels=(PanelTable("Wide", tuple("abcdefghijklmnopqrst"), rows),)))
    assert len(page.encode()) < 10 * 1024 * 1024
    assert "more rows" in page


def test_checks_beyond_the_limit_are_cut_and_marked() -> None:
    """So many checks as rows."""
    limits = Limits(rows=1)
    assert "… cut: 2 more checks in result.json" in text_report(FAILED, limits=limits)
    assert "cut: 2 more checks in result.json" in html_report(RunReport(result=FAILED), limits=limits)
    assert "2 more checks in result" in markdown_report(RunReport(result=FAILED), limits=limits).replace("\\", "")
