"""A report as a tree of JSON values: the one content of the ``json`` and ``yaml`` formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from rehearse.report.model import LIMITS, SIGNS, Limits, RunReport, changed_tables, rows_cut
from rehearse.report.visible import visible
from rehearse.values import plain_fraction

if TYPE_CHECKING:
    from rehearse.database.observe import Statement
    from rehearse.domain import Reason
    from rehearse.expect.verdict import CheckResult
    from rehearse.run.outcome import ScenarioResult, StepResult
    from rehearse.snapshot.model import Diff, RowChange

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

FORMAT = 1
"""Counted up when a key changes its meaning or goes; a new key changes nothing."""


def document(report: RunReport, *, limits: Limits = LIMITS) -> dict[str, Json]:
    """Return the report as JSON values, keys in reading order; a cut is named where it was made.

    The SQL log and the states have files of their own beside it, and the panels of a domain are for people.
    """
    subject = report.subject
    tree: dict[str, Json] = {
        "format": FORMAT,
        **result_document(report.result, limits=limits),
        "scenario": {
            "category": subject.category,
            "priority": subject.priority,
            "tags": list(subject.tags),
            "rationale": subject.rationale,
            "file": subject.file,
            "domain": subject.domain,
            "clock": subject.clock,
            "seed": subject.seed,
        },
        "environment": dict(report.environment),
        "command": report.command,
    }
    return {key: json_value(value) for key, value in tree.items()}


def result_document(result: ScenarioResult, *, limits: Limits = LIMITS) -> dict[str, Json]:
    """Return a result alone as JSON values; the last JSON line of a run on the command line."""
    tree: dict[str, Json] = {
        "scenario_id": result.scenario_id,
        "scenario_name": result.scenario_name,
        "description": result.description,
        "status": result.status,
        "success": result.success,
        "flaky": result.flaky,
        "phase": result.phase,
        "category": result.category,
        "execution_time_seconds": result.execution_time_seconds,
        "errors": list(result.errors),
        "error": result.error,
        "traceback": result.traceback,
        "run_id": result.run_id,
        "run_path": result.run_path,
        "fingerprint": result.fingerprint,
        "isolation": _isolation(result),
        "steps": [_step(step) for step in result.steps],
        "validations": {key: _check(check) for key, check in result.validations.items()},
        "changes": _changes(result.diff, limits) if result.diff else None,
        "metrics": _metrics(result),
        "attempts": [
            {"number": each.number, "status": each.status, "run_id": each.run_id, "error": each.error}
            for each in result.attempts
        ],
        "artifacts": dict(result.artifacts),
    }
    return {key: json_value(value) for key, value in tree.items()}


def json_value(value: object) -> Json:
    """Return anything that a scenario, a row or a measure may hold as a JSON value.

    Dates are ISO text, numbers are numbers, and what cannot be seen in a text is an escape.
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            return visible(value)
        case datetime():
            return value.isoformat(timespec="minutes")
        case date():
            return value.isoformat()
        case Decimal() | Fraction() | float():
            return _number(value)
        case Mapping():
            return {visible(str(key)): json_value(item) for key, item in value.items()}
        case tuple() | list():
            return [json_value(item) for item in value]
        case _:
            return visible(str(value))


def _number(value: Decimal | Fraction | float) -> Json:
    if isinstance(value, Fraction):
        value = Decimal(plain_fraction(value))
    if not math.isfinite(value):
        return str(value)
    return int(value) if value == int(value) else float(value)


def _isolation(result: ScenarioResult) -> Json:
    isolation = result.isolation
    if isolation is None:
        return None
    return {
        "backend": isolation.backend,
        "version": isolation.version,
        "how": isolation.how,
        "level": isolation.level,
        "orders": result.orders or None,
        "kept": isolation.kept,
    }


def _step(step: StepResult) -> Json:
    return {
        "name": step.name,
        "step": step.step,
        "operation": step.operation,
        "outcome": step.outcome,
        "expected": step.expected,
        "reasons": [_reason(reason) for reason in step.reasons],
        "data": json_value(step.data),
        "error": step.error,
        "seconds": step.seconds,
        "queries": {verb.lower(): count for verb, count in step.queries.items()},
        "timestamp": step.timestamp.isoformat(timespec="minutes"),
        "timed_out": step.timed_out,
        "tries": step.tries,
        "abandoned": step.abandoned,
        "save_as": step.save_as,
    }


def _reason(reason: Reason) -> Json:
    return {
        "code": reason.code,
        "text": reason.text,
        "person": reason.person,
        "window": [moment.isoformat(timespec="minutes") for moment in reason.window] if reason.window else None,
        "measured": reason.measured,
        "limit": reason.limit,
    }


def _check(check: CheckResult) -> Json:
    return {
        "status": check.status,
        "category": check.category,
        "critical": check.critical,
        "expected": check.expected,
        "actual": json_value(check.actual),
        "message": check.message,
        "place": str(check.span) if check.span else None,
        "traceback": check.traceback or None,
    }


def _changes(diff: Diff, limits: Limits) -> Json:
    tables: dict[str, Json] = {}
    for table in changed_tables(diff):
        columns = diff.columns.get(table, ())
        rows: list[Json] = [_change(change, columns) for change in diff.changes[table][: limits.rows]]
        cut = rows_cut(diff, table, limits=limits)
        tables[table] = [*rows, {"cut": f"{cut:,} more rows in diff.json"}] if cut else rows
    counts: dict[str, Json] = {kind: diff.count(kind) for kind in SIGNS}
    return {"counts": counts, "tables": tables}


def _change(change: RowChange, columns: tuple[str, ...]) -> Json:
    before = dict(zip(columns, change.before or (), strict=False))
    after = dict(zip(columns, change.after or (), strict=False))
    line: dict[str, Json] = {change.kind: "/".join(str(json_value(part)) for part in change.key)}
    if change.kind == "update":
        for name in change.changed:
            line[name] = {"from": json_value(before.get(name)), "to": json_value(after.get(name))}
        return line
    row = {name: json_value(value) for name, value in (after or before).items()}
    return {**line, "row": row}


def _metrics(result: ScenarioResult) -> Json:
    metrics = result.metrics
    return {
        "execution_time_seconds": metrics.execution_time_seconds,
        "database_queries": dict(metrics.database_queries),
        "memory_usage_mb": metrics.memory_usage_mb,
        "operation_times": dict(metrics.operation_times),
        "phase_times": dict(metrics.phase_times),
    }


def sql_text(statement: Statement, limits: Limits = LIMITS) -> str:
    """Return the text of a statement, cut where it is too long and marked so."""
    sql = visible(statement.sql)
    return sql if len(sql) <= limits.sql else f"{sql[: limits.sql]}… [cut: {len(sql):,} characters in all]"
