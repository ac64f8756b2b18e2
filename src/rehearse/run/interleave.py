"""The scheduler of a concurrent block: exactly one session moves at a time, and who moves next is a choice that can be replayed.

Each operation has a thread and a connection. Before every statement, COMMIT and ROLLBACK its gate parks the thread; the turnstile lets one go
and waits until it parks again, ends, or waits at the server for a lock. The choices made are the order; the same choices give the same order.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from rehearse.errors import ContentionError
from rehearse.run.deadline import OperationStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PROBE_SECONDS = 0.002
"""How long a session may take before the server is asked whether it waits for a lock."""


class _Where(Enum):
    RUNNING = "running"
    PARKED = "parked"
    WAITING = "waiting at the server"
    ENDED = "ended"


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


class Replay:
    """Follows a prefix of choices, then the lowest index; what depth-first search and a replay token need."""

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


@dataclass(frozen=True)
class Choice:
    """One decision: who could move, who did, with which statement."""

    able: tuple[int, ...]
    chosen: int
    verb: str
    sql: str = field(default="", compare=False)


class Turnstile:
    """Holds the threads of one order. `gate(i)` belongs to operation i; `conduct` makes the choices until all have ended.

    Args:
        count: How many operations.
        chooser: Who decides.
        waits_for_lock: Asks whether operation i waits at the server.
        over: Whether the deadline passed or the run was cancelled.
    """

    def __init__(
        self, count: int, chooser: Chooser, waits_for_lock: Callable[[int], bool], over: Callable[[], bool]
    ) -> None:
        self._chooser = chooser
        self._waits_for_lock = waits_for_lock
        self._over = over
        self._moved = threading.Condition()
        self._where = [_Where.RUNNING] * count
        self._pending = [("", "")] * count
        self._refused: set[int] = set()
        self._victim: int | None = None
        self._turn: int | None = None
        self._stopped = False
        self.choices: list[Choice] = []

    def gate(self, index: int) -> TurnstileGate:
        """Return the gate of one operation."""
        return TurnstileGate(self, index)

    def arrive(self, index: int, verb: str, sql: str) -> None:
        """Park until it is this operation's turn.

        Raises:
            OperationStoppedError: If the order was stopped.
            ContentionError: If all wait for each other and this one has to give way.
        """
        with self._moved:
            self._pending[index] = (verb, sql)
            self._where[index] = _Where.PARKED
            self._moved.notify_all()
            self._moved.wait_for(lambda: index in (self._turn, self._victim) or self._stopped)
            self._where[index] = _Where.RUNNING
            if self._stopped:
                raise OperationStoppedError
            if self._victim == index:
                self._victim = None
                self._refused.clear()
                raise ContentionError("every session waited for another; this one gave way")
            self._turn = None

    def answered(self, index: int, *, blocked: bool) -> None:
        """Note that a statement ended; a refused one may be chosen again once somebody else has moved on."""
        with self._moved:
            if blocked:
                self._refused.add(index)
            else:
                self._refused.clear()

    def ended(self, index: int) -> None:
        """Note that an operation is over."""
        with self._moved:
            self._where[index] = _Where.ENDED
            self._refused.clear()
            self._moved.notify_all()

    def conduct(self) -> None:
        """Let one after another go until all have ended, or the order is stopped."""
        while True:
            with self._moved:
                if not self._settled() or self._where.count(_Where.ENDED) == len(self._where):
                    self._stopped = True
                    self._moved.notify_all()
                    return
                parked = self._those(_Where.PARKED)
                able = [i for i in parked if i not in self._refused]
                if able:
                    self._let_go(able)
                elif parked and _Where.WAITING not in self._where:
                    self._victim = parked[-1]
                    self._where[self._victim] = _Where.RUNNING
                    self._moved.notify_all()
                else:
                    self._moved.wait(_PROBE_SECONDS)

    def _let_go(self, able: list[int]) -> None:
        chosen = self._chooser.choose(able)
        verb, sql = self._pending[chosen]
        self.choices.append(Choice(tuple(able), chosen, verb, sql))
        self._turn = chosen
        self._where[chosen] = _Where.RUNNING
        self._moved.notify_all()

    def _settled(self) -> bool:
        """Wait until nobody runs and those who wait at the server still do. False once the order must stop."""
        asked = False
        while not self._over():
            running = self._those(_Where.RUNNING)
            waiting = self._those(_Where.WAITING)
            if running:
                if not self._moved.wait(_PROBE_SECONDS):
                    self._probe(running)
            elif waiting and not asked:
                self._probe(waiting)
                asked = True
            elif waiting and not self._those(_Where.PARKED):
                self._moved.wait(_PROBE_SECONDS)
                asked = False
            else:
                return True
        return False

    def _those(self, where: _Where) -> list[int]:
        return [index for index, place in enumerate(self._where) if place is where]

    def _probe(self, running: list[int]) -> None:
        """Ask the server about these sessions, without holding up the others."""
        self._moved.release()
        try:
            waiting = {i for i in running if self._waits_for_lock(i)}
        finally:
            self._moved.acquire()
        for i in running:
            if self._where[i] in (_Where.RUNNING, _Where.WAITING):
                self._where[i] = _Where.WAITING if i in waiting else _Where.RUNNING


class TurnstileGate:
    """The gate of one operation: a `rehearse.database.observe.Gate`."""

    def __init__(self, turnstile: Turnstile, index: int) -> None:
        self._turnstile = turnstile
        self._index = index

    def before(self, verb: str, sql: str) -> None:
        """Park until the statement may go."""
        self._turnstile.arrive(self._index, verb, sql)

    def after(self, verb: str, *, blocked: bool) -> None:  # noqa: ARG002  (the Protocol's)
        """Say that it was answered."""
        self._turnstile.answered(self._index, blocked=blocked)
