"""Leave: asked for, decided together with its rationale, and taken back with compensation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.calendar import DAY
from residency.judging.panels import leave as leave_panel
from residency.leave.decisions import decide_requests
from residency.leave.granting import Sitting, Verdict, judge_requests
from residency.leave.ranking import Memory, Ranking, standing_of
from residency.leave.recall import Leave, Recall, days_back, decide_cancel
from residency.measures import coverage_totals
from residency.model import Absence, AbsenceKind, DutyKind, PersonStatus, RequestStatus
from residency.setup.rows import AbsenceWord

from .desk import Desk, codes, moment
from .rosters import World, at, counted_ids
from .tries import TRIES

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.domain import OperationResult

ORDER = ("seniority", "holiday_equity", "recent_leave")


def ward(people: int, minimum: int, days: str = "10 11 12") -> World:
    """Some residents in their second year, and a ward that needs so many on some days of December."""
    world = World().residents(*(f"R{number}" for number in range(1, people + 1))).rotation("ward")
    for day in days.split():
        world.requirement("ward", f"12-{day} 07:00", f"12-{day} 19:00", minimum)
    return world


def verdicts(
    world: World, *, clock: str = "12-02", order: tuple[str, ...] = ORDER, partial: bool = True
) -> list[Verdict]:
    """What becomes of the requests of a world, in the order of their rank."""
    book, memory = world.book(), Memory(tuple(world.holidays))
    people = {request.person_id for request in world.requests}
    standings = {name: standing_of(book, memory, book.schedule.persons[name], at(clock)) for name in people}
    found, _ = judge_requests(Sitting(book, Ranking(order, standings), at(clock), partial), world.requests)
    return list(found)


def outcomes(found: list[Verdict]) -> dict[str, str]:
    """Request → approved, partial or denied."""
    words = {
        item.request.id: "approved" if item.is_whole else "partial" if item.granted else "denied" for item in found
    }
    return dict(sorted(words.items()))


def data(result: OperationResult, name: str) -> Any:
    """A field of an answer."""
    return result.data[name]


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_waits_and_is_on_record(store: Store) -> None:
    """One row a run of days, pending; nothing else changes."""
    with Desk(store, ward(2, 1), clock="12-02 09:00") as desk:
        asked = desk.do(
            "submit_leave",
            person_id="R1",
            dates=(date(2024, 12, 10), date(2024, 12, 11), date(2024, 12, 20)),
            kind=AbsenceWord.CONFERENCE,
            reason="a talk",
        )
        assert ("step1:1", ("step1:1", "step1:2")) == (data(asked, "leave_id"), data(asked, "leave_ids"))
        rows = desk.rows("leave_requests")
        assert {
            "id": "step1:1",
            "person_id": "R1",
            "start": moment("12-10"),
            "end": moment("12-12"),
            "kind": "conference",
            "status": "pending",
            "submitted": moment("12-02 09:00"),
            "reason": "a talk",
        } == rows["step1:1"]
        assert {} == desk.rows("absences")
        (entry,) = desk.rows("audit_log").values()
        assert ("submit_leave", "done", "R1", "a talk") == tuple(
            entry[name] for name in ("action", "outcome", "person_id", "reason")
        )


def test_leave_is_not_asked_for_twice_nor_over_leave_nor_for_the_past(store: Store) -> None:
    """Each is refused with its reason, and tells the one who asked; nothing but that is written."""
    world = ward(3, 1).asks("R1", "12-10", "12-12").away("R2", "12-10", "12-12", AbsenceKind.VACATION)
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R3" else person for person in world.persons
    ]
    with Desk(store, world, clock="12-05 09:00") as desk:
        before = desk.roster()
        day = {"date": date(2024, 12, 11)}
        assert ["overlapping_leave"] == codes(desk.do("submit_leave", person_id="R1", **day))
        assert ["overlapping_leave"] == codes(desk.do("submit_leave", person_id="R2", **day))
        assert ["past_leave"] == codes(desk.do("submit_leave", person_id="R1", date=date(2024, 12, 4)))
        assert ["inactive_person"] == codes(desk.do("submit_leave", person_id="R3", **day))
        assert ["unknown_row"] == codes(desk.do("submit_leave", person_id="R9", **day))
        assert before == desk.roster()
        assert ["R1", "R2", "R1", "R3"] == [recipient for recipient, _ in desk.told("leave_decision")]
        assert ["rejected"] * 5 == [row["outcome"] for row in desk.rows("audit_log").values()]


def test_a_day_off_or_a_denied_request_is_no_leave_in_the_way(store: Store) -> None:
    """Leave may be asked for over a designated free day, and again after a denial."""
    world = (
        ward(2, 1)
        .asks("R1", "12-10", "12-12", status=RequestStatus.DENIED)
        .away("R1", "12-10", "12-11", AbsenceKind.DAY_OFF)
    )
    with Desk(store, world, clock="12-05") as desk:
        assert "done" == desk.do("submit_leave", person_id="R1", date=date(2024, 12, 10)).outcome


# ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_decisions_come_with_everything_that_led_to_them(store: Store) -> None:
    """Four people, two needed on three days, three ask: the youngest in rank is denied, with day, counts, rank and offer."""
    world = ward(4, 2)
    for person in ("R1", "R2", "R3"):
        world.asks(person, "12-10", "12-13")
    world.holiday("11-28", "R3")
    with Desk(store, world, clock="12-02 09:00") as desk:
        result = desk.do("process_leave_requests", allow_partial=False)
        assert (("lv-r3", "lv-r1"), ()) == (data(result, "approved"), data(result, "partial"))
        (denied,) = data(result, "denied")
        assert ("lv-r2", ["coverage"]) == (denied["leave_id"], [reason["code"] for reason in denied["reasons"]])
        assert (1, 2) == (denied["reasons"][0]["measured"], denied["reasons"][0]["limit"])
        assert {
            "leave_id": "lv-r2",
            "person_id": "R2",
            "outcome": "denied",
            "rank": 3,
            "behind": "R1",
            "day": date(2024, 12, 10),
            "before": 2,
            "after": 1,
            "needed": 2,
            "offer_start": moment("12-13"),
            "offer_end": moment("12-16"),
        } == dict(data(result, "decisions")[2])
        first = data(result, "decisions")[0]
        assert ("approved", 1, 4, 3, 2) == tuple(
            first[name] for name in ("outcome", "rank", "before", "after", "needed")
        )

        status = {name: row["status"] for name, row in desk.rows("leave_requests").items()}
        assert {"lv-r1": "approved", "lv-r2": "denied", "lv-r3": "approved"} == status
        assert {"lv-r1", "lv-r3"} == desk.rows("absences").keys()
        (line,) = desk.rows("equity_ledger").values()
        assert ("R2", "denial", 1, date(2024, 12, 2)) == tuple(
            line[name] for name in ("person_id", "kind", "amount", "date")
        )
        told = dict(desk.told("leave_decision"))
        assert {"R1", "R2", "R3"} == told.keys()
        for words in (
            "is denied",
            "On 10 December 2 are needed",
            "Rank 3 of 3: R1 comes first by id",
            "from 13 to 15 December",
        ):
            assert words in told["R2"]
        assert "is granted" in told["R1"]
        assert ["R3", "R1"] == [recipient for recipient, _ in desk.told("absence_recorded")]
        (entry,) = desk.rows("audit_log").values()
        assert ("R3", "R1", "R2") == tuple(entry["persons"])
        assert told["R2"] in entry["reason"]


def test_what_was_denied_before_comes_first_the_next_time(store: Store) -> None:
    """The ledger remembers: the same two ask for another day, and the other one is denied."""
    world = ward(2, 1, "10 20").asks("R1", "12-10", "12-11", name="a1").asks("R2", "12-10", "12-11", name="a2")
    world.asks("R1", "12-20", "12-21", name="b1").asks("R2", "12-20", "12-21", name="b2")
    with Desk(store, world, clock="12-02") as desk:
        first = desk.do("process_leave_requests", leave_ids=("a1", "a2"))
        second = desk.do("process_leave_requests")
        assert (("a1",), ("b2",)) == (data(first, "approved"), data(second, "approved"))
        assert "1 request denied before" in dict(desk.told("leave_decision"))["R1"]


def test_the_order_may_be_said_for_once(store: Store) -> None:
    """Recent leave before seniority."""
    world = ward(1, 1).residents("R2", pgy=3).asks("R1", "12-10", "12-11").asks("R2", "12-10", "12-11")
    world.away("R2", "11-04", "11-09", AbsenceKind.VACATION)
    with Desk(store, world, clock="12-02") as desk:
        result = desk.do("process_leave_requests", order=("recent_leave", "seniority"))
        assert ("lv-r1",) == data(result, "approved")


def test_nothing_to_decide_is_done_and_a_decision_is_not_taken_twice(store: Store) -> None:
    """An unknown request and one that is decided are refused; the others of that list wait on."""
    world = ward(3, 1).asks("R1", "12-10", "12-11").asks("R2", "12-10", "12-11")
    with Desk(store, world, clock="12-02") as desk:
        assert ("lv-r1",) == data(desk.do("process_leave_requests", leave_ids=("lv-r1",)), "approved")
        before = desk.roster()
        assert ["not_pending"] == codes(desk.do("process_leave_requests", leave_ids=("lv-r2", "lv-r1")))
        assert ["unknown_row"] == codes(desk.do("process_leave_requests", leave_ids=("lv-r2", "lv-x")))
        assert before == desk.roster()
        desk.do("process_leave_requests")
        assert ((), (), ()) == tuple(
            data(desk.do("process_leave_requests"), name) for name in ("approved", "denied", "partial")
        )


def test_the_days_that_fit_are_granted_if_parts_may_be() -> None:
    """The middle of three days is short; the others are two absences, and no denial."""
    world = ward(2, 1).away("R2", "12-11", "12-12").asks("R1", "12-10", "12-13")
    (found,) = verdicts(world)
    assert [(at("12-10"), at("12-11")), (at("12-12"), at("12-13"))] == list(found.granted)
    assert (["coverage"], 1, 0, 1) == (
        [reason.code for reason in found.reasons],
        *((found.count.before, found.count.after, found.count.needed) if found.count else ()),
    )
    assert ["lv-r1", "lv-r1:2"] == [absence.id for absence in found.absences]
    assert {"lv-r1": "denied"} == outcomes(verdicts(world, partial=False))


def test_a_part_is_written_as_the_absences_that_it_is(store: Store) -> None:
    """The request is approved, its absences say what of it; the answer lists each stretch."""
    world = ward(2, 1).away("R2", "12-11", "12-12").asks("R1", "12-10", "12-13")
    with Desk(store, world, clock="12-02") as desk:
        result = desk.do("process_leave_requests")
        assert ((), ()) == (data(result, "approved"), data(result, "denied"))
        assert [("lv-r1", moment("12-10")), ("lv-r1", moment("12-12"))] == [
            (part["leave_id"], part["start"]) for part in data(result, "partial")
        ]
        assert "partial" == data(result, "decisions")[0]["outcome"]
        assert {"lv-r1", "lv-r1:2"} < desk.rows("absences").keys()
        assert "approved" == desk.rows("leave_requests")["lv-r1"]["status"]
        assert {} == desk.rows("equity_ledger")
        assert "is granted in part: on 10 December and on 12 December" in dict(desk.told("leave_decision"))["R1"]


def test_an_absence_of_the_same_id_does_not_stand_in_the_way() -> None:
    """The granted one takes the next id that is free."""
    world = ward(2, 1).asks("R1", "12-10", "12-11", name="x")
    world.absences.append(Absence("x", "R2", at("12-20"), at("12-21"), AbsenceKind.VACATION))
    assert ["x:2"] == [absence.id for absence in verdicts(world)[0].absences]


def test_leave_over_a_duty_is_denied_and_a_pinned_one_says_so() -> None:
    """The duty is named: it has to be given away first, or cannot be; a day beside it may be granted."""
    world = ward(2, 0).duty("R1", "ward", "12-10 19:00", "07:00", name="n").asks("R1", "12-10", "12-13")
    world.duty("R2", "ward", "12-11 07:00", "12:00", name="p", pinned=True).asks("R2", "12-11", "12-12")
    first, second = verdicts(world)
    assert ([(at("12-12"), at("12-13"))], ["leave_exclusion"]) == (
        list(first.granted),
        [reason.code for reason in first.reasons],
    )
    assert ((), ["pinned"]) == (second.granted, [reason.code for reason in second.reasons])
    assert "`p` (ward) of R2 is pinned" in second.reasons[0].text
    assert (at("12-12"), at("12-13")) == second.offer


def test_moonlighting_elsewhere_is_ones_own_affair() -> None:
    """It does not stand against leave; in house it does."""
    world = (
        ward(2, 0).duty("R1", "base", "12-10 08:00", "12:00", kind=DutyKind.MOONLIGHT_EXT).asks("R1", "12-10", "12-11")
    )
    world.duty("R2", "base", "12-10 08:00", "12:00", kind=DutyKind.MOONLIGHT_INT).asks("R2", "12-10", "12-11")
    assert {"lv-r1": "approved", "lv-r2": "denied"} == outcomes(verdicts(world))


def test_an_average_that_would_break_is_no_matter_of_parts() -> None:
    """Three weeks of ninety hours and a week of leave: denied with the figures, and four days offered, which would pass."""
    world = World().residents("R1").weekly("R1", "07:00", "22:00", days="012345", last=date(2024, 12, 21))
    (found,) = verdicts(world.asks("R1", "12-23", "12-30"))
    assert ((), [("weekly_hours", 270 * 60, 240 * 60)]) == (
        found.granted,
        [(reason.code, reason.measured, reason.limit) for reason in found.reasons],
    )
    assert (at("12-23"), at("12-27")) == found.offer
    assert (None, None) == (found.count, found.behind)
    world.requests = []
    assert ["approved"] == list(outcomes(verdicts(world.asks("R1", "12-23", "12-27"))).values())


def test_no_rank_is_told_where_none_decided() -> None:
    """The hours of R2 stand in the way, not R1, who was granted the same days before."""
    world = World().residents("R1", "R2").rotation("ward").requirement("ward", "12-24 07:00", "12-24 19:00", 0)
    world.weekly("R2", "07:00", "22:00", days="012345", last=date(2024, 12, 21)).asks("R1", "12-23", "12-30")
    first, second = verdicts(world.asks("R2", "12-23", "12-30"))
    assert (True, (), None) == (first.is_whole, second.granted, second.behind)


def test_who_is_gone_or_whose_leave_is_over_gets_none() -> None:
    """Inactive people, leave in the past, leave over leave: denied, and nothing is offered."""
    world = ward(3, 0).asks("R1", "12-03", "12-05").asks("R2", "12-10", "12-12").asks("R3", "12-10", "12-11")
    world.away("R2", "12-11", "12-14", AbsenceKind.PARENTAL)
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R3" else person for person in world.persons
    ]
    found = verdicts(world, clock="12-05")
    assert [("past_leave", None), ("overlapping_leave", None), ("inactive_person", None)] == [
        (item.reasons[0].code, item.offer) for item in found
    ]


def test_of_two_requests_of_one_person_over_one_day_the_second_is_denied() -> None:
    """What was granted a moment ago is leave already."""
    world = ward(2, 0).asks("R1", "12-10", "12-12", name="a").asks("R1", "12-11", "12-13", name="b")
    assert {"a": "approved", "b": "denied"} == outcomes(verdicts(world))


def test_roles_do_not_compete() -> None:
    """A resident is not denied because of the faculty, and each is ranked among their own."""
    world = (
        ward(2, 1)
        .faculty("F1", "F2")
        .asks("R1", "12-10", "12-11")
        .asks("F1", "12-10", "12-11")
        .asks("F2", "12-10", "12-11")
    )
    found = verdicts(world)
    assert {"lv-f1": "approved", "lv-f2": "approved", "lv-r1": "approved"} == outcomes(found)
    assert {("F1", 1, 2), ("F2", 2, 2), ("R1", 1, 1)} == {
        (item.request.person_id, item.place, item.places) for item in found
    }


def test_where_nobody_could_be_spared_before_no_rank_decides() -> None:
    """Two for two posts: denied behind nobody, and offered the nearest days without need."""
    (found,) = verdicts(ward(2, 2).asks("R1", "12-11", "12-12"))
    assert (None, (at("12-13"), at("12-14"))) == (found.behind, found.offer)


def test_nothing_is_offered_where_nothing_would_pass() -> None:
    """Every day of the horizon is needed; the refusal says that."""
    world = World(horizon=(date(2024, 12, 9), date(2024, 12, 11))).residents("R1").rotation("ward")
    for day in ("09", "10", "11"):
        world.requirement("ward", f"12-{day} 07:00", f"12-{day} 19:00")
    (found,) = verdicts(world.asks("R1", "12-10", "12-11"))
    assert (None, "denied") == (found.offer, outcomes([found])["lv-r1"])
    sitting = Sitting(
        world.book(), Ranking((), {"R1": standing_of(world.book(), Memory(), world.persons[1], 0)}), at("12-02")
    )
    decision = decide_requests(sitting, world.requests, counted_ids())
    assert "Nothing of that length is possible" in decision.reason


def test_half_a_day_is_asked_for_and_judged_to_the_minute() -> None:
    """The ward needs its only resident from seven on; the night before may be leave."""
    world = ward(1, 1, "10").asks("R1", "12-09 18:00", "12-10 12:00")
    (found,) = verdicts(world)
    assert [(at("12-09 18:00"), at("12-10"))] == list(found.granted)


@st.composite
def demands(draw: st.DrawFn) -> World:
    """Some people, a ward with a need on each of four days, requests of any span."""
    days = ["10", "11", "12", "13"]
    world = World().residents("R1", "R2", "R3", pgy=3).residents("R4", "R5", pgy=1).rotation("ward")
    for day in days:
        world.requirement("ward", f"12-{day} 07:00", f"12-{day} 19:00", draw(st.integers(0, 5)))
    for person in draw(st.lists(st.sampled_from(["R1", "R2", "R3", "R4", "R5"]), unique=True)):
        first = draw(st.integers(0, 3))
        last = draw(st.integers(first, 3))
        world.asks(person, f"12-{days[first]}", f"12-{int(days[last]) + 1}")
    if draw(st.booleans()):
        world.away("R5", "12-10", "12-12", draw(st.sampled_from([AbsenceKind.ILLNESS, AbsenceKind.DAY_OFF])))
    return world


@TRIES
@given(demands())
def test_with_parts_each_day_denies_exactly_as_many_as_it_must(world: World) -> None:
    """Requests of those who could be there less what can be spared, day by day, and never those of the higher rank."""
    world.requests = [request for request in world.requests if request.person_id != "R5"]
    found = verdicts(world)
    book = world.book()
    for requirement in world.requirements:
        day = requirement.start - requirement.start % DAY
        staff = sum(
            not book.schedule.is_on_leave(name, day, day + DAY) and not free(world, name, day)
            for name in book.schedule.residents
        )
        asking = [item for item in found if item.request.start <= day < item.request.end]
        denied = [not any(start <= day < end for start, end in item.granted) for item in asking]
        expected = max(0, len(asking) - max(0, staff - requirement.min_persons))
        assert expected == sum(denied)
        assert sorted(denied) == denied


def free(world: World, person: str, day: int) -> bool:
    """Whether somebody has a designated free day."""
    return any(
        item.is_free_day and item.person_id == person and item.start <= day < item.end for item in world.absences
    )


@TRIES
@given(demands(), st.sampled_from([{"partial": True}, {"partial": False}]), st.permutations(ORDER))
def test_granting_never_leaves_a_day_shorter_and_depends_on_no_order_of_rows(
    world: World, how: dict[str, bool], order: list[str]
) -> None:
    """Who could be there still suffices wherever it did before; shuffled requests are decided alike."""
    found = verdicts(world, order=tuple(order), **how)
    world.requests = world.requests[::-1]
    assert outcomes(found) == outcomes(verdicts(world, order=tuple(order), **how))
    before = world.book()
    for requirement in world.requirements:
        day = requirement.start - requirement.start % DAY
        gone = sum(
            any(start <= day < end for start, end in item.granted)
            for item in found
            if not free(world, item.request.person_id, day)
        )
        staff = sum(
            not before.schedule.is_on_leave(name, day, day + DAY) and not free(world, name, day)
            for name in before.schedule.residents
        )
        assert staff - gone >= min(staff, requirement.min_persons)
    assert coverage_totals(before.schedule).missing == coverage_totals(world.book().schedule).missing


@TRIES
@given(demands())
def test_an_offer_passes_if_it_is_asked_for_alone(world: World) -> None:
    """On top of everything that was granted."""
    for item in (found for found in verdicts(world) if found.offer is not None):
        granted = [absence for other in verdicts(world) for absence in other.absences]
        again = World()
        again.persons, again.rotations, again.requirements = world.persons, world.rotations, world.requirements
        again.absences = [*world.absences, *granted]
        assert item.offer is not None
        again.requests = [replace(item.request, start=item.offer[0], end=item.offer[1])]
        assert ["approved"] == list(outcomes(verdicts(again)).values())


def test_the_longest_part_that_passes_is_offered_where_nothing_else_is() -> None:
    """A duty parts the request in six days and eleven; of nine days the hours leave seven, since 240 hours need 21 days."""
    world = World(horizon=(date(2024, 12, 1), date(2024, 12, 18))).residents("R1")
    world.duty("R1", "base", "12-07 07:00", "19:00").asks("R1", "12-01", "12-19")
    (found,) = verdicts(world, clock="11-01", partial=False)
    assert (at("12-08"), at("12-19")) == found.offer
    world = World().residents("R1").weekly("R1", "07:00", "23:00", last=date(2024, 12, 20))
    (found,) = verdicts(world.asks("R1", "12-21", "12-30"), partial=False)
    assert ("weekly_hours", (at("12-21"), at("12-28"))) == (found.reasons[0].code, found.offer)


# ── taking back ────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_leave() -> World:
    """R1 on granted leave from 16 to 18 December."""
    return ward(2, 0).asks("R1", "12-16", "12-19", status=RequestStatus.APPROVED)


def test_leave_that_has_begun_ends_at_the_clock_and_the_rest_is_credited(store: Store) -> None:
    """The absence is cut, the request cancelled, two days are owed."""
    with Desk(store, on_leave()) as desk:
        done = desk.do("cancel_leave", leave_id="lv-r1", now="12-17 00:00")
        assert (2, False, "lv-r1") == tuple(data(done, name) for name in ("credit_days", "escalated", "leave_id"))
        assert moment("12-17") == desk.rows("absences")["lv-r1"]["end"]
        assert "cancelled" == desk.rows("leave_requests")["lv-r1"]["status"]
        (line,) = desk.rows("equity_ledger").values()
        assert ("credit", 2, date(2024, 12, 17)) == (line["kind"], line["amount"], line["date"])
        assert ["R1"] == [recipient for recipient, _ in desk.told("leave_decision")]
        assert ["no_such_leave"] == codes(desk.do("cancel_leave", leave_id="lv-r1", now="12-17 00:00"))


def test_leave_to_come_goes_altogether(store: Store) -> None:
    """Named by person and day, called off, told to the director, without compensation."""
    with Desk(store, on_leave()) as desk:
        done = desk.do(
            "cancel_leave", person_id="R1", date=date(2024, 12, 17), mode="mandatory", compensate=False, accepted=False
        )
        assert (0, True) == (data(done, "credit_days"), data(done, "escalated"))
        assert ({}, {}) == (desk.rows("absences"), desk.rows("equity_ledger"))
        assert "cancelled" == desk.rows("leave_requests")["lv-r1"]["status"]
        assert ["R1", "PD"] == [recipient for recipient, _ in desk.told("leave_decision")]


def test_who_is_asked_may_decline(store: Store) -> None:
    """A refusal that is on record and is told; nothing else is written."""
    with Desk(store, on_leave()) as desk:
        before = desk.roster()
        refused = desk.do("cancel_leave", leave_id="lv-r1", accepted=False, actor_id="PD", reason="short of people")
        assert (["declined"], 0) == (codes(refused), data(refused, "credit_days"))
        assert before == desk.roster()
        ((recipient, text),) = desk.told("leave_decision")
        assert ("R1", True) == (recipient, text.endswith("and declined. Reason: short of people."))
        (entry,) = desk.rows("audit_log").values()
        assert ("cancel_leave", "rejected", "PD", "R1") == tuple(
            entry[name] for name in ("action", "outcome", "actor_id", "person_id")
        )


def test_only_granted_leave_that_lasts_can_be_taken_back(store: Store) -> None:
    """Not what is pending, over, unknown, somebody else's, unnamed, or an illness."""
    world = on_leave().asks("R2", "12-20", "12-21").away("R2", "12-10", "12-12")
    with Desk(store, world, clock="12-02") as desk:
        before = desk.roster()
        for now, name in (
            ("12-02", {"leave_id": "lv-r2"}),
            ("12-19", {"leave_id": "lv-r1"}),
            ("12-02", {"leave_id": "lv-x"}),
            ("12-02", {"leave_id": "lv-r1", "person_id": "R2"}),
            ("12-02", {"person_id": "R1"}),
            ("12-02", {"person_id": "R1", "date": date(2024, 12, 22)}),
            ("12-02", {"person_id": "R2", "date": date(2024, 12, 10)}),
        ):
            assert ["no_such_leave"] == codes(desk.do("cancel_leave", now=now, **name))
        assert before == desk.roster()


