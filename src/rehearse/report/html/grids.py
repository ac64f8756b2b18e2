"""Calendars and coverage as tables of days: cut into stretches that fit a screen, each cell a letter and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.panels import CalendarEntry
from rehearse.report.panel_tables import day_words, figure_text
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rehearse.panels import CoverageCell, Mark, PanelCalendar, PanelCoverage

STRETCH = 28
"""So many days stand side by side, or a whole month if there are no more."""
LONGEST_MONTH = 31
MOST_CELLS = 6000
"""So many cells a grid has at most; what changed comes first."""
ROOM_FOR_A_NAME = 5
"""So many columns hold the name of a month with its year."""
FEW_CELLS = 1500
"""A grid with more shows only who and what changed."""
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_LETTERS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_SIGNS = {"added": "+", "removed": "−", "moved": "~", "unchanged": ""}
_SATURDAY = 5


@dataclass(frozen=True)
class DayHead:
    """The head of a day's column."""

    letters: str
    number: int
    words: str
    style: str
    star: bool


@dataclass(frozen=True)
class Entry:
    """Something in a cell: what is seen, what is read, and how it is marked."""

    code: str
    words: str
    style: str


@dataclass(frozen=True)
class GridCell:
    """A cell of a grid."""

    style: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class GridRow:
    """A row of a grid."""

    label: str
    cells: tuple[GridCell, ...]


@dataclass(frozen=True)
class Stretch:
    """Some days of a grid side by side.

    Attributes:
        caption: From when to when.
        months: Month and year with how many columns each has.
    """

    caption: str
    months: tuple[tuple[str, int], ...]
    heads: tuple[DayHead, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True)
class GridView:
    """A grid: one or several stretches of days, and what its letters mean.

    Attributes:
        kind: ``calendar`` or ``coverage``.
        cut: What is left out, in words.
    """

    kind: str
    stretches: tuple[Stretch, ...]
    legend: tuple[tuple[str, str], ...]
    cut: str


# ── the calendar ───────────────────────────────────────────────────────────────────────────────────────────────────────


def calendar_view(panel: PanelCalendar) -> GridView:
    """Return a calendar's stretches; a large one shows only whose days changed."""
    changed = [any(_is_changed(entries) for entries in row.days) for row in panel.rows]
    rows = [
        (row.label, row.days)
        for row, marked in zip(panel.rows, changed, strict=True)
        if marked or not _is_large(panel.rows, panel.days)
    ]
    named = dict(panel.named)
    spans = _stretches(len(panel.days), len(rows))
    if _is_large(panel.rows, panel.days):
        spans = [
            (low, high) for low, high in spans if any(_is_changed(day) for _, days in rows for day in days[low:high])
        ]
    spans, left_out = _affordable(spans, len(rows))
    stretches = tuple(
        _stretch(
            panel.days[low:high],
            named,
            [GridRow(cell(label, limit=100), tuple(map(_calendar_cell, days[low:high]))) for label, days in rows],
        )
        for low, high in spans
    )
    return GridView("calendar", stretches, _legend(panel), _left_out(len(panel.rows) - len(rows), left_out))


def _legend(panel: PanelCalendar) -> tuple[tuple[str, str], ...]:
    return tuple((cell(code[:6], limit=24), cell(name, limit=100)) for code, name in panel.legend)


def _is_large(rows: Sequence[object], days: Sequence[object]) -> bool:
    return len(rows) * len(days) > FEW_CELLS


def _left_out(people: int, stretches: int) -> str:
    told = [f"{people} more whose days are as before"] * (people > 0)
    told += [f"{stretches} more stretches of days"] * (stretches > 0)
    return f"Not shown: {' and '.join(told)}." if told else ""


def _stretches(days: int, rows: int) -> list[tuple[int, int]]:
    if not rows:
        return []
    step = days if days <= LONGEST_MONTH else STRETCH
    return [(low, min(low + step, days)) for low in range(0, days, step)]


