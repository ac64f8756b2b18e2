"""Which orders of a concurrent block are tried, and whether each came out as some serial order would have.

Up to `stage.orders` possible orders all are tried, by depth-first replay of choices. Beyond that half of the sample is PCT of depth 2
and 3, half a random walk, both seeded by the scenario; a sample proves nothing, and the report never says that it does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rehearse.database.deadline import DeadlinePassedError
from rehearse.database.observe import StatementLog
from rehearse.run.choosers import Chooser, Permutation, PriorityChange, RandomWalk, Replay
from rehearse.run.concurrent import Block, Order, perform_order
from rehearse.run.conflicts import told
from rehearse.run.outcome import SERIAL_EQUIVALENCE, InvariantBreach, StepResult
from rehearse.run.photograph import Camera
from rehearse.snapshot.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rehearse.database.store import Lease

_FEWEST_SWITCHES = 2
"""An order with fewer is a serial one: no wrong order is smaller."""


@dataclass(frozen=True)
class Exploration:
    """What was tried, in words, and the smallest order that came out wrong."""

    words: str
    breach: InvariantBreach | None = None


class _OutOfTimeError(Exception):
    """An order was cut short, so that it says nothing, and no other begins."""


@dataclass
class Explorer:
    """Performs orders on copies of one database, and remembers what the serial ones came to.

    Attributes:
        perform: ``(chooser, sessions) -> order``: performs the operations of `sessions` on a copy of their own.
        count: How many operations there are.
        serial: What the serial orders of some operations came to.
        has_more: Whether depth-first search has not come to its end.
    """

    perform: Callable[[Chooser, Collection[int]], Order]
    count: int
    serial: dict[frozenset[int], frozenset[tuple[object, ...]]] = field(default_factory=dict)
    has_more: bool = True

    def is_right(self, order: Order) -> bool:
        """Whether an order equals a serial order of the operations that were not given up for contention."""
        stayed = frozenset(i for i, step in enumerate(order.steps) if not _gave_up(step))
        if stayed not in self.serial:
            serial = (self.perform(Permutation(rank), stayed) for rank in itertools.permutations(sorted(stayed)))
            self.serial[stayed] = frozenset(_outcome(each, stayed) for each in serial)
        return _outcome(order, stayed) in self.serial[stayed]

    def depth_first(self) -> Iterator[Order]:
        """Yield every order, by replaying all but the last choice that had an alternative left."""
        prefix: list[int] | None = []
        while prefix is not None:
            order = self.perform(Replay(prefix), range(self.count))
            prefix = next_prefix([(choice.able, choice.chosen) for choice in order.choices])
            self.has_more = prefix is not None
            yield order

    def sampled(self, seed: int, statements: int) -> Iterator[Order]:
        """Yield orders without end: PCT of depth 2 and 3, and between them random walks."""
        for number in itertools.count():
            drawn = seed * 1_000_003 + number
            chooser: Chooser = RandomWalk(drawn)
            if number % 2 == 0:
                chooser = PriorityChange(drawn, self.count, statements, depth=2 + (number // 2) % 2)
            yield self.perform(chooser, range(self.count))


def explore(block: Block, base: Lease, own: Order) -> Exploration:
    """Try orders of `block` on copies of `base`, all of them or as many as asked for, and tell the smallest wrong one."""
    numbers = itertools.count(1)

    def perform(chooser: Chooser, sessions: Collection[int]) -> Order:
        copy = base.fork(f"order{next(numbers)}")
        try:
            return _photographed(block, copy, perform_order(block, copy, chooser, StatementLog(limit=0), only=sessions))
        finally:
            copy.discard()

    explorer = Explorer(perform, len(block.planned))
    return _searched(explorer, block, own)


def _searched(explorer: Explorer, block: Block, own: Order) -> Exploration:
    limit, worst, tried = block.stage.orders, None, 0
    possible = possible_orders([sum(choice.chosen == i for choice in own.choices) for i in range(explorer.count)])
    sample = explorer.sampled(block.context.seed, len(own.choices))
    how = _SAMPLE.format(bound=explorer.count * len(own.choices))
    try:
        for order in itertools.islice(sample if possible > limit else explorer.depth_first(), limit):
            is_right = explorer.is_right(order)
            tried += 1
            worst = worst if is_right else min(worst or order, order, key=size_of)
            if worst and size_of(worst)[0] <= _FEWEST_SWITCHES:
                break
    except (_OutOfTimeError, DeadlinePassedError):
        how = "then the time was over"
    else:
        if possible <= limit:
            how = "depth first" if explorer.has_more else "every one that locks allow"
    total = tried if how.startswith("every") else max(possible, tried)
    return Exploration(f"{tried} of {total} orders, {how}", _breach(worst) if worst else None)


_SAMPLE = "sampled: half PCT of depth 2 and 3 (one of depth 2 finds a bug of that depth once in {bound} at least), half random"


def possible_orders(statements: Sequence[int]) -> int:
    """Return how many interleavings there are of sequences of these lengths: (Σk)! / ∏k!."""
    return math.factorial(sum(statements)) // math.prod(math.factorial(count) for count in statements)


def next_prefix(choices: Sequence[tuple[tuple[int, ...], int]]) -> list[int] | None:
    """Return the choices that lead into the next unexplored order, or None when there is none."""
    for depth in range(len(choices) - 1, -1, -1):
        able, chosen = choices[depth]
        later = [index for index in able if index > chosen]
        if later:
            return [made for _, made in choices[:depth]] + [later[0]]
    return None


def size_of(order: Order) -> tuple[int, int]:
    """Return how often the turn changed, and how many statements there were: the smaller, the easier to read."""
    moves = [choice.chosen for choice in order.choices]
    return (sum(one != other for one, other in itertools.pairwise(moves)), len(moves))


def _photographed(block: Block, lease: Lease, order: Order) -> Order:
    """Return `order` with the fingerprint of the end state that it left on `lease`.

    Raises:
        _OutOfTimeError: If it was cut short.
    """
    if not order.is_whole or block.is_out_of_time:
        raise _OutOfTimeError
    camera = Camera(block.stage.plan, lease, StatementLog(limit=0))
    state = camera.whole("post_execution", block.context.clock, block.stage.deadline)
    return replace(order, fingerprint=fingerprint(state.snapshot))


def _gave_up(step: StepResult) -> bool:
    return any(reason.code == "contention" for reason in step.reasons)


def _outcome(order: Order, stayed: frozenset[int]) -> tuple[object, ...]:
    results = tuple((step.outcome, step.data) for i, step in enumerate(order.steps) if i in stayed)
    return (order.fingerprint, results)


def _breach(order: Order) -> InvariantBreach:
    names = tuple(step.name for step in order.steps)
    ends = ", ".join(f"{step.name} {step.outcome}" for step in order.steps)
    return InvariantBreach(SERIAL_EQUIVALENCE, names[-1], (f"{told(order.choices, names)}; {ends}",))
