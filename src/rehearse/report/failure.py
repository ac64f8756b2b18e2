"""What a test runner shows of a scenario that did not pass: what had to hold and did not, where that is written, and what was done.

No traceback of the engine is among it unless something broke; the traceback of an operation, a check or a phase that did is.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.errors import ArtifactError
from rehearse.report.document import sql_text
from rehearse.report.folder import Folder
from rehearse.report.model import LIMITS, Limits, changed_tables, checks_in_order, count_text, seconds_text, shown
from rehearse.report.stored import stored_journal, stored_statements
from rehearse.report.text import (
    MARKS,
    attempts_section,
    changes_section,
    errors_section,
    evidence_section,
    heading_section,
    steps_section,
)
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.observe import Statement
    from rehearse.expect.verdict import CheckResult
    from rehearse.run.outcome import ScenarioResult, StepResult

BRIEF = Limits(rows=50, cell=400, statements=30, sql=400)
"""A failure is read in a terminal; the whole is in the report."""
WRITES = ("INSERT", "UPDATE", "DELETE")


def failure_text(result: ScenarioResult, *, limits: Limits = BRIEF) -> str:
    """Return the story of a run that did not pass, as text without a final line feed; its first line says the worst of it."""
    folder = Folder(Path(result.run_path)) if result.run_path else None
    journal = stored_journal(folder) if folder is not None else ()
    sections = (
        [cell(result.errors[0] if result.errors else result.status)],
        [line.text for line in heading_section(result)],
        [line for check in checks_in_order(result) if not check.passed for line in check_lines(check, limits)],
        [line.text for line in errors_section(result)],
        [line.text for line in steps_section(result)],
        [line.text for line in changes_section(result, limits, journal)],
        list(_statements(result, folder, journal, limits)) if folder is not None else [],
        [line.text for line in attempts_section(result)],
        [line.text for line in evidence_section(result)],
    )
    return "\n\n".join("\n".join(section) for section in sections if section)


def check_lines(check: CheckResult, limits: Limits = LIMITS) -> Iterator[str]:
    """Yield an unmet check: its name, what was expected and found, why it is unmet, and its place in the file with a caret."""
    yield f"{MARKS[check.status]} {cell(check.key)}  ({check.category})"
    if check.span is not None:
        yield f"  --> {cell(str(check.span))}"
        yield from (f"  {line}" for line in visible(check.span.excerpt()).splitlines())
    yield f"  expected  {cell(check.expected, limit=limits.cell)}"
    yield f"  actual    {cell(shown(check.actual), limit=limits.cell)}"
    yield from (f"  {line}" for line in visible(check.message).splitlines())
    yield from (f"  {line}" for line in visible(check.traceback).rstrip().splitlines())


def _statements(result: ScenarioResult, folder: Folder, journal: tuple[str, ...], limits: Limits) -> Iterator[str]:
    """Yield the SQL of the steps that matter: those that came out as nobody expected, else what wrote the rows that changed."""
    try:
        statements = stored_statements(folder)
    except (ArtifactError, OSError, ValueError):
        return
    odd = [step for step in result.steps if not step.expected and step.outcome != "skipped"]
    changed = {table for table in changed_tables(result.diff) if table not in journal} if result.diff else set()
    for step in odd or result.steps:
        own = [item for item in statements if item.step == step.name]
        found = own if odd else [item for item in own if item.verb in WRITES and changed.intersection(item.tables)]
        if found:
            yield f"SQL of {_step_name(step)}{'' if odd else ', what it wrote'}"
            yield from (f"  {_statement(item, limits)}" for item in found[: limits.statements])
            if len(found) > limits.statements:
                yield f"  … cut: {count_text(len(found) - limits.statements, 'more statement')}"


def _step_name(step: StepResult) -> str:
    return f"{cell(step.name)} {cell(step.operation)}"


def _statement(item: Statement, limits: Limits) -> str:
    text = " ".join(sql_text(item, limits).split())
    rows = f", {count_text(item.rows, 'row')}" if item.rows >= 0 else ""
    error = f" — {cell(item.error)}" if item.error else ""
    return f"{item.number}. {text}  ({seconds_text(item.seconds)}{rows}){error}"
