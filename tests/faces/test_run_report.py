"""The page of one run, made by really running scenarios, opened from disk in a real browser."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner, Result

from cli.conftest import site
from faces.season import season_page
from rehearse.cli.app import app
from rehearse.report.html import html_report
from report.test_hostile import hostile_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from faces.browser import Visit

__all__ = ["site"]

pytestmark = pytest.mark.browser

HOLIDAY = "n1-holiday-coverage-001"
CASCADE = "n1-backup-chain-cascade-001"
BACKUP_AWAY = (
    '    absences:\n      - {person_id: "${backup}", kind: vacation, start_date: 2024-12-25, end_date: 2024-12-26}\n'
)
ARABIC, HEBREW = "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd"
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} \u202e" + ARABIC + f"{HEBREW}-longword" * 770
)

LATE = """\
scenario:
  name: Eight weeks are to be planned again, in a second
  id: too-late
  category: performance
  tags: [generation, deadline]
  description: A resident falls ill on the first morning, and eight weeks of twenty-four residents are to be planned without them.
  rationale: Nobody can wait for a planner for ever. When the time is up, nothing of its work may stay.
  clock: 2024-12-02T06:00
  timeout_seconds: 1
  setup:
    persons:
      - generate: {count: 24, template: {id: "R${loop.index}", pgy_level: 2}}
      - {id: PD, role: PROGRAM_DIRECTOR}
    rotations: [{id: ward}]
    requirements:
      - generate:
          for: {day: {from: 2024-12-02, to: 2025-01-26}}
          template: {rotation_id: ward, date: "${loop.day}", block_period: DAY, min_persons: 10}
    constraints:
      horizon: {start: 2024-12-02, end: 2024-12-29}
  test_case:
    operations:
      - operation: mark_unavailable
        parameters: {person_id: R1, start: 2024-12-02T06:00, end: 2024-12-16T00:00, kind: illness}
      - operation: generate_schedule
        parameters: {start_date: 2024-12-02, end_date: 2025-01-26}
      - operation: send_notifications
  expected_outcome: {success: true}
"""
NASTY = """\
scenario:
  name: NAME
  id: nasty
  category: n1_failure
  description: TEXT
  rationale: TEXT
  clock: 2024-12-25T06:00
  setup:
    persons:
      - {id: R1, pgy_level: 2, first_name: TEXT, last_name: TEXT}
      - {id: R3, pgy_level: 3, first_name: TEXT, last_name: TEXT, backup_for: [R1]}
    rotations:
      - {id: call, name: TEXT, rotation_type: call}
    assignments:
      - {id: call-r1, person_id: R1, rotation_id: call, start: 2024-12-25T07:00, end: 2024-12-26T07:00}
    holidays:
      - {date: 2024-12-25, name: TEXT}
    constraints:
      horizon: {start: 2024-12-02, end: 2024-12-29}
  test_case:
    operations:
      - operation: mark_unavailable
        parameters: {person_id: R1, start: 2024-12-25T06:00, end: 2024-12-27T00:00, kind: emergency, reason: TEXT}
      - operation: activate_backup_assignments
  expected_outcome:
    assertions:
      coverage_gap_hours: {expected: 7, message: TEXT}
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a run that passed, a chain, one that failed and one that ran out of time."""
    folder = tmp_path_factory.mktemp("reports")
    written = resources.files("residency").joinpath("scenarios/n1_failures/holiday_coverage.yaml").read_text("utf-8")
    failing = written.replace(HOLIDAY, "no-backup").replace("    absences:\n", BACKUP_AWAY, 1)
    nasty = HOSTILE.replace("{{", "{ {")
    awful = NASTY.replace("NAME", json.dumps(nasty[:200])).replace("TEXT", json.dumps(nasty))
    for name, text in (("failing", failing), ("late", LATE), ("nasty", awful)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    rehearse(folder, "run", HOLIDAY, CASCADE, "failing.yaml", "late.yaml", "nasty.yaml", expected=3)
    for scenario in (HOLIDAY, CASCADE, "no-backup", "too-late", "nasty"):
        rehearse(folder, "show", scenario, "--format", "html", "-o", f"{scenario}.html")
    return folder


def rehearse(folder: Path, *arguments: str, expected: int = 0) -> Result:
    """Say a command in a folder and return what came of it; it must end with the expected code."""
    with chdir(folder):
        ended = CliRunner().invoke(app, arguments, prog_name="rehearse")
    assert expected == ended.exit_code, ended.output
    return ended


def written(tmp_path: Path, report: object, name: str = "run.html") -> Path:
    """Write a report's page and return the file."""
    file = tmp_path / name
    file.write_text(html_report(report), encoding="utf-8")  # type: ignore[arg-type]
    return file


