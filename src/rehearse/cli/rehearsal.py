"""From the options of ``rehearse run`` to results, told to people or as JSON lines."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import ERROR, MISTAKE, PASSED, CallerError
from rehearse.cli.interrupt import polite_interrupt
from rehearse.cli.progress import display
from rehearse.cli.summary import summary_lines
from rehearse.cli.terminal import Printer, for_people
from rehearse.errors import Problem, ScenarioError
from rehearse.report.formats import EXPORTERS
from rehearse.report.model import count_text
from rehearse.report.suite.model import Pages
from rehearse.report.text import Line, headline, report_lines
from rehearse.run.deadline import Cancellation
from rehearse.run.outcome import ScenarioResult, exit_code
from rehearse.run.run import Services
from rehearse.run.suite import perform_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from rehearse.artifacts.store import ArtifactStore
    from rehearse.cli.json_lines import JsonLines
    from rehearse.cli.progress import Display
    from rehearse.plan import Plan
    from rehearse.project import Project


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the command line says; None leaves a choice to the scenario."""

    names: tuple[str, ...] = ()
    everything: bool = False
    database: str = "sqlite"
    consent: str = ""
    timeout: float | None = None
    retry: int | None = None
    jobs: int = 1
    orders: int = 1
    debug: bool = False
    keep_failed: bool = False
    report: str = ""
    pages: Pages = "all"
    json: bool = False
    artifacts: str = ""
    validators: tuple[str, ...] = ()


def rehearse(options: RunOptions) -> int:
    """Perform what was asked for and return the exit code; nothing runs if any scenario has a mistake."""
    people, began = for_people(json=options.json), time.monotonic()
    lines = _json_lines() if options.json else None
    try:
        project = engine.project()
        plans = _plans(project, options)
    except ScenarioError as error:
        if lines:
            _tell_problems(lines, error.problems)
        raise
    cancellation = Cancellation()
    artifacts = engine.artifact_store(project, options.artifacts)
    with ExitStack() as stack:
        store = stack.enter_context(engine.opened_store(options.database, options.consent))
        stack.callback(artifacts.close)
        shown = stack.enter_context(_display(len(plans), lines))
        stack.enter_context(polite_interrupt(cancellation, shown.say, last=shown.drop))
        services = Services(
            store=store,
            artifacts=artifacts,
            listeners=(shown, lines) if lines else (shown,),
            cancellation=cancellation,
            keep_failed=options.keep_failed,
            validators=(*project.validators, *options.validators),
            exporters=EXPORTERS,
            orders=options.orders,
        )
        work = [(plan, services, options.retry or plan.scenario.attempts) for plan in plans]
        results = perform_all(work, jobs=options.jobs, ended=_told(shown, lines))
    seconds, missing = time.monotonic() - began, len(plans) - len(results)
    _report(results, people, {plan.scenario.id: plan for plan in plans}, seconds)
    if missing:
        people.line(f"{count_text(missing, 'scenario')} did not begin", style="warn")
    if options.report:
        _write_report(results, artifacts, options, missing, people)
    code = max(exit_code(results), ERROR if missing else PASSED)
    if lines:
        lines.summary(results, code, missing=missing, seconds=seconds)
    return code


def _plans(project: Project, options: RunOptions) -> tuple[Plan, ...]:
    """Return every plan, or raise every mistake of every scenario at once."""
    if options.everything == bool(options.names):
        raise CallerError(
            "say what to run: ids, suites or paths, or --all" if not options.names else "names or --all, not both"
        )
    catalog = engine.catalog(project)
    written = catalog.all() if options.everything else engine.selected(catalog, options.names)
    plans: list[Plan] = []
    problems: list[Problem] = []
    for each in written:
        try:
            document = engine.with_options(each, timeout=options.timeout, debug=options.debug)
            plans.append(engine.planned(engine.load(document, project, options.validators)))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    if not plans:
        raise CallerError("there is no scenario to run")
    return tuple(plans)


def _json_lines() -> JsonLines:
    from rehearse.cli.json_lines import JsonLines  # noqa: PLC0415  (only who asks pays for it)

    return JsonLines(sys.stdout)


def _display(total: int, lines: JsonLines | None) -> AbstractContextManager[Display]:
    """Progress goes to standard error, so that a report can be piped; in a terminal both meet, and JSON lines would run through a live view."""
    return display(Printer(sys.stderr), total=total, alone=lines is None or not sys.stdout.isatty())


def _told(shown: Display, lines: JsonLines | None) -> Callable[[ScenarioResult], None]:
    """Return what is told of each scenario that is over."""

    def ended(result: ScenarioResult) -> None:
        shown.finished(result)
        if lines:
            lines.result(result)

    return ended


def _report(
    results: tuple[ScenarioResult, ...],
    people: Printer,
    plans: Mapping[str, Plan],
    seconds: float,
) -> None:
    """One run is shown whole; of many, those that did not pass, a line for each of the others, and a summary.

    Who watched in a terminal while the report goes elsewhere reads the summary there too: the view has left nothing.
    """
    if not results:
        return
    if sys.stderr.isatty() and not people.stream.isatty():
        Printer(sys.stderr).lines(summary_lines(results, seconds))
    if len(results) == 1:
        people.lines(_whole(results[0], plans[results[0].scenario_id]))
        return
    for result in results:
        if result.success:
            people.lines([_in_list(result)])
        else:
            people.line()
            people.lines(report_lines(result, journal=plans[result.scenario_id].domain.journal_tables))
            people.line()
    people.lines(summary_lines(results, seconds))


def _whole(result: ScenarioResult, plan: Plan) -> tuple[Line, ...]:
    """The report of one run, with what the domain says of it in short if the run kept what that is made from."""
    from rehearse.report.folder import Folder  # noqa: PLC0415  (many runs show no panels)
    from rehearse.report.stored_panels import stored_panels  # noqa: PLC0415

    panels = stored_panels(Folder(Path(result.run_path)), plan) if result.run_path else ()
    return report_lines(result, journal=plan.domain.journal_tables, panels=panels)


def _write_report(
    results: tuple[ScenarioResult, ...], artifacts: ArtifactStore, options: RunOptions, missing: int, people: Printer
) -> None:
    from rehearse.cli.reporting import report_finished  # noqa: PLC0415  (only who asks pays for it)
    from rehearse.report.suite.folder import Place  # noqa: PLC0415

    place = Place.named(Path(options.report), options.pages)
    report_finished(results, artifacts, place, missing=missing)
    people.line(f"Report: {place.index}", style="dim")


def _in_list(result: ScenarioResult) -> Line:
    """The headline with the fingerprint of the final state, by which two lists can be compared."""
    line = headline(result)
    return replace(line, text=f"{line.text} · {(result.fingerprint or '')[:16]}")


def _tell_problems(lines: JsonLines, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        lines.problem(problem)
    lines.write({"event": "summary", "exit_code": MISTAKE, "scenarios": 0})
