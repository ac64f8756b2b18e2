"""Fixtures: found in a few places and nowhere else, read once, laid on each other, and the scenario's own sections on all.

A fixture is plain data: nothing in it is interpolated, and nothing in it makes rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.evaluate import phrase_of
from rehearse.loading.files import check_text, read_opened, reason_of
from rehearse.loading.json_text import check_json, readable_json
from rehearse.loading.limits import FIXTURE_LIMITS, MEBIBYTE, shortened
from rehearse.loading.merge import CONSTRAINTS, Aliases, Strategy, merge_setups
from rehearse.loading.tree import ListNode, MapNode, Node, ScalarNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.scenario import SqlFixture
from rehearse.source import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearse.scenario import Written
    from rehearse.source import Source

SUFFIXES = (".json", ".yaml", ".yml", ".sql")
_DRIVE = re.compile(r"[A-Za-z]:")
_STRATEGIES: tuple[Strategy, ...] = ("deep_merge", "replace", "append")
_REMEMBERED = 4 * MEBIBYTE  # larger fixtures are read each time


@dataclass(frozen=True)
class FixtureSearch:
    """Where fixtures are looked for, and what they may hold.

    Attributes:
        places: The folders in order; the first in which a path exists counts.
        sections: The sections that the domain knows, each with the aliases of its fields.
    """

    places: tuple[Path, ...]
    sections: Mapping[str, Aliases] = field(default_factory=dict)


@dataclass(frozen=True)
class MergedSetup:
    """A set-up whose fixtures have been laid under it, and the SQL that runs after all rows."""

    node: MapNode
    sql_fixtures: tuple[SqlFixture, ...] = ()


def search_of(written: Written, fixture_paths: Sequence[Path], sections: Mapping[str, Aliases]) -> FixtureSearch:
    """Return where the fixtures of `written` lie: its own folder, ``fixtures/`` in it, then each of `fixture_paths`."""
    own = () if written.path is None else (written.path.parent, written.path.parent / "fixtures")
    return FixtureSearch((*own, *fixture_paths), sections)


def load_setup(setup: MapNode, search: FixtureSearch, complaints: Complaints) -> MergedSetup:
    """Return `setup` laid on the fixtures that its ``database`` names.

    What is wrong with a fixture goes to `complaints`, placed in the fixture; with its path, placed at the path. Entries of
    another type than the format allows are passed over: their reader complains of them.
    """
    database = setup.get("database")
    if not isinstance(database, MapNode):
        return MergedSetup(setup)
    usual = _strategy(database.get("merge_strategy"), "deep_merge")
    merged: MapNode | None = None
    sql: list[SqlFixture] = []
    for path, strategy, span in _entries(database.get("load_fixtures"), usual):
        source = find_fixture(path, span, search.places, complaints)
        if source is None:
            continue
        if path.endswith(".sql"):
            sql.append(SqlFixture(source.name, _sql(source, complaints)))
            continue
        node = _sections(source, search.sections, complaints)
        merged = node if merged is None else merge_setups(merged, node, strategy, search.sections)
    if merged is None:
        return MergedSetup(setup, tuple(sql))
    return MergedSetup(merge_setups(merged, setup, usual, search.sections), tuple(sql))


def find_fixture(
    path: str,
    span: Span,
    places: Sequence[Path],
    complaints: Complaints,
    *,
    suffixes: Sequence[str] = SUFFIXES,
) -> Source | None:
    """Return the text of the first file `path` below `places`; None after a complaint at `span`.

    The path is relative. Once links are followed the file must lie in one of the places, and be a regular file; it is opened
    once, link by link refused, so that what was checked is what is read.
    """
    try:
        return _found(path, places, complaints, suffixes)
    except _BadPathError as error:
        complaints.add(Problem("bad-path", error.summary, span, error.remedy))
        return None


class _BadPathError(Exception):
    """A path that is no fixture's."""

    def __init__(self, summary: str, remedy: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy


def _found(path: str, places: Sequence[Path], complaints: Complaints, suffixes: Sequence[str]) -> Source | None:
    shown = shortened(path)
    _check_form(path, shown, suffixes)
    for place in places:
        candidate = place / path
        if not os.path.lexists(candidate):
            continue
        home, inside = _resolved(candidate, shown, places)
        descriptor = _open_below(home, inside, shown)
        try:
            return read_opened(descriptor, str(candidate), complaints, FIXTURE_LIMITS)
        finally:
            os.close(descriptor)
    looked = ", ".join(f"`{place}`" for place in places)
    raise _BadPathError(f"there is no fixture `{shown}`", f"looked in {looked}" if looked else "")


def _check_form(path: str, shown: str, suffixes: Sequence[str]) -> None:
    """Refuse what is no relative path of a known suffix, in any system's spelling."""
    if "\0" in path or "\\" in path:
        raise _BadPathError(
            f"`{shown!r}` is no path" if "\0" in path else f"`{shown}` is no path", "write folders with `/`"
        )
    if not path.strip("./ "):
        raise _BadPathError(f"`{shown}` names no file", "write a path below the scenario's folder")
    if PurePosixPath(path).is_absolute() or _DRIVE.match(path):
        raise _BadPathError(f"`{shown}` is absolute", "write it relative to the scenario's folder or a fixture path")
    if PurePosixPath(path).suffix not in suffixes:
        raise _BadPathError(f"`{shown}` has no suffix of a fixture", f"name it {', '.join(suffixes)}")


def _resolved(candidate: Path, shown: str, places: Sequence[Path]) -> tuple[Path, Path]:
    """Return the place in which `candidate` lies once links are followed, and its path below that."""
    try:
        target = candidate.resolve(strict=True)
        homes = [place.resolve() for place in places]
    except (OSError, RuntimeError, ValueError) as error:
        raise _BadPathError(f"`{shown}` cannot be followed", reason_of(OSError(*error.args))) from None
    for home in homes:
        if target != home and target.is_relative_to(home):
            return home, target.relative_to(home)
    remedy = "move it into the scenario's folder or a fixture path"
    raise _BadPathError(f"`{shown}` lies outside the places for fixtures", remedy)


def _open_below(home: Path, inside: Path, shown: str) -> int:
    """Open a file folder by folder, refusing every link: a path that was resolved has none, unless it was exchanged since."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    folder = os.open(home, flags | os.O_DIRECTORY)
    try:
        for part in inside.parts[:-1]:
            inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(inside.name, flags | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise _BadPathError(f"`{shown}` cannot be opened: {reason_of(error)}", "let it be a file, not a link") from None
    finally:
        os.close(folder)


def _entries(node: Node | None, usual: Strategy) -> list[tuple[str, Strategy, Span]]:
    """Return the fixtures in order, each with its path, its strategy and the place of its path."""
    found: list[tuple[str, Strategy, Span]] = []
    for item in node.items if isinstance(node, ListNode) else ():
        path = item.get("path") if isinstance(item, MapNode) else item
        merge = item.get("merge") if isinstance(item, MapNode) else None
        if isinstance(path, ScalarNode) and isinstance(path.value, str):
            found.append((path.value, _strategy(merge, usual), path.span))
    return found


def _strategy(node: Node | None, usual: Strategy) -> Strategy:
    value = node.value if isinstance(node, ScalarNode) else None
    return next((known for known in _STRATEGIES if known == value), usual)


def _sections(source: Source, sections: Mapping[str, Aliases], complaints: Complaints) -> MapNode:
    """Return the sections that a fixture holds; what is wrong is left out after a complaint."""
    tree, problems = _tree_once(source) if len(source.text) <= _REMEMBERED else _tree(source)
    for problem in problems:
        complaints.add(problem)
    if not isinstance(tree, MapNode):
        if tree is not None:
            summary = f"a fixture is a map of sections, and this is {phrase_of(tree)}"
            complaints.add(Problem("wrong-type", summary, tree.span, "write sections with their rows"))
        return MapNode((), _start(source))
    known = (*sections, CONSTRAINTS)
    kept = []
    for entry in tree.entries:
        wanted = MapNode if entry.key == CONSTRAINTS else ListNode
        if entry.key not in known:
            remedy = did_you_mean(entry.key, known)
            complaints.add(Problem("unknown-name", f"there is no section `{entry.key}`", entry.span, remedy))
        elif not isinstance(entry.value, wanted):
            kind = "map" if wanted is MapNode else "list of rows"
            summary = f"`{entry.key}` is {phrase_of(entry.value)}, and must be a {kind}"
            complaints.add(Problem("wrong-type", summary, entry.value.span))
        else:
            kept.append(entry)
    return MapNode(tuple(kept), tree.span)


def _tree(source: Source) -> tuple[Node | None, tuple[Problem, ...]]:
    """Return what a fixture holds and what is wrong with it."""
    complaints = Complaints()
    is_json = source.name.endswith(".json")
    tree = read_tree(readable_json(source) if is_json else source, complaints, limits=FIXTURE_LIMITS)
    if tree is not None and is_json:
        check_json(source, complaints)
    return tree, complaints.problems


_tree_once = lru_cache(maxsize=16)(_tree)  # by content: a fixture is shared by many scenarios


def _sql(source: Source, complaints: Complaints) -> tuple[tuple[str, Span], ...]:
    from rehearse.loading.sql_text import statements  # noqa: PLC0415  (its patterns take time to make, and few scenarios need them)

    return statements(source, complaints) if check_text(source, complaints, FIXTURE_LIMITS) else ()


def _start(source: Source) -> Span:
    return Span(source, 1, 1, 2)
