"""A comparison as one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.comparison.text import counts_text, verdict
from rehearse.report.html.page import page
from rehearse.report.model import LIMITS, ChangeLine, Limits, change_lines, changed_tables, rows_cut, visible_name
from rehearse.report.text import MARKS, status_text
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from rehearse.report.comparison.model import Comparison
    from rehearse.run.outcome import ScenarioResult

HERE = "rehearse.report.comparison"


@dataclass(frozen=True)
class SideView:
    """One of the two runs."""

    sign: str
    run: str
    status: str
    mark: str
    name: str
    fingerprint: str


@dataclass(frozen=True)
class TableView:
    """The rows of one table in which both states differ."""

    name: str
    journal: bool
    lines: tuple[ChangeLine, ...]
    cut: int


@dataclass(frozen=True)
class PageView:
    """The whole page."""

    title: str
    equal: bool
    verdict: str
    counts: str
    sides: tuple[SideView, ...]
    tables: tuple[TableView, ...]


def comparison_html(comparison: Comparison, *, limits: Limits = LIMITS) -> str:
    """Return the comparison as a self-contained page; a table beyond `limits` says how many rows it leaves out."""
    return page("comparison.html.j2", HERE, _view(comparison, limits), styles=("comparison.css",))


def _view(comparison: Comparison, limits: Limits) -> PageView:
    diff = comparison.diff
    tables = (
        TableView(
            visible_name(table),
            table in comparison.journal,
            change_lines(diff, table, limits=limits),
            rows_cut(diff, table, limits=limits),
        )
        for table in changed_tables(diff)
    )
    return PageView(
        f"{cell(comparison.first.run_id)} and {cell(comparison.second.run_id)}",
        comparison.equal,
        verdict(comparison),
        counts_text(comparison),
        (_side("−", comparison.first), _side("+", comparison.second)),
        tuple(tables),
    )


def _side(sign: str, result: ScenarioResult) -> SideView:
    return SideView(
        sign,
        cell(result.run_id),
        status_text(result),
        MARKS[result.status],
        cell(result.scenario_name or result.scenario_id),
        (result.fingerprint or "")[:16],
    )
