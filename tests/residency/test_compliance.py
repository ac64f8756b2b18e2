from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_rosters import START, rosters

from residency.calendar import DAY, HOUR, Interval, minute_of
from residency.compliance import Touched, blocking, check, judge, judge_suspects, new_or_worse, rejudge
from residency.model import (
    Absence,
    AbsenceKind,
    Change,
    Duty,
    Person,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
    Severity,
)
from residency.policy import PACKS, load_policy, policy_of
from residency.schedule import Schedule

if TYPE_CHECKING:
    from residency.rules import Record

MONDAY = minute_of(date(2024, 12, 2))
SEVEN = MONDAY + 7 * HOUR
R1 = Person("R1", pgy_level=2)
WEEK = (MONDAY, MONDAY + 7 * DAY)


def days(each: int, count: int, person: str = "R1", first: int = 0) -> tuple[Duty, ...]:
    """Shifts of so many minutes from 07:00 on consecutive days."""
    starts = [SEVEN + day * DAY for day in range(first, first + count)]
    return tuple(Duty(f"{person}-{start}", person, "ward", start, start + each) for start in starts)


def judged(roster: Roster, horizon: Interval = WEEK, **overrides: dict[str, object]) -> tuple[Record, ...]:
    """All records under the default pack and a program's overrides."""
    return check(Schedule.of(roster, horizon), load_policy(overrides=dict(overrides)))


def test_a_violation_never_reads_as_its_limit() -> None:
    """The average in a message is rounded up, so a minute too many reads 80:01."""
    duties = tuple(
        Duty(f"d{day}", "R1", None, SEVEN + day * DAY, SEVEN + day * DAY + 800 + (day == 0))
        for day in range(28)
        if day % 7 != 6
    )
    found = judged(Roster((R1,), duties=duties), (MONDAY, MONDAY + 28 * DAY))
    assert [record.message for record in found] == [
        "R1 averages 80:01 a week from 2 to 29 December (320:01 in 28 days, limit 320:00; CPR 6.20)."
    ]


def test_a_personal_limit_is_policy() -> None:
    """Somebody's own weekly limit is judged beside the pack's, at level policy."""
    person = replace(R1, max_weekly_minutes=60 * HOUR)
    (record,) = judged(Roster((person,), duties=days(720, 6)))
    assert (record.severity, record.pack, record.measured, record.limit) == (
        Severity.POLICY,
        "program",
        72 * HOUR,
        60 * HOUR,
    )


def test_of_two_packs_the_graver_then_the_stricter_record_stands() -> None:
    """One breach of several packs is one record."""
    policy = policy_of(PACKS, {"rest_after_call": {"rest_hours": 20}})
    roster = Roster((R1,), duties=(Duty("a", "R1", None, SEVEN, SEVEN + DAY), *days(240, 1, first=2)))
    assert check(Schedule.of(roster, WEEK), load_policy()) == ()
    early = replace(roster.duties[1], start=SEVEN + DAY + 6 * HOUR, end=SEVEN + DAY + 10 * HOUR)
    schedule = Schedule.of(replace(roster, duties=(roster.duties[0], early)), WEEK)
    (rest,) = [record for record in check(schedule, policy) if record.rule == "rest_after_call"]
    assert (rest.severity, rest.limit, rest.pack) == (Severity.VIOLATION, 14 * HOUR, "acgme-2025")


def test_a_granted_exception_raises_its_rotation_only() -> None:
    """88 hours hold in the rotation that was granted them and nowhere else."""
    periods = (
        RotationPeriod("a", "R1", MONDAY, MONDAY + 7 * DAY, "ward", 88 * HOUR, "GME committee"),
        RotationPeriod("b", "R1", MONDAY + 7 * DAY, MONDAY + 14 * DAY, "ward"),
    )
    duties = (*days(14 * HOUR, 6), *days(14 * HOUR, 6, first=7))
    found = judged(Roster((R1,), duties=duties, periods=periods), (MONDAY, MONDAY + 14 * DAY))
    over = [record for record in found if record.rule == "weekly_hours"]
    assert [(record.start, record.measured) for record in over] == [(MONDAY + 7 * DAY, 84 * HOUR)]


