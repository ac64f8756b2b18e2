"""A suite's report in every format, against its golden file and against a reader of that format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import MappingProxyType

import pytest

from rehearse.report.html.page import content_policy
from rehearse.report.model import RunReport, Subject
from rehearse.report.reason import why_text
from rehearse.report.suite.gather import row_of
from rehearse.report.suite.html import LISTED, strip_of, suite_html
from rehearse.report.suite.json import suite_json
from rehearse.report.suite.markdown import suite_markdown
from rehearse.report.suite.model import Past, SuiteReport
from report.golden import assert_golden
from report.samples import FAILED, PASSED
from report.suite.samples import RESULTS, SUITE
from report.test_hostile import HOSTILE, Page

MACHINES = ("suite.json", "junit.xml", "suite.md")


def undrawn(page: str) -> str:
    """A page without the inside of its pictures, which is the plotting library's."""
    return re.sub(r"(<svg[^>]*>).*?</svg>", r"\1</svg>", page, flags=re.DOTALL)


def test_json() -> None:
    """Totals, every run with its reason and its past, and the trend."""
    assert_golden("report/suite.json", suite_json(SUITE))


def test_markdown() -> None:
    """What did not pass and why stands first; what passed is folded."""
    assert_golden("report/suite.md", suite_markdown(SUITE))


def test_html() -> None:
    """The page holds every row, and reads without a script."""
    assert_golden("report/suite.html", undrawn(suite_html(SUITE, beside=MACHINES)))


def test_the_same_suite_gives_the_same_bytes() -> None:
    """Nothing in it depends on the clock or on chance."""
    for render in (suite_html, suite_json, suite_markdown):
        assert render(SUITE) == render(SUITE)


@pytest.mark.parametrize(
    ("rows", "missing", "title", "status"),
    [
        (SUITE.rows, 0, "1 of 3 scenarios passed", "error"),
        (SUITE.rows[:1], 0, "The scenario passed", "passed"),
        (SUITE.rows[:1] * 2, 0, "All 2 scenarios passed", "passed"),
        (SUITE.rows[:2], 0, "1 of 2 scenarios passed", "failed"),
        (SUITE.rows[:1], 2, "1 of 3 scenarios passed", "unknown"),
        ((), 0, "0 of 0 scenarios passed", "unknown"),
    ],
)
def test_the_headline_is_the_worst_of_all(rows: tuple[object, ...], missing: int, title: str, status: str) -> None:
    """By the written precedence; scenarios that did not begin are not forgotten, and nothing at all has not passed."""
    suite = SuiteReport(rows=rows, missing=missing)  # type: ignore[arg-type]
    page = suite_html(suite)
    assert f"<h1>{title}</h1>" in page
    assert f'<header class="{status}">' in page
    assert status == json.loads(suite_json(suite))["status"]
    assert ("did not begin" in page) == bool(missing)


def test_a_reason_is_one_line_and_says_how_many_more_there_are() -> None:
    """The decisive reason stands there; the run's own page has the rest."""
    assert "coverage_gap_hours: expected 0, found 6.5 (and 1 more)" == why_text(FAILED)
    assert "" == why_text(PASSED)
    assert "first … (and 1 more)" == why_text(replace(FAILED, errors=("first\nsecond", "third")))
    assert "boom" == why_text(replace(FAILED, errors=(), error="boom"))
    assert "failed" == why_text(replace(FAILED, errors=(), error=None))
    assert len(why_text(replace(FAILED, errors=("x" * 100_000,)))) < 400


def test_last_outcomes_are_marks_and_words() -> None:
    """Equal neighbours stand together; whoever cannot see the marks hears them."""
    strip = strip_of(Past(("passed", "passed", "failed", "passed")))
    assert (("passed", "✓✓"), ("failed", "✗"), ("passed", "✓")) == strip.parts
    assert "last 4 outcomes, oldest first: 2 passed, 1 failed, 1 passed" == strip.words
    assert "its first outcome: 1 timeout" == strip_of(Past(("timeout",))).words