def test_leave_that_nobody_asked_for_in_writing_is_given_up_by_its_day(store: Store) -> None:
    """It has no request to cancel."""
    world = ward(2, 0).away("R1", "12-16", "12-19", AbsenceKind.CONFERENCE)
    with Desk(store, world) as desk:
        done = desk.do("cancel_leave", person_id="R1", date=date(2024, 12, 16), now="12-16 12:00")
        assert (None, 3) == (data(done, "leave_id"), data(done, "credit_days"))
        (absence,) = desk.rows("absences").values()
        assert moment("12-16 12:00") == absence["end"]


def test_leave_that_was_granted_in_parts_is_taken_back_whole(store: Store) -> None:
    """The stretch that has begun is cut, the later one goes; what was taken is not credited."""
    world = ward(2, 1).away("R2", "12-11", "12-12").asks("R1", "12-10", "12-13")
    with Desk(store, world) as desk:
        desk.do("process_leave_requests")
        done = desk.do("cancel_leave", leave_id="lv-r1", now="12-10 06:00")
        assert 2 == data(done, "credit_days")
        left = {name: row["end"] for name, row in desk.rows("absences").items() if row["person_id"] == "R1"}
        assert {"lv-r1": moment("12-10 06:00")} == left


@TRIES
@given(st.integers(1, 10 * DAY), st.integers(-DAY, 10 * DAY), st.sampled_from(["voluntary", "mandatory"]))
def test_the_credit_is_the_time_that_comes_back(length: int, offset: int, mode: Any) -> None:
    """In days, a day begun being a whole one; the ledger, the answer and what is left of the absence agree."""
    start = at("12-10")
    clock = min(start + offset, start + length - 1)
    absence = Absence("a", "R1", start, start + length, AbsenceKind.VACATION)
    leave = Leave("R1", (absence,))
    decision = decide_cancel(World().residents("R1").book(), leave, Recall(mode), clock, counted_ids())
    (ledger,) = (write for write in decision.writes if write.table == "equity_ledger")
    assert ledger.after is not None
    assert ledger.after["amount"] == decision.data["credit_days"] == days_back(leave, clock)
    (cut,) = (write for write in decision.writes if write.table == "absences")
    taken = max(0, clock - start)
    assert (cut.after is None) is (taken == 0)
    assert -(-(length - taken) // DAY) == decision.data["credit_days"]


@pytest.mark.parametrize("mode", ["voluntary", "mandatory"])
def test_a_reason_is_told(mode: Any) -> None:
    """To whoever is told at all."""
    leave = Leave("R1", (Absence("a", "R1", at("12-10 08:00"), at("12-10 18:00"), AbsenceKind.VACATION),))
    book = World().residents("R1").book()
    decision = decide_cancel(book, leave, Recall(mode, reason="a flood"), at("12-10 12:00"), counted_ids())
    assert all(
        "a flood" in notice.text and "from 12:00 on 10 December on" in notice.text for notice in decision.notices
    )


def test_a_free_day_that_was_asked_for_may_be_given_up_and_no_other(store: Store) -> None:
    """What is designated is nobody's to take back."""
    world = ward(2, 0).asks("R1", "12-16", "12-17", status=RequestStatus.APPROVED, kind=AbsenceKind.DAY_OFF)
    with Desk(store, world.away("R2", "12-16", "12-17", AbsenceKind.DAY_OFF)) as desk:
        assert 1 == data(desk.do("cancel_leave", leave_id="lv-r1"), "credit_days")
        assert ["no_such_leave"] == codes(desk.do("cancel_leave", person_id="R2", date=date(2024, 12, 16)))


def test_a_report_shows_every_decision(store: Store) -> None:
    """With rank, day, counts and offer; nothing where nobody asked."""
    world = ward(2, 1).asks("R1", "12-10", "12-11").asks("R2", "12-10", "12-11")
    with Desk(store, world, clock="12-02") as desk:
        assert () == leave_panel(desk.evidence())
        desk.do("process_leave_requests")
        (table,) = leave_panel(desk.evidence())
        assert (
            ("lv-r1", "R1", "approved", "1", "–", "2024-12-10", "2 → 1", "1", "–"),
            ("lv-r2", "R2", "denied", "2", "R1", "2024-12-10", "1 → 0", "1", "2024-12-11 00:00 to 2024-12-12 00:00"),
        ) == table.rows
