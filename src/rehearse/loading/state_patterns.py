"""``final_state`` and ``state_comparison``: rows as they must be, and paths before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from rehearse.errors import did_you_mean
from rehearse.expectation import (
    Check,
    CompliancePattern,
    Deferred,
    FieldPattern,
    FinalStatePattern,
    NumericSpec,
    Spec,
    StateComparison,
)
from rehearse.loading.forms import (
    BooleanFieldForm,
    CollectionFieldForm,
    CompliancePatternForm,
    EqualFieldForm,
    FieldCommonForm,
    NumericFieldForm,
    NumericForm,
    StateComparisonForm,
    StringFieldForm,
)
from rehearse.loading.reader import Fields, read_fields, read_rows
from rehearse.loading.specs import (
    SPEC_KEYS,
    SpecType,
    equal_by_kind,
    read_plain,
    spec_of_form,
    spec_of_plain,
    spec_type,
)
from rehearse.loading.spot import Missing, Spot
from rehearse.loading.tree import ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.loading.names import Names
    from rehearse.loading.tree import Entry
    from rehearse.loading.vocabulary import Kind, StoredTable
    from rehearse.scenario import Placed
    from rehearse.values import Value

FieldForm: TypeAlias = BooleanFieldForm | NumericFieldForm | StringFieldForm | CollectionFieldForm | EqualFieldForm
_FORMS: Mapping[SpecType, type[FieldForm]] = {
    "boolean": BooleanFieldForm,
    "numeric": NumericFieldForm,
    "string": StringFieldForm,
    "collection": CollectionFieldForm,
    "equal": EqualFieldForm,
}
_COMPLIANCE = "compliance"
_GROUP_KEYS = ("where", "count", "coverage_count", "absent", "exact", "critical", "message")
_NOT_OF_A_FIELD = {
    "type": "leave it away: the field has its type",
    "value": "leave it away: the field is the value",
    "level": "write an assertion for what only warns",
}
_FIELD_KEYS = SPEC_KEYS | {"critical", "message"}


def read_final_state(node: Node, names: Names, spot: Spot) -> tuple[Check, ...]:
    """Read ``final_state``, leaving out patterns with mistakes."""
    if not isinstance(node, MapNode):
        spot.wrong_type(node, "a map")
        return ()
    checks: list[Check] = []
    for entry in node:
        below = spot.down(entry.key, entry.span)
        table = names.vocabulary.tables.get(entry.key)
        if table is not None:
            checks += _patterns(entry, table, names, below)
        elif entry.key == _COMPLIANCE and names.vocabulary.domain.compliance is not None:
            checks += _compliance(entry.value, names, below)
        else:
            known = (*names.vocabulary.tables, _COMPLIANCE)
            below.complain("unknown-key", f"`{entry.key}` is no table", remedy=did_you_mean(entry.key, known))
    return tuple(checks)


def _patterns(entry: Entry, table: StoredTable, names: Names, spot: Spot) -> list[Check]:
    if not isinstance(entry.value, ListNode):
        spot.wrong_type(entry.value, "a list")
        return []
    found: list[Check] = []
    for index, item in enumerate(entry.value.items):
        below = spot.down(index, item.span)
        if not isinstance(item, MapNode):
            below.wrong_type(item, "a map")
            continue
        reader = _PatternReader(table, names.vocabulary.domain.identifying, below)
        pattern = reader.read(item, f"final_state.{table.name}[{index}]")
        if pattern is not None:
            found.append(pattern)
    return found


class _PatternReader:
    """Reads one pattern of one table."""

    def __init__(self, table: StoredTable, identifying: tuple[str, ...], spot: Spot) -> None:
        self._table = table
        self._identifying = identifying
        self._spot = spot
        self._failed = False

    def read(self, node: MapNode, key: str) -> FinalStatePattern | None:
        """Return the pattern, or None after a complaint."""
        group = self._group(node)
        where, fields = self._fields(node)
        pattern = replace(group, key=key, where=where, fields=fields, span=node.span)
        self._check(pattern, node)
        return None if self._failed else pattern

    def _group(self, node: MapNode) -> FinalStatePattern:
        critical = self._flag(node, "critical")
        return FinalStatePattern(
            key="",
            category="critical" if critical else "state",
            critical=critical,
            message=self._message(node),
            table=self._table.name,
            where=(),
            count=self._count(node, "count"),
            coverage_count=self._count(node, "coverage_count"),
            absent=self._flag(node, "absent"),
            exact=self._flag(node, "exact"),
        )

    def _below(self, entry: Entry) -> Spot:
        return self._spot.down(entry.key, entry.span)

    def _flag(self, node: MapNode, key: str) -> bool:
        entry = node.entry(key)
        if entry is None:
            return False
        if isinstance(entry.value, ScalarNode) and isinstance(entry.value.value, bool):
            return entry.value.value
        self._below(entry).wrong_type(entry.value, "a bool")
        self._failed = True
        return False

    def _message(self, node: MapNode) -> str:
        entry = node.entry("message")
        value = read_plain(entry.value, "text", self._below(entry)) if entry else ""
        self._failed |= not isinstance(value, str)
        return value if isinstance(value, str) else ""

    def _count(self, node: MapNode, key: str) -> NumericSpec | None:
        entry = node.entry(key)
        if entry is None:
            return None
        spec: Spec | None = None
        if isinstance(entry.value, MapNode):
            fields = read_fields(entry.value, NumericForm, self._below(entry))
            form = fields.make()
            spec = spec_of_form(form, self._below(entry), fields.spans) if form else None
        else:
            spec = spec_of_plain(entry.value, "number", self._below(entry))
        self._failed |= not isinstance(spec, NumericSpec)
        return spec if isinstance(spec, NumericSpec) else None

    # ── fields ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fields(self, node: MapNode) -> tuple[tuple[tuple[str, Value | Deferred], ...], tuple[FieldPattern, ...]]:
        picked = node.entry("where")
        where = self._where(picked) if picked else []
        fields = []
        for entry in node:
            if entry.key in _GROUP_KEYS:
                continue
            name = self._name(entry)
            if name is None:
                continue
            if picked is None and self._identifies(name):
                where += self._picking(name, entry)
            else:
                fields += self._held(name, entry)
        return tuple(where), tuple(fields)

    def _where(self, entry: Entry) -> list[tuple[str, Value | Deferred]]:
        if not isinstance(entry.value, MapNode):
            self._below(entry).wrong_type(entry.value, "a map")
            self._failed = True
            return []
        named = ((self._name(item), item) for item in entry.value)
        return [pair for name, item in named if name is not None for pair in self._picking(name, item)]

    def _name(self, entry: Entry) -> str | None:
        name = self._table.field(entry.key)
        if name is None:
            remedy = did_you_mean(entry.key, (*self._table.fields, *_GROUP_KEYS))
            self._below(entry).complain(
                "unknown-key", f"`{self._table.name}` has no field `{entry.key}`", remedy=remedy
            )
            self._failed = True
        return name

    def _identifies(self, name: str) -> bool:
        return name == "id" or name.endswith("_id") or name in self._identifying

    def _picking(self, name: str, entry: Entry) -> list[tuple[str, Value | Deferred]]:
        below = self._below(entry)
        if isinstance(entry.value, MapNode):
            below.complain(
                "wrong-type",
                f"`{name}` picks the rows, so it is a plain value",
                remedy="put what picks the rows under `where`",
            )
            self._failed = True
            return []
        value = read_plain(entry.value, self._table.kind(name), below)
        if isinstance(value, Missing):
            self._failed = True
            return []
        return [(name, value)]

    def _held(self, name: str, entry: Entry) -> list[FieldPattern]:
        below = self._below(entry)
        pattern = _field_pattern(name, entry.value, self._table.kind(name), below)
        self._failed |= pattern is None
        return [pattern] if pattern else []

    # ── the whole ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, pattern: FinalStatePattern, node: MapNode) -> None:
        if not node.entries:
            self._complain("empty", "this pattern says nothing", node)
        if pattern.absent and (pattern.count or pattern.coverage_count):
            self._complain("conflict", "rows that are absent have no count", node)
        if pattern.absent and pattern.fields and not self._failed:
            names = ", ".join(f"`{field.name}`" for field in pattern.fields)
            self._complain(
                "conflict",
                f"rows that are absent have no {names}",
                node,
                remedy="put what picks the rows under `where`",
            )
        if pattern.exact and not self._failed:
            named = {name for name, _ in pattern.where} | {field.name for field in pattern.fields}
            missing = [column for column in self._table.columns if column not in named]
            if missing:
                self._complain(
                    "missing-key", f"`exact` needs every stored field, but {', '.join(missing)} are not named", node
                )

    def _complain(self, code: str, summary: str, node: MapNode, *, remedy: str = "") -> None:
        self._spot.complain(code, summary, span=node.span, remedy=remedy)  # type: ignore[arg-type]  # one of the codes above
        self._failed = True


def _field_pattern(name: str, node: Node, kind: Kind, spot: Spot) -> FieldPattern | None:
    """Read what a field must be: a plain value, or a spec without ``type``."""
    if not isinstance(node, MapNode) or _is_plain_map(node, kind):
        spec = spec_of_plain(node, kind, spot)
        return None if spec is None else FieldPattern(name=name, expected=spec)
    read = _spec_without_type(node, kind, spot)
    return (
        FieldPattern(name=name, expected=read[0], critical=read[1].critical, message=read[1].message) if read else None
    )


def _is_plain_map(node: MapNode, kind: Kind) -> bool:
    """A map is a spec, but for fields that can hold maps: there it is one only if it has keys, and all are a spec's."""
    return kind in {"any", "map"} and not (node.entries and all(entry.key in _FIELD_KEYS for entry in node))


