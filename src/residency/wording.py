"""Minutes, dates and citations in plain words, the same in every language setting of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY, date_of, weekday_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def hours_text(minutes: int) -> str:
    """A duration as hours and minutes: 80:01."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def day_text(minute: int) -> str:
    """A date without its year: 2 December."""
    day = date_of(minute)
    return f"{day.day} {_MONTHS[day.month - 1]}"


def days_text(start: int, end: int) -> str:
    """The dates that a half-open interval touches: from 2 to 29 December, or on 2 December."""
    first, last = date_of(start), date_of(end - 1)
    if first == last:
        return f"on {day_text(start)}"
    if first.year != last.year:
        return f"from {day_text(start)} {first.year} to {day_text(end - 1)} {last.year}"
    if first.month != last.month:
        return f"from {day_text(start)} to {day_text(end - 1)}"
    return f"from {first.day} to {day_text(end - 1)}"


def moment_text(minute: int) -> str:
    """A moment: 07:00 on 2 December."""
    within = minute % DAY
    return f"{within // 60:02d}:{within % 60:02d} on {day_text(minute)}"


def span_text(start: int, end: int) -> str:
    """An interval in minutes: from 07:00 on 2 December to 07:00 on 3 December."""
    if start // DAY != (end - 1) // DAY:
        return f"from {moment_text(start)} to {moment_text(end)}"
    within = start % DAY
    until = end - start + within
    return f"from {within // 60:02d}:{within % 60:02d} to {until // 60:02d}:{until % 60:02d} on {day_text(start)}"


def leave_text(start: int, end: int) -> str:
    """An interval in dates where it is whole days, else to the minute."""
    return days_text(start, end) if start % DAY == end % DAY == 0 else span_text(start, end)


def number_of(citation: str) -> str:
    """The first number of a citation: CPR 6.20 (VI.F.1) becomes CPR 6.20."""
    return citation.split(" (", 1)[0]


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 day, 2 days."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def weekday_text(minute: int) -> str:
    """A date with its weekday: Wed 25 December."""
    return f"{_WEEKDAYS[weekday_of(minute)]} {day_text(minute)}"


def weekdays_text(first: int, last: int) -> str:
    """Two dates with their weekdays: from Mon 9 to Fri 13 December."""
    same = (date_of(first).year, date_of(first).month) == (date_of(last).year, date_of(last).month)
    begin = f"{_WEEKDAYS[weekday_of(first)]} {date_of(first).day}" if same else weekday_text(first)
    return f"from {begin} to {weekday_text(last)}"


def clock_text(minute: int) -> str:
    """The time of day: 07:00."""
    within = minute % DAY
    return f"{within // 60:02d}:{within % 60:02d}"


def turn_text(start: int, end: int) -> str:
    """When a duty is: on Wed 25 December, 07:00–19:00; with the day of its end where that is not the next at the latest."""
    if end - start <= DAY:
        return f"on {weekday_text(start)}, {clock_text(start)}–{clock_text(end)}"
    return f"from {clock_text(start)} on {weekday_text(start)} to {clock_text(end)} on {weekday_text(end)}"


def listed(words: Sequence[str], *, most: int = 4) -> str:
    """Words in a row: a, b and c; what is beyond `most` is counted."""
    shown = list(words[:most]) + [f"{len(words) - most} more"] * (len(words) > most)
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
