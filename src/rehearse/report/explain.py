"""A plan in plain words, before anything runs: who is there, what happens, what must hold, on what."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rehearse.expect.comparisons import words
from rehearse.expectation import (
    Assertion,
    BooleanSpec,
    ChangeEntry,
    CollectionSpec,
    CompliancePattern,
    CustomValidation,
    Deferred,
    DomainAssertion,
    Equal,
    ExpectedError,
    FinalStatePattern,
    InvariantCheck,
    MeasureRef,
    NumericSpec,
    PerformanceLimit,
    ResultRef,
    StateComparison,
    StringSpec,
    Threshold,
    WaitingRecord,
)
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, ScalarNode
from rehearse.report.model import count_text, shown
from rehearse.report.text import Line
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearse.expectation import Check, Reference, Spec
    from rehearse.loading.tree import Node
    from rehearse.plan import Plan, PlannedStep

WIDTH = 96


def explanation_lines(plan: Plan) -> Iterator[Line]:
    """Yield what a plan will do, for somebody who has never seen the format."""
    scenario = plan.scenario
    yield Line(cell(scenario.name), "title")
    about = (scenario.id, scenario.category, scenario.priority, ", ".join(scenario.tags))
    yield Line("  " + cell(" · ".join(part for part in about if part)), "dim")
    yield from _prose(scenario.description)
    yield from _prose(scenario.rationale)
    yield from _section("Who and what is there", _world(plan))
    yield from _section("Taken for granted", _preconditions(plan))
    yield from _section("What happens", _steps(plan))
    yield from _section("What must hold", _checks(plan))
    yield from _section("How it runs", (Line(f"  {line}") for line in _running(plan)))


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    body = tuple(lines)
    if body:
        yield Line()
        yield Line(title, "title")
        yield from body


def _prose(text: str) -> Iterator[Line]:
    if text:
        yield Line()
        yield from (Line(f"  {line}") for line in textwrap.wrap(visible(" ".join(text.split())), WIDTH))


def _world(plan: Plan) -> Iterator[Line]:
    counts = [count_text(len(group.rows), "row") + f" of {cell(group.table)}" for group in plan.rows if group.rows]
    yield from (Line(f"  {line}") for line in textwrap.wrap(", ".join(counts) or "an empty database", WIDTH))
    for fixture in plan.scenario.setup.sql_fixtures:
        yield Line(f"  then {count_text(len(fixture.statements), 'statement')} of {cell(fixture.name)}")
    yield Line(f"  The clock stands at {plan.scenario.clock:%Y-%m-%d %H:%M}.")


def _preconditions(plan: Plan) -> Iterator[Line]:
    for item in plan.scenario.setup.preconditions:
        bounds = [f"≥ {shown(item.minimum)}"] * (item.minimum is not None)
        bounds += [f"≤ {shown(item.maximum)}"] * (item.maximum is not None)
        expected = " and ".join(bounds) or shown(item.expected)
        told = f" ({cell(_record(item.parameters))})" if item.parameters is not None else ""
        yield Line(f"  {cell(item.check)}{told}: {cell(expected)}")


# ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _steps(plan: Plan) -> Iterator[Line]:
    total = len(plan.steps)
    for planned in plan.sequence:
        yield from _step(planned, total)
    if plan.concurrent:
        yield Line("  at the same time, each in a session of its own:")
        for planned in plan.concurrent:
            yield from _step(planned, total)


def _step(planned: PlannedStep, total: int) -> Iterator[Line]:
    step = planned.step
    when = f" at {step.at:%Y-%m-%d %H:%M}" if step.at else ""
    yield Line(f"  [{step.position}/{total}] {cell(step.operation)}{when}", "good")
    first = planned.operation.doc.split("\n\n")[0]
    yield from (Line(f"      {line}", "dim") for line in textwrap.wrap(" ".join(first.split()), WIDTH - 6))
    if isinstance(step.parameters, MapNode) and step.parameters.entries:
        yield Line(f"      with {cell(_node(step.parameters), limit=600)}")
    if step.expect.outcomes != ("done",):
        said = " or ".join(step.expect.outcomes)
        code = f" with code {step.expect.code}" if step.expect.code else ""
        reason = f", because of “{_said(step.expect.reason)}”" if step.expect.reason is not None else ""
        yield Line(f"      must be {said}{cell(code)}{cell(reason)}")
    if step.save_as:
        yield Line(f"      its answer is called {cell(step.save_as)}", "dim")


def _node(node: Node) -> str:
    match node:
        case ScalarNode():
            return shown(node.value)
        case DeferredNode():
            return node.text
        case ListNode():
            return "[" + ", ".join(_node(item) for item in node.items) + "]"
        case MapNode():
            return ", ".join(f"{entry.key} {_inside(entry.value)}" for entry in node)


def _inside(node: Node) -> str:
    return f"{{{_node(node)}}}" if isinstance(node, MapNode) else _node(node)


def _said(value: object) -> str:
    return value.text if isinstance(value, Deferred) else shown(value)


# ── checks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checks(plan: Plan) -> Iterator[Line]:
    expected = plan.scenario.expected_outcome
    if expected.success:
        yield Line("  every step comes out as said above")
    else:
        yield Line("  some step is refused, or ends in an expected error")
    always = [check.key.removeprefix("invariants.") for check in expected.checks if isinstance(check, InvariantCheck)]
    if always:
        yield from (Line(f"  {line}") for line in textwrap.wrap(f"after every step: {', '.join(always)}", WIDTH))
    for check in expected.checks:
        if not isinstance(check, InvariantCheck):
            notes = " (critical)" * check.critical + " (only a warning)" * (check.level == "warn")
            yield Line(f"  {cell(check_text(check))}{notes}")
    changes = expected.changes
    if changes is not None and changes.none:
        yield Line("  nothing in the database has changed")
    elif changes is not None and changes.only:
        apart = f", {', '.join(changes.exempt)} apart" if changes.exempt else ""
        yield Line(f"  nothing else in the database has changed{cell(apart)}")


def check_text(check: Check) -> str:
    """Return a check as one sentence."""
    match check:
        case Assertion(key=key, value=value, spec=spec):
            looked_at = _reference(value)
            label = "" if looked_at == key else f"{key}: "
            return f"{label}{looked_at} is {_spec(spec)}"
        case DomainAssertion(key=key, type=kind, parameters=parameters):
            return f"{key}: {kind}, {_record(parameters)}"
        case FinalStatePattern():
            return _rows_text(check)
        case CompliancePattern(rule=rule, status=status, person_id=person):
            return f"{person or 'everybody'} is {status} with {rule}"
        case StateComparison():
            return f"{check.path.text} {check.change_type or 'goes from one given value to the other'}"
        case ChangeEntry():
            return _change_text(check)
        case ExpectedError(type=kind):
            return f"{_times(check.minimum, check.maximum)} {kind}{f' of {check.person_id}' if check.person_id else ''}"
        case _:
            return _further_text(check)


def _further_text(check: Check) -> str:
    match check:
        case PerformanceLimit(metric=metric, limit=limit, step=step):
            return f"{metric.removeprefix('max_')} at most {shown(limit)}{f' in {step}' if step else ''}"
        case CustomValidation(name=name, function=function):
            return f"{name}: {function} agrees"
        case Threshold(measure=measure):
            return f"{measure} stays within its limits"
        case _:
            return check.key


def _reference(reference: Reference) -> str:
    match reference:
        case MeasureRef(name=name, key=key, state=state):
            return f"{name}{f'.{key}' if key else ''}{' before' if state == 'before' else ''}"
        case ResultRef(step=step, path=path):
            return f"{'.'.join(map(str, path))} of {step}"
        case _:
            return f"{reference.path.text}{' before' if reference.state == 'before' else ''}"


def _spec(spec: Spec) -> str:
    """A spec in words; what waits for a result of a step is shown as it is written."""
    match spec:
        case Equal(Deferred() as waiting) | BooleanSpec(Deferred() as waiting) | StringSpec(Deferred() as waiting, _):
            return waiting.text
        case NumericSpec() if waiting_parts(spec.expected, spec.minimum, spec.maximum):
            return ", ".join(waiting_parts(spec.expected, spec.minimum, spec.maximum))
        case CollectionSpec() if not isinstance(spec.expected_items, tuple) and spec.expected_items is not None:
            return spec.expected_items.text
        case CollectionSpec() if isinstance(spec.expected_items, tuple) and waiting_parts(*spec.expected_items):
            return ", ".join(map(_said, spec.expected_items))
        case _:
            return words(spec)


def waiting_parts(*values: object) -> list[str]:
    """Return the texts of those values that wait for a result."""
    return [value.text for value in values if isinstance(value, Deferred)]


def _record(parameters: object) -> str:
    if isinstance(parameters, WaitingRecord):
        return _node(parameters.node)
    names = getattr(parameters, "__dataclass_fields__", {})
    held = ((name, getattr(parameters, name)) for name in names)
    return ", ".join(f"{name} {shown(value)}" for name, value in held if value is not None)


def _rows_text(pattern: FinalStatePattern) -> str:
    where = ", ".join(f"{name} {_said(value)}" for name, value in pattern.where)
    if pattern.absent:
        return f"no row of {pattern.table} with {where}"
    fields = [f"{item.name} is {_field(item.expected)}" for item in pattern.fields]
    fields += [f"there are {_spec(pattern.count)} of them"] if pattern.count is not None else []
    fields += [f"{_spec(pattern.coverage_count)} people are there"] if pattern.coverage_count is not None else []
    return f"{pattern.table} with {where}: {', '.join(fields) or 'at least one'}"


def _field(expected: object) -> str:
    if isinstance(expected, Equal | BooleanSpec | NumericSpec | StringSpec | CollectionSpec):
        return _spec(expected)
    return _said(expected)


def _change_text(entry: ChangeEntry) -> str:
    times = f", {entry.count} times" if entry.count > 1 else ""
    where = ", ".join(f"{name} {_said(value)}" for name, value in entry.where)
    if entry.kind == "update":
        changed = ", ".join(
            f"{item.name} {_said(item.old)} → {_said(item.new)}" if item.has_old else f"{item.name} → {_said(item.new)}"
            for item in entry.changes
        )
        return f"{entry.table} {_said(entry.row) if entry.row is not None else where}: {changed}{times}"
    verb = "a new row" if entry.kind == "insert" else "a row goes"
    named = _said(entry.row) if entry.row is not None else where
    return f"{entry.table}: {verb}, {named}{times}"


def _times(minimum: int | None, maximum: int | None) -> str:
    if minimum is not None and minimum == maximum:
        return f"exactly {minimum}"
    bounds = [f"at least {minimum}"] * (minimum is not None) + [f"at most {maximum}"] * (maximum is not None)
    return " and ".join(bounds) or "at least one"


# ── running ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _running(plan: Plan) -> Iterator[str]:
    scenario = plan.scenario
    yield f"on a database of its own, {_isolation(plan)}"
    attempts = f", {scenario.attempts} attempts after timeouts and transient faults" if scenario.attempts > 1 else ""
    yield f"the steps have {shown(scenario.timeout_seconds)} seconds{attempts}"
    apart = [planned.operation.name for planned in plan.steps if planned.operation.isolation == "process"]
    if apart:
        yield f"in a process of its own: {', '.join(dict.fromkeys(apart))}"
    kept = f"{scenario.artifacts.retention_days} days" if scenario.artifacts.retention_days else "not kept"
    yield f"the evidence stays {kept} if it passes, 90 days or more if not"


def _isolation(plan: Plan) -> str:
    if plan.sessions > 1:
        return f"copied for {plan.sessions} sessions at once"
    return {
        "clone": "copied from a template",
        "transaction": "in one transaction that is rolled back",
        "auto": "in memory on SQLite, in a transaction that is rolled back on PostgreSQL",
    }[plan.isolation]