def _spec_without_type(node: MapNode, kind: Kind, spot: Spot) -> tuple[Spec, FieldCommonForm] | None:
    form_type = _FORMS[spec_type(_without_type(node), kind, spot) or "equal"]
    fields: Fields[FieldForm] = read_fields(node, form_type, spot, hints=_NOT_OF_A_FIELD)
    form = fields.make()
    if form is None:
        return None
    if isinstance(form, EqualFieldForm) and kind in {"date", "moment"}:
        spec = equal_by_kind(node, kind, spot)
    else:
        spec = spec_of_form(form, spot, fields.spans)
    return (spec, form) if spec is not None else None


def _without_type(node: MapNode) -> MapNode:
    return MapNode(tuple(entry for entry in node if entry.key != "type"), node.span)


def _compliance(node: Node, names: Names, spot: Spot) -> list[Check]:
    found: list[Check] = []
    for row in read_rows(node, CompliancePatternForm, spot):
        form = row.value
        rule = rule_name(form.rule, names, spot.down(row.index - 1, row.span).down("rule", row.at("rule")))
        if rule is None:
            continue
        found.append(
            CompliancePattern(
                key=f"final_state.{_COMPLIANCE}[{row.index - 1}]",
                category="critical" if form.critical else "state",
                critical=form.critical,
                message=form.message,
                span=row.span,
                rule=rule,
                status=form.status,
                person_id=form.person_id,
            )
        )
    return found


