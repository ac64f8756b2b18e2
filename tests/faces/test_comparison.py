"""Two runs beside each other, as a page in a real browser."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from rehearse.report.comparison.html import comparison_html
from rehearse.report.comparison.model import compared
from report.comparison.test_comparison import CHRISTMAS, DUTIES, ONE, OTHER, run, table
from report.samples import PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from faces.browser import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The comparison of two runs that differ, on disk."""
    path = tmp_path / "difference.html"
    path.write_text(comparison_html(replace(compared(ONE, OTHER), journal=("notes",))), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_that_everybody_can_read(visit: Visit, file: Path, theme: str) -> None:
    """Rows of either run, and cells of both; journals are folded and open by a key; axe finds nothing serious in either theme."""
    page = visit.open(f"{file.as_uri()}#theme={theme}")
    page.set_viewport_size({"width": 1200, "height": 560})
    expect(page.get_by_text("person_id R1 → R3")).to_be_visible()
    expect(page.get_by_text("text came")).to_be_hidden()
    assert [] == visit.serious()
    if theme == "light":
        visit.picture("difference")
    page.locator("summary", has_text="notes").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("text came")).to_be_visible()


def test_on_a_phone(visit: Visit, tmp_path: Path) -> None:
    """However long a value is, nothing is wider than the screen, and what scrolls can be reached by a key."""
    long = run(PASSED, "christmas-call-0003", table("duties", DUTIES, ("call", "x" * 1500, CHRISTMAS, Decimal(1))))
    other = run(PASSED, "christmas-call-0004", table("duties", DUTIES, ("call", "R1", CHRISTMAS, Decimal(1))))
    path = tmp_path / "difference.html"
    path.write_text(comparison_html(compared(long, other)), encoding="utf-8")
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [] == visit.serious()
