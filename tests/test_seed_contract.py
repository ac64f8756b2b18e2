"""Every name that the seed promises, with the seed's signature, against a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rehearse
from rehearse import (
    ArtifactManager,
    BackupManager,
    LogCaptureManager,
    MetricsCollector,
    PreconditionChecker,
    PreconditionFailedError,
    ProgressMonitor,
    ResultValidator,
    ScenarioError,
    ScenarioExecutor,
    ScenarioLoader,
    ScenarioNotFoundError,
    ScenarioParser,
    ScenarioResult,
    ScenarioSetup,
    ScenarioStructureValidator,
    ScenarioTimeoutError,
    StateCaptureManager,
    delete_backup,
    enable_query_cache,
    restore_from_backup,
    run_scenario_full,
    run_scenario_suite,
    run_scenario_with_retry,
    run_scenarios_parallel,
)
from rehearse.api.settings import DATABASE_VARIABLE

HOLIDAY = "n1-holiday-coverage-001"
PERSON = {"id": "R1", "pgy_level": 2}
ROTATION = {"id": "ward", "rotation_type": "inpatient", "min_persons": 0}
DUTY = {"person_id": "R1", "rotation_id": "ward", "date": "2024-12-02", "start": "07:00", "end": "17:00"}

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def run(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a coroutine as a task of its own in an empty project, on each database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    if request.param == "postgresql":
        monkeypatch.setenv(DATABASE_VARIABLE, request.getfixturevalue("postgres_url"))
    return asyncio.run


def written(folder: Path, name: str, body: str) -> Path:
    """Write a scenario of one resident with these lines, and return its path."""
    path = folder / "scenarios" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"scenario:\n  name: {name}\n  id: {name}\n  clock: 2024-12-02T06:00\n  setup:\n"
        "    persons: [{id: R1, pgy_level: 2}]\n"
        "    rotations: [{id: ward, min_persons: 0}]\n" + body,
        encoding="utf-8",
    )
    return path


CREATE = (
    "  test_case:\n    operation: create_assignment\n"
    "    parameters: {person_id: R1, rotation_id: ward, date: 2024-12-02, start: '07:00', end: '17:00'}\n"
)


# ── loading ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_scenarios_load_by_path_id_and_suite(run: Run, tmp_path: Path) -> None:
    """The loader finds a file, an id and a suite; what is not there is an error with the nearest name."""
    del run
    path = written(tmp_path, "one-duty", f"{CREATE}  expected_outcome: {{success: true}}\n")
    loader = ScenarioLoader()
    assert loader.load_scenario(path).id == "one-duty"
    assert loader.load_scenario_by_id(HOLIDAY).category == "n1_failure"
    assert HOLIDAY in {scenario.id for scenario in loader.load_scenario_suite("n1_failures")}
    with pytest.raises(ScenarioNotFoundError, match="did you mean `n1-holiday-coverage-001`"):
        loader.load_scenario_by_id("n1-holiday-coverage-01")
    with pytest.raises(ScenarioNotFoundError):
        loader.load_scenario_suite("n1_failure")
    with pytest.raises(ScenarioNotFoundError):
        loader.load_scenario(tmp_path / "nowhere.yaml")


def test_structure_is_validated_without_a_database(run: Run, tmp_path: Path) -> None:
    """A mistake has a field and a message; a right scenario has none."""
    del run
    broken = written(tmp_path, "broken", f"{CREATE}  expected_outcome: {{sucess: true}}\n")
    result = ScenarioStructureValidator().validate_structure(ScenarioLoader().load_scenario(broken))
    assert not result.valid
    assert [(error.field, "success" in error.message) for error in result.errors] == [("expected_outcome.sucess", True)]
    assert ScenarioStructureValidator().validate_structure(ScenarioLoader().load_scenario_by_id(HOLIDAY)).valid


def test_variables_are_resolved_into_a_new_scenario(run: Run, tmp_path: Path) -> None:
    """Placeholders become values in the resolved scenario; the one that was loaded keeps them."""
    del run
    body = CREATE.replace("person_id: R1", 'person_id: "${who}"')
    path = written(tmp_path, "who", f"{body}  expected_outcome: {{success: true}}\n  variables: {{who: R1}}\n")
    scenario = ScenarioLoader().load_scenario(path)
    resolved = ScenarioParser().resolve_variables(scenario)
    assert scenario.test_case.operations[0].parameters["person_id"] == "${who}"
    assert resolved.test_case.operations[0].parameters["person_id"] == "R1"
    assert ScenarioParser().resolve_variables(resolved).test_case == resolved.test_case


# ── by hand ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def set_up() -> ScenarioSetup:
    """Begin with one resident, one rotation and one duty."""
    setup = ScenarioSetup()
    await setup.clean_database()
    await setup.create_person(PERSON)
    await setup.create_rotation(ROTATION)
    await setup.create_assignment(DUTY)
    await setup.configure_constraints({"rules": "acgme-2025"})
    return setup


def test_rows_are_created_by_hand(run: Run) -> None:
    """Rows of any section go in; a mistake is an error with its field, and puts nothing in."""

    async def work() -> None:
        setup = await set_up()
        await setup.create("holidays", {"date": "2024-12-25", "name": "Christmas Day"})
        with pytest.raises(ScenarioError, match="pgy_level"):
            await setup.create_person({"id": "R2", "pgy_level": 9})
        with pytest.raises(ScenarioError, match="did you mean `holidays`"):
            await setup.create("holiday", {})
        tables = (await StateCaptureManager().create_snapshot("by-hand", "pre_execution", ())).state.snapshot.tables
        assert [len(tables[name].rows) for name in ("persons", "rotations", "assignments", "holidays")] == [1, 1, 1, 1]

    run(work())


def test_fixtures_are_loaded_by_hand(run: Run, tmp_path: Path) -> None:
    """A fixture's rows go in, all or none."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.json"
    good.write_text("persons: [{id: R7, pgy_level: 1}, {id: R8, pgy_level: 3}]\n", encoding="utf-8")
    bad.write_text('{"persons": [{"id": "R9", "pgy_level": 1}, {"id": "R9", "pgy_level": 1}]}', encoding="utf-8")

    async def work() -> None:
        setup = await set_up()
        await setup.load_fixture(good)
        with pytest.raises(ScenarioError):
            await setup.load_fixture(bad)
        tables = (await StateCaptureManager().create_snapshot("by-hand", "pre_execution", ())).state.snapshot.tables
        assert [key[0] for key in tables["persons"].rows] == ["R1", "R7", "R8"]

    run(work())


