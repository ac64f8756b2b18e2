"""``setup``: sections, constraints, database settings and preconditions, typed by what the domain declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.expectation import Deferred
from rehearse.loading.forms import DatabaseForm, FixtureForm, NumberForm, PreconditionForm
from rehearse.loading.reader import Fields, read_fields, read_rows
from rehearse.loading.specs import read_plain
from rehearse.loading.spot import Missing, Spot
from rehearse.loading.tree import ListNode, MapNode, Node, ScalarNode
from rehearse.loading.vocabulary import KIND_OF_MEASURE, Kind, Vocabulary
from rehearse.scenario import DatabaseSetup, FixtureEntry, Placed, Precondition, World
from rehearse.values import Value

if TYPE_CHECKING:
    from rehearse.domain import Domain, Section
    from rehearse.source import Span

ENGINE_KEYS = ("database", "constraints", "preconditions")


@dataclass(frozen=True)
class ReadWorld:
    """The typed world; `complete` is False if a row or the constraints were left out because of a mistake."""

    world: World
    complete: bool


def read_world(node: MapNode, domain: Domain, spot: Spot) -> ReadWorld:
    """Read the sections and the constraints of a merged ``setup``."""
    sections: dict[str, tuple[Placed[object], ...]] = dict.fromkeys(domain.sections, ())
    complete = True
    for entry in node:
        below = spot.down(entry.key, entry.span)
        if entry.key in domain.sections:
            section = domain.sections[entry.key]
            sections[entry.key] = _read_section(entry.value, section, below)
            complete &= isinstance(entry.value, ListNode) and len(sections[entry.key]) == len(entry.value.items)
        elif entry.key not in ENGINE_KEYS:
            known = (*ENGINE_KEYS, *domain.sections)
            below.complain(
                "unknown-key", f"`{entry.key}` is not a key of `setup`", remedy=did_you_mean(entry.key, known)
            )
            complete = False
    constraints = _read_constraints(node, domain, spot)
    if constraints is None:
        return ReadWorld(World(sections, Placed(domain.constraints(), node.span)), complete=False)
    return ReadWorld(World(sections, constraints), complete)


def _read_section(node: Node, section: Section, spot: Spot) -> tuple[Placed[object], ...]:
    rows: tuple[Placed[object], ...] = read_rows(node, section.row, spot, derived=section.derived)
    seen: dict[str, Span] = {}
    for row in rows:
        written = getattr(row.value, "id", None)
        name = written if isinstance(written, str) else f"{section.name}-{row.index}"
        if section.requires_id and not isinstance(written, str):
            spot.down(row.index - 1, row.span).complain("missing-key", f"a row of {spot.label} needs `id`")
        place = row.at("id")
        if name in seen:
            where = spot.down(row.index - 1, row.span).down("id", place)
            where.duplicate(f"two rows of {spot.label} have the id `{name}`", place, seen[name])
        seen.setdefault(name, place)
    return rows


def _read_constraints(node: MapNode, domain: Domain, spot: Spot) -> Placed[object] | None:
    entry = node.entry("constraints")
    if entry is None:
        return Placed(domain.constraints(), node.span)
    below = spot.down("constraints", entry.span)
    if not isinstance(entry.value, MapNode):
        below.wrong_type(entry.value, "a map")
        return None
    fields: Fields[object] = read_fields(entry.value, domain.constraints, below)
    return fields.place(entry.span)


# ── database ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_database(node: MapNode, spot: Spot) -> DatabaseSetup:
    """Read ``setup.database``; after a mistake the defaults stand in."""
    entry = node.entry("database")
    if entry is None:
        return DatabaseSetup()
    below = spot.down("database", entry.span)
    if not isinstance(entry.value, MapNode):
        below.wrong_type(entry.value, "a map")
        return DatabaseSetup()
    fields = read_fields(entry.value, DatabaseForm, below)
    form = fields.make() or DatabaseForm()
    if not form.clean_state:
        summary = "`clean_state: false` makes no difference on a database of the run's own"
        below.down("clean_state", fields.spans["clean_state"]).note("conflict", summary)
    return DatabaseSetup(
        clean_state=form.clean_state,
        load_fixtures=_fixtures(form.load_fixtures, below),
        merge_strategy=form.merge_strategy,
        batch_operations=form.batch_operations,
        batch_size=form.batch_size,
        isolation=form.isolation,
    )


def _fixtures(node: ListNode | None, spot: Spot) -> tuple[FixtureEntry, ...]:
    if node is None:
        return ()
    below = spot.down("load_fixtures", node.span)
    entries = (_fixture(item, below.down(index, item.span)) for index, item in enumerate(node.items))
    return tuple(entry for entry in entries if entry is not None)


def _fixture(node: Node, spot: Spot) -> FixtureEntry | None:
    if isinstance(node, MapNode):
        form = read_fields(node, FixtureForm, spot).make()
        return FixtureEntry(form.path, form.merge, node.span) if form else None
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return FixtureEntry(node.value, None, node.span)
    spot.wrong_type(node, "a path or a map")
    return None


# ── preconditions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _CheckShape:
    """What a precondition's name means: its canonical name, what it gives, what it takes."""

    name: str
    kind: Kind
    parameters: type | None = None


