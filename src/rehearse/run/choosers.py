"""Who moves next in a concurrent block: the order written, a replay, a serial order, a walk by chance."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Chooser(Protocol):
    """Decides who moves next."""

    def choose(self, able: Sequence[int]) -> int:
        """Return one of `able`, which is never empty and ascending."""
        ...


class AsWritten:
    """The first that can move: each operation as a whole, in the order written, unless it has to wait."""

    def choose(self, able: Sequence[int]) -> int:
        """Return the lowest index."""
        return able[0]


class Permutation:
    """Each operation as a whole, in a given order: a serial order, as far as locks allow one."""

    def __init__(self, rank: Sequence[int]) -> None:
        self._rank = tuple(rank)

    def choose(self, able: Sequence[int]) -> int:
        """Return the first of the rank that can move."""
        return min(able, key=self._rank.index)


class Replay:
    """Follows a prefix of choices, then the lowest index: what depth-first search needs, and whoever wants to see an order again."""

    def __init__(self, prefix: Sequence[int]) -> None:
        self._prefix = tuple(prefix)
        self._made = 0

    def choose(self, able: Sequence[int]) -> int:
        """Return the prefix's choice if it can move, else the lowest index."""
        wished = self._prefix[self._made] if self._made < len(self._prefix) else able[0]
        self._made += 1
        return wished if wished in able else able[0]


class RandomWalk:
    """A uniform choice at every step, from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (replayable sampling, no secret)

    def choose(self, able: Sequence[int]) -> int:
        """Return one of `able`, each as likely."""
        return self._random.choice(able)


class PriorityChange:
    """Probabilistic concurrency testing: random priorities, and `depth` − 1 random moments at which the leader falls to the end.

    Finds a bug of depth d among n operations and k statements with a probability of at least 1 / (n · k^(d−1)).
    """

    def __init__(self, seed: int, operations: int, statements: int, depth: int) -> None:
        draw = random.Random(seed)  # noqa: S311  (replayable sampling, no secret)
        self._rank = list(range(operations))
        draw.shuffle(self._rank)
        self._changes = {draw.randrange(max(1, statements)) for _ in range(depth - 1)}
        self._made = 0

    def choose(self, able: Sequence[int]) -> int:
        """Return the leader by rank; at a change point the leader is sent to the end first."""
        leader = min(able, key=self._rank.index)
        if self._made in self._changes:
            self._rank.remove(leader)
            self._rank.append(leader)
            leader = min(able, key=self._rank.index)
        self._made += 1
        return leader
