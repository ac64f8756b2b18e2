"""A suite's report as JSON, for dashboards and scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rehearse.report.document import FORMAT, Json, json_value

if TYPE_CHECKING:
    from rehearse.report.suite.model import SuiteReport, SuiteRow


def suite_json(report: SuiteReport) -> str:
    """Return the report as JSON, keys in reading order, two spaces deep, with a final line feed."""
    tree: dict[str, Json] = {
        "format": FORMAT,
        "status": report.status,
        "scenarios": len(report.rows) + report.missing,
        "not_begun": report.missing,
        "counts": dict(report.counts),
        "flaky": [row.scenario_id for row in report.flaky],
        "execution_time_seconds": report.seconds,
        "database_queries": report.queries,
        "environment": dict(report.environment),
        "runs": [_row(row) for row in report.rows],
        "trend": [
            {"began": point.began.isoformat(timespec="seconds"), "ran": point.ran, "counts": dict(point.counts)}
            for point in report.trend
        ],
    }
    return json.dumps(json_value(tree), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _row(row: SuiteRow) -> Json:
    return {
        "scenario_id": row.scenario_id,
        "scenario_name": row.name,
        "status": row.status,
        "failure_category": row.kind or None,
        "why": row.why or None,
        "category": row.subject.category,
        "priority": row.subject.priority,
        "tags": list(row.subject.tags),
        "execution_time_seconds": row.seconds,
        "database_queries": row.queries,
        "database": row.database,
        "run_id": row.run_id,
        "fingerprint": row.fingerprint or None,
        "flaky": row.past.flaky or None,
        "outcomes": list(row.past.statuses),
        "page": row.page or None,
        "command": row.command,
    }
