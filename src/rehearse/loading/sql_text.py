"""The statements of a ``.sql`` fixture, one by one, each with its place.

Quotes, comments and dollar quotes are told apart as the databases do. Where these differ (comments inside comments, names in
backticks), the text is refused, so that no statement can hide in what only one of them takes for text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from rehearse.errors import Problem
from rehearse.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.errors import Complaints

ALLOWED = ("INSERT", "UPDATE", "DELETE")
_WORD = re.compile(r"[A-Za-z_]+")
_NEXT = re.compile(
    r"""
      (?P<end>;)
    | (?P<line>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escaped>(?<![A-Za-z0-9_$\x80-\U0010ffff])[eE]')
    | (?P<quote>['"])
    | (?P<tick>`)
    | (?P<dollar>(?<![A-Za-z0-9_$\x80-\U0010ffff])\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    """,
    re.VERBOSE,
)
_ESCAPED_END = re.compile(r"(?:[^'\\]|\\.|'')*'(?!')", re.DOTALL)


class _UnreadableError(Exception):
    """A quote or comment that does not end, or that databases read in two ways; `start` is where it begins."""

    def __init__(self, start: int, summary: str, remedy: str) -> None:
        super().__init__(summary)
        self.start = start
        self.summary = summary
        self.remedy = remedy


def statements(source: Source, complaints: Complaints) -> tuple[tuple[str, Span], ...]:
    """Return the statements of `source` without their semicolons; each is an INSERT, an UPDATE or a DELETE.

    Anything else goes to `complaints`; nothing is returned then.
    """
    found: list[tuple[str, Span]] = []
    sound = True
    starts = _line_starts(source.text)
    try:
        for start, text in _split(source.text):
            span = _span(source, starts, start)
            word = _WORD.match(text)
            if word is None or word.group().upper() not in ALLOWED:
                shown = word.group().upper() if word else text[:1]
                summary = f"`{shown}` is not allowed in a fixture"
                complaints.add(Problem("not-allowed", summary, span, "write INSERT, UPDATE or DELETE"))
                sound = False
            found.append((text, span))
    except _UnreadableError as error:
        complaints.add(Problem("bad-value", error.summary, _span(source, starts, error.start), error.remedy))
        sound = False
    return tuple(found) if sound else ()


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield where each statement begins, and its text from its first word to its last character."""
    begin, code_begins, position = 0, True, 0
    while match := _NEXT.search(text, position):
        kind = match.lastgroup or ""
        before = text[position : match.start()]
        if code_begins and before.strip():
            begin, code_begins = position + len(before) - len(before.lstrip()), False
        if kind == "end":
            if not code_begins:
                yield begin, text[begin : match.start()].rstrip()
            code_begins, position = True, match.end()
            continue
        if code_begins and kind not in {"line", "block"}:
            begin, code_begins = match.start(), False
        position = _skipped(text, match, kind)
    rest = text[position:]
    if code_begins and rest.strip():
        begin, code_begins = position + len(rest) - len(rest.lstrip()), False
    if not code_begins:
        yield begin, text[begin:].rstrip()


def _skipped(text: str, match: re.Match[str], kind: str) -> int:
    """Return where the quote or comment that begins at `match` has ended."""
    if kind == "line":
        return match.end()
    if kind == "block":
        return _after_comment(text, match)
    if kind == "escaped":
        end = _ESCAPED_END.match(text, match.end())
        if end is None:
            raise _UnreadableError(match.start(), "a quote that does not end", "close it with `'`")
        return end.end()
    mark = match.group()
    if kind == "tick":
        raise _UnreadableError(match.start(), "a name in backticks", 'databases read that differently: write "name"')
    position = text.find(mark, match.end())
    while kind == "quote" and position >= 0 and text.startswith(mark, position + 1):
        position = text.find(mark, position + 2)
    if position < 0:
        raise _UnreadableError(match.start(), "a quote that does not end", f"close it with `{mark}`")
    return position + len(mark)


def _after_comment(text: str, match: re.Match[str]) -> int:
    end = text.find("*/", match.end())
    if end < 0:
        raise _UnreadableError(match.start(), "a comment that does not end", "close it with `*/`")
    if text.find("/*", match.end(), end) >= 0:
        raise _UnreadableError(
            match.start(), "a comment inside a comment", "databases read that differently: remove one"
        )
    return end + 2


def _line_starts(text: str) -> list[int]:
    starts, position = [0], 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        starts.append(position)
    return starts


def _span(source: Source, starts: list[int], offset: int) -> Span:
    line = bisect_right(starts, offset)
    column = offset - starts[line - 1] + 1
    return Span(source, line, column, max(column + 1, len(source.line(line).rstrip()) + 1))
