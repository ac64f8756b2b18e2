"""The engineer's tables: verdicts, steps, changed rows, SQL, events, as cells of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.document import sql_text
from rehearse.report.html.paged import Column, PagedTable, Row
from rehearse.report.model import change_lines, changed_tables, checks_in_order, rounded, rows_cut, seconds_text, shown
from rehearse.report.text import MARKS
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.observe import Statement
    from rehearse.expect.verdict import CheckResult
    from rehearse.panels import PanelTable
    from rehearse.report.model import Limits, RunReport
    from rehearse.run.outcome import ScenarioResult, StepResult
    from rehearse.snapshot.model import Diff

_KINDS = {"~": "updated", "+": "inserted", "−": "deleted"}


# ── verdicts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def checks_table(result: ScenarioResult, limits: Limits) -> PagedTable:
    """Every check with what was expected, what was found, and where it stands in the file."""
    checks = checks_in_order(result)
    columns = (
        Column("Verdict", "mark"),
        Column("Check", "code"),
        Column("Expected"),
        Column("Actual"),
        Column("Place", "place"),
    )
    rows = tuple(_check(check, limits) for check in checks[: limits.rows])
    cut = max(0, len(checks) - limits.rows)
    return PagedTable("checks", "Checks", columns, rows, filters=True, cut=cut, where="checks in result.json")


def _check(check: CheckResult, limits: Limits) -> Row:
    notes = [check.category + (", critical" if check.critical and check.category != "critical" else "")]
    notes += [visible(check.message[: limits.cell])] if _says_more(check) else []
    notes += [visible(check.traceback[: limits.sql])] if check.traceback else []
    return Row(
        check.status,
        (
            f"{MARKS[check.status]} {check.status}",
            (cell(check.key), "\n".join(notes)),
            cell(check.expected, limit=limits.cell),
            cell(shown(check.actual) if not check.passed else rounded(check.actual), limit=limits.cell),
            _place(check),
        ),
    )


def _says_more(check: CheckResult) -> bool:
    """Whether a check's message is more than its two columns beside each other."""
    return check.status != "passed" and check.message not in {
        "",
        f"expected {check.expected}, found {shown(check.actual)}",
    }


def _place(check: CheckResult) -> str:
    """Where a check stands, without the folders of its file."""
    return cell(str(check.span).replace("\\", "/").rpartition("/")[2]) if check.span else ""


# ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def steps_table(result: ScenarioResult, limits: Limits) -> PagedTable:
    """Every step with its outcome and what it cost."""
    columns = (
        Column("#", "number"),
        Column("Operation", "code"),
        Column("Outcome"),
        Column("Clock", "nowrap"),
        Column("Time", "number"),
        Column("Queries", "number"),
    )
    rows = tuple(_step(step, position) for position, step in enumerate(result.steps[: limits.rows], 1))
    cut = max(0, len(result.steps) - limits.rows)
    return PagedTable("steps", "Steps", columns, rows, cut=cut, where="steps in result.json")


def _step(step: StepResult, position: int) -> Row:
    notes = [f"{step.tries} tries"] * (step.tries > 1) + ["deadline passed"] * step.timed_out
    notes += ["its thread never came back"] * step.abandoned
    notes += [f"{cell(reason.code)}: {cell(reason.text)}" for reason in step.reasons]
    notes += [cell(step.error)] if step.error else []
    unexpected = not step.expected and step.outcome != "skipped"
    return Row(
        "failed" if unexpected else "",
        (
            str(position),
            (cell(step.operation), cell(f"{step.name}, {step.save_as}" if step.save_as else step.name)),
            (step.outcome + (", not expected" if unexpected else ""), "\n".join(notes)),
            step.timestamp.isoformat(sep=" ", timespec="minutes"),
            "" if step.outcome == "skipped" else seconds_text(step.seconds),
            str(step.query_count),
        ),
    )


