"""The ten named penalties of a schedule: what each counts, and in which unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY, HOUR, weekday_of
from residency.model import DutyKind, Severity
from residency.policy.settings import RestBetweenShifts, WeeklyHours
from residency.solver.constraints.call_frequency import nights_of
from residency.solver.constraints.major_holidays import worked_holidays, works_on
from residency.solver.constraints.weekly_hours import held_minutes, window_limit
from residency.solver.objective import Penalties
from residency.solver.periods import after_rest, bridging, segments
from residency.solver.problem import PenaltyName
from residency.solver.shares import even_level, even_rate
from residency.solver.variables import Shift, clipped
from residency.solver.windows import Span, counted_days, spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ortools.sat.python.cp_model import IntVar

    from residency.calendar import Interval
    from residency.model import Preference
    from residency.solver.variables import Build, Plan

    Terms = list[tuple[int, IntVar]]

_SATURDAY = 5
#: Hours close to the limit begin at this share of it where no pack warns from a figure of its own.
_NEAR_PERCENT = 95
#: Hours beyond an even share count twice from this many on: one person's twenty weigh more than five people's four.
_FAR = 8
_NIGHT_KINDS = frozenset({DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT})


class Soft:
    """The penalties of one model under construction."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.penalties = Penalties(PenaltyName)
        for name, count in _COUNTS.items():
            if build.problem.weights[name]:
                count(self)

    def charge(self, name: PenaltyName, amount: IntVar, times: int = 1) -> None:
        """Charge an amount, at the weight of the part."""
        self.penalties.charge(name, amount * times if times != 1 else amount, self.build.problem.weights[name])

    def excess(self, name: PenaltyName, terms: Terms, allowed: int, unit: int = 1) -> None:
        """Charge what a sum has beyond what is allowed, in whole units, a part of one counting as one."""
        most = sum(factor for factor, _ in terms)
        if most <= allowed:
            return
        over = self.build.model.new_int_var(0, -(-(most - min(allowed, 0)) // unit), f"{name} excess")
        self.build.model.add(sum(factor * literal for factor, literal in terms) <= allowed + unit * over)
        self.charge(name, over)

    def whenever(self, name: PenaltyName, causes: Iterable[tuple[Shift, ...]], unless: Iterable[Shift] = ()) -> None:
        """Charge one if all shifts of some cause are worked."""
        chosen = [cause for cause in causes if any(shift.literal is not None for shift in cause)]
        if not chosen:
            return
        literal = self.build.model.new_bool_var(str(name))
        for cause in chosen:
            self.build.implied(cause, literal, unless)
        self.charge(name, literal)


def uncovered(soft: Soft) -> None:
    """Head-hours that stay open, a part of an hour counting as one."""
    for post, gap in soft.build.gaps.items():
        soft.charge(PenaltyName.UNCOVERED, gap, -(-post.minutes // HOUR))


def short_rest(soft: Soft) -> None:
    """Rests between duty periods that are shorter than a rule advises, where it only advises."""
    for setting in soft.build.problem.figures.policy.of(RestBetweenShifts):
        if setting.severity is not Severity.ADVISORY:
            continue
        for plan in soft.build.plans:
            for last in segments(plan) if plan.is_open and plan.worker.person.is_resident else ():
                causes = [(last, shift) for shift in after_rest(plan, last, setting.rest)]
                soft.whenever(PenaltyName.SHORT_REST, causes, bridging(plan, last))


def near_limit(soft: Soft) -> None:
    """Hours of a window beyond 95 % of the weekly limit, or beyond what a pack warns from."""
    figures = soft.build.problem.figures
    for setting in figures.policy.of(WeeklyHours):
        for plan in soft.build.plans:
            if not plan.worker.person.is_resident or not plan.is_open:
                continue
            for span in spans(plan.worker, figures, setting.window, setting.anchor):
                limit = window_limit(plan, setting, span)
                if limit is not None:
                    near = limit * _NEAR_PERCENT // 100
                    if setting.warn is not None and setting.limit is not None:
                        near = limit * setting.warn // setting.limit
                    terms = _minutes_in(plan, (span.start, span.end))
                    soft.excess(PenaltyName.NEAR_LIMIT, terms, near - held_minutes(plan, span), HOUR)


def _minutes_in(plan: Plan, within: Interval) -> Terms:
    return [
        (clipped(shift, within), shift.literal)
        for shift in plan.touching(*within)
        if shift.literal is not None and shift.kind.traits.counts
    ]


def workload_spread(soft: Soft) -> None:
    """Hours of the horizon beyond an even share by counted days, those beyond it by more than eight counted twice."""
    horizon = soft.build.problem.figures.known
    whole = Span(*horizon)
    plans = [plan for plan in soft.build.plans if plan.is_open and plan.worker.person.is_resident]
    days = {plan.id: max(1, counted_days(plan.worker, whole)) for plan in plans}
    held = {plan.id: held_minutes(plan, whole) + plan.worker.balances.get("minutes", 0) for plan in plans}
    posts = (post for post in soft.build.problem.posts if any(w.person.is_resident for w, _ in soft.build.takers(post)))
    rate = even_rate(days, held, sum(post.minutes * post.heads for post in posts))
    for plan in plans:
        share = max(0, rate * days[plan.id] - held[plan.id])
        terms = _minutes_in(plan, horizon)
        soft.excess(PenaltyName.WORKLOAD_SPREAD, terms, share, HOUR)
        soft.excess(PenaltyName.WORKLOAD_SPREAD, terms, share + _FAR * HOUR, HOUR)


def _even(soft: Soft, name: PenaltyName, number: Callable[[Shift], int], kinds: tuple[str, ...]) -> None:
    """Charge what each has beyond an even number of burdens, what they carried before included."""
    horizon = soft.build.problem.figures.known
    terms: dict[str, Terms] = {}
    carried: dict[str, int] = {}
    for plan in soft.build.plans:
        chosen = [(number(shift), shift.literal) for shift in plan.shifts if shift.literal is not None]
        terms[plan.id] = [(factor, literal) for factor, literal in chosen if factor]
        held = sum(number(shift) for shift in plan.touching(*horizon) if shift.literal is None)
        carried[plan.id] = held + sum(plan.worker.balances.get(kind, 0) for kind in kinds)
    eligible = {person: carried[person] for person, found in terms.items() if found}
    burdens = sum(number(_as_shift(post.start, post.end, post.kind)) * post.heads for post in soft.build.problem.posts)
    level = even_level(eligible, burdens)
    for person, had in eligible.items():
        soft.excess(name, terms[person], max(level, had) - had)


def _as_shift(start: int, end: int, kind: DutyKind) -> Shift:
    return Shift(start, end, kind, None)


def night_equity(soft: Soft) -> None:
    """Nights of call and night float beyond an even number, what was carried before included."""
    _even(soft, PenaltyName.NIGHT_EQUITY, _nights, ("night", "call"))


def _nights(shift: Shift) -> int:
    return len(nights_of(shift, shift.start - DAY, shift.end)) if shift.kind in _NIGHT_KINDS else 0


def weekend_equity(soft: Soft) -> None:
    """Shifts that begin on a Saturday or Sunday beyond an even number, what was carried before included."""
    _even(soft, PenaltyName.WEEKEND_EQUITY, lambda shift: int(weekday_of(shift.start) >= _SATURDAY), ("weekend",))


def holiday_equity(soft: Soft) -> None:
    """Major holidays beyond an even number, what was carried before included."""
    problem = soft.build.problem
    terms: dict[str, Terms] = {}
    carried: dict[str, int] = {}
    for plan in soft.build.plans:
        worked = worked_holidays(soft.build, plan)
        carried[plan.id] = len(worked) + plan.worker.balances.get("holiday", 0)
        literals = (works_on(soft.build, plan, day) for day in problem.major_holidays if day not in worked)
        terms[plan.id] = [(1, literal) for literal in literals if literal is not None]
    eligible = {person: carried[person] for person, found in terms.items() if found}
    burdens = sum(
        post.heads
        for post in problem.posts
        for day in problem.major_holidays
        if day < post.end and day + DAY > post.start
    )
    level = even_level(eligible, burdens)
    for person, had in eligible.items():
        soft.excess(PenaltyName.HOLIDAY_EQUITY, terms[person], max(level, had) - had)


def preference_unmet(soft: Soft) -> None:
    """Preferences of the generated days that are not honoured, each by its own weight."""
    plans = {plan.id: plan for plan in soft.build.plans if plan.is_open}
    low, high = soft.build.problem.span
    for wish, (start, end) in soft.build.problem.figures.wishes:
        plan = plans.get(wish.person_id)
        if plan is not None and start < high and end > low:
            unmet = _unmet(soft, plan, wish, (start, end))
            if unmet is not None:
                soft.charge(PenaltyName.PREFERENCE_UNMET, unmet, wish.weight)


def _unmet(soft: Soft, plan: Plan, wish: Preference, when: Interval) -> IntVar | None:
    """A literal that is true if a wish is not honoured; None where nothing that is chosen decides it."""
    model = soft.build.model
    shifts = plan.touching(*when)
    unmet = model.new_bool_var(f"{plan.id} unmet")
    if wish.want == "off":
        chosen = [shift.literal for shift in shifts if shift.literal is not None]
        for literal in chosen:
            model.add_implication(literal, unmet)
        return unmet if chosen else None
    if any(shift.literal is None for shift in shifts) and wish.want == "on":
        return None
    honouring = [
        literal
        for post, literal in plan.posts
        if post.start < when[1] and post.end > when[0] and wish.want in ("on", post.rotation_id)
    ]
    model.add_bool_or([unmet, *honouring])
    return unmet


def changed_from_baseline(soft: Soft) -> None:
    """Duties dealt anew that their holder does not get back."""
    plans = {plan.id: plan for plan in soft.build.plans}
    for duty in soft.build.problem.baseline:
        same = [
            literal
            for post, literal in plans[duty.person_id].posts
            if (post.rotation_id, post.start, post.end) == (duty.rotation_id, duty.start, duty.end)
        ]
        lost = soft.build.model.new_bool_var(f"{duty.id} lost")
        soft.build.model.add_bool_or([lost, *same])
        soft.charge(PenaltyName.CHANGED_FROM_BASELINE, lost)


def broken_continuity(soft: Soft) -> None:
    """Days after which somebody goes on working, but not on the service that they were on."""
    model = soft.build.model
    for plan in soft.build.plans:
        by_day: dict[int, dict[str, list[IntVar]]] = {}
        for post, literal in plan.posts:
            day = post.start - post.start % DAY
            by_day.setdefault(day, {}).setdefault(post.rotation_id, []).append(literal)
        for day, services in by_day.items():
            following = by_day.get(day + DAY)
            if following is None:
                continue
            broken = model.new_bool_var(f"{plan.id} breaks off {day}")
            works = model.new_bool_var(f"{plan.id} goes on {day}")
            for literals in following.values():
                for literal in literals:
                    model.add_implication(literal, works)
            for rotation_id, literals in services.items():
                for literal in literals:
                    model.add_bool_or([~literal, ~works, broken, *following.get(rotation_id, ())])
            soft.charge(PenaltyName.BROKEN_CONTINUITY, broken)


_COUNTS: dict[PenaltyName, Callable[[Soft], None]] = {
    PenaltyName.UNCOVERED: uncovered,
    PenaltyName.SHORT_REST: short_rest,
    PenaltyName.NEAR_LIMIT: near_limit,
    PenaltyName.WORKLOAD_SPREAD: workload_spread,
    PenaltyName.NIGHT_EQUITY: night_equity,
    PenaltyName.WEEKEND_EQUITY: weekend_equity,
    PenaltyName.HOLIDAY_EQUITY: holiday_equity,
    PenaltyName.PREFERENCE_UNMET: preference_unmet,
    PenaltyName.CHANGED_FROM_BASELINE: changed_from_baseline,
    PenaltyName.BROKEN_CONTINUITY: broken_continuity,
}
