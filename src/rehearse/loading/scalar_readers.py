"""Readers of single values: exact numbers, dates whether quoted or not, hours that make whole minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeAlias

from rehearse.fields import Length, Pattern, Range
from rehearse.loading.spot import MISSING, Spot
from rehearse.loading.tree import Node, ScalarNode
from rehearse.values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import Enum

    from rehearse.values import Scalar

Reader: TypeAlias = Callable[[Node, Spot], object]
"""Returns the value that a node says, or `MISSING` after a complaint."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:00)?\Z", re.ASCII)
_LOOKS_LIKE_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2})\Z", re.ASCII)
_MIDNIGHT_AS_END = 1440


def read_bool(node: Node, spot: Spot) -> object:
    """Read ``true`` or ``false``."""
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    return spot.wrong_type(node, "a bool", remedy=_bool_remedy(node))


def _bool_remedy(node: Node) -> str:
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value:
        return "write true or false without quotes"
    return ""


def text_reader(pattern: Pattern | None, length: Length | None) -> Reader:
    """Return a reader of text that fits `pattern` and `length`."""
    fits = re.compile(pattern.expression).fullmatch if pattern else None

    def read(node: Node, spot: Spot) -> object:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            return spot.wrong_type(node, "text")
        value = node.value
        if fits is not None and not fits(value):
            says = pattern.says if pattern else ""
            return spot.complain(
                "bad-value", f"`{value}` does not fit {spot.label}", span=node.span, remedy=f"allowed: {says}"
            )
        if length is not None and not is_within(len(value), length):
            summary = f"{spot.label} has {len(value)} characters"
            return spot.complain("bad-value", summary, span=node.span, remedy=f"allowed: {length_words(length)}")
        return value

    return read


def int_reader(bounds: Range | None) -> Reader:
    """Return a reader of whole numbers inside `bounds`."""

    def read(node: Node, spot: Spot) -> object:
        if not isinstance(node, ScalarNode) or type(node.value) is not int:
            return spot.wrong_type(node, "an int", remedy=_number_remedy(node))
        return check_range(node.value, bounds, node, spot)

    return read


def number_reader(bounds: Range | None) -> Reader:
    """Return a reader of numbers, as `Decimal`, inside `bounds`."""

    def read(node: Node, spot: Spot) -> object:
        value = exact_number(node)
        if value is None:
            return spot.wrong_type(node, "a number", remedy=_number_remedy(node))
        return check_range(value, bounds, node, spot)

    return read


def hours_reader(bounds: Range | None) -> Reader:
    """Return a reader of hours, as minutes; `bounds` are in hours."""

    def read(node: Node, spot: Spot) -> object:
        hours = exact_number(node)
        if hours is None:
            return spot.wrong_type(node, "a number of hours", remedy=_number_remedy(node))
        minutes = hours * 60
        if minutes < 0 or minutes != minutes.to_integral_value():
            summary = f"{spot.label} is {plain(hours)} hours"
            return spot.complain(
                "bad-value",
                summary,
                span=node.span,
                remedy="allowed: hours that make whole minutes, such as 4, 0.5 or 12.25",
            )
        return MISSING if check_range(hours, bounds, node, spot) is MISSING else int(minutes)

    return read


def exact_number(node: Node) -> Decimal | None:
    """Return the number that stands there, or None if it is none (a bool and a quoted number are none)."""
    if not isinstance(node, ScalarNode):
        return None
    value = node.value
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if type(value) is int else None


def _number_remedy(node: Node) -> str:
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return ""
    try:
        number = Decimal(node.value)
    except InvalidOperation:
        return ""
    return "leave the quotes away" if number.is_finite() and node.quoted else ""


def check_range(value: int | Decimal, bounds: Range | None, node: Node, spot: Spot) -> object:
    """Return `value` if it is inside `bounds`, else `MISSING` after a complaint."""
    if bounds is None or is_in_range(value, bounds):
        return value
    summary = f"{spot.label} is {plain(value)}"
    return spot.complain("bad-value", summary, span=node.span, remedy=f"allowed: {range_words(bounds)}")


def is_in_range(value: int | Decimal, bounds: Range) -> bool:
    """Return whether `value` lies inside `bounds`."""
    return not (
        (bounds.minimum is not None and value < bounds.minimum)
        or (bounds.maximum is not None and value > bounds.maximum)
        or (bounds.above is not None and value <= bounds.above)
    )


def is_within(size: int, length: Length) -> bool:
    """Return whether `size` is allowed by `length`."""
    return size >= length.minimum and (length.maximum is None or size <= length.maximum)


def range_words(bounds: Range) -> str:
    """Say what `bounds` allow: ``1 to 500``, ``1 or more``, ``more than 0, at most 86400``."""
    if bounds.above is not None:
        return f"more than {bounds.above}" + (f", at most {bounds.maximum}" if bounds.maximum is not None else "")
    if bounds.minimum is None:
        return f"at most {bounds.maximum}"
    return f"{bounds.minimum} to {bounds.maximum}" if bounds.maximum is not None else f"{bounds.minimum} or more"


def length_words(length: Length) -> str:
    """Say what `length` allows."""
    return range_words(Range(minimum=length.minimum, maximum=length.maximum))


