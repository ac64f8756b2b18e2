"""What a plan does on the rosters of the library, and what no plan ever does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from residency.contingency.activation import Analysis, decide_activation, decide_analysis
from residency.contingency.needs import absent_persons
from residency.contingency.plan_making import Crisis, make_plan, reshape, reshaping
from residency.contingency.plans import Fairness, Plan
from residency.model import AbsenceKind, Backup, DutyKind, PersonStatus
from residency.stored import duty_row

from . import library_rosters as library
from .rosters import World, at, counted_ids


def plan_of(world: World, clock: str, fairness: Fairness | None = None, depth: int = 4) -> Plan:
    """Return the plan for everybody absent."""
    book = world.book()
    return make_plan(book, Crisis(at(clock), absent_persons(book, at(clock)), depth), fairness or Fairness())


def moves(plan: Plan) -> set[tuple[str, str, str, int]]:
    """Return duty, former and new holder, level of every move."""
    return {(move.assignment_id, move.from_person, move.to_person, move.level) for move in plan.moves}


def test_two_absences_find_the_two_chains_that_the_qualifications_leave() -> None:
    """Eight moves in two chains of two, each along the backups, and the research is released."""
    plan = plan_of(library.multi_absence(), "12-17 05:00")
    chains = {("R1", "R3", 1), ("R2", "R4", 1), ("R3", "R5", 2), ("R4", "R6", 2)}
    assert {(f"{half}-{old}", old, new, level) for old, new, level in chains for half in ("am", "pm")} == moves(plan)
    assert {"am-R5", "pm-R5", "am-R6", "pm-R6"} == {part.duty.id for part in plan.released}
    assert (True, 2, True) == (plan.feasible, plan.chain_depth, plan.cascade_risk)


def test_a_chain_of_three_leaves_the_rival_chain_alone() -> None:
    """Fifteen moves, three a day, and five elective days released."""
    plan = plan_of(library.cascade(), "12-08 12:00")
    expected = Counter({("R1", "R3", 1): 5, ("R3", "R5", 2): 5, ("R5", "R7", 3): 5})
    assert expected == Counter((move.from_person, move.to_person, move.level) for move in plan.moves)
    assert {"R7"} == {part.duty.person_id for part in plan.released}
    assert (True, 3, True) == (plan.feasible, plan.chain_depth, plan.is_proven)


def test_one_move_beats_the_first_backup_with_a_chain() -> None:
    """The second backup takes all of it: the first is needed where they are, and others have their free day."""
    plan = plan_of(library.weekend(), "12-28 09:00")
    assert {("call-r1", "R1", "R3", 1)} == moves(plan)
    assert [("pro-r3", at("12-28 09:00"), at("12-28 13:00"))] == [(p.duty.id, p.start, p.end) for p in plan.released]


def test_the_backup_of_that_night_takes_the_rest_of_the_night() -> None:
    """From the hand-over on, and only that night."""
    plan = plan_of(library.night_float(), "12-22 22:00")
    assert {("nf-3", "R1", "R2", 1)} == moves(plan)
    assert [(at("12-22 22:00"), at("12-23 07:00"))] == [move.part.interval for move in plan.moves]


def test_twenty_half_days_go_to_whoever_is_on_research() -> None:
    """Ten each: whoever is on the ward that morning would leave a gap."""
    plan = plan_of(library.deployment(), "11-29 09:00")
    assert Counter({"R2": 10, "R3": 10}) == Counter(move.to_person for move in plan.moves)
    assert (20, 40, True) == (len(plan.moves), len(plan.released), plan.is_proven)


def test_a_supervisor_is_replaced_for_as_long_as_somebody_can_come() -> None:
    """Until one o'clock; then every candidate has a reason, and the clinic keeps its own supervisor."""
    plan = plan_of(library.supervision(), "12-16 10:00")
    assert [(at("12-16 10:00"), at("12-16 13:00"))] == [move.part.interval for move in plan.moves]
    (left,) = plan.uncovered
    assert ("f1", at("12-16 13:00"), at("12-16 17:00")) == (left.part.duty.id, left.part.start, left.part.end)
    found = {reason.person: reason.code for reason in left.reasons}
    assert {"F2": "double_booking", "F3": "leave_exclusion", "F4": "supervision_ratio"} == found


def test_six_half_days_are_shared_so_that_nobody_passes_eighty() -> None:
    """Friday to R3, Saturday to R2, Sunday halved; the earlier half goes to the smaller id."""
    plan = plan_of(library.cascade_prevention(), "12-12 12:00")
    days = [(move.part.start, move.to_person) for move in plan.moves]
    expected = [("12-13 08:00", "R3"), ("12-13 14:00", "R3"), ("12-14 08:00", "R2"), ("12-14 14:00", "R2")]
    expected += [("12-15 08:00", "R2"), ("12-15 14:00", "R3")]
    assert [(at(start), person) for start, person in expected] == days
    assert plan.cascade_risk


