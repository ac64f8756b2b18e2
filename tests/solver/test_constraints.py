"""Each hard constraint by itself: a roster that it allows, and the next one, which it forbids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from residency.calendar import DAY, HOUR, WindowKind, minute_of
from residency.model import (
    Absence,
    AbsenceKind,
    Duty,
    DutyKind,
    Holiday,
    Person,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
    Severity,
)
from residency.policy import SETTING_TYPES, combine, load_policy
from residency.policy import settings as ask
from residency.policy.packs import pack_of
from residency.policy.settings import Setting
from residency.solver.constraints import CONSTRAINTS, Constraint, in_force, make_build
from residency.solver.constraints.coverage import coverage
from residency.solver.constraints.home_call import is_home_call_on_day_off
from residency.solver.problem import Demand, Figures, Problem, make_problem
from residency.solver.solve import Effort, Status, solve
from residency.solver.variables import Build

MONDAY = minute_of(date(2024, 12, 2))
KINDS = {"call": DutyKind.IN_HOUSE_CALL, "night": DutyKind.NIGHT_FLOAT, "home": DutyKind.HOME_CALL_IDLE}
WARD = Rotation("ward")
PGY2 = Person("R1", pgy_level=2)
STEMS = {item.stem: item for item in CONSTRAINTS}


@dataclass(frozen=True)
class Case:
    """Residents, what is needed (service, day, from hour to hour), what is held likewise by R1, and the figures.

    Attributes:
        most: heads that each post needs.
    """

    needs: tuple[tuple[str, int, float, float], ...]
    held: tuple[tuple[str, int, float, float], ...] = ()
    setting: Setting | None = None
    people: int = 1
    heads: int = 1
    days: int = 7
    away: tuple[tuple[int, int, AbsenceKind], ...] = ()
    rotation: Rotation = WARD
    holidays: tuple[int, ...] = ()
    most_holidays: int | None = None
    periods: tuple[RotationPeriod, ...] = ()
    person: Person = PGY2
    faculty: int = 0

    def problem(self) -> Problem:
        """The scheduling problem."""
        rotations = (self.rotation, *(Rotation(name, kind=kind) for name, kind in KINDS.items()))
        kinds = {rotation.id: rotation.kind for rotation in rotations}
        persons = [self.person, *(Person(f"R{number}", pgy_level=2) for number in range(2, self.people + 1))]
        held = [
            Duty(f"h{place}", "R1", name, *_span(day, a, b), kinds[name])
            for place, (name, day, a, b) in enumerate(self.held)
        ]
        persons += [Person(f"F{number}", Role.FACULTY, can_supervise=True) for number in range(1, self.faculty + 1)]
        held += [
            Duty(f"f{number}", f"F{number}", name, *_span(day, a, b), kinds[name])
            for number in range(1, self.faculty + 1)
            for name, day, a, b in self.needs
        ]
        needs = [
            Requirement(f"q{place}", name, *_span(day, a, b), self.heads)
            for place, (name, day, a, b) in enumerate(self.needs)
        ]
        away = [
            Absence(f"a{place}", "R1", MONDAY + first * DAY, MONDAY + last * DAY, kind)
            for place, (first, last, kind) in enumerate(self.away)
        ]
        roster = Roster(tuple(persons), rotations, tuple(held), tuple(needs), self.periods, tuple(away))
        horizon = (MONDAY, MONDAY + self.days * DAY)
        policy = combine([pack_of("one", (self.setting,))]) if self.setting is not None else load_policy()
        holidays = tuple(Holiday(MONDAY + day * DAY, "-") for day in self.holidays)
        figures = Figures(policy, horizon, holidays=holidays, max_major_holidays=self.most_holidays)
        return make_problem(roster, Demand(horizon), figures)


def _span(day: int, begins: float, ends: float) -> tuple[int, int]:
    return MONDAY + day * DAY + round(begins * HOUR), MONDAY + day * DAY + round(ends * HOUR)


def is_possible(problem: Problem, constraint: Constraint) -> bool:
    """Whether all posts can be filled under one constraint alone."""
    build = Build(problem, [constraint.bar] if constraint.bar is not None else [])
    coverage(build)
    if constraint.add is not None and constraint.stem != "coverage":
        constraint.add(build)
    return solve(build.model, Effort(seconds=5, workers=1)).status is Status.OPTIMAL


def days(
    service: str, which: range | tuple[int, ...], begins: float, ends: float
) -> tuple[tuple[str, int, float, float], ...]:
    """The same hours on several days."""
    return tuple((service, day, begins, ends) for day in which)


LEAVE, FREE = AbsenceKind.VACATION, AbsenceKind.DAY_OFF
STRICT = ask.OneDayInSeven(strict=True, max_days=6)
PAIRS: tuple[tuple[str, str, Case, Case], ...] = (
    (
        "weekly_hours",
        "a week of 80:00, and of 80:01",
        Case(days("ward", range(5), 0, 16), setting=ask.WeeklyHours()),
        Case((*days("ward", range(4), 0, 16), ("ward", 4, 0, 16 + 1 / 60)), setting=ask.WeeklyHours()),
    ),
    (
        "weekly_hours",
        "leave takes days away: 14 days less 7 hold 80 hours",
        Case(days("ward", range(5), 0, 16), days=14, away=((7, 14, LEAVE),), setting=ask.WeeklyHours()),
        Case(
            (*days("ward", range(5), 0, 16), ("ward", 5, 0, 1)),
            days=14,
            away=((7, 14, LEAVE),),
            setting=ask.WeeklyHours(),
        ),
    ),
    (
        "weekly_hours",
        "two rotations are two windows",
        Case(
            (*days("ward", range(2, 7), 0, 16), *days("ward", range(7, 12), 0, 16)),
            days=14,
            setting=ask.WeeklyHours(),
            periods=(RotationPeriod("p", "R1", MONDAY, MONDAY + 7 * DAY),),
        ),
        Case(
            (*days("ward", range(1, 7), 0, 16), *days("ward", range(7, 11), 0, 16)),
            days=14,
            setting=ask.WeeklyHours(),
            periods=(RotationPeriod("p", "R1", MONDAY, MONDAY + 7 * DAY),),
        ),
    ),
    (
        "weekly_hours",
        "a granted exception of 88 hours, and a minute more",
        Case(
            days("ward", range(5), 0, 17.6),
            setting=ask.WeeklyHours(),
            periods=(RotationPeriod("p", "R1", MONDAY, MONDAY + 7 * DAY, "ward", 88 * HOUR, "GMEC"),),
        ),
        Case(
            (*days("ward", range(4), 0, 17.6), ("ward", 4, 0, 17.6 + 1 / 60)),
            setting=ask.WeeklyHours(),
            periods=(RotationPeriod("p", "R1", MONDAY, MONDAY + 7 * DAY, "ward", 88 * HOUR, "GMEC"),),
        ),
    ),
    (
        "weekly_hours",
        "held hours count, and a personal limit holds",
        Case(
            (("ward", 5, 7, 11),),
            held=days("ward", range(4), 7, 16),
            person=Person("R1", pgy_level=2, max_weekly_minutes=40 * HOUR),
            setting=ask.WeeklyHours(personal=True),
        ),
        Case(
            (("ward", 5, 7, 12),),
            held=days("ward", range(4), 7, 16),
            person=Person("R1", pgy_level=2, max_weekly_minutes=40 * HOUR),
            setting=ask.WeeklyHours(personal=True),
        ),
    ),
    (
        "weekly_hours",
        "rolling windows see 28 days from any day",
        Case(
            days("ward", (7, 8, 28, 29), 0, 20),
            days=35,
            setting=ask.WeeklyHours(limit=20 * HOUR, window=WindowKind.ROLLING28),
        ),
        Case(
            days("ward", (7, 8, 28, 29, 30), 0, 20),
            days=35,
            setting=ask.WeeklyHours(limit=20 * HOUR, window=WindowKind.ROLLING28),
        ),
    ),
    (
        "weekly_hours",
        "months and blocks are clipped to the horizon",
        Case(
            (*days("ward", (27, 28), 0, 20), *days("ward", (30,), 0, 10)),
            days=35,
            setting=ask.WeeklyHours(limit=10 * HOUR, window=WindowKind.MONTH),
        ),
        Case(
            days("ward", (31, 32), 0, 20),
            days=35,
            setting=ask.WeeklyHours(limit=10 * HOUR, window=WindowKind.BLOCK28, anchor=MONDAY),
        ),
    ),
    (
        "call_frequency",
        "two calls in seven days, and three",
        Case(days("call", (0, 2), 7, 31), setting=ask.CallFrequency()),
        Case(days("call", (0, 2, 4), 7, 31), setting=ask.CallFrequency()),
    ),
    (
        "call_frequency",
        "a call cut at midnight is one night, a daytime call none",
        Case(
            (("call", 0, 19, 24), ("call", 1, 0, 7), ("call", 2, 7, 19), ("call", 4, 19, 31)),
            setting=ask.CallFrequency(),
        ),
        Case(
            (("call", 0, 19, 24), ("call", 1, 0, 7), ("call", 2, 7, 25), ("call", 4, 19, 31)),
            setting=ask.CallFrequency(),
        ),
    ),
    (
        "one_day_in_seven",
        "24:00 free in a week, and 23:59",
        Case(((("ward", 0, 7, 31)), *days("ward", range(2, 7), 7, 17)), setting=ask.OneDayInSeven()),
        Case(
            (("ward", 0, 7, 31), ("ward", 2, 7 - 1 / 60, 17), *days("ward", range(3, 7), 7, 17)),
            setting=ask.OneDayInSeven(),
        ),
    ),
    (
        "one_day_in_seven",
        "a stretch that the roster's end cuts at twelve hours, and at 11:59",
        Case((*days("ward", range(6), 7, 17), ("ward", 6, 7, 12)), setting=ask.OneDayInSeven()),
        Case((*days("ward", range(6), 7, 17), ("ward", 6, 7, 12 + 1 / 60)), setting=ask.OneDayInSeven()),
    ),
    (
        "one_day_in_seven",
        "leave days are not due a day off, and are none",
        Case(days("ward", range(6), 12, 22), days=8, away=((6, 8, LEAVE),), setting=ask.OneDayInSeven()),
        Case(
            days("ward", (*range(6), *range(8, 14)), 12, 22),
            days=14,
            away=((6, 8, LEAVE),),
            setting=ask.OneDayInSeven(),
        ),
    ),
    (
        "one_day_in_seven",
        "strictly: six days in a row, and seven",
        Case(days("ward", range(6), 7, 17), setting=STRICT),
        Case(days("ward", range(7), 7, 17), setting=STRICT),
    ),
    (
        "one_day_in_seven",
        "strictly: a whole date free ends a run, and a day off after a call does not",
        Case(days("ward", (0, 1, 2, 4, 5, 6, 7, 8, 9), 7, 17), days=10, setting=STRICT),
        Case((("ward", 0, 7, 31), ("ward", 2, 7 - 1 / 60, 17), *days("ward", range(3, 7), 7, 17)), setting=STRICT),
    ),
    (
        "one_day_in_seven",
        "unaveraged where a run holds a night, and only there",
        Case(
            days("ward", range(4), 7, 17),
            days=14,
            setting=ask.OneDayInSeven(max_days=3, unaveraged_on_night_float=True),
        ),
        Case(
            (*days("ward", range(3), 7, 17), ("night", 3, 19, 31)),
            days=14,
            setting=ask.OneDayInSeven(max_days=3, unaveraged_on_night_float=True),
        ),
    ),
    (
        "rest_after_call",
        "14:00 after a call, and 13:59",
        Case((("call", 0, 7, 31), ("ward", 1, 21, 24)), setting=ask.RestAfterCall()),
        Case((("call", 0, 7, 31), ("ward", 1, 21 - 1 / 60, 24)), setting=ask.RestAfterCall()),
    ),
    (
        "rest_after_call",
        "a day and a night without a break are 24 hours, with 61 minutes between they are not",
        Case((("ward", 0, 7, 17), ("ward", 0, 18 + 1 / 60, 31), ("ward", 1, 17, 19)), setting=ask.RestAfterCall()),
        Case((("ward", 0, 7, 17), ("ward", 0, 18, 31), ("ward", 1, 17, 19)), setting=ask.RestAfterCall()),
    ),
    (
        "rest_after_call",
        "a bridged hand-over moves the clock",
        Case((("ward", 1, 32, 33),), held=(("call", 0, 7, 31),), setting=ask.RestAfterCall()),
        Case((("ward", 1, 10, 12),), held=(("call", 0, 7, 31),), setting=ask.RestAfterCall()),
    ),
    (
        "rest_between_shifts",
        "8:00 between shifts where it is a must, and 7:59",
        Case((("ward", 0, 7, 19), ("ward", 1, 3, 9)), setting=ask.RestBetweenShifts(severity=Severity.VIOLATION)),
        Case(
            (("ward", 0, 7, 19), ("ward", 1, 3 - 1 / 60, 9)), setting=ask.RestBetweenShifts(severity=Severity.VIOLATION)
        ),
    ),
    (
        "rest_between_shifts",
        "a period of 24 hours is another rule's, a shorter one is not",
        Case((("call", 0, 7, 31), ("ward", 1, 12, 14)), setting=ask.RestBetweenShifts(severity=Severity.VIOLATION)),
        Case((("call", 0, 8, 31), ("ward", 1, 12, 14)), setting=ask.RestBetweenShifts(severity=Severity.VIOLATION)),
    ),
    (
        "duty_period",
        "24:00 of care, and 24:01",
        Case((("ward", 0, 7, 19), ("ward", 0, 19, 31)), setting=ask.DutyPeriodLimit()),
        Case((("ward", 0, 7, 19), ("ward", 0, 19, 31 + 1 / 60)), setting=ask.DutyPeriodLimit()),
    ),
    (
        "duty_period",
        "a PGY-1 under a cap of 16 hours, and a minute more",
        Case((("ward", 0, 7, 23),), person=Person("R1", pgy_level=1), setting=ask.DutyPeriodLimit(pgy1_cap=16 * HOUR)),
        Case(
            (("ward", 0, 7, 23 + 1 / 60),),
            person=Person("R1", pgy_level=1),
            setting=ask.DutyPeriodLimit(pgy1_cap=16 * HOUR),
        ),
    ),
    (
        "night_float",
        "two nights in a row, and three",
        Case(days("night", (0, 1, 3, 4), 19, 31), setting=ask.NightFloat(max_nights=2)),
        Case(days("night", (0, 1, 2), 19, 31), setting=ask.NightFloat(max_nights=2)),
    ),
    (
        "night_float",
        "24 hours free between two blocks, and a shift in the middle of them",
        Case(days("night", (0, 2), 19, 31), setting=ask.NightFloat(gap=24 * HOUR)),
        Case((*days("night", (0, 2), 19, 31), ("ward", 2, 6, 8)), setting=ask.NightFloat(gap=24 * HOUR)),
    ),
    (
        "double_booking",
        "shifts that touch, and that share a minute",
        Case((("ward", 0, 7, 12), ("call", 0, 12, 19))),
        Case((("ward", 0, 7, 12 + 1 / 60), ("call", 0, 12, 19))),
    ),
    (
        "leave_exclusion",
        "the day before leave, and its first minute",
        Case((("ward", 0, 7, 24),), away=((1, 3, LEAVE),)),
        Case((("ward", 0, 7, 24 + 1 / 60),), away=((1, 3, LEAVE),)),
    ),
    (
        "day_off",
        "the day after a free day, and on it",
        Case((("ward", 2, 7, 19),), away=((1, 2, FREE),)),
        Case((("ward", 1, 7, 19),), away=((1, 2, FREE),)),
    ),
    (
        "moonlighting",
        "PGY-2 may, PGY-1 may not",
        Case(days("extra", (0,), 19, 23), rotation=Rotation("extra", kind=DutyKind.MOONLIGHT_INT)),
        Case(
            days("extra", (0,), 19, 23),
            rotation=Rotation("extra", kind=DutyKind.MOONLIGHT_INT),
            person=Person("R1", pgy_level=1),
        ),
    ),
    (
        "qualification",
        "the level and the skill, and one of them missing",
        Case(
            (("ward", 0, 7, 19),),
            rotation=Rotation("ward", min_pgy=2, requires=frozenset({"acls"})),
            person=Person("R1", pgy_level=2, qualifications=frozenset({"acls"})),
        ),
        Case((("ward", 0, 7, 19),), rotation=Rotation("ward", min_pgy=2, requires=frozenset({"acls"}))),
    ),
    (
        "coverage",
        "two heads of two people, and of one",
        Case((("ward", 0, 7, 19),), people=2, heads=2),
        Case((("ward", 0, 7, 19),), people=1, heads=2),
    ),
    (
        "max_persons",
        "two on a service for two, and a third who is there already",
        Case((("ward", 0, 7, 19),), people=2, heads=2, rotation=Rotation("ward", max_persons=2)),
        Case(
            (("ward", 0, 7, 19),),
            people=3,
            heads=3,
            rotation=Rotation("ward", max_persons=2),
            held=(("ward", 0, 7, 19),),
        ),
    ),
    (
        "max_major_holidays",
        "one holiday of two, and both",
        Case(days("ward", (1, 3), 7, 19), people=2, holidays=(1, 3), most_holidays=1),
        Case(days("ward", (1, 3), 7, 19), people=1, holidays=(1, 3), most_holidays=1),
    ),
    (
        "supervision_ratio",
        "four seniors to a supervisor, and five",
        Case(
            (("ward", 0, 7, 19),),
            people=4,
            heads=4,
            faculty=1,
            rotation=Rotation("ward", requires_supervision=True),
            setting=ask.SupervisionRatio(),
        ),
        Case(
            (("ward", 0, 7, 19),),
            people=5,
            heads=5,
            faculty=1,
            rotation=Rotation("ward", requires_supervision=True),
            setting=ask.SupervisionRatio(),
        ),
    ),
)


@pytest.mark.parametrize(
    ("stem", "words", "allowed", "forbidden"), PAIRS, ids=[f"{pair[0]}: {pair[1]}" for pair in PAIRS]
)
def test_a_constraint_draws_its_line(stem: str, words: str, allowed: Case, forbidden: Case) -> None:
    """The first roster is allowed, the second is not."""
    del words
    constraint = STEMS[stem]
    assert (True, False) == (is_possible(allowed.problem(), constraint), is_possible(forbidden.problem(), constraint))


def test_every_rule_has_its_constraint() -> None:
    """The constraints carry the rules' own stems, each once, and every rule has one; each is proved by a pair of rosters."""
    stems = [item.stem for item in CONSTRAINTS]
    assert len(stems) == len(set(stems))
    assert {kind.stem for kind in SETTING_TYPES} <= set(stems)
    assert set(stems) - {"home_call"} == {pair[0] for pair in PAIRS}


