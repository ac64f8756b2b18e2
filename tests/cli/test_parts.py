"""Parts of the command line that a whole command shows only in a terminal, by a signal or by a defect."""

from __future__ import annotations

import io
import os
import signal

import pytest
import typer

from rehearse.cli.boundary import bounded
from rehearse.cli.interrupt import polite_interrupt
from rehearse.cli.keeping import size_text
from rehearse.cli.live import LiveDisplay
from rehearse.cli.progress import display
from rehearse.cli.terminal import Printer, wants_colour
from rehearse.errors import ArtifactError, GuardRefusedError, Problem, ScenarioError
from rehearse.run.deadline import Cancellation
from rehearse.run.events import Event, RunEnded, RunStarted, StepEnded, StepStarted
from rehearse.run.outcome import ScenarioResult


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


EVENTS: tuple[Event, ...] = (
    RunStarted("a", "Two lamps", "a-0001", 2, 30.0),
    StepStarted("a", 1, 2, "step1", "place_order"),
    StepEnded("a", 1, 2, "step1", "place_order", "done", True, 0.01, 4),  # noqa: FBT003  (the event's own order)
    StepStarted("a", 2, 2, "step2", "send_order"),
    StepEnded("a", 2, 2, "step2", "send_order", "skipped", False, 0.0, 0),  # noqa: FBT003
    RunEnded("a", "passed", ScenarioResult("a", "passed")),
)


def test_a_live_view_ends_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event is shown while it is news, and nothing of the view is left in the report."""
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    with display(Printer(stream), total=1) as shown:
        assert isinstance(shown, LiveDisplay)
        for event in EVENTS:
            shown(event)
    assert "place_order" in stream.getvalue() or "Two lamps" in stream.getvalue()


def test_a_plain_view_has_a_line_a_step() -> None:
    """Where nobody can redraw a line each step has its own; a skipped one has no time."""
    stream = io.StringIO()
    with display(Printer(stream), total=2) as shown:
        for event in EVENTS:
            shown(event)
    assert stream.getvalue() == "a [1/2] place_order … done 10 ms, 4 queries\na [2/2] send_order … skipped\n"


@pytest.mark.parametrize(
    ("stream", "variables", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour(
    stream: io.StringIO,
    variables: dict[str, str],
    wanted: bool,  # noqa: FBT001  (it is the case)
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Colour is for terminals that want it."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(stream) is wanted


def test_the_first_signal_cancels() -> None:
    """A signal asks for an end and says so; afterwards the handlers are what they were."""
    before = signal.getsignal(signal.SIGTERM)
    cancellation, said = Cancellation(), list[str]()
    with polite_interrupt(cancellation, said.append):
        os.kill(os.getpid(), signal.SIGTERM)
    assert cancellation.requested
    assert len(said) == 1
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ScenarioError([Problem("empty", "nothing to do")]), 2, "error[empty]: nothing to do\n"),
        (GuardRefusedError("a", ["b"]), 2, "error: a may not be touched: b\n"),
        (ArtifactError("the disk \x1b is full"), 3, "error: the disk \\x1b is full\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_have_exit_codes(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of bad news has its exit code and is told without a traceback."""

    def fail() -> int:
        raise error

    with pytest.raises(typer.Exit) as ended:
        bounded(fail)()
    assert (ended.value.exit_code, capsys.readouterr().err) == (code, message)


def test_a_defect_is_told_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw ends with its traceback and exit code 3."""

    def fail() -> int:
        return 1 // 0

    with pytest.raises(typer.Exit) as ended:
        bounded(fail)()
    err = capsys.readouterr().err
    assert ended.value.exit_code == 3
    assert err.startswith("error: a defect of Rehearse or of a domain\nTraceback")
    assert "ZeroDivisionError" in err


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1400, "1.4 kB"), (2_500_000, "2.5 MB"), (3 * 10**9, "3.0 GB")],
)
def test_sizes_have_units(size: int, text: str) -> None:
    """A size is written in the unit that fits it."""
    assert size_text(size) == text
