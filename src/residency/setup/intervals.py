"""The ways to write an interval: a SPAN of days or moments, and the four forms of a duty."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from residency.calendar import DAY, HOUR, Interval, merge, minute_of
from residency.model import AbsenceKind, DutyKind
from residency.setup.rows import LONGEST_DUTY_HOURS, AbsenceWord, KindWord
from residency.stored import KIND_OF_VALUE

if TYPE_CHECKING:
    from rehearse.errors import Code
    from residency.model import Rotation
    from residency.settings import Periods
    from residency.setup.rows import DutyFields, ShiftFields, SpanFields

_KIND_OF_WORD = {
    KindWord.MOONLIGHTING_INTERNAL: DutyKind.MOONLIGHT_INT,
    KindWord.MOONLIGHTING_EXTERNAL: DutyKind.MOONLIGHT_EXT,
    KindWord.HOME_CALL: DutyKind.HOME_CALL_IDLE,
}
_SPAN_FORMS = (("date",), ("dates",), ("start_date", "end_date"), ("start", "end"))
_FORMS_SAID = "write `date`, `dates`, `start_date` with `end_date`, or `start` with `end`"


class IntervalError(ValueError):
    """An interval that cannot be read.

    Attributes:
        code: Of the problem.
        summary: What is wrong.
        remedy: What to do.
        fields: Where it stands: the first of these fields that was written.
    """

    def __init__(self, code: Code, summary: str, remedy: str, *names: str) -> None:
        super().__init__(f"{summary}; {remedy}")
        self.code: Code = code
        self.summary = summary
        self.remedy = remedy
        self.fields = names


def kind_of_word(word: KindWord | None) -> DutyKind | None:
    """The kind of duty that a word means."""
    if word is None:
        return None
    return _KIND_OF_WORD[word] if word in _KIND_OF_WORD else KIND_OF_VALUE[word.value]


def absence_of_word(word: AbsenceWord) -> AbsenceKind:
    """The kind of absence that a word means."""
    return AbsenceKind.ILLNESS if word is AbsenceWord.SICK else AbsenceKind(word.value)


def span_form(span: SpanFields) -> str | None:
    """The first field of the form in which a SPAN is written; None if none is.

    Raises:
        IntervalError: two forms at once, or half of one.
    """
    used = [form for form in _SPAN_FORMS if any(getattr(span, name) is not None for name in form)]
    if not used:
        return None
    if len(used) > 1:
        words = " and ".join(f"`{next(name for name in form if getattr(span, name) is not None)}`" for form in used)
        raise IntervalError("conflict", f"{words} say the same thing twice", _FORMS_SAID, *used[1])
    first = used[0][0]
    for name in used[0]:
        if getattr(span, name) is None and name != "end_date":
            raise IntervalError(
                "missing-key", f"`{name}` is missing beside `{_other(used[0], name)}`", _FORMS_SAID, *used[0]
            )
    return first


def _other(form: tuple[str, ...], name: str) -> str:
    return next(other for other in form if other != name)


def span_intervals(span: SpanFields) -> tuple[Interval, ...]:
    """The intervals of a SPAN; each run of days is one.

    Raises:
        IntervalError: it is not written, or cannot be read.
    """
    form = span_form(span)
    if form is None:
        raise IntervalError("missing-key", "it says no time", _FORMS_SAID)
    if form == "start":
        return (_moments(span.start, span.end),)
    days = span_days(span)
    return tuple(merge([(day, day + DAY) for day in days]))


def span_days(span: SpanFields) -> tuple[int, ...]:
    """The days of a SPAN that is written in dates, each by its first minute, in order.

    Raises:
        IntervalError: an end before its start, or an empty list.
    """
    if span.date is not None:
        return (minute_of(span.date),)
    if span.dates is not None:
        if not span.dates:
            raise IntervalError("bad-value", "`dates` is empty", "name a day", "dates")
        return tuple(sorted({minute_of(day) for day in span.dates}))
    if span.start_date is None:
        return ()
    first = minute_of(span.start_date)
    last = first if span.end_date is None else minute_of(span.end_date)
    if last < first:
        raise IntervalError("bad-value", "`end_date` is before `start_date`", "put them in order", "end_date")
    return tuple(range(first, last + DAY, DAY))


def shift_intervals(row: ShiftFields) -> tuple[Interval, ...]:
    """The intervals of a SPAN or of its shifts, in the order in which they are written.

    Raises:
        IntervalError: neither is written or both are, one cannot be read, or one is longer than 72 hours.
    """
    if row.shifts is None:
        found = span_intervals(row)
    elif span_form(row) is not None:
        raise IntervalError(
            "conflict", "`shifts` and a span say the same thing twice", "leave one of them out", "shifts"
        )
    elif not row.shifts:
        raise IntervalError("bad-value", "`shifts` is empty", "name a shift", "shifts")
    else:
        found = tuple(_moments(shift.start, shift.end, "shifts") for shift in row.shifts)
    longest = max(end - start for start, end in found)
    if longest > LONGEST_DUTY_HOURS * HOUR:
        summary = f"a duty of {longest / HOUR:g} hours is longer than {LONGEST_DUTY_HOURS}"
        raise IntervalError("bad-value", summary, "write several shifts", "shifts", "end", "end_date", "dates")
    return found


def _moments(start: object, end: object, *names: str) -> Interval:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise IntervalError(
            "wrong-type", "`start` and `end` are moments here", "write them as 2024-12-25T06:00", "start", "end"
        )
    begin, stop = minute_of(start), minute_of(end)
    if stop <= begin:
        remedy = "an interval has at least one minute"
        raise IntervalError("bad-value", "`end` is not after `start`", remedy, *(names or ("end",)))
    return begin, stop


def duty_interval(row: DutyFields, kind: DutyKind, rotation: Rotation | None, periods: Periods) -> Interval:
    """The interval of a duty.

    Raises:
        IntervalError: it is not written, in two ways at once, or longer than 72 hours.
    """
    start, end = _unchecked(row, kind, rotation, periods)
    if end <= start:
        raise IntervalError(
            "bad-value", "`end` is not after `start`", "an interval has at least one minute", "end", "start"
        )
    if end - start > LONGEST_DUTY_HOURS * HOUR:
        summary = f"a duty of {(end - start) / HOUR:g} hours is longer than {LONGEST_DUTY_HOURS}"
        raise IntervalError("bad-value", summary, "write several duties", "end", "hours")
    return start, end


def _unchecked(row: DutyFields, kind: DutyKind, rotation: Rotation | None, periods: Periods) -> Interval:
    if isinstance(row.start, datetime):
        return _from_moment(row, row.start)
    if row.block_date is None:
        remedy = "write `start` and `end`, `start` and `hours`, or `date` with times or a `period`"
        raise IntervalError(
            "missing-key", "a duty needs to say when it is", remedy, "start", "end", "hours", "block_period"
        )
    midnight = minute_of(row.block_date)
    if row.start is not None or row.end is not None:
        return _from_times(row, midnight)
    block = rotation.block_minutes if rotation is not None else None
    return periods.interval(midnight, row.block_period, row.hours, kind, block)


def _from_moment(row: DutyFields, start: datetime) -> Interval:
    for name in ("block_date", "block_period"):
        if getattr(row, name) is not None:
            raise IntervalError(
                "conflict", f"`start` as a moment and `{name}` say the day twice", f"leave `{name}` out", name
            )
    begin = minute_of(start)
    if row.end is None:
        if row.hours is None:
            raise IntervalError("missing-key", "`start` needs `end` or `hours`", "write one of them", "start")
        return begin, begin + row.hours
    if row.hours is not None:
        raise IntervalError("conflict", "`end` and `hours` say the length twice", "leave one of them out", "hours")
    if not isinstance(row.end, datetime):
        raise IntervalError("wrong-type", "`end` is a time and `start` a moment", "write `end` as a moment too", "end")
    return begin, minute_of(row.end)


def _from_times(row: DutyFields, midnight: int) -> Interval:
    for name in ("block_period", "hours"):
        if getattr(row, name) is not None:
            raise IntervalError("conflict", f"times and `{name}` say the same thing twice", f"leave `{name}` out", name)
    if row.start is None or row.end is None:
        raise IntervalError("missing-key", "`start` and `end` belong together", "write both times", "start", "end")
    if isinstance(row.start, datetime) or isinstance(row.end, datetime):
        raise IntervalError(
            "wrong-type", "`start` and `end` are times beside `date`", 'write them as "07:00"', "end", "start"
        )
    if row.start >= DAY:
        raise IntervalError("bad-value", "24:00 is no start", 'write the next day and "00:00"', "start")
    end = row.end if row.end > row.start else row.end + DAY
    return midnight + row.start, midnight + end
