"""Hours of each resident against the limit, window by window, and which rule is closest to its limit and by how much."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.panels import LimitSeries, LimitWindow, PanelLimits, PanelTable
from rehearse.values import plain_fraction
from residency.averages import loads
from residency.calendar import HOUR, date_of
from residency.judging.judged import book
from residency.judging.margins import closest_margins
from residency.judging.naming import counted_key, person_text
from residency.model import Severity
from residency.policy.settings import DutyPeriodLimit, WeeklyHours
from residency.wording import counted, days_text, number_of, turn_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.domain import Evidence
    from residency.judging.margins import Margin
    from residency.load import Book

_WINDOWS = {
    "rotation": "averaged over each rotation",
    "block28": "averaged over blocks of 28 days",
    "month": "averaged over each month",
    "rolling28": "averaged over every 28 days in a row",
}


def hours(evidence: Evidence) -> tuple[PanelLimits, ...]:
    """For each weekly limit in force the hours of every resident, the one closest to it first."""
    before, after = book(evidence.before), book(evidence.after)
    panels = (_against(before, after, setting) for setting in after.settings.rules.weekly)
    return tuple(panel for panel in panels if panel is not None)


def _against(before: Book, after: Book, setting: WeeklyHours) -> PanelLimits | None:
    found = [
        LimitSeries(person_text(after, person), windows)
        for person in sorted(after.schedule.residents, key=counted_key)
        if (windows := tuple(_windows(before, after, person, setting)))
    ]
    if not any(window.limit is not None and (window.value or window.before) for one in found for window in one.windows):
        return None
    series = tuple(sorted(found, key=_room))
    title = (
        "Hours a week against the limit" if not setting.personal else "Hours a week against the program’s own limits"
    )
    how = _WINDOWS[setting.window.value] + (", leave days left out" if setting.exclude_leave else "")
    return PanelLimits(title, "hours a week", series, f"{setting.pack}, {number_of(setting.citation)}: {how}.")


def _room(series: LimitSeries) -> Fraction:
    room = series.closest.headroom
    return room if room is not None else Fraction(10**6)


def _windows(before: Book, after: Book, person: str, setting: WeeklyHours) -> Iterator[LimitWindow]:
    old = {load.window[:2]: load.weekly_hours for load in loads(before.schedule.timeline(person), setting)}
    for load in loads(after.schedule.timeline(person), setting):
        start, end, _ = load.window
        limit = None if load.weekly_limit is None else Fraction(load.weekly_limit, HOUR)
        last = date_of(end) - timedelta(days=1)
        yield LimitWindow(date_of(start), last, load.weekly_hours, limit, old.get((start, end)))


# ── the closest ────────────────────────────────────────────────────────────────────────────────────────────────────────


def closest(evidence: Evidence) -> tuple[PanelTable, ...]:
    """For each rule with a figure who is closest to its limit, when, and what is to spare; nothing without a resident's duty."""
    after = book(evidence.after)
    margins = closest_margins(after)
    if not margins:
        return ()
    columns = ("rule", "who", "when", "measured", "limit", "to spare")
    rows = tuple(_row(after, margin) for margin in margins)
    return (PanelTable("Closest to the limit", columns, rows, _NOTE, _summary(after, margins)),)


_NOTE = "The closest of all residents for each rule in force. The duty period is the whole of it: care and hand-over."


def _row(held: Book, margin: Margin) -> tuple[str, ...]:
    setting = margin.setting
    rule = f"{setting.stem.replace('_', ' ')} ({number_of(setting.citation)})"
    bound = "at most" if margin.at_most else "at least"
    return (
        rule,
        _who(held, margin),
        _when(margin),
        margin.figure,
        f"{bound} {_figure(margin.limit)}",
        _spare(margin),
    )


def _when(margin: Margin) -> str:
    is_windowed = margin.start % (24 * HOUR) == margin.end % (24 * HOUR) == 0
    return days_text(margin.start, margin.end) if is_windowed else turn_text(margin.start, margin.end)


def _spare(margin: Margin) -> str:
    if margin.room < 0:
        return f"{_figure(-margin.room)} beyond"
    return _figure(margin.room) if margin.room else "none"


def _figure(value: Fraction) -> str:
    return plain_fraction(value, digits=2)


def _summary(held: Book, margins: tuple[Margin, ...]) -> tuple[str, ...]:
    """The closest of all, and what of the hours a week is closest if that is another.

    What only should be kept, and how long a duty is, are told where they are broken: twelve hours between two shifts, and a call as long as
    it may be, are how rosters are made.
    """
    first = next((one for one in margins if one.room < 0 or _is_telling(one)), margins[0])
    hours_first = next((one for one in margins if isinstance(one.setting, WeeklyHours)), first)
    told = [first] if hours_first is first else [first, hours_first]
    return tuple(_sentence(held, margin) for margin in told)


def _is_telling(margin: Margin) -> bool:
    return margin.setting.severity is not Severity.ADVISORY and not isinstance(margin.setting, DutyPeriodLimit)


def _sentence(held: Book, margin: Margin) -> str:
    bound = "at most" if margin.at_most else "at least"
    rest = "none to spare" if not margin.room else f"{_spare(margin)} to spare"
    if margin.room < 0:
        rest = f"{_figure(-margin.room)} too {'many' if margin.at_most else 'few'}"
    return f"{_who(held, margin)}: {margin.figure} {_when(margin)}, {bound} {_figure(margin.limit)}: {rest}."


def _who(held: Book, margin: Margin) -> str:
    others = f" and {counted(margin.equals, 'other')}" if margin.equals else ""
    return person_text(held, margin.person) + others
