"""One operation in one transaction: begun, committed, tried again and rolled back here and nowhere else."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rehearse.database.deadline import Deadline
from rehearse.database.store import Work, is_transient
from rehearse.domain import Context, Operation, OperationResult, Reason, rejected
from rehearse.errors import ContentionError
from rehearse.run.deadline import OperationStoppedError

if TYPE_CHECKING:
    from sqlalchemy import Connection


MAX_TRIES = 10
"""How often a serialization failure is tried again before the step is refused with code ``contention``."""


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
    """The transaction of one step while it runs; read by the watchdog once the thread has ended or was abandoned.

    Attributes:
        tries: How often it was begun.
        committing: Whether COMMIT was sent and not answered.
        committed: Whether COMMIT was answered.
    """

    work: Work
    operation: Operation
    arguments: object
    context: Context
    step: str
    deadline: Deadline
    tries: int = 0
    committing: bool = False
    committed: bool = False

    def run(self) -> OperationResult:
        """Perform the operation, and again after a serialization failure, at most `MAX_TRIES` times in all."""
        while True:
            self.tries += 1
            try:
                return self._once()
            except Exception as error:
                self.work.rollback()
                self.committing = False
                if self.deadline.passed or not (isinstance(error, ContentionError) or is_transient(error)):
                    raise
                if self.tries >= MAX_TRIES:
                    return rejected(_contention(self.tries))

    def _once(self) -> OperationResult:
        self.work.begin(write=self.operation.writes)
        session = StepSession(self.work.connection, self.step)
        result = _called(self.operation, session, self.arguments, self.context)
        if not isinstance(result, OperationResult):
            raise TypeError(f"`{self.operation.name}` returned {type(result).__name__}, not an OperationResult")
        if self.deadline.passed:
            raise OperationStoppedError
        self.committing = True
        self.work.commit()
        self.committing, self.committed = False, True
        return result


def _called(operation: Operation, session: StepSession, arguments: object, context: Context) -> Any:
    """Call a ``def`` operation; await an ``async def`` one on a loop of this thread's own."""
    answer = operation.function(session, arguments, context)
    return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer


async def _awaited(answer: Any) -> Any:
    return await answer


def _contention(tries: int) -> Reason:
    return Reason("contention", f"other sessions kept changing the same rows; given up after {tries} tries")
