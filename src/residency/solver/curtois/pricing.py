"""The cheapest roster of each person under given prices: dynamic programming over days, persons of like contracts side by side.

A state after a day is a mode (`modes`) and the amounts used so far (`resources`). One array holds all states of all persons, so that a day
is a handful of array operations. Prices are integers, so that nothing is lost by rounding and the bound that is made of them is a proof.

A forward pass (cost so far) and a backward pass (cost to go) together tell the cheapest roster through every person, day and duty. Columns
for all of them bring the linear program to its optimum in a third of the rounds that the one cheapest roster of each person needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from residency.solver.curtois.modes import Contract, Integers, Modes
from residency.solver.curtois.resources import Moves, Resources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from residency.solver.curtois.instance import Employee, Instance

#: The price of what may not be; no sum of real prices comes near, and no sum of these comes near `_NEVER`.
BARRED = 1 << 40
#: Costs below are those of rosters.
POSSIBLE = 1 << 39
_NEVER = 1 << 50


@dataclass(frozen=True, slots=True)
class Prices:
    """What pricing found.

    Attributes:
        persons: Whose, in the order of the arrays' first axis.
        cheapest: The cost of each person's cheapest roster; `POSSIBLE` or more if there is none.
        through: By person, day and duty (0 off, 1 + shift), the cost of the cheapest roster that has it.
    """

    persons: tuple[int, ...]
    cheapest: Integers
    through: Integers


@dataclass(frozen=True, slots=True)
class Targets:
    """Duties through which rosters are wanted: places in `Prices.persons`, days, duties; arrays of one length."""

    places: Integers
    days: Integers
    duties: Integers


class Pricer:
    """Prices the rosters of persons of one contract.

    Args:
        instance: The whole problem.
        persons: Their numbers.
        counted: Shifts whose number is counted; of the persons' other shifts, no limit can bind.
    """

    def __init__(self, instance: Instance, persons: tuple[int, ...], counted: Sequence[int]) -> None:
        self.persons = persons
        self._days, self._kinds = instance.days, len(instance.shifts)
        self._contract = Contract.of(instance.employees[persons[0]])
        self._modes = Modes(instance, self._contract)
        self._resources = Resources(instance, persons, counted)
        self._moves = Moves(self._resources, self._modes)
        shape = (self._days, self._modes.count, len(persons), *self._resources.shape)
        # What no roster reaches is never written, so the arrays are made once.
        self._forward = np.full(shape, _NEVER, dtype=np.int64)
        self._backward = np.full(shape, _NEVER, dtype=np.int64)
        self._cost = np.zeros((0, 0, 0), dtype=np.int64)
        self._best = np.zeros((0, 0, 0), dtype=np.int64)

    def price(self, cost: Integers, persons: Sequence[int]) -> Prices:
        """Price some of the persons, under the cost by person (all of the instance), day and duty."""
        self._cost = cost[list(persons)]
        at = [self.persons.index(person) for person in persons]
        self._price_forward(at)
        self._price_backward(at)
        return self._through(tuple(persons))

    def _off_and_work(self, states: Integers) -> tuple[Integers, Integers]:
        """One day's states, split: by days off in a row; by shift and days of work in a row."""
        rests, row = self._modes.rests, self._modes.row
        return states[:rests], states[rests:].reshape(self._kinds, row, *states.shape[1:])

    def _prices(self, day: int, duty: int) -> Integers:
        """By person, shaped to be added to arrays of amounts."""
        prices: Integers = self._cost[:, day, duty][(..., *(None for _ in self._resources.shape))]
        return prices

    def _price_forward(self, at: Sequence[int]) -> None:
        states = self._forward[:, :, : len(at)]
        begin = np.full(states.shape[2:], _NEVER, dtype=np.int64)
        for place, person in enumerate(at):
            begin[(place, *self._resources.start[person])] = 0
        states[0, self._modes.rests - 1] = begin + self._prices(0, 0)
        self._work_forward(0, begin, states[0])
        for day in range(1, self._days):
            off, work = self._off_and_work(states[day - 1])
            rests = self._modes.rests
            states[day, 1:rests] = off[:-1]
            states[day, 0] = self._ends(day - 1, work)
            np.minimum(states[day, rests - 1], off[-1], out=states[day, rests - 1])
            states[day, :rests] += self._prices(day, 0)
            self._work_forward(day, off[-1], states[day], work)

    def _ends(self, day: int, work: Integers) -> Integers:
        """The least cost of rows of work that may end with a day."""
        least = self._contract.min_consecutive_shifts - 1
        ends: Integers = work[:, least:].min(axis=(0, 1), initial=_NEVER)
        return ends if day >= least else np.minimum(ends, work[:, day : day + 1].min(axis=(0, 1), initial=_NEVER))

    def _work_forward(self, day: int, rested: Integers, states: Integers, before: Integers | None = None) -> None:
        """Start rows of work after enough days off, and go on with those of the day before."""
        _, work = self._off_and_work(states)
        goes_on = min(self._modes.row - 1, day)
        for shift in range(self._kinds):
            price = self._prices(day, 1 + shift)
            self._resources.move(day, shift, is_first=True).forward(rested, price, work[shift, 0])
            earlier = self._modes.before[shift]
            if before is not None and goes_on and earlier:
                row = reduce(np.minimum, (before[kind, :goes_on] for kind in earlier))
                move = self._resources.move(day, shift, is_first=False)
                move.forward(row, price, work[shift, 1 : goes_on + 1])

    def _price_backward(self, at: Sequence[int]) -> None:
        states = self._backward[:, :, : len(at)]
        states[-1] = np.where(self._resources.missing[at], _NEVER, 0)
        worked = np.full((self._kinds, self._modes.row, *states.shape[2:]), _NEVER, dtype=np.int64)
        for day in range(self._days - 1, 0, -1):
            worked.fill(_NEVER)
            off, work = self._off_and_work(states[day])
            for shift in range(self._kinds):
                price = self._prices(day, 1 + shift)
                self._resources.move(day, shift, is_first=True).backward(work[shift, 0], price, worked[shift, 0])
                self._resources.move(day, shift, is_first=False).backward(work[shift, 1:], price, worked[shift, 1:])
            rested = off + self._prices(day, 0)
            self._choose(day - 1, rested, worked, states[day - 1])

    def _choose(self, day: int, rested: Integers, worked: Integers, states: Integers) -> None:
        """What is cheapest after a day, given the cost of resting or working the next."""
        off, work = self._off_and_work(states)
        off[:-1] = rested[1:]
        np.minimum(rested[-1], worked[:, 0].min(axis=0), out=off[-1])
        least = self._contract.min_consecutive_shifts - 1
        for shift in range(self._kinds):
            later = self._modes.after[shift]
            work[shift] = _NEVER
            if later:
                work[shift, :-1] = reduce(np.minimum, (worked[kind, 1:] for kind in later))
            for ends in (slice(least, None), slice(day, min(day + 1, least))):
                np.minimum(work[shift, ends], rested[0], out=work[shift, ends])

    def _through(self, persons: tuple[int, ...]) -> Prices:
        shape = (self._days, self._modes.count, len(persons), math.prod(self._resources.shape))
        best, through = [], []
        for duty in range(self._kinds + 1):
            modes = self._modes.of_duty(duty)
            so_far, to_go = self._forward[:, modes, : len(persons)], self._backward[:, modes, : len(persons)]
            total = (so_far + to_go).reshape(shape[0], -1, *shape[2:])
            cells, costs = total.argmin(axis=3), total.min(axis=3)
            mode = costs.argmin(axis=1, keepdims=True)
            best.append(((modes.start + mode) * shape[3] + np.take_along_axis(cells, mode, 1))[:, 0])
            through.append(costs.min(axis=1))
        self._best = np.stack(best, axis=2).swapaxes(0, 1)
        costs_of_all = np.stack(through, axis=2).swapaxes(0, 1)
        return Prices(persons, costs_of_all[:, 0].min(axis=1), costs_of_all)

    def rosters(self, targets: Targets) -> Integers:
        """The cheapest rosters through duties that the last pricing found possible: a row each, by day the duty."""
        cells = math.prod(self._resources.shape)
        duties = np.zeros((len(targets.days), self._days), dtype=np.int64)
        modes, amounts = np.divmod(self._best[targets.places, targets.days, targets.duties], cells)
        duties[np.arange(len(duties)), targets.days] = targets.duties
        self._trace_back(targets, modes.copy(), amounts.copy(), duties)
        self._trace_on(targets, modes, amounts, duties)
        return duties

    def _cells(self, states: Integers, day: int) -> Integers:
        """One day's states by mode, person and cell."""
        cells: Integers = states[day].reshape(self._modes.count, len(self.persons), -1)
        return cells

    def _trace_back(self, targets: Targets, modes: Integers, amounts: Integers, duties: Integers) -> None:
        """Fill in the days before each target, last day first."""
        for day in range(int(targets.days.max()), 0, -1):
            live = np.flatnonzero(targets.days >= day)
            mode, place = modes[live], targets.places[live]
            cost = self._cells(self._forward, day)[mode, place, amounts[live]]
            cost = cost - self._cost[place, day, self._modes.duty[mode]]
            cell = self._moves.before(day)[mode, amounts[live]]
            earlier = self._cells(self._forward, day - 1)[:, place, cell].T
            fits = (earlier == cost[:, None]) & self._modes.allowed[day][:, mode].T
            modes[live], amounts[live] = fits.argmax(axis=1), cell
            duties[live, day - 1] = self._modes.duty[modes[live]]

    def _trace_on(self, targets: Targets, modes: Integers, amounts: Integers, duties: Integers) -> None:
        """Fill in the days after each target."""
        every = np.arange(self._modes.count)
        for day in range(int(targets.days.min()) + 1, self._days):
            live = np.flatnonzero(targets.days < day)
            mode, place = modes[live], targets.places[live]
            cost = self._cells(self._backward, day - 1)[mode, place, amounts[live]]
            cell = self._moves.after(day)[:, amounts[live]].T
            later = self._cells(self._backward, day)[every[None, :], place[:, None], cell]
            later = later + self._cost[place, day][:, self._modes.duty]
            fits = (later == cost[:, None]) & self._modes.allowed[day][mode] & (cell >= 0)
            modes[live] = fits.argmax(axis=1)
            amounts[live] = cell[np.arange(len(live)), modes[live]]
            duties[live, day] = self._modes.duty[modes[live]]


