"""What panels say in sentences: what a reader in a hurry reads first, on a page as in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.panels import PanelWords

if TYPE_CHECKING:
    from rehearse.panels import AnyPanel

AT_ONCE = 6
"""So many sentences of a card are seen at once."""


@dataclass(frozen=True)
class Card:
    """A few sentences under a heading, as the domain wrote them.

    Attributes:
        summary: Whether they are the short of something larger.
    """

    title: str
    sentences: tuple[str, ...]
    note: str = ""
    summary: bool = False


def card_of(panel: AnyPanel) -> Card | None:
    """Return what a panel says in sentences: all of a panel of words, the summary of any other; None if it says nothing so."""
    if isinstance(panel, PanelWords):
        told = panel.sentences or ((panel.nothing,) if panel.nothing else ())
        return Card(panel.title, told, panel.note) if told or panel.note else None
    return Card(panel.title, panel.summary, summary=True) if panel.summary else None
