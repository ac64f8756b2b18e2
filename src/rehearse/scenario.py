"""The document: as it was written (`Written`) and as it is understood (`Scenario`). Everything here is frozen.

The expectations are in `rehearse.expectation`; this module holds the rest, key by key as the format names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Generic, Literal, TypeVar

from rehearse.errors import Problem
from rehearse.expectation import Expected, StepExpectation, Validation
from rehearse.loading.tree import MapNode, Node
from rehearse.source import Source, Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value

RowT = TypeVar("RowT", covariant=True)  # noqa: PLC0105  (the row's type; the name is used in signatures)

Priority = Literal["critical", "high", "medium", "low"]
Isolation = Literal["auto", "clone", "transaction"]
CAPTURES = (
    "initial_database_state",
    "final_database_state",
    "state_diff",
    "execution_logs",
    "sql_queries",
    "performance_metrics",
    "events",
)
EXPORT_FORMATS = ("json", "yaml", "html_report", "junit", "markdown")


@dataclass(frozen=True)
class Written:
    """One scenario as its author wrote it: a tree with places, nothing resolved, nothing typed.

    Attributes:
        id: The id, matrix values included; the part that is needed to find it.
        name: The name as written, with the matrix values in brackets.
        base_id: The id as written, which is also the name of a matrix's suite.
        node: The map under ``scenario:``.
        source: The file's text and name.
        path: The file, or None for a text that came from elsewhere.
        root: The scenario path below which the file was found; None for a file named directly.
        suite: The folders between `root` and the file.
        bindings: The values of the matrix axes for this one.
        place: The key that holds `node`, where a missing key is shown; None for a text that came from elsewhere.
        resolved: Whether `node` holds no placeholders any more, because it came out of `rehearse.loading.resolve`.
    """

    id: str
    name: str
    base_id: str
    node: MapNode
    source: Source
    path: Path | None = None
    root: Path | None = None
    suite: tuple[str, ...] = ()
    bindings: FrozenMap = EMPTY_MAP
    resolved: bool = False
    place: Span | None = None


@dataclass(frozen=True)
class Placed(Generic[RowT]):
    """A typed record with its place, so that a domain can complain about the right field.

    Attributes:
        value: The record.
        span: Where it begins.
        spans: The place of each value that was written, aliases under the field's own name; inside maps and lists by a path
            (``policy.weekly_hours``, ``worked_by[1]``), a map or list there by its key.
        index: Its place in the merged list, from 1.
    """

    value: RowT
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, hash=False)
    index: int = 1

    def at(self, *names: str) -> Span:
        """Return the place of the first of these fields that was written, else the row's own."""
        return next((self.spans[name] for name in names if name in self.spans), self.span)


@dataclass(frozen=True)
class FixtureEntry:
    """One entry of ``load_fixtures``."""

    path: str
    merge: Literal["deep_merge", "replace", "append"] | None
    span: Span


@dataclass(frozen=True, kw_only=True)
class DatabaseSetup:
    """``setup.database``."""

    clean_state: bool = True
    load_fixtures: tuple[FixtureEntry, ...] = ()
    merge_strategy: Literal["deep_merge", "replace", "append"] = "deep_merge"
    batch_operations: bool = True
    batch_size: int = 500
    isolation: Isolation = "auto"


@dataclass(frozen=True)
class SqlFixture:
    """The statements of one ``.sql`` fixture, run one by one in one transaction after all rows."""

    name: str
    statements: tuple[tuple[str, Span], ...]


@dataclass(frozen=True)
class Precondition:
    """One entry of ``setup.preconditions``; `spec` is in `rehearse.expectation` terms."""

    check: str
    parameters: object
    expected: Value
    minimum: Decimal | None
    maximum: Decimal | None
    tolerance: Decimal | None
    span: Span


@dataclass(frozen=True)
class World:
    """What the set-up says, typed: all sections merged from fixtures and scenario.

    Attributes:
        sections: Section name → its rows, each with its place; a section nobody wrote is empty.
        constraints: The domain's constraints record (its defaults if nobody wrote any).
        has_others: Whether rows may be there of which no section tells: those of an SQL fixture, or of a database that keeps its own.
    """

    sections: Mapping[str, tuple[Placed[object], ...]]
    constraints: Placed[object]
    has_others: bool = False


@dataclass(frozen=True)
class Setup:
    """``setup``: how the database begins."""

    database: DatabaseSetup
    world: World
    sql_fixtures: tuple[SqlFixture, ...]
    preconditions: tuple[Precondition, ...]


@dataclass(frozen=True)
class Step:
    """One step of the test case.

    Attributes:
        name: ``main``, ``step<N>`` or ``concurrent<position>``; what assertions and new row ids call it.
        number: The sort key as written; 0 for ``main``.
        position: Place in the order of execution, from 1 over all steps.
        operation: Name in the domain's registry.
        parameters: The node as resolved; it may hold deferred texts. `rehearse.plan` types it.
        arguments: The typed record, or None as long as `parameters` holds deferred texts.
        critical: Whether an unexpected outcome ends the sequence.
        timeout_seconds: Its own deadline, or None for the scenario's rest.
        expect: What its outcome must be.
        save_as: Another name for its result.
        at: The clock from this step on, or None.
        concurrent: Whether it belongs to the concurrent block.
    """

    name: str
    number: int
    position: int
    operation: str
    parameters: Node
    arguments: object | None
    critical: bool
    timeout_seconds: Decimal | None
    expect: StepExpectation
    save_as: str | None
    at: datetime | None
    concurrent: bool
    span: Span

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which its result can be asked for."""
        return (self.name, self.save_as) if self.save_as else (self.name,)


@dataclass(frozen=True)
class TestCase:
    """``test_case``: main, then the sequence, then the concurrent block; `steps` holds them in that order."""

    __test__ = False  # pytest collects classes of this name

    steps: tuple[Step, ...]

    @property
    def operations(self) -> tuple[Step, ...]:
        """The steps that run one after another."""
        return tuple(step for step in self.steps if not step.concurrent)

    @property
    def concurrent_operations(self) -> tuple[Step, ...]:
        """The steps that run together, each in a session of its own."""
        return tuple(step for step in self.steps if step.concurrent)


@dataclass(frozen=True, kw_only=True)
class ArtifactSettings:
    """``artifacts``: what is kept of a run, for how long, and in which formats."""

    capture: tuple[str, ...] = CAPTURES
    retention_days: int = 30
    export_formats: tuple[str, ...] = ("json",)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One scenario, resolved and typed: every placeholder but ``${steps.…}`` is gone, every value has its type."""

    id: str
    name: str
    domain: str
    test_case: TestCase
    setup: Setup
    expected_outcome: Expected
    validation: Validation
    artifacts: ArtifactSettings = ArtifactSettings()
    version: str = "1.0.0"
    author: str = ""
    created: date | None = None
    updated: date | None = None
    category: str = ""
    priority: Priority = "medium"
    tags: tuple[str, ...] = ()
    description: str = ""
    rationale: str = ""
    related_bugs: tuple[str, ...] = ()
    related_scenarios: tuple[str, ...] = ()
    timeout_seconds: Decimal = Decimal(300)
    attempts: int = 1
    capture_artifacts: bool = True
    require_backup: bool = False
    rollback_on_failure: bool = True
    debug_mode: bool = False
    clock: datetime
    seed: int = 0
    written: Written = field(repr=False)
    notes: tuple[Problem, ...] = ()
