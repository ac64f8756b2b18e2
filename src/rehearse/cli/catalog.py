"""What there is to rehearse: lists, checks, and the reference of a domain."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.cli import engine
from rehearse.cli.boundary import MISTAKE, PASSED, CallerError
from rehearse.cli.terminal import Printer, for_people
from rehearse.errors import Problem, did_you_mean
from rehearse.loading.entries import Entry, entry_of
from rehearse.report.model import count_text
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from rehearse.report.text import Style
    from rehearse.scenario import Written


@dataclass(frozen=True)
class Selection:
    """Which scenarios are listed; what is empty selects nothing out."""

    suite: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    priority: str = ""

    def takes(self, written: Written) -> bool:
        """Whether a scenario is listed."""
        entry = entry_of(written)
        categories = ("", entry.category, engine.category_of(written, entry.category))
        wanted = engine.category_of(written, self.category)
        return wanted in categories and self.priority in ("", entry.priority) and set(self.tags) <= set(entry.tags)


PRIORITIES = ("critical", "high", "medium", "low")


def list_scenarios(selection: Selection, *, as_json: bool) -> int:
    """Print the scenarios that `selection` takes; exit code 0 even if there is none.

    Raises:
        As `chosen`.
    """
    entries = chosen(selection)
    if as_json:
        _list_as_json(entries)
        return PASSED
    printer = Printer(sys.stdout)
    suite = None
    width = max((len(entry.id) for entry in entries), default=0)
    for entry in entries:
        if entry.suite != suite:
            suite = entry.suite
            printer.line(cell(suite) or "(no suite)", style="title")
        printer.line(f"  {cell(entry.id):<{width}}  {cell(entry.priority):<8}  {cell(entry.name)}")
    printer.line(count_text(len(entries), "scenario"), style="dim")
    return PASSED


def chosen(selection: Selection) -> list[Entry]:
    """Return the scenarios that `selection` takes.

    Raises:
        ScenarioError: If the suite is unknown, or a file cannot be read.
        CallerError: If there is no such priority.
    """
    if selection.priority not in ("", *PRIORITIES):
        raise CallerError(f"no priority `{selection.priority}`; {did_you_mean(selection.priority, PRIORITIES)}")
    catalog = engine.catalog(engine.project())
    written = catalog.suite(selection.suite) if selection.suite else catalog.all()
    return [entry_of(each) for each in written if selection.takes(each)]


def _list_as_json(entries: list[Entry]) -> None:
    from dataclasses import asdict  # noqa: PLC0415  (only who asks pays for it)

    from rehearse.cli.json_lines import JsonLines  # noqa: PLC0415
    from rehearse.report.document import json_value  # noqa: PLC0415

    lines = JsonLines(sys.stdout)
    for entry in entries:
        lines.write({key: json_value(value) for key, value in asdict(entry).items()})


def check_scenarios(names: tuple[str, ...], validators: tuple[str, ...]) -> int:
    """Print every mistake and note; exit code 2 if there is a mistake. No database and no run is made."""
    project = engine.project()
    catalog = engine.catalog(project)
    written, found = engine.scanned(catalog, names)
    found = tuple(dict.fromkeys((*found, *engine.checked(written, project, validators)[1])))
    _print_problems(sorted(found, key=lambda problem: problem.place))
    notes = sum(problem.is_note for problem in found)
    mistakes = len(found) - notes
    counts = [count_text(mistakes, "problem")] + [count_text(notes, "note")] * bool(notes)
    printer = for_people(json=False)
    style: Style = "bad" if mistakes else "good"
    printer.line(f"{count_text(len(written), 'scenario')} checked: {', '.join(counts)}", style=style)
    return MISTAKE if mistakes else PASSED


def _print_problems(problems: list[Problem]) -> None:
    printer = for_people(json=False)
    for problem in problems:
        heading, _, rest = visible(problem.render()).partition("\n")
        printer.line(heading, style="dim" if problem.is_note else "bad")
        if rest:
            printer.line(rest)
        printer.line()


def describe_domain(name: str, *, form: str = "text") -> int:
    """Print the reference of a domain, or the names of all domains.

    Raises:
        ScenarioError: If there is no such domain.
    """
    from rehearse.registry import domain, domains  # noqa: PLC0415  (start-up stays light)

    printer = for_people(json=False)
    if not name:
        for each in domains():
            printer.line(
                f"{each.name}  {visible(each.doc).strip().splitlines()[0] if each.doc.strip() else ''}".rstrip()
            )
        return PASSED
    if form == "markdown":
        from rehearse.report.reference_markdown import reference_page  # noqa: PLC0415

        sys.stdout.write(reference_page(domain(name)))
        return PASSED
    from rehearse.report.reference import reference_lines  # noqa: PLC0415

    printer.lines(reference_lines(domain(name)))
    return PASSED


def explain_scenarios(names: tuple[str, ...], validators: tuple[str, ...]) -> int:
    """Print what scenarios will do, in plain words.

    Raises:
        ScenarioError: If one is unknown or has mistakes.
    """
    from rehearse.report.explain import explanation_lines  # noqa: PLC0415  (only this command needs it)

    project = engine.project()
    printer = Printer(sys.stdout)
    for number, written in enumerate(engine.selected(engine.catalog(project), names)):
        if number:
            printer.line()
        printer.lines(explanation_lines(engine.planned(engine.load(written, project, validators))))
    return PASSED
