"""The keys of a scenario file as typed records: what may be written where, with its type, range and default.

The loader reads these and turns them into `rehearse.scenario` and `rehearse.expectation`; the JSON Schema is made from them too. Maps
whose keys only the domain knows are kept as nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from rehearse.expectation import Deferred
from rehearse.fields import Alias, Help, Length, Name, Pattern, Range
from rehearse.loading.tree import ListNode, MapNode
from rehearse.scenario import Isolation, Priority
from rehearse.values import EMPTY_MAP, FrozenMap, Value

ScenarioId: TypeAlias = Annotated[
    str,
    Pattern(r"[a-z0-9]+(-[a-z0-9]+)*", "lower-case letters and digits, in groups joined by single -"),
    Length(maximum=100),
]
Version: TypeAlias = Annotated[str, Pattern(r"\d+\.\d+\.\d+", "three numbers, as 1.0.0")]
Tag: TypeAlias = Annotated[
    str, Pattern(r"[a-z0-9][a-z0-9_-]*", "lower-case letters, digits, _ and -, a letter or digit first")
]
Seconds: TypeAlias = Annotated[Decimal, Range(above=0, maximum=86_400)]
Merge: TypeAlias = Literal["deep_merge", "replace", "append"]
TextMatch: TypeAlias = Literal["exact", "contains", "regex", "case_insensitive"]
CollectionMatch: TypeAlias = Literal["exact", "subset", "superset", "contains_all"]
LevelWord: TypeAlias = Literal["fail", "warn"]
Count: TypeAlias = Annotated[int, Range(minimum=0)]
Fraction: TypeAlias = Annotated[Decimal, Range(minimum=0)]


@dataclass(frozen=True, kw_only=True)
class ScenarioForm:
    """The map under ``scenario:``, variables and matrix resolved."""

    name: Annotated[str, Length(1, 200), Help("one line for people")]
    id: Annotated[ScenarioId, Help("for machines; no other scenario may have it")]
    version: Annotated[Version, Help("of this file")] = "1.0.0"
    author: Annotated[str, Help("who answers for it")] = ""
    created: date | None = None
    updated: Annotated[date | None, Help("not before it was created")] = None
    category: Annotated[str, Help("one of the domain's")] = ""
    priority: Annotated[Priority, Help("order in reports; selection")] = "medium"
    tags: Annotated[tuple[Tag, ...], Help("selection; marks in pytest")] = ()
    description: Annotated[str, Help("what it tries")] = ""
    rationale: Annotated[str, Help("why it matters")] = ""
    related_bugs: Annotated[tuple[str, ...], Help("what made somebody write it")] = ()
    related_scenarios: Annotated[tuple[ScenarioId, ...], Help("ids")] = ()
    domain: Annotated[str, Help("the system that is rehearsed, as it was installed")] = "residency"
    timeout_seconds: Annotated[Seconds, Help("deadline of the steps, first to last")] = Decimal(300)
    retry_on_failure: Annotated[
        bool | Annotated[int, Range(1, 10)], Help("attempts in all after timeouts and transient faults; true is 3")
    ] = False
    capture_artifacts: Annotated[bool, Help("false: after a pass only the result is kept")] = True
    require_backup: Annotated[bool, Help("of an existing database, before the first write")] = False
    rollback_on_failure: Annotated[bool, Help("false keeps the database of a run that did not pass")] = True
    debug_mode: Annotated[bool, Help("keeps database and artifacts, and logs parameter values")] = False
    clock: Annotated[datetime | None, Help("the now of every operation, until a step's `at` moves it")] = None
    seed: Annotated[int, Range(0, 2**31 - 1), Help("for whatever must choose, such as a solver")] = 0
    variables: Annotated[MapNode | None, Help("name → value, used as ${name}")] = None
    matrix: Annotated[MapNode | None, Help("makes many scenarios of one")] = None
    setup: Annotated[MapNode | None, Help("the world before anything happens")] = None
    test_case: Annotated[MapNode, Help("what happens")]
    expected_outcome: Annotated[MapNode, Help("what must hold afterwards")]
    validation: Annotated[MapNode | None, Help("how strictly values are compared")] = None
    artifacts: Annotated[MapNode | None, Help("what is kept of the evidence")] = None


# ── setup ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class FixtureForm:
    """One entry of ``load_fixtures`` that has a strategy of its own."""

    path: Annotated[
        str, Length(1), Help("looked for beside the scenario, in its fixtures/, then in the project's fixture paths")
    ]
    merge: Annotated[Merge | None, Help("instead of the scenario's merge_strategy")] = None


@dataclass(frozen=True, kw_only=True)
class DatabaseForm:
    """``setup.database``."""

    clean_state: Annotated[bool, Help("false: an existing database keeps its rows")] = True
    load_fixtures: Annotated[ListNode | None, Help("files with rows, in this order")] = None
    merge_strategy: Annotated[Merge, Help("how each fixture is laid on those before it")] = "deep_merge"
    batch_operations: Annotated[bool, Help("false: one row per INSERT of the set-up")] = True
    batch_size: Annotated[int, Range(1, 10_000), Help("rows per INSERT of the set-up")] = 500
    isolation: Annotated[Isolation, Help("a copied database, or one transaction that is rolled back")] = "auto"


@dataclass(frozen=True, kw_only=True)
class NumberForm:
    """A numeric spec without a name: a precondition's ``expected``."""

    expected: Decimal | None = None
    min: Annotated[Decimal | None, Help("ends are inside")] = None
    max: Decimal | None = None
    tolerance: Annotated[Decimal | None, Range(minimum=0), Help("how far from expected it may be")] = None