def test_preconditions_are_asked(run: Run) -> None:
    """A check answers with what it found; an unknown one is an error."""

    async def work() -> None:
        await set_up()
        checker = PreconditionChecker()
        assert (await checker.check(check_name="no_double_booking", expected=True)).passed
        answer = await checker.check("weekly_hours", 40, {"person_id": "R1"})
        assert not answer.passed
        assert answer.actual == 10
        with pytest.raises(ScenarioError, match="no check `no_double_bookin`"):
            await checker.check("no_double_bookin", expected=True)

    run(work())


def test_a_snapshot_has_the_seeds_form(run: Run) -> None:
    """Every table, the status of the rules and the coverage stand in the snapshot's JSON."""

    async def work() -> None:
        await set_up()
        snapshot = await StateCaptureManager().create_snapshot("by-hand", "pre_execution", ["initial_database_state"])
        content = json.loads(snapshot.to_json())
        assert content["snapshot_id"] == snapshot.id
        assert content["scenario_id"] == "by-hand"
        assert content["database_state"]["persons"][0]["id"] == "R1"
        assert content["compliance_status"]["overall"] == "compliant"
        assert content["coverage_stats"]["coverage_percentage"] == 100

    run(work())


def test_operations_are_performed_by_hand(run: Run) -> None:
    """One, several in order, several together: each comes out done or rejected, and the roster holds what was done."""
    duty = {"person_id": "R1", "rotation_id": "ward", "date": "2024-12-03", "start": "07:00", "end": "17:00"}

    async def work() -> None:
        await set_up()
        executor = ScenarioExecutor()
        single = await executor.execute_single_operation("create_assignment", duty)
        assert single.success
        again = await executor.execute_single_operation("create_assignment", duty)
        assert [reason.code for reason in again.reasons] == ["double_booking"]
        read = SimpleNamespace(step=2, operation="validate_acgme", parameters={}, critical=True)
        later = SimpleNamespace(
            step=1, operation="create_assignment", parameters=duty | {"date": "2024-12-04"}, critical=True
        )
        results = await executor.execute_sequential_operations([read, later])
        assert [(result.operation, result.outcome) for result in results] == [
            ("create_assignment", "done"),
            ("validate_acgme", "done"),
        ]
        together = await executor.execute_concurrent_operations([read, read])
        assert [result.success for result in together] == [True, True]
        with pytest.raises(ScenarioError, match="did you mean `create_assignment`"):
            await executor.execute_single_operation("create_asignment", duty)
        tables = (await StateCaptureManager().create_snapshot("by-hand", "post_execution", ())).state.snapshot.tables
        assert len(tables["assignments"].rows) == 3

    run(work())


