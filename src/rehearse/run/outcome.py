"""What a run gives back: frozen records, from the single step to the whole result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from rehearse.domain import ExecutionView, Reason, StepView
from rehearse.errors import PreconditionFailedError, ScenarioFailedError, ScenarioTimeoutError
from rehearse.expect.verdict import CheckResult, Verdict
from rehearse.snapshot.model import Diff
from rehearse.values import EMPTY_MAP, FrozenMap

Status = Literal["passed", "failed", "unknown", "timeout", "error"]
StepOutcome = Literal["done", "rejected", "error", "unknown", "skipped"]
FailureCategory = Literal[
    "critical",
    "assertion",
    "state",
    "performance",
    "timeout",
    "error",
    "precondition",
    "invariant",
    "infrastructure",
    "cleanup",
]
PHASES = (
    "isolate",
    "setup",
    "preconditions",
    "capture_before",
    "act",
    "capture_after",
    "judge",
    "restore",
    "retain",
)
Phase = Literal[
    "isolate", "setup", "preconditions", "capture_before", "act", "capture_after", "judge", "restore", "retain"
]


@dataclass(frozen=True)
class StepResult:
    """How one step came out.

    Attributes:
        name: ``main``, ``step2``, ``concurrent1``.
        step: Its number as written (0 for ``main``), as in the seed's result list.
        operation: Which operation.
        outcome: ``done``, ``rejected``, ``error`` (an exception came out), ``unknown`` (interrupted, nobody knows whether it committed),
            ``skipped`` (an earlier critical step, the deadline or a cancellation ended the sequence).
        expected: Whether the outcome is among those that the step expects.
        reasons: Why it was rejected.
        data: What the operation answered.
        error: Class and message of the exception, or None.
        traceback: Its traceback, or None.
        seconds: How long it took.
        queries: Statements by verb.
        timestamp: The scenario's clock at the step.
        timed_out: Whether a deadline ended it.
        tries: How often it was tried after serialization failures, from 1.
        abandoned: Whether its thread never came back.
        save_as: Its other name, or None.
    """

    name: str
    step: int
    operation: str
    outcome: StepOutcome
    timestamp: datetime
    expected: bool = False
    reasons: tuple[Reason, ...] = ()
    data: FrozenMap = EMPTY_MAP
    error: str | None = None
    traceback: str | None = None
    seconds: float = 0.0
    queries: Mapping[str, int] = field(default_factory=dict)
    timed_out: bool = False
    tries: int = 1
    abandoned: bool = False
    save_as: str | None = None

    @property
    def success(self) -> bool:
        """Whether it was done."""
        return self.outcome == "done"

    @property
    def query_count(self) -> int:
        """SELECT, INSERT, UPDATE and DELETE statements that it sent."""
        return sum(self.queries.get(verb, 0) for verb in COUNTED_VERBS)

    def view(self) -> StepView:
        """Return what measures and assertion types see of it."""
        return StepView(
            self.name,
            self.operation,
            self.outcome,
            self.reasons,
            self.data,
            self.error,
            self.seconds,
            self.query_count,
            self.timestamp,
        )


COUNTED_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


ONE_ORDER = "1 order, as written"
"""What a report says of a concurrent block of which no other order was tried; there is nothing to compare with then."""

SERIAL_EQUIVALENCE = "serial_equivalence"
"""The name under which an order that equals no serial one is reported, beside the domain's invariants."""


@dataclass(frozen=True)
class InvariantBreach:
    """An invariant that held before and does not hold after a step.

    Attributes:
        invariant: Which.
        step: After which step.
        breaches: What is wrong, one sentence each.
        crashed: Whether it could not be asked, so that nobody knows whether it holds.
    """

    invariant: str
    step: str
    breaches: tuple[str, ...]
    crashed: bool = False


@dataclass(frozen=True)
class Execution:
    """The act phase, whole.

    Attributes:
        steps: In the order in which they ran; skipped ones included.
        seconds: First step to last, monotonic.
        peak_memory_mb: Greatest growth of resident memory.
        breaches: Invariants that were broken on the way.
        timed_out: Whether the deadline passed.
        cancelled: Whether somebody asked for an end.
        orders: ``"12 of 70 orders"`` and the like for a concurrent block, else empty.
    """

    steps: tuple[StepResult, ...]
    seconds: float
    peak_memory_mb: float
    breaches: tuple[InvariantBreach, ...] = ()
    timed_out: bool = False
    cancelled: bool = False
    orders: str = ""

    @property
    def success(self) -> bool:
        """Whether every step came out as it was expected to."""
        return bool(self.steps) and all(step.expected for step in self.steps)

    @property
    def abandoned(self) -> bool:
        """Whether a step's thread never came back, so that the database cannot be looked at any more."""
        return any(step.abandoned for step in self.steps)

    def metrics(self, phase_times: Mapping[str, float] = MappingProxyType({})) -> Metrics:
        """Return what it cost."""
        counts = self.view().queries_by_verb
        queries = {"total": sum(counts.get(verb, 0) for verb in COUNTED_VERBS)}
        queries.update({verb.lower(): counts.get(verb, 0) for verb in COUNTED_VERBS})
        times = {step.name: step.seconds for step in self.steps if step.outcome != "skipped"}
        return Metrics(self.seconds, queries, self.peak_memory_mb, times, phase_times)

    def view(self) -> ExecutionView:
        """Return what measures see."""
        verbs: dict[str, int] = {}
        for step in self.steps:
            for verb, count in step.queries.items():
                verbs[verb] = verbs.get(verb, 0) + count
        return ExecutionView(tuple(step.view() for step in self.steps), verbs, self.seconds, self.peak_memory_mb)


