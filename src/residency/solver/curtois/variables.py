"""The decisions of the model: who works which shift on which day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortools.sat.python.cp_model import IntVar

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

    from residency.solver.curtois.instance import Instance, Roster
    from residency.solver.solve import Answer


@dataclass(frozen=True, slots=True)
class Variables:
    """Literals by person and day.

    Attributes:
        works: By shift, too: whether the person works it.
        at_work: Whether the person works any shift; at most one a day.
    """

    works: tuple[tuple[tuple[IntVar, ...], ...], ...]
    at_work: tuple[tuple[IntVar, ...], ...]

    @classmethod
    def of(cls, model: CpModel, instance: Instance) -> Variables:
        """New variables in a model."""
        works = tuple(
            tuple(tuple(model.new_bool_var("") for _ in instance.shifts) for _ in range(instance.days))
            for _ in instance.employees
        )
        at_work = tuple(tuple(model.new_bool_var("") for _ in range(instance.days)) for _ in instance.employees)
        for shifts_of_person, days_of_person in zip(works, at_work, strict=True):
            for shifts, day in zip(shifts_of_person, days_of_person, strict=True):
                model.add_exactly_one(*shifts, ~day)
        return cls(works, at_work)

    def hint(self, model: CpModel, roster: Roster) -> None:
        """Say that a roster is a good one to begin with."""
        for shifts_of_person, row in zip(self.works, roster, strict=True):
            for shifts, duty in zip(shifts_of_person, row, strict=True):
                for number, literal in enumerate(shifts):
                    model.add_hint(literal, number == duty)

    def fix(self, model: CpModel, roster: Roster) -> None:
        """Allow this roster only."""
        for shifts_of_person, row in zip(self.works, roster, strict=True):
            for shifts, duty in zip(shifts_of_person, row, strict=True):
                for number, literal in enumerate(shifts):
                    model.add(literal == int(number == duty))

    def roster(self, answer: Answer) -> Roster:
        """The roster of an answer."""
        return tuple(
            tuple(next((n for n, literal in enumerate(shifts) if answer.holds(literal)), None) for shifts in person)
            for person in self.works
        )
