"""The model for CP-SAT: every constraint, and the objective in named parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from residency.solver.curtois.constraints import CONSTRAINTS
from residency.solver.curtois.penalties import penalties_of
from residency.solver.curtois.variables import Variables
from residency.solver.objective import Penalties

if TYPE_CHECKING:
    from residency.solver.curtois.instance import Instance


@dataclass(frozen=True, slots=True)
class Model:
    """A model with what is needed to read its answers."""

    program: cp_model.CpModel
    variables: Variables
    penalties: Penalties


def model_of(instance: Instance) -> Model:
    """The model of an instance; its objective is the cost of the roster."""
    program = cp_model.CpModel()
    variables = Variables.of(program, instance)
    for add in CONSTRAINTS:
        add(program, instance, variables)
    penalties = penalties_of(program, instance, variables)
    penalties.minimise(program)
    return Model(program, variables, penalties)
