"""What must hold afterwards, as data: the loader writes these records, `rehearse.expect` judges them.

A check is a frozen record with the key under which its verdict is reported (section 7 of the format), its category, and whatever it
compares. `Deferred` values mention results of steps and are read at judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from rehearse.loading.tree import Node
from rehearse.source import Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value

Category = Literal["critical", "assertion", "state", "performance", "invariant"]
Level = Literal["fail", "warn"]
When = Literal["before", "after"]
Outcome = Literal["done", "rejected", "error"]


@dataclass(frozen=True)
class Deferred:
    """A value that mentions results: `text` with its ``${steps.…}`` placeholders, whose paths are `references`."""

    text: str
    references: tuple[tuple[str | int, ...], ...]
    span: Span


Expectable: TypeAlias = "Value | Deferred | Spec"


# ── what to look at ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class MeasureRef:
    """A measure of the domain or of the engine; `key` picks one entry of a map (``weekly_hours.R1``)."""

    name: str
    key: str | None = None
    state: When = "after"


@dataclass(frozen=True)
class ResultRef:
    """A field of a step's result: ``steps.plan.data.feasible`` is ``("plan", ("data", "feasible"))``."""

    step: str
    path: tuple[str | int, ...]


@dataclass(frozen=True)
class StatePath:
    """A PATH: ``TABLE.count``, ``TABLE.ID.FIELD``, ``assignments[person_id=R3].count``.

    Attributes:
        table: The table.
        row: The id of the row, or None.
        where: Fields the rows must have, for the filtered form.
        field: The column or derived field, or None for ``count``.
        rest: Further keys into a list or map value; ``count`` at the end is its length.
        text: As written, for messages.
    """

    table: str
    row: str | None
    where: FrozenMap
    field: str | None
    rest: tuple[str | int, ...]
    text: str


@dataclass(frozen=True)
class StateRef:
    """A PATH in the state before or after."""

    path: StatePath
    state: When = "after"


Reference: TypeAlias = MeasureRef | ResultRef | StateRef


# ── what it must be ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Equal:
    """Equality by the rules of section 7 for the value's own type (date, moment, null, map)."""

    expected: Value | Deferred


@dataclass(frozen=True)
class BooleanSpec:
    """The same boolean; 1 and "true" are none."""

    expected: bool | Deferred = True


@dataclass(frozen=True)
class NumericSpec:
    """Within `tolerance` of `expected` (or what `Validation` grants), and within every bound, ends included."""

    expected: Decimal | int | Deferred | None = None
    tolerance: Decimal | int | Deferred | None = None
    minimum: Decimal | int | Deferred | None = None
    maximum: Decimal | int | Deferred | None = None


@dataclass(frozen=True)
class StringSpec:
    """A text compared by `match_type`."""

    expected: str | Deferred
    match_type: Literal["exact", "contains", "regex", "case_insensitive"] = "exact"


@dataclass(frozen=True)
class CollectionSpec:
    """A collection compared item by item, and its size."""

    expected_items: tuple[Value | Deferred, ...] | Deferred | None = None
    match_type: Literal["exact", "subset", "superset", "contains_all"] = "exact"
    order_matters: bool | None = None
    expected_count: int | None = None
    min_count: int | None = None
    max_count: int | None = None


Spec: TypeAlias = Equal | BooleanSpec | NumericSpec | StringSpec | CollectionSpec


# ── checks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Check:
    """What all checks share.

    Attributes:
        key: The name in the result: ``coverage_gap_hours``, ``final_state.assignments[0]``, ``steps.step2``.
        category: The category of an unmet one (`critical` already considered).
        critical: Shown first and categorised so when unmet.
        level: ``warn`` is listed and never fails.
        message: The author's own words, or empty.
        span: Its place in the file.
    """

    key: str
    category: Category
    critical: bool = False
    level: Level = "fail"
    message: str = ""
    span: Span | None = None


@dataclass(frozen=True, kw_only=True)
class Assertion(Check):
    """A value compared with a spec."""

    value: Reference
    spec: Spec


@dataclass(frozen=True)
class WaitingRecord:
    """A record that mentions results: `node` is filled and read as a `record` at judgement (`rehearse.loading.reader.read_record`)."""

    node: Node
    record: type


@dataclass(frozen=True, kw_only=True)
class DomainAssertion(Check):
    """An assertion of a type that the domain brings (``person_on_duty``).

    `parameters` is its typed record, or a `WaitingRecord` if they mention results.
    """

    type: str
    parameters: object


@dataclass(frozen=True)
class StepExpectation:
    """``expect`` of a step.

    Attributes:
        outcomes: The outcomes that are expected.
        reason: A text that one reason must match, or None.
        match_type: How.
        code: The code that the same reason must have, or None.
        written: Whether the author wrote it (an unwritten one is not judged singly when ``success: false``).
    """

    outcomes: tuple[Outcome, ...] = ("done",)
    reason: str | Deferred | None = None
    match_type: Literal["exact", "contains", "regex", "case_insensitive"] = "contains"
    code: str | None = None
    written: bool = False


