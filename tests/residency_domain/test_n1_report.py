"""The N-1 report tells what a chief resident acts on, and the command writes it from a stored roster."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, insert

from residency import schema, stored
from residency.__main__ import main
from residency.contingency.n1_report import n1_report
from residency.contingency.n1_result import N1Result, analyse
from residency.contingency.plans import Fairness

from .rosters import World, at

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

WEEK = (date(2024, 12, 2), date(2024, 12, 8))


def small_hospital() -> World:
    """A ward with one to spare, an intensive care unit that few may work on, and a night that one colleague alone could take."""
    world = World(horizon=WEEK)
    world.rotation("ward", min_persons=1).rotation("icu", requires=frozenset({"icu"})).rotation(
        "night", "night_float", min_pgy=3
    )
    world.residents("R1", "R2", skills=["icu"]).residents("R3", "R4").residents("R5", "R6", pgy=3)
    world.persons = [
        replace(person, first_name="Ann", last_name="Lee") if person.id == "R1" else person for person in world.persons
    ]
    for day in ("12-03", "12-05"):
        world.duty("R1", "icu", f"{day} 07:00", "19:00")
        world.duty("R2", "ward", f"{day} 07:00", "19:00", name=f"w{day}", pinned=day == "12-03")
    world.duty("R3", "ward", "12-05 07:00", "19:00")
    return world.duty("R5", "night", "12-06 19:00", "07:00")


def analysed(world: World, *, jobs: int = 1) -> N1Result:
    """Return what an analysis of a world finds."""
    return analyse(world.book(), Fairness(), jobs=jobs)


def test_the_short_of_it_comes_first() -> None:
    """How often nobody is needed, how often colleagues come, how often nobody can, and what to do about that."""
    report = n1_report(analysed(small_hospital()))
    head, _, rest = report.partition("## What to do first")
    assert "# If one person falls out: from 2 to 8 December" in head
    assert "**2** times nobody can: 24:00 hours in all, on 1 day." in head
    assert "**Put somebody in reserve for icu, 07:00–19:00** on Tue 3 December" in rest
    assert "**Qualify R3 for icu**: free and rested for 12:00 of the hours" in rest
    assert "R6 for night, 19:00–07:00**: the only one who could come on 1 occasion." in rest


def test_what_stands_in_the_way_is_told_person_by_person() -> None:
    """Names, dates, the service that needs them, and whom nothing but a qualification keeps."""
    report = n1_report(analysed(small_hospital()))
    told = report.partition("### Tue, 3 December 2024: Ann Lee (R1) falls out")[2].partition("##")[0]
    assert "- **Open**: icu, from 07:00 to 19:00 on 3 December." in told
    assert "- Held by a pinned duty (1): R2 holds `w12-03`, which is pinned, from 07:00 to 19:00 on 3 December." in told
    assert "- Not qualified (4): R3 lacks icu for icu." in told
    assert "Nothing else keeps R3, R4, R5." in told


def test_pairs_that_are_worse_together() -> None:
    """On Thursday the ward has one to spare, so one may go to intensive care; with two away it is short."""
    result = analysed(small_hospital())
    assert result.pairs is not None
    found = {(item.persons, item.synergy) for item in result.pairs.meetings if item.synergy > 0}
    assert (("R1", "R2"), 720) in found
    assert "## Two at once" in n1_report(result)


def test_two_processes_find_the_same_pairs() -> None:
    """The share of each is joined in the order of days."""
    alone, shared = analysed(small_hospital()), analysed(small_hospital(), jobs=2)
    assert (alone.answers, alone.pairs) == (shared.answers, shared.pairs)


def test_a_roster_without_a_weak_spot() -> None:
    """Nothing is urgent, and the report says so."""
    world = World(horizon=WEEK).rotation("ward").residents("R1", "R2", "R3")
    report = n1_report(analysed(world.duty("R1", "ward", "12-04 07:00", "19:00")))
    assert "Nothing is urgent." in report
    assert "none opens a gap that neither opens alone" in report
    assert "nobody can" not in report


def test_hours_stand_in_the_way_with_measured_and_limit() -> None:
    """Whoever would pass eighty hours is told with the figure and the number of the requirement."""
    world = World(horizon=WEEK).rotation("ward").residents("R1", "R2")
    for day in range(2, 7):
        world.duty("R2", "base", f"12-0{day} 00:00", "15:30")
    report = n1_report(analysed(world.duty("R1", "ward", "12-07 07:00", "19:00")))
    assert "Too many hours (1): R2 averages 89:30 a week" in report
    assert "limit 80:00; CPR 6.20" in report


def stored_world(path: Path, world: World) -> str:
    """Store a world in a file, and return its address."""
    address = f"sqlite:///{path}"
    engine = create_engine(address)
    roster = world.roster()
    rows = (
        (schema.PERSONS, map(stored.person_row, roster.persons)),
        (schema.ROTATIONS, map(stored.rotation_row, roster.rotations)),
        (schema.REQUIREMENTS, map(stored.requirement_row, roster.requirements)),
        (schema.ASSIGNMENTS, map(stored.duty_row, roster.duties)),
    )
    with engine.begin() as connection:
        schema.METADATA.create_all(connection)
        for table, found in rows:
            connection.execute(insert(table), [dict(row) for row in found])
    engine.dispose()
    return address


def test_the_command_writes_the_report_of_a_stored_roster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 1 where somebody cannot be replaced, with 0 where everybody can; days may be chosen."""
    address = stored_world(tmp_path / "roster.db", small_hospital())
    assert 1 == main(["n1", address])
    assert "**2** times nobody can" in capsys.readouterr().out
    assert 0 == main(["n1", address, "--start", "2024-12-06", "--end", "2024-12-08", "--no-pairs"])
    out = capsys.readouterr().out
    assert "Two at once" not in out
    assert "single points of failure" in out


def test_a_database_without_a_roster_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is not made, and an empty one is no roster."""
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch()
    assert [2, 2] == [main(["n1", f"sqlite:///{path}"]) for path in (missing, empty)]
    assert not missing.exists()
    assert "cannot read a roster from" in capsys.readouterr().err


def test_a_pinned_duty_that_nobody_needs_is_no_gap() -> None:
    """It stays as it is, and the service has enough without its holder."""
    world = World(horizon=WEEK).rotation("clinic", min_persons=0).residents("R1", "R2")
    world.duty("R1", "clinic", "12-04 07:00", "19:00", pinned=True)
    assert all(answer.feasible for answer in analysed(world).answers)


def test_chains_are_counted() -> None:
    """R2 leaves the ward for intensive care, and R3, who may not, takes the ward."""
    world = World(horizon=WEEK).rotation("icu", requires=frozenset({"x"})).rotation("ward")
    world.residents("R1", "R2", skills=["x"]).residents("R3")
    world.duty("R1", "icu", "12-04 07:00", "19:00").duty("R2", "ward", "12-04 07:00", "19:00")
    result = analysed(world)
    answer = next(item for item in result.answers if item.persons == ("R1",) and item.day == at("12-04"))
    assert [("R2", 1), ("R3", 2)] == [(move.to_person, move.level) for move in answer.moves]
    assert "need a chain of replacements" in n1_report(result)
