"""What a run has so far, phase by phase, and in the end its result."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from rehearse.database.store import is_transient
from rehearse.errors import ArtifactError, GuardRefusedError, LeaseRevokedError, RehearseError
from rehearse.run.act import described, traced
from rehearse.run.events import (
    DatabaseReady,
    Event,
    Listener,
    PhaseEnded,
    PhaseStarted,
    RunEnded,
    RunStarted,
    tell,
)
from rehearse.run.outcome import (
    Attempt,
    Execution,
    FailureCategory,
    Isolation,
    Metrics,
    Phase,
    ScenarioResult,
    Status,
)
from rehearse.run.preconditions import UnmetPreconditionsError
from rehearse.run.status import Failure, Summary, summarise
from rehearse.run.world import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rehearse.database.store import Lease, Store
    from rehearse.expect.verdict import Verdict
    from rehearse.plan import Plan
    from rehearse.run.evidence import Folder
    from rehearse.snapshot.model import Diff


logger = logging.getLogger("rehearse")


class PhaseFailedError(Exception):
    """A phase ended in an error that the ledger has noted; what would follow is skipped, clean-up is not."""


class Ledger:
    """Collects the products of the phases. The phase boundary is the only place that catches `Exception`."""

    def __init__(self, plan: Plan, folder: Folder, listeners: tuple[Listener, ...]) -> None:
        self._plan = plan
        self._folder = folder
        self._listeners = (folder.heard, *listeners)
        self._failures: list[Failure] = []
        self._times: dict[str, float] = {}
        self._execution: Execution | None = None
        self._verdict: Verdict | None = None
        self._diff: Diff | None = None
        self._fingerprint: str | None = None
        self._isolation: Isolation | None = None
        scenario = plan.scenario
        self.emit(RunStarted(scenario.id, scenario.name, folder.run_id, len(plan.steps), plan.timeout_seconds))

    @property
    def run_id(self) -> str:
        """The run's id, counted by the artifact store."""
        return self._folder.run_id

    @property
    def status(self) -> Status:
        """The status as far as the run has come."""
        return self._summary().status

    def _summary(self) -> Summary:
        return summarise(self._failures, self._execution, self._verdict)

    def emit(self, event: Event) -> None:
        """Tell every listener, in order."""
        tell(self._listeners, event)

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Time a phase and note its failure.

        Raises:
            PhaseFailedError: If the phase raised an `Exception`; the error itself is noted with its traceback.
        """
        scenario_id = self._plan.scenario.id
        self.emit(PhaseStarted(scenario_id, phase))
        started = time.perf_counter()
        failure = None
        try:
            yield
        except Exception as error:  # noqa: BLE001  (the phase boundary: noted with its traceback, never lost)
            failure = failure_of(phase, error)
            if not self._was_cut_short(error):
                self._failures.append(failure)
        self._times[phase] = self._times.get(phase, 0.0) + time.perf_counter() - started
        message = failure.messages[0] if failure else None
        self.emit(PhaseEnded(scenario_id, phase, self._times[phase], message))
        if failure:
            raise PhaseFailedError(message)

    def _was_cut_short(self, error: Exception) -> bool:
        """Whether what stopped a step cost the run its database: then the step is the failure, and not that nobody can look any more."""
        execution = self._execution
        return (
            isinstance(error, LeaseRevokedError)
            and execution is not None
            and (execution.timed_out or execution.cancelled)
        )

    def leased(self, lease: Lease, store: Store) -> None:
        """Note which database the run has."""
        self._isolation = Isolation(lease.backend, store.version, lease.how, lease.isolation_level)
        self.emit(DatabaseReady(self._plan.scenario.id, self._isolation))

    def kept(self, address: str) -> None:
        """Note that the database was kept."""
        if self._isolation:
            old = self._isolation
            self._isolation = Isolation(old.backend, old.version, old.how, old.level, address)

    def acted(self, execution: Execution) -> Execution:
        """Note how the steps came out."""
        self._execution = execution
        return execution

    @staticmethod
    def require_database(execution: Execution) -> None:
        """End the run early if a thread that never came back may still hold the database.

        Raises:
            PhaseFailedError: Then; the execution itself says why.
        """
        if execution.abandoned:
            raise PhaseFailedError("the database cannot be looked at any more")

    @property
    def clock(self) -> datetime:
        """The scenario's clock after the last step that began."""
        times = [step.timestamp for step in self._execution.steps] if self._execution else []
        return max(times, default=self._plan.scenario.clock)

    def photographed(self, diff: Diff, fingerprint: str) -> None:
        """Note what changed and the fingerprint of the final state."""
        self._diff, self._fingerprint = diff, fingerprint

    def judged(self, verdict: Verdict) -> None:
        """Note the verdict."""
        self._verdict = verdict

    def unfinished(self) -> None:
        """Log the failure that ended the run early; the result carries it."""
        logger.debug("%s: %s", self._plan.scenario.id, self._summary().error)

    def conclude(self) -> ScenarioResult:
        """Write the result, tell the listeners, and return it."""
        with suppress(PhaseFailedError), self.phase("retain"):
            self._folder.conclude(self._result())
        self._folder.close()
        result = self._result()
        self.emit(RunEnded(result.scenario_id, result.status, result))
        return result

    def _result(self) -> ScenarioResult:
        summary, scenario = self._summary(), self._plan.scenario
        execution, verdict = self._execution, self._verdict
        return ScenarioResult(
            scenario_id=scenario.id,
            scenario_name=scenario.name,
            description=scenario.description,
            status=summary.status,
            category=summary.category,
            phase=summary.phase,
            errors=summary.errors,
            error=summary.error,
            traceback=summary.traceback,
            execution_time_seconds=execution.seconds if execution else 0.0,
            validations=MappingProxyType({check.key: check for check in verdict.checks} if verdict else {}),
            metrics=self._metrics(),
            artifacts=self._folder.artifacts(),
            attempts=(Attempt(1, summary.status, self.run_id, summary.error),),
            run_id=self.run_id,
            run_path=str(self._folder.path),
            steps=execution.steps if execution else (),
            diff=self._diff,
            fingerprint=self._fingerprint,
            verdict=verdict,
            isolation=self._isolation,
            orders=execution.orders if execution else "",
            transient=bool(self._failures) and self._failures[0].transient,
        )

    def _metrics(self) -> Metrics:
        times = MappingProxyType(dict(self._times))
        return self._execution.metrics(times) if self._execution else Metrics(phase_times=times)