def test_a_search_that_comes_round_gives_up_the_least_needed_service() -> None:
    """The clinic is left, since the ward and the emergency room are covered first."""
    plan = plan_of(library.backup_circle(), "12-11 05:00")
    assert {("ward", "R1", "R2", 1), ("er", "R2", "R3", 2)} == moves(plan)
    assert ["clinic"] == [item.part.duty.id for item in plan.uncovered]
    assert (2, 600) == (plan.chain_depth, plan.gap_minutes)


def test_what_nobody_can_take_stays_open_with_a_reason_each() -> None:
    """The backup until their leave begins, again two days later, and two hours in between for nobody."""
    plan = plan_of(library.mid_duty(), "12-10 11:30")
    starts = [(at("12-10 11:30"), at("12-10 17:00")), (at("12-12 07:00"), at("12-12 19:00"))]
    assert starts == [move.part.interval for move in plan.moves]
    (left,) = plan.uncovered
    assert {"R2": "leave_exclusion", "R3": "coverage"} == {reason.person: reason.code for reason in left.reasons}
    assert 120 == plan.gap_minutes


def test_no_gap_is_opened_on_a_service_as_needed_as_the_one_it_closes() -> None:
    """Pulling somebody off the emergency room would be shorter by an hour, and is not done."""
    plan = plan_of(library.staffing_crisis(recalled=False), "12-19 18:00")
    assert (False, 36 * 60, ()) == (plan.feasible, plan.gap_minutes, plan.moves)
    sunday = next(item for item in plan.uncovered if item.part.start == at("12-22 07:00"))
    assert "one_day_in_seven" in {reason.code for reason in sunday.reasons if reason.person == "R5"}


def test_who_is_back_takes_one_of_the_two_duties_and_the_other_is_released() -> None:
    """One head is needed, two were there: three duties move, three go."""
    plan = plan_of(library.staffing_crisis(recalled=True), "12-19 18:00")
    assert {"R1"} == {move.to_person for move in plan.moves}
    assert (3, 3, True) == (len(plan.moves), len(plan.released), plan.feasible)


# ── order of preference ────────────────────────────────────────────────────────────────────────────────────────────────


def three_free() -> World:
    """One absent on a night, three who could come."""
    world = World().residents("R1", "R2", "R3", "R4").rotation("night_float")
    return world.duty("R1", "night_float", "12-10 19:00", "07:00", name="n").away("R1", "12-10", "12-11 12:00")


def test_of_equals_the_smallest_id_comes() -> None:
    """Nothing else tells them apart."""
    assert {("n", "R1", "R2", 1)} == moves(plan_of(three_free(), "12-10"))


def test_the_backup_order_decides_before_the_ledger() -> None:
    """R4 backs R1, and comes although R4 carried more than anybody."""
    world = three_free().backs("R4", "R1")
    assert {("n", "R1", "R4", 1)} == moves(plan_of(world, "12-10", Fairness({"R4": 9})))


def test_who_carried_less_comes_first() -> None:
    """The ledger decides where the backup order does not."""
    assert {("n", "R1", "R3", 1)} == moves(plan_of(three_free(), "12-10", Fairness({"R2": 2, "R4": 1})))


def two_nights() -> World:
    """R1 absent on two nights a week apart; three who could come."""
    return three_free().duty("R1", "night_float", "12-17 19:00", "07:00", name="m").away("R1", "12-17", "12-18 12:00")


def test_fewer_people_count_before_fairness() -> None:
    """Two nights a week apart go to one person."""
    world = two_nights()
    assert 1 == len({move.to_person for move in plan_of(world, "12-10").moves})


def test_a_pinned_duty_is_not_moved_and_says_so() -> None:
    """No operation moves it, not even when its holder is ill."""
    world = (
        World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w", pinned=True)
    )
    plan = plan_of(world.away("R1", "12-10", "12-11"), "12-10")
    assert [("w", "pinned")] == [(item.part.duty.id, item.reasons[0].code) for item in plan.uncovered]
    assert () == reshaping(plan).touched


def test_without_auto_coverage_only_backups_are_asked() -> None:
    """R2 is free and backs nobody, so the gap stays."""
    world = three_free()
    world.settings = replace(world.settings, auto_coverage=False)
    assert () == plan_of(world, "12-10").moves
    assert {("n", "R1", "R4", 1)} == moves(plan_of(world.backs("R4", "R1"), "12-10"))


