"""What the page shows, as text ready to be escaped: the templates decide where it stands, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.html.paged import PagedTable
from rehearse.report.html.panels import CardView, Drawn, PanelView, cards, drawn, sections, timeline_of
from rehearse.report.html.tables import ChangesView, changes_views, checks_table, events_table, sql_table, steps_table
from rehearse.report.in_words import in_words, unmet
from rehearse.report.model import Limits, checks_in_order, count_text, isolation_text, seconds_text
from rehearse.report.text import MARKS, verdict_text
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from rehearse.report.model import RunReport
    from rehearse.run.outcome import ScenarioResult

LONGEST_OPENING = 1200
"""So many characters of a description stand above what happened; all of a longer one is behind a switch."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class PageView:
    """The whole page: the head, the half for people, the half for engineers."""

    title: str
    scenario_id: str
    mark: str
    status: str
    category: str
    flaky: bool
    facts: tuple[str, ...]
    sentences: tuple[str, ...]
    unmet: tuple[str, ...]
    errors: tuple[str, ...]
    description: str
    story: str
    rationale: str
    cards: tuple[CardView, ...]
    panels: tuple[PanelView, ...]
    verdict: str
    checks: PagedTable
    timeline: PanelView
    steps: PagedTable
    changes: tuple[ChangesView, ...]
    changes_known: bool
    sql: PagedTable
    values_logged: bool
    events: PagedTable
    metrics: Pairs
    phases: Pairs
    traceback: str
    about: Pairs
    evidence: Pairs
    environment: Pairs
    attempts: tuple[tuple[str, ...], ...]
    commands: Pairs
    suite: str


@dataclass(frozen=True)
class Drawings:
    """The pictures of a report, drawn once."""

    panels: tuple[Drawn, ...]
    timeline: Drawn


def drawings(report: RunReport) -> Drawings:
    """Draw every picture of a report."""
    panels = drawn((*report.panels, timeline_of(report.result)))
    return Drawings(panels[:-1], panels[-1])


def view(report: RunReport, pictures: Drawings, limits: Limits) -> PageView:
    """Return everything that the page shows of a report, cut to `limits`."""
    result = report.result
    description = visible(result.description)
    (timeline,) = sections((pictures.timeline,), limits)
    return PageView(
        title=cell(result.scenario_name or result.scenario_id),
        scenario_id=cell(result.scenario_id),
        mark=MARKS[result.status],
        status=result.status,
        category="" if result.category in (None, result.status) else str(result.category),
        flaky=result.flaky,
        facts=_facts(result),
        sentences=in_words(report),
        unmet=() if result.success else unmet(result),
        errors=_errors(result, limits),
        description=_opening(description),
        story=description if len(description) > LONGEST_OPENING else "",
        rationale=visible(report.subject.rationale),
        cards=cards(pictures.panels),
        panels=sections(pictures.panels, limits),
        verdict=verdict_text(checks_in_order(result)),
        checks=checks_table(result, limits),
        timeline=timeline,
        steps=steps_table(result, limits),
        changes=changes_views(report, limits),
        changes_known=result.diff is not None,
        sql=sql_table(report, limits),
        values_logged=report.values_logged,
        events=events_table(report, limits),
        metrics=_metrics(result),
        phases=tuple((phase, seconds_text(seconds)) for phase, seconds in result.metrics.phase_times.items()),
        traceback=visible(result.traceback or "")[: limits.sql * 4],
        about=_about(report),
        evidence=_evidence(result),
        environment=tuple((cell(label), cell(value)) for label, value in report.environment),
        attempts=_attempts(result),
        commands=_commands(report),
        suite=report.suite,
    )


def _opening(description: str) -> str:
    """Return as much of a description as leaves room for what happened, up to the end of a word."""
    if len(description) <= LONGEST_OPENING:
        return description
    return f"{description[:LONGEST_OPENING].rpartition(' ')[0] or description[:LONGEST_OPENING]} …"


def _facts(result: ScenarioResult) -> tuple[str, ...]:
    queries = count_text(result.metrics.database_queries.get("total", 0), "query", plural="queries")
    facts = (isolation_text(result), cell(result.orders), seconds_text(result.execution_time_seconds), queries)
    return tuple(fact for fact in facts if fact)


def _errors(result: ScenarioResult, limits: Limits) -> tuple[str, ...]:
    """What ended the run before its time; unmet checks are told as such."""
    told = {check.sentence for check in result.validations.values()}
    found = [error for error in result.errors if error not in told]
    return tuple(visible(error[: limits.sql]) for error in found[: limits.rows])


def _about(report: RunReport) -> Pairs:
    subject = report.subject
    pairs = (
        ("category", subject.category),
        ("priority", subject.priority),
        ("tags", ", ".join(subject.tags)),
        ("domain", subject.domain),
        ("clock", subject.clock),
        ("seed", "" if subject.seed is None else str(subject.seed)),
        ("file", subject.file or _file(report.result)),
    )
    return tuple((label, cell(value)) for label, value in pairs if value)


def _file(result: ScenarioResult) -> str:
    """Return the scenario's file, as the first check that has a place names it."""
    return next((check.span.source.name for check in result.validations.values() if check.span), "")


def _metrics(result: ScenarioResult) -> Pairs:
    metrics = result.metrics
    queries = (
        (f"{verb} statements", f"{count:,}") for verb, count in metrics.database_queries.items() if verb != "total"
    )
    return (
        ("time of the operations", seconds_text(metrics.execution_time_seconds)),
        ("statements in all", f"{metrics.database_queries.get('total', 0):,}"),
        *queries,
        ("peak growth of memory", f"{metrics.memory_usage_mb:.1f} MB"),
    )


def _evidence(result: ScenarioResult) -> Pairs:
    pairs = (
        ("run", result.run_id),
        ("folder", result.run_path),
        ("fingerprint of the final state", result.fingerprint or ""),
        ("kept database", (result.isolation.kept or "") if result.isolation else ""),
    )
    return tuple((label, cell(value)) for label, value in pairs if value)


def _commands(report: RunReport) -> Pairs:
    """How to do exactly this once more, and how to look at it again."""
    run = report.result.run_id
    pairs = (
        ("the same again, on a fresh database of the same kind", report.command),
        ("judge this run once more, from its evidence, without a database", f"rehearse judge {run}" if run else ""),
        ("this report as text", f"rehearse show {run}" if run else ""),
    )
    return tuple((label, cell(value)) for label, value in pairs if value and report.command)


def _attempts(result: ScenarioResult) -> tuple[tuple[str, ...], ...]:
    if len(result.attempts) < 2:  # noqa: PLR2004  (one attempt is the run itself)
        return ()
    return tuple((str(a.number), a.status, cell(a.run_id), cell(a.error or "")) for a in result.attempts)
