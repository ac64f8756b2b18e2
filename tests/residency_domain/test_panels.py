"""What the residency adds to a report: on real photographs, in the words that a chief resident reads."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from rehearse.panels import AnyPanel, PanelCalendar, PanelChain, PanelCoverage, PanelLimits, PanelTable, PanelWords
from residency import DOMAIN, schema
from residency.calendar import moment_of
from residency.judging.naming import codes, in_order, shortened
from residency.judging.roster_changes import Turn, sentences

from .desk import Desk
from .library_rosters import weekend
from .rosters import World, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Store


def panels(desk: Desk) -> dict[str, AnyPanel]:
    """Every panel of what a desk did, by title."""
    evidence = desk.evidence()
    return {found.title: found for panel in DOMAIN.panels for found in panel.function(evidence)}


@pytest.fixture
def desk(sqlite_store: Store) -> Iterator[Desk]:
    """The weekend call, with R1 there."""
    world = weekend()
    world.absences = [absence for absence in world.absences if absence.person_id != "R1"]
    with Desk(sqlite_store, world, clock="12-28 09:00") as found:
        yield found


@pytest.fixture
def covered(desk: Desk) -> Desk:
    """The same, after R1 fell ill and the backups were called."""
    desk.do(
        "mark_unavailable",
        person_id="R1",
        start=moment_of(at("12-28 09:00")),
        end=moment_of(at("12-30")),
        reason="illness",
    )
    desk.do("activate_backup_assignments")
    return desk


def test_who_works_when_says_it_in_words(covered: Desk) -> None:
    """First who is away, then who takes whose duty and when."""
    words = panels(covered)["Who works when now"]
    assert isinstance(words, PanelWords)
    assert words.sentences[0].startswith("R1 is away from 09:00 on 28 December to 00:00 on 30 December (")
    assert "R3 takes R1’s call from 09:00" in words.sentences[1] or "R3 takes R1’s call on Sat 28" in words.sentences[1]


def test_nothing_changed_is_said(desk: Desk) -> None:
    """Where nothing happened no sentence stands, no chain is shown, and everybody's day is as before."""
    found = panels(desk)
    words, calendar = found["Who works when now"], found["The roster, before and after"]
    assert isinstance(words, PanelWords)
    assert isinstance(calendar, PanelCalendar)
    assert ((), "As before: no duty and no absence changed.") == (words.sentences, words.nothing)
    assert "Nobody’s days changed." == calendar.note
    assert "The backup chain that was activated" not in found


def test_the_calendar_marks_what_changed(covered: Desk) -> None:
    """The lost duty is marked as gone with one, as come with the other, and the absence stands on its days."""
    calendar = panels(covered)["The roster, before and after"]
    assert isinstance(calendar, PanelCalendar)
    rows = {row.label: dict(zip(calendar.days, row.days, strict=True)) for row in calendar.rows}
    saturday = date(2024, 12, 28)
    marks = {(entry.code, entry.mark, entry.away) for entry in rows["R1"][saturday]}
    assert ("away", "added", True) in marks
    assert {"added"} == {entry.mark for entry in rows["R3"][saturday] if entry.code == dict_of(calendar)["call"]}
    assert all(len(row.days) == len(calendar.days) for row in calendar.rows)


def dict_of(calendar: PanelCalendar) -> dict[str, str]:
    """Name → code of a calendar's legend."""
    return {name: code for code, name in calendar.legend}


def test_hours_stand_beside_their_limit(covered: Desk) -> None:
    """Every resident's window has its value before and after, the one closest to the limit first."""
    limits = panels(covered)["Hours a week against the limit"]
    assert isinstance(limits, PanelLimits)
    room = [series.closest.headroom for series in limits.series]
    assert sorted(room) == room  # type: ignore[type-var]
    (r3,) = [series.closest for series in limits.series if series.subject == "R3"]
    assert (Fraction(133, 2), Fraction(71), Fraction(80)) == (r3.before, r3.value, r3.limit)


def test_the_closest_limit_is_named_with_what_is_to_spare(covered: Desk) -> None:
    """Rule, person, window, measured, limit and headroom stand in one row, and the first paragraph says it."""
    table = panels(covered)["Closest to the limit"]
    assert isinstance(table, PanelTable)
    rows = {row[0]: row[1:] for row in table.rows}
    assert ("R3", "71 hours a week", "at most 80", "9") == (
        *rows["weekly hours (CPR 6.20)"][:1],
        *rows["weekly hours (CPR 6.20)"][2:],
    )
    assert "R3: 71 hours a week from 2 to 29 December, at most 80: 9 to spare." in table.summary


def test_what_is_uncovered_says_service_time_and_number(covered: Desk, desk: Desk) -> None:
    """Nothing is open once the backup came; without one the service, the hours and the missing heads are told."""
    assert () == uncovered_words(covered).sentences
    desk.do(
        "mark_unavailable", person_id="R3", start=moment_of(at("12-28 09:00")), end=moment_of(at("12-30")), reason=""
    )
    words, grid = (panels(desk)[title] for title in ("What remains uncovered", "Coverage by day and service"))
    assert isinstance(words, PanelWords)
    assert isinstance(grid, PanelCoverage)
    assert any(text.startswith("call lacks 1 resident of 1 from 09:00") for text in words.sentences)
    (row,) = [row for row in grid.rows if row.label == "call"]
    short = [(day, cell) for day, cell in zip(grid.days, row.cells, strict=True) if cell is not None and cell.short]
    assert date(2024, 12, 28) == short[0][0]
    assert (1, 1, 0, 0) == (short[0][1].needed, short[0][1].before, short[0][1].after, short[0][1].was_short)
    assert "1 of 1 missing 09:00–24:00" == short[0][1].words


