"""The evidence of a run and its scenario → a verdict. Only data is looked at, so that a stored run can be judged again."""

from __future__ import annotations

import math
import traceback
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rehearse.domain import Finding
from rehearse.expect.assertions import judge_assertion, judge_domain_assertion
from rehearse.expect.case import Breach, Case, Judgement, UnavailableError
from rehearse.expect.changes import judge_entries, judge_none, judge_only, matched
from rehearse.expect.comparisons import family_of, shown, typed, unlike
from rehearse.expect.custom import CustomRunner
from rehearse.expect.final_state import judge_compliance, judge_nothing_else, judge_pattern
from rehearse.expect.invariants import judge_invariant, standing_invariants
from rehearse.expect.limits import judge_expected_error, judge_performance, judge_threshold
from rehearse.expect.paths import NotThereError
from rehearse.expect.state_comparison import judge_comparison
from rehearse.expect.steps import judge_step, judge_success, judged_steps
from rehearse.expect.verdict import CheckResult, CheckStatus, Verdict
from rehearse.expectation import (
    Assertion,
    Check,
    CompliancePattern,
    CustomValidation,
    DomainAssertion,
    ExpectedError,
    FinalStatePattern,
    InvariantCheck,
    PerformanceLimit,
    StateComparison,
    Threshold,
)
from rehearse.validators import find_validator
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rehearse.domain import Domain, Evidence
    from rehearse.expectation import Changes
    from rehearse.scenario import Scenario
    from rehearse.values import Value


def judge(
    scenario: Scenario,
    domain: Domain,
    evidence: Evidence,
    *,
    breaches: Iterable[Breach] = (),
    validators: Iterable[str] = (),
    execution_result: object = None,
) -> Verdict:
    """Judge every check of a scenario. Never raises: a check that crashes is unknown.

    Args:
        scenario: What its author expects.
        domain: What the words mean.
        evidence: What happened.
        breaches: Invariants that were broken on the way.
        validators: Modules whose registered functions may be called.
        execution_result: What custom validations get as such; the evidence's execution if None.
    """
    allowed = tuple(validators)
    runner = CustomRunner(
        lambda name: find_validator(name, allowed, domain),
        scenario,
        evidence.execution if execution_result is None else execution_result,
        evidence.before,
        evidence.after,
    )
    return judge_case(Case(scenario, domain, evidence, runner, tuple(breaches)))


def judge_case(case: Case) -> Verdict:
    """Judge every check of a case: the steps, what the author wrote in its order, then what holds unsaid."""
    return Verdict.of(_results(case))


def _results(case: Case) -> Iterator[CheckResult]:
    yield judged(Check(key="success", category="assertion"), lambda: judge_success(case))
    for step in judged_steps(case):
        check = Check(key=f"steps.{step.name}", category="assertion", span=step.span)
        yield judged(check, lambda step=step: judge_step(case, step))  # type: ignore[misc]  # the default binds the loop's value
    expected = case.scenario.expected_outcome
    for check in expected.checks:
        yield judged(check, lambda check=check: judge_check(case, check))  # type: ignore[misc]  # likewise
    if expected.changes is not None:
        yield from _judged_changes(case, expected.changes)
    for table in case.validation.forbid_extra:
        check = Check(key=f"validation.partial_match.allow_extra_{table}", category="state")
        yield judged(check, lambda table=table: judge_nothing_else(case, table))  # type: ignore[misc]  # likewise
    for invariant in standing_invariants(case):
        check = Check(key=f"invariants.{invariant.name}", category="invariant")
        yield judged(check, lambda invariant=invariant: judge_invariant(case, invariant))  # type: ignore[misc]  # likewise


def judge_check(case: Case, check: Check) -> Judgement:
    """Judge one check by its kind."""
    return _JUDGES[type(check)](case, check)


