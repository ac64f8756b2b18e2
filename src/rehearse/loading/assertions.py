"""``assertions`` and the shorthands that name a measure directly under ``expected_outcome``."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from rehearse.expectation import (
    Assertion,
    Category,
    Check,
    Deferred,
    DomainAssertion,
    MeasureRef,
    NumericSpec,
    Spec,
    WaitingRecord,
)
from rehearse.loading.forms import (
    BooleanAssertionForm,
    CollectionAssertionForm,
    CommonForm,
    EqualAssertionForm,
    NumericAssertionForm,
    StringAssertionForm,
)
from rehearse.loading.reader import Fields, read_fields, record_shape
from rehearse.loading.specs import (
    SPEC_TYPES,
    SpecType,
    equal_by_kind,
    read_plain,
    spec_of_form,
    spec_of_plain,
    spec_type,
)
from rehearse.loading.tree import MapNode, Node, ScalarNode
from rehearse.measures import PERFORMANCE_MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from rehearse.domain import AssertionType, Measure
    from rehearse.loading.names import Found, Names
    from rehearse.loading.spot import Spot
    from rehearse.loading.tree import Entry
    from rehearse.source import Span

AssertionForm: TypeAlias = (
    BooleanAssertionForm | NumericAssertionForm | StringAssertionForm | CollectionAssertionForm | EqualAssertionForm
)
_FORMS: Mapping[SpecType, type[AssertionForm]] = {
    "boolean": BooleanAssertionForm,
    "numeric": NumericAssertionForm,
    "string": StringAssertionForm,
    "collection": CollectionAssertionForm,
    "equal": EqualAssertionForm,
}
_BOUNDS = ("min", "max", "tolerance")
_NEVER_NEGATIVE = frozenset({"count", "hours", "%", "s", "MB", "days", "nights"})


def read_assertions(node: Node, names: Names, spot: Spot) -> tuple[Check, ...]:
    """Read the map ``assertions``, leaving out those with mistakes."""
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a map")
        return ()
    read = (read_assertion(entry, names, spot.down(entry.key, entry.span)) for entry in node)
    return tuple(check for check in read if check is not None)


def read_assertion(entry: Entry, names: Names, spot: Spot) -> Check | None:
    """Read one assertion: its name, and a plain value or a spec. None after a complaint."""
    node = entry.value
    if not isinstance(node, MapNode):
        return _plain(entry, names, spot)
    domain_type = _domain_type(node, names)
    if domain_type is not None:
        return _domain_assertion(entry.key, node, domain_type, spot)
    if _is_unknown_type(node, names, spot):
        return None
    found = _looked_at(entry, node, names, spot)
    return _with_spec(entry, node, found, spot) if found else None


def _is_unknown_type(node: MapNode, names: Names, spot: Spot) -> bool:
    """A type that nobody knows comes first: the assertion's name may be no more than a label."""
    written = node.get("type")
    if not isinstance(written, ScalarNode) or not isinstance(written.value, str) or written.value in SPEC_TYPES:
        return False
    allowed = (*SPEC_TYPES, *names.vocabulary.domain.assertion_types)
    summary = f"`{written.value}` is no type of assertion"
    spot.down("type", written.span).complain("bad-value", summary, remedy=f"allowed: {', '.join(allowed)}")
    return True


def _plain(entry: Entry, names: Names, spot: Spot) -> Check | None:
    found = names.settle(entry.key, spot, entry.span)
    spec = spec_of_plain(entry.value, found.kind, spot) if found else None
    if found is None or spec is None:
        return None
    return _assertion(entry, found, spec, CommonForm())


def _looked_at(entry: Entry, node: MapNode, names: Names, spot: Spot) -> Found | None:
    value = node.entry("value")
    if value is None:
        return names.settle(entry.key, spot, entry.span)
    below = spot.down("value", value.span)
    if not isinstance(value.value, ScalarNode) or not isinstance(value.value.value, str):
        below.wrong_type(value.value, "text")
        return None
    return names.settle(value.value.value, below, value.value.span)


def _with_spec(entry: Entry, node: MapNode, found: Found, spot: Spot) -> Check | None:
    chosen = spec_type(node, found.kind, spot)
    if chosen is None:
        return None
    hints = dict.fromkeys(_BOUNDS, f"name one entry of the map, as `{entry.key}.NAME`") if found.kind == "map" else {}
    fields: Fields[AssertionForm] = read_fields(node, _FORMS[chosen], spot, hints=hints)
    form = fields.make()
    if form is None or _is_contradictory(form, fields.spans, spot):
        return None
    if isinstance(form, EqualAssertionForm) and found.kind in {"date", "moment"}:
        spec = equal_by_kind(node, found.kind, spot)
    else:
        spec = spec_of_form(form, spot, fields.spans)
    if spec is None:
        return None
    _note_what_cannot_fail(spec, found.measure, spot)
    return _assertion(entry, found, spec, form)


