"""Panels without pictures: as tables in every format, and as grids of days on a page."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from rehearse.panels import (
    AnyPanel,
    CalendarEntry,
    CalendarRow,
    CoverageCell,
    CoverageRow,
    LimitSeries,
    LimitWindow,
    PanelCalendar,
    PanelCoverage,
    PanelTable,
    PanelWords,
)
from rehearse.report.html.grids import MOST_CELLS, STRETCH, calendar_view, coverage_view
from rehearse.report.html.paged import Column, PagedTable, Row, json_block
from rehearse.report.html.panels import Drawn, cards, drawn
from rehearse.report.panel_tables import panel_table
from rehearse.report.text import in_short_section
from report.samples import PANELS, PASSED

FIRST = date(2024, 12, 2)
STAYS = CalendarEntry("WA", "ward")
CAME = CalendarEntry("CA", "call", "added")


def days(count: int) -> tuple[date, ...]:
    """So many days in a row."""
    return tuple(FIRST + timedelta(days=n) for n in range(count))


def calendar(people: int, length: int, changed: dict[tuple[int, int], CalendarEntry]) -> PanelCalendar:
    """A calendar in which everybody is on the ward every day, but for some entries."""
    rows = (
        CalendarRow(f"R{who}", tuple((changed.get((who, day), STAYS),) for day in range(length)))
        for who in range(people)
    )
    return PanelCalendar("Roster", days(length), tuple(rows))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: type(panel).__name__)
def test_every_kind_is_a_table_too(panel: AnyPanel) -> None:
    """Formats without pictures lose nothing: each kind has rows as wide as its columns."""
    table = panel_table(panel)
    assert panel.title == table.title
    assert table.rows
    assert {len(table.columns)} == {len(row) for row in table.rows}


def test_a_table_says_what_is_worth_saying() -> None:
    """Only marked days and unmet needs become rows; where there are none it says so."""
    marked = panel_table(calendar(2, 3, {(1, 2): CAME}))
    assert (("R1", "Wed 2024-12-04", "+ added", "call"),) == marked.rows
    assert "No day changed." == panel_table(calendar(2, 3, {})).note
    met = PanelCoverage("Coverage", days(1), (CoverageRow("ward", (CoverageCell(1, 1, 1),)),), "Heads.")
    assert ((), "Nobody was missing, before or after. Heads.") == (panel_table(met).rows, panel_table(met).note)
    assert (("As before.",),) == panel_table(PanelWords("Words", (), "As before.")).rows


def test_the_closest_window_is_the_one_with_least_to_spare() -> None:
    """Not the highest value: a window with a lower limit may be closer; without limits the highest stands for all."""
    low = LimitWindow(FIRST, FIRST, Fraction(50), Fraction(52))
    high = LimitWindow(FIRST, FIRST, Fraction(60), Fraction(80))
    free = LimitWindow(FIRST, FIRST, Fraction(90), None)
    assert low == LimitSeries("R1", (high, low, free)).closest
    assert free == LimitSeries("R1", (replace(high, limit=None), free)).closest


# ── grids ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_small_calendar_is_shown_whole() -> None:
    """Everybody and every day, a month or else four weeks side by side, with the names of months and days."""
    (month,) = calendar_view(calendar(3, 31, {})).stretches
    assert (("December 2024", 30), ("Jan", 1)) == month.months
    view = calendar_view(calendar(3, 33, {}))
    assert [28, 5] == [len(stretch.heads) for stretch in view.stretches]
    assert [3, 3] == [len(stretch.rows) for stretch in view.stretches]
    assert (("December 2024", 28),) == view.stretches[0].months
    assert (("Dec", 2), ("Jan", 3)) == view.stretches[1].months
    assert ["", "", "", "", "", "weekend", "weekend"] == [head.style for head in view.stretches[0].heads[:7]]
    assert "" == view.cut


def test_a_large_calendar_shows_whose_days_changed() -> None:
    """Of a year of sixty people those are shown who have other days, in the weeks in which they have them; the rest is counted."""
    view = calendar_view(calendar(60, 365, {(7, 100): CAME, (9, 101): replace(CAME, mark="moved")}))
    assert [["R7", "R9"]] == [[row.label for row in stretch.rows] for stretch in view.stretches]
    assert "Not shown: 58 more whose days are as before." == view.cut


def test_a_calendar_never_freezes_a_page() -> None:
    """Where everything changed the cells are bounded, and what is left out is counted."""
    everything = {(who, day): CAME for who in range(60) for day in range(365)}
    view = calendar_view(calendar(60, 365, everything))
    assert MOST_CELLS >= sum(len(stretch.rows) * len(stretch.heads) for stretch in view.stretches)
    assert "more stretches of days" in view.cut


def test_a_cell_says_in_words_what_it_says_in_letters() -> None:
    """A sign and letters for the eye, whole words for whoever listens; an absence marks the whole day."""
    gone = replace(CAME, mark="removed")
    away = CalendarEntry("away", "illness", "added", away=True)
    panel = PanelCalendar(
        "Roster", days(2), (CalendarRow("R1", ((away, gone), (STAYS,))),), named=((FIRST, "Founders’ Day"),)
    )
    (stretch,) = calendar_view(panel).stretches
    first, second = stretch.rows[0].cells
    assert ("away", ["+away", "−CA"]) == (first.style, [entry.code for entry in first.entries])
    assert ["added: illness", "removed: call"] == [entry.words for entry in first.entries]
    assert ("", ["ward"]) == (second.style, [entry.words for entry in second.entries])
    assert ("Mon 2024-12-02, Founders’ Day", True) == (stretch.heads[0].words, stretch.heads[0].star)


def test_what_is_alike_in_a_cell_is_shown_once() -> None:
    """Two halves of a day on one service are one pair of letters, and both are told."""
    morning, evening = replace(CAME, words="ward 08:00–12:00"), replace(CAME, words="ward 13:00–17:00")
    (stretch,) = calendar_view(PanelCalendar("Roster", days(1), (CalendarRow("R1", ((morning, evening),)),))).stretches
    (entry,) = stretch.rows[0].cells[0].entries
    assert ("+CA", "added: ward 08:00–12:00; ward 13:00–17:00") == (entry.code, entry.words)


def test_coverage_says_needed_there_and_missing() -> None:
    """Met, missing, missing before and nothing needed differ by their signs, and the words have the numbers."""
    cells = (
        CoverageCell(2, 2, 2),
        CoverageCell(2, 2, 1, Fraction(9, 2)),
        CoverageCell(2, 1, 2),
        CoverageCell(2, 0, 1, Fraction(24), "1 of 2 missing all day"),
        None,
    )
    (stretch,) = coverage_view(PanelCoverage("Coverage", days(5), (CoverageRow("ward", cells),))).stretches
    assert ["2", "−1", "+1", "−1", ""] == [cell.entries[0].code for cell in stretch.rows[0].cells]
    assert [
        "2 needed, all there",
        "2 needed, 1 there, before 2 there: 4.5 hours missing",
        "2 needed, all there; before 1",
        "2 needed, 1 there, before 0 there: 1 of 2 missing all day",
        "nothing needed",
    ] == [cell.entries[0].words for cell in stretch.rows[0].cells]


def test_large_coverage_shows_where_somebody_is_missing() -> None:
    """Of a year of many services those rows and weeks are shown in which somebody was or is missing."""
    met = CoverageCell(1, 1, 1)
    rows = [CoverageRow(f"S{n}", (met,) * 365) for n in range(12)]
    rows[3] = CoverageRow("S3", (*(met,) * 200, CoverageCell(1, 1, 0), *(met,) * 164))
    view = coverage_view(PanelCoverage("Coverage", days(365), tuple(rows)))
    assert [["S3"]] == [[row.label for row in stretch.rows] for stretch in view.stretches]
    assert STRETCH == len(view.stretches[0].heads)
    assert "Not shown: 11 more that were always met." == view.cut


# ── cards and pages ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_shows_a_few_sentences_and_keeps_the_rest() -> None:
    """What does not fit is behind a switch; where nothing is to say, that is said."""
    long, empty = cards(drawn((PanelWords("Many", tuple(map(str, range(9)))), PanelWords("None", (), "Nothing."))))
    assert (tuple("012345"), tuple("678")) == (long.sentences, long.more)
    assert ("Nothing.",) == empty.sentences


def test_a_summary_is_a_card_with_the_way_to_all_of_it() -> None:
    """A table that says something in short links to itself; one that does not has no card."""
    table = PanelTable("Closest", ("a",), (("b",),), summary=("R4: none to spare.",))
    (card,) = cards((Drawn(replace(table, summary=()), drawn((table,))[0].svg, ""), *drawn((table,))))
    assert (("R4: none to spare.",), "panel-2") == (card.sentences, card.link)


def test_a_terminal_reads_the_cards_too() -> None:
    """Text has the sentences of the page's cards, a few of each, the way to the rest, and no panel that is a table or a picture alone."""
    panels = (
        PanelWords("Many", tuple(map(str, range(9))), note="In hours."),
        PanelWords("None", (), "Nothing."),
        PanelWords("Empty", ()),
        PanelTable("Closest", ("a",), (("b",),), summary=("R4: none to spare.",)),
        PanelTable("Table", ("a",), (("b",),)),
    )
    shown = [line.text for line in in_short_section(PASSED, panels)]
    more = f"    and 3 more: rehearse show {PASSED.run_id} --format html"
    many = ["  Many", *(f"    {n}" for n in range(6)), more, "    In hours."]
    assert ["In short", *many, "  None", "    Nothing.", "  Closest", "    R4: none to spare."] == shown
    assert [] == list(in_short_section(PASSED, panels[4:]))


def test_a_terminal_is_told_of_a_panel_that_could_not_be_made() -> None:
    """Whoever reads nothing of what remains uncovered reads why."""
    lost = PanelTable("uncovered", (), (), "could not be made: KeyError: 'R1'")
    assert ["In short", "  uncovered: could not be made: KeyError: 'R1'"] == [
        line.text for line in in_short_section(PASSED, (lost,))
    ]


def test_a_block_of_data_cannot_end_or_open_anything() -> None:
    """No letter that HTML reads as markup is in it, and it reads back as what it was."""
    text = '</script><!--<script>&amp;\u2028"\\'
    block = json_block([text])
    assert not set("<>&\u2028\u2029") & set(block)
    assert [text] == json.loads(block)


def test_pages_are_counted_from_the_rows() -> None:
    """The first page stands in the page, the kinds are counted in the order of the rows."""
    table = PagedTable("t", "T", (Column("a"),), tuple(Row("x" if n % 2 else "y", (str(n),)) for n in range(60)))
    assert (25, 35, (("y", 30), ("x", 30))) == (len(table.first), table.more, table.kinds)
