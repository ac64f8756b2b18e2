"""A terminal of a given size that a program really writes to, and the screen that a person would see there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKENS = re.compile(r"\x1b\[(?P<arguments>[0-9;?]*)(?P<command>[A-Za-z])|(?P<other>\x1b.)|(?P<text>.)", re.DOTALL)


@dataclass
class Screen:
    """Lines of text under a cursor: as much of a terminal as a live view uses; anything else that it is sent is `strange`."""

    width: int
    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    cursor_is_shown: bool = True
    strange: list[str] = field(default_factory=list)
    overflows: int = 0

    def feed(self, text: str) -> None:
        """Take what a program wrote."""
        for token in _TOKENS.finditer(text):
            if token["command"]:
                self._control(token["command"], token["arguments"])
            elif token["other"] or (not token["text"].isprintable() and token["text"] not in "\r\n\t"):
                self.strange.append(token[0])
            else:
                self._put(token["text"])

    def _put(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            self.column = 0
            self.lines += [""] * (self.row + 1 - len(self.lines))
        else:
            if self.column >= self.width:
                self.overflows += 1
                self._put("\n")
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += max(1, cell_len(character))

    def _control(self, command: str, arguments: str) -> None:
        count = int(arguments) if arguments.isdigit() else 1
        if command == "A":
            self.row = max(0, self.row - count)
        elif command == "K":
            self.lines[self.row] = "" if arguments == "2" else self.lines[self.row][: self.column]
        elif command == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif command in "hl" and arguments == "?25":
            self.cursor_is_shown = command == "h"
        elif command != "m":
            self.strange.append(f"{arguments}{command}")

    @property
    def text(self) -> str:
        """What is to be read, without empty lines at the end."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip()


class Terminal:
    """Our end of a pseudo-terminal; `theirs` is for the program."""

    def __init__(self, width: int, height: int = 24) -> None:
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen = Screen(width)
        self._rest = b""

    def until(self, seen: Callable[[Screen], bool], *, seconds: float = 60.0) -> Screen:
        """Read until the screen is as wanted, and return it."""
        limit = time.monotonic() + seconds
        while not seen(self.screen):
            assert time.monotonic() < limit, f"never seen; the screen is:\n{self.screen.text}"
            if not self._read():
                break
        assert seen(self.screen), f"the program ended; the screen is:\n{self.screen.text}"
        return self.screen

    def to_the_end(self) -> Screen:
        """Read until the program has let go of its end, and return the screen."""
        while self._read():
            pass
        return self.screen

    def _read(self) -> bool:
        ready, _, _ = select.select([self.ours], [], [], 0.5)
        if not ready:
            return True
        try:
            chunk = os.read(self.ours, 65536)
        except OSError:
            return False
        text = self._rest + chunk
        whole = text.rpartition(b"\x1b")
        cut = len(whole[0]) if whole[1] and len(whole[2]) < 12 and not re.search(rb"[A-Za-z]", whole[2]) else len(text)
        self._rest = text[cut:]
        self.screen.feed(text[:cut].decode(errors="replace"))
        return bool(chunk)

    def give_away(self) -> None:
        """Close the program's end here, once it has it."""
        os.close(self.theirs)

    def close(self) -> None:
        """Close our end."""
        os.close(self.ours)
