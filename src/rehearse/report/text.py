"""A report as lines of text: what was done, what changed row by row, what was checked, where the evidence lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rehearse.panels import PanelTable
from rehearse.report.cards import AT_ONCE, card_of
from rehearse.report.model import (
    LIMITS,
    LINE_CELL_BYTES,
    Limits,
    change_lines,
    changed_tables,
    checks_in_order,
    count_text,
    isolation_text,
    journal_text,
    rounded,
    rows_cut,
    seconds_text,
    shown,
)
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearse.domain import Reason
    from rehearse.expect.verdict import CheckResult
    from rehearse.panels import AnyPanel
    from rehearse.report.cards import Card
    from rehearse.run.outcome import ScenarioResult, StepResult

Style = Literal["plain", "title", "dim", "good", "bad", "doubt", "warn"]
MARKS = {"passed": "✓", "failed": "✗", "unknown": "?", "timeout": "◷", "error": "!", "warned": "⚠"}
STYLES: dict[str, Style] = {
    "passed": "good",
    "failed": "bad",
    "unknown": "doubt",
    "timeout": "bad",
    "error": "bad",
    "warned": "warn",
}
_OUTCOME_STYLES: dict[str, Style] = {"error": "bad", "unknown": "doubt", "skipped": "dim"}


@dataclass(frozen=True)
class Line:
    """A line of a report, with what it means for the eye."""

    text: str = ""
    style: Style = "plain"


def text_report(
    result: ScenarioResult,
    *,
    limits: Limits = LIMITS,
    journal: tuple[str, ...] = (),
    panels: tuple[AnyPanel, ...] = (),
) -> str:
    """Return the whole report as plain text with a final line feed."""
    return "".join(f"{line.text}\n" for line in report_lines(result, limits=limits, journal=journal, panels=panels))


def headline(result: ScenarioResult) -> Line:
    """Return the one line that stands for a run in a list."""
    parts = [cell(result.scenario_id), status_text(result)]
    if result.flaky:
        parts.append("flaky")
    queries = result.metrics.database_queries.get("total", 0)
    parts += [seconds_text(result.execution_time_seconds), count_text(queries, "query", plural="queries")]
    return Line(f"{MARKS[result.status]} " + " · ".join(parts), STYLES[result.status])


def status_text(result: ScenarioResult) -> str:
    """Return the status, with the category where that says more: ``failed (critical)``."""
    if result.category in (None, result.status):
        return result.status
    return f"{result.status} ({result.category})"


def report_lines(
    result: ScenarioResult,
    *,
    limits: Limits = LIMITS,
    journal: tuple[str, ...] = (),
    panels: tuple[AnyPanel, ...] = (),
) -> tuple[Line, ...]:
    """Return the whole report, line by line; changed rows of `journal` tables are counted, of `panels` the short sentences are shown."""
    sections = (
        heading_section(result),
        in_short_section(result, panels),
        steps_section(result),
        changes_section(result, limits, journal),
        _checks(result, limits),
        errors_section(result),
        attempts_section(result),
        evidence_section(result),
    )
    lines: list[Line] = []
    for section in sections:
        block = tuple(section)
        if block:
            lines += [Line(), *block] if lines else block
    return tuple(lines)


def heading_section(result: ScenarioResult) -> Iterator[Line]:
    """Yield what ran, how it ended, and on what."""
    yield Line(f"{MARKS[result.status]} {cell(result.scenario_name or result.scenario_id)}", STYLES[result.status])
    yield Line(f"  {headline(result).text[2:]}")
    orders = f" · {result.orders}" if result.orders else ""
    yield Line(f"  {isolation_text(result)}{orders}", "dim")


def in_short_section(result: ScenarioResult, panels: tuple[AnyPanel, ...]) -> Iterator[Line]:
    """Yield what the domain says in sentences, and which of its panels could not be made."""
    told = [line for panel in panels for line in _in_short(panel, result.run_id)]
    if told:
        yield Line("In short", "title")
        yield from told


def _in_short(panel: AnyPanel, run: str) -> Iterator[Line]:
    card = card_of(panel)
    if card is not None:
        yield from _card(card, run)
    elif isinstance(panel, PanelTable) and not panel.columns:
        yield Line(f"  {cell(panel.title)}: {cell(panel.note)}", "warn")


def _card(card: Card, run: str) -> Iterator[Line]:
    yield Line(f"  {cell(card.title)}")
    yield from (Line(f"    {cell(sentence)}") for sentence in card.sentences[:AT_ONCE])
    more = len(card.sentences) - AT_ONCE
    if more > 0:
        yield Line(f"    and {more} more: rehearse show {cell(run)} --format html", "dim")
    if card.note:
        yield Line(f"    {cell(card.note)}", "dim")


def steps_section(result: ScenarioResult) -> Iterator[Line]:
    """Yield what was done, step by step, with the reasons of refusals."""
    if not result.steps:
        return
    yield Line("What was done", "title")
    width = max(len(cell(step.operation)) for step in result.steps)
    for position, step in enumerate(result.steps, 1):
        yield step_line(step, position, len(result.steps), width=width)
        yield from (_reason(reason) for reason in step.reasons)
        if step.error and not step.expected:
            yield Line(f"        {cell(step.error)}", "bad")


def step_line(step: StepResult, position: int, total: int, *, width: int = 0) -> Line:
    """Return the line of one step: ``[2/4] run_contingency_analysis  done  3 ms, 9 queries``."""
    head = f"  [{position}/{total}] {cell(step.operation):<{width}}  {step.outcome:<8}"
    if step.outcome == "skipped":
        return Line(head.rstrip(), "dim")
    notes = [seconds_text(step.seconds), count_text(step.query_count, "query", plural="queries")]
    notes += [f"{step.tries} tries"] * (step.tries > 1) + ["deadline passed"] * step.timed_out
    notes += ["its thread never came back"] * step.abandoned + ["not expected"] * (not step.expected)
    return Line(f"{head}  {', '.join(notes)}", _OUTCOME_STYLES.get(step.outcome, "plain") if step.expected else "bad")


def _reason(reason: Reason) -> Line:
    return Line(f"        {cell(reason.code)}: {cell(reason.text)}", "dim")


def changes_section(result: ScenarioResult, limits: Limits, journal: tuple[str, ...]) -> Iterator[Line]:
    """Yield the rows that changed; those of `journal` tables are counted."""
    if result.diff is None:
        return
    diff = result.diff
    counts = (
        f"{diff.count('insert'):,} inserted, {diff.count('update'):,} updated, {diff.count('delete'):,} deleted"
        if diff.count()
        else "nothing"
    )
    yield Line(f"What changed: {counts}", "title")
    for table in (table for table in changed_tables(diff) if table not in journal):
        for change in change_lines(diff, table, limits=limits.brief()):
            yield Line(f"  {change.sign} {change.table} {change.row}  {', '.join(change.details)}".rstrip())
        if rows_cut(diff, table, limits=limits):
            yield Line(
                f"  … cut: {rows_cut(diff, table, limits=limits):,} more rows of {cell(table)} in diff.json", "dim"
            )
    if journal_text(diff, journal):
        yield Line(f"  journal: {journal_text(diff, journal)}", "dim")


def _checks(result: ScenarioResult, limits: Limits) -> Iterator[Line]:
    checks = checks_in_order(result)
    if not checks:
        return
    yield Line(f"What was checked: {verdict_text(checks)}", "title")
    width = min(40, max(len(cell(check.key)) for check in checks))
    for check in checks[: limits.rows]:
        yield from _check(check, width)
    if len(checks) > limits.rows:
        yield Line(f"  … cut: {len(checks) - limits.rows:,} more checks in result.json", "dim")


def verdict_text(checks: Iterable[CheckResult]) -> str:
    """Return how many checks came out how: ``11 passed, 1 failed``."""
    statuses = [check.status for check in checks]
    order = ("failed", "unknown", "warned", "passed")
    return ", ".join(f"{statuses.count(status)} {status}" for status in order if status in statuses)


def _check(check: CheckResult, width: int) -> Iterator[Line]:
    mark, style = MARKS[check.status], STYLES[check.status]
    if check.status == "passed":
        yield Line(f"  {mark} {cell(check.key):<{width}}  {cell(rounded(check.actual), limit=LINE_CELL_BYTES)}", style)
        return
    yield Line(f"  {mark} {cell(check.key)}  ({check.category})", style)
    yield Line(f"      expected  {cell(check.expected)}")
    yield Line(f"      actual    {cell(shown(check.actual))}")
    if check.message:
        yield from (Line(f"      {line}") for line in visible(check.message).splitlines())
    if check.span:
        yield Line(f"      {cell(str(check.span))}", "dim")
    yield from (Line(f"      {line}", "dim") for line in visible(check.traceback).rstrip().splitlines())


def errors_section(result: ScenarioResult) -> Iterator[Line]:
    """Yield what ended the run before its time, with its traceback."""
    if result.error is None:
        return
    yield Line(f"What went wrong in phase {result.phase}" if result.phase else "What went wrong", "title")
    unmet = {error for error in result.errors if error != result.error}
    yield from (Line(f"  {line}", "bad") for line in visible(result.error).splitlines())
    if result.category in ("precondition", "infrastructure", "cleanup"):
        yield from (Line(f"  {cell(error)}", "bad") for error in result.errors if error in unmet)
    if result.traceback:
        yield from (Line(f"  {line}", "dim") for line in visible(result.traceback).rstrip().splitlines())


def attempts_section(result: ScenarioResult) -> Iterator[Line]:
    """Yield the attempts, if there were several."""
    if len(result.attempts) < 2:  # noqa: PLR2004  (one attempt is the run itself)
        return
    yield Line("Attempts" + (": they disagree" if result.flaky else ""), "title")
    for attempt in result.attempts:
        error = f"  {cell(attempt.error)}" if attempt.error else ""
        yield Line(f"  {attempt.number}  {attempt.status}  {cell(attempt.run_id)}{error}", STYLES[attempt.status])


def evidence_section(result: ScenarioResult) -> Iterator[Line]:
    """Yield where the evidence lies."""
    if result.run_path:
        yield Line(f"Evidence: {cell(result.run_path)}", "dim")
    if result.fingerprint:
        yield Line(f"Fingerprint of the final state: {result.fingerprint[:16]}", "dim")
    if result.isolation and result.isolation.kept:
        yield Line(f"The database was kept: {cell(result.isolation.kept)}", "title")
