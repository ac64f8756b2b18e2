"""Two operations at the same moment, by two threads with a connection each.

No scheduler has a hand in it: the threads are let go together, and the database, at the isolation level of the product, decides.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from rehearse.database.deadline import Deadline
from rehearse.database.observe import StatementLog
from rehearse.database.store import Layer, LeaseRequest
from rehearse.domain import Context, OperationResult, State
from rehearse.run.attempt import Attempt
from rehearse.run.observers import StepObserver
from rehearse.snapshot.capture import capture
from residency import DOMAIN, schema
from residency.compliance import blocking, new_or_worse
from residency.judging.judged import audit_breaks, book, untold
from residency.load import snapshot_rows

from .desk import fill, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from rehearse.database.store import Lease, Store

    from .rivals import Ask, Rivals

_PATIENCE = 60
_ARENAS = count(1)


@dataclass(frozen=True)
class Meeting:
    """How two rivals came out.

    Attributes:
        accepted: Whether the first and the second were.
        codes: Of each one's refusal; the class of an error that came out instead of an answer.
        errors: How many ended in one; at the product's isolation none may.
        tries: How often each transaction was begun.
        overlapped: Whether the second began before the first had ended, and the other way round.
        broken: What is wrong with the roster afterwards that was not before.
        alerts: How many alerts about coverage are in the outbox.
    """

    accepted: tuple[bool, bool]
    codes: tuple[tuple[str, ...], tuple[str, ...]]
    tries: tuple[int, int]
    errors: int
    overlapped: bool
    broken: tuple[str, ...]
    alerts: int


class Arena:
    """A database in which a pair stands ready, and of which every meeting has a copy; use it as a context manager."""

    def __init__(self, store: Store, rivals: Rivals) -> None:
        self._store = store
        self._rivals = rivals
        self._world = rivals.world()
        self._context = Context(moment("12-10 09:00"), 0, self._world.settings)
        self._meetings = 0

    def __enter__(self) -> Self:
        number = next(_ARENAS)
        layers = (
            Layer("residency-domain-tests", schema.METADATA.create_all, "schema"),
            Layer(f"rivals-{number}-{id(self)}", self._fill, "setup"),
        )
        self._lease = self._store.lease(LeaseRequest(f"rivals-{number}", layers, isolation="clone", sessions=2))
        for place, ask in enumerate(self._rivals.before, start=1):
            attempt = self._attempt(self._lease, ask, f"before{place}")
            done = attempt.run()
            attempt.finish()
            assert done.outcome == "done", done.reasons
        self._before = self._state(self._lease)
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.discard()

    def _fill(self, connection: Connection) -> None:
        fill(connection, self._world)

    def _attempt(self, lease: Lease, ask: Ask, step: str) -> Attempt:
        """One operation as the product performs it: one transaction, and again if it lost against another."""
        operation, deadline = DOMAIN.operations[ask.operation], Deadline.after(_PATIENCE)
        work = lease.work(StepObserver(StatementLog(limit=0), step), deadline)
        return Attempt(work, operation, operation.parameters(**ask.parameters), self._context, step, deadline)

    def _state(self, lease: Lease) -> State:
        work = lease.work(StepObserver(StatementLog(limit=0), "capture"), Deadline.after(_PATIENCE))
        try:
            work.begin(write=False)
            names = {"id": "rivals", "scenario_id": "rivals", "snapshot_type": "post_execution"}
            snapshot = capture(work.connection, schema.METADATA, **names, timestamp=self._context.clock)
        finally:
            work.rollback()
            work.close()
        return State(snapshot, self._world.settings)

    def is_accepted_alone(self, ask: Ask) -> bool:
        """Whether one of the two is granted what it asks for when nobody else is about."""
        copy = self._lease.fork("alone")
        attempt = self._attempt(copy, ask, "alone")
        try:
            return is_accepted(ask, attempt.run())
        finally:
            attempt.finish()
            copy.discard()

    def meet(self) -> Meeting:
        """Let the two go at the same moment, on a copy of their own, and see what came of it."""
        self._meetings += 1
        copy = self._lease.fork(f"meeting{self._meetings}")
        try:
            asks = (self._rivals.first, self._rivals.second)
            attempts = [self._attempt(copy, ask, f"rival{place}") for place, ask in enumerate(asks, start=1)]
            runners = together(attempts)
            return _meeting(asks, attempts, runners, self._before, self._state(copy))
        finally:
            copy.discard()


@dataclass
class Runner:
    """One thread's part of a meeting."""

    attempt: Attempt
    start: threading.Barrier
    result: OperationResult | None = None
    error: BaseException | None = None
    began: float = 0.0
    ended: float = 0.0

    def __call__(self) -> None:
        """Wait for the other, then perform."""
        self.start.wait()
        self.began = time.perf_counter()
        try:
            self.result = self.attempt.run()
        except BaseException as error:  # noqa: BLE001  (told by the thread that waits for this one)
            self.error = error
        self.ended = time.perf_counter()


def together(attempts: Sequence[Attempt]) -> list[Runner]:
    """Perform attempts in a thread each, all let go at once, and wait for all."""
    start = threading.Barrier(len(attempts))
    runners = [Runner(attempt, start) for attempt in attempts]
    threads = [threading.Thread(target=runner, daemon=True) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    for attempt in attempts:
        attempt.finish()
    return runners


def _meeting(
    asks: tuple[Ask, Ask], attempts: Sequence[Attempt], runners: Sequence[Runner], before: State, after: State
) -> Meeting:
    first, second = runners
    return Meeting(
        accepted=(is_accepted(asks[0], first.result), is_accepted(asks[1], second.result)),
        codes=(codes_of(first), codes_of(second)),
        tries=(attempts[0].tries, attempts[1].tries),
        errors=sum(runner.error is not None for runner in runners),
        overlapped=first.began < second.ended and second.began < first.ended,
        broken=broken(before, after),
        alerts=sum(row["kind"] == "coverage_alert" for row in snapshot_rows(after.snapshot, schema.NOTIFICATIONS)),
    )


def is_accepted(ask: Ask, result: OperationResult | None) -> bool:
    """Whether what was asked for was granted; a sitting about leave is done, whatever it grants."""
    if result is None:
        return False
    if ask.operation == "process_leave_requests":
        return result.outcome == "done" and not result.data["denied"]
    return result.outcome == "done"


def codes_of(runner: Runner) -> tuple[str, ...]:
    """Why it was refused or denied, or what came out instead of an answer."""
    if runner.result is None:
        return (type(runner.error).__name__,)
    denied: Any = runner.result.data.get("denied", ())
    reasons = (reason["code"] for entry in denied for reason in entry["reasons"])
    return (*(reason.code for reason in runner.result.reasons), *reasons)


def broken(before: State, after: State) -> tuple[str, ...]:
    """What is wrong with a roster that was not, the journal and the outbox included."""
    found = blocking(new_or_worse(book(before).records, book(after).records))
    return (*(record.message for record in found), *audit_breaks(after), *untold(after))


def tally(meetings: Iterable[Meeting]) -> Counter[str]:
    """Count meetings by what came of them."""
    return Counter(_told(meeting) for meeting in meetings)


def _told(meeting: Meeting) -> str:
    if all(meeting.accepted):
        return "both accepted"
    if not any(meeting.accepted):
        return "neither accepted"
    loser = meeting.codes[meeting.accepted.index(False)]
    return f"one accepted, the other refused: {', '.join(dict.fromkeys(loser)) or 'denied'}"
