"""Moonlighting: permission, conflicts, combined hours; the headroom of each window and the exact cut on either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.calendar import DAY, HOUR
from residency.measures import window_loads
from residency.model import AbsenceKind, Duty, DutyKind, PersonStatus
from residency.moonlighting import Cut, Extra, cuts, decide_moonlighting, shares
from residency.setup.rows import ShiftRow

from .desk import Desk, codes, moment
from .rosters import World, at
from .tries import TRIES
from .written import load, problems, scenario

if TYPE_CHECKING:
    from rehearse.database.store import Store
    from rehearse.domain import OperationResult
    from residency.decisions import Decision

SATURDAYS = ("12-07", "12-14", "12-21", "12-28")


def busy(hours: str = "21:00", *, pgy: int = 2, rules: str = "acgme-2025") -> World:
    """R1 from seven until some hour on weekdays, and a service to moonlight on."""
    return World(rules=rules).residents("R1", pgy=pgy).rotation("extra", min_persons=0).weekly("R1", "07:00", hours)


def shifts(start: str, end: str, days: tuple[str, ...] = SATURDAYS) -> tuple[ShiftRow, ...]:
    """The same hours on some days."""
    return tuple(ShiftRow(start=moment(f"{day} {start}"), end=moment(f"{day} {end}")) for day in days)


def extra(start: str, end: str, kind: DutyKind = DutyKind.MOONLIGHT_INT) -> Duty:
    """One shift of R1."""
    return Duty("new", "R1", "extra", at(start), at(end), kind)


def decided(world: World, *duties: Duty, clock: str = "12-01", reported: bool = False) -> Decision:
    """The decision about some shifts of R1."""
    return decide_moonlighting(world.book(), Extra("R1", duties, at(clock), reported))


def data(result: OperationResult | Decision, name: str) -> Any:
    """A field of an answer."""
    return result.data[name]


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_fits_is_entered_with_what_is_left(store: Store) -> None:
    """Fifty hours and ten on a Saturday: duties, headroom in minutes, audit entry, notice."""
    with Desk(store, busy("17:00"), clock="12-02 09:00") as desk:
        done = desk.do(
            "request_moonlighting",
            person_id="R1",
            site="internal",
            rotation_id="extra",
            shifts=shifts("08:00", "18:00"),
        )
        assert (Fraction(60), Fraction(20)) == (data(done, "weekly_hours"), data(done, "headroom_hours"))
        (window,) = data(done, "windows")
        assert (12000, 2400, 19200, 4800) == tuple(
            window[f"{name}_minutes"] for name in ("program", "moonlighting", "limit", "headroom")
        )
        assert ((), (), (), None) == tuple(
            data(done, name) for name in ("cuts", "warnings", "violations", "correct_by")
        )
        made = {name: row for name, row in desk.rows("assignments").items() if row["kind"] == "moonlight_int"}
        assert tuple(made) == data(done, "assignment_ids") == tuple(f"step1:{number}" for number in range(1, 5))
        assert ["R1"] == [recipient for recipient, _ in desk.told("assignment_changed")]
        (entry,) = desk.rows("audit_log").values()
        assert ("request_moonlighting", "done", "R1") == tuple(
            entry[name] for name in ("action", "outcome", "person_id")
        )


def test_outside_work_needs_no_service_and_a_span_will_do(store: Store) -> None:
    """Moments, or whole days."""
    with Desk(store, busy("15:00"), clock="12-02") as desk:
        desk.do("request_moonlighting", person_id="R1", start=moment("12-07 08:00"), end=moment("12-07 12:00"))
        desk.do("request_moonlighting", person_id="R1", dates=(date(2024, 12, 14), date(2024, 12, 21)))
        made = [row for row in desk.rows("assignments").values() if row["kind"] == "moonlight_ext"]
        assert [(moment("12-07 08:00"), None), (moment("12-14"), None), (moment("12-21"), None)] == sorted(
            (row["start"], row["rotation_id"]) for row in made
        )


def test_a_refusal_names_rule_and_cut_and_writes_nothing_else(store: Store) -> None:
    """Seventy hours and four Saturdays of twelve: eight hours too many on either side."""
    with Desk(store, busy(), clock="12-02 09:00") as desk:
        before = desk.roster()
        refused = desk.do("request_moonlighting", person_id="R1", shifts=shifts("08:00", "20:00"), actor_id="R1")
        assert (["weekly_hours"], 328 * 60, 320 * 60) == (
            codes(refused),
            refused.reasons[0].measured,
            refused.reasons[0].limit,
        )
        assert [("moonlighting", 480, 2, 10), ("program", 480, 2, 68)] == [
            tuple(cut[name] for name in ("side", "minutes", "hours_a_week", "to_hours_a_week"))
            for cut in data(refused, "cuts")
        ]
        assert (Fraction(82), Fraction(-2), ()) == tuple(
            data(refused, name) for name in ("weekly_hours", "headroom_hours", "assignment_ids")
        )
        assert before == desk.roster()
        ((recipient, text),) = desk.told("rule_alert")
        assert ("R1", True) == (
            recipient,
            "To go from 2 to 29 December: 8:00 of moonlighting or 8:00 of program." in text,
        )
        (entry,) = desk.rows("audit_log").values()
        assert ("request_moonlighting", "rejected", "R1") == tuple(
            entry[name] for name in ("action", "outcome", "actor_id")
        )


def test_who_or_what_is_not_there_is_said(store: Store) -> None:
    """An unknown person, somebody inactive, an unknown service, none in house, work reported before it is done."""
    world = busy().residents("R2")
    world.persons = [
        replace(person, status=PersonStatus.INACTIVE) if person.id == "R2" else person for person in world.persons
    ]
    when = {"start": moment("12-07 08:00"), "end": moment("12-07 10:00")}
    with Desk(store, world, clock="12-07 09:00") as desk:
        before = desk.roster()
        for expected, parameters in (
            ("unknown_row", {"person_id": "R9"}),
            ("inactive_person", {"person_id": "R2"}),
            ("unknown_row", {"person_id": "R1", "rotation_id": "x"}),
            ("unknown_row", {"person_id": "R1", "site": "internal"}),
            ("not_yet_worked", {"person_id": "R1", "reported": True}),
        ):
            assert [expected] == codes(desk.do("request_moonlighting", **parameters, **when))
        assert before == desk.roster()
        assert ["rejected"] * 5 == [row["outcome"] for row in desk.rows("audit_log").values()]


def test_a_conflict_names_the_duty_and_touching_is_none() -> None:
    """Ten o'clock runs into the clinic, twelve does not."""
    world = busy("07:30").rotation("clinic").duty("R1", "clinic", "12-14 08:00", "12:00")
    refused = decided(world, extra("12-14 10:00", "12-14 18:00"))
    assert ["double_booking"] == [reason.code for reason in refused.reasons]
    assert "clinic from 08:00 to 12:00 on 14 December" in refused.reasons[0].text
    assert "done" == decided(world, extra("12-14 12:00", "12-14 18:00")).outcome


