"""Where something stands in a file, and how that place is shown to its author."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

TAB = "    "


@dataclass(frozen=True)
class Source:
    """A text that somebody wrote, with the name under which its author knows it.

    Attributes:
        name: The path as the author gave it, or a label such as ``<string>``; shown in every message.
        text: The whole text, decoded.
    """

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; line 1 is ``lines[0]``."""
        return tuple(self.text.splitlines())

    def line(self, number: int) -> str:
        """Return line `number` (from 1); the empty text beyond the end."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""


class Span(NamedTuple):
    """A stretch of one line of a source; a tuple, since every value of every file has one and reading must be quick.

    Attributes:
        source: The text it lies in.
        line: Line number, from 1.
        column: First column, from 1, counted in characters.
        end_column: First column after it; at least ``column + 1``.
    """

    source: Source
    line: int
    column: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    @property
    def place(self) -> tuple[str, int, int]:
        """The sort key of messages: file, line, column."""
        return (self.source.name, self.line, self.column)

    def excerpt(self) -> str:
        """Return the line with carets under the span, in the layout of every message."""
        text = self.source.line(self.line)
        before = text[: self.column - 1].replace("\t", TAB)
        marked = text[self.column - 1 : self.end_column - 1].replace("\t", TAB)
        number = str(self.line)
        gutter = " " * len(number)
        shown = text.replace("\t", TAB).rstrip()
        caret = " " * len(before) + "^" * max(1, len(marked.rstrip()))
        return f"{gutter} |\n{number} | {shown}\n{gutter} | {caret}"
