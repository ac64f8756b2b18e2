"""The fenced blocks of a Markdown page, as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FENCE = re.compile(r"^\s*(?P<fence>`{3,}|~{3,})\s*(?P<info>[^`]*)$")
_LANGUAGE = re.compile(r"^\{?\s*\.?(?P<language>[\w+-]+)")
_TITLE = re.compile(r'title="(?P<title>[^"]*)"')
_FILE = re.compile(r"[\w./-]*\.\w+|Makefile")

NOT_RUN = "not run here: "
"""Begins the title of a block that is not performed, and the reader sees why."""
PART_OF = "from "
"""Begins the title of a block that is a piece of a file."""
OUTPUT = "output"
"""The title of a block that tells what the block before it has printed."""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: The first word after the fence.
        title: What the page shows above the block; it says what the block is.
        text: What stands between the fences, with a final line feed.
        line: Where its fence stands in the page.
    """

    language: str
    title: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """The path that the block is the content of; empty if it is none."""
        return self.title if _FILE.fullmatch(self.title) else ""

    @property
    def part_of(self) -> str:
        """The path that the block is a piece of; empty if it is none."""
        return self.title.removeprefix(PART_OF) if self.title.startswith(PART_OF) else ""

    @property
    def is_run(self) -> bool:
        """Whether the block is performed; if not, its title gives the reason."""
        return not self.title.startswith(NOT_RUN)


def blocks_of(page: Path) -> tuple[Block, ...]:
    """Return every fenced block of a page in its order; one inside a longer fence is part of that one's text.

    Raises:
        ValueError: If a fence is not closed or names no language.
    """
    found: list[Block] = []
    fence, info, start, inside = "", "", 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        match = _FENCE.match(line)
        if fence and match and match["fence"].startswith(fence) and not match["info"].strip():
            found.append(_block(page, info, "\n".join(inside), start))
            fence = ""
        elif fence:
            inside.append(line)
        elif match:
            fence, info, start, inside = match["fence"], match["info"].strip(), number, []
    if fence:
        raise ValueError(f"{page.name}:{start}: the block is not closed")
    return tuple(found)


def _block(page: Path, info: str, text: str, line: int) -> Block:
    language, title = _LANGUAGE.match(info), _TITLE.search(info)
    if language is None:
        raise ValueError(f"{page.name}:{line}: the block names no language")
    return Block(language["language"], title["title"] if title else "", f"{dedent(text).rstrip()}\n", line)


@dataclass(frozen=True)
class Command:
    """One command of a console block, with what the page says that it prints."""

    text: str
    output: str


def commands_of(console: str) -> tuple[Command, ...]:
    """Return the commands of a console block: lines after ``$``, continued by lines after ``>``, then their output.

    Raises:
        ValueError: If the block begins with anything but a command.
    """
    found: list[tuple[list[str], list[str]]] = []
    for line in console.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif not found:
            raise ValueError(f"a console block begins with a command, not with {line!r}")
        elif line.startswith("> ") and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            found[-1][1].append(line)
    return tuple(Command("\n".join(text), "\n".join(output)) for text, output in found)
