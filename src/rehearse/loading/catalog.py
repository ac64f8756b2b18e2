"""Where scenarios are found, and how one is picked: by path, by id, by suite.

A file is parsed when it is needed, and again only when it has changed. Asking for one id looks into every file once but parses
only those in which it may stand, so that a broken neighbour does not matter until it is asked for itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, ScenarioError, ScenarioNotFoundError, did_you_mean
from rehearse.loading.documents import complain_of_twins
from rehearse.loading.scenario_files import SUFFIX, Parsed, Place, ScenarioFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rehearse.scenario import Written


class Catalog:
    """The scenarios below some paths, in the order of the format: path, file, place in the file, matrix.

    A path that does not exist holds none. What is asked for is read from disk as it is at that moment.
    """

    def __init__(self, roots: Sequence[Path], *, bundled: Sequence[Path] = ()) -> None:
        self._files = ScenarioFiles((*roots, *bundled))

    def read(self, path: Path) -> tuple[Written, ...]:
        """Return the scenarios of one file, which need not lie below a scenario path.

        Raises:
            ScenarioError: If it cannot be read, holds no scenario, or anything in it is wrong.
        """
        return _sound([self._files.parsed(Place(path))])

    def all(self) -> tuple[Written, ...]:
        """Return every scenario.

        Raises:
            ScenarioError: If any file is wrong, or an id is used twice.
        """
        return _sound(self._all())

    def scan(self) -> tuple[tuple[Written, ...], tuple[Problem, ...]]:
        """Return every scenario of a file that could be read, and everything wrong with the files and ids."""
        found, complaints = _gathered(self._all())
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
        for place in self._files.listed():
            parsed = self._files.parsed(place)
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

        First the files known to hold it are asked; then the folders are looked through anew; last, every file is parsed,
        since an id may be written in ways that only a parser reads.
        """
        for anew in (False, True):
            places = self._files.holding(name, anew=anew)
            files = [(place, self._files.parsed(place)) for place in places]
            found = _among([parsed for _, parsed in files], name)
            if found is not None:
                return found
            broken = [parsed for place, parsed in files if parsed.problems and self._files.hides(place, parsed, name)]
            if broken and anew:
                return _sound(broken)
        return _among(self._all(), name)

    def _in_suite(self, name: str) -> tuple[Written, ...] | None:
        parts = tuple(part for part in name.split("/") if part)
        places = [place for place in self._files.listed() if parts and place.suite[: len(parts)] == parts]
        inside = [self._files.parsed(place) for place in places]
        if any(parsed.scenarios or parsed.problems for parsed in inside):
            return _sound(inside)
        found = self._with_id(name)
        return found if found is not None and found[0].bindings and found[0].base_id == name else None

    def _known_ids(self) -> set[str]:
        scenarios = [written for parsed in self._all() for written in parsed.scenarios]
        return {name for written in scenarios for name in (written.id, written.base_id)}

    def _all(self) -> list[Parsed]:
        return [self._files.parsed(place) for place in self._files.listed()]


def _among(files: Sequence[Parsed], name: str) -> tuple[Written, ...] | None:
    """Return the scenario of this id, else those of this base id, else None; raise what is wrong with their files."""
    single = [parsed for parsed in files if parsed.of_id(name)]
    if single:
        return tuple(written for written in _sound(single) if written.id == name)
    matrix = [parsed for parsed in files if parsed.of_base(name)]
    return tuple(written for written in _sound(matrix) if written.base_id == name) if matrix else None


def _sound(files: Iterable[Parsed]) -> tuple[Written, ...]:
    """Return the scenarios of all these files; raise everything that is wrong with them."""
    found, complaints = _gathered(files)
    complaints.raise_if_any()
    return found


def _gathered(files: Iterable[Parsed]) -> tuple[tuple[Written, ...], Complaints]:
    """Return the scenarios of all these files, and what is wrong with them."""
    complaints = Complaints()
    found: list[Written] = []
    for parsed in files:
        found += parsed.scenarios
        for problem in parsed.problems:
            complaints.add(problem)
    complain_of_twins(found, complaints)
    return tuple(found), complaints


def _not_found(what: str, name: str, known: Iterable[str]) -> ScenarioNotFoundError:
    return ScenarioNotFoundError(
        [Problem("unknown-name", f"there is no {what} `{name}`", remedy=did_you_mean(name, known))]
    )
