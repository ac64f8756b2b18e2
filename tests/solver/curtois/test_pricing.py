"""The cheapest rosters of dynamic programming against all rosters that there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from residency.solver.curtois.master import Master
from residency.solver.curtois.pricing import POSSIBLE, Targets, pricers, states
from solver.curtois.small import instance_of, random_text, rows_of, text_of


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), days=st.integers(5, 7))
def test_the_cheapest_roster_through_every_duty(seed: int, days: int) -> None:
    """By person, day and duty: the cost of brute force, and a roster that has the duty and that cost; of some of the persons, too."""
    text = random_text(seed, persons=3, days=days)
    instance = instance_of(text)
    chance = np.random.default_rng(seed)
    cost = Master(instance).costs(chance.integers(-5000, 5000, size=(days, 3)))
    for pricer in pricers(instance):
        for persons in (pricer.persons, pricer.persons[-1:]):
            prices = pricer.price(cost, persons)
            for place, person in enumerate(persons):
                rows = [[".EL".index(duty or ".") for duty in row] for row in rows_of(text, "ABC"[person])]
                costs = [sum(int(cost[person, day, duty]) for day, duty in enumerate(row)) for row in rows]
                assert min(costs, default=POSSIBLE) == min(POSSIBLE, prices.cheapest[place])
                for day in range(days):
                    for duty in range(3):
                        through = [c for c, row in zip(costs, rows, strict=True) if row[day] == duty]
                        assert min(through, default=POSSIBLE) == min(POSSIBLE, prices.through[place, day, duty])
                wanted = np.argwhere(prices.through[place] < POSSIBLE)
                if len(wanted):
                    targets = Targets(np.full(len(wanted), place), wanted[:, 0], wanted[:, 1])
                    for (day, duty), roster in zip(wanted, pricer.rosters(targets).tolist(), strict=True):
                        assert roster[day] == duty
                        assert costs[rows.index(roster)] == prices.through[place, day, duty]


def test_states_are_told_before_they_are_made() -> None:
    """Days × modes × persons × amounts of weekends, minutes and counted shifts."""
    staff = "A,E=2|L=9,2400,0,3,0,2,1\nB,E=2|L=9,1440,0,3,0,2,0"
    assert states(instance_of(text_of(7, staff))) == 7 * (2 + 2 * 3) * 2 * (2 * 6 * 3)
