"""An objective in named parts: each is an integer weight times an integer amount, and together they are the objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ortools.sat.python.cp_model import CpModel, LinearExpr

    from residency.solver.solve import Answer


@dataclass(frozen=True, slots=True)
class Penalty:
    """What one name costs in an answer: `cost` is the sum of its weighted amounts, `amount` the sum of them unweighted."""

    name: str
    amount: int
    cost: int


class Penalties:
    """The parts of an objective while a model is built. A name that was not announced is a defect, not a new part."""

    def __init__(self, names: Iterable[str]) -> None:
        self._charges: dict[str, list[tuple[int, LinearExpr | int]]] = {name: [] for name in names}

    def charge(self, name: str, amount: LinearExpr | int, weight: int = 1) -> None:
        """Add `weight` × `amount` to the part of that name; amounts are never negative.

        Raises:
            KeyError: there is no such part.
        """
        charges = self._charges[name]
        if weight:
            charges.append((weight, amount))

    def minimise(self, model: CpModel) -> None:
        """Make the sum of all parts the model's objective."""
        model.minimize(self.total())

    def total(self) -> LinearExpr | int:
        """The sum of all parts."""
        return sum(weight * amount for parts in self._charges.values() for weight, amount in parts)

    def itemised(self, answer: Answer) -> tuple[Penalty, ...]:
        """What each part costs in an answer, in the order in which the names were announced; the costs sum to the objective."""
        return tuple(_penalty(name, charges, answer) for name, charges in self._charges.items())


def _penalty(name: str, charges: Iterable[tuple[int, LinearExpr | int]], answer: Answer) -> Penalty:
    amounts = [(weight, answer.value(amount)) for weight, amount in charges]
    return Penalty(name, sum(amount for _, amount in amounts), sum(weight * amount for weight, amount in amounts))
