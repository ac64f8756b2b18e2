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


class _Thread(threading.Thread, Generic[T]):
    """A daemon thread for one operation; never the shared executor, where six hung calls would delay an innocent one."""

    def __init__(self, target: Callable[[], T], name: str) -> None:
        super().__init__(daemon=True, name=name)
        self._call = target
        self.finished = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._hold_call()
        except OperationStoppedError as error:  # raised while another error was being kept
            self.error = self.error or error
        finally:
            self.finished.set()

    def _hold_call(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001  (handed to the waiting thread, which decides)
            self.error = error


@dataclass(frozen=True)
class Watchdog:
    """Runs calls in threads of their own and ends them when it must.

    Attributes:
        cancellation: The run's.
        interrupt: Stops what runs on the lease's connections; called repeatedly.
        revoke: Makes the lease useless for a thread that wakes later.
    """

    cancellation: Cancellation
    interrupt: Callable[[], None]
    revoke: Callable[[], None]

    def call(self, target: Callable[[], T], deadline: Deadline, *, name: str) -> Ended[T]:
        """Run `target` and wait until it ends, `deadline` passes or the run is cancelled; then see that it ends."""
        thread = self.start(target, name=name)
        return self.wait(thread, deadline)

    def start(self, target: Callable[[], T], *, name: str) -> _Thread[T]:
        """Start `target` in a thread of its own."""
        thread = _Thread(target, f"rehearse-{name}")
        thread.start()
        return thread

    def wait(self, thread: _Thread[T], deadline: Deadline) -> Ended[T]:
        """Wait for a started call."""
        stopped: Literal["deadline", "cancelled"] | None = None
        while not thread.finished.wait(max(0.0, min(deadline.remaining, _POLL))):
            if self.cancellation.requested:
                stopped = "cancelled"
            elif deadline.passed:
                stopped = "deadline"
            if stopped:
                break
        if stopped and not self._stop(thread, patient=stopped == "deadline"):
            return Ended(stopped=stopped, abandoned=True)
        thread.join()
        if isinstance(thread.error, OperationStoppedError) or (thread.error is not None and deadline.passed):
            stopped = stopped or "deadline"
        return Ended(thread.value, thread.error, stopped)

    def _stop(self, thread: _Thread[T], *, patient: bool) -> bool:
        """Return whether the thread ended; if not, it is abandoned without a usable connection."""
        if patient and thread.finished.wait(TIER_ONE_GRACE):
            return True
        limit = Deadline.after(TIER_TWO_GRACE)
        while not limit.passed:
            self.interrupt()
            _raise_in(thread)
            thread.join(_NUDGE)  # not its event: the exception may arrive where the event would be set
            if not thread.is_alive():
                return True
        self.revoke()
        return not thread.is_alive()


def _raise_in(thread: threading.Thread) -> None:
    """Raise `OperationStoppedError` at the thread's next bytecode; a call into C that does not return stays deaf to it."""
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(OperationStoppedError))
