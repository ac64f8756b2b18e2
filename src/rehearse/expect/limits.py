"""Figures held against limits: ``performance_metrics``, ``thresholds``, ``expected_errors``."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.expect.case import Case, Judgement, as_value
from rehearse.expect.comparisons import exact, shown, typed
from rehearse.measures import VERBS
from rehearse.values import FrozenMap, Value, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import StepView
    from rehearse.expectation import ExpectedError, PerformanceLimit, Threshold

_UNITS = {"max_execution_time": " s", "max_db_queries": " queries", "max_memory_mb": " MB"}


# ── performance_metrics ────────────────────────────────────────────────────────────────────────────────────────────────


def judge_performance(case: Case, check: PerformanceLimit) -> Judgement:
    """Hold what the act phase, or one step, cost against its limit; the limit itself is inside."""
    unit = _UNITS[check.metric]
    expected = f"≤ {plain(check.limit)}{unit}"
    step = case.steps.get(check.step) if check.step else None
    if check.step and (step is None or step.outcome == "skipped"):
        return Judgement.unmet(expected, "skipped", f"{check.step} never began")
    found = _cost(case, check, step)
    if found <= check.limit:
        return Judgement.met(expected, found)
    if step is not None and check.metric == "max_memory_mb":
        return Judgement.unknown(expected, found, f"only the whole act phase was measured: {plain(found)} MB")
    return Judgement.unmet(expected, found, f"{plain(found)}{unit}, more than {plain(check.limit)}")


def _cost(case: Case, check: PerformanceLimit, step: StepView | None) -> Decimal:
    execution = case.evidence.execution
    if check.metric == "max_memory_mb":
        return Decimal(repr(execution.peak_memory_mb))
    if check.metric == "max_execution_time":
        return Decimal(repr(execution.seconds if step is None else step.seconds))
    whole = sum(execution.queries_by_verb.get(verb, 0) for verb in VERBS)
    return Decimal(whole if step is None else step.queries)


# ── thresholds ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def judge_threshold(case: Case, check: Threshold) -> Judgement:
    """Hold a measure against its limits, a map entry by entry; null has nothing to be held against."""
    value = as_value(case.measure(check.measure))
    entries: Mapping[str, Value] = value if isinstance(value, FrozenMap) else {"": value}
    failed = [why for name, entry in entries.items() for why in _crossed(check, name, entry, "fail")]
    warned = [why for name, entry in entries.items() for why in _crossed(check, name, entry, "warn")]
    why = "; ".join(failed or warned)
    return Judgement(not failed, _threshold_words(check), value, why, warns=bool(warned) and not failed)


def _crossed(check: Threshold, name: str, value: Value, level: str) -> list[str]:
    if value is None:
        return []
    label = f"{name}: " if name else ""
    if isinstance(value, bool):
        bad = check.fail_on if level == "fail" else check.warn_on
        return [f"{label}{shown(value)}"] if bad is not None and value == bad else []
    number = exact(value)
    if number is None:
        raise TypeError(f"`{check.measure}` is {typed(value)}, and limits are for numbers")
    return [f"{label}{shown(value)} is {words}" for words in _beyond(check, level, number)]


def _beyond(check: Threshold, level: str, number: Fraction) -> list[str]:
    above, below, at_least = _bounds(check, level)
    words = [f"above {plain(above)}"] if above is not None and number > Fraction(above) else []
    words += [f"below {plain(below)}"] if below is not None and number < Fraction(below) else []
    words += [f"at least {plain(at_least)}"] if at_least is not None and number >= Fraction(at_least) else []
    return words


def _bounds(check: Threshold, level: str) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if level == "fail":
        return check.fail_above, check.fail_below, check.fail_at_least
    return check.warn_above, check.warn_below, check.warn_at_least


def _threshold_words(check: Threshold) -> str:
    parts = []
    for level, verb in (("fail", "fails"), ("warn", "warns")):
        above, below, at_least = _bounds(check, level)
        parts += [] if above is None else [f"{verb} above {plain(above)}"]
        parts += [] if below is None else [f"{verb} below {plain(below)}"]
        parts += [] if at_least is None else [f"{verb} from {plain(at_least)}"]
        on = check.fail_on if level == "fail" else check.warn_on
        parts += [] if on is None else [f"{verb} on {plain(on)}"]
    return ", ".join(parts)


# ── expected_errors ────────────────────────────────────────────────────────────────────────────────────────────────────


def judge_expected_error(case: Case, check: ExpectedError) -> Judgement:
    """Count the errors of a type; without numbers at least one must be there."""
    found = [
        (person, rule)
        for person, rule in case.domain.error_types[check.type].function(case.evidence)
        if check.person_id in (None, person) and check.rule in (None, rule)
    ]
    minimum = 1 if check.minimum is None and check.maximum is None else check.minimum
    expected = _error_words(check, minimum)
    low = minimum is not None and len(found) < minimum
    high = check.maximum is not None and len(found) > check.maximum
    why = f"found {len(found)}" + (f": {_occurrences(found)}" if found else "") if low or high else ""
    return Judgement(not (low or high), expected, len(found), why)


def _error_words(check: ExpectedError, minimum: int | None) -> str:
    if minimum is not None and minimum == check.maximum:
        count = str(minimum)
    else:
        parts = [] if minimum is None else [f"at least {minimum}"]
        parts += [] if check.maximum is None else [f"at most {check.maximum}"]
        count = " and ".join(parts)
    whom = f" of {check.person_id}" if check.person_id else ""
    return f"{count} {check.type}{whom}{f' by {check.rule}' if check.rule else ''}"


def _occurrences(found: list[tuple[str | None, str | None]]) -> str:
    return ", ".join(":".join(part for part in (rule, person) if part) or "one" for person, rule in found)
