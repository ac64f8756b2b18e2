"""One operation in one transaction: begun, committed, tried again and rolled back here and nowhere else."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rehearse.database.deadline import Deadline
from rehearse.database.store import Work, is_contention
from rehearse.domain import Context, Operation, OperationResult, Reason, rejected
from rehearse.errors import ContentionError
from rehearse.run.answers import checked_answer
from rehearse.run.deadline import OperationStoppedError

if TYPE_CHECKING:
    from sqlalchemy import Connection

logger = logging.getLogger("rehearse")

MAX_TRIES = 10
"""How often a serialization failure is tried again before the step is refused with code ``contention``."""

Fate = Literal["open", "committing", "committed", "aborted", "unknown"]
"""What became of a transaction; ``committing`` is a COMMIT that was sent, or was about to be, and of which nothing more is known."""


class StepSession:
    """What an operation holds: the connection inside its transaction, and the counter of its rows' ids."""

    def __init__(self, connection: Connection, step: str) -> None:
        self.connection = connection
        self.step = step
        self._made: Counter[str] = Counter()

    def new_id(self, table: str) -> str:
        """Return ``<step>:<n>``, n counting this step's rows in `table` from 1."""
        self._made[table] += 1
        return f"{self.step}:{self._made[table]}"


@dataclass
class Attempt:
    """The transaction of one step while it runs; read by the waiting thread once this one has ended or was abandoned.

    Attributes:
        before_commit: Told right before COMMIT is sent.
        tries: How often it was begun.
        answer: What the operation answered in the last try, or None.
        fate: What became of the last try's transaction.
    """

    work: Work
    operation: Operation
    arguments: object
    context: Context
    step: str
    deadline: Deadline
    before_commit: Callable[[], object] = field(default=lambda: None)
    tries: int = 0
    answer: OperationResult | None = None
    fate: Fate = "open"
    _awaiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None
    _is_cancelled: bool = False
    _started: float | None = None
    _finished: float | None = None

    def run(self) -> OperationResult:
        """Perform the operation, and again after it lost against another session, at most `MAX_TRIES` times in all."""
        self._started = self.deadline.now()
        while self.tries < MAX_TRIES:
            self.tries += 1
            try:
                return self._once()
            except Exception as error:
                clean = self.settle()
                if self.fate == "committed" and self.answer is not None:
                    return self.answer
                if not clean or self.fate == "unknown" or self.deadline.passed or not _lost(error):
                    raise
        return rejected(_contention(self.tries))

    def settle(self) -> bool:
        """Establish what became of the transaction and undo what is left of it; harmless when there is nothing.

        What goes wrong here is logged and no more: the error that led here is the one to tell. Returns whether all went well.
        """
        if self.fate in ("committed", "aborted", "unknown"):
            return True
        clean = self._tidied(self._ask) if self.fate == "committing" else True
        if self.fate == "committing":
            self.fate = "unknown"
        clean = self._tidied(self.work.rollback) and clean
        if self.fate == "open":
            self.fate = "aborted"
        return clean

    def finish(self) -> None:
        """Settle, and give the connection back."""
        self.settle()
        self._tidied(self.work.close)
        self._finished = self.deadline.now()

    @property
    def seconds(self) -> float:
        """How long it took; so far, if it has not finished."""
        if self._started is None:
            return 0.0
        return (self.deadline.now() if self._finished is None else self._finished) - self._started

    def cancel(self) -> bool:
        """Cancel what an ``async def`` operation awaits, from another thread; False if it awaits nothing."""
        if self._awaiting is None:
            return False
        self._is_cancelled = True
        loop, task = self._awaiting
        with suppress(RuntimeError):  # closed in the meantime: it has ended
            loop.call_soon_threadsafe(task.cancel)
        return True

    async def _awaited(self, answer: Awaitable[object]) -> object:
        """Await an ``async def`` operation on a loop of this thread's own."""
        task = asyncio.ensure_future(answer)
        self._awaiting = (asyncio.get_running_loop(), task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._is_cancelled:
                raise OperationStoppedError from None
            raise
        finally:
            self._awaiting = None

    def _ask(self) -> None:
        """Cancelled is not rolled back, and an exception says nothing about the outcome: it is read back."""
        self.fate = self.work.outcome_after_interruption()

    def _tidied(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except Exception:  # the operation's own error is the one to tell; this one is for whoever looks for it
            logger.debug("%s: tidying up after the operation failed", self.step, exc_info=True)
            return False
        return True

    def _once(self) -> OperationResult:
        self.fate, self.answer = "open", None
        self.work.begin(write=self.operation.writes)
        session = StepSession(self.work.connection, self.step)
        answer = self.operation.function(session, self.arguments, self.context)
        if inspect.isawaitable(answer):
            answer = asyncio.run(self._awaited(answer))
        answer = checked_answer(answer, self.operation.name)
        if self.deadline.passed:
            raise OperationStoppedError
        self.before_commit()
        self.answer, self.fate = answer, "committing"
        self.work.commit()
        self.fate = "committed"
        return answer


def _lost(error: Exception) -> bool:
    return isinstance(error, ContentionError) or is_contention(error)


def _contention(tries: int) -> Reason:
    return Reason("contention", f"other sessions kept changing the same rows; given up after {tries} tries")
