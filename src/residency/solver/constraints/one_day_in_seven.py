"""`one_day_in_seven`: a day off in seven, averaged over a window, or no run of duty over too many days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.model import DutyKind, Severity
from residency.policy.settings import OneDayInSeven
from residency.solver.constraints.call_frequency import nights_of
from residency.solver.stretches import DaysOff, Runs, held_days_off
from residency.solver.variables import Ground
from residency.solver.windows import Span, counted_days, spans
from residency.wording import counted, days_text

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar

    from residency.solver.variables import Build, Plan


def one_day_in_seven(build: Build) -> None:
    """Days off ≥ ⌊counted days / 7⌋ in every window; strictly, no run longer than its maximum; for every resident."""
    for setting in build.problem.figures.policy.of(OneDayInSeven):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if not plan.worker.person.is_resident or not plan.is_open:
                continue
            if setting.strict:
                _no_long_run(build, plan, setting)
            else:
                _enough_days_off(build, plan, setting)
                if setting.unaveraged_on_night_float:
                    _no_long_run_with_nights(build, plan, setting)


def _touched(plan: Plan) -> Span:
    chosen = [shift for shift in plan.shifts if shift.literal is not None]
    return Span(min(shift.start for shift in chosen), max(shift.end for shift in chosen))


# ── averaged ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _enough_days_off(build: Build, plan: Plan, setting: OneDayInSeven) -> None:
    figures = build.problem.figures
    horizon = figures.known
    touched = _touched(plan)
    windows = [
        span
        for span in spans(plan.worker, figures, setting.window, setting.anchor)
        # a day off that begins in a window may be lost to a shift on the day after it
        if span.start < touched.end and span.end > touched.start - DAY
    ]
    if not windows:
        return
    region = (min(windows[0].start, touched.start), min(windows[-1].end, horizon[1]))
    days_off = DaysOff(build, plan, (max(region[0], horizon[0]), region[1]))
    for span in windows:
        due = counted_days(plan.worker, span) // 7
        held = held_days_off(plan, figures, span.start, span.end)
        text = f"{plan.id} is due {counted(due, 'day')} off {days_text(span.start, span.end)}"
        ground = Ground("one_day_in_seven", plan.id, span.start, span.end, text)
        if due:
            build.at_least(ground, sum(days_off.starting_in(span.start, span.end)), min(due, held))


# ── strict ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _no_long_run(build: Build, plan: Plan, setting: OneDayInSeven) -> None:
    for dates in _windows_of_dates(build, plan, setting.max_days):
        build.at_most(_ground(plan, setting), [(1, literal) for literal in dates], setting.max_days)


def _no_long_run_with_nights(build: Build, plan: Plan, setting: OneDayInSeven) -> None:
    nights = [
        shift
        for shift in plan.shifts
        if shift.kind is DutyKind.NIGHT_FLOAT and nights_of(shift, shift.start - DAY, shift.end)
    ]
    runs = _runs(build, plan, setting.max_days)
    for shift in nights:
        night = shift.start - shift.start % DAY
        for first in range(night - setting.max_days * DAY, night + 1, DAY):
            days = [first + number * DAY for number in range(setting.max_days + 1)]
            dates = [~literal for day in days if (literal := runs.date(day)) is not None]
            if len(dates) > setting.max_days and not (shift.literal is None and all(map(runs.is_known, days))):
                own = [] if shift.literal is None else [~shift.literal]
                build.clause(_ground(plan, setting), [*own, *dates])


def _ground(plan: Plan, setting: OneDayInSeven) -> Ground:
    text = f"{plan.id} may be on duty for {counted(setting.max_days, 'day')} in a row"
    return Ground("one_day_in_seven", plan.id, 0, 0, text)


def _runs(build: Build, plan: Plan, most: int) -> Runs:
    touched = _touched(plan)
    return Runs(build, plan, (touched.start - (most + 1) * DAY, touched.end + (most + 1) * DAY))


def _windows_of_dates(build: Build, plan: Plan, most: int) -> list[list[IntVar]]:
    """The literals of each `most` + 1 dates in a row of which a run can go through all, and does not without a choice."""
    runs = _runs(build, plan, most)
    touched = _touched(plan)
    found: list[list[IntVar]] = []
    first = touched.start - touched.start % DAY - most * DAY
    for start in range(first, touched.end, DAY):
        dates = [runs.date(start + number * DAY) for number in range(most + 1)]
        known = [literal for literal in dates if literal is not None]
        if len(known) > most and not all(runs.is_known(start + number * DAY) for number in range(most + 1)):
            found.append(known)
    return found
