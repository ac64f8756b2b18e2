"""The three tiers of a deadline, seen from the thread that waits for an operation.

1. The statement ends inside the database: the connection carries the deadline itself (`rehearse.database`).
2. The watchdog interrupts every open connection and raises `OperationStoppedError` in the thread, again and again, until the thread
   answers or its grace is over. Then the lease is revoked: a thread that wakes later can write nothing.
3. An operation with ``isolation="process"`` runs in a process of its own, which is killed (`rehearse.run.process`).
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rehearse.database.deadline import Deadline

T = TypeVar("T")

TIER_ONE_GRACE = 0.15
"""Seconds in which the server may end a statement by itself; measured overruns are 4 ms on SQLite and 82 ms on PostgreSQL."""

TIER_TWO_GRACE = 1.0
"""Seconds in which an interrupted thread may still answer before it is abandoned."""

_NUDGE = 0.02
_POLL = 0.05


class OperationStoppedError(BaseException):
    """Raised inside an operation's thread when its time is over; no `Exception`, so that a broad handler does not swallow it."""


class Cancellation:
    """A wish to stop, made from any thread or a signal handler: once is polite, and the run still cleans up and reports."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for an end. Idempotent."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()


@dataclass(frozen=True)
class Ended(Generic[T]):
    """How a guarded call came out.

    Attributes:
        value: What it returned, if it did.
        error: What it raised, or None.
        stopped: ``deadline`` or ``cancelled`` if it was ended from outside, else None.
        abandoned: Whether its thread never came back.
    """

    value: T | None = None
    error: BaseException | None = None
    stopped: Literal["deadline", "cancelled"] | None = None
    abandoned: bool = False


class GuardedThread(threading.Thread, Generic[T]):
    """A daemon thread for one call; never the shared executor, where six hung calls would delay an innocent one.

    Args:
        target: The call, which may be broken into from outside.
        name: The thread's.
        aftermath: Done in this thread when the call has ended, however it ended; nothing breaks into it any more.
        cancel: Asks the call to end by itself, from another thread; False if it cannot be asked.

    Attributes:
        finished: Set when both are over.
        value: What the call returned.
        error: What it raised, or None.
    """

    def __init__(
        self, target: Callable[[], T], name: str, aftermath: Callable[[], object], cancel: Callable[[], bool]
    ) -> None:
        super().__init__(daemon=True, name=name)
        self._call = target
        self.cancel = cancel
        self._aftermath = aftermath
        self._guard = threading.Lock()
        self._deaf = False
        self.finished = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Perform the call and its aftermath; neither raises here."""
        try:
            try:
                self._hold_call()
            finally:
                self._become_deaf()
        except OperationStoppedError as error:  # raised while another error was being kept
            self._become_deaf()
            self.error = self.error or error
        try:
            self._aftermath()
        except BaseException as error:  # noqa: BLE001  (the first error is the one to tell)
            self.error = self.error or error
        finally:
            self.finished.set()

    def break_in(self) -> None:
        """Raise `OperationStoppedError` at the call's next bytecode; a call into C that does not return stays deaf to it."""
        with self._guard:
            if not self._deaf and self.ident is not None:
                _raise_in(self.ident, OperationStoppedError)

    def _hold_call(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001  (handed to the waiting thread, which decides)
            self.error = error

    def _become_deaf(self) -> None:
        """What was left for this thread and not found yet is found here, and dropped.

        Taking it back would be shorter, but then CPython 3.11 looks for it for ever: every loop slows down, and a traced thread hangs.
        """
        with self._guard:
            self._deaf = True
        try:
            _pass_by()
        except OperationStoppedError:
            return


def _pass_by() -> None:
    """Give the interpreter an occasion to deliver an exception that was left for this thread: it does so at every call."""


def _raise_in(ident: int, error: type[BaseException]) -> None:
    """Leave an exception for a thread to find at its next bytecode."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(error))


@dataclass(frozen=True)
class Watchdog:
    """Runs calls in threads of their own and ends them when it must.

    Attributes:
        cancellation: The run's.
        interrupt: Stops what runs on the lease's connections; called repeatedly.
        revoke: Makes the lease useless for a thread that wakes later.
        beat: Called now and then, by the thread that waits, while a call takes its time.
    """

    cancellation: Cancellation
    interrupt: Callable[[], None]
    revoke: Callable[[], None]
    beat: Callable[[], None] = lambda: None

    def call(
        self,
        target: Callable[[], T],
        deadline: Deadline,
        *,
        name: str,
        aftermath: Callable[[], object] = lambda: None,
        cancel: Callable[[], bool] = lambda: False,
    ) -> Ended[T]:
        """Run `target` and wait until it ends, `deadline` passes or the run is cancelled; then see that it ends."""
        return self.wait(self.start(target, name=name, aftermath=aftermath, cancel=cancel), deadline)

    def start(
        self,
        target: Callable[[], T],
        *,
        name: str,
        aftermath: Callable[[], object] = lambda: None,
        cancel: Callable[[], bool] = lambda: False,
    ) -> GuardedThread[T]:
        """Start `target` in a thread of its own; see `GuardedThread`."""
        thread = GuardedThread(target, f"rehearse-{name}", aftermath, cancel)
        thread.start()
        return thread

    def wait(self, thread: GuardedThread[T], deadline: Deadline) -> Ended[T]:
        """Wait for a started call."""
        was_stopped = False
        while not was_stopped and not thread.finished.wait(max(0.0, min(deadline.remaining, _POLL))):
            was_stopped = self.cancellation.requested or deadline.passed
            self.beat()
        why: Literal["deadline", "cancelled"] = "cancelled" if self.cancellation.requested else "deadline"
        if was_stopped and not self._stop(thread, patient=why == "deadline"):
            return Ended(stopped=why, abandoned=True)
        thread.join()
        broken_into = isinstance(thread.error, OperationStoppedError)
        late = thread.error is not None and deadline.passed
        return Ended(thread.value, thread.error, why if was_stopped or broken_into or late else None)

    def _stop(self, thread: GuardedThread[T], *, patient: bool) -> bool:
        """Return whether the thread ended; if not, it is abandoned without a usable connection."""
        if patient and thread.finished.wait(TIER_ONE_GRACE):
            return True
        limit = Deadline.after(TIER_TWO_GRACE)
        while not limit.passed:
            self.interrupt()
            if not thread.cancel() or limit.remaining < TIER_TWO_GRACE / 2:
                thread.break_in()
            if thread.finished.wait(_NUDGE):
                return True
        self.revoke()
        return thread.finished.is_set()
