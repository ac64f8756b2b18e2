"""Pictures of panels: SVG that may stand in a strict page, the same bytes every time, read by whoever cannot see it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from rehearse.panels import (
    AnyPanel,
    ChainLink,
    LimitSeries,
    LimitWindow,
    PanelChain,
    PanelLimits,
    PanelTimeline,
    TimelineBar,
)
from rehearse.report.html.panels import timeline_of
from rehearse.report.html.pictures import picture_of
from report.samples import CRASHED, PANELS, PASSED

DRAWN = [panel for panel in PANELS if isinstance(panel, PanelLimits | PanelChain | PanelTimeline)]


def window(value: int, start: date = date(2024, 12, 2), *, limit: int | None = 80) -> LimitWindow:
    """Four weeks of so many hours."""
    most = None if limit is None else Fraction(limit)
    return LimitWindow(start, start + timedelta(days=27), Fraction(value), most, Fraction(value - 2))


def rolling(subject: str, count: int = 12) -> LimitSeries:
    """A window that begins on each of so many days."""
    return LimitSeries(subject, tuple(window(60 + n, date(2024, 12, 2) + timedelta(days=n)) for n in range(count)))


def svg(panel: AnyPanel, name: str = "p") -> str:
    """A panel's picture."""
    picture = picture_of(panel, name)
    assert picture is not None
    return picture.svg


@pytest.mark.parametrize("panel", DRAWN, ids=lambda panel: type(panel).__name__)
def test_a_picture_has_words_and_no_style(panel: AnyPanel) -> None:
    """It is an image with a title and a description, and has neither a style nor a colour of its own."""
    text = svg(panel)
    root = ET.fromstring(text)  # noqa: S314  (our own text)
    assert "img" == root.get("role")
    assert ["title", "desc"] == [child.tag for child in root][:2]
    assert panel.title == root[0].text
    assert root[1].text
    assert not re.search(r"style|#[0-9a-fA-F]{6}|font-family|metadata|xlink", text)
    assert "var(--accent)" in text


@pytest.mark.parametrize("panel", DRAWN, ids=lambda panel: type(panel).__name__)
def test_ids_belong_to_their_picture(panel: AnyPanel) -> None:
    """Two pictures in one page share no id, and every reference finds its target."""
    one, other = (set(re.findall(r'\sid="([^"]+)"', svg(panel, name))) for name in ("one", "other"))
    assert set() == one & other
    text = svg(panel, "one")
    targets = {*re.findall(r"url\(#([^)]+)\)", text), *re.findall(r'href="#([^"]+)"', text)}
    assert targets <= one


@pytest.mark.parametrize("panel", DRAWN, ids=lambda panel: type(panel).__name__)
def test_a_picture_is_the_same_bytes_every_time(panel: AnyPanel) -> None:
    """Neither the clock, nor chance, nor what somebody else has set in matplotlib reaches it."""
    first = svg(panel)
    with mpl.rc_context({"svg.fonttype": "path", "font.size": 30.0, "axes.facecolor": "red", "svg.hashsalt": "x"}):
        assert first == svg(panel)
        assert 30.0 == mpl.rcParams["font.size"]


def test_a_value_beyond_its_limit_differs_by_more_than_colour() -> None:
    """The bar is hatched, and the text beside it says by how much."""
    text = svg(PanelLimits("Hours", "hours", (LimitSeries("R1", (window(84),)), LimitSeries("R2", (window(60),)))))
    assert 1 == text.count("<pattern")
    assert ">84, 4 beyond<" in text
    assert ">60, 20 to spare<" in text


def test_rolling_windows_are_curves() -> None:
    """Many windows of one person are one curve; those beyond a dozen people are in the table, and it says so."""
    picture = picture_of(PanelLimits("Hours", "hours", tuple(rolling(f"R{n}") for n in range(14))), "p")
    assert picture is not None
    assert 12 == len(re.findall(r">R\d+ +71, 9 to spare<", picture.svg))
    assert "The 12 closest of 14 are drawn." in picture.note


def test_what_nothing_limits_is_drawn() -> None:
    """A window without a limit is a bar or a point of a curve, without a line to reach."""
    unlimited = PanelLimits("Hours", "hours", (LimitSeries("R1", (window(60, limit=None),)),))
    assert ">60<" in svg(unlimited)
    many = tuple(window(60, date(2024, 12, 2) + timedelta(days=n), limit=None) for n in range(9))
    assert "R1" in svg(PanelLimits("Hours", "hours", (LimitSeries("R1", many),)))


def test_a_chain_says_who_takes_what_from_whom() -> None:
    """Each box and each label stands once, also where a chain comes back to somebody."""
    links = (
        ChainLink("A", "B", "call"),
        ChainLink("A", "C", "ward"),
        ChainLink("B", "C", "clinic"),
        ChainLink("C", "B", "nights"),
        ChainLink("C", "", "elective", "released"),
        ChainLink("B", "", "school", "open"),
    )
    picture = picture_of(PanelChain("Chain", (("A", "illness"),), links), "p")
    assert picture is not None
    for text in (*"ABC", "call", "ward", "clinic", "nights", "elective", "school", "nobody needs to", "nobody could"):
        assert 1 == picture.svg.count(f">{text}<"), text
    assert "A falls out (illness); A’s call: B;" in picture.svg


def test_long_chains_and_timelines_say_what_they_leave_out() -> None:
    """Whatever does not fit is counted below the picture."""
    links = tuple(ChainLink(f"P{n}", f"P{n + 1}", "duty") for n in range(40))
    chain = picture_of(PanelChain("Chain", (), links), "p")
    bars = tuple(TimelineBar("step", float(n), 1.0, n, "done") for n in range(50))
    timeline = picture_of(PanelTimeline("Steps", bars), "p")
    assert chain is not None
    assert timeline is not None
    assert "The first 24 of 40 links are drawn." == chain.note
    assert "The first 40 of 50 are drawn." == timeline.note


def test_nothing_to_draw_is_no_picture() -> None:
    """A run without steps and a panel without figures have none."""
    assert picture_of(PanelTimeline("Steps", ()), "p") is None
    assert picture_of(PanelLimits("Hours", "hours", ()), "p") is None
    assert picture_of(PANELS[0], "p") is None


def test_steps_follow_one_another_and_concurrent_ones_begin_together() -> None:
    """The timeline lays sequential steps end to end; a skipped one has no bar."""
    step = replace(PASSED.steps[0], seconds=1.0)
    names = ("step1", "concurrent1", "concurrent2", "step2")
    bars = timeline_of(replace(PASSED, steps=tuple(replace(step, name=name) for name in names))).bars
    assert [0.0, 1.0, 1.0, 2.0] == [bar.start for bar in bars]
    assert ["error"] == [bar.outcome for bar in timeline_of(CRASHED).bars]


def test_matplotlib_is_loaded_for_a_picture_only() -> None:
    """Whoever prints text or Markdown, or opens the command line, never waits for it."""
    code = (
        "import sys, rehearse.cli, rehearse.report.stored, rehearse.report.html, residency\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
