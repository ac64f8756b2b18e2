"""`duty_period`: no duty period goes on too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.settings import DutyPeriodLimit
from residency.solver.periods import chains_to, length, segments
from residency.solver.variables import Ground
from residency.wording import hours_text

if TYPE_CHECKING:
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

        def is_too_long(chain: Chain, limit: int = limit) -> bool:
            lifted = setting.exception_limit
            exempt = lifted is not None and any(shift.exception for shift in chain)
            return length(chain) > (max(limit, lifted) if exempt and lifted is not None else limit)

        for chain in chains_to(plan, last, is_too_long):
            text = f"{plan.id} may be on duty for {hours_text(limit)} at a stretch"
            build.forbid(Ground("duty_period", plan.id, 0, 0, text), chain)


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
