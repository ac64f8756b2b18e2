"""Operations one after the other: how long each took, and how many queries it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.report.html.pictures.sketch import MOST, SMALL, WIDTH, Sketch, axes_in, brief
from rehearse.report.html.pictures.svg import ACCENT, BAD, INK, PAPER, QUIET, SOFT
from rehearse.report.model import count_text, seconds_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rehearse.panels import PanelTimeline, TimelineBar

_ROW, _TOP, _BOTTOM = 30.0, 26.0, 30.0
_LABELS, _TIMES, _GAP, _COUNTS = 190.0, 320.0, 90.0, 80.0


def timeline_sketch(panel: PanelTimeline) -> Sketch:
    """Return bars of time on the left and of queries on the right, one row a step."""
    bars = panel.bars[:MOST]
    cut = len(panel.bars) - len(bars)
    note = f"The first {len(bars)} of {len(panel.bars)} are drawn." if cut else ""
    height = _TOP + _ROW * len(bars) + _BOTTOM

    def paint(figure: Figure) -> None:
        inner = _ROW * len(bars)
        _times(axes_in(figure, (_LABELS, _TOP, _TIMES, inner)), bars)
        _counts(axes_in(figure, (_LABELS + _TIMES + _GAP, _TOP, _COUNTS, inner)), bars)

    return Sketch((WIDTH, height), paint, "; ".join(map(_words, bars)), note)


def _words(bar: TimelineBar) -> str:
    return f"{bar.label}: {bar.outcome}, {seconds_text(bar.seconds)}, {_queries(bar)}"


def _queries(bar: TimelineBar) -> str:
    return count_text(bar.queries, "query", plural="queries")


def _times(axes: Axes, bars: tuple[TimelineBar, ...]) -> None:
    rows = range(len(bars))
    whole = max((bar.start + bar.seconds for bar in bars), default=0.0) or 1.0
    shares = [max(bar.seconds, whole / 300) for bar in bars]
    drawn = axes.barh(rows, shares, left=[bar.start for bar in bars], height=0.56)
    for patch, bar in zip(drawn, bars, strict=True):
        patch.set_facecolor(ACCENT if bar.good else PAPER)
        patch.set_edgecolor(ACCENT if bar.good else BAD)
        patch.set_hatch(None if bar.good else "////")
        patch.set_linewidth(1.2)
    for row, bar in zip(rows, bars, strict=True):
        where = bar.start + max(bar.seconds, whole / 300) + whole * 0.015
        color = QUIET if bar.good else BAD
        text = seconds_text(bar.seconds) + ("" if bar.good else f", {brief(bar.outcome, 18)}")
        axes.text(where, row, text, va="center", ha="left", fontsize=SMALL, color=color, clip_on=False)
    axes.set_yticks(rows, [brief(f"{row + 1}  {bar.label}", 28) for row, bar in zip(rows, bars, strict=True)])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=SMALL + 0.5)
    axes.set_xlim(0, whole)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    ticks = [whole * part / 4 for part in range(5)]
    axes.set_xticks(ticks, ["0", *(seconds_text(tick) for tick in ticks[1:])])
    axes.set_title("time", loc="left", fontsize=SMALL, color=QUIET, pad=8)


def _counts(axes: Axes, bars: tuple[TimelineBar, ...]) -> None:
    rows = range(len(bars))
    most = max((bar.queries for bar in bars), default=0) or 1
    axes.barh(rows, [bar.queries for bar in bars], height=0.56, facecolor=SOFT, edgecolor=QUIET, linewidth=0.8)
    for row, bar in zip(rows, bars, strict=True):
        axes.text(
            bar.queries + most * 0.06, row, f"{bar.queries:,}", va="center", fontsize=SMALL, color=QUIET, clip_on=False
        )
    axes.set_yticks([])
    axes.set_xticks([])
    axes.set_xlim(0, most)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_title("queries", loc="left", fontsize=SMALL, color=QUIET, pad=8)
