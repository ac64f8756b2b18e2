"""The program as a process: it starts light, and what it imports is what a command needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from report.golden import assert_golden

if TYPE_CHECKING:
    from cli.conftest import Command

HEAVY = ("sqlalchemy", "jinja2", "rich", "yaml", "residency", "asyncio", "psycopg", "ortools", "starlette", "uvicorn")
SOURCE = Path(__file__).parents[2] / "src"


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a child, with this project's source."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False, timeout=60
    )


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["serve", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help comes from the declarations alone: no database, no template, no terminal library, no domain is loaded."""
    code = (
        "import sys, json\n"
        f"sys.argv = ['rehearse', *{arguments!r}]\n"
        "from rehearse.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print(json.dumps([code, [name for name in {HEAVY!r} if name in sys.modules]]), file=sys.stderr)"
    )
    ended = python(code)
    assert json.loads(ended.stderr.splitlines()[-1]) == [0, []]
    assert ended.stdout


def test_a_process_ends_with_the_commands_exit_code() -> None:
    """The exit code of the process is that of the command."""
    ended = python("import sys; sys.argv = ['rehearse', 'show', 'nothing']; from rehearse.cli import main; main()")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: no run `nothing`")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "list",
        "new",
        "check",
        "fmt",
        "run",
        "show",
        "serve",
        "judge",
        "inspect",
        "clean",
        "domain",
        "schema",
        "adopt",
    ],
)
def test_help(rehearse: Command, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command says what it does and what its options mean."""
    monkeypatch.setenv("COLUMNS", "100")
    answer = rehearse(*([command] * bool(command)), "--help")
    assert answer.code == 0
    assert_golden(f"cli/help{'-' * bool(command)}{command}.txt", answer.out)


def test_no_command_is_a_mistake(rehearse: Command) -> None:
    """Without a command the help is shown and the exit code is that of a mistake."""
    answer = rehearse()
    assert answer.code == 2
    assert "Usage: rehearse" in answer.out + answer.err


def test_an_unknown_option_is_a_mistake(rehearse: Command) -> None:
    """What the command line does not know ends with exit code 2 and no traceback."""
    answer = rehearse("run", "--frobnicate")
    assert answer.code == 2
    assert "Traceback" not in answer.err