def _affordable(spans: list[tuple[int, int]], rows: int) -> tuple[list[tuple[int, int]], int]:
    most = max(1, MOST_CELLS // (STRETCH * max(1, rows)))
    return spans[:most], max(0, len(spans) - most)


def _is_changed(entries: Iterable[CalendarEntry]) -> bool:
    return any(entry.mark != "unchanged" for entry in entries)


def _calendar_cell(entries: tuple[CalendarEntry, ...]) -> GridCell:
    """Return a day of somebody; two entries with the same letters are shown once and told both."""
    away = any(entry.away and entry.mark != "removed" for entry in entries)
    alike: dict[tuple[str, Mark, bool], list[str]] = {}
    for entry in entries:
        alike.setdefault((entry.code, entry.mark, entry.away), []).append(entry.words)
    merged = (CalendarEntry(code, "; ".join(words), mark, away=absent) for (code, mark, absent), words in alike.items())
    return GridCell("away" if away else "", tuple(map(_entry, merged)))


def _entry(entry: CalendarEntry) -> Entry:
    words = entry.words if entry.mark == "unchanged" else f"{entry.mark}: {entry.words}"
    style = f"{entry.mark} absence" if entry.away else entry.mark
    return Entry(_SIGNS[entry.mark] + cell(entry.code[:6], limit=24), cell(words, limit=300), style)


# ── coverage ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def coverage_view(panel: PanelCoverage) -> GridView:
    """Return the stretches of a coverage grid; a large one shows only days on which somebody was or is missing."""
    large = _is_large(panel.rows, panel.days)
    rows = [row for row in panel.rows if not large or any(_is_short(one) for one in row.cells)]
    spans = _stretches(len(panel.days), len(rows))
    if large:
        spans = [
            (low, high) for low, high in spans if any(_is_short(one) for row in rows for one in row.cells[low:high])
        ]
    spans, left_out = _affordable(spans, len(rows))
    stretches = tuple(
        _stretch(
            panel.days[low:high],
            {},
            [GridRow(cell(row.label, limit=100), tuple(map(_coverage_cell, row.cells[low:high]))) for row in rows],
        )
        for low, high in spans
    )
    told = [f"{len(panel.rows) - len(rows)} more that were always met"] * (len(panel.rows) > len(rows))
    told += [f"{left_out} more stretches of days"] * (left_out > 0)
    return GridView("coverage", stretches, (), f"Not shown: {' and '.join(told)}." if told else "")


def _is_short(found: CoverageCell | None) -> bool:
    return found is not None and bool(found.short or found.was_short)


def _coverage_cell(found: CoverageCell | None) -> GridCell:
    if found is None:
        return GridCell("none", (Entry("", "nothing needed", ""),))
    needed = f"{found.needed} needed"
    if found.short:
        missing = found.words or f"{figure_text(found.missing)} hours missing"
        before = "" if found.was_short == found.short else f", before {found.before} there"
        words = f"{needed}, {found.after} there{before}: {missing}"
        return GridCell("short", (Entry(f"−{found.short}", cell(words, limit=300), "short"),))
    if found.was_short:
        return GridCell(
            "mended", (Entry(f"+{found.was_short}", f"{needed}, all there; before {found.before}", "mended"),)
        )
    return GridCell("met", (Entry(str(found.needed), f"{needed}, all there", "met"),))


# ── days ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stretch(days: Sequence[date], named: dict[date, str], rows: Sequence[GridRow]) -> Stretch:
    caption = day_words(days[0]) if len(days) == 1 else f"{day_words(days[0])} to {day_words(days[-1])}"
    months: dict[tuple[int, int], int] = {}
    for day in days:
        months[day.year, day.month] = months.get((day.year, day.month), 0) + 1
    names = tuple((_month(year, month, columns), columns) for (year, month), columns in months.items())
    return Stretch(caption, names, tuple(_head(day, named) for day in days), tuple(rows))


def _month(year: int, month: int, columns: int) -> str:
    """Return a month's name, so short that it widens no column."""
    return f"{_MONTHS[month]} {year}" if columns >= ROOM_FOR_A_NAME else _MONTHS[month][:3]


def _head(day: date, named: dict[date, str]) -> DayHead:
    name = cell(named[day], limit=100) if day in named else ""
    words = f"{day_words(day)}, {name}" if name else day_words(day)
    style = "weekend" if day.weekday() >= _SATURDAY else ""
    return DayHead(_LETTERS[day.weekday()], day.day, words, style, bool(name))
