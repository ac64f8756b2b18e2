"""Ctrl-C: the first asks the run to end, clean up and report; the second ends the process, and the next start recovers."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from rehearse.run.deadline import Cancellation

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def polite_interrupt(
    cancellation: Cancellation, say: Callable[[str], object], *, last: Callable[[], object] = lambda: None
) -> Iterator[None]:
    """Within the block the first SIGINT or SIGTERM cancels, the second ends the process as that signal would have, after `last`."""

    def hear(number: int, _: FrameType | None) -> None:
        if cancellation.requested:
            last()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        cancellation.cancel()
        say("stopping: what was begun is cleaned up and reported; once more ends at once")

    before = {number: signal.signal(number, hear) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
