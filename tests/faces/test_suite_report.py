"""The report of a suite in a real browser: the whole library, run for real on SQLite, with three scenarios that do not pass."""

from __future__ import annotations

import fcntl
import os
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from faces.rehearsed import FLAKY, OWN, Rehearsed, rehearsed
from rehearse.report.model import Subject
from rehearse.report.suite.html import suite_html
from rehearse.report.suite.model import SuiteReport, SuiteRow

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from faces.browser import Visit

pytestmark = pytest.mark.browser
DESK = {"width": 1200, "height": 1000}
PHONE = {"width": 390, "height": 844}
KNOWN = {"all", "tag", "harmless"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The whole library, rehearsed once for all tests of this file, also where several processes perform them."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    root = base / "hospital"
    with (base / "hospital.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            root.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
                rehearsed(root)
    return Rehearsed.at(root)


@pytest.fixture
def page(visit: Visit, library: Rehearsed) -> Page:
    """The suite's page on a desk."""
    visit.page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return visit.open(library.report)


def shown(page: Page) -> Locator:
    """The rows that are to be seen."""
    return page.locator("#rows tbody tr:visible")


def chosen(page: Page) -> str:
    """What the address says that the reader chose."""
    return str(page.evaluate("location.hash"))


def times(page: Page) -> list[float]:
    """The times of the rows, as they stand."""
    found: list[float] = page.locator("#rows tbody tr").evaluate_all(
        "rows => rows.map(row => Number(row.dataset.time))"
    )
    return found


def test_the_top_says_what_happened(page: Page, visit: Visit) -> None:
    """Totals by outcome, each failure with its reason in one line, what is flaky, both pictures; axe finds nothing serious."""
    total = page.locator("#rows tbody tr").count()
    expect(page.locator("h1")).to_have_text(f"{total - len(OWN)} of {total} scenarios passed")
    tiles = [re.compile(word) for word in ("1 failed", "1 error", "1 timeout", "passed", "flaky")]
    expect(page.locator(".tiles li")).to_have_text(tiles)
    expect(page.locator("#unmet .why").first).to_have_text("backup_activated: expected true, found false")
    expect(page.locator("#flaky")).to_contain_text("outcomes alternate: 6 changes in 12 runs of the same scenario")
    expect(page.get_by_role("img", name="The last rehearsals")).to_be_visible()
    expect(page.get_by_role("img", name="Outcomes by category")).to_be_visible()
    assert [] == visit.serious()
    visit.picture("suite")


def test_filters_narrow_and_stand_in_the_link(page: Page, visit: Visit) -> None:
    """By outcome, category, tag, priority and text, together; a link with them shows the same, and `Show all` takes them away."""
    total = shown(page).count()
    page.get_by_role("combobox", name="Category").select_option("n1_failure")
    page.get_by_role("combobox", name="Tag").select_option("illness")
    page.get_by_role("searchbox", name="Search").fill("ward")
    expect(shown(page)).to_have_count(2)
    expect(page.locator("#shown")).to_have_text(f"2 of {total} scenarios")
    assert {"category=n1_failure", "tag=illness", "q=ward"} == set(chosen(page).removeprefix("#").split("&"))
    page.get_by_role("combobox", name="Status").select_option("error")
    expect(shown(page)).to_have_count(1)
    page.reload()
    expect(shown(page)).to_have_count(1)
    expect(page.get_by_role("combobox", name="Category")).to_have_value("n1_failure")
    page.locator("#scenarios").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('scenarios').scrollIntoView()")
    visit.picture("suite-filtered")
    page.get_by_role("button", name="Show all").click()
    expect(shown(page)).to_have_count(total)
    assert chosen(page) in {"", "#"}


def test_a_word_that_is_nowhere_leaves_nothing_and_says_so(page: Page) -> None:
    """No row, and the count."""
    page.get_by_role("searchbox", name="Search").fill("nobody ever wrote this")
    expect(shown(page)).to_have_count(0)
    expect(page.locator("#shown")).to_contain_text("0 of ")


def test_a_tile_is_a_filter(page: Page) -> None:
    """From the totals one comes to the rows that are counted there."""
    page.get_by_role("link", name="flaky").click()
    rows = shown(page)
    expect(rows.first).to_contain_text("flaky")
    expect(page.get_by_text(FLAKY, exact=True)).to_be_visible()
    assert chosen(page) == "#flaky=yes"


def test_sorting_by_a_column(page: Page) -> None:
    """The longest first, the shortest first, and as they ran; the head says which."""
    as_run = times(page)
    head = page.get_by_role("columnheader", name="Time")
    head.get_by_role("button").click()
    assert sorted(as_run, reverse=True) == times(page)
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    assert sorted(as_run) == times(page)
    assert chosen(page) == "#sort=time"
    head.get_by_role("button").click()
    assert as_run == times(page)
    expect(head).not_to_have_attribute("aria-sort", re.compile("."))


def test_to_a_runs_own_page_and_back(page: Page) -> None:
    """The link leads to the run's page on disk; going back shows what was chosen before."""
    page.get_by_role("combobox", name="Status").select_option("failed")
    page.locator("#rows").get_by_role("link", name="The ward resident falls ill").click()
    page.wait_for_url(re.compile(r"runs/ward-nobody-backs-001-\d+\.html"))
    expect(page.locator("h1")).to_contain_text("The ward resident falls ill and nobody is named to come")
    page.go_back()
    expect(shown(page)).to_have_count(1)
    expect(page.get_by_role("combobox", name="Status")).to_have_value("failed")
    page.go_forward()
    page.get_by_role("link", name="All scenarios").click()
    expect(page.locator("h1")).to_contain_text("scenarios passed")


def test_every_link_leads_to_a_file(page: Page, library: Rehearsed) -> None:
    """Each run's page and each form for machines is there, by a relative address."""
    found = set(
        page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href').split('#')[0])")
    ) - {""}
    assert len(found) >= page.locator("#rows tbody tr").count()
    assert [] == [address for address in found if ":" in address or not (library.report.parent / address).is_file()]


def test_the_dark_theme_by_a_switch(page: Page, visit: Visit) -> None:
    """It stands in the link, is taken along to a run's page, and leaves everything readable."""
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark theme").click()
    assert light != page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert chosen(page) == "#theme=dark"
    assert str(page.locator("#rows a").first.get_attribute("href")).endswith("#theme=dark")
    assert [] == visit.serious()
    visit.picture("suite-dark")
    page.get_by_role("button", name="Light theme").click()
    assert light == page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_dark_theme_of_the_machine(visit: Visit, library: Rehearsed) -> None:
    """Who prefers dark sees dark without asking, and a link that says light stays light."""
    visit.page.emulate_media(color_scheme="dark")
    page = visit.open(library.report)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    page.goto(f"{library.report.as_uri()}#theme=light")
    expect(page.get_by_role("button", name="Dark theme")).to_be_visible()
    assert dark != page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_with_the_keyboard_alone(page: Page) -> None:
    """The first stop leads past the head, a key leads to the search, a head is sorted by Enter, a link followed by Enter."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    page.keyboard.type("nobody is named")
    expect(shown(page)).to_have_count(1)
    page.keyboard.press("/")
    expect(search).to_have_value("nobody is named/")
    page.keyboard.press("Backspace")
    head = page.get_by_role("columnheader", name="Queries").get_by_role("button")
    head.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort=-queries"))
    page.locator("#rows").get_by_role("link", name="The ward resident").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("ward-nobody-backs"))


def test_on_a_phone(visit: Visit, library: Rehearsed) -> None:
    """Nothing is wider than the screen, every row keeps outcome, name, reason and last outcomes; axe finds nothing serious."""
    visit.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = visit.open(library.report)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row = page.locator("#rows tbody tr", has_text="ward-nobody-backs-001")
    for part in (".outcome", ".scenario", ".why", ".past"):
        expect(row.locator(part)).to_be_visible()
    assert [] == visit.serious()
    page.evaluate("document.getElementById('scenarios').scrollIntoView()")
    visit.picture("suite-phone")


def test_on_paper(page: Page) -> None:
    """Controls stay behind, the rows do not, and ink is dark on white whatever the theme was."""
    page.get_by_role("button", name="Dark theme").click()
    page.emulate_media(media="print")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.get_by_role("button", name="Light theme")).to_be_hidden()
    expect(shown(page).first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_a_script(chromium: object, library: Rehearsed) -> None:
    """Everything is to be read: totals, reasons, pictures, every row with its link; controls that would do nothing are not there."""
    context = chromium.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(library.report.as_uri())
    expect(page.locator("#unmet .why").first).to_be_visible()
    expect(page.get_by_role("img", name="The last rehearsals")).to_be_visible()
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()
    expect(page.locator("#rows a").first).to_be_visible()
    assert shown(page).count() == page.locator("#rows tbody tr").count()
    context.close()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>\"'>&", "\u202eright to left\u202c", "a=b&c=d#e + %20", "x" * 10_000]
)
def test_hostile_text_is_filtered_like_any_other(visit: Visit, tmp_path: Path, text: str) -> None:
    """Whatever a category, a tag or a name says, it is text: one can choose it, the link keeps it, and nothing of it runs."""
    rows = tuple(
        SuiteRow(
            scenario_id=said, name=said, status="failed", why=said, subject=Subject(category=said, tags=(said, "tag"))
        )
        for said in (text, "harmless")
    )
    file = tmp_path / "index.html"
    file.write_text(suite_html(SuiteReport(rows=rows)), encoding="utf-8")
    visit.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page = visit.open(file)
    for name in ("Category", "Tag"):
        choice = page.get_by_role("combobox", name=name)
        options = choice.locator("option").all_inner_texts()
        choice.select_option(index=next(n for n, option in enumerate(options) if option not in KNOWN))
        expect(shown(page)).to_have_count(1)
        page.reload()
        expect(shown(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [] == visit.serious()