def test_two_shifts_of_one_request_must_not_overlap_either() -> None:
    """Nobody is in two places at once."""
    first = extra("12-14 08:00", "12-14 12:00")
    refused = decided(busy("15:00"), first, replace(first, id="other", start=first.start + 60))
    assert ["double_booking"] == [reason.code for reason in refused.reasons]


def test_permission_and_the_first_year_are_two_walls() -> None:
    """Without permission; in the first year whatever is permitted; both at once."""
    shift = extra("12-14 08:00", "12-14 12:00")
    world = busy(pgy=1)
    assert ["not_permitted", "moonlighting"] == [reason.code for reason in decided(world, shift).reasons]
    world.persons = [replace(person, may_moonlight=True) for person in world.persons]
    assert ["moonlighting"] == [reason.code for reason in decided(world, shift).reasons]
    assert "done" == decided(busy("15:00"), shift).outcome


def test_leave_bars_work_in_house_only() -> None:
    """What is done elsewhere on leave is one's own affair."""
    world = busy("07:30").away("R1", "12-14", "12-15", AbsenceKind.VACATION)
    assert ["leave_exclusion"] == [
        reason.code for reason in decided(world, extra("12-14 08:00", "12-14 12:00")).reasons
    ]
    outside = replace(extra("12-14 08:00", "12-14 12:00", DutyKind.MOONLIGHT_EXT), rotation_id=None)
    assert "done" == decided(world, outside).outcome