def test_records_outside_the_horizon_are_dropped() -> None:
    """A breach that ends before the horizon begins is not reported."""
    duties = (
        Duty("a", "R1", None, SEVEN - 3 * DAY, SEVEN - 2 * DAY),
        Duty("b", "R1", None, SEVEN - 2 * DAY + 300, SEVEN - 2 * DAY + 400),
    )
    assert judged(Roster((R1,), duties=duties)) == ()


def test_work_hour_violations_leave_integrity_and_policy_out() -> None:
    """Only a must of a cited rule, or of the pack's own, breaks compliance."""
    roster = Roster((R1,), duties=(*days(26 * HOUR, 1), Duty("x", "R1", None, SEVEN, SEVEN + 60)))
    found = judged(roster)
    assert {record.rule: record.is_work_hour_violation for record in found} == {
        "duty_period": True,
        "double_booking": False,
    }


def test_an_old_breach_does_not_block() -> None:
    """A breach that a change leaves as it was is not new, and one that shrinks is not worse."""
    before = judged(Roster((R1,), duties=days(14 * HOUR, 6)))
    after = judged(Roster((R1,), duties=days(14 * HOUR - 10, 6)))
    assert before
    assert after
    assert new_or_worse(before, after) == ()


def test_a_greater_excess_blocks() -> None:
    """The same breach with a minute more is worse."""
    before = judged(Roster((R1,), duties=days(14 * HOUR, 6)))
    after = judged(Roster((R1,), duties=days(14 * HOUR + 1, 6)))
    assert [record.rule for record in blocking(new_or_worse(before, after))] == ["weekly_hours"]


def test_a_graver_record_is_worse() -> None:
    """What was a program's rule and is a must now is worse, whatever its excess."""
    (before,) = judged(Roster((replace(R1, max_weekly_minutes=60 * HOUR),), duties=days(720, 6)))
    assert new_or_worse([before], [replace(before, severity=Severity.VIOLATION)])


def test_advisories_are_listed_and_do_not_block() -> None:
    """A short rest between shifts is new, and refuses nothing."""
    duties = (Duty("a", "R1", None, SEVEN, SEVEN + 240), Duty("b", "R1", None, SEVEN + 400, SEVEN + 500))
    fresh = new_or_worse((), judged(Roster((R1,), duties=duties)))
    assert [record.rule for record in fresh] == ["rest_between_shifts"]
    assert blocking(fresh) == ()


WARD = Rotation("ward", requires_supervision=True)
ICU = Rotation("icu")


def gap(rotation: str, start: int, end: int, needed: int = 1) -> Record:
    """The record of a gap on a service without anybody."""
    need = Requirement("n", rotation, start, end, needed)
    (record,) = judged(Roster((R1,), (WARD, ICU), (), (need,)))
    return record


def test_gaps_of_two_services_are_two_breaches() -> None:
    """An old gap on one service excuses no gap at the same time on another."""
    assert new_or_worse([gap("ward", SEVEN, SEVEN + 60)], [gap("icu", SEVEN, SEVEN + 60)])


def test_a_longer_gap_is_worse() -> None:
    """Minutes that were covered before are a new gap, though no minute lacks more people."""
    short, long = gap("ward", SEVEN, SEVEN + 60), gap("ward", SEVEN, SEVEN + 61)
    assert new_or_worse([short], [long]) == (long,)
    assert new_or_worse([long], [short]) == ()
    assert new_or_worse([gap("ward", SEVEN, SEVEN + 60, 2)], [short]) == ()


