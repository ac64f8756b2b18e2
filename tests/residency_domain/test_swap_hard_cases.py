"""Swaps that come too late, of what is not there any more, or of what never should have been: refused, and the log says who asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from residency import schema
from residency.model import AbsenceKind, PersonStatus

from .desk import Desk, codes
from .rosters import World

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.domain import OperationResult

DAY = date(2024, 12, 15)
TABLES = ("persons", "assignments", "absences", "swaps", "equity_ledger")


def noon(hour: int = 12) -> datetime:
    """Return an hour of the fifteenth."""
    return datetime(2024, 12, 15, hour)  # noqa: DTZ001


def sunday() -> World:
    """R1 in the clinic, R2 on the ward, R3 free, all for an actor who is told in the log."""
    world = World().residents("R1", "R2", "R3").rotation("clinic", min_persons=0).rotation("ward", min_persons=0)
    return world.duty("R1", "clinic", "12-15 08:00", "16:00", name="c").duty(
        "R2", "ward", "12-15 07:00", "13:00", name="w"
    )


def swapped(desk: Desk, **parameters: Any) -> str:
    """Ask for R1's and R2's duties to be traded and return the swap's id."""
    asked = desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=DAY, **parameters)
    assert "done" == asked.outcome
    return str(asked.data["swap_id"])


def assert_refused(desk: Desk, code: str, operation: str, *, text: str = "", **parameters: Any) -> OperationResult:
    """Perform an operation that must be refused, write nothing, and leave an entry with its actor."""
    before = [desk.rows(table) for table in TABLES]
    refused = desk.do(operation, actor_id="R3", **parameters)
    assert ("rejected", code) == (refused.outcome, codes(refused)[0])
    assert text in refused.reasons[0].text
    assert before == [desk.rows(table) for table in TABLES]
    last = max(desk.rows("audit_log").values(), key=lambda row: row["number"])
    assert (operation, "R3", "rejected") == (last["action"], last["actor_id"], last["outcome"])
    return refused


# ── once it has happened ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_duty_that_was_swapped_is_its_new_holders_to_swap(store: Store) -> None:
    """R1 has nothing left to give; R2, who has it now, may pass it on, and an older wish for it is stale."""
    with Desk(store, sunday(), clock="12-10") as desk:
        older = str(
            desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY).data["swap_id"]
        )
        desk.do("execute_swap", swap_id=swapped(desk))
        assert_refused(
            desk,
            "no_such_duty",
            "request_swap",
            text="not a duty of R1",
            requestor_id="R1",
            partner_id="R3",
            type="absorb",
            assignment_id="c",
        )
        assert_refused(desk, "stale_swap", "execute_swap", text=": c", swap_id=older)
        passed_on = desk.do("request_swap", requestor_id="R2", partner_id="R3", type="absorb", assignment_id="c")
        assert "done" == desk.do("execute_swap", swap_id=passed_on.data["swap_id"]).outcome
        assert "R3" == desk.rows("assignments")["c"]["person_id"]


def test_what_is_executed_is_neither_approved_nor_executed_again(store: Store) -> None:
    """Approval after execution, execution after execution, going back twice."""
    with Desk(store, sunday(), clock="12-10") as desk:
        swap_id = swapped(desk)
        desk.do("execute_swap", swap_id=swap_id)
        assert_refused(desk, "not_requested", "approve_swap", text="is executed", swap_id=swap_id)
        assert_refused(desk, "no_approved_swap", "execute_swap", text="is executed", swap_id=swap_id)
        assert_refused(desk, "no_approved_swap", "execute_swap")
        desk.do("rollback_swap", swap_id=swap_id)
        assert_refused(desk, "not_executed", "rollback_swap", text="is rolled_back", swap_id=swap_id)


