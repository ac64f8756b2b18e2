"""A suite's report as one HTML file: every row stands in it, so that it reads without a script; a script filters and sorts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rehearse.report.html.page import page
from rehearse.report.model import count_text, seconds_text
from rehearse.report.suite.model import STATUSES, TrendPoint, counted
from rehearse.report.suite.pictures import categories_picture, trend_picture
from rehearse.report.text import MARKS
from rehearse.report.visible import cell
from rehearse.run.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.report.suite.model import Past, SuiteReport, SuiteRow

HERE = "rehearse.report.suite"
LISTED = 50
"""So many of those that did not pass, or are flaky, are named above the table."""
PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True)
class StripView:
    """Last outcomes: runs of equal ones, oldest first, and the same in words."""

    parts: tuple[tuple[Status, str], ...]
    words: str


@dataclass(frozen=True)
class RowView:
    """A row of the table."""

    scenario_id: str
    name: str
    status: Status
    mark: str
    kind: str
    why: str
    category: str
    priority: str
    tags: tuple[str, ...]
    seconds: float
    time: str
    queries: int
    strip: StripView
    flaky: str
    page: str


@dataclass(frozen=True)
class TileView:
    """How many came out in one way, and which filter shows them."""

    key: str
    value: str
    mark: str
    count: int
    word: str


@dataclass(frozen=True)
class CategoryView:
    """A category's totals."""

    name: str
    count: int
    passed: int
    unmet: int
    time: str
    queries: int


@dataclass(frozen=True)
class ChoiceView:
    """A list to choose from."""

    key: str
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class PointView:
    """A point of the trend in words."""

    began: str
    counts: str
    ran: int


@dataclass(frozen=True, kw_only=True)
class PageView:
    """The whole page."""

    title: str
    status: Status
    mark: str
    began: str
    facts: tuple[str, ...]
    tiles: tuple[TileView, ...]
    unmet: tuple[RowView, ...]
    unmet_cut: int
    flaky: tuple[RowView, ...]
    flaky_cut: int
    pictures: tuple[tuple[str, str], ...]
    trend: tuple[PointView, ...]
    categories: tuple[CategoryView, ...]
    choices: tuple[ChoiceView, ...]
    rows: tuple[RowView, ...]
    total: str
    environment: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]


def suite_html(report: SuiteReport, *, beside: tuple[str, ...] = ()) -> str:
    """Return the report as a self-contained page.

    Args:
        report: The suite.
        beside: Names of the other forms that lie beside the page.
    """
    return page("suite.html.j2", HERE, _view(report, beside), styles=("suite.css",), scripts=("suite.js",))


def _view(report: SuiteReport, beside: tuple[str, ...]) -> PageView:
    rows = {row.scenario_id: _row(row) for row in report.rows}
    unmet, flaky = report.unmet, report.flaky
    return PageView(
        title=_title(report),
        status=report.status,
        mark=MARKS[report.status],
        began=_moment(report.trend[-1]) if report.trend else "",
        facts=_facts(report),
        tiles=_tiles(report),
        unmet=tuple(rows[row.scenario_id] for row in unmet[:LISTED]),
        unmet_cut=max(0, len(unmet) - LISTED),
        flaky=tuple(rows[row.scenario_id] for row in flaky[:LISTED]),
        flaky_cut=max(0, len(flaky) - LISTED),
        pictures=_pictures(report),
        trend=tuple(_point(point) for point in reversed(report.trend)),
        categories=_categories(report),
        choices=_choices(report),
        rows=tuple(rows.values()),
        total=count_text(len(report.rows), "scenario"),
        environment=tuple((cell(label), cell(value)) for label, value in report.environment),
        beside=beside,
    )


def _pictures(report: SuiteReport) -> tuple[tuple[str, str], ...]:
    """Return caption and picture of what can be drawn."""
    pairs = (
        (f"After each of the last {len(report.trend)} rehearsals", trend_picture(report)),
        ("By category", categories_picture(report)),
    )
    return tuple((caption, picture) for caption, picture in pairs if picture)


