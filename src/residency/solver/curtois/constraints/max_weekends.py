"""Nobody works on more weekends than the contract says; a Saturday or a Sunday makes it one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_max_weekends(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Count the weekends on which a person works."""
    for employee, at_work in zip(instance.employees, variables.at_work, strict=True):
        worked = []
        for weekend in instance.weekends:
            worked.append(model.new_bool_var(""))
            for day in weekend:
                model.add_implication(at_work[day], worked[-1])
        model.add(sum(worked) <= employee.max_weekends)