def link(file: Path, state: str) -> str:
    """The address of a page in some state."""
    return f"{file.as_uri()}#{state}"


def size(page: Page, width: int, height: int) -> None:
    """Give the window a size."""
    page.set_viewport_size({"width": width, "height": height})


def is_narrow_enough(page: Page) -> bool:
    """Whether the page as a whole needs no scrolling to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# ── what it says ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scenario", "verdict", "picture"),
    [
        (HOLIDAY, "passed", "report-passed"),
        ("no-backup", "failed", "report-failed"),
        ("too-late", "timeout", "report-timeout"),
    ],
)
def test_every_outcome_opens_without_a_serious_violation(
    visit: Visit, reports: Path, scenario: str, verdict: str, picture: str
) -> None:
    """Passed, failed or out of time: the page says it first, and axe finds nothing serious in either theme."""
    size(visit.page, 1200, 900)
    page = visit.open(reports / f"{scenario}.html")
    expect(page.locator(".verdict")).to_contain_text(verdict)
    visit.picture(picture)
    open_everything(page)
    assert [] == visit.serious()
    page.get_by_role("button", name="Dark theme").click()
    assert [] == visit.serious()


def open_everything(page: Page) -> None:
    """Open whatever is folded, so that a checker sees it."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def test_a_chief_resident_reads_the_upper_half(visit: Visit, reports: Path) -> None:
    """What was rehearsed, what happened, who works when now, the closest limit, what remains uncovered."""
    page = visit.open(reports / f"{HOLIDAY}.html")
    short = page.get_by_role("region", name="In short")
    for text in (
        "4 operations were performed",
        "It passed: all 43 checks hold.",
        "R3 takes R1’s call on Wed 25 December, 07:00–07:00.",
        "R4: 4 days off from 2 to 29 December, at least 4: none to spare.",
        "R4: 60 hours a week from 2 to 29 December, at most 80: 20 to spare.",
        "Nothing: every service has whom it needs.",
    ):
        expect(short).to_contain_text(text)


def test_a_terminal_has_the_words_of_the_cards(visit: Visit, reports: Path) -> None:
    """Whoever reads the run in a terminal reads the same sentences under the same headings, before anything else."""
    page = visit.open(reports / f"{CASCADE}.html")
    words = page.locator(".card").locator("h3, li").all_inner_texts()
    _, _, short = rehearse(reports, "show", CASCADE).stdout.partition("In short\n")
    assert words == [line.strip() for line in short.partition("\n\n")[0].splitlines()]


def test_the_calendar_is_a_table_that_can_be_listened_to(visit: Visit, reports: Path) -> None:
    """Its rows and columns have heads, and what is marked by sign and letters is said in words."""
    size(visit.page, 1200, 900)
    page = visit.open(link(reports / f"{CASCADE}.html", "panel-4"))  # type: ignore[arg-type]
    table = page.get_by_role("table", name="Mon 2024-12-02 to Sun 2024-12-29").first
    expect(table.get_by_role("rowheader", name="R3")).to_be_visible()
    expect(table.get_by_role("columnheader", name="Mon 2024-12-09")).to_be_visible()
    expect(table).to_contain_text("added: icu_a on Mon 9 December, 07:00–21:00")
    visit.picture("report-roster")


