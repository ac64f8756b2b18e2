"""Adding duties and taking them away: what is refused, who else could, and from when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from residency.admission import advisories, refusals
from residency.assigning import decide_create, decide_remove, next_eligible
from residency.calendar import moment_of
from residency.model import Change, Duty, DutyKind, PersonStatus

from .desk import Desk, codes
from .rosters import BLOCK, World, at
from .tries import TRIES

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from residency.decisions import Decision


def duty(person: str, rotation: str, start: str, end: str, kind: DutyKind = DutyKind.CLINICAL) -> Duty:
    """Return a duty that is not there yet."""
    return Duty("new", person, rotation, at(start), at(end), kind)


def measured(decision: Decision) -> list[tuple[str, int | None, int | None]]:
    """Return code, figure and limit of every reason."""
    return [(reason.code, reason.measured, reason.limit) for reason in decision.reasons]


def seed_week() -> World:
    """Six days in a row from a Sunday, under the seed's strict rule (ACGME-002)."""
    world = World(rules="seed", horizon=(date(2024, 12, 1), date(2024, 12, 28))).residents("R1", "R2")
    world.rotation("ward", min_persons=0)
    world.weekly(
        "R1", "07:00", "17:00", days="0123456", rotation="ward", first=date(2024, 12, 1), last=date(2024, 12, 6)
    )
    return world.weekly("R1", "07:00", "17:00", first=date(2024, 12, 9)).weekly("R2", "07:00", "17:00")


def after_call(rules: str) -> World:
    """A call on Saturday, a Sunday clinic to fill (ACGME-003)."""
    world = World(rules=rules).residents("R1", "R2").rotation("call").rotation("clinic", min_persons=0)
    world.weekly("R1", "07:00", "17:00", last=date(2024, 12, 12)).weekly(
        "R1", "07:00", "17:00", first=date(2024, 12, 17)
    )
    return world.duty("R1", "call", "12-14 07:00", "07:00").weekly("R2", "07:00", "17:00")


def test_a_seventh_day_in_a_row_is_refused_until_the_day_after_the_free_one() -> None:
    """The run is measured, R2 is offered, and the same person may come again on the eighth."""
    decision = decide_create(seed_week().book(), duty("R1", "ward", "12-07 07:00", "12-07 17:00"))
    assert [("one_day_in_seven", 7, 6)] == measured(decision)
    assert moment_of(at("12-08")).date() == decision.data["next_eligible"].date()  # type: ignore[union-attr]
    assert ("R2",) == decision.data["alternatives"]


@pytest.mark.parametrize(
    ("rules", "limit", "eligible"), [("seed", 8, "12-15 15:00"), ("acgme-2025", 14, "12-15 21:00")]
)
def test_rest_after_a_call_says_from_when_the_same_duty_would_do(rules: str, limit: int, eligible: str) -> None:
    """Eight hours in the seed pack, fourteen in the requirements."""
    decision = decide_create(after_call(rules).book(), duty("R1", "clinic", "12-15 13:00", "12-15 17:00"))
    assert [("rest_after_call", 360, limit * 60)] == measured(decision)
    assert moment_of(at(eligible)) == decision.data["next_eligible"]


def test_a_block_without_room_has_no_next_time_in_it() -> None:
    """At eighty hours there is nothing to come in this horizon."""
    world = World().residents("R1").rotation("clinic", min_persons=0).weekly("R1", "07:00", "23:00")
    decision = decide_create(world.book(), duty("R1", "clinic", "12-21 08:00", "12-21 12:00"))
    assert [("weekly_hours", 324 * 60, 320 * 60)] == measured(decision)
    assert (None, 80, 81) == tuple(decision.data[name] for name in ("next_eligible", "hours_before", "hours_after"))


def test_the_alternative_takes_it_if_asked(store: Store) -> None:
    """R2 relieves R1, whose patient care would pass twenty-four hours."""
    world = World(rules="seed").residents("R1", "R2").rotation("ward", min_persons=0)
    world.duty("R1", "ward", "12-10 06:00", "06:00").weekly("R2", "07:00", "17:00", without="12-11")
    with Desk(store, world, clock="12-10 12:00") as desk:
        wanted = {"person_id": "R1", "rotation_id": "ward", "start": moment_of(at("12-11 06:00")), "hours": 120}
        refused = desk.do("create_assignment", **wanted)
        assert ["duty_period"] == codes(refused)
        taken = desk.do("create_assignment", **wanted, assign_alternative=True)
        assert ("done", "R2", ("R2",)) == (taken.outcome, taken.data["person_id"], taken.data["alternatives"])
        assert "R2" == desk.rows("assignments")["step2:1"]["person_id"]


def test_nobody_is_offered_on_a_designated_free_day_or_without_the_skill() -> None:
    """Nor anybody of another role, inactive, or away."""
    world = (
        World()
        .residents("R1", "R2", "R3", "R4")
        .faculty("F1")
        .rotation("ward", min_persons=0, requires=frozenset({"x"}))
    )
    world.persons = [
        replace(person, qualifications=frozenset({"x"})) if person.id != "R4" else person for person in world.persons
    ]
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R3" else person for person in world.persons
    ]
    world.away("R1", "12-10", "12-11").away("R2", "12-10", "12-11")
    decision = decide_create(world.book(), duty("R1", "ward", "12-10 07:00", "12-10 17:00"))
    assert (["leave_exclusion"], ()) == ([reason.code for reason in decision.reasons], decision.data["alternatives"])


