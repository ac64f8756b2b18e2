"""``test_case``: main, then the sequence by its numbers, then the concurrent block, each step with a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Outcome, PerformanceLimit, StepExpectation
from rehearse.loading.forms import ConcurrentStepForm, ExpectForm, PerformanceForm, StepForm, TestCaseForm
from rehearse.loading.performance import performance_limits
from rehearse.loading.reader import Fields, read_fields
from rehearse.loading.results import check_references
from rehearse.loading.specs import check_regex
from rehearse.loading.spot import Spot
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode
from rehearse.scenario import Step
from rehearse.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rehearse.domain import Domain, Operation

OUTCOMES: tuple[Outcome, ...] = ("done", "rejected", "error")
_FEWEST_CONCURRENT = 2
_MAIN_KEYS = frozenset({"operation", "parameters"})
_STEP_KEYS = dict.fromkeys(
    ("step", "critical", "timeout_seconds", "expect", "save_as", "at", "performance_metrics"),
    "a step that says more than its operation stands in the list `operations`",
)


@dataclass(frozen=True)
class ReadStep:
    """A step with what later checks need.

    Attributes:
        step: The step.
        spans: Places of its keys' values.
        parameter_spans: Places of its parameters' values.
        parameters_place: The key that holds its parameters, or the step if it has none.
        spot: Where it stands.
        performance: Its ``performance_metrics``, or None.
    """

    step: Step
    spans: Mapping[str, Span]
    parameter_spans: Mapping[str, Span]
    parameters_place: Span
    spot: Spot
    performance: PerformanceForm | None

    def limits(self) -> tuple[PerformanceLimit, ...]:
        """Return the checks that its ``performance_metrics`` ask for."""
        if self.performance is None:
            return ()
        return performance_limits(self.performance, self.step.name, self.spans["performance_metrics"])


@dataclass(frozen=True)
class ReadSteps:
    """All steps in the order of execution; `complete` is False if one was left out because of a mistake."""

    steps: tuple[ReadStep, ...]
    complete: bool


def read_test_case(node: MapNode, domain: Domain, spot: Spot) -> ReadSteps:
    """Read ``test_case``; every mistake is reported, steps with mistakes are left out."""
    form = read_fields(node, TestCaseForm, spot, hints=_STEP_KEYS)
    if not form.spans.keys() & _MAIN_KEYS and not _lists_a_step(node) and form.complete:
        remedy = "write `operation`, `operations` or `concurrent_operations`"
        spot.complain("empty", "there is nothing to do", remedy=remedy)
    read = (*_main(node, form, domain, spot), *_sequence(node, domain, spot), *_block(node, domain, spot))
    found = [step for step in read if step is not None]
    steps = tuple(replace(each, step=replace(each.step, position=place)) for place, each in enumerate(found, start=1))
    _check_names(steps)
    _check_references(steps, domain.operations)
    return ReadSteps(steps, complete=form.complete and len(found) == len(read))


def _lists_a_step(node: MapNode) -> bool:
    lists = (node.get("operations"), node.get("concurrent_operations"))
    return any(isinstance(found, ListNode) and found.items for found in lists)


# ── the three forms ────────────────────────────────────────────────────────────────────────────────────────────────────


def _main(node: MapNode, form: Fields[TestCaseForm], domain: Domain, spot: Spot) -> tuple[ReadStep | None, ...]:
    if "operation" not in form.spans:
        entry = node.entry("parameters")
        if entry is not None:
            spot.down("operation", entry.span).complain("missing-key", "`parameters` of the test case need `operation`")
        return (None,) if entry else ()
    written = MapNode(tuple(entry for entry in node if entry.key in _MAIN_KEYS), node.span)
    read = _read_step(written, ConcurrentStepForm, domain, spot)
    return (_named(read, "main", 0),)


def _sequence(node: MapNode, domain: Domain, spot: Spot) -> tuple[ReadStep | None, ...]:
    entry = node.entry("operations")
    if entry is None or not isinstance(entry.value, ListNode):
        return ()
    below = spot.down("operations", entry.span)
    numbered: dict[int, ReadStep | None] = {}
    places: dict[int, Span] = {}
    number = 0
    for index, item in enumerate(entry.value.items):
        number = _written_number(item) or number + 1
        place = _number_place(item)
        read = _named(_read_step(item, StepForm, domain, below.down(index, item.span)), f"step{number}", number)
        if number in places:
            below.down(index, item.span).duplicate(f"two steps have the number {number}", place, places[number])
            numbered[-index] = None
        else:
            numbered[number], places[number] = read, place
    return tuple(numbered[key] for key in sorted(numbered))


def _written_number(item: Node) -> int | None:
    number = item.get("step") if isinstance(item, MapNode) else None
    return number.value if isinstance(number, ScalarNode) and type(number.value) is int and number.value > 0 else None


def _number_place(item: Node) -> Span:
    number = item.get("step") if isinstance(item, MapNode) else None
    return number.span if number else item.span


def _block(node: MapNode, domain: Domain, spot: Spot) -> tuple[ReadStep | None, ...]:
    entry = node.entry("concurrent_operations")
    if entry is None or not isinstance(entry.value, ListNode):
        return ()
    below = spot.down("concurrent_operations", entry.span)
    items = entry.value.items
    if len(items) < _FEWEST_CONCURRENT:
        summary = f"`concurrent_operations` has {len(items)} step{'' if len(items) == 1 else 's'}"
        below.complain("bad-value", summary, remedy="allowed: 2 or more, as they run together")
    return tuple(
        _concurrent(_read_step(item, ConcurrentStepForm, domain, below.down(index, item.span)), index + 1)
        for index, item in enumerate(items)
    )


def _concurrent(read: ReadStep | None, position: int) -> ReadStep | None:
    if read is not None and read.step.at is not None:
        summary = "`at` cannot stand in the concurrent block"
        read.spot.down("at", read.spans["at"]).complain("conflict", summary, remedy="its steps share one clock")
    named = _named(read, f"concurrent{position}", position)
    return replace(named, step=replace(named.step, concurrent=True)) if named else None


def _named(read: ReadStep | None, name: str, number: int) -> ReadStep | None:
    return replace(read, step=replace(read.step, name=name, number=number)) if read else None


# ── one step ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_step(
    node: Node,
    form_type: type[ConcurrentStepForm],
    domain: Domain,
    spot: Spot,
) -> ReadStep | None:
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a map")
        return None
    fields = read_fields(node, form_type, spot.accepting("expectations"))
    operation = _operation(fields, domain, spot)
    arguments = _arguments(node, operation, spot) if operation else None
    form = fields.make()
    if form is None or operation is None or arguments is None:
        return None
    step = Step(
        name="",
        number=0,
        position=0,
        operation=operation.name,
        parameters=form.parameters or MapNode((), fields.spans["operation"]),
        arguments=arguments.make(),
        critical=form.critical,
        timeout_seconds=form.timeout_seconds,
        expect=_expectation(form, fields, spot),
        save_as=form.save_as,
        at=form.at,
        concurrent=False,
        span=node.span,
    )
    written = node.entry("parameters")
    place = written.span if written else node.span
    return ReadStep(step, fields.spans, arguments.spans, place, spot, form.performance_metrics)


def _operation(fields: Fields[ConcurrentStepForm], domain: Domain, spot: Spot) -> Operation | None:
    name = fields.values.get("operation")
    if not isinstance(name, str):
        return None
    operation = domain.operations.get(name)
    if operation is None:
        remedy = did_you_mean(name, domain.operations)
        spot.down("operation", fields.spans["operation"]).complain(
            "unknown-name", f"there is no operation `{name}`", remedy=remedy
        )
    return operation


def _arguments(node: MapNode, operation: Operation, spot: Spot) -> Fields[object]:
    """Type the parameters now, so that mistakes are seen before anything runs; those that wait for a result are typed later."""
    entry = node.entry("parameters") or node.entry("operation")
    written = node.get("parameters")
    parameters = written if isinstance(written, MapNode) else MapNode((), node.span)
    below = spot.down("parameters", entry.span if entry else node.span).accepting("parameters")
    return read_fields(parameters, operation.parameters, below)


def _expectation(form: ConcurrentStepForm, fields: Fields[ConcurrentStepForm], spot: Spot) -> StepExpectation:
    if form.expect is None:
        return StepExpectation()
    below = spot.down("expect", fields.spans["expect"])
    if not isinstance(form.expect, ExpectForm):
        return StepExpectation(_outcomes(form.expect), written=True)
    expect = form.expect
    outcomes = _outcomes(expect.outcome)
    if outcomes == ("done",) and (expect.reason is not None or expect.code is not None):
        asked = "a reason" if expect.reason is not None else "a code"
        below.complain(
            "conflict", f"`expect` asks for {asked} of an outcome that is done", remedy="add `outcome: rejected`"
        )
    if expect.match_type == "regex" and isinstance(expect.reason, str):
        check_regex(expect.reason, below.down("reason", below.span), below.span)
    return StepExpectation(outcomes, expect.reason, expect.match_type, expect.code, written=True)


def _outcomes(written: str | tuple[str, ...]) -> tuple[Outcome, ...]:
    words = (written,) if isinstance(written, str) else written
    return tuple(outcome for outcome in OUTCOMES if "any" in words or outcome in words)


# ── across steps ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_names(steps: Iterable[ReadStep]) -> None:
    places = {read.step.name: read.step.span for read in steps}
    for read in steps:
        name = read.step.save_as
        if name is None:
            continue
        span = read.spans["save_as"]
        if name in places:
            read.spot.down("save_as", span).duplicate(f"another step is called `{name}` already", span, places[name])
        places.setdefault(name, span)


def _check_references(steps: tuple[ReadStep, ...], operations: Mapping[str, Operation]) -> None:
    sequence = [read.step for read in steps if not read.step.concurrent]
    for place, read in enumerate(steps):
        known = sequence if read.step.concurrent else [earlier.step for earlier in steps[:place]]
        check_references(read.step.parameters, known, operations, read.spot.complaints)
        reason = read.step.expect.reason
        if reason is not None and not isinstance(reason, str):
            check_references(
                DeferredNode(reason.text, reason.span, reason.references), known, operations, read.spot.complaints
            )


def check_clocks(steps: Iterable[ReadStep], clock: datetime) -> None:
    """Complain of every ``at`` that goes back, as `clock` or an earlier ``at`` is later."""
    for read in steps:
        if read.step.at is None or read.step.concurrent:
            continue
        if read.step.at < clock:
            now = clock.isoformat(timespec="minutes")
            summary = f"`at` goes back: the clock already stands at {now}"
            read.spot.down("at", read.spans["at"]).complain("conflict", summary, span=read.spans["at"])
        clock = max(clock, read.step.at)
