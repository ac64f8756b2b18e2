"""Panels as a page shows them: a card of sentences, a grid of days, a picture with its figures, a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from rehearse.panels import AnyPanel, PanelCalendar, PanelCoverage, PanelTable, PanelTimeline, PanelWords, TimelineBar
from rehearse.report.cards import AT_ONCE, card_of
from rehearse.report.html.grids import GridView, calendar_view, coverage_view
from rehearse.report.html.paged import PagedTable
from rehearse.report.html.pictures import picture_of
from rehearse.report.html.tables import domain_table
from rehearse.report.panel_tables import panel_table
from rehearse.report.visible import cell, visible

if TYPE_CHECKING:
    from rehearse.report.model import Limits
    from rehearse.run.outcome import ScenarioResult

_CONCURRENT = "concurrent"
_NO_PICTURE = Markup("")


@dataclass(frozen=True)
class CardView:
    """A few sentences under a heading.

    Attributes:
        sentences: Those that are seen at once.
        more: Those behind a switch.
        link: The section that says more, or nothing.
    """

    id: str
    title: str
    sentences: tuple[str, ...]
    more: tuple[str, ...] = ()
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class PanelView:
    """A section for people.

    Attributes:
        grid: Days side by side, or None.
        svg: A picture; empty if there is none.
        picture_note: What the picture leaves out.
        table: The figures, or None.
        folded: Whether the figures stand behind a switch.
    """

    id: str
    title: str
    note: str
    grid: GridView | None = None
    svg: Markup = _NO_PICTURE
    picture_note: str = ""
    table: PagedTable | None = None
    folded: bool = False


@dataclass(frozen=True)
class Drawn:
    """A panel with the picture that was drawn of it: pictures are drawn once, however often a page is made."""

    panel: AnyPanel
    svg: Markup
    note: str


def drawn(panels: tuple[AnyPanel, ...]) -> tuple[Drawn, ...]:
    """Return every panel with its picture."""
    return tuple(_drawn(panel, f"picture-{number}") for number, panel in enumerate(panels, 1))


def _drawn(panel: AnyPanel, name: str) -> Drawn:
    picture = picture_of(panel, name)
    if picture is None:
        return Drawn(panel, _NO_PICTURE, "")
    return Drawn(panel, Markup(picture.svg), picture.note)  # noqa: S704  (every text in it was escaped when it was written)


def cards(panels: tuple[Drawn, ...]) -> tuple[CardView, ...]:
    """Return what is said in sentences: panels of words, and what others say of themselves in short."""
    found: list[CardView] = []
    for number, item in enumerate(panels, 1):
        card = card_of(item.panel)
        if card is None:
            continue
        identity, link = (f"card-{number}", f"panel-{number}") if card.summary else (f"panel-{number}", "")
        told = tuple(map(visible, card.sentences))
        found.append(CardView(identity, cell(card.title), told[:AT_ONCE], told[AT_ONCE:], cell(card.note), link))
    return tuple(found)


def sections(panels: tuple[Drawn, ...], limits: Limits) -> tuple[PanelView, ...]:
    """Return a section for each panel that is more than sentences."""
    numbered = enumerate(panels, 1)
    return tuple(
        _section(item, f"panel-{number}", limits) for number, item in numbered if not isinstance(item.panel, PanelWords)
    )


def _section(item: Drawn, identity: str, limits: Limits) -> PanelView:
    panel = item.panel
    title, note = cell(panel.title), cell(panel.note)
    match panel:
        case PanelCalendar():
            return PanelView(identity, title, note, grid=calendar_view(panel))
        case PanelCoverage():
            table = domain_table(panel_table(panel), f"{identity}-table", limits)
            return PanelView(
                identity, title, note, grid=coverage_view(panel), table=table if table.rows else None, folded=True
            )
        case PanelTable():
            table = domain_table(panel, f"{identity}-table", limits)
            return PanelView(identity, title, note, table=table if panel.columns else None)
        case _:
            table = domain_table(panel_table(panel), f"{identity}-table", limits)
            return PanelView(identity, title, note, None, item.svg, item.note, table, folded=bool(item.svg))


def timeline_of(result: ScenarioResult) -> PanelTimeline:
    """Return the steps one after the other; those of a concurrent block begin together."""
    bars: list[TimelineBar] = []
    start = until = 0.0
    together = False
    for step in result.steps:
        if step.outcome == "skipped":
            continue
        concurrent = step.name.startswith(_CONCURRENT)
        if not (concurrent and together):
            start = until
        together = concurrent
        until = max(until, start + step.seconds)
        outcome = "deadline passed" if step.timed_out else step.outcome
        label = cell(step.operation, limit=100)
        bars.append(TimelineBar(label, start, step.seconds, step.query_count, outcome, step.expected))
    return PanelTimeline("Operations with time and queries", tuple(bars))