def unstarted(plan: Plan, error: Exception, listeners: tuple[Listener, ...]) -> ScenarioResult:
    """Return the result of a run that could not even make its folder, and tell the listeners."""
    failure = failure_of("isolate", error)
    result = ScenarioResult(
        scenario_id=plan.scenario.id,
        scenario_name=plan.scenario.name,
        status="error",
        category="infrastructure",
        phase=failure.phase,
        errors=failure.messages,
        error=failure.messages[0],
        traceback=failure.traceback,
    )
    tell(listeners, RunEnded(result.scenario_id, result.status, result))
    return result


def failure_of(phase: Phase, error: Exception) -> Failure:
    """Return the failure that `error` means when it ends `phase`."""
    if isinstance(error, UnmetPreconditionsError):
        return Failure(phase, "precondition", error.messages)
    if isinstance(error, SetupError):
        return Failure("setup", "error", (str(error),), traced(error))
    category: FailureCategory = "error"
    if phase == "restore":
        category = "cleanup"
    elif phase in ("isolate", "capture_before", "capture_after", "retain") or isinstance(
        error, OSError | ArtifactError
    ):
        category = "infrastructure"
    message = str(error) if isinstance(error, GuardRefusedError | RehearseError) else described(error)
    return Failure(phase, category, (message,), traced(error), is_transient(error))