@dataclass(frozen=True, kw_only=True)
class PreconditionForm:
    """One entry of ``setup.preconditions``."""

    check: Annotated[str, Help("what must hold before anything happens")]
    expected: Annotated[Value, Help("a value, or for a number {min, max, expected, tolerance}")] = True
    parameters: Annotated[MapNode | None, Help("the check's own")] = None


# ── test_case ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class TestCaseForm:
    """``test_case``."""

    __test__ = False  # pytest collects classes of this name

    operation: Annotated[str | None, Help("a single step, named main")] = None
    parameters: Annotated[MapNode | None, Help("of that operation")] = None
    operations: Annotated[ListNode | None, Help("steps, one after another")] = None
    concurrent_operations: Annotated[
        ListNode | None, Help("two steps or more, at the same time, each in a session of its own")
    ] = None


@dataclass(frozen=True, kw_only=True)
class ExpectForm:
    """``expect`` of a step, written as a map."""

    outcome: Annotated[
        Literal["done", "rejected", "error", "any"] | tuple[Literal["done", "rejected", "error", "any"], ...],
        Help("how it ought to end"),
    ] = "done"
    reason: Annotated[str | Deferred | None, Help("a text that a reason must match")] = None
    match_type: Annotated[TextMatch, Help("how it is matched")] = "contains"
    code: Annotated[str | None, Help("a code that a reason must have")] = None


@dataclass(frozen=True, kw_only=True)
class PerformanceForm:
    """``performance_metrics``, of the scenario or of one step."""

    max_execution_time: Annotated[Decimal | None, Range(above=0), Help("seconds of the act phase")] = None
    max_db_queries: Annotated[int | None, Range(0), Help("statements of the operations")] = None
    max_memory_mb: Annotated[Decimal | None, Range(above=0), Help("growth of resident memory")] = None
    level: Annotated[LevelWord, Help("warn: listed, never fails")] = "fail"


@dataclass(frozen=True, kw_only=True)
class ConcurrentStepForm:
    """One step of the concurrent block."""

    operation: Annotated[str, Help("what is done")]
    parameters: Annotated[MapNode | None, Help("the operation's own")] = None
    critical: Annotated[bool, Help("an outcome that was not expected ends the sequence")] = True
    timeout_seconds: Annotated[Decimal | None, Range(above=0), Help("default: what is left of the scenario's")] = None
    expect: Annotated[
        Literal["done", "rejected", "error", "any"]
        | Annotated[tuple[Literal["done", "rejected", "error", "any"], ...], Length(1)]
        | ExpectForm
        | None,
        Help("how it ought to end; default done"),
    ] = None
    save_as: Annotated[Name | None, Help("a name for its result, ${steps.NAME…}")] = None
    at: Annotated[datetime | None, Help("the clock from this step on")] = None
    performance_metrics: Annotated[PerformanceForm | None, Help("what this step may cost")] = None


@dataclass(frozen=True, kw_only=True)
class StepForm(ConcurrentStepForm):
    """One step of the sequence."""

    step: Annotated[int | None, Range(minimum=1), Help("sort key; default: one more than the step before")] = None


