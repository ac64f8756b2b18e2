"""JSON as YAML: what differs between the two is mended or refused, so that one reader serves both."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from rehearse.errors import Complaints, Problem
from rehearse.source import Source, Span

_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def readable_json(source: Source) -> Source:
    """Return `source` with every character that JSON escapes as a pair of surrogates written as itself; lines stay."""
    if "\\u" not in source.text:
        return source
    return Source(source.name, _PAIR.sub(_character, source.text))


def check_json(source: Source, complaints: Complaints) -> None:
    """Complain if `source` is YAML but not JSON: a comment, a text without quotes, NaN."""
    try:
        json.loads(source.text, parse_constant=_refuse, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        span = Span(source, error.lineno, error.colno, error.colno + 1)
        summary = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        complaints.add(Problem("yaml-syntax", summary, span, "mend it, or name the file .yaml"))
    except _ConstantError as error:
        summary = f"`{error}` is not JSON"
        complaints.add(Problem("yaml-syntax", summary, Span(source, 1, 1, 2), "write a finite number or null"))


class _ConstantError(Exception):
    """NaN or an infinity."""


def _refuse(word: str) -> NoReturn:
    raise _ConstantError(word)


def _character(match: re.Match[str]) -> str:
    high, low = int(match[2], 16), int(match[3], 16)
    return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
