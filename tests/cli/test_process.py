"""The program in a process of its own: Ctrl-C once and twice, and what a terminal sees."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from cli.conftest import scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Command

TESTS = Path(__file__).parents[1]
CODE = """\
import sys
from rehearse import registry
registry.domain_names = lambda: ("bazaar",)
from rehearse.cli import main
main()
"""
SULK = scenario("Somebody sulks", "sulk", body="  test_case: {operation: sulk}\n  expected_outcome: {stock_total: 3}\n")


@pytest.fixture
def environment(site: Path) -> dict[str, str]:
    """What a child needs to find this source and the bazaar."""
    path = os.pathsep.join(str(part) for part in (TESTS.parent / "src", TESTS, site))
    return {**os.environ, "PYTHONPATH": path, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}


def start(arguments: list[str], environment: dict[str, str], **streams: int) -> subprocess.Popen[str]:
    """Start ``rehearse ARGUMENTS`` in the working directory."""
    return subprocess.Popen([sys.executable, "-c", CODE, *arguments], text=True, env=environment, **streams)  # type: ignore[call-overload, no-any-return]


def until(stream: IO[str], word: str) -> Iterator[str]:
    """Yield the lines of a stream up to the one that holds `word`."""
    for line in stream:
        yield line
        if word in line:
            return


def test_one_interrupt_ends_politely(rehearse: Command, environment: dict[str, str]) -> None:
    """The first Ctrl-C cancels: the run cleans up, is reported and marked complete, and the exit code is 3."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(["run", "wait", "--json", "--timeout", "60"], environment, **pipes) as process:
        assert process.stdout
        begun = list(until(process.stdout, "step-started"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    lines = [json.loads(line) for line in (*begun, *out.splitlines())]
    assert process.returncode == 3
    result = next(line for line in lines if line["event"] == "result")
    assert result["status"] == "error"
    assert "the run was cancelled" in result["error"]
    assert "stopping: what was begun is cleaned up and reported" in err
    assert (rehearse.root / ".rehearse/runs/wait-0001/complete.json").is_file()


def test_what_has_not_begun_does_not_begin(rehearse: Command, environment: dict[str, str]) -> None:
    """After Ctrl-C the scenarios that wait for their turn are left out, and the summary counts them."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    names = ["wait", "sell-two", "fire"]
    with start(["run", *names, "--json", "--timeout", "60"], environment, **pipes) as process:
        assert process.stdout
        list(until(process.stdout, "step-started"))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])
    assert (process.returncode, summary["exit_code"], summary["scenarios"], summary["not_begun"]) == (3, 3, 3, 2)
    assert "2 scenarios did not begin" in err
    assert not (rehearse.root / ".rehearse/runs/sell-two-0001").exists()


def test_two_interrupts_end_at_once(rehearse: Command, environment: dict[str, str]) -> None:
    """The second Ctrl-C ends the process as the signal would, whatever runs; nothing counts as complete."""
    rehearse.write("scenarios/sulk.yaml", SULK)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start(["run", "sulk", "--json"], environment, **pipes) as process:
        assert process.stdout
        assert process.stderr
        list(until(process.stdout, "step-started"))
        process.send_signal(signal.SIGINT)
        list(until(process.stderr, "stopping"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert not (rehearse.root / ".rehearse/runs/sulk-0001/complete.json").exists()


@pytest.mark.usefixtures("rehearse")
def test_a_terminal_sees_colours(environment: dict[str, str]) -> None:
    """In a terminal the report has colours."""
    plain = {name: value for name, value in environment.items() if name not in {"CI", "NO_COLOR"}}
    ours, theirs = pty.openpty()
    with start(["run", "wait", "--timeout", "0.3"], plain, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # that is how the end is told
            while chunk := os.read(ours, 4096):
                seen += chunk
    os.close(ours)
    assert 3 == process.returncode
    assert "\x1b[31m◷ Nobody comes\x1b[0m" in seen.decode()


@pytest.mark.usefixtures("rehearse")
def test_a_reader_that_leaves_is_no_defect(environment: dict[str, str]) -> None:
    """A pipe whose reader has gone ends the program without a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    with start(["list"], environment, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err == ""
