"""Every kind of panel as a table, for formats that have no pictures, and for readers who want the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from rehearse.panels import (
    AnyPanel,
    PanelCalendar,
    PanelChain,
    PanelCoverage,
    PanelLimits,
    PanelTable,
    PanelTimeline,
    PanelWords,
)
from rehearse.report.model import count_text, seconds_text
from rehearse.values import plain_fraction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from fractions import Fraction

    from rehearse.panels import ChainLink, LimitWindow

NOTHING = "–"
WINDOW_COLUMNS = ("who", "from", "to", "before", "after", "limit", "to spare")
NEED_COLUMNS = ("what", "day", "needed", "there before", "there after", "missing")
_SIGNS = {"added": "+", "removed": "−", "moved": "~", "unchanged": ""}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def panel_table(panel: AnyPanel) -> PanelTable:
    """Return what a panel shows as a table with the same title and note."""
    match panel:
        case PanelTable():
            return panel
        case PanelWords():
            told = panel.sentences or ((panel.nothing,) if panel.nothing else ())
            return _table(panel, ("what",), tuple((sentence,) for sentence in told))
        case PanelCalendar():
            return _table(panel, ("who", "day", "change", "what"), tuple(_marked(panel)), nothing="No day changed.")
        case PanelLimits():
            return _table(panel, WINDOW_COLUMNS, tuple(_windows(panel)))
        case PanelCoverage():
            return _table(panel, NEED_COLUMNS, tuple(_short(panel)), nothing="Nobody was missing, before or after.")
        case PanelChain():
            return _table(panel, ("from", "to", "what"), tuple(_links(panel)))
        case PanelTimeline():
            return _table(panel, ("step", "outcome", "time", "queries"), tuple(_bars(panel)))
        case _:
            assert_never(panel)


def _table(
    panel: AnyPanel, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], *, nothing: str = ""
) -> PanelTable:
    notes = [nothing] * (not rows) + [panel.note]
    return PanelTable(panel.title, columns, rows, " ".join(note for note in notes if note))


def day_words(day: date) -> str:
    """Return a day with its weekday: ``Wed 2024-12-25``."""
    return f"{_DAYS[day.weekday()]} {day.isoformat()}"


def _marked(panel: PanelCalendar) -> Iterator[tuple[str, ...]]:
    """Yield what came, went or moved; what stayed is left out, since a table has no room for it."""
    for row in panel.rows:
        for day, entries in zip(panel.days, row.days, strict=True):
            for entry in entries:
                if entry.mark != "unchanged":
                    yield (row.label, day_words(day), f"{_SIGNS[entry.mark]} {entry.mark}", entry.words)


def _windows(panel: PanelLimits) -> Iterator[tuple[str, ...]]:
    for series in panel.series:
        for window in series.windows:
            yield (series.subject, window.start.isoformat(), window.end.isoformat(), *_figures(window))


def _figures(window: LimitWindow) -> tuple[str, ...]:
    return tuple(figure_text(figure) for figure in (window.before, window.value, window.limit, window.headroom))


def figure_text(figure: Fraction | None) -> str:
    """Return a figure with at most two decimals, or a dash."""
    return NOTHING if figure is None else plain_fraction(figure, digits=2)


def _short(panel: PanelCoverage) -> Iterator[tuple[str, ...]]:
    for row in panel.rows:
        for day, cell in zip(panel.days, row.cells, strict=True):
            if cell is not None and (cell.short or cell.was_short):
                missing = cell.words or (f"{figure_text(cell.missing)} hours" if cell.missing else NOTHING)
                counts = (str(cell.needed), str(cell.before), str(cell.after))
                yield (row.label, day_words(day), *counts, missing)


def _bars(panel: PanelTimeline) -> Iterator[tuple[str, ...]]:
    for bar in panel.bars:
        yield (bar.label, bar.outcome, seconds_text(bar.seconds), str(bar.queries))


def _links(panel: PanelChain) -> Iterator[tuple[str, ...]]:
    for who, why in panel.absent:
        yield (who, "", f"falls out: {why}" if why else "falls out")
    for link in panel.links:
        yield (link.giver, taker_words(link), link.duty)


def taker_words(link: ChainLink) -> str:
    """Return who takes something, or that nobody does."""
    if link.kind == "released":
        return "nobody needs to"
    return link.taker if link.kind == "taken" else "nobody could"


def calendar_counts(panel: PanelCalendar) -> str:
    """Return how many entries came, went and moved: ``1 added, 1 removed``; empty if none did."""
    marks = [entry.mark for row in panel.rows for entries in row.days for entry in entries]
    counts = ((mark, marks.count(mark)) for mark in ("added", "removed", "moved"))
    return ", ".join(count_text(count, "entry", plural="entries") + f" {mark}" for mark, count in counts if count)