def test_a_full_service_takes_nobody_who_moonlights() -> None:
    """One resident at most, and one is there."""
    world = busy().residents("R2").rotation("small", max_persons=1).duty("R2", "small", "12-14 08:00", "12:00")
    shift = replace(extra("12-14 10:00", "12-14 11:00"), rotation_id="small")
    assert ["max_persons"] == [reason.code for reason in decided(world, shift).reasons]


def test_short_rest_is_an_advisory_that_is_passed_on() -> None:
    """It warns and does not block."""
    done = decided(busy("17:00"), extra("12-13 21:00", "12-14 01:00"), extra("12-14 05:00", "12-14 07:00"))
    assert ("done", 2) == (done.outcome, len(data(done, "warnings")))
    assert all("between shifts" in text or "hours" in text or "rest" in text for text in data(done, "warnings"))


@pytest.mark.parametrize(
    ("rules", "until", "warned"),
    [("acgme-2025", "17:59", 0), ("acgme-2025", "18:00", 1), ("seed", "19:59", 0), ("seed", "20:00", 1)],
)
def test_the_warning_begins_at_its_very_minute(rules: str, until: str, warned: int) -> None:
    """76 hours a week, or 78 where the pack's source says so."""
    world = busy("20:00", rules=rules)
    if rules == "seed":
        world.settings = replace(world.settings, program=replace(world.settings.program, moonlighting_warning=78 * 60))
    world.weekly(
        "R1",
        "08:00",
        "19:00" if rules == "acgme-2025" else "21:00",
        days="5",
        first=date(2024, 12, 2),
        last=date(2024, 12, 21),
    )
    done = decided(world, extra("12-28 07:00", f"12-28 {until}"))
    assert ("done", warned) == (done.outcome, len(data(done, "warnings")))


def test_faculty_have_no_hours_to_count() -> None:
    """Nothing is left or cut where nothing limits."""
    world = World().faculty("F1").rotation("extra", min_persons=0)
    world.persons = [replace(person, may_moonlight=True) for person in world.persons]
    shift = replace(extra("12-14 08:00", "12-14 18:00"), person_id="F1")
    done = decide_moonlighting(world.book(), Extra("F1", (shift,), at("12-02")))
    assert ("done", None, (), ()) == (
        done.outcome,
        *(data(done, name) for name in ("headroom_hours", "windows", "cuts")),
    )


# ── reporting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reported_work_is_recorded_whatever_it_breaks(store: Store) -> None:
    """Over the limit, over a duty, without permission: entered, flagged, to be corrected within a week, and the director told."""
    world = busy()
    world.persons = [replace(person, may_moonlight=False) for person in world.persons]
    with Desk(store, world, clock="12-30 09:00") as desk:
        done = desk.do(
            "request_moonlighting",
            person_id="R1",
            reported=True,
            shifts=(*shifts("08:00", "20:00"), *shifts("20:00", "23:00", ("12-06",))),
        )
        assert ("done", 5) == (done.outcome, len(data(done, "assignment_ids")))
        assert ["not_permitted", "double_booking", "weekly_hours"] == [
            item["code"] for item in data(done, "violations")
        ]
        assert moment("12-30 09:00").replace(year=2025, month=1, day=6) == data(done, "correct_by")
        assert ["R1", "PD"] == [recipient for recipient, _ in desk.told("rule_alert")]
        assert all("2025-01-06 09:00" in text for _, text in desk.told("rule_alert"))
        (entry,) = desk.rows("audit_log").values()
        assert ("done", "reported") == (entry["outcome"], entry["reason"])


def test_reported_work_that_breaks_nothing_is_not_flagged(store: Store) -> None:
    """No alert, no date."""
    with Desk(store, busy("15:00"), clock="12-30") as desk:
        done = desk.do("request_moonlighting", person_id="R1", reported=True, shifts=shifts("08:00", "12:00"))
        assert ((), None, []) == (data(done, "violations"), data(done, "correct_by"), desk.told("rule_alert"))