@pytest.mark.parametrize("status", ["rejected", "cancelled", "expired", "accepted"])
def test_a_swap_whose_life_is_over_stays_as_it_is(sqlite_store: Store, status: str) -> None:
    """Whoever ended it, no operation takes it up again."""
    with Desk(sqlite_store, sunday(), clock="12-10") as desk:
        swap_id = swapped(desk)
        desk.execute(update(schema.SWAPS).values(status=status))
        assert_refused(desk, "not_requested", "approve_swap", text=f"is {status}", swap_id=swap_id)
        assert_refused(desk, "no_approved_swap", "execute_swap", text=f"is {status}", swap_id=swap_id)
        assert_refused(desk, "not_executed", "rollback_swap", text=f"is {status}", swap_id=swap_id)


# ── after the roster moved on ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_in_the_way_of_going_back_is_named(store: Store) -> None:
    """A row that is gone, a holder who is away by now, a holder who has something else by now."""
    gone, away, busy = sunday(), sunday(), sunday()
    with Desk(store, gone, clock="12-10") as desk:
        desk.do("execute_swap", swap_id=swapped(desk))
        desk.do("remove_assignment", assignment_id="w")
        assert_refused(desk, "stale_swap", "rollback_swap", text=": w", swap_id="step1:1")
    with Desk(store, away, clock="12-10") as desk:
        desk.do("execute_swap", swap_id=swapped(desk))
        desk.do("mark_unavailable", person_id="R1", date=DAY)
        assert_refused(desk, "leave_exclusion", "rollback_swap", text="R1", swap_id="step1:1")
    with Desk(store, busy, clock="12-10") as desk:
        desk.do("execute_swap", swap_id=swapped(desk))
        desk.do("create_assignment", person_id="R1", rotation_id="ward", start=noon(14), end=noon(18))
        assert_refused(desk, "double_booking", "rollback_swap", text="R1", swap_id="step1:1")


def test_the_rest_of_a_cut_duty_stands_in_the_way_when_it_moved_on(store: Store) -> None:
    """The part that R3 took was given away again: the row that was made for it is named."""
    with Desk(store, sunday().residents("R4"), clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", target_date=DAY, from_moment=noon())
        desk.do("execute_swap")
        desk.do("request_swap", requestor_id="R3", partner_id="R4", type="absorb", assignment_id="step2:1")
        desk.do("execute_swap")
        assert_refused(desk, "stale_swap", "rollback_swap", text="step2:1", swap_id="step1:1")


def test_a_breach_that_a_swap_mended_may_come_back_with_it(store: Store) -> None:
    """R1 had two duties at once; going back brings that back, and no other breach."""
    world = sunday().duty("R1", "ward", "12-15 15:00", "20:00", name="x")
    with Desk(store, world, clock="12-10") as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R3", type="absorb", assignment_id="x")
        desk.do("execute_swap")
        assert ["double_booking"] == [found["rule"] for found in desk.rows("swaps")["step1:1"]["mended"]]
        assert "done" == desk.do("rollback_swap", swap_id="step1:1").outcome
        assert "R1" == desk.rows("assignments")["x"]["person_id"]


# ── too late ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_time_that_is_over_does_not_change_hands(store: Store) -> None:
    """A duty that has begun is swapped from a later minute on, or not at all."""
    with Desk(store, sunday(), clock="12-15 10:00") as desk:
        gift = {"requestor_id": "R1", "partner_id": "R3", "type": "absorb", "target_date": DAY}
        assert_refused(desk, "no_such_duty", "request_swap", text="08:00 on 15 December", **gift)
        assert_refused(desk, "no_such_duty", "request_swap", text="09:00 on 15 December", **gift, from_moment=noon(9))
        assert "done" == desk.do("request_swap", **gift, from_moment=noon(10)).outcome
        assert "done" == desk.do("execute_swap").outcome


def test_a_swap_that_waited_too_long_has_expired(store: Store) -> None:
    """Approved or requested, it is carried out before its duties begin, and not afterwards."""
    with Desk(store, sunday(), clock="12-10") as desk:
        approved, requested = swapped(desk), swapped(desk, auto_approve=False)
        late = {"now": "12-15 07:30", "text": "has expired"}
        assert_refused(desk, "stale_swap", "execute_swap", swap_id=approved, **late)
        assert_refused(desk, "stale_swap", "approve_swap", swap_id=requested, **late)
        assert "done" == desk.do("execute_swap", swap_id=approved, now="12-15 07:00").outcome


# ── who and what ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_inactive_is_given_a_duty_by_a_chain(sqlite_store: Store) -> None:
    """As by no other swap."""
    world = sunday().duty("R3", "ward", "12-15 13:00", "18:00", name="x")
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R3" else person for person in world.persons
    ]
    with Desk(sqlite_store, world, clock="12-10") as desk:
        assert_refused(
            desk, "inactive_person", "request_swap", text="R3", requestor_id="R1", type="chain", links=("c", "w", "x")
        )