@dataclass(frozen=True, kw_only=True)
class FieldPattern:
    """A field with the value or spec it must have."""

    name: str
    expected: Value | Deferred | Spec
    critical: bool = False
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class FinalStatePattern(Check):
    """One pattern of ``final_state``: identifying fields pick rows, the others must hold for each.

    Attributes:
        table: The table.
        where: Field → value or Deferred that picks the rows.
        fields: What must hold for each picked row.
        count: How many rows are picked (spec or int), or None.
        coverage_count: Distinct persons among them, or None.
        absent: No row may be picked.
        exact: Every stored field is named.
    """

    table: str
    where: tuple[tuple[str, Value | Deferred], ...]
    fields: tuple[FieldPattern, ...] = ()
    count: NumericSpec | None = None
    coverage_count: NumericSpec | None = None
    absent: bool = False
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class CompliancePattern(Check):
    """``final_state.compliance``: the status of a rule, for one person or for all."""

    rule: str
    status: Literal["compliant", "warning", "violation"]
    person_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class StateComparison(Check):
    """``state_comparison``: one path, before and after."""

    path: StatePath
    initial: Value | Deferred | Spec | None = None
    has_initial: bool = False
    final: Value | Deferred | Spec | None = None
    has_final: bool = False
    change_type: Literal["increased", "decreased", "unchanged", "changed"] | None = None
    min_change: Decimal | None = None
    max_change: Decimal | None = None


@dataclass(frozen=True)
class FromTo:
    """A field's change; `old` is checked only if `has_old`."""

    name: str
    new: Value | Deferred
    old: Value | Deferred = None
    has_old: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeEntry(Check):
    """One entry of ``changes``: an update by id, an insert or a delete with these fields, `count` times."""

    table: str
    kind: Literal["update", "insert", "delete"]
    row: str | Deferred | None = None
    where: tuple[tuple[str, Value | Deferred], ...] = ()
    changes: tuple[FromTo, ...] = ()
    count: int = 1


@dataclass(frozen=True)
class Changes:
    """``changes``: entries, and whether nothing else may have changed.

    `none` is ``changes: none``. `exempt` are the tables left out of `only`, `listed` those with a list of their own, be it empty (a
    journal table is looked at only then).
    """

    entries: tuple[ChangeEntry, ...] = ()
    only: bool = False
    none: bool = False
    exempt: tuple[str, ...] = ()
    span: Span | None = None
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExpectedError(Check):
    """``expected_errors``: how many errors of a type; without numbers at least one."""

    type: str
    minimum: int | None = None
    maximum: int | None = None
    person_id: str | None = None
    rule: str | None = None


@dataclass(frozen=True, kw_only=True)
class PerformanceLimit(Check):
    """One entry of ``performance_metrics``; `step` None means the act phase."""

    metric: Literal["max_execution_time", "max_db_queries", "max_memory_mb"]
    limit: Decimal
    step: str | None = None


@dataclass(frozen=True, kw_only=True)
class CustomValidation(Check):
    """A registered function that judges; `function` is its full dotted name or a short name of the domain."""

    name: str
    function: str
    parameters: FrozenMap = EMPTY_MAP
    expected_result: Value | Deferred = True


@dataclass(frozen=True, kw_only=True)
class InvariantCheck(Check):
    """An invariant, checked after set-up, every step and every concurrent commit; `parameters` is its typed record."""

    name: str
    parameters: object = None


@dataclass(frozen=True, kw_only=True)
class Threshold(Check):
    """Limits of a measure; crossing a fail limit fails, crossing a warn limit is listed.

    `…_above` and `…_below` exclude the limit itself, `…_at_least` includes it. Of a map measure every entry is held against them.
    """

    measure: str
    fail_above: Decimal | None = None
    fail_below: Decimal | None = None
    warn_above: Decimal | None = None
    warn_below: Decimal | None = None
    fail_at_least: Decimal | None = None
    warn_at_least: Decimal | None = None
    fail_on: bool | None = None
    warn_on: bool | None = None


@dataclass(frozen=True)
class Expected:
    """``expected_outcome``, read."""

    success: bool = True
    checks: tuple[Check, ...] = ()
    changes: Changes | None = None


@dataclass(frozen=True)
class Tolerances:
    """``validation.tolerances``, or one entry of its ``field_overrides``."""

    numeric_percentage: Decimal | None = None
    numeric_absolute: Decimal | None = None
    timestamp_seconds: Decimal | None = None
    date_days: int | None = None
    collection_size_percentage: Decimal | None = None

    def says_anything(self) -> bool:
        """Return whether any tolerance is set."""
        return self != Tolerances()


@dataclass(frozen=True)
class Validation:
    """``validation``: how strictly all checks compare. Custom validators are among `Expected.checks`."""

    comparison_strategy: Literal["strict", "lenient", "custom"] = "strict"
    comparison_function: str | None = None
    tolerances: Tolerances = Tolerances()
    collection_order_matters: bool = False
    field_overrides: tuple[tuple[str, Tolerances], ...] = ()
    forbid_extra: tuple[str, ...] = ()
    allow_missing: tuple[str, ...] = ()
    require_exact_order: bool = False
