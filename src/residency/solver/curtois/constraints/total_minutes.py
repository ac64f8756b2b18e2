"""The minutes of all shifts lie between the person's least and most."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_total_minutes(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Limit every person's sum, from both sides."""
    minutes = [shift.minutes for shift in instance.shifts]
    for employee, works in zip(instance.employees, variables.works, strict=True):
        total = sum(length * literal for day in works for length, literal in zip(minutes, day, strict=True))
        model.add_linear_constraint(total, employee.min_total_minutes, employee.max_total_minutes)
