"""From a written scenario to one that can be planned: resolved, its fixtures merged, typed. All mistakes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, ScenarioError
from rehearse.loading.fixtures import load_setup, search_of
from rehearse.loading.parse import Loaded, Resolved, Surroundings, parse
from rehearse.loading.resolve import resolve
from rehearse.loading.tree import MapNode, ScalarNode
from rehearse.loading.vocabulary import vocabulary_of
from rehearse.registry import domain as installed_domain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rehearse.domain import Domain
    from rehearse.scenario import Written

__all__ = ["Loaded", "Surroundings", "check_all", "load_written"]

DEFAULT_DOMAIN = "residency"


def load_written(
    written: Written,
    *,
    validators_allowed: tuple[str, ...] = (),
    fixture_paths: tuple[Path, ...] = (),
) -> Loaded:
    """Return `written` resolved and typed; `fixture_paths` are looked in after the scenario's own folder.

    Raises:
        ScenarioError: With every mistake of its author, before any database exists.
    """
    complaints = Complaints()
    loaded = _load(written, Surroundings(validators_allowed), fixture_paths, complaints)
    complaints.raise_if_any()
    if loaded is None:
        raise AssertionError(f"{written.id} was not loaded, yet nobody complained")
    return loaded


def check_all(
    writtens: Iterable[Written],
    *,
    validators_allowed: tuple[str, ...] = (),
    fixture_paths: tuple[Path, ...] = (),
) -> tuple[tuple[Loaded, ...], tuple[Problem, ...]]:
    """Load every scenario of `writtens` and return those that are right, with the problems and notes of all."""
    every = tuple(writtens)
    surroundings = Surroundings(validators_allowed, frozenset(written.id for written in every))
    found: list[Loaded] = []
    problems: dict[Problem, None] = {}
    for written in every:
        complaints = Complaints()
        loaded = _load(written, surroundings, fixture_paths, complaints)
        if loaded is not None:
            found.append(loaded)
        problems |= dict.fromkeys((*complaints.problems, *complaints.notes))
    return tuple(found), tuple(sorted(problems, key=lambda problem: problem.place))


def _load(
    written: Written,
    surroundings: Surroundings,
    fixture_paths: tuple[Path, ...],
    complaints: Complaints,
) -> Loaded | None:
    domain = _domain(written, complaints)
    if domain is None:
        return None
    tree = resolve(written, domain.generators, complaints)
    setup = tree.get("setup")
    search = search_of(written, fixture_paths, vocabulary_of(domain).section_aliases)
    merged = load_setup(setup if isinstance(setup, MapNode) else MapNode((), tree.span), search, complaints)
    resolved = Resolved(written, tree, merged.node, merged.sql_fixtures, complete=not complaints.problems)
    return parse(resolved, domain, surroundings, complaints)


def _domain(written: Written, complaints: Complaints) -> Domain | None:
    entry = written.node.entry("domain")
    if entry is None:
        return installed_domain(DEFAULT_DOMAIN)
    if not isinstance(entry.value, ScalarNode) or not isinstance(entry.value.value, str):
        complaints.add(Problem("wrong-type", "`domain` must be text", entry.value.span, field="domain"))
        return None
    try:
        return installed_domain(entry.value.value)
    except ScenarioError as error:
        problem = error.problems[0]
        complaints.add(Problem(problem.code, problem.summary, entry.value.span, problem.remedy, "domain"))
        return None
