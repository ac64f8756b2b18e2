"""A report as one HTML file: nothing remote, its own styles and script by their hashes, every text escaped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rehearse.report.html.page import HERE, page
from rehearse.report.html.view import drawings, view
from rehearse.report.model import LIMITS, Limits

if TYPE_CHECKING:
    from rehearse.report.html.view import Drawings
    from rehearse.report.model import RunReport

MAX_BYTES = 10 * 1024 * 1024
"""A page beyond this is made again with a quarter of every limit, until it fits."""

PAGE_LIMITS = replace(LIMITS, rows=20_000)
"""A page holds more rows than other formats, since it shows them page by page."""


def html_report(report: RunReport, *, limits: Limits = PAGE_LIMITS) -> str:
    """Return the report as a self-contained page of at most 10 MB."""
    pictures = drawings(report)
    text = _rendered(report, pictures, limits)
    while len(text.encode()) > MAX_BYTES and limits.rows > 1:
        limits = limits.smaller()
        text = _rendered(report, pictures, limits)
    return text


def _rendered(report: RunReport, pictures: Drawings, limits: Limits) -> str:
    shown = view(report, pictures, limits)
    return page("report.html.j2", HERE, shown, styles=("report.css",), scripts=("report.js",))