def test_a_backup_takes_no_more_duties_than_its_capacity() -> None:
    """One who may take one leaves both to somebody else, as one person is better than two; where nobody else is asked, one is open."""
    assert Counter({"R4": 2}) == Counter(
        move.to_person for move in plan_of(two_nights().backs("R4", "R1"), "12-10").moves
    )
    limited = two_nights().backs("R4", "R1", capacity=1)
    assert Counter({"R2": 2}) == Counter(move.to_person for move in plan_of(limited, "12-10").moves)
    limited.settings = replace(limited.settings, auto_coverage=False)
    plan = plan_of(limited, "12-10")
    assert (1, 1) == (len(plan.moves), len(plan.uncovered))


def test_notice_leaves_a_gap_unless_somebody_in_house_is_held_over() -> None:
    """Nobody arrives before an hour has passed; whoever has just finished can stay on."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w")
    world.away("R1", "12-10", "12-11")
    world.settings = replace(world.settings, program=replace(world.settings.program, notice_minutes=60))
    assert 60 == plan_of(world, "12-10 07:00").gap_minutes
    assert 0 == plan_of(world, "12-10 05:00").gap_minutes
    world.residents("R3").duty("R3", "base", "12-10 03:00", "07:00")
    assert {("w", "R1", "R3", 1)} == moves(plan_of(world, "12-10 07:00"))


def test_a_chain_is_no_longer_than_allowed() -> None:
    """With two moves the third service would be open, so nothing is pulled for it."""
    plan = plan_of(library.cascade(), "12-08 12:00", depth=2)
    assert (False, ()) == (plan.feasible, plan.moves)
    assert any(
        "no further than 2 moves" in reason.text or reason.code == "coverage" for reason in plan.uncovered[0].reasons
    )


def test_moonlighting_elsewhere_is_neither_lost_nor_pulled() -> None:
    """It is somebody's own affair."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "13:00", name="w")
    world.duty("R1", "base", "12-10 13:00", "17:00", kind=DutyKind.MOONLIGHT_EXT)
    world.duty("R2", "base", "12-10 09:00", "11:00", kind=DutyKind.MOONLIGHT_EXT)
    plan = plan_of(world.away("R1", "12-10", "12-11", AbsenceKind.EMERGENCY), "12-10")
    assert [(at("12-10 07:00"), at("12-10 09:00")), (at("12-10 11:00"), at("12-10 13:00"))] == [
        move.part.interval for move in plan.moves
    ]
    assert ["double_booking"] == [reason.code for item in plan.uncovered for reason in item.reasons]


# ── from a plan to rows ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("world", "clock", "rows"),
    [
        (library.multi_absence(), "12-17 05:00", (8, 4, 0)),
        (library.cascade(), "12-08 12:00", (15, 5, 0)),
        (library.weekend(), "12-28 09:00", (2, 0, 1)),
        (library.night_float(), "12-22 22:00", (1, 0, 1)),
        (library.deployment(), "11-29 09:00", (20, 40, 0)),
        (library.supervision(), "12-16 10:00", (2, 0, 1)),
        (library.cascade_prevention(), "12-12 12:00", (6, 0, 0)),
        (library.backup_circle(), "12-11 05:00", (2, 1, 0)),
        (library.mid_duty(), "12-10 11:30", (2, 1, 1)),
    ],
)
def test_rows_that_a_plan_changes(world: World, clock: str, rows: tuple[int, int, int]) -> None:
    """Updated, deleted and inserted rows are those that the library counts."""
    book = world.book()
    shape = reshaping(plan_of(world, clock))
    change = reshape({duty_id: duty for duty_id in shape.touched if (duty := book.duty(duty_id))}, shape, counted_ids())
    added, removed = {duty.id for duty in change.added}, {duty.id for duty in change.removed}
    assert rows == (len(added & removed), len(removed - added), len(added - removed))


def analysed(world: World, clock: str) -> tuple[object, ...]:
    """Return the book and the stored plan."""
    book = world.book()
    planned = decide_analysis(book, Analysis(at(clock), "test", None, None, 1), Fairness(), counted_ids("plan"))
    assert planned.row is not None
    return book, planned.row


def test_a_plan_on_changed_duties_is_stale() -> None:
    """One of its duties has been moved since, and is named."""
    world = library.weekend()
    _, row = analysed(world, "12-28 09:00")
    world.duties = [duty for duty in world.duties if duty.id != "pro-r3"]
    decision = decide_activation(world.book(), row, counted_ids(), allow_partial=True)  # type: ignore[arg-type]
    assert [("stale_plan", True)] == [(reason.code, "pro-r3" in reason.text) for reason in decision.reasons]


def test_a_plan_with_gaps_is_refused_where_none_are_allowed() -> None:
    """It is all applied or not at all."""
    book, row = analysed(library.mid_duty(), "12-10 11:30")
    decision = decide_activation(book, row, counted_ids(), allow_partial=False)  # type: ignore[arg-type]
    assert ["infeasible_plan"] == [reason.code for reason in decision.reasons]
    assert () == decision.writes


