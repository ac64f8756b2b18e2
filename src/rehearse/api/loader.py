"""Finding, checking and resolving scenarios, as the seed shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rehearse.api.draft import ScenarioDraft
from rehearse.api.settings import Settings
from rehearse.errors import Complaints, Problem, ScenarioError, ScenarioNotFoundError
from rehearse.loading.load import load_written
from rehearse.loading.resolve import resolved
from rehearse.registry import domain
from rehearse.source import Span


class ScenarioLoader:
    """Loads scenarios by path, id or suite, from the project's scenario paths and those that domains ship."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings.here()

    def load_scenario(self, path: str | Path) -> ScenarioDraft:
        """Return the scenario of a file; of several in one file the first.

        Raises:
            ScenarioNotFoundError: If there is no such file.
            ScenarioError: If it is no scenario file.
        """
        if not Path(path).is_file():
            raise ScenarioNotFoundError([Problem("bad-path", f"there is no file `{path}`")])
        return ScenarioDraft(self._settings.catalog.read(Path(path))[0])

    def load_scenario_by_id(self, scenario_id: str) -> ScenarioDraft:
        """Return the scenario of that id.

        Raises:
            ScenarioNotFoundError: If there is none; the message names the nearest.
        """
        return ScenarioDraft(self._settings.catalog.by_id(scenario_id))

    def load_scenario_suite(self, suite: str) -> tuple[ScenarioDraft, ...]:
        """Return every scenario of a suite, by file and position.

        Raises:
            ScenarioNotFoundError: If there is no such suite; the message names the nearest.
        """
        return tuple(ScenarioDraft(written) for written in self._settings.catalog.suite(suite))


@dataclass(frozen=True)
class StructureError:
    """One mistake: `field` is the key's dotted path, `message` what is wrong and what to do."""

    field: str
    message: str
    span: Span | None
    remedy: str


@dataclass(frozen=True)
class StructureValidation:
    """The answer of `ScenarioStructureValidator`."""

    errors: tuple[StructureError, ...]
    notes: tuple[Problem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether there is no mistake."""
        return not self.errors


class ScenarioStructureValidator:
    """Checks a scenario whole, without a database."""

    def validate_structure(self, scenario: ScenarioDraft) -> StructureValidation:
        """Return every mistake of `scenario`."""
        try:
            loaded = load_written(scenario.written)
        except ScenarioError as error:
            return StructureValidation(tuple(_structure_error(problem) for problem in error.problems))
        return StructureValidation((), loaded.scenario.notes)


def _structure_error(problem: Problem) -> StructureError:
    return StructureError(problem.field or "scenario", problem.message, problem.span, problem.remedy)


class ScenarioParser:
    """Resolves what is written as ``${…}`` and every generator."""

    def resolve_variables(self, scenario: ScenarioDraft) -> ScenarioDraft:
        """Return a new scenario in which every placeholder but ``${steps.…}`` is resolved, exactly once.

        Raises:
            ScenarioError: If something cannot be resolved.
        """
        complaints = Complaints()
        written = resolved(scenario.written, domain(scenario.domain).generators, complaints)
        complaints.raise_if_any()
        return ScenarioDraft(written)
