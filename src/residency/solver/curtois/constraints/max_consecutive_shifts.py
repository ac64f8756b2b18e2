"""Nobody works more days in a row than the contract says; before and after the horizon lie days off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_max_consecutive_shifts(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Have a day off among any days that are one more than are allowed in a row."""
    for employee, at_work in zip(instance.employees, variables.at_work, strict=True):
        length = employee.max_consecutive_shifts + 1
        for start in range(instance.days - length + 1):
            model.add_bool_or(*(~day for day in at_work[start : start + length]))
