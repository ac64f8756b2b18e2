"""The days over which averages are taken, and how many of them count: read from the rule sheet, apart from what judges rosters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import DAY, WEEK, Interval, WindowKind, date_of, minute_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.model import RotationPeriod
    from residency.solver.problem import Figures, Worker

#: A window counts as a week at least, or two shifts beside a month of leave would be "84 hours a week".
SHORTEST = 7
_BLOCK = 4 * WEEK
_LONGEST_ROTATION = 31 * DAY


class Span(NamedTuple):
    """Whole days of one window, with its rotation's granted weekly limit in minutes, if any."""

    start: int
    end: int
    granted: int | None = None


def spans(worker: Worker, figures: Figures, kind: WindowKind, anchor: int | None = None) -> tuple[Span, ...]:
    """The windows of a worker inside the horizon, in order, as far as it is known."""
    return _clipped(_whole_spans(worker, kind, figures.horizon, anchor), figures.known)


def _whole_spans(worker: Worker, kind: WindowKind, horizon: Interval, anchor: int | None) -> tuple[Span, ...]:
    low, high = horizon
    if kind is WindowKind.ROLLING28:
        last = max(low, high - _BLOCK)
        return tuple(Span(start, min(start + _BLOCK, high)) for start in range(low, last + 1, DAY))
    if kind is WindowKind.BLOCK28:
        origin = low if anchor is None else anchor - anchor % DAY
        first = low - (low - origin) % _BLOCK
        return _clipped((Span(start, start + _BLOCK) for start in range(first, high, _BLOCK)), horizon)
    if kind is WindowKind.MONTH:
        return _clipped(_months(horizon), horizon)
    return _clipped(_rotations(worker.periods, horizon), horizon)


def _clipped(found: Iterable[Span], horizon: Interval) -> tuple[Span, ...]:
    low, high = horizon
    return tuple(
        Span(max(span.start, low), min(span.end, high), span.granted)
        for span in found
        if span.start < high and span.end > low
    )


def _months(horizon: Interval) -> Iterator[Span]:
    first = date_of(horizon[0]).replace(day=1)
    while minute_of(first) < horizon[1]:
        following = (first + timedelta(days=31)).replace(day=1)
        yield Span(minute_of(first), minute_of(following))
        first = following


def _rotations(periods: Iterable[RotationPeriod], horizon: Interval) -> Iterator[Span]:
    """Each rotation, and each stretch without one; what is longer than 31 days goes in pieces of 28."""
    until = horizon[0]
    for period in periods:
        yield from _pieces(until, min(period.start, horizon[1]), None)
        yield from _pieces(period.start, period.end, period.weekly_limit)
        until = max(until, period.end)
    yield from _pieces(until, horizon[1], None)


def _pieces(start: int, end: int, granted: int | None) -> Iterator[Span]:
    step = end - start if end - start <= _LONGEST_ROTATION else _BLOCK
    for begin in range(start, end, max(step, DAY)):
        yield Span(begin, min(begin + step, end), granted)


def leave_days(worker: Worker) -> tuple[Interval, ...]:
    """Runs of calendar days that approved leave covers from end to end."""
    runs = ((-(-start // DAY) * DAY, end // DAY * DAY) for start, end in worker.leave)
    return tuple((first, last) for first, last in runs if first < last)


def counted_days(worker: Worker, span: Span) -> int:
    """The days of a window less its leave days."""
    away = sum(max(0, min(end, span.end) - max(start, span.start)) for start, end in leave_days(worker))
    return (span.end - span.start - away) // DAY