# ── figures ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some weeks of work with some moonlighting over it, leave, and perhaps a personal limit."""
    world = World(rules=draw(st.sampled_from(["acgme-2025", "seed"]))).residents("R1").rotation("extra", min_persons=0)
    world.weekly("R1", "06:00", f"{draw(st.integers(8, 23))}:00", days=draw(st.sampled_from(["01234", "012345"])))
    if draw(st.booleans()):
        world.persons = [replace(person, max_weekly_minutes=60 * HOUR) for person in world.persons]
    for day in draw(st.lists(st.integers(0, 27), max_size=6, unique=True)):
        start = world.settings.horizon[0] + day * DAY + draw(st.integers(0, 20)) * HOUR
        length = draw(st.integers(1, 30)) * 37
        kind = draw(st.sampled_from([DutyKind.MOONLIGHT_INT, DutyKind.MOONLIGHT_EXT]))
        world.duties.append(Duty(f"m{day}", "R1", "extra", start, start + length, kind))
    if draw(st.booleans()):
        world.away("R1", "12-23", "12-29", AbsenceKind.VACATION)
    return world


@TRIES
@given(worlds())
def test_headroom_and_work_make_the_limit_and_both_sides_make_the_work(world: World) -> None:
    """In minutes, in every window that has a limit."""
    book = world.book()
    found = shares(book, "R1")
    assert list(window_loads(book.schedule.timeline("R1"), book.settings.rules)) == [item.load for item in found]
    for share in found:
        assert share.load.worked == share.program + share.extra
        if share.load.limit is not None:
            assert share.load.limit == share.load.worked + (share.headroom or 0)
        else:
            assert share.headroom is share.weekly_headroom is None


@TRIES
@given(worlds())
def test_a_cut_is_enough_and_a_minute_less_is_not(world: World) -> None:
    """Taken from either side, the window is exactly at its limit then."""
    found = shares(world.book(), "R1")
    for cut in cuts(found):
        over = [item for item in found if (item.load.window.start, item.load.window.end) == cut.window]
        excess = {-(item.headroom or 0) for item in over}
        assert cut.minutes in excess
        side = next(item for item in over if -(item.headroom or 0) == cut.minutes)
        assert cut.left == (side.extra if cut.side == "moonlighting" else side.program) - cut.minutes >= 0
        assert cut.hours_a_week + cut.to_hours_a_week == Fraction((cut.left + cut.minutes) * 7, cut.days * HOUR)
    assert bool(cuts(found)) is any((item.headroom or 0) < 0 for item in found)


def test_a_side_that_holds_too_little_is_no_way_out() -> None:
    """Ninety hours of program and one of moonlighting: only the program can be cut."""
    world = busy("23:30").duty("R1", "extra", "12-14 08:00", "09:00", kind=DutyKind.MOONLIGHT_INT)
    window = (at("12-02"), at("12-30"))
    assert (Cut("program", window, 11 * HOUR, 319 * HOUR, 28),) == cuts(shares(world.book(), "R1"))


# ── as it is written ───────────────────────────────────────────────────────────────────────────────────────────────────

SETUP = """
    persons: [{id: R1, pgy_level: 2}]
    rotations: [{id: extra, min_persons: 0}]
    """


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("", "missing-key"),
        ("shifts: []", "bad-value"),
        ("shifts: [{start: 2024-12-07T10:00, end: 2024-12-07T08:00}]", "bad-value"),
        ("shifts: [{start: 2024-12-07T08:00}]", "missing-key"),
        ("shifts: [{start: 2024-12-07T08:00, end: 2024-12-11T08:00}]", "bad-value"),
        ("start_date: 2024-12-07, end_date: 2024-12-10", "bad-value"),
        ("date: 2024-12-07, shifts: [{start: 2024-12-07T08:00, end: 2024-12-07T10:00}]", "conflict"),
        ("person_id: R9, date: 2024-12-07", "unknown-name"),
    ],
)
def test_a_shift_that_cannot_be_read_is_the_authors_mistake(when: str, code: str) -> None:
    """None at all, empty, backwards, half, longer than three days, written twice, of nobody."""
    person = "" if "person_id" in when else "person_id: R1, "
    step = f"- {{operation: request_moonlighting, parameters: {{{person}{when}}}}}"
    assert [code] == [problem.code for problem in problems(scenario(SETUP, steps=step))]


def test_shifts_widen_the_horizon() -> None:
    """Their days are looked at, though no duty of the set-up is there."""
    step = "- {operation: request_moonlighting, parameters: {person_id: R1, shifts: [{start: 2024-12-07T20:00, end: 2024-12-09T00:00}]}}"
    assert (at("12-07"), at("12-09")) == load(scenario(SETUP, steps=step)).policy.horizon
