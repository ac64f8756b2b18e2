"""The files below the scenario paths: found in a fixed order, looked through for ids, parsed when needed and when changed."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rehearse.errors import Complaints, Problem
from rehearse.loading.documents import Origin, is_document, writtens
from rehearse.loading.files import read_file
from rehearse.loading.limits import SCENARIO_LIMITS
from rehearse.loading.yaml_tree import read_tree
from rehearse.scenario import Written

if TYPE_CHECKING:
    from collections.abc import Iterator


SUFFIX = ".yaml"
_SIMPLE_ID = re.compile(
    rb"""(?<![\w$./-])["']?id["']?[ \t]*:[ \t]*["']?([a-z0-9]+(?:-[a-z0-9]+)*)["']?[ \t]*(?=[,}\r\n#]|\Z)"""
)


@dataclass(frozen=True)
class Place:
    """A file, with the scenario path below which it was found; named directly, it has none."""

    path: Path
    root: Path | None = None
    suite: tuple[str, ...] = ()


_Stamp: TypeAlias = tuple[int, int, int]
"""What changes when a file does: inode, time of the last change in ns, size."""


@dataclass(frozen=True)
class Parsed:
    """A file as it was when it was parsed: its scenarios, and everything that is wrong with it."""

    stamp: _Stamp | None
    scenarios: tuple[Written, ...]
    problems: tuple[Problem, ...]

    def of_id(self, scenario_id: str) -> tuple[Written, ...]:
        """Return its scenarios of this id: more than one is a mistake."""
        return tuple(written for written in self.scenarios if written.id == scenario_id)

    def of_base(self, base_id: str) -> tuple[Written, ...]:
        """Return its scenarios that were written under this id."""
        return tuple(written for written in self.scenarios if written.base_id == base_id)


class ScenarioFiles:
    """The files below some paths, in the order of the paths and then of the files' own, by code point.

    A path that does not exist holds none, and a file that lies below two of them is taken once.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._ids: dict[Path, tuple[_Stamp | None, frozenset[str]]] = {}
        self._index: dict[str, list[tuple[int, Place]]] | None = None
        self._files: dict[Place, Parsed] = {}

    def listed(self) -> tuple[Place, ...]:
        """Return the files that are there now."""
        found: dict[Path, Place] = {}
        for root in self._roots:
            home = root.resolve()
            for name, place in sorted(_below(root), key=lambda pair: pair[0]):
                found.setdefault(home / name, place)
        return tuple(found.values())

    def parsed(self, place: Place) -> Parsed:
        """Return what is in a file, as it is now."""
        stamp = _stamp(place.path)
        known = self._files.get(place)
        if known is None or known.stamp is None or known.stamp != stamp:
            known = _parse(place, stamp)
            self._files[place] = known
        return known

    def holding(self, name: str, *, anew: bool) -> tuple[Place, ...]:
        """Return the files in whose text an id stands that is `name`, or begins it as the base id of a matrix does.

        The texts are those of the last look; `anew` takes another one. An id in an unusual spelling is not seen.
        """
        if anew or self._index is None:
            self._index = self._looked_through()
        words = name.split("-")
        prefixes = ("-".join(words[:length]) for length in range(1, len(words) + 1))
        found = {entry for prefix in prefixes for entry in self._index.get(prefix, ())}
        return tuple(place for _, place in sorted(found, key=lambda entry: entry[0]))

    def hides(self, place: Place, parsed: Parsed, name: str) -> bool:
        """Return whether `name` stands in the text of a file that `holding` gave, but no scenario came out of it."""
        read = {written.base_id for written in parsed.scenarios}
        ids = self._ids[place.path][1] - read
        return any(known == name or name.startswith(f"{known}-") for known in ids)

    def _looked_through(self) -> dict[str, list[tuple[int, Place]]]:
        index: dict[str, list[tuple[int, Place]]] = {}
        for number, place in enumerate(self.listed()):
            stamp = _stamp(place.path)
            if place.path not in self._ids or self._ids[place.path][0] != stamp:
                self._ids[place.path] = (stamp, _ids_in(place.path, stamp))
            for known in self._ids[place.path][1]:
                index.setdefault(known, []).append((number, place))
        return index


def _parse(place: Place, stamp: _Stamp | None) -> Parsed:
    complaints = Complaints()
    source = read_file(place.path, complaints)
    tree = read_tree(source, complaints) if source else None
    if source is None or tree is None:
        return Parsed(stamp, (), complaints.problems)
    if place.root is not None and not is_document(tree):
        return Parsed(stamp, (), ())  # a fixture, say
    found = writtens(tree, Origin(source, place.path, place.root, place.suite), complaints)
    return Parsed(stamp, found, complaints.problems)


def _below(root: Path) -> Iterator[tuple[str, Place]]:
    """Yield every file with the name by which it is sorted, its path below `root` with slashes."""
    for folder, _, names in os.walk(root):
        inside = Path(folder)
        suite = inside.relative_to(root).parts
        for name in names:
            if name.endswith(SUFFIX):
                yield "/".join((*suite, name)), Place(inside / name, root, suite)


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
