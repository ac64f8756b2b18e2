"""What a test session holds: its options, its project, and the rehearsal that is made when the first scenario needs it."""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from rehearse.project import DATABASE_VARIABLE, find_project
from rehearse.pytest_plugin.options import ScenarioOptions, options_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.project import Project
    from rehearse.pytest_plugin.rehearsal import Rehearsal

BUNDLED = ("bundled", "postgresql+bundled://")


class ScenarioSession:
    """The scenarios' side of one pytest session.

    Attributes:
        options: How scenarios run.
        project: Of the session's root.
        roots: The scenario paths, resolved.

    Raises:
        pytest.UsageError: If an option is not of its kind, or the project file has mistakes.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.options: ScenarioOptions = options_of(config, default_database=os.environ.get(DATABASE_VARIABLE, ""))
        self.project: Project = _project(config.rootpath)
        named = config.getini("scenario_paths")
        roots = named or [config.rootpath / root for root in self.project.scenario_roots]
        self.roots: tuple[Path, ...] = tuple(root.resolve() for root in roots)
        self._closing = ExitStack()
        self._rehearsal: Rehearsal | None = None
        self._server = ""
        self._templates = ""
        self._tell_functions()

    @property
    def rehearsal(self) -> Rehearsal:
        """What performs the scenarios; made on first use."""
        if self._rehearsal is None:
            from rehearse.pytest_plugin.rehearsal import Rehearsal  # noqa: PLC0415  (a session without scenarios stays light)

            self._rehearsal = Rehearsal(self.options, self.project)
            self._closing.callback(self._rehearsal.close)
        return self._rehearsal

    def database_for_workers(self) -> str:
        """Return the database that worker processes share: of the bundled server there is one for all of them."""
        if self.options.database not in BUNDLED:
            return self.options.database
        if not self._server:
            from rehearse.database.server import BundledServer  # noqa: PLC0415  (as above)

            server = BundledServer()
            self._closing.callback(server.stop)
            self._server = server.start()
        return self._server

    def templates_for_workers(self) -> str:
        """Return the folder in which worker processes share templates, so that each is built once; it goes with the session."""
        if not self._templates:
            self._templates = self._closing.enter_context(TemporaryDirectory(prefix="rehearse-templates-"))
        return self._templates

    def holds(self, path: Path) -> bool:
        """Whether a file lies below a scenario path."""
        return any(path.is_relative_to(root) for root in self.roots)

    def close(self) -> None:
        """Close everything that was opened. Idempotent."""
        self._closing.close()

    def _tell_functions(self) -> None:
        """Let `run_scenario_full` and its like, called in tests written by hand, use the session's database too."""
        if self.options.consent or self.options.database == "sqlite":
            return
        self._closing.callback(_restore, os.environ.get(DATABASE_VARIABLE))
        os.environ[DATABASE_VARIABLE] = self.options.database


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the cyclic collector away; what was made meanwhile is not looked through later either, since it lives as long as the session."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(DATABASE_VARIABLE, None)
    else:
        os.environ[DATABASE_VARIABLE] = before


def _project(root: Path) -> Project:
    from rehearse.errors import ScenarioError  # noqa: PLC0415  (as above)

    try:
        return find_project(root)
    except ScenarioError as error:
        raise pytest.UsageError(str(error)) from error


SESSION: pytest.StashKey[ScenarioSession] = pytest.StashKey()