def judge_custom(case: Case, check: CustomValidation) -> Judgement:
    """Call a custom validation and compare its answer; one of another type leaves the check unknown."""
    expected = case.resolved(check.expected_result)
    parameters = {name: case.resolved(value) for name, value in check.parameters.items()}
    answer = case.custom.call(check.function, parameters)
    message = ""
    if isinstance(answer, Finding):
        message = answer.message
        answer = answer.passed
    if family_of(answer) != family_of(expected):
        why = f"`{check.function}` answered {typed(answer)}, where {typed(expected)} was expected"
        return Judgement.unknown(shown(expected), answer, why)
    why = unlike(expected, answer, case.leeway((check.key,), ()), ordered=case.ordered) or ""
    return Judgement(not why, shown(expected), answer, message or why)


def _judge_named_invariant(case: Case, check: InvariantCheck) -> Judgement:
    return judge_invariant(case, case.domain.invariants[check.name])


def _judged_changes(case: Case, changes: Changes) -> Iterator[CheckResult]:
    if changes.none:
        whole = Check(key="changes", category="state", span=changes.span)
        yield judged(whole, lambda: judge_none(case, changes))
        return
    only = Check(key="changes.only", category="state", span=changes.span)
    try:
        claims = matched(case, changes)
    except Exception as error:  # noqa: BLE001  (a crash is a verdict: nobody knows)
        crashed = _failed_judgement(error)
        yield from (result_of(check, crashed) for check in (*changes.entries, *([only] if changes.only else [])))
        return
    for entry, judge_entry in zip(changes.entries, judge_entries(claims), strict=True):
        yield judged(entry, judge_entry)
    if changes.only:
        yield judged(only, lambda: judge_only(case, changes, claims))


_JUDGES: Mapping[type[Check], Callable[[Case, Any], Judgement]] = {
    Assertion: judge_assertion,
    DomainAssertion: judge_domain_assertion,
    FinalStatePattern: judge_pattern,
    CompliancePattern: judge_compliance,
    StateComparison: judge_comparison,
    ExpectedError: judge_expected_error,
    PerformanceLimit: judge_performance,
    CustomValidation: judge_custom,
    InvariantCheck: _judge_named_invariant,
    Threshold: judge_threshold,
}


# ── from judgement to result ───────────────────────────────────────────────────────────────────────────────────────────


def judged(check: Check, function: Callable[[], Judgement]) -> CheckResult:
    """Return the result of a check; what is not there fails it, what cannot be asked or crashes leaves it unknown."""
    try:
        judgement = function()
    except Exception as error:  # noqa: BLE001  (a crash is a verdict: nobody knows)
        judgement = _failed_judgement(error)
    return result_of(check, judgement)


def _failed_judgement(error: Exception) -> Judgement:
    if isinstance(error, NotThereError):
        return Judgement.unmet("", "not there", str(error))
    if isinstance(error, UnavailableError):
        return Judgement.unknown("", "unknown", str(error))
    told = str(error).strip().splitlines()
    why = f"{type(error).__name__}: {told[0]}" if told else type(error).__name__
    return Judgement.unknown("", "unknown", why, traceback="".join(traceback.format_exception(error)))


def result_of(check: Check, judgement: Judgement) -> CheckResult:
    """Return what is reported of a check."""
    critical = check.critical or (judgement.critical and judgement.holds is not True)
    unmet = judgement.holds is not True
    message = judgement.why
    if unmet and check.message:
        message = f"{check.message} ({judgement.why})" if judgement.why else check.message
    return CheckResult(
        key=check.key,
        category="critical" if critical else check.category,
        status=_status(check, judgement),
        expected=judgement.expected,
        actual=kept(judgement.actual),
        message=message,
        span=check.span,
        critical=critical,
        traceback=judgement.traceback,
    )


def kept(value: Value) -> Value:
    """Return what was found as it can be written down: what is no finite number as a text."""
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(kept, value))
    if isinstance(value, FrozenMap):
        return FrozenMap((key, kept(item)) for key, item in value.items())
    return value


def _status(check: Check, judgement: Judgement) -> CheckStatus:
    if judgement.holds is None:
        return "unknown"
    if judgement.holds:
        return "warned" if judgement.warns else "passed"
    return "warned" if check.level == "warn" else "failed"