# ── specs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class CommonForm:
    """What every assertion may say besides its comparison."""

    type: Annotated[str | None, Help("default: that of the value")] = None
    value: Annotated[
        str | None, Help("what to look at: measures.NAME, steps.NAME.data.FIELD, before. or after. with a path")
    ] = None
    critical: Annotated[bool, Help("shown first if unmet")] = False
    level: Annotated[LevelWord, Help("warn: listed, never fails")] = "fail"
    message: Annotated[str, Help("shown beside it")] = ""


@dataclass(frozen=True, kw_only=True)
class EqualForm:
    """Equality with a date, a moment, a map or null."""

    expected: Annotated[Value, Help("the very same")]


@dataclass(frozen=True, kw_only=True)
class BooleanForm:
    """``type: boolean``."""

    expected: bool | Deferred = True


@dataclass(frozen=True, kw_only=True)
class NumericForm:
    """``type: numeric``."""

    expected: Decimal | Deferred | None = None
    tolerance: Annotated[Decimal | Deferred | None, Range(minimum=0), Help("how far from expected it may be")] = None
    min: Annotated[Decimal | Deferred | None, Help("ends are inside")] = None
    max: Decimal | Deferred | None = None


@dataclass(frozen=True, kw_only=True)
class StringForm:
    """``type: string``."""

    expected: str | Deferred
    match_type: Annotated[TextMatch, Help("how it is compared")] = "exact"


@dataclass(frozen=True, kw_only=True)
class CollectionForm:
    """``type: collection``."""

    expected_items: Annotated[tuple[Value, ...] | Deferred | None, Alias("expected")] = None
    match_type: Annotated[CollectionMatch, Help("how the items are compared")] = "exact"
    order_matters: Annotated[bool | None, Help("default: that of the tolerances")] = None
    expected_count: Count | None = None
    min_count: Count | None = None
    max_count: Count | None = None


@dataclass(frozen=True, kw_only=True)
class BooleanAssertionForm(BooleanForm, CommonForm):
    """An assertion with ``type: boolean``."""


@dataclass(frozen=True, kw_only=True)
class NumericAssertionForm(NumericForm, CommonForm):
    """An assertion with ``type: numeric``."""


@dataclass(frozen=True, kw_only=True)
class StringAssertionForm(StringForm, CommonForm):
    """An assertion with ``type: string``."""


@dataclass(frozen=True, kw_only=True)
class CollectionAssertionForm(CollectionForm, CommonForm):
    """An assertion with ``type: collection``."""


@dataclass(frozen=True, kw_only=True)
class EqualAssertionForm(EqualForm, CommonForm):
    """An assertion about a date, a moment, a map or null."""


@dataclass(frozen=True, kw_only=True)
class FieldCommonForm:
    """What the spec of a field may say besides its comparison."""

    critical: bool = False
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class BooleanFieldForm(BooleanForm, FieldCommonForm):
    """The spec of a boolean field."""


@dataclass(frozen=True, kw_only=True)
class NumericFieldForm(NumericForm, FieldCommonForm):
    """The spec of a number field."""


@dataclass(frozen=True, kw_only=True)
class StringFieldForm(StringForm, FieldCommonForm):
    """The spec of a text field."""


@dataclass(frozen=True, kw_only=True)
class CollectionFieldForm(CollectionForm, FieldCommonForm):
    """The spec of a list field."""


@dataclass(frozen=True, kw_only=True)
class EqualFieldForm(EqualForm, FieldCommonForm):
    """The spec of a date, moment or map field."""


# ── the rest of expected_outcome ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class CompliancePatternForm:
    """One pattern of ``final_state.compliance``."""

    rule: Annotated[str, Help("its name in the domain")]
    status: Annotated[Literal["compliant", "warning", "violation"], Help("what is found of it")]
    person_id: Annotated[str | None, Alias("person"), Help("of whom; default: of everybody")] = None
    critical: Annotated[bool, Help("shown first if unmet")] = False
    message: Annotated[str, Help("shown beside it")] = ""


@dataclass(frozen=True, kw_only=True)
class StateComparisonForm:
    """One entry of ``state_comparison``; `initial` and `final` are read by the type of the path."""

    field: Annotated[str, Help("a path")]
    change_type: Annotated[
        Literal["increased", "decreased", "unchanged", "changed"] | None,
        Help("default: changed, unless another key says more"),
    ] = None
    min_change: Annotated[Fraction | None, Help("of the distance between before and after")] = None
    max_change: Annotated[Fraction | None, Help("likewise")] = None
    critical: Annotated[bool, Help("shown first if unmet")] = False


