"""A YAML text as lines and what stands on them: blocks with their columns, tokens with their places, comments between them.

Made from the scanner's tokens, so that nothing is guessed: what is no token on a line is white space or a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from yaml import tokens as kinds

from rehearse.loading.yaml_tree import PARSER

_INDICATORS = re.compile(r"[|>][-+1-9]*")
_NO_EXTENT = (
    kinds.StreamStartToken,
    kinds.StreamEndToken,
    kinds.BlockMappingStartToken,
    kinds.BlockSequenceStartToken,
    kinds.BlockEndToken,
)
_BOUNDS = (kinds.DirectiveToken, kinds.DocumentStartToken, kinds.DocumentEndToken)
_OPENING = (kinds.FlowMappingStartToken, kinds.FlowSequenceStartToken)
_CLOSING = (kinds.FlowMappingEndToken, kinds.FlowSequenceEndToken)


class UnusualError(Exception):
    """A way to write YAML that is right, and too unusual to be laid out anew; the text says which."""


class Piece(NamedTuple):
    """What stands on one line of a token.

    Attributes:
        kind: The token's type.
        start, end: Its columns on this line, from 0.
        flow: Whether it stands inside brackets or braces.
    """

    kind: type
    start: int
    end: int
    flow: bool


@dataclass
class Entry:
    """A key of a block map, or an item of a block list.

    Attributes:
        key: The key; empty for an item.
        line: Where it begins.
        last: The last line on which anything of it stands.
        child: The block that is its value, or None.
    """

    key: str
    line: int
    last: int
    child: Block | None = None


@dataclass
class Block:
    """A map or a list that is written by indentation.

    Attributes:
        is_map: Whether it is a map.
        column: Where its keys or dashes stand.
        parent: The block around it, or None.
        compact: Whether it begins on the line of its item's dash.
        entries: Its keys or items, in the order written.
    """

    is_map: bool
    column: int
    parent: Block | None
    compact: bool = False
    entries: list[Entry] = field(default_factory=list)

    @property
    def laid_out(self) -> int:
        """The column in which it belongs: two more than the block around it."""
        return 0 if self.parent is None else self.parent.laid_out + 2


@dataclass
class Line:
    """One line.

    Attributes:
        text: Without its end.
        pieces: The tokens on it, in order.
        owner: The block whose entry begins or goes on here; None where no token stands.
        begins: Whether an entry of the owner is the first thing on the line.
        kept: Whether white space on it may mean something: it lies inside a text of several lines.
        literal: Whether it is a line of a block scalar, whose indentation means something too.
        margin: Of such a line: the column in which its text begins, or None where the header says so itself.
    """

    text: str
    pieces: list[Piece] = field(default_factory=list)
    owner: Block | None = None
    begins: bool = False
    kept: bool = False
    literal: bool = False
    margin: int | None = None

    @property
    def indent(self) -> int:
        """How many spaces it begins with."""
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def comment(self) -> str:
        """The comment on it, or the empty text."""
        if self.literal:
            return ""
        rest = self.text[self.pieces[-1].end if self.pieces else 0 :].strip()
        return rest if rest.startswith("#") else ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands on it, and that means nothing."""
        return not self.text.strip() and not self.kept


@dataclass(frozen=True)
class Outline:
    """A whole text.

    Attributes:
        lines: Its lines.
        root: The outermost block, or None if there is none.
    """

    lines: list[Line]
    root: Block | None

    @property
    def comments(self) -> list[str]:
        """Every comment, in order."""
        return [line.comment for line in self.lines if line.comment]


def outline(text: str) -> Outline:
    """Return the outline of a text that can be parsed.

    Raises:
        UnusualError: If it is written in a way that the outline cannot tell.
        yaml.YAMLError: If it is no YAML after all.
    """
    if re.search("[\x85\u2028\u2029]", text):
        raise UnusualError("a line ends with a character that is no line feed")
    reader = _Reader([Line(line) for line in re.split(r"\r\n|\r|\n", text)])
    parser: Any = PARSER(text)
    while (token := parser.get_token()) is not None:
        reader.take(token)
        if isinstance(token, kinds.StreamEndToken):
            break
    return Outline(reader.lines, reader.root)


