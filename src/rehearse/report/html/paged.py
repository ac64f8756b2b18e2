"""A table that may be long: its first page stands in the page, the rest in a block of data that a small script draws from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

PAGE = 25
"""So many rows stand on one page."""

Cell: TypeAlias = "str | tuple[str, str]"
"""A text, or one with something quiet below it."""


@dataclass(frozen=True)
class Column:
    """A column: its heading, and the style of its cells (``code``, ``number``, ``mark``, ``pre``, ``nowrap``)."""

    title: str
    style: str = ""


@dataclass(frozen=True)
class Row:
    """A row: its kind, by which it can be filtered and is marked, and its cells."""

    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PagedTable:
    """A table with pages.

    Attributes:
        id: Its name in links.
        caption: What it holds.
        filters: Whether a reader may filter it.
        cut: How many rows are not in the page at all.
        where: Where those are.
        size: Rows of one page.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    filters: bool = False
    cut: int = 0
    where: str = ""
    size: int = PAGE

    @property
    def first(self) -> tuple[Row, ...]:
        """The rows of the first page."""
        return self.rows[: self.size]

    @property
    def more(self) -> int:
        """How many rows the further pages hold."""
        return max(0, len(self.rows) - self.size)

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]:
        """Each kind with how many rows it has, in the order of the rows."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.kind] = counts.get(row.kind, 0) + 1
        return tuple((kind, count) for kind, count in counts.items() if kind)

    @property
    def data(self) -> Markup:
        """All rows as JSON that no page can take for markup."""
        return json_block([[row.kind, *row.cells] for row in self.rows])


def json_block(value: object) -> Markup:
    """Return JSON for a block of data in a page: nothing in it can end the block or open another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704  (every letter that means something to HTML is an escape by now)
