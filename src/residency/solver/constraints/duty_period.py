"""`duty_period`: no duty period goes on too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.settings import DutyPeriodLimit
from residency.solver.periods import chains_to, length, segments
from residency.solver.variables import Ground
from residency.wording import hours_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from residency.solver.periods import Chain
    from residency.solver.variables import Build, Plan, Shift


def duty_period(build: Build) -> None:
    """From a period's start, patient care ends within 24 hours and the last segment within the extra hours, for every resident."""
    for setting in build.problem.figures.policy.of(DutyPeriodLimit):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if plan.worker.person.is_resident and plan.is_open:
                _limit_all(build, plan, setting)


def _limit_all(build: Build, plan: Plan, setting: DutyPeriodLimit) -> None:
    for last in segments(plan):
        limit = _limit_until(plan, setting, last)
        if limit is None:
            continue
        text = f"{plan.id} may be on duty for {hours_text(limit)} at a stretch"
        ground = Ground("duty_period", plan.id, 0, 0, text)
        for chain in chains_to(plan, last, _longer_than(limit, setting.exception_limit)):
            build.forbid(ground, chain)


def _longer_than(limit: int, lifted: int | None) -> Callable[[Chain], bool]:
    """Whether a chain lasts longer than a limit, or than what a duty marked `exception` lifts it to."""
    if lifted is None or lifted <= limit:
        return lambda chain: length(chain) > limit
    return lambda chain: length(chain) > (lifted if any(shift.exception for shift in chain) else limit)


def _limit_until(plan: Plan, setting: DutyPeriodLimit, last: Shift) -> int | None:
    """How long a period may last up to the end of a segment, or None where that end does not matter."""
    traits = last.kind.traits
    if traits.extension and setting.extension_exempt:
        return None
    is_care = traits.patient_care or traits.extension
    limit = setting.limit if is_care else setting.limit + setting.extra
    if setting.pgy1_cap is not None and plan.worker.person.pgy_level == 1:
        limit = min(limit, setting.pgy1_cap)
    return min(limit, setting.limit + setting.extra)
