"""`weekly_hours`: nobody works more in a window than the weekly limit allows for its counted days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import merge
from residency.model import Severity
from residency.policy.settings import WeeklyHours
from residency.solver.variables import Ground, clipped
from residency.solver.windows import SHORTEST, counted_days, spans
from residency.wording import days_text, hours_text

if TYPE_CHECKING:
    from residency.solver.variables import Build, Plan
    from residency.solver.windows import Span


def weekly_hours(build: Build) -> None:
    """Worked minutes × 7 ≤ limit × counted days, a week at least, in every window of every resident."""
    figures = build.problem.figures
    for setting in figures.policy.of(WeeklyHours):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if not plan.worker.person.is_resident or not plan.is_open:
                continue
            for span in spans(plan.worker, figures, setting.window, setting.anchor):
                limit = window_limit(plan, setting, span)
                if limit is not None:
                    _limit(build, plan, span, limit)


def window_limit(plan: Plan, setting: WeeklyHours, span: Span) -> int | None:
    """The minutes that a window may hold, or None where nothing limits it."""
    weekly = span.granted if setting.exceptions and span.granted is not None else setting.limit
    personal = plan.worker.person.max_weekly_minutes if setting.personal else None
    limits = [limit for limit in (weekly, personal) if limit is not None]
    if not limits:
        return None
    whole = (span.end - span.start) // (24 * 60)
    days = counted_days(plan.worker, span) if setting.exclude_leave else whole
    return min(limits) * max(SHORTEST, days) // 7


def held_minutes(plan: Plan, span: Span) -> int:
    """What a worker has in a window already, double-booked minutes once."""
    held = merge((s.start, s.end) for s in plan.shifts if s.literal is None and s.kind.traits.counts)
    return sum(max(0, min(end, span.end) - max(start, span.start)) for start, end in held)


def _limit(build: Build, plan: Plan, span: Span, limit: int) -> None:
    terms = [
        (clipped(shift, (span.start, span.end)), shift.literal)
        for shift in plan.touching(span.start, span.end)
        if shift.literal is not None and shift.kind.traits.counts
    ]
    text = f"{plan.id} may work {hours_text(limit)} {days_text(span.start, span.end)}"
    ground = Ground("weekly_hours", plan.id, span.start, span.end, text)
    build.at_most(ground, terms, limit - held_minutes(plan, span))