def test_pictures_have_names_and_the_same_as_a_table(visit: Visit, reports: Path) -> None:
    """The chain, the hours and the timeline are images with words; behind a switch stand their figures."""
    size(visit.page, 1200, 900)
    page = visit.open(reports / f"{CASCADE}.html")
    for name in (
        "The backup chain that was activated",
        "Hours a week against the limit",
        "Operations with time and queries",
    ):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    assert [] == page.eval_on_selector_all("svg [style], svg style", "found => found.map(one => one.outerHTML)")
    chain = page.locator("section", has=page.get_by_role("heading", name="The backup chain that was activated"))
    chain.get_by_text("The same as a table").click()
    expect(chain.get_by_role("row", name="R5 R7 er_a from 9 to 13 December, 5 duties")).to_be_visible()


def test_a_run_without_a_backup_shows_no_chain(visit: Visit, reports: Path) -> None:
    """Only what is there has a section, and what ran out of time says in which operation and what stayed of it."""
    page = visit.open(reports / "too-late.html")
    expect(page.get_by_role("heading", name="The backup chain that was activated")).to_have_count(0)
    expect(page.get_by_role("region", name="In short")).to_contain_text("when the deadline passed")
    wrong = page.get_by_role("region", name="What went wrong")
    expect(wrong).to_contain_text("step2 generate_schedule: 1 s passed; its process was killed; nothing was committed")
    expect(page.locator("#traceback")).to_have_count(0)


def test_what_broke_shows_where(visit: Visit, tmp_path: Path) -> None:
    """The traceback of whatever ended a run lies folded below what went wrong."""
    page = visit.open(written(tmp_path, hostile_report("boom")))
    expect(page.locator("#traceback pre")).to_be_hidden()
    page.locator("#traceback > summary").click()
    expect(page.locator("#traceback pre")).to_contain_text("boom")


def test_an_engineer_reads_the_lower_half(visit: Visit, reports: Path) -> None:
    """Verdicts with their place, changed rows, SQL, events, phases, environment, and how to do it again."""
    size(visit.page, 1200, 900)
    page = visit.open(link(reports / "no-backup.html", "checks-section"))  # type: ignore[arg-type]
    checks = page.locator("#checks")
    expect(checks.get_by_role("row", name="coverage_gap_hours")).to_contain_text(["failing.yaml:"])
    visit.picture("report-engineer")
    for text in ("capture_after", "rehearse judge no-backup-0001", "fingerprint of the final state", "sqlite 3"):
        expect(page.locator("#engineer")).to_contain_text(text)
    page.get_by_text("statements", exact=False).locator("visible=true").last.click()
    for identity in ("sql-log", "event-log"):
        page.locator(f"#{identity} > summary").scroll_into_view_if_needed()
    expect(page.locator("#changes")).to_contain_text("status active → unavailable")


# ── by link, by key, by hand ───────────────────────────────────────────────────────────────────────────────────────────


def test_filters_stand_in_the_link(visit: Visit, reports: Path) -> None:
    """Checks can be filtered by verdict and by text, and whoever gets the link sees the same."""
    page = visit.open(reports / "no-backup.html")
    checks = page.locator("#checks")
    rows = checks.locator("tbody tr")
    checks.get_by_label("Show").select_option("failed")
    expect(checks.locator("tbody tr.failed")).to_have_count(rows.count())
    failed = rows.count()
    checks.get_by_label("Find").fill("COVERAGE")
    expect(checks.get_by_role("status")).to_contain_text("that match, ")
    assert 0 < rows.count() < failed
    expect(page).to_have_url(re.compile("checks.show=failed.*COVERAGE"))
    seen, address = rows.all_inner_texts(), page.url
    page.goto("about:blank")
    page.goto(address)
    assert seen == rows.all_inner_texts()
    assert "COVERAGE" == checks.get_by_label("Find").input_value()
    checks.get_by_label("Find").fill("nothing is called so")
    expect(checks.get_by_role("status")).to_contain_text("No row that match")


