"""What a roster costs: wishes that are not granted, and covers that are missed, each under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.objective import Penalties

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.variables import Variables

#: In the order in which they are itemised.
PENALTIES = ("shift_on_request", "shift_off_request", "cover_below", "cover_above")


def penalties_of(model: CpModel, instance: Instance, variables: Variables) -> Penalties:
    """Charge everything that costs."""
    penalties = Penalties(PENALTIES)
    for request in instance.shift_on_requests:
        works = variables.works[request.person][request.day][request.shift]
        penalties.charge("shift_on_request", 1 - works, request.weight)
    for request in instance.shift_off_requests:
        works = variables.works[request.person][request.day][request.shift]
        penalties.charge("shift_off_request", works, request.weight)
    for cover in instance.covers:
        below = model.new_int_var(0, cover.required, "")
        above = model.new_int_var(0, len(instance.employees), "")
        at_work = sum(person[cover.day][cover.shift] for person in variables.works)
        model.add(at_work + below - above == cover.required)
        penalties.charge("cover_below", below, cover.weight_below)
        penalties.charge("cover_above", above, cover.weight_above)
    return penalties
