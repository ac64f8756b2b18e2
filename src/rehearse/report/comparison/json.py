"""A comparison as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rehearse.report.document import FORMAT, Json, json_value
from rehearse.report.model import changed_tables

if TYPE_CHECKING:
    from rehearse.report.comparison.model import Comparison
    from rehearse.run.outcome import ScenarioResult
    from rehearse.snapshot.model import Diff, RowChange


def comparison_json(comparison: Comparison) -> str:
    """Return every row in which two end states differ as JSON, table by table in the order of the schema; nothing is cut."""
    diff = comparison.diff
    tree: dict[str, Json] = {
        "format": FORMAT,
        "first": _run(comparison.first),
        "second": _run(comparison.second),
        "equal": comparison.equal,
        "counts": {
            "only_in_first": diff.count("delete"),
            "only_in_second": diff.count("insert"),
            "changed": diff.count("update"),
        },
        "tables": {table: _table(diff, table) for table in changed_tables(diff)},
    }
    return json.dumps(json_value(tree), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _run(result: ScenarioResult) -> Json:
    return {
        "run_id": result.run_id,
        "scenario_id": result.scenario_id,
        "scenario_name": result.scenario_name,
        "status": result.status,
        "fingerprint": result.fingerprint,
    }


def _table(diff: Diff, table: str) -> Json:
    columns, rows = diff.columns[table], diff.changes[table]
    return {
        "only_in_first": [_row(columns, change.before) for change in rows if change.kind == "delete"],
        "only_in_second": [_row(columns, change.after) for change in rows if change.kind == "insert"],
        "changed": [_changed(columns, change) for change in rows if change.kind == "update"],
    }


def _row(columns: tuple[str, ...], values: tuple[object, ...] | None) -> Json:
    return {name: json_value(value) for name, value in zip(columns, values or (), strict=False)}


def _changed(columns: tuple[str, ...], change: RowChange) -> Json:
    first = dict(zip(columns, change.before or (), strict=False))
    second = dict(zip(columns, change.after or (), strict=False))
    cells: dict[str, Json] = {
        name: {"first": json_value(first[name]), "second": json_value(second[name])} for name in change.changed
    }
    return {"key": [json_value(part) for part in change.key], "cells": cells}
