"""`max_major_holidays`: nobody works more major holidays than the program's maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.solver.variables import Ground
from residency.wording import counted

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar

    from residency.solver.variables import Build, Plan


def major_holidays(build: Build) -> None:
    """Major holidays that somebody worked, holds or is given ≤ the program's maximum; a duty that touches the day works it."""
    most = build.problem.figures.max_major_holidays
    if most is None:
        return
    for plan in build.plans:
        if not plan.is_open:
            continue
        worked = worked_holidays(build, plan)
        terms = [
            (1, literal)
            for holiday in build.problem.major_holidays
            if holiday not in worked and (literal := works_on(build, plan, holiday)) is not None
        ]
        text = f"{plan.id} may work {counted(most, 'major holiday')}"
        build.at_most(Ground("max_major_holidays", plan.id, 0, 0, text), terms, most - len(worked))


def worked_holidays(build: Build, plan: Plan) -> set[int]:
    """The major holidays that somebody worked in the past or holds a duty on."""
    problem = build.problem
    worked = {holiday.start for holiday in problem.figures.holidays if holiday.major and plan.id in holiday.worked_by}
    held = {
        day for day in problem.major_holidays if any(shift.literal is None for shift in plan.touching(day, day + DAY))
    }
    return worked | held


def works_on(build: Build, plan: Plan, day: int) -> IntVar | None:
    """A literal that is true if a chosen shift touches a day; None if none can."""
    chosen = [shift.literal for shift in plan.touching(day, day + DAY) if shift.literal is not None]
    if not chosen:
        return None
    literal = build.model.new_bool_var(f"{plan.id} works on {day}")
    for shift in chosen:
        build.model.add_implication(shift, literal)
    return literal