def test_a_long_list_of_what_did_not_pass_is_cut_and_the_table_is_not() -> None:
    """Above the table fifty are named, and how many more there are; below stand all."""
    rows = tuple(replace(SUITE.rows[1], scenario_id=f"ward-{number}") for number in range(LISTED + 7))
    page = suite_html(SuiteReport(rows=rows))
    assert page.count("… and 7 more, in the table below") == 2  # it is flaky too
    assert page.count(" data-status=") == LISTED + 7


def test_a_page_allows_nothing_but_its_own_style_and_script() -> None:
    """The policy names both by the hash of their exact text; nothing is loaded, and no element has a handler or a style of its own."""
    page = suite_html(SUITE, beside=MACHINES)
    style = page.split("<style>")[1].split("</style>")[0]
    script = page.split("<script>")[1].split("</script>")[0]
    written = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0].replace("&#39;", "'")
    assert content_policy(style, script) == written
    assert written.startswith("default-src 'none'; style-src 'sha256-")
    found = Page(page)
    assert not {name for name in found.attributes if name.startswith("on") or name in {"style", "src"}}
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """No name, reason, tag or category gains the page an element, breaks a row of Markdown, or hides in JSON."""

    def hostile(said: str) -> SuiteReport:
        result = replace(FAILED, scenario_id=said, scenario_name=said, errors=(said, said), run_id="a-0001")
        subject = Subject(category=said, priority=said, tags=(said, said))
        row = row_of(
            RunReport(result=result, subject=subject, command=said), Past(("failed",), "attempts disagree"), ""
        )
        other = replace(row, scenario_id="other", subject=Subject(category="other"))
        return SuiteReport(rows=(row, other), trend=SUITE.trend, environment=((said, said),))

    harmless, page = Page(suite_html(hostile("x"))), suite_html(hostile(text))
    assert [tag for tag in harmless.tags if tag != "text"] == [tag for tag in Page(page).tags if tag != "text"]
    assert harmless.attributes == Page(page).attributes
    for written in (page, suite_json(hostile(text)), suite_markdown(hostile(text))):
        written.encode()
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]", written
        )
    lines = [line for line in suite_markdown(hostile(text)).splitlines() if line.startswith("|")]
    assert {4, 5} == {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert 2 == len(json.loads(suite_json(hostile(text)))["runs"])


def test_ten_thousand_characters_are_cut_where_they_stand() -> None:
    """A name in a list is one line."""
    result = replace(PASSED, scenario_name="x" * 10_000, validations=MappingProxyType({}))
    page = suite_html(SuiteReport(rows=(row_of(RunReport(result=result), Past(("passed",))),)))
    assert "[cut: 10,000 characters in all]" in page
    assert "x" * 301 not in page


def test_a_thousand_scenarios_stay_under_five_megabytes() -> None:
    """With failures, tags and a long past in each row."""
    rows = tuple(
        replace(
            SUITE.rows[number % 3],
            scenario_id=f"scenario-{number:04d}",
            name=f"The night of resident {number} ends before anybody has come to take it over",
            subject=Subject(
                category=f"category-{number % 12}", priority="high", tags=("n1", f"tag-{number % 40}", "christmas")
            ),
            past=Past(("passed", "failed") * 6, "outcomes alternate: 11 changes in 12 runs of the same scenario"),
            page=f"runs/scenario-{number:04d}-0001.html",
        )
        for number in range(1000)
    )
    page = suite_html(SuiteReport(rows=rows, trend=SUITE.trend * 6))
    assert len(page.encode()) < 5_000_000
    assert page.count(" data-status=") == 1000


def test_results_in_the_sample_are_in_the_order_of_the_run() -> None:
    """Rows keep it; what did not pass is listed with the failed ones first."""
    assert [each.scenario_id for each in RESULTS] == [row.scenario_id for row in SUITE.rows]
    assert ["ward", "swap"] == [row.scenario_id for row in SUITE.unmet]
