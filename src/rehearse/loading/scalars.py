"""What a plain scalar means: YAML 1.2, with the dates and moments of the format and without anything that surprises."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING

from rehearse.loading.limits import DIGITS, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.errors import Code
    from rehearse.loading.tree import PlainScalar

_WORDS: dict[str, PlainScalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_TOO_GREAT = 10**DIGITS
_FIRST = frozenset("0123456789+-.")
UNUSUAL = _FIRST | {word[0] for word in _WORDS if word}
"""The characters with which a plain scalar begins that may be something other than text; the empty one is null."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt]|[ \t]+)(?P<time>[0-9]{1,2}:[0-9]{2})"
    r"(?P<seconds>:[0-9]{2}(?:\.[0-9]*)?)?[ \t]*(?P<zone>[Zz]|[-+][0-9]{1,2}(?::?[0-9]{2})?)?"
)


class ScalarError(Exception):
    """A plain scalar that looks like a value and is none.

    Attributes:
        code: The kind of mistake.
        summary: What is wrong, without a final stop.
        remedy: What to write instead.
    """

    def __init__(self, code: Code, summary: str, remedy: str) -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.remedy = remedy


def plain_scalar(text: str) -> PlainScalar:
    """Return what the unquoted `text` means; raise `ScalarError` where it only looks like a number, date or moment."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    for pattern, read in _READERS:
        if match := pattern.fullmatch(text):
            return read(match)
    return text


def date_or_moment(text: str) -> date | None:
    """Return what a text that has the form of a date or a moment says; None for any other.

    Raises:
        ScalarError: If it has the form but is on no calendar, or has a zone or seconds.
    """
    if _DATE.fullmatch(text):
        return _on_calendar(text)
    match = _MOMENT.fullmatch(text)
    return _moment(match) if match else None


def _on_calendar(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        remedy = "write year-month-day, or quote it if it is text"
        raise ScalarError("bad-value", f"`{text}` is no day of the calendar", remedy) from None


def _date(match: re.Match[str]) -> date:
    return _on_calendar(match.group())


def _not_finite(match: re.Match[str]) -> PlainScalar:
    remedy = "write a finite number, or quote it if it is text"
    raise ScalarError("bad-value", f"`{match.group()}` is no number that can be compared", remedy)


def _moment(match: re.Match[str]) -> datetime:
    text, meant = match.group(), f"{match['day']}T{match['time']:0>5}"
    if match["zone"]:
        raise ScalarError(
            "bad-value", f"`{text}` has a zone, and there are none here", f"write the local time, `{meant}`"
        )
    if match["seconds"]:
        raise ScalarError(
            "bad-value", f"`{text}` has seconds, and time is counted in whole minutes", f"write `{meant}`"
        )
    try:
        return datetime.fromisoformat(meant)
    except ValueError:
        raise ScalarError(
            "bad-value", f"`{text}` is on no calendar or clock", "write 2024-12-25T06:00, with hours 00 to 23"
        ) from None


def _integer(match: re.Match[str]) -> int:
    text = match.group()
    if len(text) > DIGITS:
        raise _too_long(text)
    return int(text)


def _based(match: re.Match[str]) -> int:
    value = int(match.group(), 0)
    if value >= _TOO_GREAT:  # its digits are fewer than those that it stands for
        raise _too_long(match.group())
    return value


def _number(match: re.Match[str]) -> Decimal:
    text = match.group()
    if len(text) > DIGITS:
        raise _too_long(text)
    try:
        value = Decimal(text)
    except DecimalException:
        raise _too_long(text) from None
    if abs(value.adjusted()) >= DIGITS:
        raise _too_long(text)
    return value


def _too_long(text: str) -> ScalarError:
    return ScalarError(
        "yaml-limit", f"the number `{shortened(text)}` has more than {DIGITS:,} digits", "quote it if it is text"
    )


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], PlainScalar]], ...] = (
    (_INTEGER, _integer),
    (_NUMBER, _number),
    (_BASED, _based),
    (_DATE, _date),
    (_MOMENT, _moment),
    (_NOT_FINITE, _not_finite),
)
