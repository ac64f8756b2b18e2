"""Texts read the way the product reads them, with what was complained about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.domain import GeneratorName
from rehearse.errors import Complaints, Problem
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.resolve import resolve
from rehearse.loading.tree import MapNode, Node, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source
from rehearse.values import FrozenMap, Value

if TYPE_CHECKING:
    from rehearse.scenario import Written

GENERATORS = {
    "create_residents": GeneratorName(
        "create_residents", "persons", FrozenMap({"role": "RESIDENT", "id": "resident-${loop.index}"})
    ),
}


@dataclass(frozen=True)
class Read:
    """What came out of a text.

    Attributes:
        node: The tree, or None.
        problems: What stops it.
        notes: What does not.
    """

    node: Node | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def value(self) -> Value:
        """What the tree says; there must be one, without problems."""
        assert self.node is not None
        assert self.problems == ()
        return plain_value(self.node)

    @property
    def codes(self) -> list[str]:
        """The codes of the problems, by place."""
        return [problem.code for problem in self.problems]

    @property
    def messages(self) -> list[str]:
        """The problems as one line each, with line and column."""
        return [f"{place(problem)} {problem.code}: {problem.message}" for problem in self.problems]


def place(problem: Problem) -> str:
    """Where a problem is, without the file."""
    return f"{problem.span.line}:{problem.span.column}" if problem.span else "-"


def read(text: str) -> Read:
    """Read a text as YAML."""
    complaints = Complaints()
    node = read_tree(Source("f.yaml", text), complaints)
    return Read(node, complaints.problems, complaints.notes)


def written(text: str) -> tuple[tuple[Written, ...], tuple[Problem, ...]]:
    """Return the scenarios of a text, and its problems."""
    complaints = Complaints()
    source = Source("f.yaml", text)
    tree = read_tree(source, complaints)
    found = writtens(tree, Origin(source), complaints) if tree is not None else ()
    return found, complaints.problems


def resolved(body: str) -> Read:
    """Resolve a scenario with this body; its keys are indented by two blanks, ``id`` and ``name`` are there."""
    found, problems = written(f"scenario:\n  id: s\n  name: n\n{body}")
    assert problems == ()
    complaints = Complaints()
    return Read(resolve(found[0], GENERATORS, complaints), complaints.problems, complaints.notes)


def field(read: Read, *keys: str | int) -> Value:
    """Return what lies at these keys and positions of a sound tree."""
    value = read.value
    for key in keys:
        assert isinstance(value, (FrozenMap, tuple))
        value = value[key]  # type: ignore[call-overload, index]
    return value


def map_of(node: Node | None) -> MapNode:
    """Return `node`, which must be a map."""
    assert isinstance(node, MapNode)
    return node
