"""Runs that are over: shown, judged again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.terminal import Printer, for_people
from rehearse.errors import ArtifactError

if TYPE_CHECKING:
    from rehearse.artifacts.folder import StoredRun
    from rehearse.artifacts.store import ArtifactStore
    from rehearse.report.comparison.model import Comparison
    from rehearse.report.text import Line

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


def show_run(name: str, form: str, root: str, output: str = "") -> int:
    """Print the report of a stored run, or write it to a file.

    Raises:
        CallerError: If there is no such run, or the file cannot be written.
        ArtifactError: If its files cannot be read.
    """
    from rehearse.report.formats import rendered  # noqa: PLC0415  (start-up stays light)
    from rehearse.report.stored import stored_journal, stored_result  # noqa: PLC0415
    from rehearse.report.stored_panels import stored_panels  # noqa: PLC0415
    from rehearse.report.text import report_lines  # noqa: PLC0415

    with engine.artifact_store(engine.project(), root) as artifacts, opened_run(artifacts, name) as run:
        result = stored_result(run)
        if form == "text":
            _give(report_lines(result, journal=stored_journal(run), panels=stored_panels(run)), output)
        else:
            _give(rendered(FORMATS[form], run, result), output)
    return PASSED


def _give(report: str | tuple[Line, ...], output: str) -> None:
    """Print a report, or write it to a file and say so.

    Raises:
        CallerError: If the file cannot be written.
    """
    if not output:
        if isinstance(report, str):
            sys.stdout.write(report)
        else:
            Printer(sys.stdout).lines(report)
        return
    text = report if isinstance(report, str) else "".join(f"{line.text}\n" for line in report)
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise CallerError(f"cannot write {output}: {why}; name a file in a folder that exists") from error
    for_people(json=False).line(f"Report: {output}", style="dim")


def show_difference(name: str, other: str, form: str, root: str, output: str = "") -> int:
    """Print in what the end states of two stored runs differ, or write it; exit code 0 whether they do or not.

    Raises:
        CallerError: If there is no such run, they cannot be compared, or the format shows no comparison.
        ArtifactError: If their files cannot be read.
    """
    from rehearse.report.comparison.model import ComparisonError, compared  # noqa: PLC0415  (start-up stays light)
    from rehearse.report.comparison.text import comparison_lines  # noqa: PLC0415

    if form not in ("text", *COMPARISONS):
        raise CallerError(f"a comparison is shown as text, {' or '.join(COMPARISONS)}, not as {form}")
    with (
        engine.artifact_store(engine.project(), root) as artifacts,
        opened_run(artifacts, name) as first,
        opened_run(artifacts, other) as second,
    ):
        try:
            comparison = compared(first, second)
        except ComparisonError as error:
            raise CallerError(str(error)) from error
    _give(comparison_lines(comparison) if form == "text" else _comparison(form, comparison), output)
    return PASSED


COMPARISONS = ("json", "html")


def _comparison(form: str, comparison: Comparison) -> str:
    if form == "json":
        from rehearse.report.comparison.json import comparison_json  # noqa: PLC0415  (only who asks pays for it)

        return comparison_json(comparison)
    from rehearse.report.comparison.html import comparison_html  # noqa: PLC0415  (likewise)

    return comparison_html(comparison)


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
