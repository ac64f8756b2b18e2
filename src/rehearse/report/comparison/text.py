"""A comparison as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.model import (
    LIMITS,
    Limits,
    change_lines,
    changed_tables,
    count_text,
    journal_text,
    rows_cut,
    visible_name,
)
from rehearse.report.text import MARKS, STYLES, Line, status_text
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.report.comparison.model import Comparison
    from rehearse.run.outcome import ScenarioResult


def comparison_lines(comparison: Comparison, *, limits: Limits = LIMITS) -> tuple[Line, ...]:
    """Return which runs were compared and every row in which their end states differ, journal tables counted."""
    return (
        Line("Two runs and what they left", "title"),
        _side("−", comparison.first),
        _side("+", comparison.second),
        Line(),
        *_differences(comparison, limits),
    )


def _side(sign: str, result: ScenarioResult) -> Line:
    name = cell(result.scenario_name or result.scenario_id)
    text = f"  {sign} {cell(result.run_id)}  {MARKS[result.status]} {status_text(result)}  {name}"
    return Line(f"{text}  ({(result.fingerprint or 'no fingerprint')[:16]})", STYLES[result.status])


def _differences(comparison: Comparison, limits: Limits) -> Iterator[Line]:
    if comparison.equal:
        yield Line(f"{verdict(comparison)}.", "good")
        return
    diff = comparison.diff
    yield Line(f"{verdict(comparison)}: {counts_text(comparison)}", "title")
    for table in (table for table in changed_tables(diff) if table not in comparison.journal):
        for change in change_lines(diff, table, limits=limits.brief()):
            yield Line(f"  {change.sign} {change.table} {change.row}  {', '.join(change.details)}".rstrip())
        if rows_cut(diff, table, limits=limits):
            yield Line(f"  … cut: {rows_cut(diff, table, limits=limits):,} more rows of {visible_name(table)}", "dim")
    if journal_text(diff, comparison.journal):
        yield Line(f"  journal: {journal_text(diff, comparison.journal)}", "dim")


def verdict(comparison: Comparison) -> str:
    """Return whether the end states are the same, in a few words."""
    return (
        "Both end states are equal, row by row, and so are their fingerprints" if comparison.equal else "What differs"
    )


def counts_text(comparison: Comparison) -> str:
    """Return how many rows are in which: ``1 row only in a-0001, 2 rows only in a-0002, 3 rows in both with other cells``."""
    diff = comparison.diff
    pairs = (
        (diff.count("delete"), f"only in {cell(comparison.first.run_id)}"),
        (diff.count("insert"), f"only in {cell(comparison.second.run_id)}"),
        (diff.count("update"), "in both with other cells"),
    )
    return ", ".join(f"{count_text(count, 'row')} {where}" for count, where in pairs if count)
