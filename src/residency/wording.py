"""Minutes, dates and citations in plain words, the same in every language setting of the machine."""

from __future__ import annotations

from residency.calendar import DAY, date_of

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
