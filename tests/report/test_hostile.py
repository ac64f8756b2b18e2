"""Text from anywhere stays text: in a terminal, on a page, in XML, in Markdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from html.parser import HTMLParser
from types import MappingProxyType
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rehearse.domain import Reason
from rehearse.panels import (
    AnyPanel,
    CalendarEntry,
    CalendarRow,
    ChainLink,
    CoverageCell,
    CoverageRow,
    LimitSeries,
    LimitWindow,
    PanelCalendar,
    PanelChain,
    PanelCoverage,
    PanelLimits,
    PanelTable,
    PanelTimeline,
    PanelWords,
    TimelineBar,
)
from rehearse.report.html import html_report
from rehearse.report.html.page import content_policy
from rehearse.report.json import json_report
from rehearse.report.junit import junit_report
from rehearse.report.markdown import markdown_report
from rehearse.report.model import EventLine, RunReport, Subject
from rehearse.report.text import text_report
from rehearse.report.visible import cell, visible, visible_line
from rehearse.report.yaml import yaml_report
from rehearse.snapshot.model import Diff
from rehearse.values import FrozenMap
from report.samples import CHECKS, DIFF, REPORT, STATEMENTS, STEPS, change

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><script>x</script>",
    "{{ 7*7 }} {% raw %}",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil\x07",
    "admin\u202efdp.exe",
    "a\x00b\x08c\x7f\x9b\ufffe\uffff\ud800",
    "]]></failure><testcase/>",
    "| a | b |\n## heading `code` [x](javascript:alert(1))",
    "a\u2028b\u2029c\ufeff",
)


def hostile_report(text: str) -> RunReport:
    """A report that has `text` everywhere where text of others can be."""
    result = REPORT.result
    step = replace(
        STEPS[1], operation=text, reasons=(Reason(text, text, text),), error=text, data=FrozenMap({text: text})
    )
    check = replace(CHECKS[0], key=text, status="failed", expected=text, actual=text, message=text, traceback=text)
    diff = Diff(
        {text: (change("absences", "insert", text, None, (text, text, text, text)),)},
        {text: (text, "b", "c", "d"), **DIFF.columns},
    )
    return RunReport(
        result=replace(
            result,
            status="failed",
            scenario_id=text,
            scenario_name=text,
            description=text,
            errors=(text,),
            error=text,
            traceback=text,
            run_id=text,
            run_path=text,
            steps=(step,),
            diff=diff,
            validations=MappingProxyType({text: check}),
            artifacts=MappingProxyType({"run": text}),
        ),
        subject=Subject(category=text, tags=(text,), rationale=text, file=text),
        panels=hostile_panels(text),
        events=(EventLine(text, ((text, text),)),),
        statements=(replace(STATEMENTS[1], sql=text, parameters=text, error=text, step=text),),
        environment=(("a", text),),
        command=text,
    )


def hostile_panels(text: str) -> tuple[AnyPanel, ...]:
    """A panel of every kind, with `text` wherever a domain writes one."""
    days = (date(2024, 12, 24), date(2024, 12, 25))
    entry = CalendarEntry(text, text, "added")
    window = LimitWindow(*days, Fraction(84), Fraction(80), Fraction(60))
    rolling = tuple(replace(window, start=days[0] + timedelta(days=n)) for n in range(5))
    return (
        PanelTable(text, (text,), ((text,),), text, (text,)),
        PanelWords(text, (text,) * 8, text, text),
        PanelCalendar(text, days, (CalendarRow(text, ((entry,), ())),), ((text, text),), ((days[0], text),), text),
        PanelLimits(text, text, (LimitSeries(text, (window,)),), text),
        PanelLimits(text, text, (LimitSeries(text, rolling),), text),
        PanelCoverage(text, days, (CoverageRow(text, (None, CoverageCell(2, 2, 1, Fraction(1), text))),), text),
        PanelChain(
            text, ((text, text),), (ChainLink(text, f"{text}2", text), ChainLink(f"{text}2", "", text, "open")), text
        ),
        PanelTimeline(text, (TimelineBar(text, 0.0, 1.0, 2, text, good=False),), text),
    )


class Page(HTMLParser):
    """Which tags and attributes a page really has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.feed(page)
        self.close()

    def tags_but(self, *left_out: str) -> list[str]:
        """The tags without some."""
        return [tag for tag in self.tags if tag not in left_out]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name == "href"]


