"""A measure against its limit: one bar a subject where each has few windows, one small curve a subject where they roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.html.pictures.sketch import MOST, SMALL, WIDTH, Sketch, axes_in, brief, day_text
from rehearse.report.html.pictures.svg import ACCENT, BAD, INK, LINE, PAPER, QUIET
from rehearse.report.panel_tables import figure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rehearse.panels import LimitSeries, LimitWindow, PanelLimits

FEW = 3
"""So many windows of a subject stand as bars."""
_ROW, _TOP, _BOTTOM, _LABELS, _VALUES = 26.0, 12.0, 48.0, 170.0, 150.0
_CURVES, _COLUMNS, _CELL_HEIGHT, _CELL_GAP = 12, 3, 118.0, 46.0


def limits_sketch(panel: PanelLimits) -> Sketch:
    """Return bars or curves, the subject that is closest to its limit first."""
    if max(len(series.windows) for series in panel.series) <= FEW:
        return _bars(panel)
    return _curves(panel)


def _words(series: LimitSeries, unit: str) -> str:
    window = series.closest
    before = f", before {figure_text(window.before)}" if window.before not in (None, window.value) else ""
    limit = f" of {figure_text(window.limit)}" if window.limit is not None else ""
    return f"{series.subject}: {figure_text(window.value)}{limit} {unit}{before}"


def _described(series: tuple[LimitSeries, ...], unit: str) -> str:
    return "; ".join(_words(one, unit) for one in series)


# ── bars ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bars(panel: PanelLimits) -> Sketch:
    rows = [(series, window) for series in panel.series for window in series.windows]
    shown = rows[:MOST]
    note = f"The {len(shown)} closest of {len(rows)} are drawn." if len(rows) > len(shown) else ""
    height = _TOP + _ROW * len(shown) + _BOTTOM

    def paint(figure: Figure) -> None:
        box = (_LABELS, _TOP, WIDTH - _LABELS - _VALUES, _ROW * len(shown))
        _bar_chart(axes_in(figure, box), shown, panel.unit)

    return Sketch((WIDTH, height), paint, _described(panel.series[:MOST], panel.unit), note)


def _bar_chart(axes: Axes, rows: list[tuple[LimitSeries, LimitWindow]], unit: str) -> None:
    several = any(len(series.windows) > 1 for series, _ in rows)
    most = max(float(max(window.value, window.limit or 0, window.before or 0)) for _, window in rows) or 1.0
    axes.set_xlim(0, most * 1.04)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for place, (_, window) in enumerate(rows):
        _bar(axes, place, window, most)
    axes.set_yticks(range(len(rows)), [_label(series, window, several=several) for series, window in rows])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=SMALL + 0.5)
    axes.set_xlabel(
        f"{brief(unit, 40)}:  bar after  ·  ◇ before  ·  thick line the limit", fontsize=SMALL, color=QUIET, labelpad=6
    )


def _label(series: LimitSeries, window: LimitWindow, *, several: bool) -> str:
    if not several:
        return brief(series.subject, 24)
    return f"{brief(series.subject, 12)}  {day_text(window.start)}–{day_text(window.end)}"


def _bar(axes: Axes, place: int, window: LimitWindow, most: float) -> None:
    value = float(window.value)
    over = window.headroom is not None and window.headroom < 0
    color = BAD if over else ACCENT
    face, hatch = (PAPER, "////") if over else (color, None)
    axes.barh(place, value, height=0.5, facecolor=face, edgecolor=color, hatch=hatch, linewidth=1.2)
    if window.limit is not None:
        limit = float(window.limit)
        axes.plot([limit, limit], [place - 0.46, place + 0.46], color=INK, linewidth=2.4, solid_capstyle="butt")
    if window.before is not None and window.before != window.value:
        axes.plot(
            [float(window.before)], [place], marker="D", markersize=6.5, markerfacecolor=PAPER,
            markeredgecolor=INK, markeredgewidth=1.3, linestyle="none", clip_on=False,
        )  # fmt: skip
    axes.text(
        most * 1.07, place, _beside(window), va="center", fontsize=SMALL, color=BAD if over else QUIET, clip_on=False
    )


def _beside(window: LimitWindow) -> str:
    room = window.headroom
    if room is None:
        return figure_text(window.value)
    rest = f"{figure_text(room)} to spare" if room >= 0 else f"{figure_text(-room)} beyond"
    return f"{figure_text(window.value)}, {rest}"


# ── curves ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _curves(panel: PanelLimits) -> Sketch:
    shown = panel.series[:_CURVES]
    columns = min(_COLUMNS, len(shown))
    lines = -(-len(shown) // columns)
    note = f"The {len(shown)} closest of {len(panel.series)} are drawn." if len(panel.series) > len(shown) else ""
    height = lines * (_CELL_HEIGHT + _CELL_GAP) + 18

    def paint(figure: Figure) -> None:
        wide = (WIDTH - 40) / columns - 26
        most = max(float(max(window.value, window.limit or 0)) for one in shown for window in one.windows) * 1.1 or 1.0
        for place, series in enumerate(shown):
            line, column = divmod(place, columns)
            left = 40 + column * (wide + 26)
            box = (left, 24 + line * (_CELL_HEIGHT + _CELL_GAP), wide, _CELL_HEIGHT)
            _curve(axes_in(figure, box), series, most, first=column == 0)

    text = "Solid after, dotted before, dashed the limit, one point for each window by its first day"
    return Sketch((WIDTH, height), paint, _described(shown, panel.unit), f"{text}. {note}".strip())


def _curve(axes: Axes, series: LimitSeries, most: float, *, first: bool) -> None:
    days = [window.start.toordinal() for window in series.windows]
    limits = [float(window.limit) if window.limit is not None else float("nan") for window in series.windows]
    before = [float(window.before) if window.before is not None else float("nan") for window in series.windows]
    values = [float(window.value) for window in series.windows]
    closest = series.closest
    over = closest.headroom is not None and closest.headroom < 0
    axes.plot(days, limits, color=INK, linewidth=1.6, linestyle=(0, (5, 3)))
    axes.plot(days, before, color=QUIET, linewidth=1.4, linestyle=(0, (1, 2)))
    axes.plot(days, values, color=BAD if over else ACCENT, linewidth=2.0)
    axes.plot([closest.start.toordinal()], [float(closest.value)], marker="o", markersize=7, markerfacecolor=PAPER,
              markeredgecolor=BAD if over else ACCENT, markeredgewidth=2, linestyle="none")  # fmt: skip
    axes.set_ylim(0, most)
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    axes.set_title(f"{brief(series.subject, 16)}  {_beside(closest)}", loc="left", fontsize=SMALL, color=INK, pad=5)
    ends = (series.windows[0].start, series.windows[-1].start)
    axes.set_xticks([day.toordinal() for day in ends], [day_text(day) for day in ends])
    axes.get_xticklabels()[0].set_horizontalalignment("left")
    axes.get_xticklabels()[-1].set_horizontalalignment("right")
    if not first:
        axes.set_yticklabels([])
