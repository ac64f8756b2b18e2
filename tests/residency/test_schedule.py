from __future__ import annotations

from datetime import date

import pytest

from residency.calendar import DAY, HOUR, minute_of
from residency.model import (
    Absence,
    AbsenceKind,
    Change,
    Duty,
    DutyKind,
    Person,
    RequestStatus,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
)
from residency.schedule import Schedule, horizon_of, implied_requirements

MONDAY = minute_of(date(2024, 12, 2))
SEVEN = MONDAY + 7 * HOUR
PEOPLE = (Person("R1", pgy_level=2), Person("R2", pgy_level=1), Person("F1", Role.FACULTY, can_supervise=True))
WARD = Rotation("ward")


def shift(
    number: str, person: str, day: int, rotation: str | None = "ward", kind: DutyKind = DutyKind.CLINICAL
) -> Duty:
    """Twelve hours from 07:00."""
    start = SEVEN + day * DAY
    return Duty(number, person, rotation, start, start + 12 * HOUR, kind)


ROSTER = Roster(PEOPLE, (WARD,), (shift("a", "R1", 0), shift("b", "R2", 1), shift("c", "F1", 0)))


def test_rows_come_in_order() -> None:
    """Duties are sorted by start, end and id, however they were written."""
    schedule = Schedule.of(ROSTER)
    assert [duty.id for duty in schedule.duties] == ["a", "c", "b"]
    assert [duty.id for duty in schedule.service("ward").duties] == ["a", "c", "b"]
    assert schedule.residents == ("R1", "R2")


def test_a_duty_is_found_by_id_and_by_minute() -> None:
    """A half-open duty holds its first minute and not its end."""
    schedule = Schedule.of(ROSTER)
    duty = schedule.duty("a")
    assert duty is not None
    assert schedule.duty("z") is None
    assert schedule.on_duty("R1", duty.start) == (duty,)
    assert schedule.on_duty("R1", duty.end) == ()
    assert schedule.on_duty("nobody", duty.start) == ()


def test_a_change_shares_what_it_does_not_touch() -> None:
    """The timelines of other people are the very same objects, with what they have computed."""
    before = Schedule.of(ROSTER)
    given_away = shift("a", "R2", 0)
    after = before.with_changes(Change(added=(given_away,), removed=(shift("a", "R1", 0),)))
    assert after.timeline("F1") is before.timeline("F1")
    assert after.timeline("R1").duties == ()
    assert [duty.id for duty in after.timeline("R2").duties] == ["a", "b"]
    assert [duty.person_id for duty in after.service("ward").duties] == ["R2", "F1", "R2"]
    assert before.duty("a") == shift("a", "R1", 0)
    assert after.duty("a") == given_away


def test_a_change_of_absences_leaves_services_alone() -> None:
    """An absence changes a person's timeline and no service."""
    before = Schedule.of(ROSTER)
    ill = Absence("ill", "R1", SEVEN, SEVEN + DAY, AbsenceKind.ILLNESS)
    after = before.with_changes(Change(absences_added=(ill,)))
    assert after.is_on_leave("R1", SEVEN, SEVEN + 1)
    assert not after.is_on_leave("R1", SEVEN - 60, SEVEN)
    assert after.service("ward") is before.service("ward")
    assert after.with_changes(Change(absences_removed=(ill,))).timeline("R1").leave == []


def test_removing_what_is_not_there_is_refused() -> None:
    """A duty must be there exactly as given to be removed."""
    with pytest.raises(ValueError, match="not there as given"):
        Schedule.of(ROSTER).with_changes(Change(removed=(shift("a", "R1", 0, "icu"),)))


def test_unknown_people_and_services_keep_their_duties() -> None:
    """A duty of an unknown person on an unknown service is seen, with neither."""
    schedule = Schedule.of(Roster(duties=(shift("x", "ghost", 0, "attic"),)))
    assert schedule.timeline("ghost").person is None
    assert schedule.service("attic").rotation is None
    assert len(schedule.duties) == 1
    assert schedule.service("cellar").duties == ()


