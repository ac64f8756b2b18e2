"""A suite's report as Markdown, for the summary of a job or a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.markdown import escaped, table
from rehearse.report.model import count_text, seconds_text
from rehearse.report.suite.model import counted, counts_text
from rehearse.report.text import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.report.suite.model import SuiteReport, SuiteRow


def suite_markdown(report: SuiteReport) -> str:
    """Return the report as GitHub-flavoured Markdown: what did not pass stands first, what passed is folded."""
    sections = (_heading(report), _unmet(report), _flaky(report), _categories(report), _passed(report), _footer(report))
    blocks = ("\n".join(lines) for lines in sections)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _heading(report: SuiteReport) -> Iterator[str]:
    passed = report.counts.get("passed", 0)
    yield f"# {MARKS[report.status]} {passed} of {count_text(len(report.rows) + report.missing, 'scenario')} passed"
    yield ""
    parts = [f"**{counts_text(report.counts)}**"] if report.rows else []
    parts += [f"{report.missing} did not begin"] * bool(report.missing)
    parts += [f"{len(report.flaky)} flaky"] * bool(report.flaky)
    parts += [seconds_text(report.seconds), count_text(report.queries, "query", plural="queries")]
    yield " · ".join(parts)


def _unmet(report: SuiteReport) -> Iterator[str]:
    if not report.unmet:
        return
    yield "## What did not pass\n"
    rows = ((MARKS[row.status], row.status, _named(row), row.why) for row in report.unmet)
    yield from table(("", "status", "scenario", "why"), rows)


def _flaky(report: SuiteReport) -> Iterator[str]:
    if not report.flaky:
        return
    yield "## Flaky\n"
    rows = ((_named(row), row.past.flaky, _strip(row)) for row in report.flaky)
    yield from table(("scenario", "how", "last outcomes"), rows)


def _categories(report: SuiteReport) -> Iterator[str]:
    if not report.rows:
        return
    yield "## By category\n"
    names = sorted({row.subject.category for row in report.rows})
    for_each = {name: [row for row in report.rows if row.subject.category == name] for name in names}
    rows = (
        (
            name or "(none)",
            str(len(found)),
            counts_text(counted(row.status for row in found)),
            seconds_text(sum(row.seconds for row in found)),
        )
        for name, found in for_each.items()
    )
    yield from table(("category", "scenarios", "outcomes", "time"), rows)


def _passed(report: SuiteReport) -> Iterator[str]:
    passed = [row for row in report.rows if row.status == "passed"]
    if not passed:
        return
    yield f"<details><summary>What passed: {len(passed)}</summary>\n"
    rows = ((_named(row), seconds_text(row.seconds), str(row.queries), _strip(row)) for row in passed)
    yield from table(("scenario", "time", "queries", "last outcomes"), rows)
    yield "\n</details>"


def _footer(report: SuiteReport) -> Iterator[str]:
    yield from (f"- {escaped(label)}: {escaped(value)}" for label, value in report.environment)


def _named(row: SuiteRow) -> str:
    return f"{row.name or row.scenario_id} ({row.scenario_id})"


def _strip(row: SuiteRow) -> str:
    return "".join(MARKS[status] for status in row.past.statuses)
