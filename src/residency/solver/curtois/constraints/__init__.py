"""What every roster must obey, one module a constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.curtois.constraints.days_off import add_days_off
from residency.solver.curtois.constraints.max_consecutive_shifts import add_max_consecutive_shifts
from residency.solver.curtois.constraints.max_shifts import add_max_shifts
from residency.solver.curtois.constraints.max_weekends import add_max_weekends
from residency.solver.curtois.constraints.min_consecutive_days_off import add_min_consecutive_days_off
from residency.solver.curtois.constraints.min_consecutive_shifts import add_min_consecutive_shifts
from residency.solver.curtois.constraints.shift_succession import add_shift_succession
from residency.solver.curtois.constraints.total_minutes import add_total_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables

#: All of them, in the order of the format's columns.
CONSTRAINTS: tuple[Callable[[CpModel, Instance, Variables], None], ...] = (
    add_shift_succession,
    add_max_shifts,
    add_total_minutes,
    add_max_consecutive_shifts,
    add_min_consecutive_shifts,
    add_min_consecutive_days_off,
    add_max_weekends,
    add_days_off,
)
