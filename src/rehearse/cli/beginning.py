"""A new scenario: what its author wants, said or asked; then a file that is checked before it is written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rehearse.cli import engine
from rehearse.cli.boundary import PASSED, CallerError
from rehearse.cli.editors import ensure_schema, relative
from rehearse.cli.terminal import Printer, for_people
from rehearse.errors import Complaints, Problem, ScenarioError, did_you_mean
from rehearse.writing.templates import AnswerError, Question, Template, next_id, templates_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearse.project import Project
    from rehearse.scenario import Written


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line says; what is empty is asked, or as in the template.

    Attributes:
        answers: As ``variable=value``.
        asking: Whether to ask, where there is somebody to ask.
    """

    identity: str
    template: str
    title: str
    answers: tuple[str, ...]
    output: str
    domain: str
    asking: bool


def list_templates(name: str) -> int:
    """Print the templates of a domain and what each asks.

    Raises:
        ScenarioError: If there is no such domain.
        CallerError: If it has no templates.
    """
    printer = for_people(json=False)
    for template in _templates(name).values():
        printer.line(template.name, style="title")
        printer.line(f"  {template.title}")
        for question in template.questions:
            printer.line(f"  {question.name:<10} {question.text} ({question.shown})", style="dim")
    return PASSED


def begin(wishes: Wishes) -> int:
    """Write a new scenario and say what to do with it.

    Raises:
        ScenarioError: If there is no such domain, or the answers make a scenario that has mistakes; nothing is written.
        CallerError: If the id is none or taken, the file is there, or there is no such template or question.
    """
    project = engine.project()
    taken = _ids(project)
    asker = Asker(asking=wishes.asking and sys.stdin.isatty() and sys.stdout.isatty())
    template = _chosen(wishes, _templates(wishes.domain), asker)
    identity = _identity(wishes, template, taken, asker)
    title = _title_of(wishes, template, asker)
    answers = _answers(wishes.answers, template, asker)
    path = Path(wishes.output) if wishes.output else _default_path(project, identity)
    if path.exists():
        raise CallerError(f"{path} is there already and stays as it is; name another file with --output")
    _write(path, lambda schema: template.filled(identity, title, answers, schema), wishes.domain, project)
    _tell(path, identity, template, project)
    return PASSED


class Asker:
    """Asks, where there is somebody to ask; elsewhere every answer is the one proposed."""

    def __init__(self, *, asking: bool) -> None:
        self._asking = asking

    def ask(self, text: str, default: str, read: Callable[[str], str]) -> str:
        """Return the answer to a question; one that does not fit is told and asked again.

        Raises:
            CallerError: If the proposed answer does not fit, and nobody is asked.
            KeyboardInterrupt: If whoever was asked left.
        """
        while True:
            try:
                return read(self._heard(text, default) if self._asking else default)
            except AnswerError as error:
                if not self._asking:
                    raise CallerError(str(error)) from error
                typer.echo(f"  {error}")

    def _heard(self, text: str, default: str) -> str:
        try:
            return str(typer.prompt(text, default=default, type=str))
        except typer.Abort:
            raise KeyboardInterrupt from None

    def tell(self, lines: list[str]) -> None:
        """Say something before the next question, where there is somebody to ask."""
        if self._asking:
            for line in lines:
                typer.echo(line)


# ── one question each ──────────────────────────────────────────────────────────────────────────────────────────────────


def _templates(domain: str) -> dict[str, Template]:
    from rehearse.registry import domain as installed_domain  # noqa: PLC0415  (start-up stays light)

    found = templates_of(installed_domain(domain))
    if not found:
        raise CallerError(
            f"the domain `{domain}` brings no templates; begin with a copy of a scenario, see `rehearse list`"
        )
    return found


def _chosen(wishes: Wishes, templates: Mapping[str, Template], asker: Asker) -> Template:
    def read(answer: str) -> str:
        if answer not in templates:
            raise AnswerError(f"no template `{answer}`; {did_you_mean(answer, templates)}")
        return answer

    if wishes.template:
        return templates[Asker(asking=False).ask("", wishes.template, read)]
    width = max(map(len, templates))
    asker.tell([f"  {name:<{width}}  {template.title}" for name, template in templates.items()])
    return templates[asker.ask("Which template?", next(iter(templates)), read)]


