"""Coming back: the absence ends, and what plans took comes back where nothing stands against it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from residency.model import AbsenceKind, RequestStatus
from residency.schema import ASSIGNMENTS
from residency.setup.rows import AbsenceWord

from .desk import Desk, codes, moment
from .rosters import World

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.domain import OperationResult


def ward() -> World:
    """R1 on the ward from 10 to 13 December with an elective on the 14th, R2 behind them, R3 elsewhere."""
    world = World().residents("R1", "R2", "R3").rotation("ward").rotation("elective", min_persons=0)
    for day in ("10", "11", "12", "13"):
        world.duty("R1", "ward", f"12-{day} 07:00", "19:00", name=f"w{day}")
    world.duty("R1", "elective", "12-14 08:00", "12:00", name="e14")
    return world.weekly("R3", "07:00", "17:00").backs("R2", "R1")


def ill(desk: Desk, start: str = "12-10", end: str = "12-15", **more: Any) -> None:
    """R1 is away for that time, and everything is done about it."""
    parameters = {"person_id": "R1", "kind": AbsenceWord.ILLNESS, **more}
    desk.do("simulate_unavailability", start=moment(start), end=moment(end), **parameters)


def data(result: OperationResult, name: str) -> Any:
    """A field of an answer."""
    return result.data[name]


def holders(desk: Desk) -> dict[str, str]:
    """Duty → person, of the ward and the elective."""
    return {name: row["person_id"] for name, row in desk.rows("assignments").items() if row["rotation_id"] != "base"}


def test_the_rest_of_the_absence_is_undone_row_by_row(store: Store) -> None:
    """Back on the 11th at eight in the evening: what lies ahead is as it was before, released duties included; what is past stays."""
    with Desk(store, ward(), clock="12-09") as desk:
        before = desk.rows("assignments")
        ill(desk)
        assert {"w10": "R2", "w11": "R2", "w12": "R2", "w13": "R2"} == holders(desk)
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert (("w12", "w13", "e14"), ()) == (data(back, "restored"), data(back, "kept"))
        after = desk.rows("assignments")
        assert {name for name in after if after[name] != before[name]} == {"w10", "w11"}
        assert before.keys() == after.keys()
        assert "active" == desk.rows("persons")["R1"]["status"]
        (absence,) = desk.rows("absences").values()
        assert moment("12-11 20:00") == absence["end"]
        told = [recipient for recipient, _ in desk.told("assignment_changed")]
        assert ["R1", "R2", "R2", "R1"] == told or sorted(told) == ["R1", "R1", "R2", "R2"]
        entry = list(desk.rows("audit_log").values())[-1]
        assert ("return_to_duty", ("R1", "R2")) == (entry["action"], tuple(entry["persons"]))


def test_who_is_back_before_it_began_gets_everything(store: Store) -> None:
    """The absence goes, and the roster is as it was."""
    with Desk(store, ward(), clock="12-09") as desk:
        before = desk.rows("assignments"), desk.rows("absences"), desk.rows("persons")
        ill(desk)
        desk.do("return_to_duty", person_id="R1", now="12-09 12:00")
        assert before == (desk.rows("assignments"), desk.rows("absences"), desk.rows("persons"))


def test_nothing_is_given_back_to_who_does_not_want_it(store: Store) -> None:
    """The absence ends all the same, and a later return finds nothing to undo."""
    with Desk(store, ward(), clock="12-09") as desk:
        ill(desk)
        taken = holders(desk)
        back = desk.do("return_to_duty", person_id="R1", restore=False, now="12-11 20:00")
        assert ((), (), taken) == (data(back, "restored"), data(back, "kept"), holders(desk))
        assert ["not_absent"] == codes(desk.do("return_to_duty", person_id="R1", now="12-11 20:00"))


def test_a_duty_that_changed_hands_since_is_kept(store: Store) -> None:
    """R2 gave the 12th to R3, who keeps it, and the reason is told; the others come back."""
    with Desk(store, ward(), clock="12-09") as desk:
        ill(desk)
        desk.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == "w12").values(person_id="R3"))
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert ("w13", "e14") == data(back, "restored")
        ((kept, reasons),) = [(item["assignment_id"], item["reasons"]) for item in data(back, "kept")]
        assert ("w12", ["stale_plan"]) == (kept, [reason["code"] for reason in reasons])


def test_a_pinned_duty_and_one_that_no_longer_fits_are_kept(store: Store) -> None:
    """R2's 12th was pinned; on the 13th R1 has taken a clinic over the telephone."""
    with Desk(store, ward(), clock="12-09") as desk:
        ill(desk, end="12-13 12:00")
        desk.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == "w12").values(pinned=True))
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert [("w12", "pinned")] == [
            (item["assignment_id"], item["reasons"][0]["code"]) for item in data(back, "kept")
        ]
        assert ("w13",) == data(back, "restored")