WRAPPED = ("text", "tspan")
"""A label in a picture has as many of these as it has lines."""
SAFE_ATTRIBUTES = {
    *(
        "class",
        "colspan",
        "title",
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "id",
        "role",
        "tabindex",
        "scope",
    ),
    *(
        "aria-hidden",
        "aria-label",
        "aria-labelledby",
        "href",
        "type",
        "hidden",
        "open",
        "value",
        "autocomplete",
        "spellcheck",
    ),
    *("data-label", "data-style", "data-page-size", "data-turn"),
    *("viewbox", "width", "height", "d", "x", "y", "rx", "transform", "fill", "stroke", "clip-path", "text-anchor"),
    *("stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray", "stroke-dashoffset", "font-size"),
    *("font-weight", "patternunits", "opacity"),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_has_the_tags_of_its_template_only(text: str) -> None:
    """Whatever a scenario, a row or an error says, the page gains no element, no script and no event handler."""
    harmless, hostile = Page(html_report(hostile_report("x"))), Page(html_report(hostile_report(text)))
    assert harmless.tags_but(*WRAPPED) == hostile.tags_but(*WRAPPED)
    assert hostile.attributes <= SAFE_ATTRIBUTES
    assert all(target.startswith("#") for target in hostile.targets)
    assert hostile.tags.count("style") == 1


def test_a_page_allows_nothing_but_its_own_style_and_script() -> None:
    """The policy forbids everything, and allows the one style sheet and the one script by the hashes of their exact texts."""
    page = html_report(REPORT)
    style = page.split("<style>")[1].split("</style>")[0]
    script = page.split("<script>")[1].split("</script>")[0]
    written = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0].replace("&#39;", "'")
    assert content_policy(style, script) == written
    assert written.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in written
    assert not re.search(r"\s(?:src|style|on\w+)=", page.split("<script>")[0])
    assert not re.search(r"url\((?!#)|@import|https?://", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_xml_stays_well_formed(text: str) -> None:
    """JUnit's file has one test case, whatever stands in it."""
    root = ET.fromstring(junit_report([hostile_report(text)]))  # noqa: S314  (our own text)
    assert len(list(root.iter("testcase"))) == 1


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("render", [json_report, yaml_report, markdown_report, html_report])
def test_no_format_holds_what_cannot_be_seen(render: object, text: str) -> None:
    """Control, ANSI and bidi characters are escapes in every format, and every format can be encoded."""
    report = render(hostile_report(text))  # type: ignore[operator]
    report.encode()
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]", report
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_gets_no_escape_sequence(text: str) -> None:
    """The text report moves no cursor, changes no colour and turns no line round."""
    report = in_terminal(text)
    assert report == visible(report)
    assert len(report.splitlines()) == len(in_terminal(text.replace("\n", "")).splitlines()) or "\n" in text


def in_terminal(text: str) -> str:
    """The text report of a run with `text` in every field and every panel."""
    report = hostile_report(text)
    return text_report(report.result, panels=report.panels)


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_has_one_row_a_row(text: str) -> None:
    """No text breaks out of its cell: every table line has as many bars as its head."""
    lines = [line for line in markdown_report(hostile_report(text)).splitlines() if line.startswith("|")]
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    heads = [bar for bar, line in zip(bars, lines, strict=True) if set(line) <= set("|-")]
    assert set(bars) == set(heads)
    assert "<script>" not in "\n".join(lines)


@given(st.text(st.characters(), max_size=60))
def test_visible_text_is_stable_and_legal(text: str) -> None:
    """What is visible stays as it is, XML takes it, and nothing visible is lost."""
    shown = visible(text)
    assert visible(shown) == shown
    ET.fromstring(f"<a>{shown.replace('&', '&amp;').replace('<', '&lt;')}</a>")  # noqa: S314  (our own text)
    assert "\n" not in visible_line(text)
    assert visible_line(visible_line(text)) == visible_line(text)


@given(st.text(st.characters(), max_size=4000))
def test_a_cell_is_bounded(text: str) -> None:
    """A cell is one line of at most 2 kB and its mark."""
    shown = cell(text)
    assert "\n" not in shown
    assert len(shown.encode()) <= 2048 + 60


def test_escapes_name_the_character() -> None:
    """An escape is as short as it can be."""
    assert visible_line("a\x1b\u202e\U000e0041\n\t\r") == "a\\x1b\\u202e\\U000e0041\\n\\t\\r"
    assert visible("a\r\nb\tc") == "a\nb\tc"


def test_yaml_has_no_tags_beyond_the_plain_ones() -> None:
    """A text that looks like a number, a boolean or a date stays text, and no tag is written."""
    report = replace(REPORT, environment=(("a", "no"), ("b", "0123"), ("c", "2024-12-25"), ("d", "1e3")))
    text = yaml_report(report)
    assert "!!" not in text
    assert yaml.safe_load(text)["environment"] == json.loads(json_report(report))["environment"]
