"""Every Python block of the seed document runs; only its import lines are changed.

The blocks run one after another in one namespace, as a reader would type them. What a block uses without importing it (``asyncio``,
``traceback``, a name of an earlier page) is in that namespace. A block that only defines a function is followed by a call of it.
"""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
import inspect
import logging
import shutil
import time
import traceback
from pathlib import Path

import pytest
from tests.seed.blocks import Block, blocks

import rehearse
import residency

SUITE = Path("backend/tests/scenarios/n1_failures")
HOLIDAY = "n1-holiday-coverage-001"

INTERNALS = {
    "Single Operation Execution": "ScenarioExecutor.execute_single_operation (operations are bound by Domain.operations)",
    "Rollback on Failure": "the restore phase of run_scenario_full (rehearse.run.restore); BackupManager for a copy by hand",
    "Complete Execution Function": "run_scenario_full",
}
"""Blocks that are definitions of the described system's own internals, and what the product calls them."""

CALLS = {
    "Database Preparation": (
        "await prepare_database(resolved_scenario)\n"
        "for section in ('absences', 'holidays'):\n"
        "    for row in getattr(resolved_scenario.setup, section):\n"
        "        await setup.create(section, row)"
    ),
    "Precondition Verification": "await verify_preconditions(resolved_scenario)",
    "Backup Creation (for destructive operations)": (
        "assert await create_backup_if_required(scenario) is None\n"
        "scenario.require_backup = True\n"
        "backup_id = await create_backup_if_required(scenario)\n"
        "assert backup_id\n"
        "scenario.require_backup = False"
    ),
    "Snapshot Creation": "pre_snapshot = await capture_pre_state(resolved_scenario)\nassert pre_snapshot.id",
    "Execute with Timeout Protection": (
        "execution_result = await execute_scenario_with_timeout(resolved_scenario)\nassert execution_result.success"
    ),
    "Sequential Operations": (
        "results = await execute_sequential_operations(by_hand)\n"
        "assert [result['result'].success for result in results] == [True]"
    ),
    "Concurrent Operations": (
        "results = await execute_concurrent_operations(by_hand * 2)\n"
        "assert [result.success for result in results] == [True, True]"
    ),
    "Progress Monitoring": "scenario_of_reads = reads\nawait execute_with_progress_monitoring(scenario_of_reads)",
    "Capture Final State": "post_snapshot = await capture_post_state(resolved_scenario)\nassert post_snapshot.id != pre_snapshot.id",
    "Execution Log Capture": "logs = await capture_execution_logs(resolved_scenario)\nassert logs.id and logs.sql",
    "Performance Metrics Capture": (
        "metrics = await capture_performance_metrics(resolved_scenario)\n"
        "assert metrics['database_queries']['total'] >= metrics['database_queries']['select'] > 0"
    ),
    "Validate Against Expected Outcomes": (
        "validation_result = await validate_scenario_results(resolved_scenario, execution_result, post_snapshot)\n"
        "assert validation_result.passed, validation_result.errors"
    ),
    "Artifact Retention": ("result = await run_scenario_full(scenario.id)\nawait manage_artifacts(scenario, result)"),
    "Run Scenario Suite": "results = await run_scenario_suite('n1_failures')\nassert all(result.success for result in results)",
    "Parallel Execution": (
        "results = await run_scenarios_parallel([scenario.id, scenario.id])\nassert all(result.success for result in results)"
    ),
    "Scenario as Pytest Test": "await test_n1_holiday_coverage_001()\nawait test_n1_multi_absence_002()",
    "Parametrized Scenario Tests": "await test_n1_scenarios('n1-cascade-failure-003')",
    "Real-Time Progress": "result = await run_with_live_monitoring(scenario.id)\nassert result.success",
    "Retry Logic": "result = await run_scenario_with_retry(scenario.id)\nassert result.success",
    "Query Optimization": "result = await run_with_query_cache(scenario.id)\nassert result.success",
}
"""What calls the functions that a block defines."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose scenarios have the file names and ids of the document."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.rehearse]\nscenario_paths = ["more"]\n', encoding="utf-8")
    bundled = Path(inspect.getfile(residency)).parent / "scenarios/n1_failures/holiday_coverage.yaml"
    (tmp_path / SUITE).mkdir(parents=True)
    shutil.copy(bundled, tmp_path / SUITE)
    (tmp_path / "more").mkdir()
    text = bundled.read_text(encoding="utf-8")
    assert f"id: {HOLIDAY}" in text
    for name in (
        "n1-multi-absence-002",
        "n1-cascade-failure-003",
        "n1-backup-chain-004",
        "schedule-generation-full-year-001",
    ):
        (tmp_path / "more" / f"{name}.yaml").write_text(text.replace(f"id: {HOLIDAY}", f"id: {name}"), encoding="utf-8")
    return tmp_path


async def run_block(source: str, namespace: dict[str, object]) -> None:
    """Run a block as a notebook would: with ``await`` at its top level."""
    code = compile(source, "<seed>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    coroutine = eval(code, namespace)  # noqa: S307  (the document is the test's input)
    if inspect.isawaitable(coroutine):
        await coroutine


def namespace() -> dict[str, object]:
    """Return the names that the document's blocks use without importing them."""
    names: dict[str, object] = {name: getattr(rehearse, name) for name in rehearse.__all__}
    names.update(asyncio=asyncio, traceback=traceback, time=time, logging=logging, pytest=pytest)
    names.update(datetime=dt.datetime, scenario_id=HOLIDAY)
    names["execute_single_operation"] = rehearse.ScenarioExecutor().execute_single_operation
    return names


async def run_document(document: tuple[Block, ...]) -> list[str]:
    """Run every block that is no internal, and the call that follows it; return the headings that ran."""
    names = namespace()
    ran = []
    for block in document:
        if block.heading in INTERNALS:
            continue
        await run_block(block.source, names)
        if block.heading == "Parse and Resolve Variables":
            await run_block(PREPARED, names)
        if block.heading in CALLS:
            await run_block(CALLS[block.heading], names)
        ran.append(block.heading)
    return ran


PREPARED = """
from types import SimpleNamespace as Row
read_only = Row(step=1, operation="validate_acgme", parameters={}, critical=True)
by_hand = [read_only]
reads = Row(id=scenario.id, test_case=Row(operations=by_hand))
"""


@pytest.mark.usefixtures("project")
def test_every_block_of_the_seed_runs() -> None:
    """Thirty blocks run as written, and three are internals that the product has under another name."""
    document = blocks()
    ran = asyncio.run(run_document(document))
    assert len(document) == len(ran) + len(INTERNALS)
    assert {block.heading for block in document} == set(ran) | set(INTERNALS)


def test_only_import_lines_are_changed() -> None:
    """What runs differs from the document in lines that import from the application it was written in, and in no other."""
    text = "".join(block.source for block in blocks())
    assert "app.testing" not in text
    document = Path(__file__).with_name("scenario-execution.md").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "from rehearse import" not in line]
    assert all(line in document for line in kept)