def read_preconditions(node: MapNode, vocabulary: Vocabulary, spot: Spot) -> tuple[Precondition, ...]:
    """Read ``setup.preconditions``, leaving out those with mistakes."""
    entry = node.entry("preconditions")
    if entry is None:
        return ()
    below = spot.down("preconditions", entry.span)
    rows = read_rows(entry.value, PreconditionForm, below)
    items = entry.value.items if isinstance(entry.value, ListNode) else ()
    read = (_precondition(row, items[row.index - 1], vocabulary, below.down(row.index - 1, row.span)) for row in rows)
    return tuple(precondition for precondition in read if precondition is not None)


def _precondition(row: Placed[PreconditionForm], node: Node, vocabulary: Vocabulary, spot: Spot) -> Precondition | None:
    form = row.value
    shape = _check_shape(form.check, row.at("check"), vocabulary, spot)
    if shape is None:
        return None
    parameters = _parameters(form.parameters, shape, row, spot)
    expected = _expected(node, shape, row, spot)
    if expected is None:
        return None
    return Precondition(
        check=shape.name,
        parameters=parameters,
        expected=expected.value,
        minimum=expected.numbers.min,
        maximum=expected.numbers.max,
        tolerance=expected.numbers.tolerance,
        span=row.span,
    )


def _check_shape(name: str, span: Span, vocabulary: Vocabulary, spot: Spot) -> _CheckShape | None:
    check = vocabulary.domain.checks.get(name)
    if check is not None:
        return _CheckShape(name, KIND_OF_MEASURE[check.kind], check.parameters)
    head, _, key = name.partition(".")
    measure = vocabulary.measures.get(name) or vocabulary.measures.get(head)
    below = spot.down("check", span)
    if measure is None or (key and name not in vocabulary.measures and measure.kind != "map"):
        below.complain(
            "unknown-name", f"there is no check `{name}`", remedy=did_you_mean(name, _check_names(vocabulary))
        )
        return None
    if measure.of_state is None:
        summary = f"`{name}` reads the whole run, so it is no precondition"
        below.complain("unknown-name", summary, remedy="name a check or a measure that needs one state only")
        return None
    is_entry = bool(key) and name not in vocabulary.measures
    kind = KIND_OF_MEASURE[measure.item if is_entry else measure.kind]
    return _CheckShape(f"{measure.name}.{key}" if is_entry else measure.name, kind)


def _check_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    measures = (name for name, measure in vocabulary.measures.items() if measure.of_state is not None)
    return (*vocabulary.domain.checks, *measures)


def _parameters(node: MapNode | None, shape: _CheckShape, row: Placed[PreconditionForm], spot: Spot) -> object:
    if shape.parameters is None:
        if node is not None and node.entries:
            first = node.entries[0]
            below = spot.down("parameters", row.at("parameters")).down(first.key, first.span)
            below.complain("unknown-key", f"`{shape.name}` takes no parameters")
        return None
    below = spot.down("parameters", row.at("parameters", "check"))
    fields: Fields[object] = read_fields(node or MapNode((), row.span), shape.parameters, below)
    return fields.make()


@dataclass(frozen=True)
class _Expected:
    """What a precondition expects: a value, and for a number its bounds."""

    value: Value
    numbers: NumberForm


def _expected(node: Node, shape: _CheckShape, row: Placed[PreconditionForm], spot: Spot) -> _Expected | None:
    written = node.entry("expected") if isinstance(node, MapNode) else None
    if written is None:
        return _unwritten(shape, row, spot)
    below = spot.down("expected", written.span)
    if isinstance(written.value, MapNode) and shape.kind == "number":
        fields = read_fields(written.value, NumberForm, below)
        numbers = fields.make()
        return None if numbers is None or _is_contradictory(numbers, below) else _Expected(numbers.expected, numbers)
    value = read_plain(written.value, shape.kind, below)
    return None if isinstance(value, Missing | Deferred) else _Expected(value, NumberForm())


def _unwritten(shape: _CheckShape, row: Placed[PreconditionForm], spot: Spot) -> _Expected | None:
    if shape.kind == "bool":
        return _Expected(True, NumberForm())  # noqa: FBT003  (the value itself)
    below = spot.down("expected", row.at("check"))
    remedy = "write a number, or `{min: …, max: …}`" if shape.kind == "number" else "write what it must be"
    below.complain("missing-key", f"`{shape.name}` is a {shape.kind}, so it needs `expected`", remedy=remedy)
    return None


def _is_contradictory(numbers: NumberForm, spot: Spot) -> bool:
    if numbers == NumberForm():
        spot.complain("empty", "`expected` says nothing about the number", remedy="write `expected`, `min` or `max`")
    elif numbers.tolerance is not None and numbers.expected is None:
        spot.complain(
            "conflict", "`expected` has a tolerance, but no value of its own", remedy="bounds have no tolerance"
        )
    elif numbers.min is not None and numbers.max is not None and numbers.min > numbers.max:
        spot.complain("conflict", "`min` is greater than `max`", remedy="no number can be both")
    else:
        return False
    return True