def test_pages_turn_by_button_and_by_arrow_and_stand_in_the_link(visit: Visit, reports: Path) -> None:
    """The SQL log has pages: buttons and arrow keys turn them, and a link opens the one that was seen."""
    page = visit.open(reports / f"{HOLIDAY}.html")
    page.locator("#sql-log > summary").click()
    log = page.locator("#sql")
    where = log.get_by_role("status")
    expect(where).to_have_text("1–25 of 92")
    log.get_by_role("button", name="Next").click()
    expect(where).to_have_text("26–50 of 92")
    page.keyboard.press("ArrowRight")
    expect(where).to_have_text("51–75 of 92")
    page.keyboard.press("End")
    expect(where).to_have_text("76–92 of 92")
    expect(log.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("ArrowLeft")
    expect(where).to_have_text("51–75 of 92")
    address = str(page.evaluate("location.href"))
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#sql-log")).to_have_attribute("open", "")
    expect(where).to_have_text("51–75 of 92")
    expect(log.locator("tbody tr").first).to_contain_text("51")


def test_the_theme_stands_in_the_link(visit: Visit, reports: Path) -> None:
    """A switch darkens the page whatever the system prefers, and a link carries it along."""
    size(visit.page, 1200, 900)
    page = visit.open(reports / f"{CASCADE}.html")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(background)
    assert light != dark
    expect(page).to_have_url(re.compile("#theme=dark$"))
    page.locator("#panel-2").scroll_into_view_if_needed()
    page.mouse.wheel(0, 640)
    visit.picture("report-dark")
    page.goto("about:blank")
    page.goto(link(reports / f"{CASCADE}.html", "theme=dark"))
    assert dark == page.evaluate(background)
    page.get_by_role("button", name="Light theme").click()
    assert light == page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    assert light == page.evaluate(background)
    visit.open(reports / f"{HOLIDAY}.html")
    assert dark == page.evaluate(background)


def test_what_is_open_stands_in_the_link(visit: Visit, reports: Path) -> None:
    """Sections that were opened or closed are so again for whoever opens the link, and going back goes back."""
    page = visit.open(reports / f"{HOLIDAY}.html")
    page.locator("#event-log > summary").click()
    page.locator("#changes-1-rows > summary").click()
    expect(page.locator("#event-log")).to_have_attribute("open", "")
    page.wait_for_url("**#open=event-log&shut=changes-1-rows")
    address = page.url
    page.get_by_role("link", name="For the engineer").click()
    expect(page).to_have_url(re.compile("#engineer&open=event-log&shut=changes-1-rows$"))
    page.go_back()
    expect(page).to_have_url(address)
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#event-log")).to_have_attribute("open", "")
    expect(page.locator("#changes-1-rows")).not_to_have_attribute("open", "")


def test_everything_can_be_done_by_key(visit: Visit, reports: Path) -> None:
    """The first stop skips to the report; focus is seen; buttons and switches answer to keys."""
    page = visit.open(reports / f"{HOLIDAY}.html")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    assert "none" != skip.evaluate("one => getComputedStyle(one).outlineStyle")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("#why > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_have_attribute("open", "")
    page.get_by_role("button", name="Dark theme").focus()
    page.keyboard.press("Space")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_link_to_something_folded_opens_it(visit: Visit, reports: Path) -> None:
    """Whoever follows a link to a journal's rows sees them, though the journal is folded."""
    page = visit.open(reports / f"{HOLIDAY}.html")
    page.get_by_role("link", name="audit_log").click()
    expect(page.get_by_role("table", name="audit_log").locator("tbody tr").first).to_be_visible()


# ── elsewhere ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_readable_on_a_phone(visit: Visit, reports: Path) -> None:
    """At 390 pixels nothing but the wide grids scrolls to the side, and those keep their names in sight."""
    size(visit.page, 390, 844)
    for scenario in (HOLIDAY, CASCADE, "no-backup", "too-late"):
        page = visit.open(reports / f"{scenario}.html")
        open_everything(page)
        assert is_narrow_enough(page), scenario
    visit.open(reports / f"{HOLIDAY}.html")
    visit.picture("report-phone")
    assert [] == visit.serious()


def test_it_is_readable_on_paper(visit: Visit, reports: Path) -> None:
    """Paper is white whatever the theme, has no switches, and shows what is folded but for the long logs."""
    page = visit.open(link(reports / f"{HOLIDAY}.html", "theme=dark"))  # type: ignore[arg-type]
    page.emulate_media(media="print")
    assert "rgb(255, 255, 255)" == page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(page.locator("button.theme")).to_be_hidden()
    expect(page.locator("#checks .filters")).to_be_hidden()
    expect(page.locator("#sql-log")).to_be_hidden()
    expect(page.locator("#why .prose")).to_be_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_it_is_readable_without_script(chromium: Browser, reports: Path) -> None:
    """Text, tables and pictures need no script; what does is not shown, and what is missing is said."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / f"{HOLIDAY}.html").as_uri())
    expect(page.get_by_role("img", name="Hours a week against the limit")).to_be_visible()
    expect(page.locator("#checks tbody tr")).to_have_count(25)
    expect(page.locator("#checks")).to_contain_text("18 more rows are in this file; turning its pages needs script.")
    for switch in ("button.theme", "#checks .filters", "#checks .pager"):
        expect(page.locator(switch)).to_be_hidden()
    context.close()


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory, site: Path) -> Path:
    """The page of a run that changed 16,600 rows."""
    return season_page(tmp_path_factory.mktemp("season"), site).file


def test_more_than_ten_thousand_changed_rows_are_counted_and_have_pages(visit: Visit, season: Path) -> None:
    """A summary counts what came, changed and went in each table; one page of rows stands in the document, the last is a click away."""
    page = visit.open(season)
    counts = page.get_by_role("table", name="Changed rows of each table").locator("tbody tr")
    assert [
        "products\t–\t500\t100",
        "orders\t6,000\t2,000\t2,000",
        "ledger journal\t6,000\t–\t–",
    ] == counts.all_inner_texts()
    table = page.locator("#changes-2")
    rows, where = table.locator("tbody tr"), table.get_by_role("status")
    expect(rows).to_have_count(25)
    expect(where).to_have_text("1–25 of 10,000")
    table.get_by_role("button", name="Last").click()
    expect(where).to_have_text("9,976–10,000 of 10,000")
    expect(rows.last).to_contain_text("order-999")
    page.keyboard.press("ArrowLeft")
    expect(where).to_have_text("9,951–9,975 of 10,000")
    assert [] == visit.serious()


def test_one_of_ten_thousand_changed_rows_is_found_and_sent_by_link(visit: Visit, season: Path) -> None:
    """Words and the kind of change choose among all pages, and the link of a page shows its reader the same rows."""
    page = visit.open(season)
    table = page.locator("#changes-2")
    rows, where = table.locator("tbody tr"), table.get_by_role("status")
    table.get_by_label("Show").select_option("deleted")
    expect(where).to_have_text("1–25 of 2,000 that match, 10,000 in all")
    table.get_by_role("button", name="Next").click()
    expect(where).to_have_text("26–50 of 2,000 that match, 10,000 in all")
    seen, address = rows.all_inner_texts(), str(page.evaluate("location.href"))
    assert all("status sent" in row for row in seen)
    page.goto("about:blank")
    page.goto(address)
    assert seen == rows.all_inner_texts()
    table.get_by_label("Show").select_option("")
    table.get_by_label("Find").fill("order-3999")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("status placed → sent")
    expect(where).to_have_text("1–1 of 1 that match, 10,000 in all")
    assert [] == visit.serious()


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("made", ["by a scenario", "in every field"])
def test_hostile_text_is_text(visit: Visit, reports: Path, tmp_path: Path, made: str, width: int) -> None:
    """Script, quotes, letters from right to left and ten thousand characters in every field: none runs, nothing breaks."""
    dialogs: list[str] = []
    visit.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    size(visit.page, width, 900)
    page = visit.open(reports / "nasty.html" if made == "by a scenario" else written(tmp_path, hostile_report(HOSTILE)))
    open_everything(page)
    assert is_narrow_enough(page)
    assert 0 == page.locator("img[src]").count()
    assert 1 == page.locator("script:not([type])").count()
    page.get_by_role("button", name="Dark theme").click()
    page.locator("#checks").get_by_label("Find").fill("<SCRIPT>")
    expect(page.locator("#checks tbody tr")).to_have_count(1)
    assert [] == visit.serious()
    assert [] == dialogs
