"""How the steps came out, against what each of them expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.expect.case import Case, Judgement
from rehearse.expect.comparisons import text_unmet

if TYPE_CHECKING:
    from rehearse.domain import StepView
    from rehearse.expectation import StepExpectation
    from rehearse.scenario import Step
    from rehearse.values import Value


def judge_step(case: Case, step: Step) -> Judgement:
    """Judge one step's outcome and, where its ``expect`` names them, the text and code of one and the same reason."""
    expected = step_words(step.expect)
    view = case.steps.get(step.name)
    if view is None:
        return Judgement.unmet(expected, "skipped", "it never began")
    if view.outcome == "unknown":
        return Judgement.unknown(expected, view.outcome, view.error or "nobody knows whether it committed")
    if view.outcome not in step.expect.outcomes:
        return Judgement.unmet(expected, view.outcome, _unexpected(view))
    if view.outcome == "done" or (step.expect.reason is None and step.expect.code is None):
        return Judgement.met(expected, view.outcome)
    return _judge_reasons(view, step.expect, case.resolved(step.expect.reason), expected)


def _judge_reasons(view: StepView, expect: StepExpectation, reason: Value, expected: str) -> Judgement:
    """Of an error its message is the only reason, and it has no code."""
    found = [(item.code, item.text) for item in view.reasons]
    if view.outcome == "error":
        found = [("", view.error or "")]
    for code, text in found:
        fits = expect.code is None or code == expect.code
        if fits and (reason is None or text_unmet(reason, text, expect.match_type) is None):
            return Judgement.met(expected, view.outcome)
    said = "; ".join(f"{code}: {text}" if code else text for code, text in found)
    return Judgement.unmet(expected, said, f"no reason is the one expected; found {said}")


def _unexpected(view: StepView) -> str:
    if view.outcome == "skipped":
        return "it was skipped"
    details = [reason.text for reason in view.reasons] or ([view.error] if view.error else [])
    return f"it came out {view.outcome}" + (f": {'; '.join(details)}" if details else "")


def step_words(expect: StepExpectation) -> str:
    """Return what a step must come to, in words."""
    parts = [" or ".join(expect.outcomes)]
    parts += [f"with code {expect.code}"] if expect.code else []
    if expect.reason is not None:
        reason = expect.reason if isinstance(expect.reason, str) else expect.reason.text
        parts.append(f'with a reason ({expect.match_type}) "{reason}"')
    return " ".join(parts)


def judged_steps(case: Case) -> tuple[Step, ...]:
    """Return the steps that are judged singly: all, or with ``success: false`` those that say what they expect."""
    steps = case.scenario.test_case.steps
    return steps if case.scenario.expected_outcome.success else tuple(step for step in steps if step.expect.written)


def judge_success(case: Case) -> Judgement:
    """Judge ``success``, written or not."""
    steps = case.scenario.test_case.steps
    if case.scenario.expected_outcome.success:
        return _all_as_expected(case, steps)
    for step in steps:
        view = case.steps.get(step.name)
        if view and (view.outcome == "rejected" or (view.outcome == "error" and "error" in step.expect.outcomes)):
            return Judgement.met("some step rejected or in an expected error", f"{step.name} {view.outcome}")
    lost = any(view.outcome == "unknown" for view in case.evidence.execution.steps)
    why = "no step was rejected, and none ended in an expected error"
    return Judgement(None if lost else False, "some step rejected or in an expected error", _outcomes(case), why)


def _all_as_expected(case: Case, steps: tuple[Step, ...]) -> Judgement:
    judged = [(step.name, judge_step(case, step)) for step in steps]
    bad = [name for name, judgement in judged if judgement.holds is False]
    lost = [name for name, judgement in judged if judgement.holds is None]
    if not bad and not lost:
        return Judgement.met("every step as it expects", _outcomes(case))
    why = (
        f"{', '.join(bad or lost)} did not come out as expected"
        if bad
        else f"nobody knows how {', '.join(lost)} came out"
    )
    return Judgement(False if bad else None, "every step as it expects", _outcomes(case), why)


def _outcomes(case: Case) -> str:
    return ", ".join(f"{step.name} {step.outcome}" for step in case.evidence.execution.steps)