def test_a_scenario_is_performed_and_judged_by_hand(run: Run) -> None:
    """Execute, photograph, collect logs and metrics, validate: the same verdict as the whole run."""

    async def work() -> None:
        scenario = ScenarioLoader().load_scenario_by_id(HOLIDAY)
        execution = await ScenarioExecutor().execute_operations(scenario)
        assert execution.success
        post = await StateCaptureManager().create_snapshot(scenario.id, "post_execution", scenario.artifacts.capture)
        validator = ResultValidator()
        result = await validator.validate(
            scenario=scenario, execution_result=execution, post_state=post, expected=scenario.expected_outcome
        )
        assert result.passed, result.errors
        assert result.validations["coverage_gap_hours"].passed
        metrics = MetricsCollector()
        assert metrics.get_total_time() > 0
        assert metrics.get_query_count() == sum(map(metrics.get_query_count, ("SELECT", "INSERT", "UPDATE", "DELETE")))
        assert metrics.get_peak_memory_mb() >= 0
        assert set(metrics.get_operation_times()) == {"step1", "step2", "step3", "step4"}
        with pytest.raises(ValueError, match="DROP"):
            metrics.get_query_count("DROP")
        logs = await LogCaptureManager().get_scenario_logs(
            scenario.id, include_sql_queries=True, include_debug_logs=True
        )
        assert logs.events
        assert any("UPDATE" in line for line in logs.sql)
        path = await LogCaptureManager().save_logs(scenario.id, logs, format="json")
        assert json.loads(path.read_text())["id"] == logs.id

    run(work())


def test_a_backup_is_made_verified_restored_and_deleted(run: Run) -> None:
    """What was changed after the backup is gone after the restore; a deleted backup is gone."""

    async def people() -> list[object]:
        tables = (await StateCaptureManager().create_snapshot("by-hand", "now", ())).state.snapshot.tables
        return [key[0] for key in tables["persons"].rows]

    async def work() -> None:
        setup = await set_up()
        manager = BackupManager()
        backup = await manager.create_backup(scenario_id="by-hand", description="before R2")
        assert await manager.verify_backup(backup)
        await setup.create_person({"id": "R2", "pgy_level": 2})
        assert await people() == ["R1", "R2"]
        await restore_from_backup(backup)
        assert await people() == ["R1"]
        await manager.restore_backup(backup)
        await delete_backup(backup)
        with pytest.raises(rehearse.RehearseError, match="no backup"):
            await manager.restore_backup(backup)

    run(work())


def test_a_monitor_is_driven_by_hand_and_told_by_runs(run: Run) -> None:
    """By hand it keeps where things stand; with a callback it is told of each step of a run, sync or async."""

    async def work() -> None:
        monitor = ProgressMonitor()
        monitor.start(scenario_id="x", total_operations=2)
        monitor.update(current_operation=1, operation_name="a", status="running")
        monitor.mark_complete(1, success=True)
        monitor.finish()
        assert monitor.progress.completed == ((1, True),)
        assert monitor.progress.status == "finished"
        told: list[tuple[int, int, str]] = []

        async def callback(step: int, total: int, operation: str) -> None:
            told.append((step, total, operation))

        monitor.on_progress = callback
        await run_scenario_full(HOLIDAY)
        assert told == [
            (1, 4, "mark_unavailable"),
            (2, 4, "run_contingency_analysis"),
            (3, 4, "activate_backup_assignments"),
            (4, 4, "send_notifications"),
        ]

    run(work())


def test_every_way_to_run_tells_the_monitor(run: Run) -> None:
    """A suite, several at once and a run with retries tell the monitor of their context too; a plain function is as good as an async one."""

    async def work() -> None:
        told: list[str] = []
        monitor = ProgressMonitor(lambda step, total, operation: told.append(f"{step}/{total} {operation}"))
        assert monitor.on_progress is not None
        await run_scenario_with_retry(HOLIDAY, max_retries=2)
        first = list(told)
        await run_scenarios_parallel([HOLIDAY])
        await run_scenario_full(HOLIDAY)
        assert ["1/4 mark_unavailable", "4/4 send_notifications"] == [first[0], first[-1]]
        assert first * 3 == told

    run(work())


# ── whole runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_gives_a_frozen_result(run: Run) -> None:
    """The result says what happened, cannot be changed, and its success follows from its status."""

    async def work() -> ScenarioResult:
        return await run_scenario_full(HOLIDAY)

    result = run(work())
    assert isinstance(result, ScenarioResult)
    assert (result.scenario_id, result.status, result.success) == (HOLIDAY, "passed", True)
    assert result.execution_time_seconds > 0
    assert all(check.passed for check in result.validations.values())
    assert result.metrics.database_queries["total"] > 0
    assert set(result.artifacts) >= {"pre_snapshot", "post_snapshot", "logs", "run"}
    assert (result.errors, result.error, result.traceback) == ((), None, None)
    assert len(result.attempts) == 1
    result.raise_for_status()
    with pytest.raises(AttributeError):
        result.status = "failed"  # type: ignore[misc]


