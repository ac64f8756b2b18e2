"""What is seen of every statement: the SQL log, the counts, and the gate at which a scheduler may hold a thread."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that was sent.

    Attributes:
        number: Place in the observer's log, from 1.
        step: The step it belongs to, or a phase (``setup``, ``capture``).
        verb: First word in capitals: SELECT, INSERT, UPDATE, DELETE, BEGIN, COMMIT, ROLLBACK …
        sql: The text with placeholders, cut at 10 kB.
        parameters: Their types, as ``(text, int)``; values only where the run says so.
        rows: Rows changed (or -1 where the driver does not say).
        seconds: How long it took.
        tables: Tables that it names, as far as the verb is one of the four.
        error: Class and message if it failed, without the server's DETAIL; else empty.
    """

    number: int
    step: str
    verb: str
    sql: str
    parameters: str
    rows: int
    seconds: float
    tables: tuple[str, ...] = ()
    error: str = ""


class Gate(Protocol):
    """Held before every statement, COMMIT and ROLLBACK of an operation in a concurrent block."""

    def before(self, verb: str, sql: str) -> None:
        """Return when the statement may go; raise to stop it."""
        ...

    def after(self, verb: str, *, blocked: bool) -> None:
        """Say that it ended; `blocked` if it was refused because another holds the lock."""
        ...


class Observer(Protocol):
    """Told of every statement of one connection."""

    @property
    def step(self) -> str:
        """The step or phase that statements belong to at this moment."""
        ...

    @property
    def gate(self) -> Gate | None:
        """A scheduler's gate, or None."""
        ...

    @property
    def values(self) -> bool:
        """Whether parameter values may be logged (debug mode on a database of our own)."""
        ...

    def record(self, statement: Statement) -> None:
        """Keep it."""
        ...

    def next_number(self) -> int:
        """Return the number of the next statement."""
        ...


class StatementLog:
    """An observer that keeps the log of one run; several connections may share it.

    Over `limit` statements a step only the counts go on.
    """

    def __init__(self, *, values: bool = False, limit: int = 10_000) -> None:
        self.step = "setup"
        self.gate: Gate | None = None
        self.values = values
        self._limit = limit
        self._statements: list[Statement] = []
        self._counts: dict[str, Counter[str]] = {}
        self._numbers = count(1)

    def next_number(self) -> int:
        """Return the number of the next statement."""
        return next(self._numbers)

    def record(self, statement: Statement) -> None:
        """Count `statement`, and keep it while the step is under its limit."""
        counts = self._counts.setdefault(statement.step, Counter())
        counts[statement.verb] += 1
        if counts.total() <= self._limit:
            self._statements.append(statement)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What was kept, in order."""
        return tuple(sorted(self._statements, key=lambda statement: statement.number))

    def counts(self, step: str) -> Mapping[str, int]:
        """Return statements by verb of one step."""
        return dict(self._counts.get(step, {}))

    def count(
        self, *, steps: tuple[str, ...], verbs: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")
    ) -> int:
        """Return how many statements of these verbs these steps sent."""
        return sum(self._counts.get(step, Counter())[verb] for step in steps for verb in verbs)

    def dropped(self, step: str) -> int:
        """Return how many statements of a step were counted but not kept."""
        return max(0, sum(self._counts.get(step, Counter()).values()) - self._limit)