def test_the_undeclared_horizon_is_what_rows_touch() -> None:
    """From the first to the last day of duties, periods, requirements and approved absences; pending ones count not."""
    pending = Absence("p", "R1", MONDAY + 90 * DAY, MONDAY + 91 * DAY, status=RequestStatus.PENDING)
    free = Absence("f", "R1", MONDAY - 3 * DAY, MONDAY - 2 * DAY, AbsenceKind.DAY_OFF)
    need = Requirement("n", "ward", SEVEN + 20 * DAY, SEVEN + 21 * DAY, 1)
    stay = RotationPeriod("r", "R1", MONDAY, MONDAY + 14 * DAY)
    assert horizon_of(ROSTER) == (MONDAY, MONDAY + 2 * DAY)
    assert horizon_of(Roster(absences=(pending, free))) == (MONDAY - 3 * DAY, MONDAY - 2 * DAY)
    assert horizon_of(Roster(requirements=(need,), periods=(stay,))) == (MONDAY, MONDAY + 22 * DAY)
    assert horizon_of(Roster()) == (0, 0)


@pytest.mark.parametrize("horizon", [(SEVEN, SEVEN + DAY), (MONDAY + DAY, MONDAY)])
def test_a_horizon_is_whole_days_in_order(horizon: tuple[int, int]) -> None:
    """Half days and reversed days are no horizon."""
    with pytest.raises(ValueError, match="whole days"):
        Schedule.of(ROSTER, horizon)


def test_services_without_rows_need_their_minimum_when_a_resident_covers_them() -> None:
    """Touching residents' duties make one interval; education, faculty and stated rows make none."""
    roster = Roster(
        PEOPLE,
        (Rotation("ward", min_persons=2), Rotation("stated"), Rotation("empty", min_persons=0)),
        (
            shift("a", "R1", 0),
            Duty("b", "R2", "ward", SEVEN + 12 * HOUR, SEVEN + 24 * HOUR),
            shift("c", "F1", 3),
            shift("d", "R1", 5, kind=DutyKind.EDUCATION),
            shift("e", "R1", 6, "empty"),
            shift("f", "R1", 7, "stated"),
        ),
        (Requirement("n", "stated", SEVEN, SEVEN + 1, 1),),
    )
    assert implied_requirements(roster) == (Requirement("ward:1", "ward", SEVEN, SEVEN + DAY, 2),)


def test_worked_minutes_are_a_union() -> None:
    """A double-booked minute is worked once, a home call that stays idle not at all."""
    roster = Roster(
        PEOPLE,
        (),
        (
            Duty("a", "R1", None, SEVEN, SEVEN + 240),
            Duty("b", "R1", None, SEVEN + 120, SEVEN + 300),
            Duty("c", "R1", None, SEVEN + 300, SEVEN + 900, DutyKind.HOME_CALL_IDLE),
            Duty("d", "R1", None, SEVEN + 400, SEVEN + 410, DutyKind.CLINICAL_HOME),
        ),
    )
    timeline = Schedule.of(roster).timeline("R1")
    assert timeline.worked_in_days(MONDAY, MONDAY + DAY) == 310
    assert timeline.worked == [(SEVEN, SEVEN + 300), (SEVEN + 400, SEVEN + 410)]
    assert timeline.busy == [(SEVEN, SEVEN + 900)]
    assert timeline.periods == [(SEVEN, SEVEN + 300)]


def test_half_a_day_of_leave_leaves_the_day_counted() -> None:
    """Only days that leave covers from end to end are leave days; two touching leaves may cover one together."""
    halves = (
        Absence("a", "R1", MONDAY, MONDAY + 720),
        Absence("b", "R1", MONDAY + 720, MONDAY + DAY),
        Absence("c", "R1", MONDAY + 3 * DAY, MONDAY + 3 * DAY + 720),
    )
    timeline = Schedule.of(Roster(PEOPLE, absences=halves), (MONDAY, MONDAY + 7 * DAY)).timeline("R1")
    assert timeline.leave_days == [(MONDAY, MONDAY + DAY)]
