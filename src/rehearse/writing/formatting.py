"""``rehearse fmt``: the canonical layout of a scenario file, which never changes what the file says.

What comes out is read again and compared: the same tree, the same scenario, the same comments, and nothing left to do. If that cannot be
had with the keys in order, it is had without; if not even so, the file stays as it is and its author is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, TypeAlias

from yaml import YAMLError

from rehearse.errors import Complaints, Problem, ScenarioError
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.load import DEFAULT_DOMAIN, load_written
from rehearse.loading.tree import MapNode, Node, ScalarNode, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.registry import installed
from rehearse.scenario import Written
from rehearse.source import Source, Span
from rehearse.writing.layout import laid_out
from rehearse.writing.ordering import in_order
from rehearse.writing.outline import UnusualError, outline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rehearse.domain import Domain

Placeless: TypeAlias = object
_MOST_ROUNDS = 5


def formatted(source: Source, path: Path | None = None, fixture_paths: tuple[Path, ...] = ()) -> str:
    """Return a scenario file in canonical order and layout.

    Args:
        source: The file.
        path: Where it lies, for the fixtures that it names.
        fixture_paths: Where else they are looked for.

    Raises:
        ScenarioError: If it is no YAML, or cannot be laid out without changing what it says.
    """
    tree = _tree(source)
    meaning: _Meaning | None = None
    reason = "what it says would change"
    for orders in (True, False):
        try:
            result = _settled(source.text, _domain_of(tree), orders=orders)
        except (UnusualError, YAMLError) as error:
            reason = str(error)
            continue
        if result == source.text:
            return result
        meaning = meaning or _Meaning(tree, source, path, fixture_paths)
        if meaning.is_kept(source.text, result):
            return result
    told = f"`{source.name}` is left as it is: {reason}"
    raise ScenarioError([Problem("yaml-feature", told, Span(source, 1, 1, 2), "write that part in a plainer way")])


def _settled(text: str, domain: Domain | None, *, orders: bool) -> str:
    """Lay out until nothing changes any more."""
    for _ in range(_MOST_ROUNDS):
        before = text
        text = laid_out(text)
        if orders and (ordered := in_order(text, domain)) != text:
            text = laid_out(ordered)
        if text == before:
            return text
    raise UnusualError("its layout does not settle")


class _Meaning:
    """What a file says, against which another text of it is held."""

    def __init__(self, tree: Node, source: Source, path: Path | None, fixture_paths: tuple[Path, ...]) -> None:
        self._name = source.name
        self._path = path
        self._fixture_paths = fixture_paths
        self._tree = _plain(tree)
        self._scenarios = self._loaded(source, tree)

    def is_kept(self, before: str, after: str) -> bool:
        """Whether another text has the same tree, comments and scenarios."""
        source = Source(self._name, after)
        try:
            tree = _tree(source)
        except ScenarioError:
            return False
        comments = Counter(outline(before).comments) == Counter(outline(after).comments)
        return comments and _plain(tree) == self._tree and self._loaded(source, tree) == self._scenarios

    def _loaded(self, source: Source, tree: Node) -> Mapping[str, Placeless]:
        """The scenarios of a file without their places; of a matrix, which is one scenario many times, the first."""
        found: dict[str, Placeless] = {}
        for written in writtens(tree, Origin(source, self._path), Complaints()):
            if written.base_id not in found:
                try:
                    loaded = load_written(written, fixture_paths=self._fixture_paths)
                except ScenarioError as error:
                    found[written.base_id] = sorted((problem.code, problem.summary) for problem in error.problems)
                else:
                    found[written.base_id] = _placeless(loaded.scenario)
        return found


def _tree(source: Source) -> Node:
    complaints = Complaints()
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    if tree is None:
        raise AssertionError(f"{source.name} was not read, yet nobody complained")
    return tree


def _plain(tree: Node) -> Placeless:
    """A tree without places, maps without order; whether a scalar was quoted is kept."""
    if isinstance(tree, MapNode):
        return {entry.key: _plain(entry.value) for entry in tree}
    if isinstance(tree, ScalarNode):
        return type(tree.value), tree.value, tree.quoted
    return [_plain(item) for item in tree.items] if hasattr(tree, "items") else plain_value(tree)


def _placeless(value: object) -> Placeless:
    """A value of records without the places in them."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Written):
        return value.id  # its tree is compared by itself
    if is_dataclass(value) and not isinstance(value, type):
        return type(value), {item.name: _placeless(getattr(value, item.name)) for item in fields(value) if item.compare}
    if isinstance(value, tuple):
        return type(value), [_placeless(item) for item in value]
    if isinstance(value, dict):
        return {key: _placeless(item) for key, item in value.items()}
    return value


def _domain_of(tree: Node) -> Domain | None:
    """The domain whose sections have an order: that of the first scenario."""
    for written in writtens(tree, Origin(Source("", "")), Complaints()):
        node = written.node.get("domain")
        named = node.value if isinstance(node, ScalarNode) else DEFAULT_DOMAIN
        return installed(named) if isinstance(named, str) else None
    return None
