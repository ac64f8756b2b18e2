"""A tiny domain of persons and duties, and everything that a judge is given, made by hand."""

# ruff: noqa: DTZ001  (moments have no zone)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from rehearse.domain import (
    AssertionType,
    Domain,
    ErrorType,
    Evidence,
    ExecutionView,
    Finding,
    Invariant,
    Measure,
    Reason,
    State,
    StepView,
    Validator,
)
from rehearse.expect.judge import judge
from rehearse.expectation import Changes, Check, Deferred, Expected, StatePath, StepExpectation, Validation
from rehearse.loading.paths import split_name
from rehearse.loading.tree import MapNode
from rehearse.scenario import DatabaseSetup, Placed, Scenario, Setup, Step, TestCase, World, Written
from rehearse.snapshot.diff import difference
from rehearse.snapshot.model import Column, ColumnKind, Snapshot, Table
from rehearse.source import Source, Span
from rehearse.values import EMPTY_MAP, FrozenMap, Value

if TYPE_CHECKING:
    from rehearse.expect.verdict import CheckResult, Verdict

CLOCK = datetime(2024, 12, 25, 6)
SOURCE = Source("ward.yaml", "expected_outcome:\n")
SPAN = Span(SOURCE, 1, 1, 17)

COLUMNS: Mapping[str, Mapping[str, ColumnKind]] = {
    "persons": {"id": "text", "status": "text"},
    "duties": {
        "id": "text",
        "person_id": "text",
        "start": "moment",
        "day": "date",
        "hours": "number",
        "pinned": "bool",
        "tags": "json",
    },
    "pairs": {"first": "int", "second": "text", "note": "text"},
    "journal": {"id": "text", "words": "text"},
}
KEYS = {"pairs": (0, 1)}
PERSONS = (("R1", "active"), ("R2", "absent"), ("R3", "active"))
D1 = ("d1", "R1", datetime(2024, 12, 25, 7), date(2024, 12, 25), Decimal(12), False, ("icu", "night"))
D2 = ("d2", "R2", datetime(2024, 12, 26, 7), date(2024, 12, 26), Decimal("4.5"), False, FrozenMap({"a": (1, 2)}))


@dataclass(frozen=True)
class DutyQuestion:
    """Parameters of the assertion type ``has_duty``."""

    person_id: str
    expected: bool = True
    at: datetime | None = None


def weekday(row: FrozenMap, state: State) -> Value:
    """Return the day of the week as a word."""
    del state
    day = row["day"]
    return day.strftime("%a").lower() if isinstance(day, date) else None


def is_present(row: FrozenMap, state: State) -> bool:
    """Whether the person of a row is active."""
    person = state.snapshot.tables["persons"].rows.get((row["person_id"],))
    return person is not None and person[1] == "active"


def hours_by_person(state: State) -> Mapping[str, Fraction]:
    """Sum the hours of each person."""
    sums: dict[str, Fraction] = {}
    for row in state.snapshot.tables["duties"].rows.values():
        sums[str(row[1])] = sums.get(str(row[1]), Fraction(0)) + Fraction(row[4] or 0)  # type: ignore[arg-type]
    return sums


def has_duty(evidence: Evidence, question: DutyQuestion) -> Finding:
    """Say whether a person has a duty in the end."""
    found = any(row[1] == question.person_id for row in evidence.after.snapshot.tables["duties"].rows.values())
    return Finding(found == question.expected, found, "" if found else f"{question.person_id} has no duty")


def orphans(state: State, before: State) -> tuple[str, ...]:
    """Name the duties of persons that there are not."""
    del before
    known = {key[0] for key in state.snapshot.tables["persons"].rows}
    return tuple(
        f"{row[0]} has no person" for row in state.snapshot.tables["duties"].rows.values() if row[1] not in known
    )


def crash(*_: object, **__: object) -> Any:
    """Fail like a defect."""
    raise ZeroDivisionError("the figure is broken\nsecond line")


def domain(**parts: Any) -> Domain:
    """Return the domain, some of its parts replaced."""
    measures = (
        Measure("duties", "number", "Duties.", of_state=lambda state: len(state.snapshot.tables["duties"].rows)),
        Measure("hours", "map", "Hours of each.", of_state=hours_by_person, aliases=("work_hours",)),
        Measure(
            "holders", "collection", "Who has a duty.", of_state=lambda state: tuple(sorted(hours_by_person(state)))
        ),
        Measure("changed", "number", "Changed rows.", of_run=lambda evidence: evidence.diff.count()),
        Measure("calm", "bool", "No change.", of_run=lambda evidence: not evidence.diff.count()),
        Measure("nothing", "number", "Always null.", of_state=lambda _: None),
        Measure("mood", "text", "A word.", of_state=lambda _: "fair"),
        Measure("broken", "number", "A defect.", of_state=crash),
        Measure(
            "closed", "number", "Not to be asked.", of_state=crash, unavailable=lambda _: "the rule is not in force"
        ),
    )
    defaults: dict[str, Any] = {
        "name": "ward",
        "doc": "A ward.",
        "metadata": MetaData(),
        "sections": {},
        "constraints": DutyQuestion,
        "settle": crash,
        "default_clock": crash,
        "check": crash,
        "rows": crash,
        "operations": {},
        "measures": {measure.name: measure for measure in measures},
        "checks": {},
        "assertion_types": {"has_duty": AssertionType("has_duty", "A duty.", DutyQuestion, has_duty)},
        "invariants": {"no_orphans": Invariant("no_orphans", "Every duty has a person.", orphans, always=True)},
        "error_types": {
            "Gap": ErrorType("Gap", "A gap.", lambda _: (("R1", "rest"), ("R2", "rest"), (None, None))),
            "Flood": ErrorType("Flood", "None of these.", lambda _: ()),
        },
        "categories": {},
        "validators": {"fine": Validator("fine", "Says yes.", lambda *_, **__: True)},
        "derived_fields": {"duties": {"weekday": weekday}},
        "journal_tables": ("journal",),
        "compliance": lambda _, rule, person: "violation" if (rule, person) == ("rest", "R1") else "compliant",
        "present": is_present,
    }
    return Domain(**{**defaults, **parts})


