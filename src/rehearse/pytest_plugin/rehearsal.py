"""What runs the scenarios of a test session: one store, one place for evidence, some runs ahead of the reports."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.interrupt import polite_interrupt
from rehearse.report.formats import EXPORTERS
from rehearse.run.deadline import Cancellation
from rehearse.run.run import Services
from rehearse.run.suite import perform_with_attempts
from rehearse.scenario import CAPTURES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.database.store import Store
    from rehearse.plan import Plan
    from rehearse.project import Project
    from rehearse.pytest_plugin.options import ScenarioOptions
    from rehearse.run.outcome import ScenarioResult
    from rehearse.scenario import Written


@dataclass
class _Opened:
    """What is opened with the first scenario, and closed at the end."""

    stack: ExitStack
    services: Services


class Rehearsal:
    """Performs the scenarios of one process.

    Nothing is opened before the first scenario runs, so that a session without scenarios pays nothing.
    """

    def __init__(self, options: ScenarioOptions, project: Project) -> None:
        self.options = options
        self.project = project
        self._cancellation = Cancellation()
        self._opened: _Opened | None = None
        self._ahead: _Ahead | None = None
        self._lock = threading.Lock()

    @property
    def services(self) -> Services:
        """What every run is given; opened on first use.

        Raises:
            RehearseError: If the database cannot be had.
        """
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened.services

    @property
    def store(self) -> Store:
        """Where databases come from."""
        return self.services.store

    def _open(self) -> _Opened:
        options = self.options
        stack = ExitStack()
        artifacts = engine.artifact_store(self.project, options.artifacts, began=options.began)
        shared = Path(options.templates) if options.templates else None
        store = stack.enter_context(engine.opened_store(options.database, options.consent, shared))
        stack.callback(artifacts.close)
        services = Services(
            store=store,
            artifacts=artifacts,
            cancellation=self._cancellation,
            keep_failed=options.keep_failed,
            validators=self.project.validators,
            exporters=EXPORTERS,
            orders=options.orders,
        )
        return _Opened(stack, services)

    def will_run(self, scenarios: Iterable[Written]) -> None:
        """Say which scenarios are to come, in their order, so that several can be performed at the same time."""
        if self.options.jobs > 1:
            self._ahead = _Ahead(self, scenarios, self.options.jobs)

    def result_of(self, written: Written) -> ScenarioResult:
        """Perform a scenario, or wait for it if it was begun ahead of its turn.

        Raises:
            ScenarioError: If it has mistakes.
            KeyboardInterrupt: If somebody asked for an end; what was begun is cleaned up by then.
        """
        if self._ahead is not None and self._ahead.knows(written):
            return self._ahead.result_of(written)
        if threading.current_thread() is not threading.main_thread():
            return self.perform(written)
        with polite_interrupt(self._cancellation, _unheard):
            result = self.perform(written)
        if self._cancellation.requested:
            raise KeyboardInterrupt
        return result

    def perform(self, written: Written, *, timeout: float | None = None) -> ScenarioResult:
        """Perform a scenario now.

        Raises:
            ScenarioError: If it has mistakes.
        """
        plan = self.plan_of(written, timeout=timeout)
        attempts = self.options.retries or plan.scenario.attempts
        return perform_with_attempts(plan, self.services, attempts)

    def plan_of(self, written: Written, *, timeout: float | None = None) -> Plan:
        """Return what a scenario will do under the session's options.

        Raises:
            ScenarioError: If it has mistakes.
        """
        limit = timeout if timeout is not None else self.options.timeout
        document = engine.with_options(written, timeout=limit, debug=False)
        plan = engine.planned(engine.load(document, self.project, ()))
        return _with_everything_kept(plan) if self.options.capture_artifacts else plan

    def close(self) -> None:
        """Stop what was begun ahead, and close what was opened. Idempotent."""
        if self._ahead is not None:
            self._cancellation.cancel()
            self._ahead.close()
            self._ahead = None
        with self._lock:
            if self._opened is not None:
                self._opened.stack.close()
                self._opened = None


def _unheard(_: str) -> None:
    """Pytest says itself that it was interrupted."""


def _with_everything_kept(plan: Plan) -> Plan:
    kept = plan.scenario.artifacts
    formats = tuple(dict.fromkeys((*kept.export_formats, "html_report")))
    artifacts = replace(kept, capture=CAPTURES, export_formats=formats)
    return replace(plan, scenario=replace(plan.scenario, capture_artifacts=True, artifacts=artifacts))


class _Ahead:
    """Performs scenarios in the order of their reports, a few at a time, never more than `jobs` before the one that is asked for."""

    def __init__(self, rehearsal: Rehearsal, scenarios: Iterable[Written], jobs: int) -> None:
        self._rehearsal = rehearsal
        self._waiting = deque(scenarios)
        self._known = {written.id for written in self._waiting}
        self._begun: dict[str, Future[ScenarioResult]] = {}
        self._jobs = jobs
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="rehearse-scenario")

    def knows(self, written: Written) -> bool:
        """Whether a scenario is among those to come."""
        return written.id in self._known

    def result_of(self, written: Written) -> ScenarioResult:
        """Return a scenario's result; the next ones are begun meanwhile."""
        self._begin(written.id)
        self._known.discard(written.id)
        return self._begun.pop(written.id).result()

    def _begin(self, wanted: str) -> None:
        """Begin what is next, and whatever stands before the one that is wanted."""
        while self._waiting and (wanted not in self._begun or len(self._begun) < self._jobs):
            following = self._waiting.popleft()
            self._begun[following.id] = self._threads.submit(self._rehearsal.perform, following)

    def close(self) -> None:
        """Begin nothing more and wait for what runs: it was asked to stop."""
        self._threads.shutdown(wait=True, cancel_futures=True)