def test_admission_decides_what_comes_back(store: Store) -> None:
    """R1 was given other work at that time meanwhile: nobody is in two places at once."""
    world = ward()
    with Desk(store, world, clock="12-09") as desk:
        ill(desk)
        desk.execute(
            ASSIGNMENTS.insert().values(
                id="x",
                person_id="R1",
                rotation_id="base",
                start=moment("12-12 08:00"),
                end=moment("12-12 10:00"),
                kind="clinical",
                exception=False,
                pinned=False,
            )
        )
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert [("w12", ["double_booking"])] == [
            (item["assignment_id"], [reason["code"] for reason in item["reasons"]]) for item in data(back, "kept")
        ]


def test_a_duty_that_a_plan_had_cut_comes_back_in_one_piece(store: Store) -> None:
    """The absence would have ended in the middle of a night: the piece of the backup goes, the row is whole again."""
    world = World().residents("R1", "R2").rotation("night", "night_float").backs("R2", "R1")
    world.duty("R1", "night", "12-12 19:00", "07:00", name="n")
    with Desk(store, world, clock="12-09") as desk:
        before = desk.rows("assignments")
        ill(desk, end="12-13 00:00")
        assert 2 == len(desk.rows("assignments"))
        back = desk.do("return_to_duty", person_id="R1", now="12-12 12:00")
        assert ("n",) == data(back, "restored")
        assert before == desk.rows("assignments")


def test_a_gap_that_nobody_could_close_is_closed_again(store: Store) -> None:
    """Its row went with the plan and comes back."""
    world = World().residents("R1").rotation("ward").duty("R1", "ward", "12-12 07:00", "19:00", name="w")
    with Desk(store, world, clock="12-09") as desk:
        ill(desk)
        assert {} == desk.rows("assignments")
        assert ("w",) == data(desk.do("return_to_duty", person_id="R1", now="12-11"), "restored")
        assert "R1" == desk.rows("assignments")["w"]["person_id"]