def _title(report: SuiteReport) -> str:
    total = len(report.rows) + report.missing
    passed = report.counts.get("passed", 0)
    if passed == total and total:
        return "The scenario passed" if total == 1 else f"All {total:,} scenarios passed"
    return f"{passed:,} of {count_text(total, 'scenario')} passed"


def _facts(report: SuiteReport) -> tuple[str, ...]:
    databases = dict.fromkeys(row.database.partition(",")[0] for row in report.rows if row.database)
    return (
        f"{seconds_text(report.seconds)} of work",
        count_text(report.queries, "query", plural="queries"),
        *databases,
        *([f"{report.missing:,} did not begin"] if report.missing else []),
    )


def _tiles(report: SuiteReport) -> tuple[TileView, ...]:
    tiles = [TileView("status", status, MARKS[status], count, status) for status, count in report.counts.items()]
    if report.flaky:
        tiles.append(TileView("flaky", "yes", "≈", len(report.flaky), "flaky"))
    return tuple(tiles)


def _row(row: SuiteRow) -> RowView:
    return RowView(
        scenario_id=cell(row.scenario_id),
        name=cell(row.name or row.scenario_id, limit=300),
        status=row.status,
        mark=MARKS[row.status],
        kind=row.kind,
        why=row.why,
        category=cell(row.subject.category, limit=100),
        priority=cell(row.subject.priority, limit=100),
        tags=tuple(cell(tag, limit=100) for tag in row.subject.tags),
        seconds=round(row.seconds, 6),
        time=seconds_text(row.seconds),
        queries=row.queries,
        strip=strip_of(row.past),
        flaky=row.past.flaky,
        page=row.page,
    )


def strip_of(past: Past) -> StripView:
    """Return last outcomes as marks, equal neighbours together, and in words: ``last 4 outcomes, oldest first: 3 passed, 1 failed``."""
    runs = [(status, len(list(same))) for status, same in groupby(past.statuses)]
    words = ", ".join(f"{count} {status}" for status, count in runs)
    head = "its first outcome" if len(past.statuses) == 1 else f"last {len(past.statuses)} outcomes, oldest first"
    return StripView(tuple((status, MARKS[status] * count) for status, count in runs), f"{head}: {words}")


def _categories(report: SuiteReport) -> tuple[CategoryView, ...]:
    return tuple(_category(name, rows) for name, rows in by_category(report).items())


def by_category(report: SuiteReport) -> dict[str, list[SuiteRow]]:
    """Return the rows of each category, categories by name."""
    found: dict[str, list[SuiteRow]] = {name: [] for name in sorted({row.subject.category for row in report.rows})}
    for row in report.rows:
        found[row.subject.category].append(row)
    return found


def _category(name: str, rows: list[SuiteRow]) -> CategoryView:
    passed = counted(row.status for row in rows).get("passed", 0)
    return CategoryView(
        cell(name, limit=100),
        len(rows),
        passed,
        len(rows) - passed,
        seconds_text(sum(row.seconds for row in rows)),
        sum(row.queries for row in rows),
    )


def _choices(report: SuiteReport) -> tuple[ChoiceView, ...]:
    rows = report.rows
    priorities = {row.subject.priority for row in rows}
    lists = (
        ("status", "Status", [status for status in STATUSES if status in report.counts]),
        ("category", "Category", sorted({row.subject.category for row in rows})),
        ("priority", "Priority", [each for each in PRIORITIES if each in priorities]),
        ("tag", "Tag", sorted({tag for row in rows for tag in row.subject.tags})),
    )
    return tuple(ChoiceView(key, label, _shown(values)) for key, label, values in lists)


def _shown(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(cell(value, limit=100) for value in values if value)


def _point(point: TrendPoint) -> PointView:
    return PointView(_moment(point), ", ".join(f"{count} {word}" for word, count in point.counts.items()), point.ran)


def _moment(point: TrendPoint) -> str:
    return f"{point.began:%Y-%m-%d %H:%M} UTC"
