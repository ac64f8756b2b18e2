"""Which panels have a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.panels import AnyPanel, PanelChain, PanelLimits, PanelTimeline
from rehearse.report.html.pictures.chain import chain_sketch
from rehearse.report.html.pictures.limits import limits_sketch
from rehearse.report.html.pictures.svg import svg_of
from rehearse.report.html.pictures.timeline import timeline_sketch
from rehearse.report.visible import cell

if TYPE_CHECKING:
    from rehearse.report.html.pictures.sketch import Sketch


@dataclass(frozen=True)
class Picture:
    """A picture, ready for a page.

    Attributes:
        svg: The element; everything in it is escaped.
        note: What it leaves out, or nothing.
    """

    svg: str
    note: str = ""


def picture_of(panel: AnyPanel, name: str) -> Picture | None:
    """Return a panel's picture, or None if its kind has none or there is nothing to draw."""
    found = _sketch(panel)
    if found is None:
        return None
    words = (cell(panel.title, limit=200), cell(found.description))
    return Picture(svg_of(found.size, found.paint, name=name, words=words), found.note)


def _sketch(panel: AnyPanel) -> Sketch | None:
    match panel:
        case PanelLimits() if panel.series:
            return limits_sketch(panel)
        case PanelChain() if panel.links:
            return chain_sketch(panel)
        case PanelTimeline() if panel.bars:
            return timeline_sketch(panel)
        case _:
            return None
