"""What every picture has: its size, what draws it, the same in words, and the few habits that all of them keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rehearse.report.html.pictures.svg import LINE, QUIET
from rehearse.report.visible import visible_line

if TYPE_CHECKING:
    from datetime import date

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 720.0
SMALL = 10.5
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST = 40
"""So many rows fit into one picture."""


class Painter(Protocol):
    """Draws on an empty figure."""

    def __call__(self, figure: Figure) -> None:
        """Draw."""


@dataclass(frozen=True)
class Sketch:
    """What is to be drawn.

    Attributes:
        size: Width and height; a line of text has 12.
        paint: Draws it.
        description: The same in words.
        note: What it leaves out, or nothing.
    """

    size: tuple[float, float]
    paint: Painter
    description: str
    note: str = ""


def brief(text: str, most: int = 22) -> str:
    """Return a label that fits."""
    shown = visible_line(text[: most * 2])
    return shown if len(shown) <= most and len(text) <= most * 2 else f"{shown[: most - 1]}…"


def day_text(day: date) -> str:
    """Return a day without its year: ``2 Dec``."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def axes_in(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Return axes at left, top, width and height in the picture's units, with quiet lines and no frame."""
    width, height = (side * 72 for side in figure.get_size_inches())
    left, top, wide, high = box
    axes = figure.add_axes((left / width, 1 - (top + high) / height, wide / width, high / height), facecolor="none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(axis="both", length=0, colors=QUIET, labelcolor=QUIET, labelsize=SMALL)
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes
