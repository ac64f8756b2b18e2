"""Swaps: who may, with whom, what they change, and that they can be undone exactly."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.model import AbsenceKind, Change, Duty
from residency.operations.request_swap import Link
from residency.setup.rows import Period
from residency.swaps.decisions import Asking, handing_change
from residency.swaps.matching import Wish, find_matches

from .desk import Desk, codes
from .rosters import World, at, counted_ids
from .tries import TRIES

if TYPE_CHECKING:
    from rehearse.database.store import Store

DAY = date(2024, 12, 15)


def sunday() -> World:
    """R1 in the clinic, R2 on the ward, R3 free."""
    world = World().residents("R1", "R2", "R3").rotation("clinic").rotation("ward")
    world.duty("R1", "clinic", "12-15 08:00", "12:00", name="c").duty("R2", "ward", "12-15 07:00", "13:00", name="w")
    for person in ("R1", "R2", "R3"):
        world.weekly(person, "07:00", "17:00")
    return world


def auto_match() -> World:
    """A call to give away, five who might take it, and a different rule against three of them (SWAP-005)."""
    world = (
        World()
        .residents("R1", "R2", "R3", "R6", skills=["call"])
        .residents("R4")
        .residents("R5", pgy=3, skills=["call"])
    )
    world.rotation("call", requires=frozenset({"call"})).rotation("clinic").rotation("er")
    world.weekly("R1", "07:00", "19:00", without="12-16 12-23").duty(
        "R1", "call", "12-15 07:00", "07:00", name="call-r1"
    )
    world.weekly("R2", "07:00", "17:00", without="12-16").duty("R2", "clinic", "12-14 08:00", "12:00", name="cli-r2")
    world.weekly("R3", "07:00", "19:00", without="12-16 12-23").duty(
        "R3", "call", "12-22 07:00", "07:00", name="call-r3"
    )
    world.weekly("R4", "07:00", "17:00").weekly("R5", "07:00", "20:10", days="012345", without="12-16")
    world.duty("R5", "er", "12-16 07:00", "20:10").weekly("R6", "07:00", "17:00", without="12-13 12-16")
    return world.away("R6", "12-13", "12-17", AbsenceKind.VACATION)


# ── the score ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_for_a_call_scores_a_hundred_and_a_clinic_for_it_sixty_two_and_a_half() -> None:
    """Everybody else falls out, each for a reason of their own."""
    world = auto_match()
    given_duty = next(duty for duty in world.duties if duty.id == "call-r1")
    matches, impossible = find_matches(world.book(), Wish(given_duty, at("12-09 09:00")))
    assert [("R3", Fraction(100)), ("R2", Fraction(125, 2))] == [
        (match.trade.partner_id, match.points) for match in matches
    ]
    assert {"R4": "qualification", "R5": "weekly_hours", "R6": "leave_exclusion"} == {
        r.person: r.code for r in impossible
    }
    over = next(reason for reason in impossible if reason.person == "R5")
    assert (326 * 60 + 50, 320 * 60) == (over.measured, over.limit)
    assert {"schedule", "qualification", "equity", "hours"} == {reason.split(":")[0] for reason in matches[0].reasons}


def test_a_request_without_a_partner_is_approved_for_the_best_and_executed(store: Store) -> None:
    """Requested, approved, executed: both calls change hands, and everybody is told at every step."""
    with Desk(store, auto_match(), clock="12-09 09:00") as desk:
        asked = desk.do("request_swap", requestor_id="R1", target_date=DAY)
        assert ("requested", "R3", Fraction(100)) == tuple(
            asked.data[name] for name in ("status", "partner_id", "match_score")
        )
        assert ["R3", "R2"] == [match["person_id"] for match in asked.data["matches"]]  # type: ignore[union-attr, index]
        assert ["no_approved_swap"] == codes(desk.do("execute_swap"))
        approved = desk.do("approve_swap", swap_id="step1:1")
        assert ("approved", "R3") == (approved.data["status"], approved.data["partner_id"])
        assert ("call-r1", "call-r3") == desk.do("execute_swap").data["moved"]
        held = {name: row["person_id"] for name, row in desk.rows("assignments").items() if name.startswith("call")}
        assert {"call-r1": "R3", "call-r3": "R1"} == held
        assert ["not_requested"] == codes(desk.do("approve_swap", swap_id="step1:1"))


def test_another_partner_than_the_best_may_be_approved(store: Store) -> None:
    """One of those who were offered, and nobody else."""
    with Desk(store, auto_match(), clock="12-09 09:00") as desk:
        desk.do("request_swap", requestor_id="R1", target_date=DAY)
        assert ["no_match"] == codes(desk.do("approve_swap", swap_id="step1:1", partner_id="R5"))
        assert "R2" == desk.do("approve_swap", swap_id="step1:1", partner_id="R2").data["partner_id"]
        assert ("call-r1", "cli-r2") == desk.do("execute_swap").data["moved"]


def test_nobody_to_swap_with_is_said_with_every_reason(store: Store) -> None:
    """R2 is away and R3 has nothing to give."""
    world = sunday().away("R2", "12-15", "12-16")
    world.duties = [duty for duty in world.duties if duty.id != "w"]
    with Desk(store, world, clock="12-10") as desk:
        refused = desk.do("request_swap", requestor_id="R1", target_date=DAY)
        assert ["no_match", "leave_exclusion", "no_match"] == codes(refused)
        assert {} == desk.rows("swaps")


# ── life ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_executed_and_rolled_back_leaves_the_roster_as_it_was(store: Store) -> None:
    """People, duties, absences and the ledger; the journal only moves forward."""
    with Desk(store, sunday(), clock="12-10") as desk:
        tables = ("persons", "assignments", "absences", "equity_ledger")
        before = [desk.rows(table) for table in tables]
        desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY)
        desk.do("execute_swap")
        assert before != [desk.rows(table) for table in tables]
        assert ("c", "w") == desk.do("rollback_swap", swap_id="step1:1", reason="changed my mind").data["restored"]
        assert before == [desk.rows(table) for table in tables]
        assert ["not_executed"] == codes(desk.do("rollback_swap", swap_id="step1:1"))
        assert "rolled_back" == desk.rows("swaps")["step1:1"]["status"]
        assert 4 == len(desk.rows("audit_log"))


def test_a_swap_whose_rows_changed_is_not_rolled_back(store: Store) -> None:
    """The row is named, and nothing is touched."""
    with Desk(store, sunday(), clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY)
        desk.do("execute_swap")
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", assignment_id="w")
        desk.do("execute_swap")
        refused = desk.do("rollback_swap", swap_id="step1:1")
        assert ["stale_swap"] == codes(refused)
        assert refused.reasons[0].text.endswith(": w")


def test_an_approved_swap_whose_duty_is_gone_is_stale(store: Store) -> None:
    """It was given to somebody else in the meantime."""
    with Desk(store, sunday(), clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY)
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY)
        assert ["ambiguous_swap"] == codes(desk.do("execute_swap"))
        desk.do("execute_swap", swap_id="step2:1")
        assert ["stale_swap"] == codes(desk.do("execute_swap", swap_id="step1:1"))
        assert "approved" == desk.rows("swaps")["step1:1"]["status"]


def test_a_swap_that_waits_for_approval_keeps_its_terms(store: Store) -> None:
    """Without `auto_approve` it is requested, and approved for its partner only."""
    with Desk(store, sunday(), clock="12-10") as desk:
        asked = desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY, auto_approve=False)
        assert "requested" == asked.data["status"]
        assert ["no_match"] == codes(desk.do("approve_swap", swap_id="step1:1", partner_id="R3"))
        assert "R2" == desk.do("approve_swap", swap_id="step1:1").data["partner_id"]


# ── forms ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chain_turns_round(store: Store) -> None:
    """Each takes the next one's duty, the last the first's; it counts by its links."""
    world = sunday().rotation("er").duty("R3", "er", "12-15 07:00", "19:00", name="e")
    with Desk(store, world, clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", type="chain", links=("c", "w", "e"))
        desk.do("execute_swap")
        held = {name: row["person_id"] for name, row in desk.rows("assignments").items() if name in "cwe"}
        assert {"c": "R3", "w": "R1", "e": "R2"} == held
        assert 3 == desk.rows("swaps")["step1:1"]["links"]


def test_a_chain_needs_two_people(store: Store) -> None:
    """One duty is no chain."""
    with Desk(store, sunday(), clock="12-10") as desk:
        assert ["no_such_duty"] == codes(desk.do("request_swap", requestor_id="R1", type="chain", links=("c",)))


def test_part_of_a_duty_changes_hands(store: Store) -> None:
    """From ten o'clock on: the row is cut, and its rest is a new row; going back removes that again."""
    with Desk(store, sunday(), clock="12-10") as desk:
        desk.do(
            "request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY, from_moment=_moment(10)
        )
        desk.do("execute_swap")
        rows = desk.rows("assignments")
        assert (_moment(8), _moment(10), "R1") == tuple(rows["c"][name] for name in ("start", "end", "person_id"))
        assert (_moment(10), _moment(12), "R3") == tuple(
            rows["step2:1"][name] for name in ("start", "end", "person_id")
        )
        desk.do("rollback_swap", swap_id="step1:1")
        assert _moment(12) == desk.rows("assignments")["c"]["end"]
        assert "step2:1" not in desk.rows("assignments")