def _identity(wishes: Wishes, template: Template, taken: Mapping[str, str], asker: Asker) -> str:
    from rehearse.loading.documents import ID, meant_id  # noqa: PLC0415  (start-up stays light)
    from rehearse.loading.limits import ID_LENGTH  # noqa: PLC0415

    def read(answer: str) -> str:
        if not ID.fullmatch(answer):
            meant = meant_id(answer)
            raise AnswerError(f"`{answer}` is no id; " + (f"write `{meant}`" if meant else "write words joined by -"))
        if len(answer) > ID_LENGTH:
            raise AnswerError(f"an id has {ID_LENGTH} characters at most")
        if answer in taken:
            raise AnswerError(f"the id `{answer}` is taken, by {taken[answer]}")
        return answer

    if wishes.identity:
        return Asker(asking=False).ask("", wishes.identity, read)
    return asker.ask("Which id shall it have?", next_id(template.name, taken), read)


def _title_of(wishes: Wishes, template: Template, asker: Asker) -> str:
    def read(answer: str) -> str:
        if not 1 <= len(answer.strip()) <= 200:  # noqa: PLR2004  (as in the format)
            raise AnswerError("the name of a scenario has 1 to 200 characters")
        return answer.strip()

    if wishes.title:
        return Asker(asking=False).ask("", wishes.title, read)
    return asker.ask("In one line, what happens?", template.title, read)


def _answers(said: tuple[str, ...], template: Template, asker: Asker) -> dict[str, str]:
    """The answers that were said, then those that are asked for."""
    answers: dict[str, str] = {}
    for word in said:
        name, sign, value = word.partition("=")
        if not sign:
            raise CallerError(f"--set {word}: write VARIABLE=VALUE")
        try:
            template.question(name).written(value)
        except AnswerError as error:
            raise CallerError(f"--set {word}: {error}") from error
        answers[name] = value
    open_questions = [question for question in template.questions if question.name not in answers]
    return {**answers, **{question.name: _answer(question, asker) for question in open_questions}}


def _answer(question: Question, asker: Asker) -> str:
    def read(answer: str) -> str:
        question.written(answer)
        return answer

    return asker.ask(question.text, question.shown, read)


# ── the file ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ids(project: Project) -> dict[str, str]:
    """Every id that is taken, with the file that has it; the base ids of matrices too."""
    scenarios = engine.catalog(project).scan()[0]
    return {name: written.source.name for written in scenarios for name in (written.id, written.base_id)}


def _default_path(project: Project, identity: str) -> Path:
    return project.scenario_roots[0] / f"{identity}.yaml"


def _write(path: Path, text_for: Callable[[str], str], domain: str, project: Project) -> None:
    from rehearse.writing.files import create  # noqa: PLC0415  (start-up stays light)

    _check(path, text_for("scenario.schema.json"), project)
    schema = ensure_schema(project, domain)
    try:
        create(path, text_for(relative(schema, path)))
    except FileExistsError as error:
        raise CallerError(f"{path} is there already and stays as it is") from error
    except OSError as error:
        raise CallerError(f"cannot write {path}: {error.strerror or error}") from error


def _check(path: Path, text: str, project: Project) -> None:
    """Raise every mistake that the scenario would have, before there is a file."""
    problems = [problem for problem in engine.checked(_read(path, text), project, ())[1] if not problem.is_note]
    if problems:
        told = Problem("conflict", "with these answers the scenario has mistakes", remedy="nothing was written")
        raise ScenarioError([*problems, told])


def _read(path: Path, text: str) -> tuple[Written, ...]:
    from rehearse.loading.documents import Origin, writtens  # noqa: PLC0415  (start-up stays light)
    from rehearse.loading.yaml_tree import read_tree  # noqa: PLC0415
    from rehearse.source import Source  # noqa: PLC0415

    complaints = Complaints()
    source = Source(str(path), text)
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    found = writtens(tree, Origin(source, path=path), complaints) if tree else ()
    complaints.raise_if_any()
    return found


def _tell(path: Path, identity: str, template: Template, project: Project) -> None:
    inside = any(path.resolve().is_relative_to(root.resolve()) for root in project.scenario_roots)
    name = identity if inside else str(path)
    printer: Printer = for_people(json=False)
    printer.line(f"{path}: begun from the template `{template.name}`", style="good")
    printer.line(f"  rehearse explain {name}   what it will do, in plain words")
    printer.line(f"  rehearse run {name}       do it")