def _is_contradictory(form: CommonForm, spans: Mapping[str, Span], spot: Spot) -> bool:
    if not (form.critical and form.level == "warn"):
        return False
    summary = f"{spot.label} is critical, yet a mere warning"
    spot.down("level", spans["level"]).complain("conflict", summary, remedy="leave one of `critical` and `level` away")
    return True


def _assertion(entry: Entry, found: Found, spec: Spec, form: CommonForm) -> Assertion:
    return Assertion(
        key=entry.key,
        category=_category(found, critical=form.critical),
        critical=form.critical,
        level=form.level,
        message=form.message,
        span=entry.span,
        value=found.reference,
        spec=spec,
    )


def _category(found: Found, *, critical: bool) -> Category:
    if critical:
        return "critical"
    if isinstance(found.reference, MeasureRef) and found.reference.name.partition(".")[0] in PERFORMANCE_MEASURES:
        return "performance"
    return "assertion"


def _note_what_cannot_fail(spec: Spec, measure: Measure | None, spot: Spot) -> None:
    if measure is None or measure.unit not in _NEVER_NEGATIVE or not isinstance(spec, NumericSpec):
        return
    if spec.expected is not None or not isinstance(spec.minimum, Decimal) or spec.minimum > 0:
        return
    if spec.maximum is None or (measure.unit == "%" and isinstance(spec.maximum, Decimal) and spec.maximum >= 100):  # noqa: PLR2004
        spot.note("bad-value", f"{spot.label} cannot fail: `{measure.name}` is never less than 0")


# ── types that the domain brings ───────────────────────────────────────────────────────────────────────────────────────


def _domain_type(node: MapNode, names: Names) -> AssertionType | None:
    written = node.get("type")
    word = written.value if isinstance(written, ScalarNode) else None
    return names.vocabulary.domain.assertion_types.get(word) if isinstance(word, str) else None


def _domain_assertion(name: str, node: MapNode, kind: AssertionType, spot: Spot) -> Check | None:
    common_keys = record_shape(CommonForm).keys.keys() - {"value"}
    common: Fields[CommonForm] = read_fields(_only(node, common_keys, keep=True), CommonForm, spot)
    own = _only(node, common_keys, keep=False)
    waiting = spot.accepting("parameters")
    fields: Fields[object] = read_fields(own, kind.parameters, waiting)
    form = common.make()
    if form is None or _is_contradictory(form, common.spans, spot):
        return None
    record = fields.make()
    if record is None and waiting.waits:
        record = WaitingRecord(own, kind.parameters)
    if record is None:
        return None
    return DomainAssertion(
        key=name,
        category="critical" if form.critical else "assertion",
        critical=form.critical,
        level=form.level,
        message=form.message,
        span=spot.span,
        type=kind.name,
        parameters=record,
    )


def _only(node: MapNode, keys: AbstractSet[str], *, keep: bool) -> MapNode:
    return MapNode(tuple(entry for entry in node if (entry.key in keys) is keep), node.span)


# ── shorthands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_shorthand(entry: Entry, names: Names, spot: Spot) -> Check | None:
    """Read a key directly under ``expected_outcome`` that `is_shorthand` knows. None after a complaint."""
    if names.measure(entry.key) is not None:
        return read_assertion(entry, names, spot)
    bound, _, name = entry.key.partition("_")
    found = names.settle(name, spot, entry.span)
    if found is None:
        return None
    if found.kind != "number":
        spot.complain("wrong-type", f"`{name}` is a {found.kind}, which has no {bound}imum", remedy=f"write `{name}`")
        return None
    limit = read_plain(entry.value, "number", spot)
    if not isinstance(limit, Decimal | Deferred):
        if limit is None:
            spot.wrong_type(entry.value, "a number")
        return None
    spec = NumericSpec(maximum=limit) if bound == "max" else NumericSpec(minimum=limit)
    _note_what_cannot_fail(spec, found.measure, spot)
    return _assertion(entry, found, spec, CommonForm())


def is_shorthand(key: str, names: Names) -> bool:
    """Return whether `key` is a measure, one entry of a map measure, or either after ``max_`` or ``min_``."""
    if names.measure(key) is not None:
        return True
    bound, _, name = key.partition("_")
    return bound in {"max", "min"} and names.measure(name) is not None
