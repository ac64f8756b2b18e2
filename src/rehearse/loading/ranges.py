"""Ranges of dates and integers, ``{from, to, step, weekdays}``: both ends included."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from rehearse.errors import Complaints, Problem, did_you_mean
from rehearse.loading.evaluate import phrase_of
from rehearse.loading.limits import GENERATED_ROWS
from rehearse.loading.scalars import ScalarError, date_or_moment
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearse.errors import Code

_KEYS = ("from", "to", "step", "weekdays")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STEP = re.compile(r"(?P<number>[0-9]{1,7})(?P<unit>[dw])")
_End: TypeAlias = int | date


class BrokenRangeError(Exception):
    """A range or list of values that cannot be read; it has been complained about."""


def read_axis(name: str, node: Node, complaints: Complaints) -> tuple[Node, ...]:
    """Return the values of an axis called `name`: the items of a list, or all values of a range.

    Raises:
        BrokenRangeError: After complaining, if it is neither.
    """
    if isinstance(node, ListNode):
        return node.items
    if isinstance(node, MapNode):
        return tuple(ScalarNode(value, node.span) for value in _range(name, node, complaints))
    if isinstance(node, DeferredNode) and not node.references:
        raise BrokenRangeError
    summary = f"`{name}` is {phrase_of(node)}, and must be a list or a range"
    raise _complain(complaints, Problem("wrong-type", summary, node.span, "write `[…]` or `{from: …, to: …}`"))


def date_range(start: Node, end: Node, complaints: Complaints) -> tuple[date, ...]:
    """Return every date from `start` to `end`, both included.

    Raises:
        BrokenRangeError: After complaining, if these are no dates in that order.
    """
    first, last = _end("start", start, complaints), _end("end", end, complaints)
    for key, node, value in (("start", start, first), ("end", end, last)):
        if not isinstance(value, date):
            raise _complain(complaints, Problem("wrong-type", f"`{key}` is no date", node.span, "write 2024-12-25"))
    return tuple(value for value in _values(first, last, 1, end, complaints) if isinstance(value, date))


def _range(name: str, node: MapNode, complaints: Complaints) -> tuple[_End, ...]:
    unknown = [entry for entry in node.entries if entry.key not in _KEYS]
    for entry in unknown:
        remedy = did_you_mean(entry.key, _KEYS)
        complaints.add(Problem("unknown-key", f"`{entry.key}` is not a key of a range", entry.span, remedy))
    if unknown:
        raise BrokenRangeError
    first, last = _required(name, node, "from", complaints), _required(name, node, "to", complaints)
    start, end = _end("from", first, complaints), _end("to", last, complaints)
    if isinstance(start, date) != isinstance(end, date):
        summary = f"the range `{name}` begins with {phrase_of(first)} and ends with {phrase_of(last)}"
        raise _complain(complaints, Problem("conflict", summary, last.span, "write two dates, or two integers"))
    step = _step(node, complaints, dates=isinstance(start, date))
    kept = _weekdays(node, complaints, dates=isinstance(start, date))
    values = _values(start, end, step, last, complaints)
    return tuple(value for value in values if not isinstance(value, date) or value.weekday() in kept)


def _required(name: str, node: MapNode, key: str, complaints: Complaints) -> Node:
    found = node.get(key)
    if found is None:
        summary = f"the range `{name}` has no `{key}`"
        raise _complain(complaints, Problem("missing-key", summary, node.span, "write `{from: …, to: …}`"))
    return found


def _end(key: str, node: Node, complaints: Complaints) -> _End:
    """Return an end of a range: an integer, or a date, quoted or not."""
    value = node.value if isinstance(node, ScalarNode) else None
    try:
        value = date_or_moment(value) if isinstance(value, str) else value
    except ScalarError as error:
        raise _complain(complaints, Problem(error.code, error.summary, node.span, error.remedy)) from None
    if isinstance(value, (int, date)) and not isinstance(value, (bool, datetime)):
        return value
    if isinstance(node, DeferredNode) and not node.references:
        raise BrokenRangeError
    summary = f"`{key}` is {phrase_of(node)}, and must be a date or an int"
    raise _complain(complaints, Problem("wrong-type", summary, node.span, "write 2024-12-25, or a whole number"))


def _step(node: MapNode, complaints: Complaints, *, dates: bool) -> int:
    found = node.get("step")
    if found is None:
        return 1
    value = found.value if isinstance(found, ScalarNode) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    match = _STEP.fullmatch(value) if isinstance(value, str) and dates else None
    if match and int(match["number"]):
        return int(match["number"]) * (7 if match["unit"] == "w" else 1)
    code: Code = "bad-value" if isinstance(value, (int, str)) and not isinstance(value, bool) else "wrong-type"
    remedy = "write 1 or more, or `1d`" if dates else "write 1 or more"
    raise _complain(complaints, Problem(code, "`step` must be a number of whole steps forward", found.span, remedy))


def _weekdays(node: MapNode, complaints: Complaints, *, dates: bool) -> frozenset[int]:
    entry = node.entry("weekdays")
    if entry is None:
        return frozenset(range(7))
    if not dates:
        summary = "`weekdays` stands in a range of integers"
        raise _complain(complaints, Problem("conflict", summary, entry.span, "leave it out, or write dates"))
    if not isinstance(entry.value, ListNode) or not entry.value.items:
        summary = "`weekdays` must be a list of days, not empty"
        raise _complain(complaints, Problem("wrong-type", summary, entry.value.span, "write `[mon, tue]`"))
    return frozenset([_weekday(item, complaints) for item in entry.value.items])


def _weekday(node: Node, complaints: Complaints) -> int:
    value = node.value if isinstance(node, ScalarNode) else None
    if value not in WEEKDAYS:
        summary = f"`{value}` is no weekday" if isinstance(node, ScalarNode) else f"{phrase_of(node)} is no weekday"
        raise _complain(complaints, Problem("bad-value", summary, node.span, f"write one of {', '.join(WEEKDAYS)}"))
    return WEEKDAYS.index(str(value))


def _values(start: _End, end: _End, step: int, last: Node, complaints: Complaints) -> Sequence[_End]:
    first, final = _ordinal(start), _ordinal(end)
    if final < first:
        summary = "the range ends before it begins"
        raise _complain(complaints, Problem("bad-value", summary, last.span, "exchange its ends"))
    if (final - first) // step >= GENERATED_ROWS:
        summary = f"the range has more than {GENERATED_ROWS:,} values"
        raise _complain(complaints, Problem("bad-value", summary, last.span, "make it shorter"))
    if isinstance(start, date):
        return [start + timedelta(days=offset) for offset in range(0, final - first + 1, step)]
    return range(first, final + 1, step)


def _ordinal(end: _End) -> int:
    return end.toordinal() if isinstance(end, date) else end


def _complain(complaints: Complaints, problem: Problem) -> BrokenRangeError:
    complaints.add(problem)
    return BrokenRangeError()