def test_options_set_on_a_loaded_scenario_count(run: Run) -> None:
    """The object that was changed is the one that runs: debug mode keeps the database, batch size changes nothing else."""

    async def work() -> tuple[ScenarioResult, ScenarioResult]:
        scenario = ScenarioLoader().load_scenario_by_id(HOLIDAY)
        scenario.debug_mode = True
        scenario.rollback_on_failure = False
        scenario.setup.database.batch_operations = True
        scenario.setup.database.batch_size = 100
        return await run_scenario_full(scenario), await run_scenario_full(HOLIDAY)

    changed, plain = run(work())
    assert changed.isolation.kept
    assert plain.isolation.kept is None
    assert changed.fingerprint == plain.fingerprint


def test_a_deadline_is_a_timeout_error_when_asked(run: Run, tmp_path: Path) -> None:
    """A run that is too late comes back as ``timeout``, and `raise_for_status` makes a `TimeoutError` of it."""
    written(tmp_path, "late", f"{CREATE}  expected_outcome: {{success: true}}\n")

    async def work() -> ScenarioResult:
        return await run_scenario_full("late", timeout=0.000001)

    result = run(work())
    assert result.status == "timeout"
    with pytest.raises(ScenarioTimeoutError) as raised:
        result.raise_for_status()
    assert isinstance(raised.value, TimeoutError)
    assert raised.value.result is result


def test_a_failed_precondition_is_an_error_that_names_it(run: Run, tmp_path: Path) -> None:
    """Nothing is performed, and the error says what was expected and found."""
    body = "    preconditions: [{check: weekly_hours, parameters: {person_id: R1}, expected: 40}]\n"
    written(tmp_path, "poor", f"{body}{CREATE}  expected_outcome: {{success: true}}\n")

    async def work() -> ScenarioResult:
        return await run_scenario_full("poor")

    result = run(work())
    assert (result.status, result.category, result.steps) == ("error", "precondition", ())
    with pytest.raises(PreconditionFailedError, match=r"weekly_hours: expected 40, found 0"):
        result.raise_for_status()


def test_suites_parallel_runs_and_retries(run: Run) -> None:
    """A suite in order, several at once with an unknown id among them, and a retry that is not needed."""

    async def work() -> None:
        suite = await run_scenario_suite("n1_failures")
        assert [result.scenario_id for result in suite] == sorted(result.scenario_id for result in suite)
        assert all(result.success for result in suite)
        first, unknown, second = await run_scenarios_parallel([HOLIDAY, "nobody-knows", HOLIDAY])
        assert isinstance(unknown, ScenarioNotFoundError)
        assert isinstance(first, ScenarioResult)
        assert isinstance(second, ScenarioResult)
        assert first.fingerprint == second.fingerprint
        retried = await run_scenario_with_retry(HOLIDAY, max_retries=3)
        assert (retried.status, len(retried.attempts), retried.flaky) == ("passed", 1, False)

    run(work())


def test_the_query_cache_changes_no_result(run: Run) -> None:
    """Repeated reads may be answered from memory; the final state is the same."""

    async def work() -> tuple[str, str]:
        with enable_query_cache():
            cached = await run_scenario_full(HOLIDAY)
        plain = await run_scenario_full(HOLIDAY)
        return cached.fingerprint, plain.fingerprint

    cached, plain = run(work())
    assert cached == plain


def folders(result: ScenarioResult) -> list[str]:
    """Return the run folders beside that of `result`."""
    return [str(path) for path in Path(result.run_path).parent.iterdir()]


def test_artifacts_are_exported_kept_and_swept(run: Run) -> None:
    """The newest run is exported in a format that was asked for, and goes when its time is over."""

    async def work() -> None:
        result = await run_scenario_full(HOLIDAY)
        manager = ArtifactManager()
        path = await manager.export(scenario_id=HOLIDAY, format="html_report")
        assert "Christmas" in path.read_text(encoding="utf-8")
        await manager.set_expiration(scenario_id=HOLIDAY, retention_days=0)
        await manager.sweep()
        assert result.run_path not in await asyncio.to_thread(folders, result)

    run(work())


def test_the_public_names_are_all_there() -> None:
    """Every name in `__all__` can be imported, and a name that is not there is an `AttributeError`."""
    assert all(hasattr(rehearse, name) for name in rehearse.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rehearse.nothing
