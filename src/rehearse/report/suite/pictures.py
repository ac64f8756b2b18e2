"""The suite's two pictures: how it stood the last times, and how its categories came out; drawn as every picture of a report is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from rehearse.report.html.pictures.svg import BAD, GOOD, INK, LINE, PAPER, QUIET, WARN, svg_of
from rehearse.report.suite.model import NOT_YET, counted
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rehearse.report.suite.model import SuiteReport

WIDTH = 560.0
DRAWN = 14
"""So many categories are drawn; the table beside them has all."""
LOOKS: Mapping[str, tuple[str, str]] = {
    "passed": (GOOD, ""),
    "failed": (BAD, ""),
    "error": (BAD, "//"),
    "timeout": (BAD, ".."),
    "unknown": (WARN, "xx"),
    NOT_YET: (PAPER, ""),
}
"""Outcome → colour and hatch, in the order in which they are stacked; nobody has to tell them by colour alone."""


def trend_picture(report: SuiteReport) -> str:
    """Return how many scenarios stood how after each of the last commands; nothing for the first one."""
    points = report.trend
    if len(points) < 2:  # noqa: PLR2004  (one point is no trend)
        return ""
    labels = [f"{point.began:%d %b}\n{point.began:%H:%M}" for point in points]

    def paint(figure: Figure) -> None:
        axes = _axes(figure)
        for bar in _bars([point.counts for point in points]):
            axes.bar(
                range(len(points)),
                bar.lengths,
                0.72,
                bottom=bar.starts,
                **bar.look,
            )
        shown = list(range(len(points) - 1, -1, -max(1, -(-len(points) // 8))))
        axes.set_xticks(shown, [labels[index] for index in shown], fontsize=10)
        axes.set_xlim(-0.6, max(7, len(points)) - 0.4)
        axes.yaxis.grid(visible=True, color=LINE)
        axes.locator_params(axis="y", integer=True, nbins=5)
        _legend(figure, axes)

    words = (
        "The last rehearsals",
        f"Scenarios by latest outcome after each of {len(points)} rehearsals, oldest first.",
    )
    return svg_of((WIDTH, 230.0), paint, name="trend", words=words)


def categories_picture(report: SuiteReport) -> str:
    """Return how many scenarios of each category came out how; nothing if there is but one category."""
    names = sorted({row.subject.category for row in report.rows})[:DRAWN]
    if len(names) < 2:  # noqa: PLR2004  (one bar compares with nothing)
        return ""
    stacks = [counted(row.status for row in report.rows if row.subject.category == name) for name in names]
    totals = [sum(stack.values()) for stack in stacks]

    def paint(figure: Figure) -> None:
        axes = _axes(figure)
        for bar in _bars(stacks):
            axes.barh(
                range(len(names)),
                bar.lengths,
                0.66,
                left=bar.starts,
                **bar.look,
            )
        for place, total in enumerate(totals):
            axes.text(total, place, f" {total}", va="center", color=INK, fontsize=11)
        axes.set_yticks(range(len(names)), [cell(name or "(none)", limit=28) for name in names])
        axes.set_xlim(0, max(totals) * 1.08)
        axes.set_xticks([])
        axes.invert_yaxis()
        _legend(figure, axes)

    words = (
        "Outcomes by category",
        f"Scenarios of {len(names)} categories by outcome; the table below has the figures.",
    )
    return svg_of((WIDTH, max(120.0, 24.0 * len(names) + 60)), paint, name="categories", words=words)


class BarLook(TypedDict):
    """Keywords of matplotlib's bars."""

    label: str
    color: str
    edgecolor: str
    hatch: str | None
    linewidth: float


@dataclass(frozen=True)
class Bar:
    """One outcome's pieces of all bars."""

    word: str
    starts: list[int]
    lengths: list[int]
    colour: str
    edge: str
    hatch: str | None

    @property
    def look(self) -> BarLook:
        """How matplotlib draws it, lying or standing."""
        return BarLook(label=self.word, color=self.colour, edgecolor=self.edge, hatch=self.hatch, linewidth=0.8)


def _bars(stacks: Sequence[Mapping[str, int]]) -> Iterator[Bar]:
    """Yield the pieces of stacked bars, what passed nearest to the axis."""
    starts = [0] * len(stacks)
    for word in (word for word in LOOKS if any(word in stack for stack in stacks)):
        lengths = [stack.get(word, 0) for stack in stacks]
        colour, hatch = LOOKS[word]
        yield Bar(word, starts, lengths, colour, QUIET if colour == PAPER else PAPER, hatch or None)
        starts = [start + length for start, length in zip(starts, lengths, strict=True)]


def _axes(figure: Figure) -> Axes:
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE)
    figure.set_layout_engine("constrained")
    return axes


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False, fontsize=11)
