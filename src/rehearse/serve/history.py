"""The runs that are over, newest first, and what of them was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from rehearse.artifacts.record import RunRecord, split_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.artifacts.store import ArtifactStore

PER_PAGE = 50
STATUSES = ("passed", "failed", "unknown", "timeout", "error")
BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Filter:
    """What a reader asked for; it stands in the address, so that a link shows the same.

    Attributes:
        words: Words that id or name must hold, each somewhere.
        status: One of `STATUSES`, or empty for all.
        backend: One of `BACKENDS`, or empty for all.
        page: Which page, from 1.
    """

    words: str = ""
    status: str = ""
    backend: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """Return the filter of an address; what is no filter there counts for nothing."""
        status, backend, page = query.get("status", ""), query.get("backend", ""), query.get("page", "1")
        return cls(
            query.get("words", "")[:200],
            status if status in STATUSES else "",
            backend if backend in BACKENDS else "",
            int(page) if page.isascii() and page.isdigit() and 0 < len(page) < len(str(10**6)) and int(page) else 1,
        )

    def address(self, **changes: object) -> str:
        """Return the address of a filter that differs from this one."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        given = {"words": changed.words, "status": changed.status, "backend": changed.backend}
        parts = {name: value for name, value in given.items() if value}
        if changed.page > 1:
            parts["page"] = str(changed.page)
        return f"/history?{urlencode(parts)}" if parts else "/history"

    def fits(self, record: RunRecord) -> bool:
        """Whether a run is among those asked for."""
        text = f"{record.run} {record.about.name}".casefold()
        return (
            self.status in ("", record.status)
            and self.backend in ("", record.about.backend)
            and all(word in text for word in self.words.casefold().split())
        )


@dataclass(frozen=True)
class Chosen:
    """A page of the history.

    Attributes:
        records: The runs of this page.
        count: How many fit in all.
        total: How many there are.
        page: Which page this is, from 1.
        pages: How many pages they fill.
    """

    records: tuple[RunRecord, ...]
    count: int
    total: int
    page: int
    pages: int


def chosen(store: ArtifactStore, wanted: Filter) -> Chosen:
    """Return the page that was asked for, or the last one if there are fewer."""
    records = store.records()
    fitting = sorted((record for record in records if wanted.fits(record)), key=_age, reverse=True)
    pages = max(1, -(-len(fitting) // PER_PAGE))
    page = min(wanted.page, pages)
    first = (page - 1) * PER_PAGE
    return Chosen(tuple(fitting[first : first + PER_PAGE]), len(fitting), len(records), page, pages)


def _age(record: RunRecord) -> tuple[datetime, str, int]:
    """Order by when the command began, then by number: a run whose mark does not know it counts from its day."""
    number = split_run(record.run)
    return (record.began or datetime.combine(record.finished, time()), record.scenario, number[1] if number else 0)
