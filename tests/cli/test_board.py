"""What is shown while scenarios run: counted right, and in a window of any size nothing overflows."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console, Group
from rich.spinner import Spinner

from rehearse.cli.board import Board
from rehearse.cli.live import elapsed_text, limit_text, scene_lines
from rehearse.cli.progress import PlainDisplay, wants_live
from rehearse.cli.summary import summary_lines
from rehearse.cli.terminal import Printer
from rehearse.run.events import (
    Event,
    PhaseStarted,
    Retrying,
    RunEnded,
    RunStarted,
    StepEnded,
    StepProgress,
    StepStarted,
)
from rehearse.run.outcome import Attempt, ScenarioResult

LONG = "看灯的人 and whoever else wants to see every lamp 🏮 of the bazaar, the broken ones too, at whatever hour of the night it may be"


class Clock:
    """A clock that stands still until somebody moves it."""

    now = 100.0

    def __call__(self) -> float:
        """Say what time it is."""
        return self.now


def running(board: Board, scenario: str, name: str) -> None:
    """Let a scenario come as far as its second step."""
    events: tuple[Event, ...] = (
        RunStarted(scenario, name, f"{scenario}-0001", 3, 90.0),
        PhaseStarted(scenario, "act"),
        StepStarted(scenario, 1, 3, "step1", "place_order"),
        StepEnded(scenario, 1, 3, "step1", "place_order", "done", True, 1.0, 1_200),  # noqa: FBT003  (the event's own order)
        StepStarted(scenario, 2, 3, "step2", "look_at_every_shelf_of_every_shop_of_the_bazaar"),
        StepProgress(scenario, 2, 3, "step2", "look_at_every_shelf_of_every_shop_of_the_bazaar", 1.0, 34),
    )
    for event in events:
        board.hear(event)


def drawn(board: Board, width: int, height: int = 24) -> list[str]:
    """The lines of the view in a window of that size."""
    lines = scene_lines(board.scene(), Spinner("dots"), width=width, height=height)
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    with console.capture() as capture:
        console.print(Group(*lines))
    text = capture.get().splitlines()
    assert len(lines) == len(text), "a line took more than one"
    return text


def test_a_scenario_is_shown_with_time_and_queries() -> None:
    """The time of the steps stands beside the deadline, and the queries are those of all its steps so far."""
    clock = Clock()
    board = Board(1, clock=clock)
    running(board, "lamps", "Two lamps")
    clock.now += 7.25
    (line,) = drawn(board, 130)
    assert "Two lamps" in line
    assert "2/3 look_at_every_shelf" in line
    assert "7.2 s of 1 min 30 s" in line
    assert "1,234 queries" in line


def test_a_suite_is_counted() -> None:
    """Those that are over are counted by how they came out; another attempt is the same scenario."""
    board = Board(5, clock=Clock())
    for scenario, status in (("a", "passed"), ("b", "passed"), ("c", "failed")):
        running(board, scenario, scenario)
        board.hear(RunEnded(scenario, status, ScenarioResult(scenario, status)))  # type: ignore[arg-type]
        board.finished(ScenarioResult(scenario, status))  # type: ignore[arg-type]
    running(board, "d", "Somebody waits")
    board.hear(RunEnded("d", "timeout", ScenarioResult("d", "timeout")))
    board.hear(Retrying("d", 1, 3, "timeout", 2.0))
    assert "timeout; attempt 2 of 3 in 2 s" in drawn(board, 130)[0]
    running(board, "d", "Somebody waits")
    scene = board.scene()
    assert ([("d", 2)], 5, 3) == (
        [(row.standing.scenario_id, row.attempt) for row in scene.rows],
        scene.total,
        scene.over,
    )
    assert "Somebody waits (attempt 2)" in drawn(board, 130)[0]
    assert "3 of 5 over · 2 passed, 1 failed · 0.0 s" in drawn(board, 130)[-1]
    narrow = drawn(board, 40)
    assert ["3 of 5 over · 0.0 s", "2 passed, 1 failed"] == [narrow[-2].strip("━╺╸ "), narrow[-1].strip()]


@pytest.mark.parametrize("width", [12, 20, 40, 59, 60, 80, 99, 100, 120, 250])
@pytest.mark.parametrize("height", [5, 24])
def test_nothing_overflows(width: int, height: int) -> None:
    """Whatever the names and however small the window, every line fits, and no more of them than the window holds."""
    board = Board(50, clock=Clock())
    for number in range(40):
        running(board, f"lamps-{number}", LONG)
    board.stopping = True
    lines = drawn(board, width, height)
    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) < height
    if width >= 40:
        assert height == 5 or any("more running" in line for line in lines)
        assert "stopping; Ctrl-C again ends at once" in lines[-1]


@pytest.mark.parametrize(
    ("seconds", "elapsed", "limit"),
    [
        (0.0, "0.0 s", ""),
        (0.3, "0.3 s", "0.3 s"),
        (59.94, "59.9 s", "59.94 s"),
        (90.0, "1 min 30 s", "1 min 30 s"),
        (300.0, "5 min 0 s", "5 min"),
    ],
)
def test_times(seconds: float, elapsed: str, limit: str) -> None:
    """A time that goes on has tenths, a deadline is said as it was written."""
    assert (elapsed, limit) == (elapsed_text(seconds), limit_text(seconds))


def test_a_log_hears_of_a_long_step_now_and_then() -> None:
    """Every half a minute a step that goes on gets a line; the next step begins anew."""
    stream = io.StringIO()
    shown = PlainDisplay(Printer(stream), 1)
    for step, seconds, queries in (
        ("step1", 1.0, 2),
        ("step1", 30.0, 1_500),
        ("step1", 45.0, 1),
        ("step1", 60.5, None),
        ("step2", 29.0, 0),
    ):
        shown(StepProgress("a", 1, 2, step, "wait", seconds, queries))
    assert "[1/2] wait … for 30.0 s now, 1,500 queries\n[1/2] wait … for 1 min 0 s now\n" == stream.getvalue()


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


class OldScreen(Screen):
    """A terminal that knows no more than the letters of Western Europe."""

    encoding = "iso-8859-1"


@pytest.mark.parametrize(
    ("stream", "variables", "wanted"),
    [
        (Screen(), {"TERM": "xterm"}, True),
        (Screen(), {"TERM": "xterm", "CI": "false"}, True),
        (Screen(), {"TERM": "xterm", "CI": "true"}, False),
        (Screen(), {"TERM": "xterm", "CI": "1"}, False),
        (Screen(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Screen(), {"TERM": "dumb"}, False),
        (Screen(), {}, False),
        (OldScreen(), {"TERM": "xterm"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_who_wants_a_live_view(
    stream: io.StringIO,
    variables: dict[str, str],
    wanted: bool,  # noqa: FBT001  (it is the case)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Terminals that can draw and want to; no log, and nobody who asked for plain text."""
    for name in ("TERM", "CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wanted is wants_live(Printer(stream))


def test_a_summary_is_honest() -> None:
    """Counts by status, each that did not pass with its first reason, attempts, the slowest, and the time of all."""
    attempts = (Attempt(1, "timeout", "b-0001", "late"), Attempt(2, "passed", "b-0002", None))
    results = (
        ScenarioResult("a", "passed", execution_time_seconds=0.5),
        ScenarioResult("b", "passed", execution_time_seconds=2.0, attempts=attempts, flaky=True),
        ScenarioResult(
            "c", "failed", execution_time_seconds=1.0, errors=("stock: expected 1, found \x1b[31m2", "more")
        ),
        ScenarioResult("long-name", "error", error="RuntimeError: it burns\nTraceback …"),
        ScenarioResult("d", "unknown"),
    )
    assert [
        "5 scenarios: 2 passed, 1 failed, 1 unknown, 1 error, 1 flaky · 3.2 s",
        r"  ✗ c          failed   stock: expected 1, found \x1b[31m2 (and 1 more)",
        "  ! long-name  error    RuntimeError: it burns …",
        "  ? d          unknown  unknown",
        "  tried again: b: timeout, passed · flaky",
        "  slowest: b 2.0 s, c 1.0 s, a 500 ms",
    ] == [line.text for line in summary_lines(results, 3.21)]
