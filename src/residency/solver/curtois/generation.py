"""Column generation: the linear program asks for rosters at its prices until none would make it cheaper; and diving, which makes it whole.

Every pricing of all persons gives a bound, whatever the prices are: no roster costs less than the covers at their prices plus the cheapest
roster of each person (Lagrange). It is summed in integers, so that rounding takes nothing from the proof.

A dive fixes the rosters that the linear program has chosen, or the one that it has chosen most of, prices the others' anew and goes on
until everybody has one. Columns that a dive needed are what the program of the root lacked: chosen among all of them by an integer
program (`restricted`), they make better rosters than each dive alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from residency.solver.curtois.master import SCALE, Column, Master
from residency.solver.curtois.pricing import POSSIBLE, Prices, Targets, pricers

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.modes import Integers
    from residency.solver.curtois.pricing import Pricer

#: New rosters of each person in a round: more make the linear program slower, fewer make more rounds.
_ROSTERS_A_ROUND = 12
#: Rounds between two fixings of a dive.
_ROUNDS_A_FIXING = 4
#: A share from which a roster counts as chosen.
_CHOSEN = 0.99
#: How far a dive that is not the first may stray from the largest share.
_JITTER = 0.3
#: Rounding of prices may promise gains of this size, in thousandths, that are none.
_NO_GAIN = 1


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Round:
    """One solution of the linear program and one pricing: the shares, and how many columns were added."""

    shares: tuple[tuple[Column, float], ...]
    added: int


class Generation:
    """Columns, bound and dives of one instance.

    Attributes:
        master: The linear program.
        bound: What no roster of the instance can cost less than.
        impossible: Persons for whom there is no roster at all; if there are any, nothing else may be asked.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.master = Master(instance)
        self._pricers = tuple(pricers(instance))
        self.bound = 0
        self.impossible = self._begin()

    def _begin(self) -> tuple[int, ...]:
        """Give everybody the roster that is cheapest for the person alone."""
        costs = self.master.costs(np.zeros((self._instance.days, len(self._instance.shifts) + 1), dtype=np.int64))
        impossible: list[int] = []
        for pricer in self._pricers:
            prices = pricer.price(costs, pricer.persons)
            impossible += [p for p, c in zip(prices.persons, prices.cheapest.tolist(), strict=True) if c >= POSSIBLE]
            if not impossible:
                self._add(pricer, prices, dict.fromkeys(prices.persons, math.inf))
        return tuple(sorted(impossible))

    def root(self, is_over: Callable[[], bool] = _never) -> None:
        """Generate until nothing is gained or time is over; if nothing is gained, the bound is that of the whole linear program."""
        everybody = range(len(self._instance.employees))
        while self._round(everybody).added and not is_over():
            pass

    def dive(self, choice: random.Random | None, is_over: Callable[[], bool] = _never) -> tuple[Column, ...]:
        """A roster for each person, by fixing. Once time is over, the largest shares are fixed all at once.

        Args:
            choice: strays from the largest share now and then; without it, the largest share is always followed.
            is_over: whether time is over.
        """
        fixed: dict[int, Column] = {}
        while len(fixed) < len(self._instance.employees):
            free = [person for person in range(len(self._instance.employees)) if person not in fixed]
            shares = self._shares(free, is_over)
            for column in _largest(shares) if is_over() else _to_fix(shares, choice):
                self.master.fix(column)
                fixed[column.person] = column
        for column in fixed.values():
            self.master.release(column)
        return tuple(fixed[person] for person in sorted(fixed))

    def _shares(self, free: Collection[int], is_over: Callable[[], bool]) -> list[tuple[Column, float]]:
        """The shares of persons who are free, after some rounds for them."""
        done = self._round(free)
        for _ in range(_ROUNDS_A_FIXING - 1):
            if not done.added or is_over():
                break
            done = self._round(free)
        return [(column, share) for column, share in done.shares if column.person in free]

    def _round(self, free: Collection[int]) -> Round:
        """Solve the linear program, and add columns for the persons who are free."""
        relaxation = self.master.relax()
        costs = self.master.costs(relaxation.covers)
        lagrange = sum(
            cover.required * int(relaxation.covers[cover.day, 1 + cover.shift]) for cover in self._instance.covers
        )
        added = 0
        for pricer in self._pricers:
            persons = [person for person in pricer.persons if person in free]
            if persons:
                prices = pricer.price(costs, persons)
                bases = [self.master.wishes.bases[person] * SCALE for person in persons]
                lagrange += int(prices.cheapest.sum()) + sum(bases)
                limits = {p: relaxation.persons[p] - base - _NO_GAIN for p, base in zip(persons, bases, strict=True)}
                added += self._add(pricer, prices, limits)
        if len(free) == len(self._instance.employees):
            self.bound = max(self.bound, -(-lagrange // SCALE))
        return Round(relaxation.shares, added)

    def _add(self, pricer: Pricer, prices: Prices, limits: dict[int, float]) -> int:
        """Add the cheapest rosters through the duties that have one below the person's limit; return how many are new."""
        wanted = [
            (place, *divmod(int(at), through.shape[1]))
            for place, through in enumerate(prices.through)
            for at in np.argsort(through, axis=None, kind="stable")[: 3 * _ROSTERS_A_ROUND]
            if through.flat[at] < min(POSSIBLE, limits[prices.persons[place]])
        ]
        if not wanted:
            return 0
        places, days, duties = np.array(wanted, dtype=np.int64).T
        news: dict[int, int] = {}
        for place, roster in zip(places.tolist(), pricer.rosters(Targets(places, days, duties)).tolist(), strict=True):
            if news.get(place, 0) < _ROSTERS_A_ROUND:
                column = self.master.column(prices.persons[place], tuple(roster))
                news[place] = news.get(place, 0) + self.master.add(column)
        return sum(news.values())


def _to_fix(shares: list[tuple[Column, float]], choice: random.Random | None) -> list[Column]:
    """All columns that are chosen as good as whole, or else the one with the largest share."""
    chosen = [column for column, share in shares if share >= _CHOSEN]
    if chosen:
        return chosen
    liked = [share + (choice.random() * _JITTER if choice else 0.0) for _, share in shares]
    return [shares[liked.index(max(liked))][0]]


def _largest(shares: list[tuple[Column, float]]) -> list[Column]:
    """Each person's column with the largest share."""
    best: dict[int, tuple[Column, float]] = {}
    for column, share in shares:
        if column.person not in best or share > best[column.person][1]:
            best[column.person] = column, share
    return [column for column, _ in best.values()]


def cost_of(instance: Instance, columns: tuple[Column, ...]) -> int:
    """What a roster of everybody costs: the requests of each, and the covers of all."""
    at_work: Integers = np.zeros((instance.days, len(instance.shifts) + 1), dtype=np.int64)
    for column in columns:
        at_work[range(instance.days), column.duties] += 1
    cost = sum(column.cost for column in columns)
    for cover in instance.covers:
        excess = int(at_work[cover.day, 1 + cover.shift]) - cover.required
        cost += cover.weight_above * excess if excess > 0 else -cover.weight_below * excess
    return cost