def test_where_the_hours_are_switched_off_integrity_holds() -> None:
    """Without the work-hour rules only leave, free days, skills, one place at a time and the services' own figures bind."""
    problem = Case((("ward", 0, 7, 19),)).problem()
    off = replace(problem, figures=replace(problem.figures, acgme_enabled=False))
    assert {item.stem for item in CONSTRAINTS if item.always} == {item.stem for item in in_force(off)}
    assert set(STEMS) == {item.stem for item in in_force(problem)}


def test_an_advisory_binds_nobody() -> None:
    """What a pack only advises is no hard constraint: seven nights in a row where each rule is a should."""
    settings = [kind(severity=Severity.ADVISORY) for kind in SETTING_TYPES]
    case = Case((*days("night", range(7), 19, 31), *days("call", (7, 8), 7, 31)), days=9)
    problem = case.problem()
    advised = replace(problem, figures=replace(problem.figures, policy=combine([pack_of("advice", tuple(settings))])))
    assert Status.OPTIMAL is solve(make_build(advised).model, Effort(seconds=5, workers=1)).status
    assert Status.INFEASIBLE is solve(make_build(problem).model, Effort(seconds=5, workers=1)).status


def test_home_call_keeps_off_free_days() -> None:
    """Home call covers nothing and is given to nobody; were it given, never on a designated free day."""
    problem = Case((("ward", 1, 7, 19),), away=((1, 2, FREE),)).problem()
    (worker,), (ward,) = problem.workers, problem.posts
    home = replace(ward, rotation_id="home", kind=DutyKind.HOME_CALL_IDLE)
    found = is_home_call_on_day_off(problem, worker, home)
    assert found is not None
    assert "R1 has no home call on a free day on 3 December" == found.text
    later = replace(home, start=home.start + DAY, end=home.end + DAY)
    assert [None, None] == [is_home_call_on_day_off(problem, worker, post) for post in (ward, later)]
    assert Status.INFEASIBLE is solve(make_build(replace(problem, posts=(later,))).model, Effort(seconds=5)).status


def test_what_is_held_is_in_the_way() -> None:
    """A post that a held duty overlaps is nobody's choice; one that it touches is."""
    held = (("ward", 0, 7, 12),)
    allowed, forbidden = Case((("call", 0, 12, 19),), held=held), Case((("call", 0, 11, 19),), held=held)
    assert (True, False) == tuple(is_possible(case.problem(), STEMS["double_booking"]) for case in (allowed, forbidden))
