"""Preconditions: what the scenario takes for granted, asked of the first photograph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.domain import MeasureValue
from rehearse.errors import Complaints, Problem, RehearseError, ScenarioError, did_you_mean
from rehearse.expect.comparisons import unlike, unmet
from rehearse.expect.tolerance import leeway
from rehearse.expectation import Equal, InvariantCheck, NumericSpec
from rehearse.loading.reader import read
from rehearse.loading.spot import MISSING
from rehearse.measures import measures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearse.domain import Domain, State
    from rehearse.loading.tree import Node
    from rehearse.plan import Plan
    from rehearse.scenario import Precondition
    from rehearse.values import Value


class UnmetPreconditionsError(RehearseError):
    """Some preconditions do not hold; all of them are told together.

    Attributes:
        messages: One sentence for each.
    """

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(self.messages))


@dataclass(frozen=True)
class Answer:
    """What a check found."""

    actual: MeasureValue

    def holds(self, expected: Value) -> bool:
        """Whether that is exactly what was expected."""
        return unlike(expected, self.actual) is None  # type: ignore[arg-type]  # a measure's value is a Value


def check_preconditions(plan: Plan, before: State) -> None:
    """Ask every precondition of the state before, and every invariant that holds only where a scenario names it.

    Raises:
        UnmetPreconditionsError: With a sentence for each that does not hold, or cannot be computed.
    """
    asked = ((item, _why_not(item, plan, before)) for item in plan.scenario.setup.preconditions)
    named = [f"precondition {item.check}: {why}{_breaches(item.check, plan, before)}" for item, why in asked if why]
    named += _broken_invariants(plan, before)
    if named:
        raise UnmetPreconditionsError(named)


def _breaches(name: str, plan: Plan, before: State) -> str:
    """What breaks a check that the domain watches as an invariant, too; nothing of a check that is none."""
    invariant = plan.domain.invariants.get(name)
    if invariant is None:
        return ""
    try:
        breaches = invariant.function(before, before)
    except Exception:  # noqa: BLE001  (that the check does not hold is told; why is beyond this one)
        return ""
    return f": {_told(breaches)}" if breaches else ""


def _broken_invariants(plan: Plan, before: State) -> Iterator[str]:
    """Each invariant by name that is broken already, and so can prove nothing about the steps.

    One that crashes is the watch's to tell, as it is after every step.
    """
    named = {check.name for check in plan.scenario.expected_outcome.checks if isinstance(check, InvariantCheck)}
    for item in plan.domain.invariants.values():
        if item.always or item.name not in named:
            continue
        try:
            breaches = item.function(before, before)
        except Exception:  # noqa: BLE001, S112  (asked again by the watch, which keeps the crash)
            continue
        if breaches:
            yield f"invariant {item.name} does not hold before the first step: {_told(breaches)}"


def _told(breaches: Iterable[str]) -> str:
    return "; ".join(breach.rstrip(".") for breach in breaches)


def _why_not(item: Precondition, plan: Plan, before: State) -> str | None:
    try:
        actual = found(plan.domain, before, item.check, item.parameters)
    except Exception as error:  # noqa: BLE001  (a check that crashes has not held, and is told with the others)
        return f"could not be asked: {type(error).__name__}: {error}"
    granted = leeway(plan.scenario.validation, (item.check,), (), own=item.tolerance)
    if item.minimum is None and item.maximum is None:
        return unmet(Equal(item.expected), actual, granted)
    expected = item.expected if isinstance(item.expected, int | Decimal) and item.expected is not True else None
    return unmet(NumericSpec(expected, None, item.minimum, item.maximum), actual, granted)


def found(domain: Domain, state: State, name: str, parameters: object) -> Value:
    """Return what a check, a measure of one state, or one entry of a map measure says of `state`.

    Raises:
        ScenarioError: If there is no such check.
    """
    if name in domain.checks:
        return domain.checks[name].function(state, parameters)  # type: ignore[return-value]  # a measure's value is a Value
    stem, _, key = name.partition(".")
    measure = measures_of(domain).get(stem)
    if measure is None or measure.of_state is None:
        known = (*domain.checks, *domain.measures)
        raise ScenarioError([Problem("unknown-name", f"there is no check `{name}`", remedy=did_you_mean(name, known))])
    value = measure.of_state(state)
    return value[key] if key and isinstance(value, Mapping) else value  # type: ignore[return-value]  # as above


def answer(domain: Domain, state: State, name: str, parameters: Node) -> Answer:
    """Return what a check says of `state`, its parameters given as written.

    Raises:
        ScenarioError: If there is no such check, or its parameters have mistakes.
    """
    check = domain.checks.get(name)
    record: object = None
    if check is not None and check.parameters is not None:
        complaints = Complaints()
        record = read(parameters, check.parameters, complaints, field="parameters")
        complaints.raise_if_any()
        if record is MISSING:
            raise ScenarioError([Problem("wrong-type", f"`{name}` could not read its parameters")])
    return Answer(found(domain, state, name, record))  # type: ignore[arg-type]  # a measure's value
