"""Random small rosters: each integer that Hypothesis draws is read as a series of similar duties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypeVar

from hypothesis import strategies as st

from residency.calendar import DAY, HOUR, Interval, WindowKind, minute_of
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
    Severity,
)
from residency.policy import PACKS, Policy, combine, load_policy, policy_of
from residency.policy import settings as ask
from residency.policy.packs import pack_of

START = minute_of(date(2024, 1, 29))
PERSONS = (
    Person("R1", pgy_level=1, max_weekly_minutes=50 * HOUR),
    Person("R2", pgy_level=2, qualifications=frozenset({"acls"})),
    Person("R3", pgy_level=3, qualifications=frozenset({"acls", "lines"})),
    Person("R4", pgy_level=1),
    Person("F1", Role.FACULTY, can_supervise=True),
    Person("F2", Role.FACULTY, can_supervise=True, qualifications=frozenset({"acls"})),
)
ROTATIONS = (
    Rotation("ward", requires_supervision=True, critical=True),
    Rotation("icu", requires_supervision=True, requires=frozenset({"acls", "lines"}), min_pgy=2),
)
_STARTS = (0, 7 * HOUR, 8 * HOUR, 12 * HOUR, 13 * HOUR, 19 * HOUR, 20 * HOUR, 7 * HOUR + 1, 18 * HOUR + 59)
_LENGTHS = (1, 4 * HOUR, 10 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR + 1, 15 * HOUR, 24 * HOUR, 26 * HOUR, 5 * HOUR)
_KINDS = (*DutyKind, DutyKind.CLINICAL, DutyKind.CLINICAL, DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT)
_HOLDERS = (*PERSONS, *PERSONS[:2], *PERSONS[:2])
_LIMIT = 10**9
_T = TypeVar("_T")


class Digits:
    """An integer read as choices, one after another; mixed first, so that small ones are as varied as large ones."""

    def __init__(self, number: int) -> None:
        mixed = (number + 1) * 0x9E3779B97F4A7C15 % 2**64
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        self.number = mixed ^ mixed >> 27

    def below(self, count: int) -> int:
        """A choice out of `count`."""
        self.number, digit = divmod(self.number, count)
        return digit

    def pick(self, values: tuple[_T, ...]) -> _T:
        """One of the values."""
        return values[self.below(len(values))]


def _series(number: int, code: int, days: int) -> list[Duty]:
    digits = Digits(code)
    kind, person, rotation = digits.pick(_KINDS), digits.pick(_HOLDERS), digits.pick((*ROTATIONS, None))
    clock, length = digits.pick(_STARTS), digits.pick(_LENGTHS)
    first, count, step = digits.below(days + 4) - 2, digits.pick((1, 2, 3, 7, 14)), digits.pick((1, 1, 2, 3))
    exception = digits.below(4) == 3
    return [
        Duty(
            f"d{number}-{place}",
            person.id,
            rotation.id if rotation is not None else None,
            START + day * DAY + clock,
            START + day * DAY + clock + length,
            kind,
            exception,
        )
        for place, day in enumerate(range(first, min(first + count * step, days + 2), step))
    ]


def _absence(number: int, code: int, days: int) -> Absence:
    digits = Digits(code)
    person, kind = digits.pick(_HOLDERS), digits.pick((AbsenceKind.VACATION, AbsenceKind.ILLNESS, AbsenceKind.DAY_OFF))
    status = digits.pick(
        (RequestStatus.APPROVED, RequestStatus.APPROVED, RequestStatus.APPROVED, RequestStatus.PENDING)
    )
    start = START + (digits.below(days + 2) - 1) * DAY + digits.pick((0, 0, 0, 12 * HOUR))
    length = digits.pick((DAY, 2 * DAY, 7 * DAY, 5 * HOUR, 12 * HOUR))
    return Absence(f"a{number}", person.id, start, start + length, kind, status)


def _requirement(number: int, code: int, days: int) -> Requirement:
    digits = Digits(code)
    start = START + (digits.below(days + 2) - 1) * DAY + digits.pick(_STARTS)
    length = digits.pick((12 * HOUR, DAY, 3 * DAY))
    role = digits.pick((Role.RESIDENT, Role.RESIDENT, Role.FACULTY))
    return Requirement(f"n{number}", digits.pick(ROTATIONS).id, start, start + length, digits.below(3), role)


def _periods(code: int, days: int) -> list[RotationPeriod]:
    digits = Digits(code)
    periods: list[RotationPeriod] = []
    for person in PERSONS[:4]:
        day = digits.below(20) - 10
        while day < days and digits.below(4):
            length = digits.pick((7, 14, 28, 31, 32, 40, 60))
            limit = digits.pick((None, None, 88 * HOUR))
            start = START + day * DAY
            periods.append(RotationPeriod(f"p{len(periods)}", person.id, start, start + length * DAY, "ward", limit))
            day += length + digits.pick((0, 0, 5))
    return periods


@st.composite
def rosters(draw: st.DrawFn) -> tuple[Roster, Interval]:
    """A roster of six people on two services, and its horizon."""
    days = draw(st.sampled_from([7, 14, 28, 30, 35, 45]))
    codes = st.integers(0, _LIMIT)
    busy = draw(st.sampled_from([4, 10, 18]))
    written = draw(st.lists(codes, min_size=busy // 2, max_size=busy))
    duties = [duty for n, code in enumerate(written) for duty in _series(n, code, days)]
    absences = [_absence(n, code, days) for n, code in enumerate(draw(st.lists(codes, min_size=1, max_size=5)))]
    needs = [_requirement(n, code, days) for n, code in enumerate(draw(st.lists(codes, max_size=5)))]
    periods = _periods(draw(codes), days) if draw(st.booleans()) else []
    roster = Roster(PERSONS, ROTATIONS, tuple(duties), tuple(needs), tuple(periods), tuple(absences))
    return roster, (START, START + days * DAY)


@st.composite
def changes(draw: st.DrawFn, roster: Roster, horizon: Interval) -> Change:
    """A change of a roster: some duties and absences go, some come."""
    days = (horizon[1] - horizon[0]) // DAY
    codes = st.integers(0, _LIMIT)
    duties = st.lists(st.sampled_from(roster.duties), unique=True, max_size=3) if roster.duties else st.just([])
    gone = st.lists(st.sampled_from(roster.absences), unique=True, max_size=2) if roster.absences else st.just([])
    added = [duty for n, code in enumerate(draw(st.lists(codes, max_size=2))) for duty in _series(100 + n, code, days)]
    come = [_absence(100 + n, code, days) for n, code in enumerate(draw(st.lists(codes, max_size=1)))]
    return Change(tuple(added), tuple(draw(duties)), tuple(come), tuple(draw(gone)))


_UNUSUAL = pack_of(
    "unusual",
    (
        ask.WeeklyHours(limit=40 * HOUR, warn=30 * HOUR, window=WindowKind.MONTH),
        ask.OneDayInSeven(
            window=WindowKind.BLOCK28, anchor=START - 3 * DAY, unaveraged_on_night_float=True, max_days=3
        ),
        ask.RestAfterCall(rest=20 * HOUR, severity=Severity.POLICY),
        ask.RestBetweenShifts(rest=10 * HOUR),
        ask.DutyPeriodLimit(limit=12 * HOUR, extra=2 * HOUR, pgy1_cap=10 * HOUR),
        ask.CallFrequency(every=7, window=WindowKind.ROLLING28),
        ask.NightFloat(max_nights=2, gap=40 * HOUR),
        ask.SupervisionRatio(pgy1=1, senior=1),
    ),
)
_ROLLING = pack_of(
    "rolling",
    (
        ask.WeeklyHours(limit=30 * HOUR, warn=20 * HOUR, window=WindowKind.ROLLING28),
        ask.OneDayInSeven(window=WindowKind.ROLLING28),
        ask.CallFrequency(every=10, window=WindowKind.BLOCK28, anchor=START + 5 * DAY),
    ),
)

POLICIES: tuple[Policy, ...] = (
    *(load_policy(pack.name) for pack in PACKS),
    combine([_UNUSUAL]),
    combine([_ROLLING]),
    policy_of(PACKS, {"weekly_hours": {"limit_hours": 60}, "one_day_in_seven": {"max_days": 4}}),
)


def _codes(seed: int, count: int) -> list[int]:
    """So many integers that follow from one."""
    return [Digits(seed * 64 + place).number for place in range(count)]


def lone_roster(seed: int) -> tuple[Roster, Interval]:
    """A roster of one person over one to six weeks, which follows from an integer: for the rules about persons."""
    digits = Digits(seed)
    person, days = digits.pick(PERSONS), digits.pick((7, 14, 28, 30, 35, 42))
    busy = digits.pick((2, 4, 7))
    duties = [
        replace(duty, person_id=person.id)
        for n, code in enumerate(_codes(seed, busy))
        for duty in _series(n, code, days)
    ]
    away = [
        replace(_absence(n, code, days), person_id=person.id)
        for n, code in enumerate(_codes(seed + 1, digits.below(4)))
    ]
    periods = (
        [row for row in _periods(Digits(seed + 2).number, days) if row.person_id == person.id]
        if digits.below(2)
        else []
    )
    alone = tuple(replace(rotation, requires_supervision=False) for rotation in ROTATIONS)
    roster = Roster((person,), alone, tuple(duties), (), tuple(periods), tuple(away))
    return roster, (START, START + days * DAY)


def crowded_roster(seed: int) -> tuple[Roster, Interval]:
    """A roster of six people over two days, which follows from an integer: for the rules about services."""
    digits, days = Digits(seed), 2
    duties = [
        duty for n, code in enumerate(_codes(seed, digits.pick((3, 6, 10)))) for duty in _series(n, code, days)[:2]
    ]
    away = [_absence(n, code, days) for n, code in enumerate(_codes(seed + 1, digits.below(3)))]
    needs = [_requirement(n, code, days) for n, code in enumerate(_codes(seed + 2, digits.below(4)))]
    return Roster(PERSONS, ROTATIONS, tuple(duties), tuple(needs), (), tuple(away)), (START, START + days * DAY)


def long_roster(seed: int) -> tuple[Roster, Interval]:
    """Two people over most of a year, which follows from an integer: half-days, calls and nights, now and then weeks without duty."""
    digits, days = Digits(seed), 300
    duties: list[Duty] = []
    for person in PERSONS[:2]:
        day = digits.below(10) - 5
        for code in _codes(seed + len(duties), 40):
            chosen = Digits(code)
            kind = chosen.pick(
                (DutyKind.CLINICAL, DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT, DutyKind.HOME_CALL_IDLE)
            )
            clock, length = chosen.pick(_STARTS), chosen.pick((6 * HOUR, 10 * HOUR, 12 * HOUR, 24 * HOUR))
            for offset in range(chosen.pick((1, 3, 5, 6, 9))):
                at = START + (day + offset) * DAY + clock
                duties.append(Duty(f"d{len(duties)}", person.id, "ward", at, at + length, kind))
            day += chosen.pick((4, 6, 7, 7, 8, 30))
    away = [_absence(n, code, days) for n, code in enumerate(_codes(seed + 1, 12))]
    periods = _periods(Digits(seed + 2).number, days) if digits.below(2) else []
    return Roster(PERSONS, ROTATIONS, tuple(duties), (), tuple(periods), tuple(away)), (START, START + days * DAY)
