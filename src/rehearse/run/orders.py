"""Which orders of a concurrent block are tried, and whether each came out as some serial order would have.

Up to `stage.orders` possible orders all are tried, by depth-first replay of choices. Beyond that half of the sample is PCT of depth 2
and 3, half a random walk, both seeded by the scenario; a sample proves nothing, and the report never says that it does.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rehearse.database.observe import StatementLog
from rehearse.database.store import Lease
from rehearse.run.concurrent import Block, Order, perform_order, photographed
from rehearse.run.interleave import Chooser, PriorityChange, RandomWalk, Replay
from rehearse.run.outcome import SERIAL_EQUIVALENCE, InvariantBreach, StepResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

class Permutation:
    """Each operation as a whole, in a given order: a serial order, as far as locks allow one."""

    def __init__(self, rank: Sequence[int]) -> None:
        self._rank = tuple(rank)

    def choose(self, able: Sequence[int]) -> int:
        """Return the first of the rank that can move."""
        return min(able, key=self._rank.index)


@dataclass(frozen=True)
class Exploration:
    """What was tried, in words, and the first order that came out wrong."""

    words: str
    breach: InvariantBreach | None = None


@dataclass
class _Explorer:
    """Performs orders on copies of `base` and remembers what the serial ones came to."""

    block: Block
    base: Lease
    tried: int = 0
    serial: dict[frozenset[int], frozenset[tuple[object, ...]]] = field(default_factory=dict)

    def perform(self, chooser: Chooser) -> Order:
        self.tried += 1
        copy = self.base.fork(f"order{self.tried}")
        try:
            return photographed(self.block, copy, perform_order(self.block, copy, chooser, StatementLog(limit=0)))
        finally:
            copy.discard()

    def is_right(self, order: Order) -> bool:
        """Whether an order equals a serial order of the operations that were not given up for contention."""
        stayed = frozenset(i for i, step in enumerate(order.steps) if not _gave_up(step))
        if stayed not in self.serial:
            self.serial[stayed] = frozenset(_outcome(found, stayed) for found in self._serial_orders(stayed))
        return _outcome(order, stayed) in self.serial[stayed]

    def _serial_orders(self, stayed: frozenset[int]) -> Iterator[Order]:
        others = tuple(i for i in range(len(self.block.planned)) if i not in stayed)
        for rank in itertools.permutations(sorted(stayed)):
            yield self.perform(Permutation((*rank, *others)))


def _gave_up(step: StepResult) -> bool:
    return any(reason.code == "contention" for reason in step.reasons)


def _outcome(order: Order, stayed: frozenset[int]) -> tuple[object, ...]:
    results = tuple((step.outcome, step.data) for i, step in enumerate(order.steps) if i in stayed)
    return (order.fingerprint, results)


def explore(block: Block, base: Lease, own: Order) -> Exploration:
    """Try orders of `block` until all, or as many as asked for, were tried; the first wrong one ends the search."""
    explorer = _Explorer(block, base)
    possible = possible_orders([sum(1 for c in own.choices if c.chosen == i) for i in range(len(own.steps))])
    exhaustive = possible <= block.stage.orders
    orders = _depth_first(explorer) if exhaustive else _sampled(explorer, len(own.choices))
    count = 0
    for order in itertools.islice(orders, block.stage.orders):
        count += 1
        if block.stage.cancellation.requested or block.stage.deadline.passed:
            return Exploration(f"{count} of {possible} orders, then the time was over")
        if not explorer.is_right(order):
            return Exploration(f"{count} of {possible} orders", _breach(order))
    mode = "every order that locks allow" if exhaustive else "half PCT of depth 2 and 3, half random, seeded"
    return Exploration(f"{count} of at most {possible} orders ({mode})")


def possible_orders(statements: Sequence[int]) -> int:
    """Return how many interleavings there are of sequences of these lengths: (Σk)! / ∏k!."""
    return math.factorial(sum(statements)) // math.prod(math.factorial(count) for count in statements)


def _depth_first(explorer: _Explorer) -> Iterator[Order]:
    """Every order, by replaying all but the last choice that had an alternative left."""
    prefix: list[int] | None = []
    while prefix is not None:
        order = explorer.perform(Replay(prefix))
        yield order
        prefix = next_prefix([(choice.able, choice.chosen) for choice in order.choices])


def next_prefix(choices: Sequence[tuple[tuple[int, ...], int]]) -> list[int] | None:
    """Return the choices that lead into the next unexplored order, or None when there is none."""
    for depth in range(len(choices) - 1, -1, -1):
        able, chosen = choices[depth]
        later = [index for index in able if index > chosen]
        if later:
            return [made for _, made in choices[:depth]] + [later[0]]
    return None


def _sampled(explorer: _Explorer, statements: int) -> Iterator[Order]:
    seed, operations = explorer.block.context.seed, len(explorer.block.planned)
    for number in itertools.count():
        drawn = seed * 1_000_003 + number
        if number % 2:
            yield explorer.perform(RandomWalk(drawn))
        else:
            yield explorer.perform(PriorityChange(drawn, operations, statements, depth=2 + (number // 2) % 2))


def _breach(order: Order) -> InvariantBreach:
    """Tell who did what when, and how each operation came out."""
    names = [step.name for step in order.steps]
    moves = [f"{names[choice.chosen]} {choice.verb}" for choice in order.choices]
    ends = [f"{step.name} {step.outcome}" for step in order.steps]
    text = f"no serial order ends like this one: {' → '.join(moves)}; {', '.join(ends)}"
    return InvariantBreach(SERIAL_EQUIVALENCE, names[-1], (text,))
