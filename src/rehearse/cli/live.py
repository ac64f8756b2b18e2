"""The live view of a terminal: a bar for each scenario that runs, one for all of them, nothing left when it is over.

Every line is made to fit the window it is drawn in, so that what was drawn can be wiped away again.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from rehearse.cli.board import Board
from rehearse.cli.summary import counts_text
from rehearse.report.model import count_text, seconds_text
from rehearse.report.reason import why_text
from rehearse.report.text import MARKS
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import RenderableType

    from rehearse.cli.board import Row, Scene
    from rehearse.run.events import Event
    from rehearse.run.outcome import ScenarioResult
    from rehearse.run.standing import Standing

WIDE, MIDDLE = 100, 60
"""From so many columns on a scenario has one line, from so many on two; in a narrower window it has three."""

REFRESHES = 8
"""How often a second the view is drawn."""

STOPPING = "stopping; Ctrl-C again ends at once"


class LiveDisplay:
    """Shows what runs at the foot of the terminal; whatever else is said stands above it and stays."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream = stream
        self._board = Board(total)
        self._spinner = Spinner("dots")
        self._drawn = 0
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._draw,
            refresh_per_second=REFRESHES,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self) -> None:
        """Wipe the view away and give the cursor back. Idempotent."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._board.hear(event)

    def finished(self, result: ScenarioResult) -> None:
        """Count a scenario that is over; of many, one that did not pass is told at once."""
        self._board.finished(result)
        if self._board.scene().total > 1 and not result.success:
            text = f"{MARKS[result.status]} {cell(result.scenario_id)} {result.status}: {why_text(result)}"
            self._console.print(Text(text, style="red"))

    def say(self, text: str) -> None:
        """Show that the end was asked for, in words that fit: called from a signal handler, which must not draw by itself."""
        del text
        self._board.stopping = True

    def drop(self) -> None:
        """Wipe the view away without a word to anybody else, right before the process is ended by a signal."""
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        os.write(self._stream.fileno(), f"\r{up}\x1b[J\x1b[?25h".encode())

    def _draw(self) -> RenderableType:
        width, height = self._console.size
        lines = scene_lines(self._board.scene(), self._spinner, width=width, height=height)
        self._drawn = len(lines)
        return Group(*lines)


def scene_lines(scene: Scene, spinner: Spinner, *, width: int, height: int) -> list[RenderableType]:
    """Return the lines of the view, each as wide as the window at most, and no more of them than it holds."""
    foot = _foot(scene, width) if scene.total > 1 else []
    if scene.stopping:
        foot.append(_line(STOPPING, width, style="yellow"))
    each = 1 if width >= WIDE else 2 if width >= MIDDLE else 3
    room = max(1, (height - 2 - len(foot)) // each)
    shown = scene.rows[:room]
    lines = [line for row in shown for line in _row(row, scene.now, spinner, width)]
    if len(scene.rows) > len(shown):
        lines.append(_line(f"  … and {len(scene.rows) - len(shown)} more running", width, style="dim"))
    return [*lines[: max(0, height - 1 - len(foot))], *foot]


def _row(row: Row, now: float, spinner: Spinner, width: int) -> list[RenderableType]:
    standing = row.standing
    again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
    name = cell(standing.scenario_name or standing.scenario_id, limit=200) + again
    doing = row.pausing or cell(standing.doing, limit=200)
    place = f"{min(standing.ended + 1, standing.steps)}/{standing.steps} " if standing.going else ""
    time, queries = time_text(row, now), queries_text(standing)
    turning = spinner.render(now)
    bar = ProgressBar(total=max(1, standing.steps), completed=standing.ended, width=16 if width >= MIDDLE else 10)
    if width >= WIDE:
        return [_grid(width, turning, _flexible(name), bar, _flexible(place + doing), time, queries)]
    if width >= MIDDLE:
        return [_grid(width, turning, _flexible(name), time), _grid(width, " ", bar, _flexible(place + doing), queries)]
    return [
        _grid(width, turning, _flexible(name)),
        _grid(width, " ", bar, _flexible(place + doing)),
        _line(f"  {time} · {queries}", width, style="dim"),
    ]


def time_text(row: Row, now: float) -> str:
    """Return how long the steps have taken and how long they may; before and after them, how long the run has taken."""
    standing = row.standing
    if row.pausing or not standing.is_acting or standing.acting is None:
        return elapsed_text(now - standing.began)
    return f"{elapsed_text(now - standing.acting)} of {limit_text(standing.timeout_seconds)}"


def queries_text(standing: Standing) -> str:
    """Return how many statements were sent so far: ``25 queries``; ``25+ queries`` while some are in a process that tells them at its end."""
    if standing.is_all_known:
        return count_text(standing.queries, "query", plural="queries")
    return f"{standing.queries:,}+ queries"


def elapsed_text(seconds: float) -> str:
    """Return a time that goes on, to a tenth of a second: in a live view milliseconds only flicker."""
    return f"{seconds:.1f} s" if seconds < 59.95 else seconds_text(seconds)  # noqa: PLR2004  (it would round to a minute)


def limit_text(seconds: float) -> str:
    """Return a deadline as its author would say it: ``0.3 s``, ``5 min``, ``1 min 30 s``."""
    minutes, rest = divmod(seconds, 60)
    parts = [f"{minutes:g} min"] * (minutes > 0) + [f"{rest:g} s"] * (rest > 0)
    return " ".join(parts)


def _foot(scene: Scene, width: int) -> list[RenderableType]:
    bar = ProgressBar(total=scene.total, completed=scene.over, width=24 if width >= MIDDLE else 10)
    over = f"{scene.over} of {scene.total} over"
    counts, time = counts_text(scene.statuses), elapsed_text(scene.seconds)
    if width >= MIDDLE:
        words = " · ".join(filter(None, (over, counts, time)))
        return [_grid(width, bar, _flexible(words))]
    return [_grid(width, bar, _flexible(f"{over} · {time}")), _line(counts or "none is over yet", width)]


def _flexible(text: str) -> Text:
    """A text that gives way: what does not fit is cut."""
    return Text(text, overflow="ellipsis", no_wrap=True)


def _line(text: str, width: int, *, style: str = "") -> Text:
    line = Text(text, style=style, overflow="ellipsis", no_wrap=True)
    line.truncate(width - 1, overflow="ellipsis")
    return line


def _grid(width: int, *cells: RenderableType) -> Table:
    """Lay cells out in one line: `_flexible` ones share what the others leave."""
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.width = width - 1
    for each in cells:
        if isinstance(each, Text) and each.no_wrap:
            grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        else:
            grid.add_column(no_wrap=True)
    grid.add_row(*cells)
    return grid
