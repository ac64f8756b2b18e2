from __future__ import annotations

from datetime import date

import pytest

from residency import wording
from residency.calendar import DAY, HOUR, Interval, Window, WindowKind, minute_of
from residency.compliance import Touched, check, judge, rejudge
from residency.model import (
    Absence,
    AbsenceKind,
    Change,
    Duty,
    DutyKind,
    Person,
    Requirement,
    Roster,
    Rotation,
    RotationPeriod,
)
from residency.policy import Policy, combine, load_policy
from residency.policy import settings as ask
from residency.policy.packs import pack_of
from residency.schedule import Schedule

MONDAY = minute_of(date(2024, 12, 2))
SEVEN = MONDAY + 7 * HOUR
WEEK = (MONDAY, MONDAY + 7 * DAY)
R1 = Person("R1", pgy_level=2)


def on(day: int, start: int, end: int, kind: DutyKind = DutyKind.CLINICAL) -> Duty:
    """A duty between two minutes of a day."""
    return Duty(f"{day}-{start}", "R1", None, MONDAY + day * DAY + start, MONDAY + day * DAY + end, kind)


def codes(
    duties: list[Duty],
    horizon: Interval = WEEK,
    policy: Policy | None = None,
    absences: tuple[Absence, ...] = (),
    periods: tuple[RotationPeriod, ...] = (),
) -> list[str]:
    """The rules and codes of all records."""
    schedule = Schedule.of(Roster((R1,), (), tuple(duties), (), periods, absences), horizon)
    return [f"{record.rule}.{record.code}" for record in check(schedule, policy or load_policy())]


@pytest.mark.parametrize(("end", "expected"), [(12 * HOUR, []), (12 * HOUR + 1, ["one_day_in_seven.too_few"])])
def test_twelve_hours_before_the_roster_ends_are_a_day_off(end: int, expected: list[str]) -> None:
    """A stretch that the end of the roster cuts short is a day off from 12:00 on."""
    duties = [*(on(day, 7 * HOUR, 17 * HOUR) for day in range(6)), on(6, 7 * HOUR, end)]
    assert expected == codes(duties)


@pytest.mark.parametrize(("early", "expected"), [(0, ["one_day_in_seven.too_few"]), (1, [])])
def test_what_work_ends_is_not_cut_short_by_leave(early: int, expected: list[str]) -> None:
    """Half a day before leave is a day off, unless work begins in the very minute in which the leave does."""
    vacation = Absence("v", "R1", MONDAY + 7 * DAY, MONDAY + 8 * DAY, AbsenceKind.VACATION)
    duties = [*(on(day, 7 * HOUR, 17 * HOUR) for day in range(6)), on(6, 0, 11 * HOUR), on(7, early, 60)]
    found = codes(duties, (MONDAY, MONDAY + 8 * DAY), absences=(vacation,))
    assert expected == [code for code in found if code.startswith("one_day")]


@pytest.mark.parametrize(("start", "expected"), [(7 * HOUR, []), (7 * HOUR - 1, ["night_float.block_gap"])])
def test_a_whole_day_between_blocks_is_enough(start: int, expected: list[str]) -> None:
    """Between two blocks of night float 24:00 free comply, 23:59 do not."""
    nights = [on(0, 19 * HOUR, 31 * HOUR, DutyKind.NIGHT_FLOAT), on(2, start, 31 * HOUR, DutyKind.NIGHT_FLOAT)]
    found = codes(nights, policy=load_policy("seed"))
    assert expected == [code for code in found if code.startswith("night")]


def test_rotations_before_the_horizon_cut_nothing() -> None:
    """Days in no rotation are cut from the horizon's first day, whatever rotation ended before it."""
    earlier = RotationPeriod("p", "R1", MONDAY - 20 * DAY, MONDAY - 10 * DAY)
    roster = Roster((R1,), periods=(earlier,))
    timeline = Schedule.of(roster, (MONDAY, MONDAY + 35 * DAY)).timeline("R1")
    assert timeline.windows(WindowKind.ROTATION) == (
        Window(MONDAY, MONDAY + 28 * DAY),
        Window(MONDAY + 28 * DAY, MONDAY + 35 * DAY),
    )


def test_a_rotation_is_cut_from_its_own_start() -> None:
    """A rotation of 42 days that began 14 before the horizon leaves 14 days of its first window and 14 of its second."""
    long = RotationPeriod("p", "R1", MONDAY - 14 * DAY, MONDAY + 28 * DAY)
    timeline = Schedule.of(Roster((R1,), periods=(long,)), (MONDAY, MONDAY + 35 * DAY)).timeline("R1")
    assert [window.days for window in timeline.windows(WindowKind.ROTATION)] == [14, 14, 7]


