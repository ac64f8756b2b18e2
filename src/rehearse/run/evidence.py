"""What a run leaves on disk, in the order in which it comes to be: all of it before anybody judges."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from rehearse.codec import dumps
from rehearse.errors import ArtifactError
from rehearse.loading.write import scenario_text
from rehearse.run.events import DatabaseReady, Event, PhaseEnded, RunEnded, StepEnded, event_line
from rehearse.snapshot.serialize import diff_to_json, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.observe import StatementLog
    from rehearse.plan import Plan
    from rehearse.run.outcome import Execution, ScenarioResult
    from rehearse.snapshot.model import Diff, Snapshot

BEFORE, AFTER, DIFF = "before.json", "after.json", "diff.json"
EXECUTION, SQL, EVENTS = "execution.json", "sql.jsonl", "events.jsonl"
SCENARIO, RESULT = "scenario.yaml", "result.json"

CAPTURED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "initial_database_state": (BEFORE,),
        "final_database_state": (AFTER,),
        "state_diff": (DIFF,),
        "execution_logs": (EVENTS, EXECUTION),
        "sql_queries": (SQL,),
        "performance_metrics": (EXECUTION,),
        "events": (EVENTS,),
    }
)
"""What each word of ``artifacts.capture`` keeps; the scenario and the result are always kept."""

Exporter = Callable[["ScenarioResult"], str]
"""Makes one format's file of a result."""


@dataclass(frozen=True)
class Particulars:
    """What a run's mark says of it beyond its outcome, so that a history of many runs needs no other file.

    Attributes:
        name: The scenario's name.
        seconds: How long the act phase took.
        content: Equal exactly when the scenario, with every fixture merged, is the same text.
        backend: Which database it ran on.
    """

    name: str = ""
    seconds: float = 0.0
    content: str = ""
    backend: str = ""


def content_of(text: str) -> str:
    """Return what stands for a scenario's text in a mark."""
    return hashlib.sha256(text.encode("utf-8", errors="backslashreplace")).hexdigest()[:16]


class EvidenceFolder(Protocol):
    """A folder of one run, as the artifact store hands it out."""

    @property
    def id(self) -> str:
        """The run's id."""
        ...

    @property
    def path(self) -> Path:
        """The directory."""
        ...

    def write(self, name: str, content: str | bytes, *, phase: str = "") -> Path:
        """Write a file that is not there yet."""
        ...

    def append(self, name: str, content: str | bytes, *, phase: str = "") -> None:
        """Add to a log that grows while the run goes."""
        ...

    def prune(self, keep: Iterable[str]) -> None:
        """Remove every file not named."""
        ...

    def complete(self, status: str, today: date, *, retention_days: int | None, about: Particulars) -> object:
        """Mark the run as whole, as the last act."""
        ...

    def close(self) -> None:
        """Let go of the folder."""
        ...


class EvidenceStore(Protocol):
    """Where runs lie: `rehearse.artifacts.store.ArtifactStore` is one."""

    def begin(self, scenario: str) -> EvidenceFolder:
        """Make the folder of a scenario's next run."""
        ...


class Folder:
    """The evidence of one run.

    Args:
        store: Where it lies.
        plan: What is run.
        exporters: Format → what makes it.
        today: The day on which retention counts from; the only use of the calendar, and no part of a result.
    """

    def __init__(
        self,
        store: EvidenceStore,
        plan: Plan,
        *,
        exporters: Mapping[str, Exporter] = MappingProxyType({}),
        today: Callable[[], date] = date.today,
    ) -> None:
        self._plan = plan
        self._exporters = exporters
        self._today = today
        self._artifacts: dict[str, str] = {}
        self._began = time.perf_counter()
        self._unwritten: list[str] = []
        self._failure: ArtifactError | None = None
        self._content = ""
        self._folder = store.begin(plan.scenario.id)
        self._artifacts["run"] = self._folder.id

    @property
    def run_id(self) -> str:
        """The run's id, counted by the store."""
        return self._folder.id

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self._folder.path

    def artifacts(self) -> Mapping[str, str]:
        """Return name → id or file of what was kept so far."""
        return MappingProxyType(dict(self._artifacts))

    def heard(self, event: Event) -> None:
        """Put an event into the log, which others may follow while the run goes; a listener.

        The end of something waits for the next beginning, which comes at once or never. A log that cannot be written ends the run when it is
        concluded, like any other file.
        """
        if isinstance(event, RunEnded):
            return
        self._unwritten.append(event_line(event, time.perf_counter() - self._began))
        if not isinstance(event, PhaseEnded | StepEnded | DatabaseReady):
            self._log()

    def _log(self) -> None:
        if self._failure is None:
            try:
                self._folder.append(EVENTS, "".join(self._unwritten))
            except ArtifactError as error:
                self._failure = error
            self._unwritten.clear()

    def scenario(self) -> None:
        """Write the scenario as it is understood, with every fixture merged."""
        text = scenario_text(self._plan.tree)
        self._content = content_of(text)
        self._folder.write(SCENARIO, text, phase="isolate")

    def before(self, snapshot: Snapshot) -> None:
        """Write the state before."""
        self._folder.write(BEFORE, to_json(snapshot), phase="capture_before")
        self._artifacts["pre_snapshot"] = snapshot.id

    def execution(self, execution: Execution, log: StatementLog) -> None:
        """Write how the steps came out, every statement, and the events so far."""
        self._folder.write(EXECUTION, dumps(execution), phase="act")
        self._folder.write(SQL, "".join(f"{dumps(item)}\n" for item in log.statements), phase="act")
        self._artifacts["logs"] = f"{self.run_id}-logs"

    def after(self, snapshot: Snapshot, diff: Diff) -> None:
        """Write the state after and the difference."""
        self._folder.write(AFTER, to_json(snapshot), phase="capture_after")
        self._folder.write(DIFF, diff_to_json(diff), phase="capture_after")
        self._artifacts["post_snapshot"] = snapshot.id

    def conclude(self, result: ScenarioResult) -> None:
        """Write result, events and exports, remove what nobody asked for, and mark the run complete."""
        scenario = self._plan.scenario
        self._log()
        if self._failure is not None:
            raise self._failure
        self._folder.write(RESULT, dumps(result), phase="retain")
        exports = self._exported(result)
        if result.success and not scenario.debug_mode:
            self._folder.prune({SCENARIO, RESULT, *exports, *self._kept()})
        days = None if scenario.debug_mode else scenario.artifacts.retention_days
        self._folder.complete(
            result.status,
            self._today(),
            retention_days=days,
            about=Particulars(
                scenario.name,
                result.execution_time_seconds,
                self._content,
                result.isolation.backend if result.isolation else "",
            ),
        )

    def close(self) -> None:
        """Let go of the folder; without a complete mark nothing in it counts."""
        self._folder.close()

    def _exported(self, result: ScenarioResult) -> list[str]:
        names = []
        for export_format in self._plan.scenario.artifacts.export_formats:
            if export_format in self._exporters:
                name = f"report.{EXTENSIONS[export_format]}"
                path = self._folder.write(name, self._exporters[export_format](result), phase="retain")
                self._artifacts[export_format] = str(path)
                names.append(name)
        return names

    def _kept(self) -> frozenset[str]:
        scenario = self._plan.scenario
        words = scenario.artifacts.capture if scenario.capture_artifacts else ()
        return frozenset(name for word in words for name in CAPTURED[word])


EXTENSIONS = {"json": "json", "yaml": "yaml", "html_report": "html", "junit": "junit.xml", "markdown": "md"}
"""Export format → the end of its file's name."""
