"""How much room a rule leaves: the figures of the margins are those by which the rules judge."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from residency.calendar import HOUR, WindowKind
from residency.judging.margins import closest_margins
from residency.load import Book
from residency.model import DutyKind
from residency.policy.packs import PACKS
from residency.policy.policy import combine
from residency.schedule import Schedule

from .library_rosters import weekend
from .rosters import at

if TYPE_CHECKING:
    from residency.judging.margins import Margin


def book(pack: str = "acgme-2025", *duties: object) -> Book:
    """The weekend's people under a pack, with other duties if there are any."""
    world = weekend()
    roster = world.roster()
    if duties:
        roster = replace(roster, duties=duties, absences=())
    rules = combine(found for found in PACKS if found.name == pack)
    settings = replace(world.settings, rules=rules)
    return Book(Schedule.of(roster, settings.horizon), (), settings)


def of(held: Book) -> dict[str, Margin]:
    """The closest margin of each rule."""
    return {margin.setting.stem: margin for margin in closest_margins(held)}


def duty(number: int, start: str, hours: int, kind: DutyKind = DutyKind.CLINICAL, person: str = "R1") -> object:
    """A duty of somebody."""
    first = weekend().roster().duties[0]
    begin = at(start)
    return replace(
        first, id=f"d{number}", person_id=person, rotation_id=None, start=begin, end=begin + hours * HOUR, kind=kind
    )


@pytest.mark.parametrize("pack", [pack.name for pack in PACKS])
def test_a_margin_is_negative_exactly_where_its_rule_is_broken(pack: str) -> None:
    """Rule by rule: what the rules record as a breach has less than nothing to spare, and nothing else has."""
    calls = [duty(n, f"12-{day:02d} 07:00", 26, DutyKind.IN_HOUSE_CALL) for n, day in enumerate(range(2, 28, 2))]
    nights = [duty(50 + n, f"12-{day:02d} 19:00", 12, DutyKind.NIGHT_FLOAT, "R3") for n, day in enumerate(range(2, 12))]
    for held in (book(pack), book(pack, *calls), book(pack, *nights)):
        broken = {record.rule for record in held.records if record.code != "near"}
        margins = of(held)
        assert {rule for rule, margin in margins.items() if margin.room < 0} == broken & margins.keys()


def test_hours_and_rest_are_measured_in_hours() -> None:
    """Two twelve-hour days with eleven hours between them: each figure is what a person would count."""
    margins = of(book("acgme-2025", duty(1, "12-02 07:00", 12), duty(2, "12-03 06:00", 12)))
    assert (Fraction(11), Fraction(8), Fraction(3)) == (
        margins["rest_between_shifts"].measured,
        margins["rest_between_shifts"].limit,
        margins["rest_between_shifts"].room,
    )
    assert ("12 hours on duty", Fraction(16)) == (margins["duty_period"].figure, margins["duty_period"].room)
    assert "rest_after_call" not in margins
    assert "night_float" not in margins


def test_the_closest_stands_first_and_equals_are_counted() -> None:
    """Rules are in the order of how much of their room is used; others who are as close are counted."""
    margins = closest_margins(book("acgme-2025", duty(1, "12-02 07:00", 12), duty(2, "12-02 07:00", 12, person="R3")))
    assert sorted((margin.share for margin in margins), reverse=True) == [margin.share for margin in margins]
    assert ("R1", 1) == (margins[0].person, margins[0].equals)


def test_one_is_told_in_the_singular() -> None:
    """One night of call is not one nights."""
    margins = of(book("acgme-2025", duty(1, "12-02 07:00", 24, DutyKind.IN_HOUSE_CALL)))
    assert "1 night of call" == margins["call_frequency"].figure


def test_rolling_windows_have_a_margin_each() -> None:
    """Under a pack with rolling windows the fullest of them is the closest."""
    held = book("seed", *(duty(n, f"12-{n + 2:02d} 07:00", 12) for n in range(5)))
    weekly = of(held)["weekly_hours"]
    assert WindowKind.ROLLING28 is weekly.setting.window  # type: ignore[attr-defined]
    assert Fraction(15) == weekly.measured
