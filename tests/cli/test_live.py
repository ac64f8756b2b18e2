"""The live view in a real terminal, wide and narrow: what is to be seen while scenarios run, after Ctrl-C, and in the end."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cli.conftest import scenario
from cli.screen import Screen, Terminal
from cli.test_process import SULK, environment, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Command

__all__ = ["environment"]

LOOK = """\
  timeout_seconds: 300
  test_case:
    operations:
      - {{operation: place_order, parameters: {{product: lamp, quantity: 1}}}}
      - {{operation: browse, parameters: {{until: {until}}}}}
  expected_outcome: {{stock_total: 2}}
"""
EVIL = r'"Evil \e[31mred\e[0m \e]0;title\a \u202e name 看灯的人, and long enough for no window at all, however wide it may be"'


@pytest.fixture
def looking(rehearse: Command) -> Command:
    """The bazaar with somebody who looks around until the file `enough` is there, and whose name is that of a stranger."""
    text = scenario("A stranger", "look", body=LOOK.format(until=rehearse.root / "enough"))
    rehearse.write("scenarios/look/look.yaml", text.replace("A stranger", EVIL, 1))
    return rehearse


@contextmanager
def running(
    arguments: list[str], environment: dict[str, str], width: int
) -> Iterator[tuple[Terminal, subprocess.Popen[str]]]:
    """Run ``rehearse ARGUMENTS`` in a terminal of that width."""
    terminal = Terminal(width)
    plain = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES", "CI", "NO_COLOR"}}
    streams = {"stdin": terminal.theirs, "stdout": terminal.theirs, "stderr": terminal.theirs}
    with start(arguments, plain, **streams) as process:
        terminal.give_away()
        try:
            yield terminal, process
        finally:
            if process.poll() is None:
                process.kill()
            terminal.to_the_end()
            terminal.close()


@pytest.mark.parametrize("width", [120, 80, 40])
def test_a_run_is_seen_while_it_goes(looking: Command, environment: dict[str, str], width: int) -> None:
    """Step, deadline and queries so far are shown in a window of any width; in the end only the report is left."""
    with running(["run", "look"], environment, width) as (terminal, process):
        screen = terminal.until(
            lambda seen: "2/2 browse" in seen.text and "of 5 min" in seen.text and " queries" in seen.text
        )
        assert not screen.cursor_is_shown
        assert 0 == screen.overflows
        terminal.until(lambda seen: "1 query" not in seen.text)
        looking.write("enough", "")
        screen = terminal.to_the_end()
    assert 0 == process.wait()
    assert screen.cursor_is_shown
    assert "of 5 min" not in screen.text
    assert screen.text.startswith("✓ Evil")
    assert "━" not in screen.text
    assert [] == screen.strange


def test_many_are_counted(looking: Command, environment: dict[str, str]) -> None:
    """Of many scenarios those that run have a bar, those that are over are counted, and a failure is told at once and stays."""
    with running(["run", "look", "selling", "--jobs", "2"], environment, 80) as (terminal, process):
        screen = terminal.until(
            lambda seen: "2 of 3 over · 1 passed, 1 failed" in seen.text and "2/2 browse" in seen.text
        )
        assert "✗ sell-wrong failed: stock_total: expected 2, found 1" in screen.text
        looking.write("enough", "")
        screen = terminal.to_the_end()
    assert 1 == process.wait()
    assert "2 of 3 over" not in screen.text
    assert "3 scenarios: 2 passed, 1 failed · " in screen.text


@pytest.mark.parametrize("width", [80, 40])
@pytest.mark.usefixtures("looking")
def test_one_interrupt_leaves_an_honest_summary(environment: dict[str, str], width: int) -> None:
    """After Ctrl-C the view is gone, what was begun is reported, and what was not is told."""
    with running(["run", "look", "sell-two"], environment, width) as (terminal, process):
        terminal.until(lambda seen: "browse" in seen.text)
        process.send_signal(signal.SIGINT)
        screen = terminal.to_the_end()
    assert 3 == process.wait()
    assert screen.cursor_is_shown
    assert "━" not in screen.text
    assert "stopping;" not in screen.text
    assert "the run was cancelled" in screen.text
    assert screen.text.endswith("1 scenario did not begin")


def test_two_interrupts_leave_a_clean_screen(rehearse: Command, environment: dict[str, str]) -> None:
    """The second Ctrl-C ends the process at once; the view is wiped away first and the cursor given back."""
    rehearse.write("scenarios/sulk.yaml", SULK)
    with running(["run", "sulk"], environment, 40) as (terminal, process):
        terminal.until(lambda seen: "sulk" in seen.text)
        process.send_signal(signal.SIGINT)
        terminal.until(lambda seen: "stopping; Ctrl-C again ends at once" in seen.text)
        process.send_signal(signal.SIGINT)
        screen = terminal.to_the_end()
    assert -signal.SIGINT == process.wait()
    assert screen.cursor_is_shown
    assert "" == screen.text


@pytest.mark.usefixtures("rehearse")
def test_another_attempt_is_announced(environment: dict[str, str]) -> None:
    """Between two attempts the view says how the last one came out and when the next begins; the report keeps both."""
    with running(["run", "wait", "sell-two", "--timeout", "0.1", "--retry", "2"], environment, 100) as (
        terminal,
        process,
    ):
        terminal.until(lambda seen: "timeout; attempt 2 of 2 in 1 s" in seen.text)
        screen = terminal.to_the_end()
    assert 3 == process.wait()
    assert "  tried again: wait: timeout, timeout" in screen.text


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CI": "true"}])
@pytest.mark.usefixtures("rehearse")
def test_plain_text_where_it_is_wanted(environment: dict[str, str], variables: dict[str, str]) -> None:
    """A terminal that wants plain text, or that is a log, gets a line a step and nothing is drawn anew."""
    terminal = Terminal(80)
    plain = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES", "CI", "NO_COLOR"}}
    streams = {"stdin": terminal.theirs, "stdout": terminal.theirs, "stderr": terminal.theirs}
    with start(["run", "sell-two", "sell-wrong"], {**plain, **variables}, **streams) as process:
        terminal.give_away()
        screen = terminal.to_the_end()
    terminal.close()
    assert 1 == process.returncode
    assert screen.text.startswith("sell-two [1/2] place_order … done ")
    assert "sell-two passed · 1 of 2 over" in screen.text
    assert "━" not in screen.text
    assert [] == screen.strange


@pytest.mark.usefixtures("rehearse")
def test_json_lines_are_not_drawn_over(environment: dict[str, str]) -> None:
    """With standard output in a file and standard error in a terminal, the JSON lines are in the file and the view in the terminal."""
    terminal = Terminal(80)
    with start(
        ["run", "wait", "--timeout", "0.5", "--json"], environment, stdout=subprocess.PIPE, stderr=terminal.theirs
    ) as process:
        terminal.give_away()
        terminal.until(lambda seen: "1/1 wait" in seen.text)
        screen = terminal.to_the_end()
        assert process.stdout
        out = process.stdout.read()
    terminal.close()
    assert '{"event": "run-started"' in out
    assert '{"event": "step-progress"' in out
    assert "run-started" not in screen.text


@pytest.mark.usefixtures("rehearse")
def test_a_report_that_goes_elsewhere_leaves_a_word(environment: dict[str, str]) -> None:
    """With the report in a file the terminal in which one watched keeps the summary, and nothing else."""
    terminal = Terminal(80)
    plain = {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES", "CI", "NO_COLOR"}}
    with start(["run", "sell-wrong"], plain, stdout=subprocess.PIPE, stderr=terminal.theirs) as process:
        terminal.give_away()
        screen = terminal.to_the_end()
        assert process.stdout
        out = process.stdout.read()
    terminal.close()
    assert out.startswith("✗ Two lamps, counted wrongly\n")
    assert screen.text.startswith("1 scenario: 1 failed · ")
    assert screen.text.endswith("stock_total: expected 2, found 1")


def test_the_screen_of_these_tests_sees_what_it_must() -> None:
    """What is wiped away is gone, what overflows is counted, and what is no part of a live view is strange."""
    screen = Screen(10)
    screen.feed("one\r\ntwo\x1b[1A\r\x1b[2Kthree\x1b[?25l")
    assert ("three\ntwo", False, [], 0) == (screen.text, screen.cursor_is_shown, screen.strange, screen.overflows)
    screen.feed("\r\x1b[J\x1b]0;title\x07" + "x" * 11)
    assert (["\x1b]", "\x07"], 1) == (screen.strange, screen.overflows)
    assert os.linesep == "\n"
