from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from random_rosters import POLICIES, rosters

from residency import measures
from residency.calendar import DAY, HOUR, Interval, minute_of
from residency.compliance import check
from residency.measures import CoverageTotals
from residency.model import Absence, AbsenceKind, Duty, DutyKind, Person, Requirement, Roster, Rotation
from residency.policy import Policy, load_policy
from residency.schedule import Schedule

MONDAY = minute_of(date(2024, 12, 2))
SEVEN = MONDAY + 7 * HOUR
R1 = Person("R1", pgy_level=2)
WEEK = (MONDAY, MONDAY + 7 * DAY)


def week(*duties: Duty, person: Person = R1, absences: tuple[Absence, ...] = ()) -> Schedule:
    """A week of one resident."""
    return Schedule.of(Roster((person,), duties=duties, absences=absences), WEEK)


def shift(day: int, minutes: int, kind: DutyKind = DutyKind.CLINICAL, hour: int = 7) -> Duty:
    """A shift of so many minutes."""
    start = MONDAY + day * DAY + hour * HOUR
    return Duty(f"{day}-{hour}", "R1", "ward", start, start + minutes, kind)


def test_weekly_hours_are_exact() -> None:
    """4,801 minutes in a week are 80 hours and one sixtieth."""
    schedule = week(*(shift(day, 800) for day in range(5)), shift(5, 801))
    assert measures.weekly_hours(schedule.timeline("R1"), load_policy()) == Fraction(4801, 60)
    assert measures.peak_weekly_hours(schedule, load_policy()) == Fraction(4801, 60)
    assert measures.utilisation(schedule.timeline("R1"), load_policy()) == Fraction(4801, 4800)
    assert measures.headroom(schedule.timeline("R1"), load_policy()) == -1


def test_utilisation_uses_the_tightest_limit() -> None:
    """A personal limit of 40 hours is full at 40."""
    person = replace(R1, max_weekly_minutes=40 * HOUR)
    timeline = week(*(shift(day, 600) for day in range(4)), person=person).timeline("R1")
    assert measures.utilisation(timeline, load_policy()) == 1
    assert measures.headroom(timeline, load_policy()) == 0


def test_nothing_is_worked_without_duties() -> None:
    """Somebody without duties has zeros, and no rest after a call."""
    timeline = week().timeline("R1")
    assert measures.weekly_hours(timeline, load_policy()) == 0
    assert measures.consecutive_duty_days(timeline) == 0
    assert measures.consecutive_nights(timeline) == 0
    assert measures.duty_period_hours(timeline) == 0
    assert measures.rest_after_call_hours(timeline, load_policy()) is None


def test_runs_periods_and_rests() -> None:
    """Days in a row, the longest duty period and the shortest rest after a call, from one roster."""
    timeline = week(
        shift(0, DAY, DutyKind.IN_HOUSE_CALL), shift(1, 120, DutyKind.TRANSITION), shift(2, 600), shift(3, 600)
    ).timeline("R1")
    assert measures.consecutive_duty_days(timeline) == 4
    assert measures.duty_period_hours(timeline) == 26
    assert measures.rest_after_call_hours(timeline, load_policy()) == 22


def test_a_last_call_has_no_rest() -> None:
    """Where nothing follows the call, there is no rest to measure."""
    assert measures.rest_after_call_hours(week(shift(0, DAY)).timeline("R1"), load_policy()) is None


def test_nights_in_a_row() -> None:
    """Three nights of night float, one off, one more."""
    nights = (shift(day, 720, DutyKind.NIGHT_FLOAT, 19) for day in (0, 1, 2, 4))
    assert measures.consecutive_nights(week(*nights).timeline("R1")) == 3


def test_coverage_totals_are_head_minutes_inside_the_horizon() -> None:
    """Two needed, one there until ill: missing heads times minutes, critical services apart."""
    roster = Roster(
        (R1,),
        (Rotation("ward"), Rotation("icu", critical=True)),
        (shift(0, 720),),
        (
            Requirement("a", "ward", SEVEN, SEVEN + 720, 2),
            Requirement("b", "ward", SEVEN, SEVEN + 60, 1),
            Requirement("c", "icu", WEEK[1] - 60, WEEK[1] + 60, 1),
        ),
        (),
        (Absence("ill", "R1", SEVEN + 600, SEVEN + DAY, AbsenceKind.ILLNESS),),
    )
    totals = measures.coverage_totals(Schedule.of(roster, WEEK))
    assert totals == CoverageTotals(600 + 2 * 120 + 60, 60, 1440 + 60, 60)


@given(rosters(), st.sampled_from(POLICIES))
def test_measures_agree_with_the_rules(made: tuple[Roster, Interval], policy: Policy) -> None:
    """Who is over a limit by measure has a record, and the other way round; so has a service with a gap."""
    roster, horizon = made
    schedule = Schedule.of(roster, horizon)
    records = check(schedule, policy)
    over = {record.persons[0] for record in records if (record.rule, record.code) == ("weekly_hours", "over")}
    residents = [schedule.timeline(person) for person in schedule.residents]
    assert over == {line.person_id for line in residents if measures.utilisation(line, policy) > 1}
    totals = measures.coverage_totals(schedule)
    assert 0 <= totals.missing <= totals.required
    if policy.in_force("coverage"):
        assert any(record.rule == "coverage" for record in records) == (totals.missing > 0)
