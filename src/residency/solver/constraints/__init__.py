"""The hard constraints: one module a stem, written from the rule sheet and from nothing else, listed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from residency.solver.constraints.call_frequency import call_frequency
from residency.solver.constraints.coverage import coverage
from residency.solver.constraints.day_off import is_day_off
from residency.solver.constraints.double_booking import double_booking, is_held_elsewhere
from residency.solver.constraints.duty_period import duty_period
from residency.solver.constraints.home_call import is_home_call_on_day_off
from residency.solver.constraints.leave_exclusion import is_on_leave
from residency.solver.constraints.major_holidays import major_holidays
from residency.solver.constraints.max_persons import max_persons
from residency.solver.constraints.moonlighting import is_no_moonlighter
from residency.solver.constraints.night_float import night_float
from residency.solver.constraints.one_day_in_seven import one_day_in_seven
from residency.solver.constraints.qualification import is_unqualified
from residency.solver.constraints.rest_after_call import rest_after_call
from residency.solver.constraints.rest_between_shifts import rest_between_shifts
from residency.solver.constraints.supervision_ratio import supervision_ratio
from residency.solver.constraints.weekly_hours import weekly_hours
from residency.solver.variables import Bar, Build

if TYPE_CHECKING:
    from residency.solver.problem import Problem


@dataclass(frozen=True, slots=True)
class Constraint:
    """One hard constraint.

    Attributes:
        stem: the rule's, or the word of the format that asks for it.
        add: adds it to a model.
        bar: says why a worker cannot have a post at all.
        always: it binds even where the work-hour rules are switched off.
    """

    stem: str
    add: Callable[[Build], None] | None = None
    bar: Bar | None = None
    always: bool = False


CONSTRAINTS: tuple[Constraint, ...] = (
    Constraint("leave_exclusion", bar=is_on_leave, always=True),
    Constraint("day_off", bar=is_day_off, always=True),
    Constraint("qualification", bar=is_unqualified, always=True),
    Constraint("double_booking", double_booking, is_held_elsewhere, always=True),
    Constraint("moonlighting", bar=is_no_moonlighter),
    Constraint("home_call", bar=is_home_call_on_day_off),
    Constraint("coverage", coverage, always=True),
    Constraint("max_persons", max_persons, always=True),
    Constraint("max_major_holidays", major_holidays, always=True),
    Constraint("weekly_hours", weekly_hours),
    Constraint("one_day_in_seven", one_day_in_seven),
    Constraint("rest_after_call", rest_after_call),
    Constraint("rest_between_shifts", rest_between_shifts),
    Constraint("duty_period", duty_period),
    Constraint("call_frequency", call_frequency),
    Constraint("night_float", night_float),
    Constraint("supervision_ratio", supervision_ratio),
)


def in_force(problem: Problem) -> tuple[Constraint, ...]:
    """The constraints that bind a problem."""
    return tuple(item for item in CONSTRAINTS if item.always or problem.figures.acgme_enabled)


def make_build(problem: Problem, *, explaining: bool = False) -> Build:
    """The model of a problem with every hard constraint in it."""
    binding = in_force(problem)
    build = Build(problem, [item.bar for item in binding if item.bar is not None], explaining=explaining)
    for item in binding:
        if item.add is not None:
            item.add(build)
    return build
