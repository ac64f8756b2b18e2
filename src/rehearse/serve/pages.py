"""The pages: their templates filled, with the styles and the theme of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.report.html.page import page
from rehearse.report.model import seconds_text
from rehearse.report.text import MARKS
from rehearse.report.visible import cell
from rehearse.serve.history import BACKENDS, STATUSES, Filter
from rehearse.serve.starts import DATABASES

if TYPE_CHECKING:
    from rehearse.artifacts.record import RunRecord
    from rehearse.serve.history import Chosen

HERE = "rehearse.serve"


@dataclass(frozen=True, kw_only=True)
class LivePage:
    """What the first page shows before anything is told: the rest comes as events."""

    title: str = "Rehearse: live"
    here: str = "live"
    root: str
    names: tuple[str, ...]
    databases: tuple[str, ...] = DATABASES


@dataclass(frozen=True)
class RunRow:
    """A row of the history."""

    run: str
    name: str
    status: str
    mark: str
    time: str
    began: str
    backend: str
    size: str


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    """A page of the history, with the filter that chose it."""

    title: str = "Rehearse: history"
    here: str = "history"
    wanted: Filter
    count: str
    rows: tuple[RunRow, ...]
    newer: str
    older: str
    place: str
    statuses: tuple[str, ...] = STATUSES
    backends: tuple[str, ...] = BACKENDS


@dataclass(frozen=True, kw_only=True)
class MessagePage:
    """A page that says one thing."""

    title: str
    here: str = ""
    text: str


def live_page(root: str, names: tuple[str, ...]) -> str:
    """Return the page that shows runs as they happen."""
    view = LivePage(root=cell(root), names=names)
    return page("live.html.j2", HERE, view, styles=("serve.css",), scripts=("site.js", "live.js"), is_served=True)


def history_page(wanted: Filter, chosen: Chosen) -> str:
    """Return a page of the history."""
    view = HistoryPage(
        wanted=wanted,
        count=f"{chosen.count:,} of {chosen.total:,} runs"
        if chosen.count != chosen.total
        else f"{chosen.total:,} runs",
        rows=tuple(_row(record) for record in chosen.records),
        newer=wanted.address(page=chosen.page - 1) if chosen.page > 1 else "",
        older=wanted.address(page=chosen.page + 1) if chosen.page < chosen.pages else "",
        place=f"page {chosen.page} of {chosen.pages}",
    )
    return page("history.html.j2", HERE, view, styles=("serve.css",), scripts=("site.js",), is_served=True)


def message_page(title: str, text: str) -> str:
    """Return a page that says one thing."""
    return page(
        "message.html.j2", HERE, MessagePage(title=title, text=cell(text)), styles=("serve.css",), is_served=True
    )


def _row(record: RunRecord) -> RunRow:
    began = record.began.isoformat(sep=" ", timespec="minutes") if record.began else record.finished.isoformat()
    return RunRow(
        record.run,
        cell(record.about.name or record.scenario, limit=300),
        record.status,
        MARKS.get(record.status, ""),
        seconds_text(record.about.seconds),
        began,
        record.about.backend,
        _size_text(record.size),
    )


def _size_text(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 10**6 else f"{size / 1e3:.0f} kB"
