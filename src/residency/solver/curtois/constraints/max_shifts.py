"""Each kind of shift is worked at most as often as the person's contract says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_max_shifts(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Limit every person's number of every shift."""
    for employee, works in zip(instance.employees, variables.works, strict=True):
        for shift, most in enumerate(employee.max_shifts):
            model.add(sum(day[shift] for day in works) <= most)
