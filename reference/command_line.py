"""Every command with its arguments and options, as the program itself declares them."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from rehearse.cli.app import app
from rehearse.cli.boundary import ERROR, FAILED, INTERRUPTED, MISTAKE, PASSED
from rehearse.report.reference_markdown import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = f"""\
# The command line

Made from the program's own declarations by `python -m reference`. `rehearse COMMAND --help` prints the same.

A scenario is named by its id, its suite (the folder below the scenario path) or its file. A run is named by its own id or by its
scenario's, which means the newest one.

| exit code | means |
| --- | --- |
| {PASSED} | all passed |
| {FAILED} | an expectation was not met |
| {MISTAKE} | a mistake of the author or of the call; nothing ran |
| {ERROR} | an error, a timeout, or an outcome that nobody knows |
| {INTERRUPTED} | interrupted a second time, or while nothing ran |

Reports go to standard output, progress and complaints to standard error. Colours are for terminals only, and `NO_COLOR` switches them off.
"""


def command_line_page() -> str:
    """Return the page."""
    program = get_command(app)
    commands: dict[str, Any] = program.commands  # type: ignore[attr-defined]  # typer keeps its types of groups to itself
    lines = [INTRODUCTION.rstrip()]
    for name, command in commands.items():
        lines += ["", *_command(name, command)]
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=f"rehearse {name}")
    yield f"## `rehearse {name}`"
    yield ""
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    yield f"`{usage}`"
    yield ""
    yield from _text(command.help).splitlines()
    rows = [_row(record) for record in (item.get_help_record(context) for item in command.params) if record]
    yield ""
    yield from table_lines(("argument or option", "meaning", "default, limits"), rows)


def _row(record: tuple[str, str]) -> tuple[str, str, str]:
    """`--jobs N`, "Scenarios at a time.  [default: 1; x>=1]" in three cells."""
    head, told = record
    meaning, _, bounds = told.partition("  [")
    plain = re.sub(r" <(list\[)?\w+\]?>$", "", head)
    return f"`{plain}`", meaning, bounds.removesuffix("]").replace("x>=", "at least ").replace("<=x<=", " to ")


def _text(doc: str) -> str:
    return cleandoc(doc).replace("<", "&lt;")
