"""``rehearse serve`` in a real browser, during runs that other processes really make.

The browser is asked for last, so that it has gone when the server ends: a page whose server is gone complains.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from faces.rehearsed import write_ward
from serve.conftest import Project, Served, made, project, served, site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from faces.browser import Visit

__all__ = ["project", "served", "site"]

pytestmark = pytest.mark.browser

LONG = 60_000
"""Milliseconds in which a process on a busy machine has begun."""
MORE_QUERIES = r"""first => {
    const shown = document.querySelector("[data-run=look-0001] .facts").textContent.match(/([\d,]+) quer/);
    return Number(shown[1].replaceAll(",", "")) > first;
}"""
SOURCES = Path(__file__).parents[2] / "src"
OVER = ("n1-holiday-coverage-001", "n1-backup-chain-cascade-001", "ward-nobody-backs-001")
ROSTERS = ("holiday-thanksgiving-shortage-001", "holiday-christmas-overlap-001")
WINDOW, PHONE = {"width": 1200, "height": 800}, {"width": 390, "height": 844}


def opened(visit: Visit, served: Served, *, token: bool = False) -> Page:
    """Open the first page, with the token in the fragment if it is wanted."""
    visit.page.set_viewport_size(WINDOW)  # type: ignore[arg-type]
    return visit.open(f"{served.address}/#token={served.token}" if token else f"{served.address}/")


def beginning(address: str) -> re.Pattern[str]:
    """Every address that begins so."""
    return re.compile(f"^{re.escape(address)}")


def overflows(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_run_appears_progresses_and_ends(project: Project, served: Served, visit: Visit) -> None:
    """A run that the command line makes in another process gets a card with step, deadline and queries; at its end, a link to its report."""
    page = opened(visit, served)
    expect(page.get_by_text("Nothing runs.")).to_be_visible()
    project.run("look", "selling", "--jobs", "3")
    card = page.locator("#going li", has_text="Somebody looks at every shelf")
    expect(card.locator(".doing")).to_have_text("2/2 browse", timeout=LONG)
    expect(card.locator(".facts")).to_contain_text("of 5 min")
    expect(page.locator("#told")).to_have_text(re.compile("look|sell"))
    first = int(re.search(r"([\d,]+) quer", card.locator(".facts").inner_text())[1].replace(",", ""))  # type: ignore[index]
    page.wait_for_function(MORE_QUERIES, arg=first)
    assert ("2", 1.0) == (
        card.locator("progress").get_attribute("max"),
        card.locator("progress").evaluate("bar => bar.value"),
    )
    expect(page.locator("#over tr")).to_have_count(2, timeout=LONG)
    assert [] == visit.serious()
    project.write("enough")
    row = page.locator("#over tr", has_text="look-0001")
    expect(row).to_contain_text("passed", timeout=LONG)
    expect(page.get_by_text("Nothing runs.")).to_be_visible()
    row.get_by_role("link").click()
    expect(page).to_have_title(re.compile("Somebody looks at every shelf"))
    expect(page).to_have_url(beginning(f"{served.address}/runs/look-0001"))
    assert "null" == page.evaluate("self.origin"), "a report's script could reach the site's token"
    assert [] == visit.serious()


def test_a_run_is_started_and_stopped_from_the_page(served: Served, visit: Visit) -> None:
    """With the token in the fragment a run is started with the keyboard alone and stopped with the mouse; the address forgets the token."""
    page = opened(visit, served, token=True)
    assert served.token not in page.evaluate("location.href")
    expect(page.get_by_label("Token")).to_be_hidden()
    page.get_by_label("Scenario or suite").focus()
    page.keyboard.type("look")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_text("look is started")
    expect(page.locator("#going .doing")).to_have_text("2/2 browse", timeout=LONG)
    page.get_by_role("button", name="Stop look").click()
    expect(page.locator("#over tr")).to_contain_text("error", timeout=LONG)
    command = page.locator("#starts li")
    expect(command).to_contain_text("an error, a timeout or an unknown outcome", timeout=LONG)
    assert [] == visit.serious()


def test_without_the_token_nothing_is_started(project: Project, served: Served, visit: Visit) -> None:
    """Whoever has no token is asked for it; a wrong one is refused with 403 and a word why, a right one starts the run."""
    page = opened(visit, served)
    page.get_by_label("Scenario or suite").fill("sell-two")
    page.get_by_label("Token").fill("guessed")
    with page.expect_response("**/starts") as refused:
        page.get_by_role("button", name="Start").click()
    assert 403 == refused.value.status
    expect(page.locator("#answer")).to_contain_text("the token is missing or wrong")
    assert not (project.root / ".rehearse").exists()
    assert ["Failed to load resource: the server responded with a status of 403 (Forbidden)"] == visit.complaints
    visit.complaints.clear()
    page.get_by_label("Token").fill(served.token)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#over tr")).to_contain_text("passed", timeout=LONG)


def test_a_mistake_is_told(project: Project, served: Served, visit: Visit) -> None:
    """A run that does not begin, since its scenario has a mistake, says so on the page, with what the command said."""
    page = opened(visit, served, token=True)
    page.get_by_label("Scenario or suite").fill("sell-two")
    path = project.root / "scenarios/selling/lamps.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("place_order", "place_ordr"), encoding="utf-8")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#starts li")).to_contain_text("a mistake, nothing ran", timeout=LONG)
    expect(page.locator("#starts pre")).to_contain_text("did you mean `place_order`?")


def test_the_history_is_filtered_and_keeps_the_theme(project: Project, served: Served, visit: Visit) -> None:
    """Filters stand in the address, links keep the theme, the report opens; everything fits a phone, dark or light."""
    project.run("selling", "trouble").wait(60)
    page = opened(visit, served)
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page).to_have_url(beginning(f"{served.address}/history"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("tbody tr")).to_have_count(4)
    assert [] == visit.serious()
    page.get_by_label("How it came out").select_option("failed")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(beginning(f"{served.address}/history?words=&status=failed&backend="))
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_text("1 of 4 runs")).to_be_visible()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert not overflows(page)
    page.get_by_role("link", name="sell-wrong-0001").click()
    expect(page).to_have_title(re.compile("counted wrongly"))
    expect(page).to_have_url(f"{served.address}/runs/sell-wrong-0001#theme=dark")
    page.get_by_role("link", name="All scenarios").click()
    expect(page.get_by_role("link", name="Two lamps, counted wrongly").first).to_be_visible()
    expect(page).to_have_url(f"{served.address}/suite#theme=dark")
    assert not overflows(page)


def test_a_phone_and_a_reader_of_the_screen(project: Project, served: Served, visit: Visit) -> None:
    """On a phone nothing is cut, and what happens is announced politely, not with every query."""
    page = opened(visit, served, token=True)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark")
    project.run("look", "sell-wrong", "--jobs", "2")
    expect(page.locator("#over tr")).to_have_count(1, timeout=LONG)
    expect(page.locator("#going .doing")).to_have_text("2/2 browse", timeout=LONG)
    assert not overflows(page)
    assert [] == visit.serious()
    assert "polite" == page.locator("#told").get_attribute("aria-live")
    project.write("enough")
    expect(page.locator("#told")).to_have_text("look: passed", timeout=LONG)


def test_the_page_comes_back_after_the_server(visit: Visit, tmp_path: Path, site: Path) -> None:
    """When the server is gone the page says so; when it is there again on the same port, the page follows it as before."""
    project = made(tmp_path, site)
    with project.serving() as served:
        page = opened(visit, served)
        expect(page.get_by_text("Nothing runs.")).to_be_visible()
        port = str(served.port)
    expect(page.locator("#link")).to_contain_text("The server does not answer", timeout=LONG)
    with project.serving("--port", port):
        expect(page.locator("#link")).to_be_hidden(timeout=LONG)
        project.run("sell-two")
        expect(page.locator("#over tr")).to_contain_text("passed", timeout=LONG)
        visit.open("about:blank")
    visit.complaints[:] = [text for text in visit.complaints if "net::ERR" not in text]
    project.clear_away()


# ── a hospital ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Project]:
    """A project beside the library, with scenarios of its own that do not pass."""
    write_ward(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    project = Project(tmp_path, environment, program=("-m", "rehearse"))
    yield project
    project.clear_away()


@pytest.fixture
def ward(hospital: Project) -> Iterator[Served]:
    """A server for that project."""
    with hospital.serving() as found:
        yield found


def test_rosters_are_made_while_one_looks_on(hospital: Project, ward: Served, visit: Visit) -> None:
    """Two scenarios of the library show the step in which they are and their deadline, above what is over; a phone shows the same."""
    page = opened(visit, ward)
    expect(page.get_by_text("Nothing runs.")).to_be_visible()
    hospital.run(*OVER).wait(60)
    runs = [hospital.halted(name, "generate_schedule") for name in ROSTERS]
    expect(page.locator("#going .doing")).to_have_text(["2/3 generate_schedule", "3/4 generate_schedule"], timeout=LONG)
    expect(page.locator("#going .facts").last).to_contain_text("of 2 min · 26+ queries")
    expect(page.locator("#over tr")).to_contain_text(["failed", "passed", "passed"])
    assert [] == visit.serious()
    visit.picture("serve-live")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark")
    assert not overflows(page)
    assert [] == visit.serious()
    visit.picture("serve-phone")
    for run in runs:
        run.send_signal(signal.SIGCONT)
    expect(page.locator("#over tr")).to_have_count(5, timeout=LONG)
    expect(page.locator("#over tr", has_text="holiday-")).to_contain_text(["passed", "passed"])


def test_a_hospital_finds_its_rehearsals_again(hospital: Project, ward: Served, visit: Visit) -> None:
    """The history has the library's runs and the hospital's own; one that failed leads to what did not hold."""
    for suite in ("swaps", "ward"):
        hospital.run(suite).wait(60)
    page = opened(visit, ward)
    page.get_by_role("button", name="Dark theme").click()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page).to_have_url(beginning(f"{ward.address}/history"))
    expect(page.locator("tbody tr")).to_contain_text(["timeout", "failed", "error", *["passed"] * 8])
    assert [] == visit.serious()
    visit.picture("serve-history")
    page.get_by_role("link", name="ward-nobody-backs-001-0001").click()
    expect(page.get_by_role("region", name="In short")).to_contain_text("It failed")