class _Reader:
    """Takes the tokens in turn."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.root: Block | None = None
        self._blocks: list[Block] = []
        self._indentless: set[int] = set()
        self._flow = 0
        self._wants_key: Entry | None = None

    def take(self, token: kinds.Token) -> None:
        kind = type(token)
        if kind in _BOUNDS:
            raise UnusualError("it says where the document begins or ends")
        if kind is kinds.BlockMappingStartToken or kind is kinds.BlockSequenceStartToken:
            self._open(token, is_map=kind is kinds.BlockMappingStartToken)
        elif kind is kinds.BlockEndToken:
            self._close_indentless()
            self._blocks.pop()
        elif kind is kinds.KeyToken and not self._flow:
            self._key(token)
        elif kind is kinds.BlockEntryToken:
            self._item(token)
        elif kind in _OPENING:
            self._flow += 1
        if kind not in _NO_EXTENT:
            self._place(token)
        if kind in _CLOSING:
            self._flow -= 1

    # ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, token: kinds.Token, *, is_map: bool) -> None:
        self._add(is_map=is_map, column=token.start_mark.column, line=token.start_mark.line)

    def _add(self, *, is_map: bool, column: int, line: int) -> None:
        parent = self._blocks[-1] if self._blocks else None
        compact = parent is not None and not parent.is_map and parent.entries[-1].line == line
        block = Block(is_map, column, parent, compact)
        if parent is None:
            self.root = block
        else:
            parent.entries[-1].child = block
        self._blocks.append(block)

    def _key(self, token: kinds.Token) -> None:
        if token.start_mark.index != token.end_mark.index:
            raise UnusualError("a key is marked with `?`")
        self._close_indentless()
        line = token.start_mark.line
        self._wants_key = self._enter(line)

    def _item(self, token: kinds.Token) -> None:
        line, column = token.start_mark.line, token.start_mark.column
        if self._blocks[-1].is_map:  # a list whose dashes stand below its key has no token of its own
            self._add(is_map=False, column=column, line=line)
            self._indentless.add(id(self._blocks[-1]))
        self._enter(line)

    def _enter(self, line: int) -> Entry:
        """An entry of the innermost block begins; those around it reach as far as it does."""
        entry = Entry("", line, line)
        *around, innermost = self._blocks
        _extend(around, line)
        innermost.entries.append(entry)
        self._begin(line)
        return entry

    def _close_indentless(self) -> None:
        if self._blocks and id(self._blocks[-1]) in self._indentless:
            self._indentless.discard(id(self._blocks.pop()))

    def _begin(self, number: int) -> None:
        """An entry begins on a line; the first thing on it decides whose line it is."""
        line = self.lines[number]
        if not line.pieces:
            line.owner, line.begins = self._blocks[-1], True

    # ── places ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _place(self, token: kinds.Token) -> None:
        first, last = token.start_mark.line, token.end_mark.line
        if isinstance(token, kinds.ScalarToken):
            if self._wants_key is not None:
                self._wants_key.key, self._wants_key = token.value, None
            if token.style in {"|", ">"}:
                last = self._literal(token)
                _extend(self._blocks, last)
                return
        for number in range(first, last + 1):
            line = self.lines[number]
            start = token.start_mark.column if number == first else line.indent
            end = token.end_mark.column if number == last else len(line.text)
            self._put(number, Piece(type(token), start, max(start, end), self._flow > 0))
            line.kept = line.kept or number > first
        _extend(self._blocks, last)

    def _literal(self, token: kinds.Token) -> int:
        """Mark the lines of a block scalar, and return its last one."""
        first = token.start_mark.line
        header = _INDICATORS.match(self.lines[first].text, token.start_mark.column)
        indicators = header[0] if header else ""
        end = token.start_mark.column + len(indicators)
        self._put(first, Piece(type(token), token.start_mark.column, end, flow=False))
        told = next((int(sign) for sign in indicators if sign.isdigit()), 0)
        margin, numbers = self._literal_lines(first, told)
        full = [number for number in numbers if self.lines[number].text.strip() or "+" in indicators]
        last = max(full, default=first)
        for number in range(first + 1, last + 1):
            line = self.lines[number]
            line.owner, line.kept, line.literal = self._owner, True, True
            line.margin = None if told else margin
        return last

    def _literal_lines(self, first: int, told: int) -> tuple[int, list[int]]:
        """The column of a block scalar's text, and the lines below its header that may belong to it: in that column, or empty."""
        parent = -1 if self._owner is None else self._owner.column
        margin = parent + told if told else 0
        numbers = []
        for number in range(first + 1, len(self.lines)):
            line = self.lines[number]
            if line.text.strip():
                margin = margin or max(line.indent, parent + 1)
                if line.indent < margin:
                    break
            numbers.append(number)
        return margin, numbers

    def _put(self, number: int, piece: Piece) -> None:
        line = self.lines[number]
        line.owner = line.owner or self._owner
        if piece.end > piece.start:
            line.pieces.append(piece)

    @property
    def _owner(self) -> Block | None:
        return self._blocks[-1] if self._blocks else None


def _extend(blocks: list[Block], last: int) -> None:
    """Let the latest entry of each block reach a line; whoever is around an entry reaches as far at least."""
    for block in reversed(blocks):
        if block.entries:
            if block.entries[-1].last >= last:
                return
            block.entries[-1].last = last
