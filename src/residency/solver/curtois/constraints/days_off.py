"""Nobody works on a day that is a day off by contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_days_off(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Keep every person's days off."""
    for employee, at_work in zip(instance.employees, variables.at_work, strict=True):
        for day in sorted(employee.days_off):
            model.add(at_work[day] == 0)
