"""Where scenarios are found, and how one is picked: by path, by id, by suite.

A file is parsed when it is needed, and again only when it has changed. Asking for one id looks into every file once but parses
only those in which it may stand, so that a broken neighbour does not matter until it is asked for itself.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rehearse.errors import Complaints, Problem, ScenarioError, ScenarioNotFoundError, did_you_mean
from rehearse.loading.documents import Origin, complain_of_twins, is_document, writtens
from rehearse.loading.files import read_file
from rehearse.loading.limits import SCENARIO_LIMITS
from rehearse.loading.yaml_tree import read_tree
from rehearse.scenario import Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


SUFFIX = ".yaml"
_SIMPLE_ID = re.compile(
    rb"""(?<![\w$./-])["']?id["']?[ \t]*:[ \t]*["']?([a-z0-9]+(?:-[a-z0-9]+)*)["']?[ \t]*(?=[,}\r\n#]|\Z)"""
)


@dataclass(frozen=True)
class _Place:
    """A file, with the scenario path below which it was found; named directly, it has none."""

    path: Path
    root: Path | None = None
    suite: tuple[str, ...] = ()


_Stamp: TypeAlias = tuple[int, int, int]  # what changes when a file does: inode, time of the last change in ns, size


@dataclass(frozen=True)
class _Parsed:
    """A file as it was when it was parsed: its scenarios, and everything that is wrong with it."""

    stamp: _Stamp | None
    scenarios: tuple[Written, ...]
    problems: tuple[Problem, ...]


class Catalog:
    """The scenarios below some paths, in the order of the format: path, file, place in the file, matrix.

    A path that does not exist holds none. What is asked for is read from disk as it is at that moment.
    """

    def __init__(self, roots: Sequence[Path], *, bundled: Sequence[Path] = ()) -> None:
        self._roots = (*roots, *bundled)
        self._places: tuple[_Place, ...] | None = None
        self._ids: dict[Path, tuple[_Stamp | None, frozenset[str]]] = {}
        self._files: dict[_Place, _Parsed] = {}

    def read(self, path: Path) -> tuple[Written, ...]:
        """Return the scenarios of one file, which need not lie below a scenario path.

        Raises:
            ScenarioError: If it cannot be read, holds no scenario, or anything in it is wrong.
        """
        return _sound([self._parsed(_Place(path))])

    def all(self) -> tuple[Written, ...]:
        """Return every scenario.

        Raises:
            ScenarioError: If any file is wrong, or an id is used twice.
        """
        return _sound([self._parsed(place) for place in self._refreshed()])

    def scan(self) -> tuple[tuple[Written, ...], tuple[Problem, ...]]:
        """Return every scenario of a file that could be read, and everything wrong with the files and ids."""
        found, complaints = _gathered([self._parsed(place) for place in self._refreshed()])
        return found, complaints.problems

    def by_id(self, scenario_id: str) -> Written:
        """Return the scenario of this id.

        Raises:
            ScenarioNotFoundError: If there is none.
            ScenarioError: If its file is wrong, its id is used twice, or it is the base id of a matrix.
        """
        found = self._with_id(scenario_id)
        if found is None:
            raise _not_found("scenario", scenario_id, self._known_ids())
        if found[0].id != scenario_id:
            summary = f"`{scenario_id}` is no scenario but a matrix of {len(found)}"
            remedy = f"name one of them, such as `{found[0].id}`, or run the suite `{scenario_id}`"
            raise ScenarioError([Problem("unknown-name", summary, remedy=remedy)])
        return found[0]

    def suite(self, name: str) -> tuple[Written, ...]:
        """Return the scenarios of a folder and all below it, or those of a matrix by its base id.

        Raises:
            ScenarioNotFoundError: If there is no such folder or matrix.
            ScenarioError: If one of its files is wrong.
        """
        found = self._in_suite(name)
        if found is None:
            raise _not_found("suite", name, self.suites())
        return found

    def suites(self) -> tuple[str, ...]:
        """Return the names of all suites, folders and matrices, sorted; files that are wrong count for their folder."""
        names: set[str] = set()
        for place in self._refreshed():
            parsed = self._parsed(place)
            if parsed.scenarios or parsed.problems:
                names.update("/".join(place.suite[:length]) for length in range(1, len(place.suite) + 1))
            names.update(written.base_id for written in parsed.scenarios if written.bindings)
        return tuple(sorted(names))

    def select(self, text: str) -> tuple[Written, ...]:
        """Return what a person means by `text`: a file, an id, a suite, the base id of a matrix.

        Raises:
            ScenarioNotFoundError: If it is none of these.
            ScenarioError: If what it names is wrong.
        """
        path = Path(text)
        if path.suffix in {SUFFIX, ".yml"} or path.is_file():
            return self.read(path)
        found = self._with_id(text) or self._in_suite(text)
        if found is None:
            raise _not_found("scenario or suite", text, {*self._known_ids(), *self.suites()})
        return found

    def _with_id(self, name: str) -> tuple[Written, ...] | None:
        """Return the scenario of this id alone, else all of the matrix of this base id, else None.

        First the files known to hold it are asked; then the folders are walked anew; last, every file is parsed, since an
        id may be written in ways that only a parser reads.
        """
        for places in (self._known_places, self._refreshed):
            found = self._among([place for place in places() if self._may_hold(place, name)], name)
            if found is not None:
                return found
        return self._among(self._refreshed(), name, broken_too=False)

    def _among(self, places: Iterable[_Place], name: str, *, broken_too: bool = True) -> tuple[Written, ...] | None:
        """Return what `name` stands for in these files; raise what is wrong with a file if it seems to stand in there."""
        files = [(place, self._parsed(place)) for place in places]
        for attribute in ("id", "base_id"):
            holding = [parsed for _, parsed in files if _named(parsed, name, attribute)]
            if holding:
                return _named(_Parsed(None, _sound(holding), ()), name, attribute)
        broken = [parsed for place, parsed in files if parsed.problems and self._hides(place, parsed, name)]
        if broken and broken_too:
            _sound(broken)
        return None

    def _hides(self, place: _Place, parsed: _Parsed, name: str) -> bool:
        """Return whether `name` stands in the text of a file, but no scenario came out of it."""
        read = {written.base_id for written in parsed.scenarios}
        return any(_begins(known, name) and known not in read for known in self._ids[place.path][1])

    def _in_suite(self, name: str) -> tuple[Written, ...] | None:
        parts = tuple(part for part in name.split("/") if part)
        inside = [self._parsed(place) for place in self._refreshed() if parts and place.suite[: len(parts)] == parts]
        if any(parsed.scenarios or parsed.problems for parsed in inside):
            return _sound(inside)
        found = self._with_id(name)
        return found if found is not None and found[0].bindings and found[0].base_id == name else None

    def _known_ids(self) -> set[str]:
        scenarios = [written for place in self._refreshed() for written in self._parsed(place).scenarios]
        return {name for written in scenarios for name in (written.id, written.base_id)}

    def _may_hold(self, place: _Place, name: str) -> bool:
        return any(_begins(known, name) for known in self._ids[place.path][1])

    def _known_places(self) -> tuple[_Place, ...]:
        """Return the files as last seen, without looking whether they still are the same."""
        return self._refreshed() if self._places is None else self._places

    def _refreshed(self) -> tuple[_Place, ...]:
        """Return the files that are there now, each looked through for ids if it has changed."""
        found: dict[Path, _Place] = {}
        for root in self._roots:
            home = root.resolve()
            for place in sorted(_below(root), key=lambda place: place.path.relative_to(root).as_posix()):
                found.setdefault(home / place.path.relative_to(root), place)
        self._places = tuple(found.values())
        for place in self._places:
            stamp = _stamp(place.path)
            if place.path not in self._ids or self._ids[place.path][0] != stamp:
                self._ids[place.path] = (stamp, _ids_in(place.path, stamp))
        return self._places

    def _parsed(self, place: _Place) -> _Parsed:
        stamp = _stamp(place.path)
        known = self._files.get(place)
        if known is None or known.stamp is None or known.stamp != stamp:
            known = _parse(place, stamp)
            self._files[place] = known
        return known


