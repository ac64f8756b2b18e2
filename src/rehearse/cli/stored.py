"""Runs that are over: shown, judged again, cleaned up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.terminal import Printer, for_people
from rehearse.errors import ArtifactError
from rehearse.report.model import count_text

if TYPE_CHECKING:
    from rehearse.artifacts.folder import StoredRun
    from rehearse.artifacts.retention import Removal
    from rehearse.artifacts.store import ArtifactStore

FORMATS = {"json": "json", "yaml": "yaml", "markdown": "markdown", "html": "html_report", "junit": "junit"}


def opened_run(artifacts: ArtifactStore, name: str) -> StoredRun:
    """Return a finished run by its own id or by its scenario's, then the newest.

    Raises:
        CallerError: If there is no such run.
    """
    try:
        return artifacts.open(name)
    except ArtifactError as error:
        try:
            return artifacts.open(artifacts.latest(name).run)
        except ArtifactError:
            raise CallerError(str(error)) from error


def show_run(name: str, form: str, root: str) -> int:
    """Print the report of a stored run.

    Raises:
        CallerError: If there is no such run.
        ArtifactError: If its files cannot be read.
    """
    from rehearse.report.stored import rendered, stored_journal, stored_result  # noqa: PLC0415  (start-up stays light)
    from rehearse.report.text import report_lines  # noqa: PLC0415

    with engine.artifact_store(engine.project(), root) as artifacts, opened_run(artifacts, name) as run:
        result = stored_result(run)
        if form == "text":
            Printer(sys.stdout).lines(report_lines(result, journal=stored_journal(run)))
        else:
            sys.stdout.write(rendered(FORMATS[form], run, result))
    return PASSED


def judge_run(name: str, expect: str, root: str, validators: tuple[str, ...], *, as_json: bool) -> int:
    """Judge a stored run again, say what came out, and return its exit code.

    Raises:
        CallerError: If there is no such run.
        ScenarioError: If the expectations have mistakes.
        ArtifactError: If the run has not kept what judging needs.
    """
    from rehearse.report.stored import stored_journal  # noqa: PLC0415  (start-up stays light)
    from rehearse.report.text import report_lines  # noqa: PLC0415
    from rehearse.run.outcome import exit_code  # noqa: PLC0415

    project = engine.project()
    with engine.artifact_store(project, root) as artifacts, opened_run(artifacts, name) as run:
        result = engine.judged_again(run, expect, (*project.validators, *validators))
        journal = stored_journal(run)
    if as_json:
        from rehearse.cli.json_lines import JsonLines  # noqa: PLC0415

        JsonLines(sys.stdout).result(result)
    for_people(json=as_json).lines(report_lines(result, journal=journal))
    return exit_code((result,))


def clean_up(root: str, *, dry_run: bool) -> int:
    """Remove runs whose time is over and what killed runs left, and say what went.

    Raises:
        ArtifactError: If something cannot be removed.
    """
    from rehearse.artifacts.manager import today_utc  # noqa: PLC0415  (start-up stays light)
    from rehearse.artifacts.retention import clean, sweep  # noqa: PLC0415

    printer = for_people(json=False)
    verb = "would go" if dry_run else "removed"
    with engine.artifact_store(engine.project(), root) as artifacts:
        removals = (
            ("its time is over", sweep(artifacts, today_utc(), dry_run=dry_run)),
            ("never finished", clean(artifacts, dry_run=dry_run)),
        )
    for reason, removal in removals:
        _tell(printer, removal, f"{verb}: {reason}")
    count = sum(len(removal.removed) for _, removal in removals)
    freed = sum(removal.bytes_freed for _, removal in removals)
    printer.line(f"{count_text(count, 'run')} {verb}, {size_text(freed)}", style="dim")
    if not dry_run:
        for name in engine.swept():
            printer.line(f"{name}  removed: left by a killed run", style="dim")
    return PASSED


def _tell(printer: Printer, removal: Removal, words: str) -> None:
    for run in removal.removed:
        printer.line(f"{run}  {words}")
    for run in removal.busy:
        printer.line(f"{run}  stays: somebody writes or reads it", style="warn")


def size_text(size: int) -> str:
    """Return a number of bytes for people: ``812 bytes``, ``1.4 MB``."""
    for unit, bytes_of_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_of_it:
            return f"{size / bytes_of_it:.1f} {unit}"
    return count_text(size, "byte")
