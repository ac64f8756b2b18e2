"""Scenarios to begin with: ordinary scenario files of a domain, in which an author's answers take the place of the variables.

A template is run as it stands by its domain's tests, so that what is begun from it works. A variable with a comment that ends in a
question mark is a question; its value is the answer that most will do with.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.errors import did_you_mean
from rehearse.loading.catalog import Catalog
from rehearse.loading.scalars import ScalarError, plain_scalar
from rehearse.loading.tree import MapNode, PlainScalar, ScalarNode
from rehearse.scenario import Written
from rehearse.source import Source, Span
from rehearse.writing.modeline import modeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from rehearse.domain import Domain

_ASKED = re.compile(r"\s+#\s*(?P<text>\S.*\?)\s*$")
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ,.;'’()/&+–-]*[A-Za-z0-9.)])?")
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (Decimal, "a number"),
    (datetime, "a moment, as 2024-12-25T06:00"),
    (date, "a date, as 2024-12-25"),
)


class AnswerError(ValueError):
    """An answer that does not fit its question; the text says what does."""


@dataclass(frozen=True)
class Question:
    """A variable of a template that its author wants asked.

    Attributes:
        name: The variable.
        text: What to ask.
        default: The value in the template.
        span: Where that value stands.
    """

    name: str
    text: str
    default: PlainScalar
    span: Span

    def written(self, answer: str) -> str:
        """Return an answer as it stands in the file.

        Raises:
            AnswerError: If it is of another type than the default.
        """
        if isinstance(self.default, str):
            if not answer.strip():
                raise AnswerError("an answer is needed")
            return text_scalar(answer.strip())
        wanted = next(words for kind, words in _KINDS if isinstance(self.default, kind))
        try:
            value = plain_scalar(answer.strip())
        except ScalarError as error:
            raise AnswerError(f"{error.summary}; {error.remedy}") from error
        if type(value) is not type(self.default):
            raise AnswerError(f"`{answer}` is not {wanted}")
        return answer.strip()

    @property
    def shown(self) -> str:
        """The default as its author wrote it."""
        return _piece(self.span)


@dataclass(frozen=True)
class Template:
    """A scenario to begin with.

    Attributes:
        name: The word for it: the stem of its file.
        title: The name of its scenario.
        about: What its scenario says of itself.
        source: The whole file.
        written: The scenario as it stands.
        questions: What is asked, in the order of the file.
    """

    name: str
    title: str
    about: str
    source: Source
    written: Written
    questions: tuple[Question, ...]

    def question(self, name: str) -> Question:
        """Return the question about a variable.

        Raises:
            AnswerError: If there is none.
        """
        for question in self.questions:
            if question.name == name:
                return question
        known = [question.name for question in self.questions]
        raise AnswerError(f"the template `{self.name}` does not ask for `{name}`; {did_you_mean(name, known)}")

    def filled(self, identity: str, title: str, answers: Mapping[str, str], schema: str) -> str:
        """Return the text of a scenario of this id and name, with every answer in its place and the schema named at its top.

        Raises:
            AnswerError: If an answer fits no question.
        """
        edits = [
            (_span(self.written.node, "id"), identity),
            (_span(self.written.node, "name"), text_scalar(title)),
            *((self.question(name).span, self.question(name).written(answer)) for name, answer in answers.items()),
        ]
        return f"{modeline(schema)}\n{_edited(self.source, edits)}"


def templates_of(domain: Domain) -> dict[str, Template]:
    """Return the templates of a domain by name, in the order of their names; none if it brings none.

    Raises:
        ScenarioError: If one of them cannot be read.
    """
    if domain.template_root is None:
        return {}
    return {path.stem: _template(path) for path in sorted(domain.template_root.glob("*.yaml"))}


def text_scalar(text: str) -> str:
    """Return a text as YAML that means this text."""
    return text if _PLAIN.fullmatch(text) and plain_scalar(text) == text else json.dumps(text, ensure_ascii=False)


def next_id(stem: str, taken: Iterable[str]) -> str:
    """Return the first free id of a row: ``swap-001``, ``swap-002``."""
    known = set(taken)
    return next(name for number in range(1, len(known) + 2) if (name := f"{stem}-{number:03}") not in known)


def _template(path: Path) -> Template:
    (written,) = Catalog(()).read(path)
    about = written.node.get("description")
    told = about.value if isinstance(about, ScalarNode) and isinstance(about.value, str) else ""
    return Template(path.stem, written.name, told, written.source, written, tuple(_questions(written)))


def _questions(written: Written) -> Iterator[Question]:
    variables = written.node.get("variables")
    for entry in variables if isinstance(variables, MapNode) else ():
        node = entry.value
        asked = _ASKED.match(written.source.line(node.span.line)[node.span.end_column - 1 :])
        if asked and isinstance(node, ScalarNode):
            yield Question(entry.key, asked["text"], node.value, node.span)


def _span(node: MapNode, key: str) -> Span:
    found = node.get(key)
    if found is None:
        raise AssertionError(f"a template without `{key}`")
    return found.span


def _piece(span: Span) -> str:
    return span.source.line(span.line)[span.column - 1 : span.end_column - 1]


def _edited(source: Source, edits: Iterable[tuple[Span, str]]) -> str:
    lines = list(source.lines)
    for span, text in edits:
        lines[span.line - 1] = _exchanged(lines[span.line - 1], span, text)
    return "\n".join(lines) + "\n"


def _exchanged(line: str, span: Span, text: str) -> str:
    """Return a line with a new value; a comment behind it stays in its column where there is room."""
    before, after = line[: span.column - 1], line[span.end_column - 1 :]
    comment = after.lstrip()
    if not comment.startswith("#"):
        return f"{before}{text}{after}"
    return f"{before}{text}".ljust(len(line) - len(comment) - 1) + " " + comment
