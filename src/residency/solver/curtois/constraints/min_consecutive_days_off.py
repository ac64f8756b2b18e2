"""Rows of days off that begin and end within the horizon are as long as the contract says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_min_consecutive_days_off(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Forbid every shorter row between two days of work."""
    for employee, at_work in zip(instance.employees, variables.at_work, strict=True):
        for length in range(1, employee.min_consecutive_days_off):
            for before in range(instance.days - length - 1):
                after = before + length + 1
                model.add_bool_or(~at_work[before], *at_work[before + 1 : after], ~at_work[after])
