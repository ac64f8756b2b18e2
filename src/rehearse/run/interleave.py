"""The scheduler of a concurrent block: exactly one session moves at a time, and who moves next is a choice that can be replayed.

Each operation has a thread and a connection. Before every statement, COMMIT and ROLLBACK its gate parks the thread; the turnstile lets one go
and waits until it parks again, ends, or waits at the server for a lock. The choices made are the order; the same choices give the same order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from rehearse.errors import ContentionError
from rehearse.run.deadline import OperationStoppedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from rehearse.run.choosers import Chooser

_PROBE_SECONDS = 0.002
"""How long a session may take before the server is asked whether it waits for a lock."""


class _Where(Enum):
    RUNNING = "running"
    PARKED = "parked"
    WAITING = "waiting at the server"
    ENDED = "ended"


@dataclass(frozen=True)
class Choice:
    """One decision: who could move, who did, with which statement."""

    able: tuple[int, ...]
    chosen: int
    verb: str
    sql: str = field(default="", compare=False)


@dataclass(frozen=True)
class Floor:
    """What a turnstile must ask about the sessions that it steers.

    Attributes:
        waits_for_lock: Whether a session waits at the server for a lock of another.
        late: Whether a session's own time is over.
        put_out: Ends a session whose time is over; returns when it has ended, or never will.
        over: Whether the whole order must stop: the deadline passed, the run was cancelled, or a session never came back.
        beat: Called now and then while the order is performed.
    """

    waits_for_lock: Callable[[int], bool]
    late: Callable[[int], bool]
    put_out: Callable[[int], object]
    over: Callable[[], bool]
    beat: Callable[[], None] = lambda: None


class Turnstile:
    """Holds the threads of one order. `gate(i)` belongs to session i; `conduct` makes the choices until all have ended.

    Args:
        sessions: Who takes part; numbers below `count`.
        count: How many there are, with those that do not take part.
        chooser: Who decides.
        floor: What is asked about the sessions.
    """

    def __init__(self, sessions: Collection[int], count: int, chooser: Chooser, floor: Floor) -> None:
        self._chooser = chooser
        self._floor = floor
        self._moved = threading.Condition()
        self._where = [_Where.RUNNING if index in sessions else _Where.ENDED for index in range(count)]
        self._pending = [("", "")] * count
        self._refused: set[int] = set()
        self._put_out: set[int] = set()
        self._victim: int | None = None
        self._turn: int | None = None
        self._stopped = False
        self._rests = 0
        self.choices: list[Choice] = []

    def gate(self, index: int) -> TurnstileGate:
        """Return the gate of one session."""
        return TurnstileGate(self, index)

    def arrive(self, index: int, verb: str, sql: str) -> None:
        """Park until it is this session's turn; who is out may undo what it did without waiting.

        Raises:
            OperationStoppedError: If the order was stopped, or this session was put out.
            ContentionError: If all wait for each other and this one has to give way.
        """
        with self._moved:
            if verb == "ROLLBACK" and self._is_out(index):
                return
            self._pending[index] = (verb, sql)
            self._where[index] = _Where.PARKED
            self._rests += 1
            self._moved.notify_all()
            self._moved.wait_for(lambda: index in (self._turn, self._victim) or self._is_out(index))
            self._where[index] = _Where.RUNNING
            if self._is_out(index) and verb == "ROLLBACK":
                return
            if self._is_out(index):
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
        """Note that a session is over."""
        with self._moved:
            self._where[index] = _Where.ENDED
            self._rests += 1
            self._refused.clear()
            self._moved.notify_all()

    def conduct(self) -> None:
        """Let one after another go until all have ended, or the order is stopped; whoever is still parked then is let go with an error."""
        with self._moved:
            try:
                while self._settled() and self._where.count(_Where.ENDED) < len(self._where):
                    self._move_one()
            finally:
                self._stopped = True
                self._moved.notify_all()

    def _move_one(self) -> None:
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
        """Wait until nobody runs and those who wait at the server still do, asked after the last one came to rest.

        Returns False once the order must stop.
        """
        asked = None
        while not self._floor.over():
            self._floor.beat()
            running = self._those(_Where.RUNNING)
            waiting = self._those(_Where.WAITING)
            if self._put_out_the_late():
                asked = None
            elif running:
                if not self._moved.wait(_PROBE_SECONDS):
                    self._probe(running)
            elif waiting and asked != self._rests:
                asked = self._rests
                self._probe(waiting)
            elif waiting and not self._those(_Where.PARKED):
                self._moved.wait(_PROBE_SECONDS)
                asked = None
            else:
                return True
        return False

    def _put_out_the_late(self) -> bool:
        """End the first session whose own time is over, if there is one; its transaction is undone before anybody else moves."""
        late = next((i for i, place in enumerate(self._where) if self._has_to_go(i, place)), None)
        if late is None:
            return False
        self._put_out.add(late)
        self._moved.notify_all()
        self._unlocked(lambda: self._floor.put_out(late))
        return True

    def _has_to_go(self, index: int, place: _Where) -> bool:
        return place is not _Where.ENDED and index not in self._put_out and self._floor.late(index)

    def _is_out(self, index: int) -> bool:
        return self._stopped or index in self._put_out

    def _those(self, where: _Where) -> list[int]:
        return [index for index, place in enumerate(self._where) if place is where]

    def _probe(self, running: list[int]) -> None:
        """Ask the server about these sessions; not about one that is slow to take its turn, which nobody else may be given meanwhile."""
        waiting = set[int]()
        moving = [index for index in running if index != self._turn]
        self._unlocked(lambda: waiting.update(i for i in moving if self._floor.waits_for_lock(i)))
        for i in running:
            if self._where[i] in (_Where.RUNNING, _Where.WAITING):
                self._where[i] = _Where.WAITING if i in waiting else _Where.RUNNING

    def _unlocked(self, call: Callable[[], object]) -> None:
        """Do something slow without holding up the sessions."""
        self._moved.release()
        try:
            call()
        finally:
            self._moved.acquire()


class TurnstileGate:
    """The gate of one session: a `rehearse.database.observe.Gate`."""

    def __init__(self, turnstile: Turnstile, index: int) -> None:
        self._turnstile = turnstile
        self._index = index

    def before(self, verb: str, sql: str) -> None:
        """Park until the statement may go."""
        self._turnstile.arrive(self._index, verb, sql)

    def after(self, verb: str, *, blocked: bool) -> None:  # noqa: ARG002  (the Protocol's)
        """Say that it was answered."""
        self._turnstile.answered(self._index, blocked=blocked)