# ── dates and times ────────────────────────────────────────────────────────────────────────────────────────────────────


def date_of_text(text: str) -> date | None:
    """Return the date that `text` writes as ``2024-12-25``, or None."""
    try:
        return date.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None


def moment_of_text(text: str) -> datetime | None:
    """Return the moment that `text` writes as ``2024-12-25T06:00`` (a space will do, so will a date), or None."""
    found = _MOMENT.match(text)
    try:
        if found:
            return datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        return None
    day = date_of_text(text)
    return midnight(day) if day else None


def midnight(day: date) -> datetime:
    """Return 00:00 of `day`."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (there are no zones in a scenario)


def read_date(node: Node, spot: Spot) -> object:
    """Read a date, quoted or plain."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return spot.wrong_type(node, "a date")
    day = date_of_text(value)
    if day:
        return day
    code_is_value = bool(_DATE.match(value))
    summary = f"`{value}` is no date" if code_is_value else f"{spot.label} must be a date, not text"
    return spot.complain(
        "bad-value" if code_is_value else "wrong-type", summary, span=node.span, remedy="write it as 2024-12-25"
    )


def read_moment(node: Node, spot: Spot) -> object:
    """Read a moment, quoted or plain; a date is its 00:00."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return midnight(value)
    if not isinstance(value, str):
        return spot.wrong_type(node, "a moment")
    moment = moment_of_text(value)
    if moment:
        return moment
    code_is_value = bool(_LOOKS_LIKE_MOMENT.match(value) or _DATE.match(value))
    summary = f"`{value}` is no moment" if code_is_value else f"{spot.label} must be a moment, not text"
    remedy = "write it as 2024-12-25T06:00, in whole minutes and without a zone"
    return spot.complain("bad-value" if code_is_value else "wrong-type", summary, span=node.span, remedy=remedy)


def read_clock_time(node: Node, spot: Spot) -> object:
    """Read a wall-clock time as minutes after midnight; 24:00 is 1440."""
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return spot.wrong_type(node, "a time", remedy="write it as 07:00")
    minutes = minutes_of_text(node.value)
    if minutes is None:
        return spot.complain(
            "bad-value",
            f"`{node.value}` is no time",
            span=node.span,
            remedy="write it as 07:00; 24:00 is the end of a day",
        )
    return minutes


def read_time(node: Node, spot: Spot) -> object:
    """Read a wall-clock time before 24:00."""
    minutes = read_clock_time(node, spot)
    if not isinstance(minutes, int):
        return MISSING
    if minutes == _MIDNIGHT_AS_END:
        return spot.complain("bad-value", f"{spot.label} is 24:00", span=node.span, remedy="allowed: 00:00 to 23:59")
    return time(*divmod(minutes, 60))


def minutes_of_text(text: str) -> int | None:
    """Return the minutes after midnight of ``07:00``, or None; 24:00 is 1440."""
    found = _TIME.match(text)
    if not found:
        return None
    hour, minute = int(found[1]), int(found[2])
    fits = minute < 60 and (hour < 24 or (hour, minute) == (24, 0))  # noqa: PLR2004  (minutes and hours of a day)
    return hour * 60 + minute if fits else None


# ── closed sets ────────────────────────────────────────────────────────────────────────────────────────────────────────


def enum_reader(kind: type[Enum], *, any_case: bool) -> Reader:
    """Return a reader of one value of a text enum; the enum's own ``_missing_`` may know further spellings."""
    members: Mapping[str, Enum] = {_folded(str(member.value), any_case=any_case): member for member in kind}
    allowed = ", ".join(str(member.value) for member in kind)

    def read(node: Node, spot: Spot) -> object:
        if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
            return spot.wrong_type(node, "text", remedy=f"allowed: {allowed}")
        text = _folded(node.value, any_case=any_case)
        found = members.get(text) or _other_spelling(kind, text)
        return found if found is not None else not_one_of(node.value, allowed, node, spot)

    return read


def _folded(text: str, *, any_case: bool) -> str:
    return text.casefold() if any_case else text


def _other_spelling(kind: type[Enum], text: str) -> Enum | None:
    try:
        return kind(text)
    except ValueError:
        return None


def literal_reader(values: Sequence[Scalar]) -> Reader:
    """Return a reader of one of `values`, which are texts, numbers or booleans."""
    known = {(type(value), value): value for value in values}
    allowed = ", ".join(plain(value) for value in values)
    wanted = "text" if all(isinstance(value, str) for value in values) else f"one of {allowed}"

    def read(node: Node, spot: Spot) -> object:
        if isinstance(node, ScalarNode):
            key = (type(node.value), node.value)
            if key in known:
                return known[key]
            if any(type(node.value) is kind for kind, _ in known):
                return not_one_of(plain(node.value), allowed, node, spot)
        return spot.wrong_type(node, wanted, remedy=f"allowed: {allowed}")

    return read


def not_one_of(text: str, allowed: str, node: Node, spot: Spot) -> object:
    """Complain that `text` is outside a closed set."""
    return spot.complain(
        "bad-value", f"`{text}` is no value of {spot.label}", span=node.span, remedy=f"allowed: {allowed}"
    )