def _moment(hour: int) -> datetime:
    return datetime(2024, 12, 15, hour)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"requestor_id": "R9", "target_date": DAY}, "unknown_row"),
        ({"requestor_id": "R1", "partner_id": "R1", "target_date": DAY}, "no_match"),
        ({"requestor_id": "R1", "partner_id": "R3", "target_date": DAY}, "no_such_duty"),
        ({"requestor_id": "R1", "partner_id": "R2", "target_date": date(2024, 12, 14)}, "no_such_duty"),
        ({"requestor_id": "R2", "assignment_id": "c", "partner_id": "R3"}, "no_such_duty"),
        ({"requestor_id": "R1", "assignment_id": "x", "partner_id": "R2"}, "unknown_row"),
        (
            {
                "requestor_id": "R1",
                "partner_id": "R3",
                "type": "absorb",
                "target_date": DAY,
                "from_moment": _moment(12),
            },
            "no_such_duty",
        ),
    ],
)
def test_what_cannot_be_swapped_leaves_no_row_and_is_told_to_the_requestor(
    sqlite_store: Store, parameters: dict[str, object], code: str
) -> None:
    """An audit entry and a notice, nothing else."""
    with Desk(sqlite_store, sunday(), clock="12-10") as desk:
        refused = desk.do("request_swap", **parameters)
        assert ("rejected", code) == (refused.outcome, codes(refused)[0])
        assert {} == desk.rows("swaps")
        assert ["rejected"] == [row["outcome"] for row in desk.rows("audit_log").values()]
        assert {parameters["requestor_id"]} == {row["recipient"] for row in desk.rows("notifications").values()}


