"""What a run says while it goes: a live view in a terminal, one line a step elsewhere."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rehearse.report.model import count_text, seconds_text
from rehearse.report.visible import cell
from rehearse.run.events import Event, Retrying, StepEnded, StepProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.cli.terminal import Printer
    from rehearse.run.outcome import ScenarioResult

SIGN_OF_LIFE = 30.0
"""Seconds after which a log is told that a step still goes on, and again after as many: a silent job is taken for a dead one."""


class Display(Protocol):
    """A listener that shows events to people."""

    def __call__(self, event: Event) -> None:
        """Hear an event, from any thread."""
        ...

    def finished(self, result: ScenarioResult) -> None:
        """Hear that a scenario is over, after its last attempt; from any thread."""
        ...

    def say(self, text: str) -> None:
        """Show a word of the program itself; from a signal handler too."""
        ...

    def drop(self) -> None:
        """Leave a clean screen: the process is about to end without another chance."""
        ...


class PlainDisplay:
    """One line a step: ``[2/4] run_contingency_analysis … done 3 ms, 9 queries``; with its scenario where there are several."""

    def __init__(self, printer: Printer, total: int) -> None:
        self._printer = printer
        self._total = total
        self._over = 0
        self._told: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write a line for a step that ended, for one that goes on and on, and for another attempt."""
        prefix = f"{cell(event.scenario_id)} " if self._total > 1 else ""
        with self._lock:
            if isinstance(event, StepEnded):
                self._told.pop((event.scenario_id, event.step), None)
                self._printer.line(f"{prefix}{step_text(event)}", style="plain" if event.expected else "bad")
            elif isinstance(event, StepProgress) and self._is_news(event):
                self._printer.line(f"{prefix}{going_text(event)}")
            elif isinstance(event, Retrying):
                self._printer.line(f"{prefix}{retry_text(event)}", style="warn")

    def _is_news(self, event: StepProgress) -> bool:
        key = (event.scenario_id, event.step)
        if event.seconds - self._told.get(key, 0.0) < SIGN_OF_LIFE:
            return False
        self._told[key] = event.seconds
        return True

    def finished(self, result: ScenarioResult) -> None:
        """Of several, write how one came out and how many are over."""
        if self._total > 1:
            with self._lock:
                self._over += 1
                words = f"{cell(result.scenario_id)} {result.status} · {self._over} of {self._total} over"
                self._printer.line(words, style="plain" if result.success else "bad")

    def say(self, text: str) -> None:
        """Write it."""
        self._printer.line(text, style="warn")

    def drop(self) -> None:
        """Do nothing: a line that was written stays."""


def step_text(event: StepEnded) -> str:
    """Return the line of a step that ended."""
    head = f"[{event.position}/{event.total}] {cell(event.operation)} … {event.outcome}"
    if event.outcome == "skipped":
        return head
    reasons = f": {cell('; '.join(event.reasons))}" if event.reasons else ""
    return f"{head} {seconds_text(event.seconds)}, {count_text(event.queries, 'query', plural='queries')}{reasons}"


def going_text(event: StepProgress) -> str:
    """Return the line of a step that goes on."""
    queries = "" if event.queries is None else f", {count_text(event.queries, 'query', plural='queries')}"
    return f"[{event.position}/{event.total}] {cell(event.operation)} … for {seconds_text(event.seconds)} now{queries}"


def retry_text(event: Retrying) -> str:
    """Return the line that says why another attempt follows."""
    return f"attempt {event.attempt} of {event.attempts}: {event.status}; again in {event.pause_seconds:g} s"


def wants_live(printer: Printer) -> bool:
    """Whether lines may be drawn anew: in a terminal that can, of somebody who has not asked for plain text, and not for a log."""
    environment, encoding = os.environ, getattr(printer.stream, "encoding", None) or "utf-8"
    return (
        printer.stream.isatty()
        and encoding.lower().startswith("utf")
        and environment.get("TERM", "") not in {"", "dumb", "unknown"}
        and not environment.get("NO_COLOR")
        and environment.get("CI", "").lower() in {"", "0", "false"}
    )


@contextmanager
def display(printer: Printer, *, total: int, alone: bool = True) -> Iterator[Display]:
    """Show `total` scenarios to people until the block ends: live where that is wanted, line by line elsewhere.

    Args:
        printer: Where to.
        total: How many scenarios there are.
        alone: Whether nothing else writes to the same terminal meanwhile, but for what domains print.
    """
    if not (alone and wants_live(printer)):
        yield PlainDisplay(printer, total)
        return
    from rehearse.cli.live import LiveDisplay  # noqa: PLC0415  (only a terminal needs its library)

    shown = LiveDisplay(printer.stream, total)
    shown.start()
    try:
        yield shown
    finally:
        shown.stop()