def test_night_float_can_be_judged_unaveraged() -> None:
    """Where a pack says so, a run of eight days that ends in night float is a breach, averages apart."""
    strict = combine([pack_of("2011", (ask.OneDayInSeven(unaveraged_on_night_float=True),))])
    duties = [on(day, 7 * HOUR, 17 * HOUR) for day in range(7)]
    horizon = (MONDAY, MONDAY + 28 * DAY)
    assert codes(duties, horizon, strict) == []
    assert codes([*duties, on(7, 19 * HOUR, 31 * HOUR, DutyKind.NIGHT_FLOAT)], horizon, strict) == [
        "one_day_in_seven.run"
    ]


@pytest.mark.parametrize(("edge", "held_from"), [(WEEK[0], 0), (WEEK[1], -720)])
def test_a_recheck_sees_the_gap_beyond_the_horizon(edge: int, held_from: int) -> None:
    """A gap that joins one outside the horizon is one record, as a full check has it."""
    icu = Rotation("icu")
    held = Duty("a", "R1", "icu", edge + held_from, edge + held_from + 720)
    need = Requirement("n", "icu", edge - 720, edge + 720, 1)
    before = Schedule.of(Roster((R1,), (icu,), (held,), (need,)), WEEK)
    change = Change(removed=(held,))
    after = before.with_changes(change)
    policy = load_policy()
    assert check(before, policy) == ()
    (gap,) = rejudge(judge(before, policy), after, Touched.of(after, change), policy).records
    assert (gap.start, gap.end) == (edge - 720, edge + 720)
    assert check(after, policy) == (gap,)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((0, 1), "on 2 December"),
        ((0, 28), "from 2 to 29 December"),
        ((-5, 1), "from 27 November to 2 December"),
        ((0, 31), "from 2 December 2024 to 1 January 2025"),
    ],
)
def test_dates_are_written_as_people_say_them(days: tuple[int, int], expected: str) -> None:
    """Month and year are said once where once is enough."""
    assert expected == wording.days_text(MONDAY + days[0] * DAY, MONDAY + days[1] * DAY)


def test_spans_are_written_with_their_times() -> None:
    """Within a day the date is said once, and the day's own midnight is 24:00."""
    assert wording.span_text(SEVEN, SEVEN + 240) == "from 07:00 to 11:00 on 2 December"
    assert wording.span_text(SEVEN, MONDAY + DAY) == "from 07:00 to 24:00 on 2 December"
    assert wording.span_text(SEVEN, SEVEN + DAY) == "from 07:00 on 2 December to 07:00 on 3 December"


def test_every_message_is_a_sentence_with_its_person_or_service() -> None:
    """Records of every rule name whom they concern and end in a full stop."""
    service = Rotation("ward", requires_supervision=True, requires=frozenset({"acls"}), min_pgy=2)
    junior = Person("J1", pgy_level=1)
    duties = (
        *(Duty(f"c{day}", "J1", "ward", SEVEN + day * DAY, SEVEN + day * DAY + 14 * HOUR) for day in range(12)),
        Duty("x", "J1", "ward", SEVEN, SEVEN + 25 * HOUR, DutyKind.IN_HOUSE_CALL),
        Duty("h", "J1", None, MONDAY + 13 * DAY, MONDAY + 13 * DAY + 60, DutyKind.HOME_CALL_IDLE),
        Duty("m", "J1", None, MONDAY + 13 * DAY + 600, MONDAY + 13 * DAY + 660, DutyKind.MOONLIGHT_EXT),
        *(
            Duty(f"n{night}", "J1", None, SEVEN + night * DAY + 720, SEVEN + night * DAY + DAY, DutyKind.NIGHT_FLOAT)
            for night in range(15, 23)
        ),
        Duty("o", "J1", None, SEVEN + 24 * DAY, SEVEN + 25 * DAY, DutyKind.NIGHT_FLOAT),
        *(
            Duty(f"i{night}", "J1", None, SEVEN + night * DAY + 720, SEVEN + night * DAY + DAY, DutyKind.IN_HOUSE_CALL)
            for night in range(5)
        ),
    )
    absences = (
        Absence("f", "J1", MONDAY + 13 * DAY, MONDAY + 14 * DAY, AbsenceKind.DAY_OFF),
        Absence("l", "J1", MONDAY + DAY, MONDAY + 2 * DAY, AbsenceKind.VACATION),
    )
    needs = (Requirement("r", "ward", SEVEN, SEVEN + DAY, 3),)
    schedule = Schedule.of(Roster((junior,), (service,), duties, needs, (), absences), (MONDAY, MONDAY + 14 * DAY))
    found = [record for pack in ("acgme-2025", "seed") for record in check(schedule, load_policy(pack))]
    assert {record.rule for record in found} >= {"weekly_hours", "one_day_in_seven", "duty_period", "home_call"}
    for record in found:
        assert record.message.endswith(".")
        assert record.message.split()[0] in ("J1", "ward")