def test_a_pinned_duty_and_two_on_one_day_are_not_swapped(sqlite_store: Store) -> None:
    """The one is pinned, of the others nobody knows which is meant."""
    world = (
        sunday()
        .duty("R3", "ward", "12-15 14:00", "18:00", pinned=True, name="p")
        .duty("R1", "ward", "12-15 15:00", "16:00")
    )
    with Desk(sqlite_store, world, clock="12-10") as desk:
        assert ["ambiguous_duty"] == codes(desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY))
        refused = desk.do("request_swap", requestor_id="R1", partner_id="R3", assignment_id="c", partner_date=DAY)
        assert ["pinned"] == codes(refused)


def test_a_swap_that_breaks_a_rule_by_now_is_neither_approved_nor_executed_nor_undone(store: Store) -> None:
    """Each step checks again, over every window."""
    with Desk(store, sunday(), clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY, auto_approve=False)
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY)
        desk.do("mark_unavailable", person_id="R3", date=DAY)
        assert ["coverage", "leave_exclusion"] == codes(desk.do("execute_swap", swap_id="step2:1"))
        desk.do("mark_unavailable", person_id="R2", date=DAY)
        assert ["coverage"] == codes(desk.do("approve_swap", swap_id="step1:1"))
        assert ["unknown_row"] == codes(desk.do("execute_swap", swap_id="step9:1"))


def test_undoing_a_swap_into_an_absence_is_refused(store: Store) -> None:
    """R1 is away by now, and may not get the clinic back."""
    with Desk(store, sunday(), clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY)
        desk.do("execute_swap")
        desk.do("mark_unavailable", person_id="R1", date=DAY)
        assert ["coverage", "leave_exclusion"] == codes(desk.do("rollback_swap", swap_id="step1:1"))


def test_a_chain_that_breaks_a_rule_has_no_alternatives(store: Store) -> None:
    """There is no partner to replace by another."""
    world = sunday().rotation("er").duty("R3", "er", "12-15 07:00", "19:00", name="e").away("R2", "12-15", "12-16")
    with Desk(store, world, clock="12-10") as desk:
        refused = desk.do("request_swap", requestor_id="R1", type="chain", links=("w", "c", "e"))
        assert ("rejected", ()) == (refused.outcome, refused.data["alternatives"])


def test_links_of_a_chain_may_be_named_by_person_and_day(sqlite_store: Store) -> None:
    """As any duty may."""
    with Desk(sqlite_store, sunday(), clock="12-10") as desk:
        links = (Link(person_id="R1", date=DAY, period=Period.AM), Link(assignment_id="w"))
        assert "approved" == desk.do("request_swap", requestor_id="R1", type="chain", links=links).data["status"]


# ── laws ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@TRIES
@given(st.lists(st.integers(0, 5), min_size=2, max_size=6, unique=True), st.integers(0, 1440 * 2))
def test_a_cycle_of_any_length_moves_every_minute_to_exactly_one_person(order: list[int], since: int) -> None:
    """No minute of a duty is lost or held twice, whichever duties turn round and from whatever minute on."""
    world = World().residents(*(f"R{number}" for number in range(6))).rotation("ward", min_persons=0)
    for number in range(6):
        world.duty(f"R{number}", "ward", f"12-0{3 + number % 2} {7 + number:02d}:00", "23:00", name=f"d{number}")
    chain = tuple(world.duties[number] for number in order if at("12-03") + since < world.duties[number].end)
    asking = Asking("R0", "chain", at("12-02"), chain=chain, since=at("12-03") + since)
    change = handing_change(asking.handings(), counted_ids())
    assert minutes(change.removed) == minutes(change.added)
    assert Change() == change or {duty.person_id for duty in chain} >= {duty.person_id for duty in change.added}


def minutes(duties: tuple[Duty, ...]) -> int:
    """Return the minutes of all duties."""
    return sum(duty.end - duty.start for duty in duties)
