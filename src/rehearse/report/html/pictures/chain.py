"""Who falls out, who takes it, who takes theirs: boxes from top to bottom, and what passed from one to the next."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.html.pictures.sketch import SMALL, Sketch, brief
from rehearse.report.html.pictures.svg import ACCENT, BAD, INK, PAPER, QUIET, SHADE
from rehearse.report.panel_tables import taker_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rehearse.panels import ChainLink, PanelChain

_COLUMN, _STEP, _BOX_WIDTH, _BOX_HEIGHT, _EDGE = 330.0, 112.0, 168.0, 46.0, 14.0
_MOST_LINKS = 24
_LABEL_WIDTH, _LABEL_LINES = 24, 4


@dataclass(frozen=True)
class _Box:
    """A person, or the end of a duty that nobody has any more.

    Attributes:
        key: Which.
        text: What stands in it.
        below: A quiet line under that.
        kind: ``absent``, ``taken``, ``released`` or ``open``.
    """

    key: str
    text: str
    below: str
    kind: str


@dataclass(frozen=True)
class _Edge:
    """What passed between two boxes."""

    giver: str
    taker: str
    duties: tuple[str, ...]
    kind: str


def chain_sketch(panel: PanelChain) -> Sketch:
    """Return the chain from those who fell out downward; each further one that takes from the same person stands to the right."""
    links = panel.links[:_MOST_LINKS]
    note = f"The first {len(links)} of {len(panel.links)} links are drawn." if len(panel.links) > len(links) else ""
    edges = _edges(links)
    boxes = _boxes(panel, edges, links)
    places = _places(boxes, edges)
    width = _COLUMN * (1 + max(column for column, _ in places.values()))
    height = _STEP * max(line for _, line in places.values()) + _BOX_HEIGHT + 2 * _EDGE

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1), facecolor="none")
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(height, 0)
        for edge in edges:
            _arrow(axes, places[edge.giver], places[edge.taker], edge)
        for box in boxes.values():
            _box(axes, places[box.key], box)

    return Sketch((width, height), paint, _described(panel), note)


def _described(panel: PanelChain) -> str:
    away = [f"{who} falls out ({why})" if why else f"{who} falls out" for who, why in panel.absent]
    return "; ".join([*away, *(f"{link.giver}’s {link.duty}: {taker_words(link)}" for link in panel.links)])


def _edges(links: tuple[ChainLink, ...]) -> tuple[_Edge, ...]:
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for link in links:
        taker = link.taker if link.kind == "taken" else f"{link.kind}:{link.giver}"
        grouped.setdefault((link.giver, taker, link.kind), []).append(link.duty)
    return tuple(_Edge(giver, taker, tuple(duties), kind) for (giver, taker, kind), duties in grouped.items())


def _boxes(panel: PanelChain, edges: tuple[_Edge, ...], links: tuple[ChainLink, ...]) -> dict[str, _Box]:
    givers = {edge.giver for edge in edges}
    boxes = {who: _Box(who, who, "falls out", "absent") for who, _ in panel.absent if who in givers}
    words = {f"{link.kind}:{link.giver}": taker_words(link) for link in links if link.kind != "taken"}
    for edge in edges:
        boxes.setdefault(edge.giver, _Box(edge.giver, edge.giver, "", "taken"))
        if edge.kind == "taken":
            boxes.setdefault(edge.taker, _Box(edge.taker, edge.taker, "takes over", "taken"))
        else:
            boxes.setdefault(edge.taker, _Box(edge.taker, words[edge.taker], "", edge.kind))
    return boxes


def _places(boxes: dict[str, _Box], edges: tuple[_Edge, ...]) -> dict[str, tuple[int, int]]:
    """Column and line of each box: one line below whoever it takes from, the first straight below, others to the right."""
    layout = _Layout({}, {}, {})
    for edge in edges:
        layout.takers.setdefault(edge.giver, []).append(edge.taker)
    pulled = {edge.taker for edge in edges}
    for root in (*(key for key in boxes if key not in pulled), *boxes):
        layout.place(root, 0, 0)
    return layout.places


@dataclass(frozen=True)
class _Layout:
    """A walk from givers to takers.

    Attributes:
        takers: Who takes from whom.
        places: Column and line of whoever has a place.
        used: How many columns of each line are taken.
    """

    takers: dict[str, list[str]]
    places: dict[str, tuple[int, int]]
    used: dict[int, int]

    def place(self, key: str, line: int, column: int) -> None:
        """Give somebody a place, no further left than `column`, and then whoever takes from them."""
        if key in self.places:
            return
        column = max(column, self.used.get(line, 0))
        self.places[key] = (column, line)
        self.used[line] = column + 1
        for number, taker in enumerate(self.takers.get(key, ())):
            self.place(taker, line + 1, column + number)


def _center(place: tuple[int, int]) -> tuple[float, float]:
    column, line = place
    return column * _COLUMN + _EDGE + _BOX_WIDTH / 2, line * _STEP + _EDGE + _BOX_HEIGHT / 2


def _box(axes: Axes, place: tuple[int, int], box: _Box) -> None:
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415  (only whoever draws pays for it)

    x, y = _center(place)
    color = {"absent": BAD, "open": BAD, "released": QUIET}.get(box.kind, ACCENT)
    style = (0, (5, 3)) if box.kind in ("absent", "released") else "solid"
    corner = (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2)
    axes.add_patch(
        FancyBboxPatch(corner, _BOX_WIDTH, _BOX_HEIGHT, boxstyle="round,pad=0,rounding_size=7", linewidth=1.8,
                       linestyle=style, edgecolor=color, facecolor=SHADE if box.kind == "taken" else PAPER)
    )  # fmt: skip
    above = 7 if box.below else 0
    weight = "bold" if box.kind in ("absent", "taken") else "normal"
    axes.text(x, y - above, brief(box.text, 20), ha="center", va="center", color=INK, fontweight=weight)
    if box.below:
        axes.text(x, y + 11, box.below, ha="center", va="center", color=QUIET, fontsize=SMALL)


def _arrow(axes: Axes, giver: tuple[int, int], taker: tuple[int, int], edge: _Edge) -> None:
    """Straight down where the taker stands below; else to the side and then down, so that no line crosses a label."""
    (x, y), (to_x, to_y) = _center(giver), _center(taker)
    half = _BOX_HEIGHT / 2 if to_y > y else -_BOX_HEIGHT / 2
    aside = giver[0] != taker[0]
    begin = (x + (_BOX_WIDTH / 2 if to_x > x else -_BOX_WIDTH / 2), y) if aside else (x, y + half)
    color = {"open": BAD, "released": QUIET}.get(edge.kind, INK)
    style = "-|>,head_length=0.5,head_width=0.22"
    line = {"arrowstyle": style, "color": color, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 2}
    if aside:
        line["connectionstyle"] = "angle,angleA=0,angleB=90,rad=8"
    axes.annotate("", xy=(to_x, to_y - half), xytext=begin, arrowprops=line)
    words = _label(edge)
    middle = (y + half + to_y - half) / 2
    axes.text(to_x + 10, middle, words, ha="left", va="center", color=QUIET, fontsize=SMALL, linespacing=1.25)


def _label(edge: _Edge) -> str:
    lines = [line for duty in edge.duties for line in textwrap.wrap(brief(duty, 90), _LABEL_WIDTH + 8)]
    more = [f"and {len(lines) - _LABEL_LINES + 1} more lines"] if len(lines) > _LABEL_LINES else []
    return "\n".join([*lines[: _LABEL_LINES - len(more)], *more])
