"""Scenario files as pytest sees them: a file is a collector, a scenario a test, and what went wrong is told as its author wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ScenarioError
from rehearse.loading.entries import entry_of
from rehearse.pytest_plugin.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.run.outcome import ScenarioResult
    from rehearse.scenario import Written


_MARKS: pytest.StashKey[set[str]] = pytest.StashKey()
STATUS, FLAKY = "scenario_status", "scenario_flaky"
"""Names of properties of a test, which also reach JUnit XML."""


class ScenarioFile(pytest.File):
    """A file whose one top-level key is ``scenario`` or ``scenarios``.

    One that was named on the command line must be such a file; of the others, those that are not are passed over.
    """

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield its scenarios, in the order of the file."""
        for written in self._written():
            yield ScenarioItem.of(self, written)

    def _written(self) -> tuple[Written, ...]:
        from rehearse.loading.catalog import Catalog  # noqa: PLC0415  (a session without scenarios does not need it)

        if self.session.isinitpath(self.path):
            return Catalog(()).read(self.path)
        return scenarios_in(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]  # text will do
        """Show an author's mistakes with their places, anything else as pytest does."""
        if isinstance(excinfo.value, ScenarioError):
            return told(excinfo.value)
        return str(super().repr_failure(excinfo))


def scenarios_in(path: Path) -> tuple[Written, ...]:
    """Return the scenarios of a file; nothing for one that holds none, such as a fixture.

    Raises:
        ScenarioError: If it holds scenarios, and anything in it is wrong.
    """
    from rehearse.loading.scenario_files import Place, ScenarioFiles  # noqa: PLC0415  (as above)

    parsed = ScenarioFiles(()).parsed(Place(path, path.parent))
    if parsed.problems:
        raise ScenarioError(parsed.problems)
    return parsed.scenarios


def told(error: ScenarioError) -> str:
    """Return an author's mistakes as text that harms no terminal."""
    from rehearse.report.visible import visible  # noqa: PLC0415  (only what went wrong needs it)

    return visible(str(error))


class ScenarioItem(pytest.Item):
    """One scenario."""

    written: Written

    @classmethod
    def of(cls, parent: ScenarioFile, written: Written) -> ScenarioItem:
        """Return the test of a scenario, marked with its category, its priority and its tags."""
        item: ScenarioItem = cls.from_parent(parent, name=written.id)
        item.written = written
        entry = entry_of(written)
        for name in dict.fromkeys(("scenario", entry.category, entry.priority, *entry.tags)):
            if name:
                _mark(item, name)
        return item

    def runtest(self) -> None:
        """Perform the scenario.

        Raises:
            NotPassedError: If it did not pass.
        """
        result = self.config.stash[SESSION].rehearsal.result_of(self.written)
        self.user_properties += properties(result)
        if not result.success:
            raise NotPassedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """Tell what did not hold: no traceback of the engine, unless the engine is at fault."""
        del style  # the story has one
        if isinstance(excinfo.value, NotPassedError):
            from rehearse.report.failure import failure_text  # noqa: PLC0415  (only what went wrong needs it)

            return failure_text(excinfo.value.result)
        if isinstance(excinfo.value, ScenarioError):
            return told(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line and name, as reports show them."""
        place = self.written.place
        return self.path, place.line - 1 if place else 0, self.name


def _mark(item: pytest.Item, name: str) -> None:
    """Add a mark that nobody had to declare: categories, priorities and tags are the scenarios' own words."""
    known = item.config.stash.setdefault(_MARKS, set())
    if name not in known:
        known.add(name)
        item.config.addinivalue_line("markers", f"{name}: scenarios that say so")
    item.add_marker(name)


class NotPassedError(Exception):
    """A scenario that did not pass.

    Attributes:
        result: The whole result.
    """

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(result.error or result.status)
        self.result = result


def properties(result: ScenarioResult) -> list[tuple[str, object]]:
    """Return what a report of tests keeps of a run: status, database, evidence, and every step with its time and queries."""
    from rehearse.report.model import isolation_text, seconds_text  # noqa: PLC0415  (as above)
    from rehearse.report.visible import cell  # noqa: PLC0415

    found: list[tuple[str, object]] = [
        (STATUS, result.status),
        ("scenario_database", isolation_text(result)),
        ("scenario_run", result.run_id),
        ("scenario_evidence", cell(result.run_path)),
        ("scenario_fingerprint", (result.fingerprint or "")[:16]),
        ("scenario_queries", result.metrics.database_queries.get("total", 0)),
    ]
    if result.flaky:
        found.append((FLAKY, ", ".join(attempt.status for attempt in result.attempts)))
    found += [
        (
            f"step {step.name} {cell(step.operation)}",
            step.outcome
            if step.outcome == "skipped"
            else f"{step.outcome}, {seconds_text(step.seconds)}, {step.query_count} queries",
        )
        for step in result.steps
    ]
    return found
