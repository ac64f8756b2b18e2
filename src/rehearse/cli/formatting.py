"""Scenario files laid out, or what that would change."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import FAILED, PASSED, CallerError
from rehearse.cli.editors import put, read_source, scenario_files
from rehearse.cli.terminal import for_people
from rehearse.errors import Problem, ScenarioError
from rehearse.report.model import count_text
from rehearse.report.visible import visible

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.cli.terminal import Printer
    from rehearse.project import Project


def format_files(names: tuple[str, ...], *, check: bool, diff: bool) -> int:
    """Lay out the scenario files that are named, those below the folders that are named, or all of the project.

    Raises:
        ScenarioError: With every file that cannot be laid out; the others are laid out all the same.
        CallerError: If there is no scenario file, or one cannot be written.
    """
    project = engine.project()
    found = scenario_files(names, project)
    if not found:
        raise CallerError("there is no scenario file; begin one with `rehearse new`")
    printer = for_people(json=False)
    problems: list[Problem] = []
    changed = 0
    for path in found:
        try:
            changed += _format(path, project, printer, write=not (check or diff), diff=diff)
        except ScenarioError as error:
            problems += error.problems
    verb = "would change" if check or diff else "changed"
    printer.line(
        f"{count_text(changed, 'file')} {verb}, {len(found) - changed - len(problems)} laid out already", style="dim"
    )
    if problems:
        raise ScenarioError(problems)
    return FAILED if check and changed else PASSED


def _format(path: Path, project: Project, printer: Printer, *, write: bool, diff: bool) -> bool:
    """Lay out one file, and say whether there was anything to do."""
    from rehearse.writing.formatting import formatted  # noqa: PLC0415  (start-up stays light)

    source = read_source(path)
    text = formatted(source, path, project.fixture_roots)
    if text == source.text:
        return False
    if diff:
        _show(path, source.text, text, printer)
    else:
        printer.line(str(path))
    if write:
        put(path, text)
    return True


def _show(path: Path, before: str, after: str, printer: Printer) -> None:
    lines = unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="")
    for line in lines:
        style = {"+": "good", "-": "bad", "@": "dim"}.get(line[:1], "plain")
        printer.line(visible(line), style=style)  # type: ignore[arg-type]
