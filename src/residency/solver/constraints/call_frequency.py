"""`call_frequency`: in-house call no more often than every third night, averaged over a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.model import DutyKind, Severity
from residency.policy.settings import CallFrequency
from residency.solver.variables import Ground
from residency.solver.windows import counted_days, spans
from residency.wording import counted, days_text

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar

    from residency.solver.variables import Build, Plan, Shift
    from residency.solver.windows import Span


def call_frequency(build: Build) -> None:
    """Call nights in a window ≤ one in every so many counted days, and one in any case, for every resident."""
    figures = build.problem.figures
    for setting in figures.policy.of(CallFrequency):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if not plan.worker.person.is_resident or not plan.is_open:
                continue
            for span in spans(plan.worker, figures, setting.window, setting.anchor):
                _limit(build, plan, span, max(1, counted_days(plan.worker, span) // setting.every))


def nights_of(shift: Shift, low: int, high: int) -> tuple[int, ...]:
    """The dates, as first minutes, whose closing midnight a shift holds, of those in [low, high)."""
    closings = range(-(-shift.start // DAY) * DAY, shift.end, DAY)
    return tuple(midnight - DAY for midnight in closings if low <= midnight - DAY < high)


def _limit(build: Build, plan: Plan, span: Span, limit: int) -> None:
    held: set[int] = set()
    terms: list[tuple[int, IntVar]] = []
    for shift in plan.touching(span.start, span.end + 1):
        if shift.kind is not DutyKind.IN_HOUSE_CALL:
            continue
        nights = nights_of(shift, span.start, span.end)
        if shift.literal is None:
            held.update(nights)
        elif nights:
            terms.append((len(nights), shift.literal))
    text = f"{plan.id} may hold {counted(limit, 'call night')} {days_text(span.start, span.end)}"
    ground = Ground("call_frequency", plan.id, span.start, span.end, text)
    build.at_most(ground, terms, limit - len(held))