def test_a_plan_that_would_break_a_rule_by_now_is_stale() -> None:
    """Somebody was given more duty in the meantime, on no row of the plan."""
    world = library.cascade_prevention()
    _, row = analysed(world, "12-12 12:00")
    world.duty("R2", "base", "12-28 06:00", "12-28 21:00")
    decision = decide_activation(world.book(), row, counted_ids(), allow_partial=True)  # type: ignore[arg-type]
    assert {"stale_plan"} == {reason.code for reason in decision.reasons}
    assert "weekly_hours" not in {reason.code for reason in decision.reasons}


def test_a_moved_duty_keeps_every_other_field() -> None:
    """Only the person changes in place."""
    book, row = analysed(library.cascade_prevention(), "12-12 12:00")
    decision = decide_activation(book, row, counted_ids(), allow_partial=True)  # type: ignore[arg-type]
    for write in decision.writes:
        if write.table == "assignments" and write.before and write.after:
            changed = {name for name in write.before if write.before[name] != write.after[name]}
            assert {"person_id"} == changed
            assert duty_row(book.duty(write.id)) == write.before  # type: ignore[attr-defined]


def test_a_search_without_time_leaves_everything_open_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short before any plan was complete, it claims nothing."""
    monkeypatch.setattr("residency.contingency.planning.MOST_STATES", 1)
    plan = plan_of(three_free(), "12-10")
    assert (False, (), 720) == (plan.is_proven, plan.moves, plan.gap_minutes)


def test_a_search_cut_short_keeps_the_best_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a plan, and not proven to be the least."""
    monkeypatch.setattr("residency.contingency.planning.MOST_STATES", 3)
    plan = plan_of(three_free().backs("R4", "R1"), "12-10")
    assert (False, True) == (plan.is_proven, plan.feasible)


def test_who_asks_may_cut_the_search_short() -> None:
    """The limit of states belongs to the question; without one the search comes to its proof."""
    book = three_free().backs("R4", "R1").book()
    found = [
        make_plan(book, Crisis(at("12-10"), ("R1",), 4, most_states=limit), Fairness()).is_proven for limit in (3, None)
    ]
    assert [False, True] == found


def test_reasons_at_a_glance() -> None:
    """Inactive, without the skill, no supervisor, no backup: each is told as such."""
    world = (
        World(policy={"supervision_ratio": {"pgy1": 1, "senior": 1}})
        .residents("R1", "R2", "R3", "R4")
        .faculty("F1", "F2")
    )
    world.rotation("ward", requires=frozenset({"x"}), requires_supervision=True)
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE)
        if person.id == "R3"
        else replace(person, qualifications=frozenset({"x"}), can_supervise=person.id == "F1")
        if person.id != "R4"
        else person
        for person in world.persons
    ]
    for person in ("R1", "F1"):
        world.duty(person, "ward", "12-10 07:00", "19:00", name=person).away(person, "12-10 06:00", "12-11")
    world.away("R2", "12-10", "12-11", AbsenceKind.DAY_OFF)
    plan = plan_of(world, "12-10 06:00")
    told = {reason.person: reason.code for item in plan.uncovered for reason in item.reasons}
    assert {"R2": "leave_exclusion", "R3": "inactive_person", "R4": "qualification"} == told
    world.settings = replace(world.settings, auto_coverage=False)
    again = plan_of(world.residents("R5", skills=["x"]), "12-10 06:00")
    assert "contingency_disabled" in {reason.code for item in again.uncovered for reason in item.reasons}


def test_a_supervisor_who_does_not_supervise_is_no_answer() -> None:
    """The resident stays without one, and the other member of the faculty is told as unfit."""
    world = World(policy={"supervision_ratio": {"pgy1": 1, "senior": 1}}).residents("R1").faculty("F1", "F2")
    world.rotation("ward", requires_supervision=True)
    world.persons = [replace(person, can_supervise=False) if person.id == "F2" else person for person in world.persons]
    world.duty("R1", "ward", "12-10 07:00", "19:00").duty("F1", "ward", "12-10 07:00", "19:00", name="f1")
    plan = plan_of(world.away("F1", "12-10", "12-11"), "12-10")
    assert {"F2": "qualification"} == {reason.person: reason.code for reason in plan.uncovered[0].reasons}


def test_backups_for_other_services_or_dates_are_none() -> None:
    """R4 backs R1 on calls only, so R2 comes by id."""
    world = three_free()
    world.backups = [Backup("b", "R1", "R4", 1, rotations=frozenset({"call"}))]
    assert {("n", "R1", "R2", 1)} == moves(plan_of(world, "12-10"))