def test_a_crowded_service_may_change_hands() -> None:
    """Where one resident of a breach replaces another, the ratio is no worse; with one more it is."""
    people = (*(Person(f"J{n}", pgy_level=1) for n in range(5)), Person("F1", Role.FACULTY, can_supervise=True))
    policy = load_policy("seed")

    def of(*names: str) -> tuple[Record, ...]:
        duties = [duty for name in (*names, "F1") for duty in days(720, 1, name)]
        return check(Schedule.of(Roster(people, (WARD,), tuple(duties)), WEEK), policy)

    assert of("J0", "J1", "J2")
    assert new_or_worse(of("J0", "J1", "J2"), of("J0", "J1", "J3")) == ()
    assert new_or_worse(of("J0", "J1", "J2"), of("J0", "J1", "J2", "J3"))
    assert new_or_worse(of("J0", "J1", "J2", "J3"), of("J0", "J1", "J2")) == ()


def test_an_absence_touches_the_services_of_the_absent() -> None:
    """Leave over a duty opens its service, and the recheck sees it without being told the service."""
    roster = Roster(
        (R1,),
        (ICU,),
        (Duty("a", "R1", "icu", SEVEN, SEVEN + 720),),
        (Requirement("n", "icu", SEVEN, SEVEN + 720, 1),),
    )
    before = Schedule.of(roster, WEEK)
    change = Change(absences_added=(Absence("ill", "R1", SEVEN + 60, SEVEN + DAY, AbsenceKind.ILLNESS),))
    after = before.with_changes(change)
    touched = Touched.of(after, change)
    policy = load_policy()
    assert touched.services == {"icu": ((SEVEN, SEVEN + 720),)}
    found = rejudge(judge(before, policy), after, touched, policy).records
    assert [(record.rule, record.start) for record in found] == [
        ("coverage", SEVEN + 60),
        ("leave_exclusion", SEVEN + 60),
    ]


@given(rosters(), st.integers(0, 40), st.integers(1, 10), st.sampled_from(["R1", "R2", "R3", "R4"]))
def test_more_leave_never_helps(made: tuple[Roster, Interval], first: int, length: int, person: str) -> None:
    """Leave takes no breach of weekly hours or call frequency away, nor makes one smaller."""
    roster, horizon = made
    start = START + first * DAY
    leave = Absence("more", person, start, start + length * DAY, AbsenceKind.VACATION)
    assert_no_relief(roster, replace(roster, absences=(*roster.absences, leave)), horizon)


@given(rosters(), st.integers(0, 45 * DAY), st.integers(1, 2 * DAY), st.sampled_from(["R1", "R2", "R3", "R4"]))
def test_more_work_never_helps(made: tuple[Roster, Interval], first: int, length: int, person: str) -> None:
    """Work takes no breach of weekly hours or call frequency away, nor makes one smaller."""
    roster, horizon = made
    more = Duty("more", person, None, START + first, START + first + length)
    assert_no_relief(roster, replace(roster, duties=(*roster.duties, more)), horizon)


def assert_no_relief(before: Roster, after: Roster, horizon: Interval) -> None:
    """Every breach of the averaged hours and calls is still there, as great or greater."""
    policy = load_policy()
    found = {
        (record.rule, record.code, record.persons, record.start, record.severity): record.excess
        for record in check(Schedule.of(after, horizon), policy)
    }
    for record in check(Schedule.of(before, horizon), policy):
        if record.rule in ("weekly_hours", "call_frequency"):
            key = (record.rule, record.code, record.persons, record.start, record.severity)
            assert found.get(key, -1) >= record.excess or record.severity is Severity.POLICY


@pytest.mark.parametrize("start", [-400 * DAY, -DAY])
def test_the_screen_sees_duty_on_leave_that_began_before_all_duty(start: int) -> None:
    """Leave that begins long before the first duty is its holder's, not that of whoever is judged before."""
    others = tuple(Person(f"R{number}", pgy_level=2) for number in range(1, 4))
    leave = Absence("a", "R2", MONDAY + start, MONDAY + 2 * DAY, AbsenceKind.PARENTAL)
    schedule = Schedule.of(Roster(others, duties=days(60, 1, "R2"), absences=(leave,)), WEEK)
    found = judge_suspects(schedule, load_policy())
    assert [record.rule for record in found.records] == ["leave_exclusion"]
    assert found == judge(schedule, load_policy())