def test_nobody_inactive_swaps_and_nobody_is_called_in_on_a_free_day(sqlite_store: Store) -> None:
    """R2 is inactive, R3 has the day off: the one may not be asked, the other is told as impossible."""
    world = sunday().away("R3", "12-15", "12-16", AbsenceKind.DAY_OFF)
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R2" else person for person in world.persons
    ]
    with Desk(sqlite_store, world, clock="12-10") as desk:
        asked = {"requestor_id": "R1", "target_date": DAY}
        assert_refused(desk, "inactive_person", "request_swap", text="R2", partner_id="R2", **asked)
        refused = assert_refused(desk, "no_match", "request_swap", type="absorb", **asked)
        assert [("R1", "no_match"), ("R3", "leave_exclusion")] == [(each.person, each.code) for each in refused.reasons]
        assert "designated free day" in refused.reasons[1].text


def test_a_partner_is_found_for_part_of_a_duty(store: Store) -> None:
    """R2 is on the ward until one and could not take the clinic from eight, but can from one on; R3 has something else."""
    world = sunday().duty("R3", "clinic", "12-15 14:00", "20:00")
    with Desk(store, world, clock="12-10") as desk:
        wish = {"requestor_id": "R1", "type": "absorb", "target_date": DAY}
        assert_refused(desk, "no_match", "request_swap", **wish)
        asked = desk.do("request_swap", **wish, from_moment=noon(13))
        assert ["R2"] == [match["person_id"] for match in asked.data["matches"]]  # type: ignore[union-attr, index]
        desk.do("approve_swap", swap_id=asked.data["swap_id"])
        desk.do("execute_swap", swap_id=asked.data["swap_id"])
        rows = desk.rows("assignments")
        assert [("R1", noon(8), noon(13)), ("R2", noon(13), noon(16))] == [
            tuple(rows[name][field] for field in ("person_id", "start", "end")) for name in ("c", "step4:1")
        ]


def test_part_of_a_duty_comes_back_for_part_of_another(sqlite_store: Store) -> None:
    """From eleven on: five hours of the clinic for two of the ward, which must be staffed."""
    world = sunday()
    world.rotations = [
        replace(rotation, min_persons=1) if rotation.id == "ward" else rotation for rotation in world.rotations
    ]
    with Desk(sqlite_store, world, clock="12-10") as desk:
        asked = desk.do("request_swap", requestor_id="R1", target_date=DAY, from_moment=noon(11))
        (match,) = asked.data["matches"]  # type: ignore[misc]
        assert "schedule: 5:00 of clinic for 2:00 of ward" == match["reasons"][0]  # type: ignore[index]
        desk.do("approve_swap", swap_id=asked.data["swap_id"])
        assert ("c", "w") == desk.do("execute_swap", swap_id=asked.data["swap_id"]).data["moved"]
        assert {"c": "R1", "w": "R2", "step3:1": "R2", "step3:2": "R1"} == {
            name: row["person_id"] for name, row in desk.rows("assignments").items()
        }


def test_a_duty_that_ends_before_the_part_begins_is_not_offered(sqlite_store: Store) -> None:
    """From one o'clock on R2 has nothing to give for it, and says so."""
    with Desk(sqlite_store, sunday(), clock="12-10") as desk:
        refused = assert_refused(
            desk, "no_match", "request_swap", requestor_id="R1", target_date=DAY, from_moment=noon(13)
        )
        assert ["R1", "R2", "R3"] == [reason.person for reason in refused.reasons]
