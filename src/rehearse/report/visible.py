"""Text from anywhere, made fit for a terminal, a page and a file: what cannot be seen becomes an escape that can."""

from __future__ import annotations

import re

CELL_BYTES = 2048
"""A cell of a table holds so much."""

_HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but for tab and line feed; ANSI sequences begin with one of them
    r"\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e"  # invisible letters and marks
    r"\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f"  # zero width, bidi, separators
    r"\u3164\ufeff\uffa0\ufff0-\uffff"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff"
)
_HIDDEN_IN_TEXT = re.compile(f"[{_HIDDEN}]")
_HIDDEN_IN_LINE = re.compile(f"[{_HIDDEN}\t\n]")


def visible(text: str) -> str:
    r"""Return `text` with every control, ANSI, bidi, invisible or XML-illegal character as ``\x1b`` or ``\u202e``; lines are kept."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN_IN_TEXT.sub(_escaped, text.replace("\r\n", "\n"))


def visible_line(text: str) -> str:
    r"""Return `text` on one line: as `visible`, and line feeds and tabs as ``\n`` and ``\t``."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN_IN_LINE.sub(_escaped, text)


def cell(text: str, *, limit: int = CELL_BYTES) -> str:
    """Return `text` on one line and of at most `limit` bytes; a cut is marked in place with the full size."""
    shown = visible_line(text[:limit])
    if len(text) <= limit and len(shown) * 4 <= limit:
        return shown
    data = shown.encode()
    if len(text) <= limit and len(data) <= limit:
        return shown
    return f"{data[:limit].decode(errors='ignore')}… [cut: {len(text):,} characters in all]"


def _escaped(match: re.Match[str]) -> str:
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(match[0])
    if match[0] in named:
        return named[match[0]]
    if code <= 0xFF:  # noqa: PLR2004  (what two hexadecimal digits can say)
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  (likewise for four)