def test_what_is_open_every_day_is_said_once(sqlite_store: Store) -> None:
    """The same need at the same hours on days in a row is one sentence; what is new stands apart from what was open before."""
    world = World().residents("R1").rotation("call").rotation("nights").rotation("ward")
    for day in (2, 3, 4, 6, 9, 10, 30):
        world.requirement("ward", f"12-{day:02d} 07:00", f"12-{day:02d} 19:00")
    for day in (10, 11):
        world.requirement("nights", f"12-{day} 20:00", f"12-{day + 1} 07:00")
        world.requirement("call", f"12-{day + 1} 12:00", f"12-{day + 2}")
    world.duty("R1", "ward", "12-10 07:00", "19:00")
    with Desk(sqlite_store, world, clock="12-09 09:00") as desk:
        desk.do("mark_unavailable", person_id="R1", start=moment_of(at("12-10")), end=moment_of(at("12-11")), reason="")
        assert (
            "ward lacks 1 resident of 1 from 07:00 to 19:00 every day from 2 to 4 December, as before.",
            "ward lacks 1 resident of 1 from 07:00 to 19:00 on 6 December, as before.",
            "ward lacks 1 resident of 1 from 07:00 to 19:00 on 9 December, as before.",
            "ward lacks 1 resident of 1 from 07:00 to 19:00 on 10 December.",
            "nights lacks 1 resident of 1 from 20:00 to 07:00 every day from 10 to 11 December, as before.",
            "call lacks 1 resident of 1 from 12:00 to 24:00 every day from 11 to 12 December, as before.",
        ) == uncovered_words(desk).sentences


def uncovered_words(desk: Desk) -> PanelWords:
    """What is said of what remains uncovered."""
    found = panels(desk)["What remains uncovered"]
    assert isinstance(found, PanelWords)
    return found


def test_the_chain_names_giver_taker_and_duty(covered: Desk) -> None:
    """Who fell out and why, and one link for what each takes."""
    chain = panels(covered)["The backup chain that was activated"]
    assert isinstance(chain, PanelChain)
    assert "R1" == chain.absent[0][0]
    assert [("R1", "R3", "taken"), ("R3", "", "released")] == [
        (link.giver, link.taker, link.kind) for link in chain.links
    ]
    assert chain.links[0].duty.startswith("call ")


def test_people_and_services_are_called_by_name(covered: Desk) -> None:
    """Where somebody has a name it is said, with the id."""
    named = update(schema.PERSONS).where(schema.PERSONS.c.id == "R3").values(first_name="Ada", last_name="Bo")
    covered.execute(named)
    words = panels(covered)["Who works when now"]
    assert isinstance(words, PanelWords)
    assert any(text.startswith("Ada Bo (R3) takes R1’s call") for text in words.sentences)


def test_the_same_change_on_days_in_a_row_is_one_sentence() -> None:
    """Five days are one sentence, days that are scattered are counted."""
    week = [Turn("A takes B’s ward", at(f"12-{day:02d} 07:00"), at(f"12-{day:02d} 17:00")) for day in range(9, 14)]
    assert ["A takes B’s ward each day from Mon 9 to Fri 13 December, 07:00–17:00."] == list(sentences(week))
    scattered = [
        Turn("A takes B’s ward", at(f"12-{day:02d} 07:00"), at(f"12-{day:02d} 17:00")) for day in range(2, 12, 2)
    ]
    assert ["A takes B’s ward: 5 times from 2 to 10 December."] == list(sentences(scattered))


def test_halves_of_a_day_are_one_and_many_duties_are_counted() -> None:
    """What adjoins is told as one; a new month of somebody is one sentence with its services counted."""
    halves = [
        Turn("A takes B’s ward", at("12-09 07:00"), at("12-09 13:00")),
        Turn("A takes B’s ward", at("12-09 13:00"), at("12-09 19:00")),
    ]
    assert ["A takes B’s ward on Mon 9 December, 07:00–19:00."] == list(sentences(halves))
    month = [
        Turn(f"A now has {what}", at(f"12-{day:02d} 07:00"), at(f"12-{day:02d} 17:00"), "A now has", what)
        for day, what in zip(range(2, 26, 2), ["ward", "ward", "clinic", "icu"] * 3, strict=True)
    ]
    assert ["A now has 12 duties from 2 to 24 December: 6 ward, 3 clinic and 3 icu."] == list(sentences(month))


def test_codes_differ_and_are_short() -> None:
    """Whatever services are called, no two have the same code."""
    names = ["ward_a", "ward_b", "ward", "wards", "warden", "w", "__", "<script>", "病棟", "ward a"]
    found = codes(names)
    assert len(names) == len(set(found.values()))
    assert max(map(len, found.values())) <= 4
    assert ("WA", "WB") == (found["ward_a"], found["ward_b"])


def test_names_are_in_the_order_of_their_numbers() -> None:
    """R2 comes before R10, and a name that never ends is cut."""
    assert ["R1", "R2", "R10", "S1"] == in_order(["R10", "S1", "R2", "R1"])
    assert 40 == len(shortened("x" * 10_000))