DOMAIN = domain()
STRICT = Validation()


def state(rows: Mapping[str, Iterable[Sequence[Value]]]) -> State:
    """Return a state with these rows."""
    tables = {}
    for name, columns in COLUMNS.items():
        key = KEYS.get(name, (0,))
        keyed = {tuple(row[position] for position in key): tuple(row) for row in rows.get(name, ())}
        tables[name] = Table(name, tuple(Column(*item) for item in columns.items()), key, keyed)
    return State(Snapshot("s", "s", "any", CLOCK, tables), None)


def step(name: str = "main", expect: StepExpectation | None = None, save_as: str | None = None) -> Step:
    """Return a step of the scenario."""
    return Step(
        name=name,
        number=0,
        position=1,
        operation="work",
        parameters=MapNode((), SPAN),
        arguments=None,
        critical=True,
        timeout_seconds=None,
        expect=expect or StepExpectation(),
        save_as=save_as,
        at=None,
        concurrent=False,
        span=SPAN,
    )


def view(name: str = "main", outcome: Any = "done", **parts: Any) -> StepView:
    """Return how a step came out."""
    values: dict[str, Any] = {
        "reasons": (),
        "data": EMPTY_MAP,
        "error": None,
        "seconds": 0.25,
        "queries": 3,
        "clock": CLOCK,
        **parts,
    }
    return StepView(name, "work", outcome, **values)


def refused(*reasons: tuple[str, str]) -> StepView:
    """Return a step that was rejected for reasons of code and text."""
    return view(outcome="rejected", reasons=tuple(Reason(code, text) for code, text in reasons))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A run before its judge, as far as a test cares."""

    before: Mapping[str, Iterable[Sequence[Value]]] = field(
        default_factory=lambda: {"persons": PERSONS, "duties": (D1, D2)}
    )
    after: Mapping[str, Iterable[Sequence[Value]]] | None = None
    steps: tuple[Step, ...] = (step(),)
    views: tuple[StepView, ...] = (view(),)
    success: bool = True
    changes: Changes | None = None
    validation: Validation = STRICT
    domain: Domain = DOMAIN
    seconds: float = 0.5
    memory: float = 8.0
    queries: Mapping[str, int] = field(default_factory=lambda: {"SELECT": 5, "UPDATE": 2, "COMMIT": 1})
    breaches: tuple[Any, ...] = ()
    validators: tuple[str, ...] = ()

    def evidence(self) -> Evidence:
        """Return what happened."""
        before, after = state(self.before), state(self.before if self.after is None else self.after)
        execution = ExecutionView(self.views, self.queries, self.seconds, self.memory)
        return Evidence(before, after, difference(before.snapshot, after.snapshot), execution)

    def scenario(self, *checks: Check) -> Scenario:
        """Return what its author expects."""
        constraints: Placed[object] = Placed(None, SPAN)
        return Scenario(
            id="trial",
            name="A trial",
            domain="ward",
            test_case=TestCase(self.steps),
            setup=Setup(DatabaseSetup(), World({}, constraints), (), ()),
            expected_outcome=Expected(self.success, checks, self.changes),
            validation=self.validation,
            clock=CLOCK,
            written=Written("trial", "A trial", "trial", MapNode((), SPAN), SOURCE),
        )

    def verdict(self, *checks: Check) -> Verdict:
        """Judge it."""
        return judge(
            self.scenario(*checks), self.domain, self.evidence(), breaches=self.breaches, validators=self.validators
        )

    def result(self, check: Check) -> CheckResult:
        """Judge one check and return its result."""
        return self.named(check.key, check)

    def named(self, key: str, *checks: Check) -> CheckResult:
        """Judge `checks` and return the result with this key."""
        return {item.key: item for item in self.verdict(*checks).checks}[key]


TRIAL = Trial()


def path(text: str) -> StatePath:
    """Read a PATH of this domain: ``TABLE.count``, ``TABLE.ID.FIELD…``, ``TABLE[FIELD=VALUE].count``."""
    parts = split_name(text)
    assert parts is not None
    table, second, *rest = parts
    if second == "count":
        return StatePath(str(table), None, FrozenMap(), None, (), text)
    if not isinstance(second, str | int):
        return StatePath(str(table), None, FrozenMap(second.conditions), None, (), text)
    plain = tuple(part for part in rest[1:] if isinstance(part, str | int))
    return StatePath(str(table), str(second), FrozenMap(), str(rest[0]), plain, text)


def waiting(text: str) -> Deferred:
    """Return a text that waits for results."""
    return Deferred(text, (), SPAN)
