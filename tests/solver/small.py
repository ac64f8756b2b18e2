"""Small random scheduling problems, what the rules say of a schedule, and a search through all schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations, product
from typing import TYPE_CHECKING

from hypothesis import assume
from hypothesis import strategies as st

from residency.calendar import DAY, HOUR, WindowKind, minute_of
from residency.compliance import blocking, check, new_or_worse
from residency.model import (
    Absence,
    AbsenceKind,
    Duty,
    DutyKind,
    Person,
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
from residency.schedule import Schedule
from residency.solver.problem import Demand, Figures, Post, Problem, make_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.rules import Record

START = minute_of(date(2024, 12, 2))
PERSONS = (
    Person("R1", pgy_level=1, max_weekly_minutes=60 * HOUR),
    Person("R2", pgy_level=2, qualifications=frozenset({"acls"})),
    Person("R3", pgy_level=3, qualifications=frozenset({"acls"})),
    Person("F1", Role.FACULTY, can_supervise=True),
)
ROTATIONS = (
    Rotation("ward", requires_supervision=True),
    Rotation("icu", requires=frozenset({"acls"}), min_pgy=2),
    Rotation("call", kind=DutyKind.IN_HOUSE_CALL),
    Rotation("night", kind=DutyKind.NIGHT_FLOAT),
    Rotation("home", kind=DutyKind.HOME_CALL_IDLE),
    Rotation("extra", kind=DutyKind.MOONLIGHT_INT),
)
TIGHT = pack_of(
    "tight",
    (
        ask.WeeklyHours(limit=40 * HOUR, window=WindowKind.MONTH),
        ask.OneDayInSeven(window=WindowKind.BLOCK28, anchor=START - 3 * DAY),
        ask.OneDayInSeven(strict=True, max_days=2),
        ask.RestAfterCall(rest=20 * HOUR, after=20 * HOUR, severity=Severity.POLICY),
        ask.RestBetweenShifts(rest=10 * HOUR, severity=Severity.VIOLATION),
        ask.DutyPeriodLimit(limit=16 * HOUR, extra=2 * HOUR, pgy1_cap=12 * HOUR),
        ask.CallFrequency(every=7, window=WindowKind.ROLLING28),
        ask.NightFloat(max_nights=2, gap=40 * HOUR),
        ask.Moonlighting(),
        ask.SupervisionRatio(pgy1=1, senior=1),
        *(kind() for kind in (ask.LeaveExclusion, ask.DoubleBooking, ask.Coverage, ask.Qualification)),
    ),
)
LOOSE_AFTER_LONG = pack_of(
    "loose",
    (
        ask.OneDayInSeven(strict=False, unaveraged_on_night_float=True, max_days=2),
        ask.RestBetweenShifts(rest=10 * HOUR, below=14 * HOUR, severity=Severity.VIOLATION),
        ask.NightFloat(gap=24 * HOUR),
        *(kind() for kind in (ask.LeaveExclusion, ask.DoubleBooking, ask.Coverage, ask.Qualification)),
    ),
)
POLICIES: tuple[Policy, ...] = (
    *(load_policy(pack.name) for pack in PACKS),
    combine([TIGHT]),
    combine([LOOSE_AFTER_LONG]),
    policy_of(PACKS, {"weekly_hours": {"limit_hours": 40}, "one_day_in_seven": {"max_days": 3}}),
)
_STARTS = (0, 7 * HOUR, 8 * HOUR, 13 * HOUR, 19 * HOUR, 20 * HOUR)
_LENGTHS = (4 * HOUR, 5 * HOUR, 12 * HOUR, 12 * HOUR, 24 * HOUR)


@st.composite
def intervals(draw: st.DrawFn, days: int, first: int = 0) -> tuple[int, int]:
    """An interval that begins on a day of the horizon, from day `first` on."""
    start = START + draw(st.integers(first, days - 1)) * DAY + draw(st.sampled_from(_STARTS))
    return start, start + draw(st.sampled_from(_LENGTHS))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Roster, Problem]:
    """A roster that breaks nothing yet, with up to five heads missing, and the problem that it poses."""
    days = draw(st.sampled_from([4, 7, 8, 14]))
    policy = draw(st.sampled_from(POLICIES))
    held = [_duty(draw, number, days) for number in range(draw(st.integers(0, 5)))]
    needs = [_requirement(draw, number, days) for number in range(draw(st.integers(1, 4)))]
    away = [_absence(draw, number, days) for number in range(draw(st.integers(0, 2)))]
    periods: tuple[RotationPeriod, ...] = ()
    if draw(st.booleans()):
        first = START + draw(st.integers(-3, 3)) * DAY
        periods = (RotationPeriod("p", "R2", first, first + draw(st.sampled_from([3, 7, 10])) * DAY),)
    horizon = (START, START + days * DAY)
    roster = Roster(PERSONS, ROTATIONS, tuple(_legal(held, horizon, policy)), tuple(needs), periods, tuple(away))
    roster = replace(roster, duties=tuple(_legal_in(roster, horizon, policy)))
    problem = make_problem(roster, Demand(horizon), Figures(policy, horizon))
    # what lies beyond the horizon is held to the rules, too, but no record is kept of it
    assume(all(post.start < horizon[1] for post in problem.posts))
    return roster, problem


def _duty(draw: st.DrawFn, number: int, days: int) -> Duty:
    person, rotation = draw(st.sampled_from(PERSONS)), draw(st.sampled_from(ROTATIONS))
    kind = draw(st.sampled_from([rotation.kind, rotation.kind, DutyKind.EDUCATION, DutyKind.HOME_CALL_ACTIVE]))
    start, end = draw(intervals(days, -1))
    return Duty(f"d{number}", person.id, rotation.id, start, end, kind)


def _requirement(draw: st.DrawFn, number: int, days: int) -> Requirement:
    start, end = draw(intervals(days))
    rotation = draw(st.sampled_from(ROTATIONS[:-2])) if draw(st.booleans()) else draw(st.sampled_from(ROTATIONS))
    return Requirement(f"q{number}", rotation.id, start, end, draw(st.sampled_from([1, 1, 2])))


def _absence(draw: st.DrawFn, number: int, days: int) -> Absence:
    start = START + draw(st.integers(0, days - 1)) * DAY + draw(st.sampled_from([0, 12 * HOUR]))
    return Absence(
        f"a{number}",
        draw(st.sampled_from(PERSONS)).id,
        start,
        start + draw(st.sampled_from([DAY, 2 * DAY])),
        AbsenceKind.VACATION,
    )


def _legal(held: Iterable[Duty], horizon: tuple[int, int], policy: Policy) -> Iterator[Duty]:
    yield from _legal_in(Roster(PERSONS, ROTATIONS, tuple(held)), horizon, policy)


def _legal_in(roster: Roster, horizon: tuple[int, int], policy: Policy) -> list[Duty]:
    """The duties of a roster, one after another, that break nothing with those before them."""
    kept: list[Duty] = []
    for duty in roster.duties:
        tried = replace(roster, duties=(*kept, duty), requirements=())
        if not blocking(check(Schedule.of(tried, horizon), policy)):
            kept.append(duty)
    return kept


def breaches(roster: Roster, problem: Problem, placings: Iterable[tuple[Post, str]]) -> tuple[Record, ...]:
    """What the rules find against a schedule."""
    figures = problem.figures
    before = check(Schedule.of(roster, figures.horizon), figures.policy)
    after = check(Schedule.of(with_placings(roster, placings), figures.horizon), figures.policy)
    return blocking(new_or_worse([r for r in before if r.rule != "coverage"], after))


def with_placings(roster: Roster, placings: Iterable[tuple[Post, str]]) -> Roster:
    """The roster with posts filled."""
    made = [
        Duty(f"n{number}", person, post.rotation_id, post.start, post.end, post.kind)
        for number, (post, person) in enumerate(placings)
    ]
    return replace(roster, duties=(*roster.duties, *made))


def all_schedules(problem: Problem) -> Iterator[tuple[tuple[Post, str], ...]]:
    """Every way to fill all posts."""
    ways = [
        [tuple((post, person) for person in chosen) for chosen in combinations(_of_role(problem, post), post.heads)]
        for post in problem.posts
    ]
    for choice in product(*ways):
        yield tuple(placing for placings in choice for placing in placings)


def _of_role(problem: Problem, post: Post) -> list[str]:
    return [worker.id for worker in problem.workers if worker.person.role is post.role]
