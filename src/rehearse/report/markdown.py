"""The ``markdown`` format: for a pull request, a job summary, a ticket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rehearse.report.model import (
    LIMITS,
    Limits,
    change_lines,
    changed_tables,
    checks_in_order,
    count_text,
    isolation_text,
    journal_text,
    rows_cut,
    seconds_text,
    shown,
)
from rehearse.report.panel_tables import panel_table
from rehearse.report.text import MARKS, status_text, verdict_text
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rehearse.panels import AnyPanel
    from rehearse.report.model import RunReport
    from rehearse.run.outcome import ScenarioResult

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:-])")


def escaped(text: str, *, limit: int = 2048) -> str:
    """Return `text` on one line with every character that Markdown or HTML could read as markup behind a backslash."""
    return _SPECIAL.sub(r"\\\1", cell(text, limit=limit))


def markdown_report(report: RunReport, *, limits: Limits = LIMITS) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    sections = (
        _heading(report),
        _steps(report.result),
        _changes(report, limits),
        _checks(report.result, limits),
        _errors(report.result),
        *(_panel(panel, limits) for panel in report.panels),
        _footer(report),
    )
    blocks = ("\n".join(lines) for lines in sections)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _heading(report: RunReport) -> Iterator[str]:
    result = report.result
    yield f"# {MARKS[result.status]} {escaped(result.scenario_name or result.scenario_id)}"
    yield ""
    flaky = ", flaky" if result.flaky else ""
    queries = count_text(result.metrics.database_queries.get("total", 0), "query", plural="queries")
    yield (
        f"**{status_text(result)}{flaky}** · `{cell(result.scenario_id)}` · {escaped(isolation_text(result))}"
        f" · {seconds_text(result.execution_time_seconds)} · {queries}"
    )
    for text in (result.description, report.subject.rationale):
        if text:
            yield ""
            yield escaped(text)


def _steps(result: ScenarioResult) -> Iterator[str]:
    if not result.steps:
        return
    yield "## What was done\n"
    rows = (
        (
            step.name,
            step.operation,
            step.outcome + ("" if step.expected else " (not expected)"),
            "; ".join(reason.text for reason in step.reasons) or step.error or "",
            seconds_text(step.seconds),
            str(step.query_count),
        )
        for step in result.steps
    )
    yield from table(("step", "operation", "outcome", "why", "time", "queries"), rows)


def _changes(report: RunReport, limits: Limits) -> Iterator[str]:
    result = report.result
    if result.diff is None:
        return
    yield "## What changed\n"
    if not result.diff.count():
        yield "Nothing."
        return
    rows: list[tuple[str, ...]] = []
    for name in (table for table in changed_tables(result.diff) if table not in report.journal):
        lines = change_lines(result.diff, name, limits=limits.brief())
        rows += [(line.sign, line.table, line.row, ", ".join(line.details)) for line in lines]
        cut = rows_cut(result.diff, name, limits=limits)
        if cut:
            rows.append(("…", name, "", f"cut: {cut:,} more rows in diff.json"))
    yield from table(("", "table", "row", "change"), rows)
    if journal_text(result.diff, report.journal):
        yield f"\nJournal: {escaped(journal_text(result.diff, report.journal))}"


def _checks(result: ScenarioResult, limits: Limits) -> Iterator[str]:
    checks = checks_in_order(result)
    if not checks:
        return
    yield f"## What was checked: {verdict_text(checks)}\n"
    rows = [
        (MARKS[check.status], check.key, check.expected, shown(check.actual), check.message)
        for check in checks[: limits.rows]
    ]
    if len(checks) > limits.rows:
        rows.append(("…", f"cut: {len(checks) - limits.rows:,} more checks in result.json", "", "", ""))
    yield from table(("", "check", "expected", "actual", "message"), rows)


def _errors(result: ScenarioResult) -> Iterator[str]:
    if result.error is None:
        return
    yield "## What went wrong\n"
    yield from (f"- {escaped(error)}" for error in result.errors)
    if result.traceback:
        yield ""
        yield from (f"    {line}" for line in visible(result.traceback).rstrip().splitlines())


def _panel(shown_panel: AnyPanel, limits: Limits) -> Iterator[str]:
    panel = panel_table(shown_panel)
    yield f"## {escaped(panel.title)}\n"
    yield from table(panel.columns, panel.rows[: limits.rows])
    cut = len(panel.rows) - limits.rows
    notes = [panel.note] * bool(panel.note) + [f"cut: {cut:,} more rows"] * (cut > 0)
    for note in notes:
        yield f"\n{escaped(note)}"


def _footer(report: RunReport) -> Iterator[str]:
    result = report.result
    yield "## Evidence\n"
    yield f"- folder: {escaped(result.run_path)}"
    if result.fingerprint:
        yield f"- fingerprint of the final state: `{result.fingerprint}`"
    if result.isolation and result.isolation.kept:
        yield f"- kept database: {escaped(result.isolation.kept)}"
    if report.command:
        yield f"- run again: {escaped(report.command)}"
    yield from (f"- {escaped(label)}: {escaped(value)}" for label, value in report.environment)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Return the lines of a table."""
    yield "| " + " | ".join(escaped(column) or " " for column in columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(escaped(value) for value in row) + " |"
