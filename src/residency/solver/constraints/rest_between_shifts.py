"""`rest_between_shifts`: rest between duty periods of less than 24 hours, where a pack or a program makes it more than a should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.settings import RestAfterCall, RestBetweenShifts
from residency.solver.periods import chains_to, length, possible_ends
from residency.solver.variables import Ground
from residency.wording import hours_text

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar

    from residency.solver.variables import Build, Plan, Shift


def rest_between_shifts(build: Build) -> None:
    """No new duty period begins within the rest that is due after a shorter one, for every resident."""
    for setting in build.problem.figures.policy.of(RestBetweenShifts):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if plan.worker.person.is_resident and plan.is_open:
                _rest(build, plan, setting)


def _rest(build: Build, plan: Plan, setting: RestBetweenShifts) -> None:
    text = f"{plan.id} rests {hours_text(setting.rest)} between shifts"
    ground = Ground("rest_between_shifts", plan.id, 0, 0, text)
    for last, too_soon, unless in possible_ends(plan, setting.rest):
        long = [] if _is_stricter_after_long(build, setting) else _long_periods(build, plan, last, setting.below)
        build.rule_out(ground, (last,), too_soon, [*unless, *long])


def _is_stricter_after_long(build: Build, setting: RestBetweenShifts) -> bool:
    """Whether long periods are followed by as much rest anyway."""
    others = build.problem.figures.policy.of(RestAfterCall)
    return any(
        other.severity is not Severity.ADVISORY and other.rest >= setting.rest and other.after <= setting.below
        for other in others
    )


def _long_periods(build: Build, plan: Plan, last: Shift, below: int) -> list[IntVar]:
    """A literal for each chain that makes the period up to a shift long; it is true only if all of the chain is worked."""
    found: list[IntVar] = []
    for chain in chains_to(plan, last, lambda chain: length(chain) >= below):
        literal = build.model.new_bool_var(f"{plan.id} long until {last.end}")
        for shift in chain:
            if shift.literal is not None:
                build.model.add_implication(literal, shift.literal)
        found.append(literal)
    return found
