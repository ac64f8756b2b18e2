"""Runs that are started from a page: ``rehearse run`` in a process of its own, which needs nobody once it goes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.report.visible import visible

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable
    from pathlib import Path

MOST = 4
"""So many may go on at the same time."""

WORDS_KEPT = 4_000
"""So many characters of what a command said last are kept."""

PATIENCE = 10.0
"""Seconds in which a command that was asked to end may clean up, before it is killed when the server ends."""

DATABASES = ("sqlite", "bundled")
"""Where a run from a page may have its database; an existing one is for the command line, which can be asked back."""


class TooManyError(Exception):
    """As many commands as may go on at the same time do."""


@dataclass(frozen=True)
class Started:
    """A command that was started from a page.

    Attributes:
        number: Which, from 1.
        name: The scenario or suite that it performs.
        database: Where its databases come from.
        state: ``running``, ``stopping`` or ``over``.
        code: Its exit code, once it is over.
        words: What it said last on standard error.
    """

    number: int
    name: str
    database: str
    state: str = "running"
    code: int | None = None
    words: str = ""


class Starts:
    """The commands that were started, and their processes.

    Args:
        root: Where they keep their runs.
        told: Told of a command whenever anything about it changes.
    """

    def __init__(self, root: Path, told: Callable[[Started], object]) -> None:
        self._root = root
        self._told = told
        self._started: dict[int, Started] = {}
        self._processes: dict[int, Process] = {}
        self._watching: set[asyncio.Task[None]] = set()

    async def start(self, name: str, database: str) -> Started:
        """Start ``rehearse run NAME``; `name` is known to be one of the catalog's.

        Raises:
            TooManyError: If too many go on.
        """
        if len(self._processes) >= MOST:
            raise TooManyError
        started = Started(len(self._started) + 1, name, database)
        self._started[started.number] = started
        command = ("-P", "-m", "rehearse", "run", "--database", database, "--artifacts", str(self._root.absolute()))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            "--",
            name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        self._processes[started.number] = process
        task = asyncio.create_task(self._watch(started.number, process))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        self._told(started)
        return started

    def stop(self, number: int) -> bool:
        """Ask a command to end, as Ctrl-C does; False if there is none that goes on."""
        process = self._processes.get(number)
        if process is None:
            return False
        _signal(process, signal.SIGINT)
        self._change(number, state="stopping")
        return True

    async def _watch(self, number: int, process: Process) -> None:
        """Keep what a command says last, until it is over."""
        words = await _last_words(process.stderr) if process.stderr else b""
        code = await process.wait()
        self._processes.pop(number, None)
        text = visible(words.decode(errors="replace"))[-WORDS_KEPT:].strip()
        self._change(number, state="over", code=code, words=text)

    def _change(self, number: int, **changes: object) -> None:
        self._started[number] = replace(self._started[number], **changes)  # type: ignore[arg-type]
        self._told(self._started[number])

    async def close(self) -> None:
        """End every command that goes on: politely first, and whoever does not hear at last by force."""
        for process in self._processes.values():
            _signal(process, signal.SIGINT)
        if self._watching:
            await asyncio.wait(self._watching, timeout=PATIENCE)
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)
        if self._watching:
            await asyncio.wait(self._watching, timeout=PATIENCE)


async def _last_words(stream: asyncio.StreamReader) -> bytes:
    words = b""
    while chunk := await stream.read(4096):
        words = (words + chunk)[-4 * WORDS_KEPT :]
    return words


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