# ── changed rows ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ChangesView:
    """The changed rows of one table, and how many of them came, went or became others."""

    name: str
    counts: tuple[int, int, int]
    table: PagedTable
    journal: bool


def changes_views(report: RunReport, limits: Limits) -> tuple[ChangesView, ...]:
    """Every table of which a row changed; journals last."""
    diff = report.result.diff
    if diff is None:
        return ()
    names = sorted(changed_tables(diff), key=lambda name: name in report.journal)
    return tuple(
        _changes(diff, name, f"changes-{number}", limits, journal=name in report.journal)
        for number, name in enumerate(names, 1)
    )


def _changes(diff: Diff, name: str, identity: str, limits: Limits, *, journal: bool) -> ChangesView:
    columns = (Column("Change", "mark"), Column("Row", "code"), Column("What", "lines"))
    lines = change_lines(diff, name, limits=limits)
    rows = tuple(
        Row(_KINDS[line.sign], (f"{line.sign} {_KINDS[line.sign]}", line.row, "\n".join(line.details)))
        for line in lines
    )
    kinds = [change.kind for change in diff.changes[name]]
    counts = (kinds.count("insert"), kinds.count("update"), kinds.count("delete"))
    cut = rows_cut(diff, name, limits=limits)
    many = len(rows) > 10  # noqa: PLR2004  (fewer are seen at a glance)
    table = PagedTable(identity, cell(name), columns, rows, filters=many, cut=cut, where="rows in diff.json")
    return ChangesView(cell(name), counts, table, journal)


# ── SQL and events ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sql_table(report: RunReport, limits: Limits) -> PagedTable:
    """Every statement that was kept."""
    columns = (
        Column("#", "number"),
        Column("Step", "nowrap"),
        Column("Statement", "pre"),
        Column("Rows", "number"),
        Column("Time", "number"),
    )
    shown_statements = report.statements[: limits.statements]
    cut = len(report.statements) - len(shown_statements) + report.statements_dropped
    rows = tuple(_statement(item, limits) for item in shown_statements)
    return PagedTable("sql", "Statements", columns, rows, filters=True, cut=cut, where="statements were only counted")


def _statement(statement: Statement, limits: Limits) -> Row:
    notes = [cell(statement.parameters, limit=limits.cell)] if statement.parameters else []
    notes += [f"failed: {cell(statement.error)}"] if statement.error else []
    return Row(
        "failed" if statement.error else cell(statement.verb, limit=20),
        (
            str(statement.number),
            cell(statement.step),
            (sql_text(statement, limits), "\n".join(notes)),
            "" if statement.rows < 0 else str(statement.rows),
            seconds_text(statement.seconds),
        ),
    )


def events_table(report: RunReport, limits: Limits) -> PagedTable:
    """Everything that the run said while it went."""
    columns = (Column("#", "number"), Column("Event", "code"), Column("What", "lines"))
    rows = tuple(
        Row("", (str(number), cell(event.name), cell(" · ".join(f"{key} {value}" for key, value in event.fields))))
        for number, event in enumerate(report.events[: limits.statements], 1)
    )
    cut = max(0, len(report.events) - limits.statements)
    return PagedTable("events", "Events", columns, rows, filters=True, cut=cut, where="events in events.jsonl")


# ── tables of a domain ─────────────────────────────────────────────────────────────────────────────────────────────────


def domain_table(panel: PanelTable, identity: str, limits: Limits) -> PagedTable:
    """A table of the domain, as it is."""
    columns = tuple(Column(cell(name[:1].upper() + name[1:])) for name in panel.columns)
    rows = tuple(_domain_rows(panel, limits))
    cut = max(0, len(panel.rows) - limits.rows)
    return PagedTable(identity, cell(panel.title), columns, rows, cut=cut, where="rows")


def _domain_rows(panel: PanelTable, limits: Limits) -> Iterator[Row]:
    for row in panel.rows[: limits.rows]:
        yield Row("", tuple(cell(value, limit=limits.cell) for value in row))
