"""Layout: indentation, spaces, empty lines. No token, no comment and no line of a text changes, only what stands between them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from yaml import tokens as kinds

from rehearse.writing.outline import Line, Outline, Piece, outline

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = (kinds.FlowMappingStartToken, kinds.FlowSequenceStartToken)
_CLOSING = (kinds.FlowMappingEndToken, kinds.FlowSequenceEndToken)
_TIGHT = (kinds.FlowEntryToken, kinds.ValueToken)
_ROOMY = (kinds.ValueToken, kinds.FlowEntryToken, kinds.BlockEntryToken, kinds.AnchorToken)


def laid_out(text: str) -> str:
    """Return a text with two spaces a level, one after each colon, comma and dash, and no needless empty lines.

    Raises:
        UnusualError: If it is written in a way that cannot be laid out.
    """
    whole = outline(text)
    lines = [_line(whole, number) for number in range(len(whole.lines))]
    return "\n".join(_without_needless(whole, lines)) + "\n"


def _line(whole: Outline, number: int) -> str:
    line = whole.lines[number]
    indent = _indent(whole, number)
    if line.literal:
        return " " * indent + line.text.lstrip(" ") if line.text.strip() else _blank(line, indent)
    if not line.text.strip():
        return ""
    if not line.pieces:
        return " " * indent + line.text.strip()
    return _spaced(line, indent)


def _blank(line: Line, indent: int) -> str:
    """A line of spaces inside a block scalar: those beyond the indentation are text."""
    return " " * indent if line.text else ""


def _indent(whole: Outline, number: int) -> int:
    """Return how far a line belongs."""
    line = whole.lines[number]
    if line.owner is None:
        return _comment_indent(whole, number)
    if line.begins:
        return line.owner.laid_out
    if line.margin is not None:
        return max(line.indent + line.owner.laid_out + 2 - line.margin, 0)
    moved = line.indent + line.owner.laid_out - line.owner.column
    return max(moved, 0) if line.literal else max(moved, line.owner.laid_out + 2)


def _comment_indent(whole: Outline, number: int) -> int:
    """A comment goes with the entry below it if it stands in its column, else with what it stands beside above."""
    line = whole.lines[number]
    following = (whole.lines[after] for after in range(number, len(whole.lines)))
    below = next((other for other in following if other.begins), None)
    if below is not None and below.owner is not None and below.indent <= line.indent:
        return below.owner.laid_out + 2 * (below.indent < line.indent)
    for other in (whole.lines[before] for before in range(number - 1, -1, -1)):
        block = other.owner if other.begins else None
        if block is not None and other.indent <= line.indent:
            around = block.parent
            if around is not None and around.column == block.column:  # dashes below their key: it stands beside the key
                return around.laid_out
            return block.laid_out + 2 * (other.indent < line.indent)
    return 0


# ── spaces ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _spaced(line: Line, indent: int) -> str:
    """Return a line with the white space between its tokens as it belongs; a comment stays in its column where there is room."""
    pieces = line.pieces
    content = " " * indent + line.text[pieces[0].start : pieces[0].end]
    moved = indent - line.indent
    for before, piece in pairwise(pieces):
        content += " " * _gap(before, piece)
        if issubclass(before.kind, kinds.BlockEntryToken):
            moved = len(content) - piece.start
        content += line.text[piece.start : piece.end]
    if not line.comment:
        return content if line.kept else content.rstrip()
    wanted = line.text.index(line.comment, pieces[-1].end) + moved
    return content.ljust(max(wanted - 1, len(content))) + " " + line.comment


def _gap(before: Piece, piece: Piece) -> int:
    written = piece.start - before.end
    if issubclass(before.kind, kinds.AliasToken) and issubclass(piece.kind, kinds.ValueToken):
        return max(written, 1)  # without a space the colon would belong to the name
    if issubclass(piece.kind, (*_TIGHT, *_CLOSING)) or issubclass(before.kind, _OPENING):
        return 0
    if issubclass(before.kind, _ROOMY):
        return 1 if written or not issubclass(before.kind, kinds.ValueToken) else 0
    return written


# ── empty lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _without_needless(whole: Outline, lines: list[str]) -> Iterator[str]:
    """Leave out empty lines at the beginning and the end, and all but one of several."""
    waiting = False
    begun = False
    for line, text in zip(whole.lines, lines, strict=True):
        if line.is_blank:
            waiting = begun
            continue
        if waiting:
            yield ""
        waiting, begun = False, True
        yield text
