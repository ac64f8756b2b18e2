"""Functions that judge, invariants, expected errors: what is named and not compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Check, CustomValidation, ExpectedError, InvariantCheck
from rehearse.loading.forms import CustomValidationForm, ExpectedErrorForm, InvariantForm
from rehearse.loading.reader import read_fields, read_rows
from rehearse.loading.state_patterns import rule_name
from rehearse.loading.tree import ListNode, MapNode, Node, ScalarNode
from rehearse.validators import ValidatorRefusedError, admitted, split_name

if TYPE_CHECKING:
    from rehearse.domain import Domain
    from rehearse.errors import Code
    from rehearse.loading.names import Names
    from rehearse.loading.spot import Spot
    from rehearse.scenario import Placed
    from rehearse.source import Span

COMPANION_PREFIX = "app.testing.validators."


# ── functions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_custom_validations(node: Node, domain: Domain, allowed: tuple[str, ...], spot: Spot) -> tuple[Check, ...]:
    """Read ``custom_validations`` or ``custom_validators``; `allowed` are the modules whose functions may be named."""
    rows = read_rows(node, CustomValidationForm, spot)
    read = (_custom(row, domain, allowed, spot.down(row.index - 1, row.span)) for row in rows)
    return tuple(check for check in read if check is not None)


def _custom(row: Placed[CustomValidationForm], domain: Domain, allowed: tuple[str, ...], spot: Spot) -> Check | None:
    form = row.value
    function = function_name(form.function, domain, allowed, spot.down("function", row.at("function")))
    if function is None:
        return None
    return CustomValidation(
        key=form.name,
        category="critical" if form.critical else "assertion",
        critical=form.critical,
        span=row.at("name"),
        name=form.name,
        function=function,
        parameters=form.parameters,
        expected_result=form.expected_result,
    )


def function_name(written: str, domain: Domain, allowed: tuple[str, ...], spot: Spot) -> str | None:
    """Return the short name, or the full dotted one, of a function that may judge; None after a complaint. Nothing is imported."""
    short = written.removeprefix(COMPANION_PREFIX)
    if short in domain.validators:
        return short
    try:
        named = admitted(written, allowed, domain)
    except ValidatorRefusedError as refused:
        code: Code = "unknown-name" if split_name(written) is None else "not-allowed"
        spot.complain(code, refused.summary, remedy=refused.remedy)
        return None
    return f"{named.module}.{named.name}"


# ── invariants ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_invariants(node: Node | None, domain: Domain, spot: Spot) -> tuple[Check, ...]:
    """Read ``invariants`` and add those of the domain that always hold, first."""
    written = _written_invariants(node, domain, spot) if node is not None else {}
    always = {
        name: InvariantCheck(key=f"invariants.{name}", category="invariant", name=name)
        for name, invariant in domain.invariants.items()
        if invariant.always
    }
    return tuple((always | written).values())


def _written_invariants(node: Node, domain: Domain, spot: Spot) -> dict[str, InvariantCheck]:
    if not isinstance(node, ListNode):
        spot.wrong_type(node, "a list")
        return {}
    found: dict[str, InvariantCheck] = {}
    places: dict[str, Span] = {}
    for index, item in enumerate(node.items):
        below = spot.down(index, item.span)
        form = _invariant_form(item, below)
        if form is None:
            continue
        if form.name not in domain.invariants:
            remedy = did_you_mean(form.name, domain.invariants)
            below.complain("unknown-name", f"there is no invariant `{form.name}`", remedy=remedy)
        elif form.name in places:
            below.duplicate(f"the invariant `{form.name}` is listed twice", item.span, places[form.name])
        else:
            places[form.name] = item.span
            found[form.name] = _invariant(form, item.span)
    return found


def _invariant_form(node: Node, spot: Spot) -> InvariantForm | None:
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return InvariantForm(name=node.value)
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a name or a map")
        return None
    form = read_fields(node, InvariantForm, spot).make()
    if form is not None and form.parameters is not None and form.parameters.entries:
        first = form.parameters.entries[0]
        spot.down("parameters", first.span).complain("unknown-key", f"`{form.name}` takes no parameters")
        return None
    return form


def _invariant(form: InvariantForm, span: Span) -> InvariantCheck:
    return InvariantCheck(
        key=f"invariants.{form.name}",
        category="critical" if form.critical else "invariant",
        critical=form.critical,
        span=span,
        name=form.name,
    )


# ── expected errors ────────────────────────────────────────────────────────────────────────────────────────────────────


def read_expected_errors(node: Node, names: Names, spot: Spot) -> tuple[Check, ...]:
    """Read ``expected_errors``, leaving out entries with mistakes."""
    rows = read_rows(node, ExpectedErrorForm, spot)
    found: list[Check] = []
    keys: set[str] = set()
    for row in rows:
        check = _expected_error(row, names, spot.down(row.index - 1, row.span))
        if check is not None:
            key = check.key if check.key not in keys else f"{check.key}[{row.index - 1}]"
            keys.add(key)
            found.append(replace(check, key=key))
    return tuple(found)


def _expected_error(row: Placed[ExpectedErrorForm], names: Names, spot: Spot) -> ExpectedError | None:
    form = row.value
    types = names.vocabulary.domain.error_types
    if form.type not in types:
        summary = f"there is no type of error `{form.type}`"
        spot.down("type", row.at("type")).complain("unknown-name", summary, remedy=did_you_mean(form.type, types))
        return None
    if form.count is not None and (form.min is not None or form.max is not None):
        below = spot.down("count", row.at("count"))
        below.complain(
            "conflict", "`count` stands beside `min` or `max`", remedy="write either the number or its bounds"
        )
        return None
    if form.min is not None and form.max is not None and form.min > form.max:
        spot.down("min", row.at("min")).complain(
            "conflict", "`min` is greater than `max`", remedy="no number can be both"
        )
        return None
    rule = rule_name(form.rule, names, spot.down("rule", row.at("rule"))) if form.rule is not None else None
    if form.rule is not None and rule is None:
        return None
    if form.min == 0 and form.max is None:
        spot.note("bad-value", f"`{form.type}` cannot fail: there are never fewer than 0 errors")
    return ExpectedError(
        key=f"expected_errors.{form.type}",
        category="assertion",
        span=row.span,
        type=form.type,
        minimum=_minimum(form),
        maximum=form.count if form.count is not None else form.max,
        person_id=form.person_id,
        rule=rule,
    )


def _minimum(form: ExpectedErrorForm) -> int | None:
    if form.count is not None:
        return form.count
    return 1 if form.min is None and form.max is None else form.min