def test_without_a_plan_there_is_nothing_to_undo(store: Store) -> None:
    """Duties that nobody took are still held."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 12))
        back = desk.do("return_to_duty", person_id="R1", now="12-11")
        assert ((), ()) == (data(back, "restored"), data(back, "kept"))


def test_who_fell_ill_twice_gets_back_what_the_second_plan_took(store: Store) -> None:
    """What the first return gave back is no business of the second."""
    with Desk(store, ward(), clock="12-09") as desk:
        ill(desk)
        desk.do("return_to_duty", person_id="R1", now="12-10 20:00")
        desk.do(
            "simulate_unavailability", person_id="R1", date=date(2024, 12, 13), kind=AbsenceWord.ILLNESS, now="12-11"
        )
        back = desk.do("return_to_duty", person_id="R1", now="12-12 20:00")
        assert (("w13",), ()) == (data(back, "restored"), data(back, "kept"))
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 13), now="12-12 20:00")
        back = desk.do("return_to_duty", person_id="R1", now="12-12 21:00")
        assert ((), ()) == (data(back, "restored"), data(back, "kept"))


def test_an_absence_that_was_prolonged_ends_with_the_first_part(store: Store) -> None:
    """But leave that was granted after it stays."""
    world = ward().asks("R1", "12-16", "12-18", status=RequestStatus.APPROVED)
    with Desk(store, world, clock="12-09") as desk:
        for first, last in ((10, 11), (12, 13), (14, 15)):
            desk.do("mark_unavailable", person_id="R1", start_date=date(2024, 12, first), end_date=date(2024, 12, last))
        desk.do("return_to_duty", person_id="R1", now="12-11 12:00")
        assert {(moment("12-10"), moment("12-11 12:00")), (moment("12-16"), moment("12-18"))} == {
            (row["start"], row["end"]) for row in desk.rows("absences").values()
        }


def test_who_is_not_away_does_not_come_back(store: Store) -> None:
    """On a free day, before a vacation, unknown: refused, and nothing but that is written."""
    world = (
        ward()
        .away("R1", "12-09", "12-10", AbsenceKind.DAY_OFF)
        .asks("R1", "12-20", "12-22", status=RequestStatus.APPROVED)
    )
    with Desk(store, world, clock="12-09 12:00") as desk:
        before = desk.roster()
        assert ["not_absent"] == codes(desk.do("return_to_duty", person_id="R1"))
        assert ["unknown_row"] == codes(desk.do("return_to_duty", person_id="R9"))
        assert before == desk.roster()
        assert ["rejected", "rejected"] == [row["outcome"] for row in desk.rows("audit_log").values()]


def test_who_is_marked_away_still_is_active_again_when_the_absence_is_over(store: Store) -> None:
    """Only the status was left."""
    with Desk(store, ward(), clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 9))
        desk.do("return_to_duty", person_id="R1", now="12-11")
        assert "active" == desk.rows("persons")["R1"]["status"]
        assert moment("12-10") == next(iter(desk.rows("absences").values()))["end"]


def test_leave_may_be_ended_early_by_whoever_is_on_it(store: Store) -> None:
    """Active all the time; the absence is cut at the clock."""
    world = ward().asks("R2", "12-10", "12-14", status=RequestStatus.APPROVED)
    with Desk(store, world) as desk:
        desk.do("return_to_duty", person_id="R2", now="12-12")
        assert moment("12-12") == desk.rows("absences")["lv-r2"]["end"]


def chain() -> World:
    """R1 on the ward, R2 in the clinic, R3 on an elective; the clinic can only be done by R2 and R3, the ward by R1 and R2."""
    world = World().residents("R1", skills=["ward"]).residents("R2", skills=["ward", "clinic"])
    world.residents("R3", skills=["clinic"]).backs("R2", "R1").backs("R3", "R2")
    world.rotation("ward", requires=frozenset({"ward"})).rotation("clinic", requires=frozenset({"clinic"}))
    world.rotation("elective", min_persons=0)
    for day in ("11", "12"):
        world.duty("R1", "ward", f"12-{day} 07:00", "17:00", name=f"w{day}")
        world.duty("R2", "clinic", f"12-{day} 07:00", "17:00", name=f"c{day}")
        world.duty("R3", "elective", f"12-{day} 07:00", "17:00", name=f"e{day}")
    return world


def test_a_chain_is_undone_link_by_link(store: Store) -> None:
    """Who hands a duty back gets their own back, and who had that theirs; the day that is past stays as it was worked."""
    with Desk(store, chain(), clock="12-09") as desk:
        before = holders(desk)
        ill(desk)
        assert {"w11": "R2", "c11": "R3", "w12": "R2", "c12": "R3"} == holders(desk)
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert (("w12", "c12", "e12"), ()) == (data(back, "restored"), data(back, "kept"))
        assert {"w11": "R2", "c11": "R3", **{name: before[name] for name in ("w12", "c12", "e12")}} == holders(desk)


def test_a_chain_is_undone_as_far_as_it_holds(store: Store) -> None:
    """The clinic is pinned in the new hands: the ward comes back, the clinic stays, and the elective waits for it."""
    with Desk(store, chain(), clock="12-09") as desk:
        ill(desk)
        desk.execute(update(ASSIGNMENTS).where(ASSIGNMENTS.c.id == "c12").values(pinned=True))
        back = desk.do("return_to_duty", person_id="R1", now="12-11 20:00")
        assert ("w12",) == data(back, "restored")
        assert [("c12", "pinned")] == [
            (item["assignment_id"], item["reasons"][0]["code"]) for item in data(back, "kept")
        ]


def test_the_duties_of_somebody_who_is_still_away_stay_where_they_are(store: Store) -> None:
    """R1 and R3 are both ill, R1 comes back: what R3 lost is not touched."""
    world = ward()
    with Desk(store, world, clock="12-09") as desk:
        desk.do("mark_unavailable", person_id="R3", start_date=date(2024, 12, 10), end_date=date(2024, 12, 13))
        ill(desk)
        before = {name for name, row in desk.rows("assignments").items() if row["person_id"] == "R3"}
        back = desk.do("return_to_duty", person_id="R1", now="12-09 20:00")
        assert ("w10", "w11", "w12", "w13", "e14") == data(back, "restored")
        assert before == {name for name, row in desk.rows("assignments").items() if row["person_id"] == "R3"}
