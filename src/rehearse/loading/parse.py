"""A resolved tree → a typed scenario: every key of the format, read once, by the words of its domain."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from rehearse.domain import Domain, StepParameters
from rehearse.errors import did_you_mean
from rehearse.expectation import Expected, Validation
from rehearse.loading.expectations import Asked, read_expected
from rehearse.loading.forms import ArtifactsForm, ScenarioForm
from rehearse.loading.names import Names
from rehearse.loading.reader import Fields, read_fields
from rehearse.loading.spot import Spot
from rehearse.loading.steps import ReadSteps, check_clocks, read_test_case
from rehearse.loading.tree import Entry, MapNode
from rehearse.loading.validation import ReadValidation, read_validation
from rehearse.loading.vocabulary import vocabulary_of
from rehearse.loading.world import ReadWorld, read_database, read_preconditions, read_world
from rehearse.scenario import (
    ArtifactSettings,
    DatabaseSetup,
    Precondition,
    Scenario,
    Setup,
    SqlFixture,
    TestCase,
    Written,
)

if TYPE_CHECKING:
    from rehearse.errors import Complaints

ATTEMPTS_WHEN_TRUE = 3
DEFAULT_CLOCK = datetime(2024, 1, 1)  # noqa: DTZ001  (there are no zones in a scenario)
NEEDED_TO_JUDGE = ("initial_database_state", "final_database_state", "events")


@dataclass(frozen=True)
class Resolved:
    """A scenario whose placeholders are gone and whose fixtures are merged into its set-up.

    Attributes:
        written: What the author wrote.
        tree: The map under ``scenario:``.
        setup: ``setup`` with the fixtures' rows; its ``database`` is the scenario's own.
        sql_fixtures: The statements that run after all rows.
        complete: False if something could not be resolved or merged, so that rows may be missing.
    """

    written: Written
    tree: MapNode
    setup: MapNode
    sql_fixtures: tuple[SqlFixture, ...] = ()
    complete: bool = True


@dataclass(frozen=True)
class Loaded:
    """A scenario with what its domain made of it.

    Attributes:
        scenario: Resolved and typed.
        policy: What the domain settled.
        domain: The system.
        tree: The document, resolved, with every fixture merged into its set-up; it needs no other file.
    """

    scenario: Scenario
    policy: object
    domain: Domain
    tree: MapNode


@dataclass(frozen=True)
class Surroundings:
    """What a scenario may refer to beyond its own file.

    Attributes:
        validators_allowed: Modules whose functions may judge.
        known_ids: Ids of the catalog, for ``related_scenarios``; None if nobody knows.
    """

    validators_allowed: tuple[str, ...] = ()
    known_ids: Container[str] | None = None


@dataclass(frozen=True)
class _Parts:
    """What must be read before the domain can settle its policy."""

    header: Fields[ScenarioForm]
    world: ReadWorld
    database: DatabaseSetup
    preconditions: tuple[Precondition, ...]
    steps: ReadSteps


@dataclass(frozen=True)
class _Settled:
    """What the domain made of the parts; `known` is False if they have mistakes, so that nobody asked it."""

    clock: datetime
    policy: object = None
    known: bool = False


def parse(resolved: Resolved, domain: Domain, surroundings: Surroundings, complaints: Complaints) -> Loaded | None:
    """Return the typed scenario; None if `complaints` has anything that stops it, this scenario's or another's.

    What concerns several rows is checked by the domain, once each row for itself is right.
    """
    root = Spot(complaints, "", resolved.written.place or resolved.tree.span)
    parts = _read_parts(resolved, domain, root)
    _check_header(parts.header, domain, surroundings, root)
    settled = _settle(parts, domain, root) if resolved.complete else _Settled(DEFAULT_CLOCK)
    steps = tuple(read.step for read in parts.steps.steps)
    names = Names(vocabulary_of(domain), steps, settled.policy, settled=settled.known, steps_known=parts.steps.complete)
    validation = _read_validation(resolved.tree, names, surroundings, root)
    limits = tuple(limit for read in parts.steps.steps for limit in read.limits())
    asked = Asked(names, surroundings.validators_allowed, (*limits, *validation.checks))
    expected = _read_expected(resolved.tree, asked, root)
    artifacts = _read_artifacts(resolved.tree, root)
    form = parts.header.make()
    if form is None or complaints.problems:
        return None
    setup = Setup(parts.database, parts.world.world, resolved.sql_fixtures, parts.preconditions)
    body = Body(setup, TestCase(steps), expected, validation.validation, artifacts)
    scenario = make_scenario(form, body, resolved.written, settled.clock, domain)
    return Loaded(replace(scenario, notes=complaints.notes), settled.policy, domain, merged_tree(resolved))


def merged_tree(resolved: Resolved) -> MapNode:
    """Return the document with the merged set-up in it, and without the fixtures that were merged."""
    entry = resolved.tree.entry("setup")
    if entry is None:
        return resolved.tree
    setup = resolved.setup
    database = setup.entry("database")
    if database is not None and isinstance(database.value, MapNode):
        kept = tuple(item for item in database.value if item.key != "load_fixtures")
        setup = setup.with_entry(Entry(database.key, database.span, MapNode(kept, database.value.span)))
    return resolved.tree.with_entry(Entry(entry.key, entry.span, setup))


def _read_parts(resolved: Resolved, domain: Domain, root: Spot) -> _Parts:
    header = read_fields(resolved.tree, ScenarioForm, root)
    place = below(root, resolved.tree, "setup")
    written = map_at(resolved.tree, "setup")
    world, database = read_world(resolved.setup, domain, place), read_database(written, place)
    has_others = bool(resolved.sql_fixtures) or not database.clean_state
    parts = _Parts(
        header,
        replace(world, world=replace(world.world, has_others=has_others)),
        database,
        read_preconditions(written, vocabulary_of(domain), place),
        _read_steps(resolved.tree, domain, root),
    )
    _check_isolation(parts, domain, place, written)
    return parts


def _read_steps(tree: MapNode, domain: Domain, root: Spot) -> ReadSteps:
    node = tree.get("test_case")
    if not isinstance(node, MapNode):
        return ReadSteps((), complete=False)
    return read_test_case(node, domain, below(root, tree, "test_case"))


def map_at(tree: MapNode, key: str) -> MapNode:
    """Return the map under `key`; an empty one if there is none, or something else (which is complained about elsewhere)."""
    found = tree.get(key)
    return found if isinstance(found, MapNode) else MapNode((), tree.span)


def below(root: Spot, tree: MapNode, key: str) -> Spot:
    """Return the place of `key` in `tree`, or that of the tree if it is not written."""
    entry = tree.entry(key)
    return root.down(key, entry.span if entry else tree.span)


def _check_isolation(parts: _Parts, domain: Domain, spot: Spot, setup: MapNode) -> None:
    if parts.database.isolation != "transaction":
        return
    apart = [read.step for read in parts.steps.steps if domain.operations[read.step.operation].isolation == "process"]
    why = ""
    if any(read.step.concurrent for read in parts.steps.steps):
        why = "concurrent steps need sessions of their own"
    elif apart:
        why = f"`{apart[0].operation}` runs in a process of its own"
    if why:
        place = below(spot, setup, "database")
        written = below(place, map_at(setup, "database"), "isolation")
        remedy = "write `isolation: clone`, or leave it to `auto`"
        written.complain("conflict", f"a single transaction is not enough: {why}", remedy=remedy)


def _settle(parts: _Parts, domain: Domain, root: Spot) -> _Settled:
    """Ask the domain for its policy, but only of rows that are right each for itself; steps with mistakes are left out."""
    written = parts.header.values.get("clock")
    clock = written if isinstance(written, datetime) else None
    if not parts.world.complete or ("clock" in parts.header.spans and clock is None):
        return _Settled(clock or DEFAULT_CLOCK)
    steps = tuple(
        StepParameters(
            read.step.name,
            read.step.operation,
            read.step.arguments,
            read.step.at,
            read.parameters_place,
            read.parameter_spans,
        )
        for read in parts.steps.steps
    )
    policy = domain.settle(parts.world.world, steps, clock)
    domain.check(parts.world.world, steps, policy, root.complaints)
    now = clock or domain.default_clock(policy)
    if clock or parts.steps.complete:
        check_clocks(parts.steps.steps, now)
    return _Settled(now, policy, known=True)


def _read_validation(tree: MapNode, names: Names, surroundings: Surroundings, root: Spot) -> ReadValidation:
    node = tree.get("validation")
    if not isinstance(node, MapNode):
        return ReadValidation(Validation())
    return read_validation(node, names.vocabulary, surroundings.validators_allowed, below(root, tree, "validation"))


def _read_expected(tree: MapNode, asked: Asked, root: Spot) -> Expected:
    node = tree.get("expected_outcome")
    return (
        read_expected(node, asked, below(root, tree, "expected_outcome")) if isinstance(node, MapNode) else Expected()
    )


def _read_artifacts(tree: MapNode, root: Spot) -> ArtifactSettings:
    node = tree.get("artifacts")
    if not isinstance(node, MapNode):
        return ArtifactSettings()
    spot = below(root, tree, "artifacts")
    form = read_fields(node, ArtifactsForm, spot).make() or ArtifactsForm()
    missing = [capture for capture in NEEDED_TO_JUDGE if capture not in form.capture]
    if missing:
        summary = f"nobody can judge such a run again without {', '.join(missing)}"
        below(spot, node, "capture").note("bad-value", summary)
    return ArtifactSettings(
        capture=form.capture,
        retention_days=form.retention_days,
        export_formats=form.export_formats,
    )


def _check_header(header: Fields[ScenarioForm], domain: Domain, surroundings: Surroundings, root: Spot) -> None:
    form = header.values
    for key, what in (("description", "what it tries"), ("rationale", "why it matters")):
        if not form.get(key):
            root.down(key, root.span).note("missing-key", f"the scenario does not say {what}", remedy=f"write `{key}`")
    created, updated = form.get("created"), form.get("updated")
    if isinstance(created, date) and isinstance(updated, date) and updated < created:
        spot = root.down("updated", header.spans["updated"])
        spot.complain("conflict", "the scenario was updated before it was created")
    category = form.get("category")
    if isinstance(category, str) and category not in domain.categories:
        spot = root.down("category", header.spans["category"])
        remedy = did_you_mean(category, domain.categories)
        spot.complain("unknown-name", f"`{domain.name}` has no category `{category}`", remedy=remedy)
    _check_tags(header, root)
    _check_related(header, surroundings, root)


def _check_tags(header: Fields[ScenarioForm], root: Spot) -> None:
    tags = header.values.get("tags")
    if not isinstance(tags, tuple):
        return
    for tag in sorted({tag for tag in tags if tags.count(tag) > 1}):
        root.down("tags", header.spans["tags"]).complain("conflict", f"the tag `{tag}` is written twice")


def _check_related(header: Fields[ScenarioForm], surroundings: Surroundings, root: Spot) -> None:
    related = header.values.get("related_scenarios")
    known = surroundings.known_ids
    if known is None or not isinstance(related, tuple):
        return
    for name in related:
        if name not in known:
            spot = root.down("related_scenarios", header.spans["related_scenarios"])
            spot.note("unknown-name", f"there is no scenario `{name}`")


# ── the scenario ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Body:
    """The maps of a scenario, typed."""

    setup: Setup
    test_case: TestCase
    expected_outcome: Expected
    validation: Validation
    artifacts: ArtifactSettings


def make_scenario(form: ScenarioForm, body: Body, written: Written, clock: datetime, domain: Domain) -> Scenario:
    """Return the frozen scenario."""
    return Scenario(
        id=form.id,
        name=form.name,
        domain=domain.name,
        test_case=body.test_case,
        setup=body.setup,
        expected_outcome=body.expected_outcome,
        validation=body.validation,
        artifacts=body.artifacts,
        version=form.version,
        author=form.author,
        created=form.created,
        updated=form.updated,
        category=domain.categories.get(form.category, ""),
        priority=form.priority,
        tags=form.tags,
        description=form.description,
        rationale=form.rationale,
        related_bugs=form.related_bugs,
        related_scenarios=form.related_scenarios,
        timeout_seconds=form.timeout_seconds,
        attempts=_attempts(form.retry_on_failure),
        capture_artifacts=form.capture_artifacts,
        require_backup=form.require_backup,
        rollback_on_failure=form.rollback_on_failure,
        debug_mode=form.debug_mode,
        clock=clock,
        seed=form.seed,
        written=written,
    )


def _attempts(retry: bool | int) -> int:  # noqa: FBT001  (the format's own union)
    if isinstance(retry, bool):
        return ATTEMPTS_WHEN_TRUE if retry else 1
    return retry
