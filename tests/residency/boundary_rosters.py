"""The rosters of the rule sheet's boundary cases, by number, with all records that each pack must give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from residency.calendar import DAY, HOUR, Interval, minute_of
from residency.model import (
    Absence,
    AbsenceKind,
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

MONDAY = minute_of(date(2024, 12, 2))
SUNDAY = MONDAY - DAY
R1 = Person("R1", pgy_level=2)
WARD = Rotation("ward")
SUPERVISED = Rotation("ward", requires_supervision=True)
K = DutyKind


@dataclass(frozen=True)
class Case:
    """One row of the sheet: a roster over so many days and the records of each pack as the sheet writes them."""

    number: int
    roster: Roster
    acgme: str
    seed: str
    ny405: str | None = None
    days: int = 7
    start: int = MONDAY

    @property
    def horizon(self) -> Interval:
        """The declared days."""
        return (self.start, self.start + self.days * DAY)


def at(day: int, clock: str) -> int:
    """The minute of a time on a day of the horizon, the first being 0."""
    hour, minute = clock.split(":")
    return MONDAY + day * DAY + int(hour) * HOUR + int(minute)


def duty(start: int, minutes: int, kind: DutyKind = K.CLINICAL, person: str = "R1", *, exception: bool = False) -> Duty:
    """A duty without a service."""
    return Duty(f"{person}-{kind.value}-{start}-{minutes}", person, None, start, start + minutes, kind, exception)


def hours(text: str) -> int:
    """Minutes of 80:01."""
    whole, minutes = text.split(":")
    return int(whole) * HOUR + int(minutes)


def shifts(total: int, days: list[int], kind: DutyKind = K.CLINICAL) -> list[Duty]:
    """Equal shifts from 07:00 on the days; minutes that do not divide go to the first."""
    each, more = divmod(total, len(days))
    return [duty(at(day, "07:00"), each + (place < more), kind) for place, day in enumerate(days)]


def weeks(*totals: int) -> list[Duty]:
    """Weeks of so many hours each, Monday to Saturday."""
    return [
        one for week, total in enumerate(totals) for one in shifts(total * HOUR, list(range(week * 7, week * 7 + 6)))
    ]


def leave(first: int, days: int, status: RequestStatus = RequestStatus.APPROVED, person: str = "R1") -> Absence:
    """Vacation on whole days."""
    start = MONDAY + first * DAY
    return Absence(f"leave-{person}-{first}", person, start, start + days * DAY, AbsenceKind.VACATION, status)


def ill(person: str, start: int, end: int) -> Absence:
    """Illness from a minute on."""
    return Absence(f"ill-{person}", person, start, end, AbsenceKind.ILLNESS)


def period(first: int, days: int, weekly_limit: int | None = None) -> RotationPeriod:
    """A rotation of whole days."""
    start = MONDAY + first * DAY
    return RotationPeriod(
        f"period-{first}",
        "R1",
        start,
        start + days * DAY,
        "ward",
        weekly_limit,
        "GME committee" if weekly_limit else "",
    )


def of(
    duties: list[Duty], absences: list[Absence] | None = None, periods: list[RotationPeriod] | None = None
) -> Roster:
    """A roster of R1 alone."""
    return Roster((R1,), (WARD,), tuple(duties), (), tuple(periods or ()), tuple(absences or ()))


def call_then(off: str) -> Roster:
    """24 hours of call from Monday 07:00, time off, then four hours."""
    return of([duty(at(0, "07:00"), DAY, K.IN_HOUSE_CALL), duty(at(1, "07:00") + hours(off), 240)])


def ward(
    people: list[Person], absences: list[Absence] | None = None, needed: int = 0, extra: list[Duty] | None = None
) -> Roster:
    """Everybody on the ward on Monday from 07:00 to 19:00; it is supervised where nobody is required."""
    duties = [Duty(f"ward-{one.id}", one.id, "ward", at(0, "07:00"), at(0, "19:00")) for one in people]
    needs = (Requirement("need", "ward", at(0, "07:00"), at(0, "19:00"), needed),) if needed else ()
    return Roster(
        tuple(people), (WARD if needed else SUPERVISED,), (*duties, *(extra or ())), needs, (), tuple(absences or ())
    )


def juniors(count: int) -> list[Person]:
    """So many PGY-1."""
    return [Person(f"J{number}", pgy_level=1) for number in range(count)]


def faculty(count: int) -> list[Person]:
    """So many supervisors."""
    return [Person(f"F{number}", Role.FACULTY, can_supervise=True) for number in range(count)]


def nights(days: list[int], kind: DutyKind = K.NIGHT_FLOAT) -> list[Duty]:
    """Nights from 19:00 to 07:00."""
    return [duty(at(day, "19:00"), 720, kind) for day in days]


def cut_nights(days: list[int]) -> list[Duty]:
    """Call nights from 19:00 to 07:00 in two rows each."""
    return [
        row
        for day in days
        for row in (
            duty(at(day, "19:00"), 300, K.IN_HOUSE_CALL),
            duty(at(day + 1, "00:00"), 420, K.IN_HOUSE_CALL),
        )
    ]


_WORKDAYS31 = [day for day in range(31) if day % 7 != 6]
_WORKDAYS28 = [day for day in range(28) if day % 7 != 6]
_SIX_TENS = shifts(60 * HOUR, [0, 1, 2, 3, 4, 5])

_HOURS = (
    Case(1, of(weeks(80, 80, 80, 80)), "ok", "weekly_hours.near a 320:00 / 312:00", days=28),
    Case(
        2,
        of(shifts(hours("320:01"), _WORKDAYS28)),
        "weekly_hours.over 320:01 / 320:00",
        "weekly_hours.over 320:01 / 320:00",
        days=28,
    ),
    Case(
        3,
        of(shifts(hours("80:01"), [0, 1, 2, 3, 4, 5])),
        "weekly_hours.over 80:01 / 80:00",
        "weekly_hours.over 80:01 / 80:00",
    ),
    Case(4, of(weeks(92, 76, 76, 76)), "ok", "weekly_hours.near a 320:00 / 312:00", days=28),
    Case(5, of(weeks(90, 90, 90), [leave(21, 7)]), "weekly_hours.over 270:00 / 240:00", "ok", days=28),
    Case(6, of(weeks(90, 90, 90), [leave(21, 7, RequestStatus.PENDING)]), "ok", "ok", days=28),
    Case(
        7,
        of([*weeks(80, 80, 80), duty(at(23, "12:00"), 1)], [leave(21, 7)]),
        "weekly_hours.over 240:01 / 240:00; leave_exclusion.duty_on_leave 0:01 / 0:00",
        "leave_exclusion.duty_on_leave 0:01 / 0:00",
        days=28,
    ),
    Case(
        8,
        of(weeks(95, 95, 60, 60), periods=[period(0, 14), period(14, 14)]),
        "weekly_hours.over 190:00 / 160:00",
        "ok",
        days=28,
    ),
    Case(
        9,
        of(weeks(70, 70, 88, 88, 88, 88, 70, 70), periods=[period(0, 28), period(28, 28)]),
        "ok",
        "weekly_hours.near a 319:00 / 312:00; weekly_hours.over 352:00 / 320:00; weekly_hours.near a 319:00 / 312:00",
        days=56,
    ),
    Case(
        10,
        of(shifts(hours("354:18"), _WORKDAYS31)),
        "weekly_hours.over 354:18 / 354:17",
        "weekly_hours.near a 314:57 / 312:00",
        days=31,
    ),
    Case(
        11,
        of(weeks(70, 70, 70, 70, 90, 90), periods=[period(0, 42)]),
        "weekly_hours.over 180:00 / 160:00",
        "weekly_hours.near a 320:00 / 312:00",
        days=42,
    ),
    Case(
        12,
        of(weeks(78, 76, 82, 77, 85)),
        "weekly_hours.over 85:00 / 80:00",
        "weekly_hours.near a 320:00 / 312:00",
        days=35,
    ),
    Case(
        13,
        of(shifts(hours("352:01"), _WORKDAYS28), periods=[period(0, 28, 88 * HOUR)]),
        "weekly_hours.over 352:01 / 352:00",
        "weekly_hours.over 352:01 / 320:00",
        days=28,
    ),
    Case(14, of(shifts(24 * HOUR, [0, 1]), [leave(2, 26)]), "ok", "ok", days=28),
    Case(
        15,
        of([*shifts(70 * HOUR, [0, 1, 2, 3, 4]), duty(at(5, "07:00"), 720, K.MOONLIGHT_EXT)]),
        "weekly_hours.over 82:00 / 80:00",
        "weekly_hours.over 82:00 / 80:00",
    ),
    Case(
        16,
        of(
            [
                *shifts(78 * HOUR, [0, 1, 2, 3, 4, 5]),
                *(duty(at(day, "20:00"), 11 * HOUR, K.HOME_CALL_IDLE) for day in range(5)),
                duty(at(2, "23:00"), hours("2:01"), K.HOME_CALL_ACTIVE),
            ]
        ),
        "weekly_hours.over 80:01 / 80:00",
        "weekly_hours.over 80:01 / 80:00",
    ),
)

_DAYS_OFF = (
    Case(
        17,
        of(shifts(240 * HOUR, [*range(12), *range(14, 26)])),
        "ok",
        "one_day_in_seven.run 12 / 6; one_day_in_seven.run 12 / 6",
        days=28,
    ),
    Case(
        18,
        of(shifts(250 * HOUR, [day for day in range(28) if day not in (6, 13, 20)])),
        "one_day_in_seven.too_few 3 / 4",
        "one_day_in_seven.run 7 / 6",
        days=28,
    ),
    Case(
        19,
        of([*shifts(66 * HOUR, [0, 1, 2, 3, 4, 5]), duty(at(6, "20:00"), 240)]),
        "ok",
        "one_day_in_seven.run 7 / 6",
    ),
    Case(20, of([duty(at(0, "07:00"), DAY, K.IN_HOUSE_CALL), *shifts(50 * HOUR, [2, 3, 4, 5, 6])]), "ok", "ok"),
    Case(
        21,
        of(
            [
                duty(at(0, "07:00"), DAY, K.IN_HOUSE_CALL),
                duty(at(2, "06:59"), 601),
                *shifts(40 * HOUR, [3, 4, 5, 6]),
            ]
        ),
        "one_day_in_seven.too_few 0 / 1",
        "one_day_in_seven.run 7 / 6",
    ),
    Case(
        22,
        of([*_SIX_TENS, duty(at(6, "08:00"), 720, K.HOME_CALL_IDLE)]),
        "one_day_in_seven.too_few 0 / 1",
        "one_day_in_seven.run 7 / 6",
    ),
    Case(23, of(nights([day for day in range(-1, 27) if day % 7 != 5])), "ok", "ok", days=28, start=SUNDAY),
    Case(
        24,
        of([duty(at(day, "12:00"), 600) for day in range(14) if day not in (6, 7)], [leave(6, 2)]),
        "one_day_in_seven.too_few 0 / 1",
        "ok",
        days=14,
    ),
)

_CALL = duty(at(0, "07:00"), DAY, K.IN_HOUSE_CALL)

_REST = (
    Case(25, call_then("14:00"), "ok", "ok"),
    Case(26, call_then("13:59"), "rest_after_call.short 13:59 / 14:00", "ok"),
    Case(27, call_then("7:59"), "rest_after_call.short 7:59 / 14:00", "rest_after_call.short 7:59 / 8:00"),
    Case(28, call_then("6:00"), "rest_after_call.short 6:00 / 14:00", "rest_after_call.short 6:00 / 8:00"),
    Case(
        29,
        of([duty(at(0, "07:00"), 600), duty(at(0, "17:00"), 840, K.IN_HOUSE_CALL), duty(at(1, "17:00"), 240)]),
        "rest_after_call.short 10:00 / 14:00",
        "ok",
    ),
    Case(
        30,
        of([_CALL, duty(at(1, "07:00"), 240, K.TRANSITION), duty(at(2, "00:59"), 240)]),
        "rest_after_call.short 13:59 / 14:00",
        "ok",
        "rest_after_call.short 13:59 / 14:00; duty_period.total 28:00 / 27:00",
    ),
    Case(
        31, of([duty(at(0, "07:00"), 720), duty(at(1, "02:59"), 240)]), "rest_between_shifts.short a 7:59 / 8:00", "ok"
    ),
    Case(
        32, of([duty(at(0, "08:00"), 240), duty(at(0, "13:01"), 240)]), "rest_between_shifts.short a 1:01 / 8:00", "ok"
    ),
    Case(
        33,
        of(
            [
                *shifts(22 * HOUR, [0, 1]),
                duty(at(0, "18:00"), 13 * HOUR, K.HOME_CALL_IDLE),
                duty(at(1, "02:00"), 180, K.HOME_CALL_ACTIVE),
            ]
        ),
        "ok",
        "ok",
    ),
    Case(
        34,
        of([duty(at(-1, "07:00"), DAY, K.IN_HOUSE_CALL), duty(at(0, "13:00"), 240)]),
        "rest_after_call.short 6:00 / 14:00",
        "rest_after_call.short 6:00 / 8:00",
    ),
)

_PERIODS = (
    Case(
        35,
        of([duty(at(0, "07:00"), hours("24:01"))]),
        "duty_period.clinical 24:01 / 24:00",
        "duty_period.clinical 24:01 / 24:00",
    ),
    Case(
        36,
        of([_CALL, duty(at(1, "07:00"), hours("4:01"), K.TRANSITION)]),
        "duty_period.total 28:01 / 28:00",
        "duty_period.total 28:01 / 28:00",
        "duty_period.total 28:01 / 27:00",
    ),
    Case(
        37,
        of([duty(at(0, "07:00"), 26 * HOUR)]),
        "duty_period.clinical 26:00 / 24:00",
        "duty_period.clinical 26:00 / 24:00",
    ),
    Case(38, of([duty(at(0, "07:00"), 26 * HOUR, exception=True)]), "duty_period.clinical 26:00 / 24:00", "ok"),
    Case(
        39,
        of([duty(at(0, "07:00"), 720), duty(at(0, "19:00"), 720), duty(at(1, "07:00"), 720)]),
        "duty_period.clinical 36:00 / 24:00",
        "duty_period.clinical 36:00 / 24:00",
    ),
    Case(40, of([_CALL, duty(at(1, "07:00"), 300, K.EXTENSION)]), "ok", "duty_period.clinical 29:00 / 24:00"),
    Case(41, of([duty(at(0, "07:00"), 1200), duty(at(1, "03:00"), 360, K.EDUCATION)]), "ok", "ok"),
)

_NIGHTS = (
    Case(42, of(cut_nights(list(range(0, 27, 3)))), "ok", "ok", days=28),
    Case(43, of(nights(list(range(0, 28, 3)), K.IN_HOUSE_CALL)), "call_frequency.over 10 / 9", "ok", days=28),
    Case(44, of(nights([0], K.IN_HOUSE_CALL), [leave(2, 26)]), "ok", "ok", days=28),
    Case(
        45,
        of(nights([-1, 0, 1, 2, 3, 4, 5])),
        "ok",
        "night_float.run 7 / 6; one_day_in_seven.run 7 / 6",
        days=14,
        start=SUNDAY,
    ),
    Case(
        46,
        of([*nights([-1, 0, 1, 2, 3, 4, 6]), duty(at(5, "20:00"), 120)]),
        "ok",
        "night_float.block_gap 21:00 / 24:00; one_day_in_seven.run 8 / 6",
        days=14,
        start=SUNDAY,
    ),
)

_FREE_DAY = Absence("free", "R1", at(2, "00:00"), at(3, "00:00"), AbsenceKind.DAY_OFF)

_PEOPLE = (
    Case(47, of([duty(at(2, "08:00"), 600, K.HOME_CALL_IDLE)], [_FREE_DAY]), "home_call.on_day_off 10:00 / 0:00", "ok"),
    Case(
        48,
        Roster((Person("R1", pgy_level=1),), duties=(duty(at(0, "07:00"), 240, K.MOONLIGHT_INT),)),
        "moonlighting.pgy1 4:00 / 0:00",
        "ok",
    ),
    Case(
        49,
        of([duty(at(0, "10:00"), 480, K.MOONLIGHT_EXT), duty(at(0, "08:00"), 240)]),
        "double_booking.overlap 2:00 / 0:00",
        "double_booking.overlap 2:00 / 0:00",
    ),
    Case(50, ward([*juniors(3), *faculty(1)]), "ok", "supervision_ratio.pgy1 3 / 2"),
    Case(
        51,
        ward([*juniors(2), *(Person(f"S{number}", pgy_level=3) for number in range(4)), *faculty(1)]),
        "ok",
        "ok",
    ),
    Case(
        52,
        ward([*juniors(4), *faculty(2)], [ill("F1", at(0, "12:00"), at(1, "00:00"))]),
        "leave_exclusion.duty_on_leave 7:00 / 0:00",
        "supervision_ratio.pgy1 4 / 2; leave_exclusion.duty_on_leave 7:00 / 0:00",
    ),
    Case(
        53,
        of([duty(at(2, "07:00"), 600, K.MOONLIGHT_INT)], [leave(2, 1)]),
        "leave_exclusion.duty_on_leave 10:00 / 0:00",
        "leave_exclusion.duty_on_leave 10:00 / 0:00",
    ),
    Case(
        54,
        ward([R1], [ill("R1", at(0, "10:00"), at(1, "00:00"))], needed=1),
        "coverage.gap 0 / 1; leave_exclusion.duty_on_leave 9:00 / 0:00",
        "coverage.gap 0 / 1; leave_exclusion.duty_on_leave 9:00 / 0:00",
    ),
    Case(
        55,
        ward([R1], needed=2, extra=[Duty("again", "R1", "ward", at(0, "07:00"), at(0, "19:00"))]),
        "coverage.gap 1 / 2; double_booking.overlap 12:00 / 0:00",
        "coverage.gap 1 / 2; double_booking.overlap 12:00 / 0:00",
    ),
)

CASES = (*_HOURS, *_DAYS_OFF, *_REST, *_PERIODS, *_NIGHTS, *_PEOPLE)
