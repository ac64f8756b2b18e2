"""What the page shows, as text ready to be escaped: the templates decide where it stands, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.document import sql_text
from rehearse.report.model import (
    ChangeLine,
    Limits,
    change_lines,
    changed_tables,
    checks_in_order,
    count_text,
    isolation_text,
    rows_cut,
    seconds_text,
    shown,
)
from rehearse.report.panel_tables import panel_table
from rehearse.report.text import MARKS, verdict_text
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from rehearse.database.observe import Statement
    from rehearse.expect.verdict import CheckResult
    from rehearse.report.model import RunReport
    from rehearse.run.outcome import ScenarioResult, StepResult


@dataclass(frozen=True)
class StepView:
    """A row of the timeline."""

    position: int
    name: str
    operation: str
    outcome: str
    expected: bool
    clock: str
    time: str
    queries: int
    reasons: tuple[tuple[str, str], ...]
    error: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ChangeView:
    """The changed rows of one table."""

    table: str
    lines: tuple[ChangeLine, ...]
    cut: int


@dataclass(frozen=True)
class CheckView:
    """A row of the verdict table."""

    mark: str
    status: str
    key: str
    category: str
    critical: bool
    expected: str
    actual: str
    message: str
    place: str


@dataclass(frozen=True)
class TableView:
    """A table of the domain."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    cut: int


@dataclass(frozen=True)
class StatementView:
    """A row of the SQL log."""

    number: int
    step: str
    sql: str
    parameters: str
    rows: str
    time: str
    error: str


@dataclass(frozen=True, kw_only=True)
class PageView:
    """The whole page."""

    title: str
    scenario_id: str
    mark: str
    status: str
    category: str
    flaky: bool
    database: str
    orders: str
    time: str
    queries: str
    description: str
    rationale: str
    about: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]
    traceback: str
    steps: tuple[StepView, ...]
    changes: tuple[ChangeView, ...]
    changes_known: bool
    change_counts: tuple[tuple[str, int], ...]
    verdict: str
    checks: tuple[CheckView, ...]
    checks_cut: int
    panels: tuple[TableView, ...]
    statements: tuple[StatementView, ...]
    statements_cut: int
    values_logged: bool
    phases: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, str], ...]
    attempts: tuple[tuple[str, ...], ...]
    command: str


def view(report: RunReport, limits: Limits) -> PageView:
    """Return everything that the page shows of a report, cut to `limits`."""
    result = report.result
    checks = checks_in_order(result)
    dropped = max(0, len(report.statements) - limits.statements) + report.statements_dropped
    return PageView(
        title=cell(result.scenario_name or result.scenario_id),
        scenario_id=cell(result.scenario_id),
        mark=MARKS[result.status],
        status=result.status,
        category="" if result.category in (None, result.status) else str(result.category),
        flaky=result.flaky,
        database=isolation_text(result),
        orders=cell(result.orders),
        time=seconds_text(result.execution_time_seconds),
        queries=count_text(result.metrics.database_queries.get("total", 0), "query", plural="queries"),
        description=visible(result.description),
        rationale=visible(report.subject.rationale),
        about=_about(report),
        errors=tuple(visible(error) for error in result.errors[: limits.rows]),
        traceback=visible(result.traceback or "")[: limits.sql * 4],
        steps=tuple(_step(step, position) for position, step in enumerate(result.steps[: limits.rows], 1)),
        changes=_changes(result, limits),
        changes_known=result.diff is not None,
        change_counts=_change_counts(result),
        verdict=verdict_text(checks),
        checks=tuple(_check(check, limits) for check in checks[: limits.rows]),
        checks_cut=max(0, len(checks) - limits.rows),
        panels=_panels(report, limits),
        statements=tuple(_statement(item, limits) for item in report.statements[: limits.statements]),
        statements_cut=dropped,
        values_logged=report.values_logged,
        phases=tuple((phase, seconds_text(seconds)) for phase, seconds in result.metrics.phase_times.items()),
        environment=tuple((cell(label), cell(value)) for label, value in report.environment),
        evidence=_evidence(result),
        attempts=_attempts(result),
        command=cell(report.command),
    )


