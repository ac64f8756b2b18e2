"""What tests written by hand get: scenarios by their ids, and databases in the state that a scenario's set-up makes."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rehearse.pytest_plugin.session import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection  # noqa: TC004  (a field's type is no reason to import it)

    from rehearse.api.draft import ScenarioDraft
    from rehearse.pytest_plugin.rehearsal import Rehearsal
    from rehearse.run.outcome import ScenarioResult
    from rehearse.scenario import Written


class ScenarioRunner:
    """Performs scenarios under the options of the test session; made by the fixture `rehearse_runner`."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self._rehearsal = rehearsal

    def run(self, scenario: ScenarioDraft | str, *, timeout: float | None = None) -> ScenarioResult:
        """Perform a scenario, named by its id or loaded, and return what became of it.

        Raises:
            ScenarioNotFoundError: If there is no scenario of that id.
            ScenarioError: If it has mistakes.
        """
        return self._rehearsal.perform(_written(self._rehearsal, scenario), timeout=timeout)

    def check(self, scenario: ScenarioDraft | str, *, timeout: float | None = None) -> ScenarioResult:
        """Perform a scenario and fail the test, with the whole story, if it did not pass.

        Raises:
            ScenarioNotFoundError, ScenarioError: As `run`.
        """
        result = self.run(scenario, timeout=timeout)
        if not result.success:
            from rehearse.report.failure import failure_text  # noqa: PLC0415  (only what went wrong needs it)

            pytest.fail(failure_text(result), pytrace=False)
        return result


@dataclass(frozen=True)
class ScenarioDatabase:
    """A database of the test's own, as the set-up of a scenario leaves it.

    Attributes:
        connection: An SQLAlchemy Core connection inside a transaction, which is rolled back with the database at the end.
        backend: ``sqlite`` or ``postgresql``.
        isolation_level: As the server calls it.
    """

    connection: Connection
    backend: str
    isolation_level: str


@pytest.fixture
def rehearse_runner(request: pytest.FixtureRequest) -> ScenarioRunner:
    """Perform scenarios from tests written by hand: ``rehearse_runner.check("n1-holiday-coverage-001")``."""
    return ScenarioRunner(request.config.stash[SESSION].rehearsal)


@pytest.fixture
def scenario_database(request: pytest.FixtureRequest) -> Iterator[Callable[[ScenarioDraft | str], ScenarioDatabase]]:
    """Databases of the test's own: ``scenario_database("n1-holiday-coverage-001").connection`` holds that scenario's set-up."""
    rehearsal = request.config.stash[SESSION].rehearsal
    with ExitStack() as stack:
        yield lambda scenario: stack.enter_context(_set_up(rehearsal, _written(rehearsal, scenario), request.node.name))


@contextmanager
def _set_up(rehearsal: Rehearsal, written: Written, name: str) -> Iterator[ScenarioDatabase]:
    from rehearse.database.deadline import Deadline  # noqa: PLC0415  (a session that does not use it does not pay for it)
    from rehearse.database.observe import StatementLog  # noqa: PLC0415
    from rehearse.run.isolate import isolate  # noqa: PLC0415
    from rehearse.run.observers import StepObserver  # noqa: PLC0415
    from rehearse.run.run import PHASE_SECONDS  # noqa: PLC0415

    lease = isolate(rehearsal.plan_of(written), rehearsal.store, f"test-{written.id}")
    try:
        work = lease.work(StepObserver(StatementLog(), name), Deadline.after(PHASE_SECONDS))
        try:
            work.begin()
            yield ScenarioDatabase(work.connection, lease.backend, lease.isolation_level)
            work.rollback()
        finally:
            work.close()
    finally:
        lease.finish(passed=True, rollback_on_failure=True)


def _written(rehearsal: Rehearsal, scenario: ScenarioDraft | str) -> Written:
    if not isinstance(scenario, str):
        return scenario.written
    from rehearse.cli import engine  # noqa: PLC0415  (as above)

    return engine.catalog(rehearsal.project).by_id(scenario)
