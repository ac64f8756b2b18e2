"""The only seam between the engine and the system that it rehearses.

A domain is one object with small parts. Each part is a frozen record here; what a domain need not have has an empty default. Functions
of a domain never see a dict: set-up rows, parameters and policy are records of the domain's own types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from sqlalchemy import MetaData

from rehearse.errors import Complaints
from rehearse.panels import AnyPanel
from rehearse.rule import Rule
from rehearse.scenario import World
from rehearse.snapshot.model import Diff
from rehearse.source import Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from rehearse.snapshot.model import Snapshot

T = TypeVar("T")


# ── operations ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Reason:
    """Why an operation refused, or why something was left open.

    Attributes:
        code: The stem of a rule, or a code of the operation.
        text: One sentence for people.
        person: Whom it concerns, or None.
        window: The stretch of time it was measured over, start and end, or None.
        measured: The figure, in the rule's own unit (minutes for hours), or None.
        limit: What it is held against, in the same unit, or None.
    """

    code: str
    text: str
    person: str | None = None
    window: tuple[datetime, datetime] | None = None
    measured: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class OperationResult:
    """What an operation answers.

    Attributes:
        outcome: ``done``, or ``rejected`` with reasons (a refusal is a result, not an exception).
        reasons: Why it was rejected; never empty then.
        data: The fields that the operation declares (`Operation.data`); anything that `Value` can hold.
    """

    outcome: Literal["done", "rejected"] = "done"
    reasons: tuple[Reason, ...] = ()
    data: FrozenMap = EMPTY_MAP

    @property
    def success(self) -> bool:
        """Whether it was done."""
        return self.outcome == "done"


def done(**data: Value) -> OperationResult:
    """Return a result that says the operation was done."""
    return OperationResult("done", (), FrozenMap(data))


def rejected(*reasons: Reason, **data: Value) -> OperationResult:
    """Return a refusal; nothing but journal rows may have been written."""
    if not reasons:
        raise ValueError("a refusal needs a reason")
    return OperationResult("rejected", reasons, FrozenMap(data))


@dataclass(frozen=True)
class Context:
    """All that an operation may know besides its parameters and the database: no wall clock, no randomness.

    Attributes:
        clock: Now.
        seed: For whatever must choose.
        policy: What `Domain.settle` made of the set-up.
    """

    clock: datetime
    seed: int
    policy: Any


class Session(Protocol):
    """One step's transaction. The engine begins, commits, retries and rolls back; an operation only reads and writes."""

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy Core connection, inside the step's transaction."""
        ...

    @property
    def step(self) -> str:
        """The name of the step that runs."""
        ...

    def new_id(self, table: str) -> str:
        """Return ``<step>:<n>``, the next id of this step's rows in `table`; ids are counted, never drawn."""
        ...


OperationFunction = Callable[[Session, Any, Context], OperationResult]


@dataclass(frozen=True)
class Operation:
    """An operation of the YAML.

    Attributes:
        name: The word in the file.
        parameters: The record type of its parameters (see `rehearse.fields`).
        function: ``(session, parameters, context) -> OperationResult``; sync, or async (awaited).
        data: Field of `OperationResult.data` → its type's word (``text``, ``int``, ``number``, ``bool``, ``moment``, ``list``, ``map``).
        codes: Reason codes of its own, besides the rules' stems.
        writes: False for one that only reads; it gets a transaction that may be shared.
        isolation: ``process`` for what cannot be interrupted (a solver, foreign code): it runs in a process that is killed at the deadline.
    """

    name: str
    parameters: type
    function: Callable[..., Any]
    data: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    writes: bool = True
    isolation: Literal["thread", "process"] = "thread"

    @property
    def doc(self) -> str:
        """The function's docstring, for the reference."""
        return (self.function.__doc__ or "").strip()


# ── state ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class State:
    """A snapshot as a domain sees it: rows of every table, the policy, and a memo for what is derived from them."""

    __slots__ = ("_memo", "policy", "snapshot")

    def __init__(self, snapshot: Snapshot, policy: Any) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self._memo: dict[object, object] = {}

    def derived(self, make: Callable[[State], T]) -> T:
        """Return ``make(self)``, computed once for this state (a schedule, the records of all rules)."""
        if make not in self._memo:
            self._memo[make] = make(self)
        return self._memo[make]  # type: ignore[return-value]


