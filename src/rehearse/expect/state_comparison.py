"""``state_comparison``: one PATH before and after."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.expect.case import Case, Judgement
from rehearse.expect.comparisons import exact, shown, typed, unlike, unmet, words
from rehearse.expect.paths import NotThereError, View
from rehearse.values import Value, plain_fraction

if TYPE_CHECKING:
    from rehearse.expect.tolerance import Leeway
    from rehearse.expectation import StateComparison, StatePath


def judge_comparison(case: Case, check: StateComparison) -> Judgement:
    """Judge all that is said of a value before and after: both values, the direction, how far apart they are."""
    before, after = _at(case.before, check.path), _at(case.after, check.path)
    names = (check.path.field or "count",)
    granted = case.leeway(names, (check.path.text,))
    faults, expected = [], []
    for label, written, is_written, value in (
        ("initial", check.initial, check.has_initial, before),
        ("final", check.final, check.has_final, after),
    ):
        if is_written:
            spec = case.spec(written)
            leeway = case.leeway(names, (check.path.text,), spec=spec)
            expected.append(f"{label} {words(spec, leeway)}")
            why = unmet(spec, value, leeway, ordered=case.ordered)
            faults += [f"{label}: {why}"] if why else []
    change, change_words = _change_type(check), _change_words(check)
    expected += [change_words] if change_words else []
    faults += _change_faults(change, before, after, granted, ordered=case.ordered)
    faults += _distance_faults(check, before, after)
    return Judgement(not faults, ", ".join(expected), f"{shown(before)} → {shown(after)}", "; ".join(faults))


def _at(view: View, path: StatePath) -> Value:
    """A row that is missing on one side is null there."""
    try:
        return view.at(path)
    except NotThereError:
        return None


def _change_type(check: StateComparison) -> str | None:
    """With the field alone, the value must have changed."""
    bounds = check.min_change is not None or check.max_change is not None
    if check.change_type is None and not (check.has_initial or check.has_final or bounds):
        return "changed"
    return check.change_type


def _change_words(check: StateComparison) -> str:
    parts = [_change_type(check) or ""]
    parts += [] if check.min_change is None else [f"by at least {shown(check.min_change)}"]
    parts += [] if check.max_change is None else [f"by at most {shown(check.max_change)}"]
    return " ".join(part for part in parts if part)


def _change_faults(change: str | None, before: Value, after: Value, granted: Leeway, *, ordered: bool) -> list[str]:
    if change is None:
        return []
    if change in ("changed", "unchanged"):
        differs = unlike(before, after, granted, ordered=ordered) is not None
        holds = differs == (change == "changed")
        return (
            [] if holds else [f"{'it changed' if differs else 'it did not change'}: {shown(before)} → {shown(after)}"]
        )
    step = _signed_distance(before, after)
    if step is None:
        return [f"{typed(before)} → {typed(after)} has no direction"]
    grew = step > 0 if change == "increased" else step < 0
    return [] if grew else [f"it has not {change}: {shown(before)} → {shown(after)}"]


def _distance_faults(check: StateComparison, before: Value, after: Value) -> list[str]:
    if check.min_change is None and check.max_change is None:
        return []
    step = _signed_distance(before, after)
    if step is None:
        return [f"{typed(before)} → {typed(after)} has no distance"]
    faults = []
    if check.min_change is not None and abs(step) < Fraction(check.min_change):
        faults.append(f"it changed by {plain_fraction(abs(step))}, less than {shown(check.min_change)}")
    if check.max_change is not None and abs(step) > Fraction(check.max_change):
        faults.append(f"it changed by {plain_fraction(abs(step))}, more than {shown(check.max_change)}")
    return faults


def _signed_distance(before: Value, after: Value) -> Fraction | None:
    """Return after − before: of numbers as they are, of dates in days, of moments in seconds; None for anything else."""
    if isinstance(before, datetime) and isinstance(after, datetime):
        return Fraction((after - before) // timedelta(microseconds=1), 10**6)
    if isinstance(before, datetime) or isinstance(after, datetime):
        return None
    if isinstance(before, date) and isinstance(after, date):
        return Fraction((after - before).days)
    first, second = exact(before), exact(after)
    return None if first is None or second is None else second - first
