"""What a run says while it goes: a live view in a terminal, one line a step elsewhere."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rehearse.report.model import count_text, seconds_text
from rehearse.report.visible import cell
from rehearse.run.events import Event, RunEnded, RunStarted, StepEnded, StepStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

    from rehearse.cli.terminal import Printer


class Display(Protocol):
    """A listener that shows events to people."""

    def __call__(self, event: Event) -> None:
        """Hear an event, from any thread."""
        ...


class PlainDisplay:
    """One line a step: ``[2/4] run_contingency_analysis … done 3 ms, 9 queries``; with its scenario where several run at a time."""

    def __init__(self, printer: Printer, *, named: bool) -> None:
        self._printer = printer
        self._named = named
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write a line for a step that ended."""
        if isinstance(event, StepEnded):
            prefix = f"{cell(event.scenario_id)} " if self._named else ""
            with self._lock:
                self._printer.line(f"{prefix}{step_text(event)}", style="plain" if event.expected else "bad")


def step_text(event: StepEnded) -> str:
    """Return the line of a step that ended."""
    head = f"[{event.position}/{event.total}] {cell(event.operation)} … {event.outcome}"
    if event.outcome == "skipped":
        return head
    reasons = f": {cell('; '.join(event.reasons))}" if event.reasons else ""
    return f"{head} {seconds_text(event.seconds)}, {count_text(event.queries, 'query', plural='queries')}{reasons}"


class LiveDisplay:
    """A line for each scenario that runs, with its step and the time so far; gone when the run is over."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case RunStarted():
                name = cell(event.scenario_name or event.scenario_id, limit=60)
                self._tasks[event.scenario_id] = self._progress.add_task(name, total=event.steps, step="setting up")
            case StepStarted():
                self._progress.update(self._tasks[event.scenario_id], step=cell(event.operation, limit=40))
            case StepEnded():
                self._progress.update(self._tasks[event.scenario_id], completed=event.position)
            case RunEnded():
                self._progress.remove_task(self._tasks.pop(event.scenario_id))


@contextmanager
def display(printer: Printer, *, named: bool) -> Iterator[Display]:
    """Show runs to people until the block ends: live where `printer` writes to a terminal, line by line elsewhere."""
    if not printer.stream.isatty():
        yield PlainDisplay(printer, named=named)
        return
    from rich.console import Console  # noqa: PLC0415  (only a terminal needs it)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(file=printer.stream, no_color=not printer.colour, highlight=False, markup=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[step]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield LiveDisplay(progress)