@dataclass(frozen=True)
class StepView:
    """A step as measures and assertion types see it."""

    name: str
    operation: str
    outcome: Literal["done", "rejected", "error", "unknown", "skipped"]
    reasons: tuple[Reason, ...]
    data: FrozenMap
    error: str | None
    seconds: float
    queries: int
    clock: datetime


@dataclass(frozen=True)
class ExecutionView:
    """What happened, as measures and assertion types see it."""

    steps: tuple[StepView, ...]
    queries_by_verb: Mapping[str, int]
    seconds: float
    peak_memory_mb: float


@dataclass(frozen=True)
class Evidence:
    """Everything that may be judged: both states, their difference, the execution."""

    before: State
    after: State
    diff: Diff
    execution: ExecutionView


MeasureValue = (
    bool
    | int
    | str
    | Decimal
    | Fraction
    | None
    | tuple[str, ...]
    | Mapping[str, "bool | int | Decimal | Fraction | str | None"]
)


@dataclass(frozen=True)
class Measure:
    """A number, truth or collection that assertions, preconditions and reports name.

    Attributes:
        name: The word in the file.
        kind: What it returns; ``map`` of person (or step) to a value of `item`.
        unit: ``hours``, ``%``, ``count`` …; empty for a bool.
        of_state: ``(state) -> value`` for a measure of one state; None for one that reads the run (° in the format).
        of_run: ``(evidence) -> value``; None for a measure of one state.
        aliases: Other names.
        fail, warn: The limits of profile ``standard``.
        unavailable: ``(policy) -> reason`` why it cannot be asked here (a rule not in force), or None.
    """

    name: str
    kind: Literal["bool", "number", "text", "collection", "map"]
    doc: str
    unit: str = ""
    of_state: Callable[[State], MeasureValue] | None = None
    of_run: Callable[[Evidence], MeasureValue] | None = None
    item: Literal["bool", "number", "text"] = "number"
    aliases: tuple[str, ...] = ()
    fail: Limits | None = None
    warn: Limits | None = None
    unavailable: Callable[[Any], str | None] | None = None


@dataclass(frozen=True)
class Limits:
    """Where a measure becomes worrying: outside the open bounds, at or beyond `at_least`, or equal to `on`."""

    above: Decimal | None = None
    below: Decimal | None = None
    at_least: Decimal | None = None
    on: bool | None = None


@dataclass(frozen=True)
class StateCheck:
    """A precondition's check beyond the measures: ``(state, parameters) -> value``.

    `parameters` is a record type, or None if it takes none. `mentioned` ids reach it through `State.policy` if it needs them.
    """

    name: str
    doc: str
    function: Callable[[State, Any], MeasureValue]
    parameters: type | None = None
    kind: Literal["bool", "number"] = "bool"


@dataclass(frozen=True)
class Finding:
    """A domain's answer to one assertion: whether it holds, what was found, in a word fit for a report."""

    passed: bool
    actual: Value
    message: str = ""


@dataclass(frozen=True)
class AssertionType:
    """A type of assertion that the domain brings: ``(evidence, parameters) -> Finding``."""

    name: str
    doc: str
    parameters: type
    function: Callable[[Evidence, Any], Finding]


@dataclass(frozen=True)
class Invariant:
    """What must hold after every step: ``(state, parameters) -> breaches`` (sentences; none means it holds).

    `reads_run` marks one that compares with the state before the run: it is given as the third argument.
    """

    name: str
    doc: str
    function: Callable[[State, State], tuple[str, ...]]
    always: bool = False


@dataclass(frozen=True)
class ErrorType:
    """A type for ``expected_errors``: ``(evidence) -> occurrences`` as (person or None, rule or None)."""

    name: str
    doc: str
    function: Callable[[Evidence], tuple[tuple[str | None, str | None], ...]]


@dataclass(frozen=True)
class Validator:
    """A custom validation by a short name: ``(scenario, execution_result, pre_state, post_state, **parameters) -> result``."""

    name: str
    doc: str
    function: Callable[..., Any]


# ── set-up ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Section:
    """A key of ``setup`` whose value is a list of rows.

    Attributes:
        name: The key.
        row: The record type of a row as written (see `rehearse.fields`).
        requires_id: Whether every row must have an ``id``; else it is ``<section>-<n>``.
        derived: Fields that people look for but must not write, with where to write instead.
    """

    name: str
    row: type
    doc: str
    requires_id: bool = False
    derived: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GeneratorName:
    """A companion's ``generator:`` word: the section whose template begins with these fields (``${loop.index}`` allowed)."""

    name: str
    section: str
    defaults: FrozenMap