@dataclass(frozen=True, kw_only=True)
class ExpectedErrorForm:
    """One entry of ``expected_errors``."""

    type: Annotated[str, Help("one of the domain's")]
    count: Annotated[Count | None, Help("exactly so many")] = None
    min: Count | None = None
    max: Count | None = None
    person_id: Annotated[str | None, Alias("person"), Help("who was refused")] = None
    rule: Annotated[str | None, Help("by which rule")] = None


@dataclass(frozen=True, kw_only=True)
class CustomValidationForm:
    """One entry of ``custom_validations`` or ``validation.custom_validators``."""

    name: Annotated[str, Length(1), Help("how the report calls it")]
    function: Annotated[str, Help("package.module:name")]
    parameters: Annotated[FrozenMap, Help("handed to it by name")] = EMPTY_MAP
    expected_result: Annotated[Value, Help("what it must return")] = True
    critical: Annotated[bool, Help("shown first if unmet")] = False


@dataclass(frozen=True, kw_only=True)
class InvariantForm:
    """One entry of ``invariants``, written as a map."""

    name: Annotated[str, Help("one of the domain's")]
    parameters: Annotated[MapNode | None, Help("its own")] = None
    critical: Annotated[bool, Help("shown first if broken")] = False


@dataclass(frozen=True, kw_only=True)
class ThresholdForm:
    """The limits of one measure."""

    fail_above: Decimal | None = None
    fail_below: Decimal | None = None
    warn_above: Annotated[Decimal | None, Help("listed, never fails")] = None
    warn_below: Annotated[Decimal | None, Help("likewise")] = None
    fail_on: Annotated[bool | None, Help("for a bool")] = None


# ── validation, artifacts ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class OverrideForm:
    """One entry of ``field_overrides``."""

    numeric_percentage: Annotated[Fraction | None, Alias("percentage"), Help("a fraction: 0.05 is 5 %")] = None
    numeric_absolute: Annotated[Fraction | None, Alias("absolute")] = None
    timestamp_seconds: Annotated[Fraction | None, Alias("seconds")] = None
    date_days: Count | None = None


@dataclass(frozen=True, kw_only=True)
class TolerancesForm:
    """``validation.tolerances``."""

    numeric_percentage: Annotated[Fraction | None, Help("a fraction: 0.05 is 5 %")] = None
    numeric_absolute: Annotated[Fraction | None, Help("how far numbers may differ")] = None
    timestamp_seconds: Annotated[Fraction | None, Help("how far moments may differ")] = None
    date_days: Annotated[Count | None, Help("how far dates may differ")] = None
    collection_size_percentage: Annotated[Fraction | None, Help("a fraction of the size")] = None
    collection_order_matters: Annotated[bool, Help("whether lists are sequences")] = False
    boolean_exact: Annotated[Literal[True], Help("there is no other way")] = True
    field_overrides: Annotated[MapNode | None, Help("name or path → tolerances of its own")] = None


@dataclass(frozen=True, kw_only=True)
class ValidationForm:
    """``validation``."""

    comparison_strategy: Annotated[
        Literal["strict", "lenient", "custom"],
        Help("lenient: the tolerances hold for every value; custom: a function judges the rows of final_state"),
    ] = "strict"
    comparison_function: Annotated[str | None, Help("package.module:name, for custom")] = None
    tolerances: Annotated[MapNode | None, Help("see below")] = None
    partial_match: Annotated[
        MapNode | None, Help("allow_extra_TABLE, allow_missing_TABLE, require_exact_order, require_sorted_order")
    ] = None
    custom_validators: Annotated[ListNode | None, Help("as custom_validations")] = None


@dataclass(frozen=True, kw_only=True)
class ArtifactsForm:
    """``artifacts``."""

    capture: Annotated[
        tuple[
            Literal[
                "initial_database_state",
                "final_database_state",
                "state_diff",
                "execution_logs",
                "sql_queries",
                "performance_metrics",
                "events",
            ],
            ...,
        ],
        Help("what is kept after judgement"),
    ] = (
        "initial_database_state",
        "final_database_state",
        "state_diff",
        "execution_logs",
        "sql_queries",
        "performance_metrics",
        "events",
    )
    retention_days: Annotated[int, Range(0, 3650), Help("a run that did not pass stays at least 90")] = 30
    export_formats: Annotated[
        tuple[Literal["json", "yaml", "html_report", "junit", "markdown"], ...], Help("written into the run's folder")
    ] = ("json",)