@dataclass(frozen=True)
class Metrics:
    """What a run cost.

    Attributes:
        execution_time_seconds: The act phase.
        database_queries: ``total``, ``select``, ``insert``, ``update``, ``delete``: statements of the operations.
        memory_usage_mb: Greatest growth of resident memory in the act phase.
        operation_times: Step → seconds.
        phase_times: Phase → seconds.
    """

    execution_time_seconds: float = 0.0
    database_queries: Mapping[str, int] = field(default_factory=dict)
    memory_usage_mb: float = 0.0
    operation_times: Mapping[str, float] = field(default_factory=dict)
    phase_times: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Isolation:
    """Which database a run had.

    Attributes:
        backend: ``sqlite`` or ``postgresql``.
        version: The server's.
        how: ``memory``, ``file``, ``transaction``, ``database`` or ``attached``.
        level: The isolation level in force.
        kept: Address of the database if it was kept, or None.
    """

    backend: str
    version: str
    how: str
    level: str
    kept: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt of a retried run."""

    number: int
    status: Status
    run_id: str
    error: str | None


@dataclass(frozen=True)
class ScenarioResult:
    """The outcome of a scenario; it never changes, and `success` cannot disagree with `status`.

    Attributes:
        scenario_id, scenario_name: Which scenario.
        status: ``passed``, ``failed``, ``unknown``, ``timeout`` or ``error``, by the written precedence.
        execution_time_seconds: The act phase.
        validations: Key → check, critical ones first.
        metrics: What it cost.
        artifacts: Name → file or id (``pre_snapshot``, ``post_snapshot``, ``logs``, ``run``).
        errors: One sentence for each unmet check and each failure, critical ones first.
        error: The first failure of the run itself, or None.
        traceback: Its traceback, or None.
        attempts: Every attempt; one unless the run was retried.
        phase: Where it ended badly, or None.
        category: What kind of bad, or None.
        run_id: The folder of its evidence.
        run_path: That folder's path.
        steps: How each step came out.
        diff: What changed, or None if the run never came so far.
        fingerprint: Of the final state, or None.
        verdict: All checks and their verdict, or None.
        isolation: Which database, or None.
        flaky: Whether attempts disagree.
        transient: Whether the failure is of a kind that another attempt may not meet (a lost connection, a deadlock).
        description: The author's.
        orders: ``"12 of 70 orders"`` and the like for a concurrent block, else empty.
    """

    scenario_id: str
    status: Status
    scenario_name: str = ""
    execution_time_seconds: float = 0.0
    validations: Mapping[str, CheckResult] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Metrics = Metrics()
    artifacts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    errors: tuple[str, ...] = ()
    error: str | None = None
    traceback: str | None = None
    attempts: tuple[Attempt, ...] = ()
    phase: Phase | None = None
    category: FailureCategory | None = None
    run_id: str = ""
    run_path: str = ""
    steps: tuple[StepResult, ...] = ()
    diff: Diff | None = None
    fingerprint: str | None = None
    verdict: Verdict | None = None
    isolation: Isolation | None = None
    flaky: bool = False
    transient: bool = False
    description: str = ""
    orders: str = ""

    @property
    def success(self) -> bool:
        """Whether it passed."""
        return self.status == "passed"

    def raise_for_status(self) -> None:
        """Raise what did not pass.

        Raises:
            PreconditionFailedError: The world was not as described.
            ScenarioTimeoutError: The deadline passed.
            ScenarioFailedError: Anything else that is not ``passed``.
        """
        if self.success:
            return
        message = f"{self.scenario_id}: {self.status}" + (f" ({self.category})" if self.category else "")
        details = self.errors or ((self.error,) if self.error else ())
        message = "\n  - ".join([message, *details])
        if self.category == "precondition":
            raise PreconditionFailedError(message, self)
        if self.status == "timeout":
            raise ScenarioTimeoutError(message, self)
        raise ScenarioFailedError(message, self)


def exit_code(results: tuple[ScenarioResult, ...]) -> int:
    """Return the command line's exit code: 0 all passed, 1 expectations failed, 3 errors, timeouts, unknown."""
    statuses = {result.status for result in results}
    if statuses & {"error", "timeout", "unknown"}:
        return 3
    return 1 if "failed" in statuses else 0
