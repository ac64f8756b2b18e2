"""Half of a long span in a process of its own: to build a model holds the interpreter, and two threads would wait for each other.

The process that generates is itself a child that may have no children of its own by way of `multiprocessing`, so this one is started as a
program. It ends when its parent does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Self

from residency.calendar import Interval
from residency.solver.problem import Problem
from residency.solver.result import Result
from residency.solver.rolling import Half
from residency.solver.solve import Effort, Progress, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

#: Seconds between two looks at whether the search is to stop.
_LOOK = 0.05


@dataclass(frozen=True)
class Errand:
    """What the other process makes: the weeks of `span`, with the effort."""

    problem: Problem
    span: Interval
    effort: Effort


class OtherProcessError(RuntimeError):
    """The other process ended without an answer."""


class Apart:
    """Some weeks in the making elsewhere; leaving the block ends the other process, whatever it has made.

    Args:
        errand: what to make.
        on_progress: told of its progress, from a thread of its own.
        stop: when set, what is made there fails with no answer.
    """

    def __init__(
        self, errand: Errand, on_progress: Callable[[Progress], object] | None, stop: threading.Event | None
    ) -> None:
        self._errand = errand
        self._told = on_progress
        self._stop = stop
        self._half: Half | None = None

    def __enter__(self) -> Self:
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-m", "residency.solver.half", str(theirs.fileno())]
            paths = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(  # noqa: S603  (this interpreter, this module)
                command, pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": paths}
            )
        self._pipe = ours
        self._listener = threading.Thread(target=self._listen, daemon=True, name="other-half")
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        self._pipe.close()

    @property
    def process_id(self) -> int:
        """The number of the other process."""
        return self._process.pid

    def _listen(self) -> None:
        """Give the errand and hear the other process until it has answered or is gone."""
        try:
            self._pipe.send(self._errand)
            while self._half is None:
                message: Progress | Half = self._pipe.recv()
                if isinstance(message, Half):
                    self._half = message
                elif self._told is not None:
                    self._told(message)
        except (EOFError, OSError):
            return

    def result(self) -> Half:
        """What became of the weeks, once it is known.

        Raises:
            OtherProcessError: the other process ended without an answer.
        """
        while self._listener.is_alive():
            self._listener.join(_LOOK)
            if self._stop is not None and self._stop.is_set():
                return Half(failure=Result(Status.NO_ANSWER))
        if self._half is None:
            raise OtherProcessError(f"the process of the second half ended with exit code {self._process.wait()}")
        return self._half
