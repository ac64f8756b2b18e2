"""Where lines for people go, and whether with colour."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.report.text import Line, Style

_CODES: dict[Style, str] = {
    "title": "1",
    "dim": "2",
    "good": "32",
    "bad": "31",
    "doubt": "35",
    "warn": "33",
}


class Printer:
    """Writes lines to one stream, coloured where its reader is a terminal that wants colour."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.colour = wants_colour(stream)

    def lines(self, lines: Iterable[Line]) -> None:
        """Write report lines."""
        for line in lines:
            self.line(line.text, style=line.style)

    def line(self, text: str = "", *, style: Style = "plain") -> None:
        """Write one line."""
        code = _CODES.get(style) if self.colour and text else None
        self.stream.write(f"\x1b[{code}m{text}\x1b[0m\n" if code else f"{text}\n")
        self.stream.flush()


def wants_colour(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that shows colours and nobody has asked for none (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def for_people(*, json: bool) -> Printer:
    """Return where people read: standard output, unless JSON lines have it for themselves."""
    return Printer(sys.stderr if json else sys.stdout)