def _sound(files: Iterable[_Parsed]) -> tuple[Written, ...]:
    """Return the scenarios of all these files; raise everything that is wrong with them."""
    found, complaints = _gathered(files)
    complaints.raise_if_any()
    return found


def _gathered(files: Iterable[_Parsed]) -> tuple[tuple[Written, ...], Complaints]:
    """Return the scenarios of all these files, and what is wrong with them."""
    complaints = Complaints()
    found: list[Written] = []
    for parsed in files:
        found += parsed.scenarios
        for problem in parsed.problems:
            complaints.add(problem)
    complain_of_twins(found, complaints)
    return tuple(found), complaints


def _named(parsed: _Parsed, name: str, attribute: str) -> tuple[Written, ...]:
    return tuple(written for written in parsed.scenarios if getattr(written, attribute) == name)


def _begins(known: str, name: str) -> bool:
    """Return whether `known` is the id `name`, or may be the base id of a matrix to which it belongs."""
    return known == name or name.startswith(f"{known}-")


def _parse(place: _Place, stamp: _Stamp | None) -> _Parsed:
    complaints = Complaints()
    source = read_file(place.path, complaints)
    tree = read_tree(source, complaints) if source else None
    if source is None or tree is None:
        return _Parsed(stamp, (), complaints.problems)
    if place.root is not None and not is_document(tree):
        return _Parsed(stamp, (), ())  # a fixture, say
    found = writtens(tree, Origin(source, place.path, place.root, place.suite), complaints)
    return _Parsed(stamp, found, complaints.problems)


def _below(root: Path) -> Iterator[_Place]:
    for folder, _, names in os.walk(root):
        inside = Path(folder)
        suite = inside.relative_to(root).parts
        for name in names:
            if name.endswith(SUFFIX):
                yield _Place(inside / name, root, suite)


def _stamp(path: Path) -> _Stamp | None:
    """Return what changes when the file does; None if it is no regular file that could be read."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _ids_in(path: Path, stamp: _Stamp | None) -> frozenset[str]:
    """Return everything in the text of `path` that is written like an id; nothing for what is no text of bounded size."""
    if stamp is None or stamp[2] > SCENARIO_LIMITS.size:
        return frozenset()
    try:
        return frozenset(found.decode() for found in _SIMPLE_ID.findall(path.read_bytes()))
    except OSError:  # told when the file is parsed
        return frozenset()


def _not_found(what: str, name: str, known: Iterable[str]) -> ScenarioNotFoundError:
    return ScenarioNotFoundError(
        [Problem("unknown-name", f"there is no {what} `{name}`", remedy=did_you_mean(name, known))]
    )
