"""The pytest plugin: collects scenario files, runs each scenario as a test, tells what did not hold. Hooks, and nothing else.

An installed plugin is imported by every test session; the engine is imported only where there is a scenario.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pytest

from rehearse.pytest_plugin.collection import FLAKY, STATUS, ScenarioFile, ScenarioItem
from rehearse.pytest_plugin.fixtures import rehearse_runner, scenario_database
from rehearse.pytest_plugin.options import ForWorkers, add_options, tell_worker
from rehearse.pytest_plugin.session import SESSION, ScenarioSession, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["rehearse_runner", "scenario_database"]

_SUFFIX, _NAMED_SUFFIXES = ".yaml", (".yaml", ".yml")
_AWAITED_BY_OTHERS = ("asyncio", "anyio", "trio")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, read the options, and look below the scenario paths where no file or folder was named."""
    config.addinivalue_line("markers", "scenario: a test that runs a scenario")
    if not config.pluginmanager.hasplugin("asyncio"):
        config.addinivalue_line("markers", "asyncio: an async test")
    session = ScenarioSession(config)
    config.stash[SESSION] = session
    if config.args_source is not config.ArgsSource.ARGS:
        places = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
        unseen = [root for root in session.roots if not any(root.is_relative_to(place) for place in places)]
        config.args += [str(root) for root in unseen if root.is_dir()]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what was opened."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of pytest-xdist what all of them share: the database, the templates, and when they began."""
    session = node.config.stash[SESSION]
    shared = ForWorkers(session.database_for_workers(), session.templates_for_workers(), session.options.began)
    tell_worker(node.workerinput, shared)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect what was named, and what lies below a scenario path."""
    if parent.session.isinitpath(file_path):
        wanted = file_path.suffix in _NAMED_SUFFIXES
    else:
        wanted = file_path.suffix == _SUFFIX and parent.config.stash[SESSION].holds(file_path)
    return ScenarioFile.from_parent(parent, path=file_path) if wanted else None


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect without the cyclic collector, which would look through every scenario again and again and find nothing to free."""
    del session
    with undisturbed():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse two scenarios of one id, since nobody could name either of them.

    Raises:
        pytest.UsageError: If there are any.
    """
    places: dict[str, str] = {}
    twins = []
    for item in items:
        if isinstance(item, ScenarioItem):
            first = places.setdefault(item.written.id, item.nodeid)
            if first != item.nodeid:
                twins.append(f"{first} and {item.nodeid} have one id")
    if twins:
        raise pytest.UsageError("; ".join(twins))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Say which scenarios will run, so that several can be performed at the same time."""
    scenarios = [item.written for item in session.items if isinstance(item, ScenarioItem)]
    if scenarios and not session.config.option.collectonly:
        session.config.stash[SESSION].rehearsal.will_run(scenarios)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Await an async test that is marked ``scenario``, where no other plugin does."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or pyfuncitem.get_closest_marker("scenario") is None:
        return None
    plugins = pyfuncitem.config.pluginmanager
    if any(plugins.hasplugin(name) and pyfuncitem.get_closest_marker(name) for name in _AWAITED_BY_OTHERS):
        return None
    names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001  (there is no public way to the names that the function takes)
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Tell a deadline, and a pass that took several attempts, apart from other failures and passes."""
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return None
    found = dict(report.user_properties)
    if report.failed and found.get(STATUS) == "timeout":
        return "failed", "T", "TIMEOUT"
    if report.failed and found.get(STATUS) == "unknown":
        return "failed", "?", "UNKNOWN"
    if report.passed and FLAKY in found:
        return "flaky", "R", "FLAKY"
    return None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which scenarios ran out of time or needed several attempts, and where the evidence lies."""
    reports = [report for kind in ("failed", "passed", "flaky") for report in terminalreporter.stats.get(kind, ())]
    facts = [(report, dict(report.user_properties)) for report in reports if isinstance(report, pytest.TestReport)]
    told = [(report, found) for report, found in facts if STATUS in found]
    keeps = config.stash[SESSION].options.capture_artifacts
    lines = [
        *(f"TIMEOUT {report.nodeid}" for report, found in told if found[STATUS] == "timeout"),
        *(f"FLAKY {report.nodeid}: attempts {found[FLAKY]}" for report, found in told if FLAKY in found),
        *(
            f"{found[STATUS]:<8} {found['scenario_evidence']}"
            for report, found in told
            if keeps or (report.failed and found["scenario_evidence"])
        ),
    ]
    if lines:
        terminalreporter.section("scenarios")
        for line in lines:
            terminalreporter.line(line)
