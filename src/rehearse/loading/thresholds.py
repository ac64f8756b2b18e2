"""``thresholds``: the standard profile, and limits of one's own in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Check, Threshold
from rehearse.loading.forms import ThresholdForm
from rehearse.loading.reader import read_fields
from rehearse.loading.tree import Entry, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.domain import Limits, Measure
    from rehearse.loading.names import Names
    from rehearse.loading.spot import Spot
    from rehearse.scenario import Placed
    from rehearse.source import Span

PROFILES = ("standard",)


def read_thresholds(node: Node, names: Names, spot: Spot) -> tuple[Check, ...]:
    """Read ``thresholds``, leaving out entries with mistakes."""
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a map")
        return ()
    found: dict[str, Threshold] = {}
    for entry in node:
        below = spot.down(entry.key, entry.span)
        if entry.key == "profile":
            found = {threshold.measure: threshold for threshold in _profile(entry, names, below)} | found
            continue
        threshold = _threshold(entry, names, below)
        if threshold is not None:
            found[threshold.measure] = threshold
    return tuple(found.values())


def _profile(entry: Entry, names: Names, spot: Spot) -> Iterator[Threshold]:
    if not isinstance(entry.value, ScalarNode) or entry.value.value not in PROFILES:
        spot.complain(
            "bad-value", "there is no such profile", span=entry.value.span, remedy=f"allowed: {', '.join(PROFILES)}"
        )
        return
    for name, measure in names.vocabulary.measures.items():
        if name == measure.name and (measure.fail or measure.warn) and _is_available(measure, names):
            yield _standard(measure, entry.span)


def _is_available(measure: Measure, names: Names) -> bool:
    return measure.unavailable is None or not names.settled or measure.unavailable(names.policy) is None


def _standard(measure: Measure, span: Span) -> Threshold:
    fail, warn = measure.fail, measure.warn
    return Threshold(
        key=f"thresholds.{measure.name}",
        category="assertion",
        span=span,
        measure=measure.name,
        fail_above=fail.above if fail else None,
        fail_below=fail.below if fail else None,
        fail_at_least=fail.at_least if fail else None,
        fail_on=_on(fail),
        warn_above=warn.above if warn else None,
        warn_below=warn.below if warn else None,
        warn_at_least=warn.at_least if warn else None,
        warn_on=_on(warn),
    )


def _on(limits: Limits | None) -> bool | None:
    return limits.on if limits else None


def _threshold(entry: Entry, names: Names, spot: Spot) -> Threshold | None:
    measure = names.vocabulary.measures.get(entry.key)
    if measure is None:
        remedy = did_you_mean(entry.key, (*names.vocabulary.measures, "profile"))
        spot.complain("unknown-name", f"there is no measure `{entry.key}`", remedy=remedy)
        return None
    if not isinstance(entry.value, MapNode):
        spot.wrong_type(entry.value, "a map", remedy="write `{warn_above: …, fail_above: …}`")
        return None
    row = read_fields(entry.value, ThresholdForm, spot).place(entry.span)
    if row is None or not _fits(measure, row, spot) or _is_crossed(row, spot):
        return None
    form = row.value
    return Threshold(
        key=f"thresholds.{entry.key}",
        category="assertion",
        span=entry.span,
        measure=measure.name,
        fail_above=form.fail_above,
        fail_below=form.fail_below,
        warn_above=form.warn_above,
        warn_below=form.warn_below,
        fail_on=form.fail_on,
    )


def _fits(measure: Measure, row: Placed[ThresholdForm], spot: Spot) -> bool:
    kind = measure.item if measure.kind == "map" else measure.kind
    if not row.spans:
        spot.complain(
            "empty",
            f"the threshold of `{measure.name}` has no limit",
            remedy="write `fail_above`, `warn_below` or the like",
        )
        return False
    fitting = {"number": row.spans.keys() - {"fail_on"}, "bool": row.spans.keys() & {"fail_on"}}.get(kind, set())
    wrong = next((key for key in row.spans if key not in fitting), None)
    if wrong is None:
        return True
    spot.down(wrong, row.spans[wrong]).complain("wrong-type", f"`{measure.name}` is a {kind}, which has no `{wrong}`")
    return False


def _is_crossed(row: Placed[ThresholdForm], spot: Spot) -> bool:
    form = row.value
    above = form.fail_above is not None and form.warn_above is not None and form.fail_above < form.warn_above
    below = form.fail_below is not None and form.warn_below is not None and form.fail_below > form.warn_below
    if not above and not below:
        return False
    key = "fail_above" if above else "fail_below"
    summary = f"`{key}` lies inside `{key.replace('fail', 'warn')}`, so nothing could warn"
    spot.down(key, row.spans[key]).complain("conflict", summary, remedy="let the warning come first")
    return True