def _about(report: RunReport) -> tuple[tuple[str, str], ...]:
    subject = report.subject
    pairs = (
        ("category", subject.category),
        ("priority", subject.priority),
        ("tags", ", ".join(subject.tags)),
        ("domain", subject.domain),
        ("clock", subject.clock),
        ("seed", "" if subject.seed is None else str(subject.seed)),
        ("file", subject.file),
    )
    return tuple((label, cell(value)) for label, value in pairs if value)


def _step(step: StepResult, position: int) -> StepView:
    notes = [f"{step.tries} tries"] * (step.tries > 1) + ["deadline passed"] * step.timed_out
    notes += ["its thread never came back"] * step.abandoned
    return StepView(
        position=position,
        name=cell(f"{step.name}, {step.save_as}" if step.save_as else step.name),
        operation=cell(step.operation),
        outcome=step.outcome,
        expected=step.expected,
        clock=step.timestamp.isoformat(sep=" ", timespec="minutes"),
        time="" if step.outcome == "skipped" else seconds_text(step.seconds),
        queries=step.query_count,
        reasons=tuple((cell(reason.code), cell(reason.text)) for reason in step.reasons),
        error=cell(step.error or ""),
        notes=tuple(notes),
    )


def _changes(result: ScenarioResult, limits: Limits) -> tuple[ChangeView, ...]:
    diff = result.diff
    if diff is None:
        return ()
    return tuple(
        ChangeView(cell(table), change_lines(diff, table, limits=limits), rows_cut(diff, table, limits=limits))
        for table in changed_tables(diff)
    )


def _change_counts(result: ScenarioResult) -> tuple[tuple[str, int], ...]:
    words = (("inserted", "insert"), ("updated", "update"), ("deleted", "delete"))
    return tuple((word, result.diff.count(kind)) for word, kind in words) if result.diff else ()


def _check(check: CheckResult, limits: Limits) -> CheckView:
    return CheckView(
        mark=MARKS[check.status],
        status=check.status,
        key=cell(check.key),
        category=check.category,
        critical=check.critical,
        expected=cell(check.expected, limit=limits.cell),
        actual=cell(shown(check.actual), limit=limits.cell),
        message=visible(check.message[: limits.cell]),
        place=cell(str(check.span)) if check.span else "",
    )


def _panels(report: RunReport, limits: Limits) -> tuple[TableView, ...]:
    return tuple(
        TableView(
            cell(panel.title),
            tuple(cell(column) for column in panel.columns),
            tuple(tuple(cell(value, limit=limits.cell) for value in row) for row in panel.rows[: limits.rows]),
            cell(panel.note),
            max(0, len(panel.rows) - limits.rows),
        )
        for panel in map(panel_table, report.panels)
    )


def _statement(statement: Statement, limits: Limits) -> StatementView:
    return StatementView(
        number=statement.number,
        step=cell(statement.step),
        sql=sql_text(statement, limits),
        parameters=cell(statement.parameters, limit=limits.cell),
        rows="" if statement.rows < 0 else str(statement.rows),
        time=seconds_text(statement.seconds),
        error=cell(statement.error),
    )


def _evidence(result: ScenarioResult) -> tuple[tuple[str, str], ...]:
    pairs = (
        ("run", result.run_id),
        ("folder", result.run_path),
        ("fingerprint of the final state", result.fingerprint or ""),
        ("kept database", (result.isolation.kept or "") if result.isolation else ""),
    )
    return tuple((label, cell(value)) for label, value in pairs if value)


def _attempts(result: ScenarioResult) -> tuple[tuple[str, ...], ...]:
    if len(result.attempts) < 2:  # noqa: PLR2004  (one attempt is the run itself)
        return ()
    return tuple((str(a.number), a.status, cell(a.run_id), cell(a.error or "")) for a in result.attempts)