def pricers(instance: Instance) -> Iterator[Pricer]:
    """Pricers for all persons, those of one contract and of the same counted shifts together."""
    for group in _groups(instance):
        yield Pricer(instance, group.persons, group.counted)


def states(instance: Instance) -> int:
    """How many states the pricers of an instance would hold; what they need of memory is sixteen bytes a state."""
    total = 0
    for group in _groups(instance):
        contract = Contract.of(instance.employees[group.persons[0]])
        modes = contract.min_consecutive_days_off + len(instance.shifts) * contract.max_consecutive_shifts
        people = [instance.employees[person] for person in group.persons]
        unit = math.gcd(*(shift.minutes for shift in instance.shifts))
        cells = (max(p.max_weekends for p in people) + 1) * (max(p.max_total_minutes for p in people) // unit + 1)
        cells *= math.prod(max(p.max_shifts[shift] for p in people) + 1 for shift in group.counted)
        total += instance.days * modes * len(people) * cells
    return total


@dataclass(frozen=True, slots=True)
class _Group:
    """Persons who are priced side by side, and the shifts whose number is counted for them."""

    persons: tuple[int, ...]
    counted: tuple[int, ...]


def _groups(instance: Instance) -> Iterator[_Group]:
    contracts = [Contract.of(employee) for employee in instance.employees]
    limited: dict[Contract, set[int]] = {contract: set() for contract in contracts}
    for employee, contract in zip(instance.employees, contracts, strict=True):
        limited[contract].update(_limited(instance, employee))
    groups: dict[tuple[Contract, tuple[int, ...]], list[int]] = {}
    for person, (employee, contract) in enumerate(zip(instance.employees, contracts, strict=True)):
        own = _limited(instance, employee)
        counted = tuple(s for s in sorted(limited[contract]) if s in own or employee.max_shifts[s] == 0)
        groups.setdefault((contract, counted), []).append(person)
    for (_, counted), persons in groups.items():
        yield _Group(tuple(persons), counted)


def _limited(instance: Instance, employee: Employee) -> set[int]:
    """Shifts that a person may work, and less often than days and minutes would let."""
    return {
        number
        for number, shift in enumerate(instance.shifts)
        if 0 < employee.max_shifts[number] < min(instance.days, employee.max_total_minutes // shift.minutes)
    }
