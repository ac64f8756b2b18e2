"""Photographs, logs and metrics, as the seed asks for them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.api.latest import latest_result
from rehearse.api.settings import Settings
from rehearse.api.workbench import Workbench, current_workbench
from rehearse.artifacts.manager import today_utc
from rehearse.artifacts.record import SAVED
from rehearse.codec import dumps
from rehearse.domain import State
from rehearse.errors import RehearseError
from rehearse.run.evidence import EVENTS, EXECUTION, SQL
from rehearse.run.outcome import COUNTED_VERBS, Metrics
from rehearse.run.photograph import with_extras
from rehearse.snapshot.serialize import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rehearse.artifacts.store import ArtifactStore


@dataclass(frozen=True)
class CapturedState:
    """A photograph of the workbench's database.

    Attributes:
        state: What was photographed, as the domain sees it.
    """

    state: State

    @property
    def id(self) -> str:
        """Its id: the scenario's, and the type of snapshot."""
        return self.state.snapshot.id

    def to_json(self) -> str:
        """Return the seed's JSON form: snapshot_id, scenario_id, timestamp, database_state, and what the domain adds."""
        return to_json(self.state.snapshot).decode("utf-8", "surrogatepass")


class StateCaptureManager:
    """Photographs the database of this task's workbench."""

    def __init__(self, workbench: Workbench | None = None) -> None:
        self._given = workbench

    async def create_snapshot(
        self, scenario_id: str, snapshot_type: str, capture_config: Iterable[str] = ()
    ) -> CapturedState:
        """Return the state as it is now: every table, and what the domain adds.

        Args:
            scenario_id: Whose it is.
            snapshot_type: ``pre_execution``, ``post_execution`` or another name; `ResultValidator` finds it by that.
            capture_config: ``artifacts.capture`` of the scenario; it decides what a run keeps, and a snapshot is always whole.
        """
        del capture_config
        bench = self._given or current_workbench()
        state = await asyncio.to_thread(bench.photograph, scenario_id, snapshot_type)
        return CapturedState(with_extras(bench.domain, state))


@dataclass(frozen=True)
class ScenarioLogs:
    """What a run of a scenario logged.

    Attributes:
        id: Of these logs.
        scenario_id: Whose.
        events: What happened, one JSON text each; steps and phases only if debug logs were asked for.
        sql: Every statement, one JSON text each; empty unless asked for.
    """

    id: str
    scenario_id: str
    events: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()


class LogCaptureManager:
    """Reads what the newest run of a scenario, or this task's workbench, has logged."""

    def __init__(self, store: ArtifactStore | None = None) -> None:
        self._store = store or Settings.here().artifact_store

    async def get_scenario_logs(
        self,
        scenario_id: str,
        include_sql_queries: bool = False,
        include_debug_logs: bool = False,
    ) -> ScenarioLogs:
        """Return the logs of a scenario.

        Raises:
            RehearseError: If the scenario was not run, neither here nor before.
        """
        return await asyncio.to_thread(self._logs, scenario_id, include_sql_queries, include_debug_logs)

    def _logs(self, scenario_id: str, sql: bool, debug: bool) -> ScenarioLogs:
        bench = current_workbench()
        if scenario_id in bench.performed:
            statements = tuple(map(dumps, bench.log.statements)) if sql else ()
            steps = bench.execution.steps if bench.execution else ()
            return ScenarioLogs(f"{scenario_id}-logs", scenario_id, tuple(map(dumps, steps)), statements)
        record = self._store.latest(scenario_id)
        with self._store.open(record.run) as run:
            events = run.read(EVENTS).splitlines() if debug and EVENTS in run.names else [run.read(EXECUTION)]
            statements = tuple(run.read(SQL).splitlines()) if sql and SQL in run.names else ()
        return ScenarioLogs(f"{record.run}-logs", scenario_id, tuple(events), statements)

    async def save_logs(self, scenario_id: str, logs: ScenarioLogs, format: str = "json") -> Path:  # noqa: A002  (the seed's name)
        """Write logs into the folder of logs below the artifacts, and return the file's path.

        Raises:
            RehearseError: If the format is not ``json``, or the file cannot be written.
        """
        if format != "json":
            raise RehearseError(f"logs are written as json, not as `{format}`")
        return await asyncio.to_thread(self._save, scenario_id, logs)

    def _save(self, scenario_id: str, logs: ScenarioLogs) -> Path:
        content = {
            "id": logs.id,
            "scenario_id": scenario_id,
            "events": [json.loads(line) for line in logs.events],
            "sql": [json.loads(line) for line in logs.sql],
        }
        folder = self._store.begin(f"{scenario_id}-logs")
        path = folder.write("logs.json", json.dumps(content, ensure_ascii=False, indent=1))
        folder.complete(SAVED, today_utc())
        return path


class MetricsCollector:
    """What the latest run, or execution, of this task cost."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._given = metrics

    @property
    def _metrics(self) -> Metrics:
        if self._given is not None:
            return self._given
        result = latest_result()
        if result is not None:
            return result.metrics
        execution = current_workbench().execution
        if execution is None:
            raise RehearseError("nothing was run in this task yet, so there is nothing to measure")
        return execution.metrics()

    def get_total_time(self) -> float:
        """Return the seconds of the act phase."""
        return self._metrics.execution_time_seconds

    def get_query_count(self, kind: str | None = None) -> int:
        """Return the statements of the operations: all, or those of one verb (``SELECT``, ``INSERT``, ``UPDATE``, ``DELETE``).

        Raises:
            ValueError: For another verb.
        """
        if kind is not None and kind.upper() not in COUNTED_VERBS:
            raise ValueError(f"`{kind}` is none of {', '.join(COUNTED_VERBS)}")
        return self._metrics.database_queries.get("total" if kind is None else kind.lower(), 0)

    def get_peak_memory_mb(self) -> float:
        """Return the greatest growth of resident memory in the act phase, in MB."""
        return self._metrics.memory_usage_mb

    def get_operation_times(self) -> Mapping[str, float]:
        """Return step → seconds."""
        return self._metrics.operation_times