@dataclass(frozen=True)
class TableRows:
    """Rows for one table, columns once; written in the order given."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class StepParameters:
    """A step as `Domain.settle` and `Domain.check` see it: typed parameters, or None where they wait for a result.

    `span` is the key that holds the parameters (the step, if it has none), `spans` the place of each one that was written, under the
    field's own name.
    """

    name: str
    operation: str
    parameters: Any
    at: datetime | None
    span: Any
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, hash=False)


# ── reports ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Panel:
    """``(evidence) -> panels``, for the reader's half of a report: tables, words or pictures (`rehearse.panels`)."""

    name: str
    function: Callable[[Evidence], tuple[AnyPanel, ...]]


@dataclass(frozen=True)
class Capture:
    """What a snapshot adds besides tables: key in the snapshot's JSON → ``(state) -> value`` (compliance_status, coverage_stats)."""

    name: str
    function: Callable[[State], FrozenMap]


@dataclass(frozen=True)
class Domain:
    """A system that can be rehearsed.

    Attributes:
        name: Entry point in ``rehearse.domains``.
        metadata: Its tables. Their triggers are told in ``Table.info``: ``ddl`` lists the text of each, ``writes`` the tables they write.
        sections: Keys of ``setup``.
        constraints: Record type of ``setup.constraints``.
        settle: ``(world, steps, clock or None) -> policy``: the frozen object every operation and measure gets (horizon, rule pack, program).
        default_clock: ``(policy) -> moment`` when the author wrote no clock.
        check: ``(world, steps, policy, complaints) -> None``: everything wrong across rows, with places.
        rows: ``(world, policy, clock) -> table rows`` in the order in which they may be inserted.
        operations … panels: What the words of a scenario mean.
        derived_fields: Table → field → ``(row, state) -> value``: fields that are computed, not stored.
        journal_tables: Tables left out of ``changes`` unless listed.
        identifying: ``final_state`` fields that pick rows besides ``id`` and every ``…_id``.
        compliance: ``(evidence, rule, person or None) -> compliant, warning or violation`` for ``final_state.compliance``.
        rule_names: ``(policy) -> rules in force``, with their aliases.
        scenario_root: A folder of bundled scenarios, or None.
        policy_json: Policy ↔ plain JSON text, so that a stored run can be judged again.
        present: ``(row, state) -> whether`` the person of a row is there, for ``coverage_count``; without it everybody is.
        rules: What the names of rules mean, for the reference.
        example_root: A folder of scenarios that show every word once, for the reference; they are no part of the catalog.
        template_root: A folder of scenarios to begin with, one a file, of which ``rehearse new`` makes others; no part of the catalog either.
            A variable whose comment ends in a question mark is asked for.
    """

    name: str
    doc: str
    metadata: MetaData
    sections: Mapping[str, Section]
    constraints: type
    settle: Callable[[World, tuple[StepParameters, ...], datetime | None], Any]
    default_clock: Callable[[Any], datetime]
    check: Callable[[World, tuple[StepParameters, ...], Any, Complaints], None]
    rows: Callable[[World, Any, datetime], tuple[TableRows, ...]]
    operations: Mapping[str, Operation]
    measures: Mapping[str, Measure]
    checks: Mapping[str, StateCheck]
    assertion_types: Mapping[str, AssertionType]
    invariants: Mapping[str, Invariant]
    error_types: Mapping[str, ErrorType]
    categories: Mapping[str, str]
    validators: Mapping[str, Validator] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()
    captures: tuple[Capture, ...] = ()
    generators: Mapping[str, GeneratorName] = field(default_factory=dict)
    derived_fields: Mapping[str, Mapping[str, Callable[[FrozenMap, State], Value]]] = field(default_factory=dict)
    journal_tables: tuple[str, ...] = ()
    identifying: tuple[str, ...] = ("id",)
    compliance: Callable[[Evidence, str, str | None], str] | None = None
    rule_names: Callable[[Any], Mapping[str, str]] | None = None
    scenario_root: Path | None = None
    policy_json: PolicyCodec | None = None
    present: Callable[[FrozenMap, State], bool] | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)
    example_root: Path | None = None
    template_root: Path | None = None


@dataclass(frozen=True)
class PolicyCodec:
    """Writes a policy as canonical JSON text and reads it back; the two are inverse."""

    dumps: Callable[[Any], str]
    loads: Callable[[str], Any]
