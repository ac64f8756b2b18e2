"""An operation's thread under a tracer, as a debugger or a coverage tool has one."""

from __future__ import annotations

import threading
import time

import pytest

from rehearse.database.deadline import Deadline
from rehearse.run.deadline import Cancellation, Watchdog


def trace(*_: object) -> object:
    """Trace every line and do nothing."""
    return trace


def endless() -> None:
    """Never end by oneself."""
    while True:
        time.sleep(0.001)


@pytest.fixture
def watchdog() -> Watchdog:
    """A watchdog over nothing but a thread, every thread traced."""
    return Watchdog(Cancellation(), interrupt=lambda: None, revoke=lambda: None)


def test_a_traced_operation_ends(watchdog: Watchdog) -> None:
    """A tracer neither hangs an operation's thread nor what is done in it afterwards."""
    before = threading.gettrace()
    threading.settrace(trace)  # type: ignore[arg-type]  # a tracer may return any callable
    try:
        ended = watchdog.call(
            lambda: sum(range(10)), Deadline.after(30), name="traced", aftermath=lambda: sum(range(10))
        )
    finally:
        threading.settrace(before)  # type: ignore[arg-type]
    assert (45, None, None, False) == (ended.value, ended.error, ended.stopped, ended.abandoned)


def test_a_traced_operation_is_stopped(watchdog: Watchdog) -> None:
    """A deadline ends a traced operation too, and its aftermath still happens."""
    done: list[int] = []
    before = threading.gettrace()
    threading.settrace(trace)  # type: ignore[arg-type]
    try:
        ended = watchdog.call(endless, Deadline.after(0.05), name="traced", aftermath=lambda: done.append(1))
    finally:
        threading.settrace(before)  # type: ignore[arg-type]
    assert (ended.stopped, ended.abandoned, done) == ("deadline", False, [1])