def test_a_service_takes_no_more_residents_than_it_may() -> None:
    """Counted at every minute, faculty apart, and one person once."""
    world = World().residents("R1", "R2", "R3").faculty("F1").rotation("ward", max_persons=2)
    world.duty("R1", "ward", "12-10 07:00", "13:00").duty("R2", "ward", "12-10 12:00", "17:00").duty(
        "F1", "ward", "12-10 07:00", "17:00"
    )
    book = world.book()
    assert [("max_persons", 3, 2)] == measured(decide_create(book, duty("R3", "ward", "12-10 07:00", "12-10 13:00")))
    assert "done" == decide_create(book, duty("R3", "ward", "12-10 07:00", "12-10 12:00")).outcome


def test_what_is_not_there_cannot_be_assigned(store: Store) -> None:
    """An unknown person, an unknown rotation, somebody inactive, no rotation at all."""
    world = World().residents("R1", "R2").rotation("ward")
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R2" else person for person in world.persons
    ]
    with Desk(store, world) as desk:
        day = {"block_date": date(2024, 12, 10)}
        assert ["unknown_row"] == codes(desk.do("create_assignment", person_id="R9", rotation_id="ward", **day))
        assert ["unknown_row"] == codes(desk.do("create_assignment", person_id="R1", rotation_id="x", **day))
        assert ["inactive_person"] == codes(desk.do("create_assignment", person_id="R2", rotation_id="ward", **day))
        assert ["unknown_row"] == codes(desk.do("create_assignment", person_id="R1", **day))


def test_advisories_are_listed_and_do_not_block() -> None:
    """Less than eight hours between shifts is a should."""
    book = World().residents("R1").duty("R1", "base", "12-10 07:00", "19:00").book()
    after = book.after(Change(added=(duty("R1", "base", "12-11 02:00", "12-11 06:00"),)))
    assert () == refusals(book, after)
    assert ["rest_between_shifts"] == [record.rule for record in advisories(book, after)]


def test_without_the_work_hour_rules_only_integrity_refuses() -> None:
    """Hours do not count then, two places at once do."""
    world = World().residents("R1").rotation("clinic", min_persons=0).weekly("R1", "07:00", "23:00")
    world.settings = replace(world.settings, acgme_enabled=False)
    assert "done" == decide_create(world.book(), duty("R1", "clinic", "12-21 08:00", "12-21 12:00")).outcome
    both = decide_create(world.book(), duty("R1", "clinic", "12-20 08:00", "12-20 12:00"))
    assert ["double_booking"] == [reason.code for reason in both.reasons]


@TRIES
@given(st.integers(0, 6), st.integers(0, 23), st.integers(1, 24), st.lists(st.integers(0, 6), max_size=4, unique=True))
def test_the_next_time_is_admitted_and_no_hour_before_it_is(
    day: int, hour: int, length: int, worked: list[int]
) -> None:
    """Trying every hour from the one asked for finds nothing earlier."""
    world = World(rules="seed", horizon=(BLOCK[0], BLOCK[0] + timedelta(days=8))).residents("R1")
    for number in worked:
        world.duty("R1", "base", f"12-0{2 + number} 0{number}:00", "23:00")
    book = world.book()
    start = at("12-02") + day * 1440 + hour * 60
    wanted = Duty("new", "R1", "base", start, start + length * 60)
    assume(refusals(book, book.after(Change(added=(wanted,)))))
    found = next_eligible(book, wanted)
    last = book.settings.horizon[1] if found is None else found
    for moment in range(start + 60, last, 60):
        assert refusals(book, book.after(Change(added=(replace(wanted, start=moment, end=moment + length * 60),))))
    if found is not None:
        assert found > start
        assert not refusals(book, book.after(Change(added=(replace(wanted, start=found, end=found + length * 60),))))


# ── taking away ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_needed_duty_is_not_removed_unless_a_gap_is_allowed(store: Store) -> None:
    """Of two on a night that needs one, the first may go and the second may not."""
    world = World().residents("R1", "R2").rotation("night", "night_float")
    world.duty("R1", "night", "12-21 19:00", "07:00", name="a").duty("R2", "night", "12-21 19:00", "07:00", name="b")
    with Desk(store, world) as desk:
        assert {"assignment_id": "a", "gap_hours": Fraction(0)} == dict(
            desk.do("remove_assignment", assignment_id="a").data
        )
        refused = desk.do("remove_assignment", person_id="R2", date=date(2024, 12, 21))
        assert (["coverage"], Fraction(12)) == (codes(refused), refused.data["gap_hours"])
        assert ["no_such_duty"] == codes(desk.do("remove_assignment", person_id="R1", date=date(2024, 12, 21)))
        assert "done" == desk.do("remove_assignment", assignment_id="b", allow_gap=True).outcome
        assert {} == desk.rows("assignments")
        alerts = [row for row in desk.rows("notifications").values() if row["kind"] == "coverage_alert"]
        assert ["PD"] == [row["recipient"] for row in alerts]


def test_a_pinned_duty_is_not_removed() -> None:
    """No operation moves it."""
    world = World().residents("R1").duty("R1", "base", "12-10 07:00", "12:00", name="p", pinned=True)
    held = world.duties[0]
    assert ["pinned"] == [reason.code for reason in decide_remove(world.book(), held, allow_gap=True).reasons]
