"""After some shifts, some others may not be worked on the next day."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables


def add_shift_succession(model: CpModel, instance: Instance, variables: Variables) -> None:
    """Forbid each pair on each two days that follow each other."""
    for works in variables.works:
        for today, tomorrow in itertools.pairwise(works):
            for literal, shift in zip(today, instance.shifts, strict=True):
                for forbidden in sorted(shift.not_followed_by):
                    model.add_at_most_one(literal, tomorrow[forbidden])
