"""`rest_after_call`: a long rest after a duty period of 24 hours or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.settings import RestAfterCall
from residency.solver.periods import chains_to, length, possible_ends
from residency.solver.variables import Ground
from residency.wording import hours_text

if TYPE_CHECKING:
    from residency.solver.variables import Build, Plan


def rest_after_call(build: Build) -> None:
    """No new duty period begins within the rest that is due after one of 24 hours or more, for every resident."""
    for setting in build.problem.figures.policy.of(RestAfterCall):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if plan.worker.person.is_resident and plan.is_open:
                _rest(build, plan, setting)


def _rest(build: Build, plan: Plan, setting: RestAfterCall) -> None:
    text = f"{plan.id} rests {hours_text(setting.rest)} after {hours_text(setting.after)} of duty"
    ground = Ground("rest_after_call", plan.id, 0, 0, text)
    for last, too_soon, unless in possible_ends(plan, setting.rest):
        for chain in chains_to(plan, last, lambda chain: length(chain) >= setting.after):
            build.rule_out(ground, chain, too_soon, unless)