def rule_name(name: str, names: Names, spot: Spot) -> str | None:
    """Return the rule in force that `name` means, aliases included; None after a complaint."""
    domain = names.vocabulary.domain
    if domain.rule_names is None or not names.settled:
        return name
    rules = domain.rule_names(names.policy)
    if name in rules:
        return rules[name]
    spot.complain("unknown-name", f"no rule `{name}` is in force", remedy=did_you_mean(name, rules))
    return None


# ── state_comparison ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Ends:
    """``initial`` and ``final`` of one comparison, each with whether it was written."""

    initial: Spec | None
    final: Spec | None
    complete: bool


def read_state_comparison(node: Node, names: Names, spot: Spot) -> tuple[Check, ...]:
    """Read ``state_comparison``, leaving out entries with mistakes."""
    if not isinstance(node, ListNode):
        spot.wrong_type(node, "a list")
        return ()
    found = []
    for index, item in enumerate(node.items):
        below = spot.down(index, item.span)
        if not isinstance(item, MapNode):
            below.wrong_type(item, "a map")
            continue
        check = _comparison(item, names, below, f"state_comparison[{index}]")
        if check is not None:
            found.append(check)
    return tuple(found)


def _comparison(node: MapNode, names: Names, spot: Spot, key: str) -> StateComparison | None:
    ends = {"initial", "final"}
    rest = MapNode(tuple(entry for entry in node if entry.key not in ends), node.span)
    row = read_fields(rest, StateComparisonForm, spot).place(node.span)
    if row is None:
        return None
    path = names.path(row.value.field, spot.down("field", row.at("field")), row.at("field"))
    if path is None:
        return None
    kind = names.path_kind(path)
    read = _ends(node, kind, spot)
    if not read.complete or not _is_possible(row, kind, spot):
        return None
    form = row.value
    alone = {"field", "critical"} >= {entry.key for entry in node}
    return StateComparison(
        key=key,
        category="critical" if form.critical else "state",
        critical=form.critical,
        span=node.span,
        path=path,
        initial=read.initial,
        has_initial=node.get("initial") is not None,
        final=read.final,
        has_final=node.get("final") is not None,
        change_type="changed" if alone else form.change_type,
        min_change=form.min_change,
        max_change=form.max_change,
    )


def _ends(node: MapNode, kind: Kind, spot: Spot) -> _Ends:
    read: dict[str, Spec | None] = {"initial": None, "final": None}
    complete = True
    for name in read:
        entry = node.entry(name)
        if entry is None:
            continue
        pattern = _field_pattern(name, entry.value, kind, spot.down(name, entry.span))
        complete &= pattern is not None
        read[name] = pattern.expected if pattern else None  # type: ignore[assignment]  # always a spec here
    return _Ends(read["initial"], read["final"], complete)


def _is_possible(row: Placed[StateComparisonForm], kind: Kind, spot: Spot) -> bool:
    form = row.value
    if form.change_type == "unchanged" and form.min_change is not None:
        below = spot.down("min_change", row.at("min_change"))
        below.complain("conflict", "what is unchanged has no `min_change`", remedy="leave one of them away")
        return False
    if form.min_change is not None and form.max_change is not None and form.min_change > form.max_change:
        below = spot.down("min_change", row.at("min_change"))
        below.complain("conflict", "`min_change` is greater than `max_change`", remedy="no change can be both")
        return False
    measured = "min_change" in row.spans or "max_change" in row.spans or form.change_type in {"increased", "decreased"}
    if measured and kind in {"bool", "text", "collection", "map"}:
        place = row.at("min_change", "max_change", "change_type")
        remedy = "write `change_type: changed` or `unchanged`"
        spot.complain("wrong-type", f"`{form.field}` is a {kind}, whose change has no size", span=place, remedy=remedy)
        return False
    if form.min_change == Decimal(0) and {"max_change", "change_type", "initial", "final"}.isdisjoint(row.spans):
        spot.note("bad-value", "this comparison cannot fail: every change is at least 0")
    return True
