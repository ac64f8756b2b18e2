"""The rules that a set-up asks for: a shipped pack or one from a file, with the program's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.files import read_file
from rehearse.loading.tree import MapNode, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.values import FrozenMap
from residency.policy import (
    DEFAULT_PACK,
    PACKS,
    SETTING_TYPES,
    Pack,
    Policy,
    PolicyError,
    PolicyProblem,
    named_pack,
    policy_of,
    read_pack,
)
from residency.setup.rows import ConstraintsRow

if TYPE_CHECKING:
    from rehearse.scenario import World
    from rehearse.source import Span

_SUFFIXES = (".yaml", ".yml", ".json")


def rules_of(world: World) -> tuple[Policy, tuple[Problem, ...]]:
    """Return the rules in force, and what is wrong with how they are written; after a mistake the rest stands."""
    row = world.constraints.value if isinstance(world.constraints.value, ConstraintsRow) else ConstraintsRow()
    problems: list[Problem] = []
    pack = _pack(row.rules, world.constraints.at("rules"), problems)
    overrides = {name: _plain(value) for name, value in row.policy.items()}
    try:
        return policy_of([pack], overrides), tuple(problems)
    except PolicyError as error:
        problems += [_problem(item, _place(world, item.path)) for item in error.problems]
    return policy_of([pack]), tuple(problems)


def _place(world: World, path: str) -> Span:
    """Where `policy.rule.parameter` stands; if it is not written, what holds it."""
    parts = path.split(".")
    return world.constraints.at(*(".".join(parts[:length]) for length in range(len(parts), 0, -1)))


def _plain(value: object) -> Any:
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, FrozenMap) else value


def _pack(name: str, span: Span, problems: list[Problem]) -> Pack:
    try:
        return named_pack(name)
    except KeyError:
        pass
    if not name.endswith(_SUFFIXES):
        remedy = did_you_mean(name, [pack.name for pack in PACKS])
        problems.append(
            Problem("unknown-name", f"there is no rule pack `{name}`", span, remedy, "setup.constraints.rules")
        )
        return named_pack(DEFAULT_PACK)
    return _pack_of_file(name, span, problems)


def _pack_of_file(name: str, span: Span, problems: list[Problem]) -> Pack:
    places = [Path(span.source.name).parent / inside / name for inside in (".", "fixtures")]
    path = next((place for place in places if _is_inside(place, Path(span.source.name).parent)), None)
    if path is None:
        looked = ", ".join(str(place) for place in places)
        problems.append(Problem("bad-path", f"there is no rule pack `{name}`", span, f"looked for {looked}"))
        return named_pack(DEFAULT_PACK)
    complaints = Complaints()
    source = read_file(path, complaints)
    node = read_tree(source, complaints) if source is not None else None
    if complaints.problems or not isinstance(node, MapNode):
        problems += complaints.problems or [
            Problem("wrong-type", "a rule pack is a map", span, "write name: and rules:")
        ]
        return named_pack(DEFAULT_PACK)
    try:
        return read_pack(_plain(plain_value(node)))
    except PolicyError as error:
        problems += [_problem(item, node.span) for item in error.problems]
    return named_pack(DEFAULT_PACK)


def _is_inside(place: Path, root: Path) -> bool:
    return place.is_file() and place.resolve().is_relative_to(root.resolve())


def _problem(item: PolicyProblem, span: Span) -> Problem:
    summary, remedy = item.summary, item.remedy
    if item.code == "unknown-name":
        name = item.path.rsplit(".", 1)[-1]
        summary, remedy = f"there is no rule `{name}`", did_you_mean(name, (kind.stem for kind in SETTING_TYPES))
    return Problem(item.code, summary, span, remedy, f"setup.constraints.{item.path}")  # type: ignore[arg-type]
