"""Everything that one judgement looks at: the evidence, what names mean, which measures are known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from rehearse.deferred import MissingResultError, ResultLookup, resolved
from rehearse.domain import Domain, Evidence, MeasureValue
from rehearse.expect.custom import CustomRunner
from rehearse.expect.paths import NotThereError, View
from rehearse.expect.tolerance import Leeway, leeway
from rehearse.expectation import (
    BooleanSpec,
    CollectionSpec,
    Deferred,
    Equal,
    MeasureRef,
    NumericSpec,
    Reference,
    ResultRef,
    Spec,
    StateRef,
    StringSpec,
)
from rehearse.measures import measures_of
from rehearse.scenario import Scenario
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.domain import Measure, StepView
    from rehearse.expectation import Validation, When

SPECS = (Equal, BooleanSpec, NumericSpec, StringSpec, CollectionSpec)


class Breach(Protocol):
    """An invariant that was broken after a step."""

    @property
    def invariant(self) -> str:
        """Which."""
        ...

    @property
    def step(self) -> str:
        """After which step it appeared."""
        ...

    @property
    def breaches(self) -> tuple[str, ...]:
        """What is wrong, one sentence each."""
        ...

    @property
    def crashed(self) -> bool:
        """Whether it could not be asked, so that nobody knows whether it holds."""
        ...


class UnavailableError(Exception):
    """A measure cannot be asked in this scenario; the message says why."""


@dataclass(frozen=True)
class Judgement:
    """What judging one check came to.

    Attributes:
        holds: None if it cannot be known.
        expected: What had to hold, in words.
        actual: What was found.
        why: Why it does not hold, one sentence without a final stop; of one that holds, a remark.
        critical: Whether the part that does not hold is critical in itself.
        warns: Whether it is worth a warning though nothing failed.
        traceback: Of the defect that made it unknown.
    """

    holds: bool | None
    expected: str = ""
    actual: Value = None
    why: str = ""
    critical: bool = False
    warns: bool = False
    traceback: str = ""

    @classmethod
    def met(cls, expected: str, actual: Value, remark: str = "") -> Judgement:
        """Return that it holds."""
        return cls(True, expected, actual, remark)  # noqa: FBT003  (this is where the word gets its name)

    @classmethod
    def unmet(cls, expected: str, actual: Value, why: str, *, critical: bool = False) -> Judgement:
        """Return that it does not hold, and why."""
        return cls(False, expected, actual, why, critical=critical)  # noqa: FBT003  (likewise)

    @classmethod
    def unknown(cls, expected: str, actual: Value, why: str, *, traceback: str = "") -> Judgement:
        """Return that nobody knows, and why."""
        return cls(None, expected, actual, why, traceback=traceback)


@dataclass(frozen=True)
class Case:
    """One run before its judge.

    Attributes:
        scenario: What its author expects.
        domain: What the words mean.
        evidence: What happened.
        breaches: Invariants that were broken on the way.
        custom: Calls registered functions.
    """

    scenario: Scenario
    domain: Domain
    evidence: Evidence
    custom: CustomRunner
    breaches: tuple[Breach, ...] = ()
    _measured: dict[tuple[str, str], MeasureValue] = field(default_factory=dict, compare=False)

    @property
    def validation(self) -> Validation:
        """How strictly all checks compare."""
        return self.scenario.validation

    @property
    def ordered(self) -> bool:
        """Whether a collection is a sequence where its check does not say."""
        return self.validation.collection_order_matters or self.validation.require_exact_order

    @cached_property
    def before(self) -> View:
        """The state before the run."""
        return View(self.domain, self.evidence.before)

    @cached_property
    def after(self) -> View:
        """The state after the run."""
        return View(self.domain, self.evidence.after)

    @cached_property
    def steps(self) -> Mapping[str, StepView]:
        """The steps that have a result, under every name."""
        seen = {step.name: step for step in self.evidence.execution.steps}
        steps = self.scenario.test_case.steps
        return {name: seen[step.name] for step in steps if step.name in seen for name in step.names}

    @cached_property
    def lookup(self) -> ResultLookup:
        """Reads ``steps.…``."""
        return ResultLookup(self.steps)

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Every measure by name and alias."""
        return measures_of(self.domain)

    def state(self, when: When) -> View:
        """Return the state before or after."""
        return self.before if when == "before" else self.after

    # ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, reference: Reference) -> Value:
        """Return what an assertion looks at.

        Raises:
            NotThereError: If it is not there.
            UnavailableError: If it cannot be asked.
        """
        match reference:
            case MeasureRef():
                return self._entry(reference)
            case ResultRef(step, path):
                return self._result((step, *path))
            case StateRef(path, when):
                return self.state(when).at(path)

    def _result(self, path: tuple[str | int, ...]) -> Value:
        try:
            return self.lookup.get(path)
        except MissingResultError as error:
            raise _absent(error) from error

    def _entry(self, reference: MeasureRef) -> Value:
        value = as_value(self.measure(reference.name, reference.state))
        if reference.key is None:
            return value
        if isinstance(value, FrozenMap) and reference.key in value:
            return value[reference.key]
        if isinstance(value, tuple | FrozenMap) and reference.key == "count":
            return len(value)
        raise NotThereError(f"`{reference.name}` has no entry `{reference.key}`")

    def measure(self, name: str, when: When = "after") -> MeasureValue:
        """Return a measure's value, computed once for a state.

        Raises:
            UnavailableError: If it cannot be asked under this policy.
            KeyError: If there is none of that name.
        """
        key = (self.measures[name].name, when)
        if key not in self._measured:
            self._measured[key] = self._compute(self.measures[name], when)
        return self._measured[key]

    def _compute(self, measure: Measure, when: When) -> MeasureValue:
        state = self.state(when).state
        reason = measure.unavailable(state.policy) if measure.unavailable else None
        if reason:
            raise UnavailableError(f"`{measure.name}` cannot be asked here: {reason}")
        if measure.of_state is not None:
            return measure.of_state(state)
        if measure.of_run is None or when == "before":
            raise UnavailableError(f"`{measure.name}` has no value {when} the run")
        return measure.of_run(self.evidence)

    # ── expectations ───────────────────────────────────────────────────────────────────────────────────────────────────

    def resolved(self, value: object) -> Value:
        """Return an expected value with every result that it mentions.

        Raises:
            NotThereError: If a result is not there.
            UnavailableError: If nobody knows it.
        """
        try:
            return resolved(value, self.lookup)
        except MissingResultError as error:
            raise _absent(error) from error

    def spec(self, expected: object) -> Spec:
        """Return what must hold, without a `Deferred`; a plain value becomes the spec of its own type.

        Raises:
            NotThereError: If a result that it mentions is not there.
            UnavailableError: If nobody knows it.
        """
        if not isinstance(expected, SPECS):
            return Equal(self.resolved(expected))
        if isinstance(expected, Equal):
            return Equal(self.resolved(expected.expected))
        waiting = {item.name: getattr(expected, item.name) for item in fields(expected)}
        known = {name: self._known(value) for name, value in waiting.items() if _waits(value)}
        return replace(expected, **known) if known else expected  # type: ignore[arg-type]  # a field keeps its meaning

    def _known(self, value: object) -> Value:
        """In a spec a field that is null says nothing, so a result that is null cannot stand there."""
        known = self.resolved(value)
        if known is None and isinstance(value, Deferred):
            raise NotThereError(f"`{value.text}` is null, and cannot be compared with")
        return known

    def leeway(self, names: Iterable[str], paths: Iterable[str], *, spec: Spec | None = None) -> Leeway:
        """Return what is granted to a value known by `names` that lies at `paths`; a tolerance of `spec` wins."""
        own = spec.tolerance if isinstance(spec, NumericSpec) else None
        if own is not None and (isinstance(own, bool) or not isinstance(own, int | Decimal)):
            raise TypeError(f"a tolerance must be a number, not {own!r}")
        return leeway(self.validation, names, paths, own=own)


def as_value(value: MeasureValue) -> Value:
    """Return a measure's value as one that can be compared and written down."""
    if isinstance(value, Mapping) and not isinstance(value, FrozenMap):
        return FrozenMap(value.items())
    return value


def _waits(value: object) -> bool:
    if isinstance(value, Deferred):
        return True
    if isinstance(value, FrozenMap):
        return any(map(_waits, value.values()))
    return isinstance(value, tuple) and any(map(_waits, value))


def _absent(error: MissingResultError) -> Exception:
    """A result that cannot be there is a check that fails; one that nobody knows leaves the check unknown."""
    return UnavailableError(str(error)) if error.is_unknown else NotThereError(str(error))
