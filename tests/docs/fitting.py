"""Whether what a command printed is what its page says: figures that differ each time are not compared, nor what … stands for."""

from __future__ import annotations

import re

ANY = "…"
_VARYING = (
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|µs|s|min)\b"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:bytes?|kB|MB|GB)(?!\w)"), "<size>"),
    (
        re.compile(r"\b(?P<what>sqlite|postgresql|Python|pytest)(?P<sign>[ -])\d+(?:\.\d+)+"),
        r"\g<what>\g<sign><version>",
    ),
    (re.compile(r"\b\d+\.\d{3,}\b"), "<figure>"),
    (re.compile(r"={3,}"), "==="),
    (re.compile(r"-{5,}"), "-----"),
    (re.compile(r"_{3,}"), "___"),
    (re.compile(r"(?<=\S) {3,}"), "   "),
)


def fits(told: str, printed: str) -> bool:
    """Whether `printed` is what `told` says.

    ``…`` stands for any text within a line; alone on a line, for any number of lines. Times, sizes, versions and long fractions stand for any
    other of their kind; how wide a gap or a line of signs is does not count.
    """
    lines = [_pattern(line) for line in _plain(told).splitlines()]
    return re.fullmatch("".join(lines), f"{_plain(printed)}\n" if printed.strip() else "") is not None


def _plain(text: str) -> str:
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def _pattern(line: str) -> str:
    if line.strip() == ANY:
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.split(ANY)) + r"\n"
