"""What ``rehearse serve`` gives its server: the project's runs, and the names of what can be run."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.terminal import Printer
from rehearse.report.visible import visible

if TYPE_CHECKING:
    from rehearse.loading.catalog import Catalog


def serve_runs(root: str, port: int) -> int:
    """Serve until somebody asks for an end.

    Raises:
        CallerError: If the port cannot be had.
        ScenarioError: If the project file has mistakes.
        ArtifactError: If the place of the runs is not to be trusted.
    """
    from rehearse.serve.server import PortError, serve  # noqa: PLC0415  (start-up stays light)

    project = engine.project()
    catalog, one_at_a_time = engine.catalog(project), threading.Lock()

    def names() -> tuple[str, ...]:
        with one_at_a_time:
            return names_of(catalog)

    printer = Printer(sys.stdout)
    with engine.artifact_store(project, root) as store:
        store.handle()
        try:
            serve(store, port, names, lambda text: printer.line(visible(text)))
        except PortError as error:
            raise CallerError(str(error)) from error
    printer.line("ended")
    return PASSED


def names_of(catalog: Catalog) -> tuple[str, ...]:
    """Return every suite and every scenario; what is wrong with a file is told when somebody runs it."""
    found, _ = catalog.scan()
    return tuple(dict.fromkeys((*catalog.suites(), *(written.id for written in found))))
