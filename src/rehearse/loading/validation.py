"""``validation``: how strictly all checks compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Check, Tolerances, Validation
from rehearse.loading.forms import OverrideForm, TolerancesForm, ValidationForm
from rehearse.loading.judges import function_name, read_custom_validations
from rehearse.loading.reader import Fields, read_fields
from rehearse.loading.tree import MapNode, ScalarNode

if TYPE_CHECKING:
    from rehearse.loading.spot import Spot
    from rehearse.loading.tree import Entry
    from rehearse.loading.vocabulary import Vocabulary

_ORDER_KEYS = ("require_exact_order", "require_sorted_order")


@dataclass(frozen=True)
class ReadValidation:
    """``validation`` with the checks that its ``custom_validators`` add."""

    validation: Validation
    checks: tuple[Check, ...] = ()


def read_validation(node: MapNode, vocabulary: Vocabulary, allowed: tuple[str, ...], spot: Spot) -> ReadValidation:
    """Read ``validation``; `allowed` are the modules whose functions may be named. After a mistake the defaults stand in."""
    fields = read_fields(node, ValidationForm, spot)
    form = fields.make() or ValidationForm()
    written = fields.values.get("tolerances")
    tolerances = written if isinstance(written, MapNode) else MapNode((), node.span)
    general = _general_form(tolerances, fields, spot)
    partial = _PartialMatch(vocabulary, spot).read(fields.values.get("partial_match"))
    validators = node.entry("custom_validators")
    checks: tuple[Check, ...] = ()
    if validators is not None:
        below = spot.down("custom_validators", validators.span).accepting("expectations")
        checks = read_custom_validations(validators.value, vocabulary.domain, allowed, below)
    validation = Validation(
        comparison_strategy=form.comparison_strategy,
        comparison_function=_comparison_function(fields, vocabulary, allowed, spot),
        tolerances=_general(general),
        collection_order_matters=general.collection_order_matters,
        field_overrides=_overrides(tolerances, spot),
        forbid_extra=tuple(partial.forbid_extra),
        allow_missing=tuple(partial.allow_missing),
        require_exact_order=partial.exact_order,
    )
    return ReadValidation(validation, checks)


def _comparison_function(
    fields: Fields[ValidationForm],
    vocabulary: Vocabulary,
    allowed: tuple[str, ...],
    spot: Spot,
) -> str | None:
    strategy = fields.values.get("comparison_strategy", "strict")
    written = fields.values.get("comparison_function")
    if not isinstance(written, str):
        if strategy == "custom" and "comparison_function" not in fields.spans:
            below = spot.down("comparison_function", fields.spans["comparison_strategy"])
            below.complain("missing-key", "the strategy `custom` needs `comparison_function`")
        return None
    below = spot.down("comparison_function", fields.spans["comparison_function"])
    if strategy != "custom":
        summary = f"`comparison_function` is not asked by the strategy `{strategy}`"
        below.complain("conflict", summary, remedy="write `comparison_strategy: custom`, or leave the function away")
        return None
    return function_name(written, vocabulary.domain, allowed, below)


def _general_form(node: MapNode, fields: Fields[ValidationForm], spot: Spot) -> TolerancesForm:
    below = spot.down("tolerances", fields.spans.get("tolerances", node.span))
    form = read_fields(node, TolerancesForm, below).make() or TolerancesForm()
    if fields.values.get("comparison_strategy", "strict") == "strict" and _general(form).says_anything():
        summary = "general tolerances do nothing under the strategy `strict`"
        below.note("conflict", summary, remedy="write `comparison_strategy: lenient`, or use `field_overrides`")
    return form


def _general(form: TolerancesForm) -> Tolerances:
    return Tolerances(
        form.numeric_percentage,
        form.numeric_absolute,
        form.timestamp_seconds,
        form.date_days,
        form.collection_size_percentage,
    )


def _overrides(tolerances: MapNode, spot: Spot) -> tuple[tuple[str, Tolerances], ...]:
    node = tolerances.get("field_overrides")
    if not isinstance(node, MapNode):
        return ()
    below = spot.down("tolerances", node.span).down("field_overrides", node.span)
    read = ((entry.key, _override(entry, below.down(entry.key, entry.span))) for entry in node)
    return tuple((name, tolerances) for name, tolerances in read if tolerances is not None)


def _override(entry: Entry, spot: Spot) -> Tolerances | None:
    if not isinstance(entry.value, MapNode):
        spot.wrong_type(entry.value, "a map", remedy="write `{absolute: …}` or the like")
        return None
    form = read_fields(entry.value, OverrideForm, spot).make()
    if form is None:
        return None
    if form == OverrideForm():
        spot.complain(
            "empty",
            f"the override of `{entry.key}` says nothing",
            remedy="write `absolute`, `percentage`, `seconds` or `date_days`",
        )
        return None
    return Tolerances(form.numeric_percentage, form.numeric_absolute, form.timestamp_seconds, form.date_days)


class _PartialMatch:
    """Reads ``partial_match``, whose keys name tables."""

    def __init__(self, vocabulary: Vocabulary, spot: Spot) -> None:
        self.forbid_extra: list[str] = []
        self.allow_missing: list[str] = []
        self.exact_order = False
        self._tables = vocabulary.tables
        self._spot = spot

    def read(self, node: object) -> _PartialMatch:
        """Return itself, filled from a map; mistakes are complained about, and anything but a map is passed over."""
        if not isinstance(node, MapNode):
            return self
        for entry in node:
            below = self._spot.down("partial_match", entry.span).down(entry.key, entry.span)
            if not isinstance(entry.value, ScalarNode) or not isinstance(entry.value.value, bool):
                below.wrong_type(entry.value, "a bool")
                continue
            self._keep(entry, below, value=entry.value.value)
        if all(_is_true(node, key) for key in _ORDER_KEYS):
            keys = " and ".join(f"`{key}`" for key in _ORDER_KEYS)
            self._spot.complain("conflict", f"{keys} cannot both hold", span=node.span, remedy="leave one of them away")
        return self

    def _keep(self, entry: Entry, spot: Spot, *, value: bool) -> None:
        table = entry.key.removeprefix("allow_extra_").removeprefix("allow_missing_")
        if entry.key in _ORDER_KEYS:
            self.exact_order |= value and entry.key == "require_exact_order"
        elif table == entry.key or table not in self._tables:
            known = [f"allow_{what}_{name}" for what in ("extra", "missing") for name in self._tables]
            remedy = did_you_mean(entry.key, (*_ORDER_KEYS, *known))
            spot.complain("unknown-key", f"`{entry.key}` is not a key of `partial_match`", remedy=remedy)
        elif entry.key.startswith("allow_extra_") and not value:
            self.forbid_extra.append(table)
        elif entry.key.startswith("allow_missing_") and value:
            self.allow_missing.append(table)


def _is_true(node: MapNode, key: str) -> bool:
    value = node.get(key)
    return isinstance(value, ScalarNode) and value.value is True
