"""The trail of one run that somebody else makes: its event log, read as it grows, and how far the run has come by it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.artifacts.watching import is_held, mark_of, tail
from rehearse.report.visible import cell
from rehearse.run.events import RunStarted, read_event
from rehearse.run.evidence import EVENTS
from rehearse.run.standing import Standing

if TYPE_CHECKING:
    from rehearse.artifacts.record import RunRecord
    from rehearse.artifacts.store import ArtifactStore

RUNNING, BROKEN_OFF = "running", "broken off"
"""What a run is, besides the statuses of results: it goes on, or whoever made it is gone and has not finished it."""

NAME = 300
"""So many bytes of a name are shown."""

CLAIMING = 5.0
"""Seconds in which a folder without a log is left alone: whoever made it may be about to lock it."""


@dataclass(frozen=True)
class Seen:
    """A run as it was seen at one moment, for a page.

    Attributes:
        run: Its id.
        scenario: Its scenario's id.
        name: Its scenario's name.
        state: ``running``, ``broken off``, or how it came out.
        doing: What it does, in words; empty once it is over.
        steps: How many steps it has.
        ended: How many of them are over.
        unmet: How many of them came out as they should not.
        queries: Statements of its steps so far.
        is_all_known: Whether these are all; not while a step runs in a process that tells them at its end.
        seconds: How long it has run; once it is over, how long its steps took.
        acting: How long its deadline has run; None while it does not.
        limit: Its deadline in seconds.
    """

    run: str
    scenario: str
    name: str
    state: str
    doing: str = ""
    steps: int = 0
    ended: int = 0
    unmet: int = 0
    queries: int = 0
    is_all_known: bool = True
    seconds: float = 0.0
    acting: float | None = None
    limit: float = 0.0


class Trail:
    """Reads one run's log from where it was left, and its mark once that is there.

    Attributes:
        standing: How far it has come; None before its log says anything.
        record: Its mark, once it is finished.
        is_broken_off: Whether nobody writes it any more although it was not finished.
    """

    def __init__(self, store: ArtifactStore, run: str) -> None:
        self._store = store
        self.run = run
        self.standing: Standing | None = None
        self.record: RunRecord | None = None
        self.is_broken_off = False
        self._offset = 0
        self._at = 0.0
        self._written = 0.0
        self._found = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.record is not None or self.is_broken_off

    def look(self) -> bool:
        """Read on; True if anything is new."""
        news = self._read()
        is_young = self.standing is None and time.monotonic() - self._found < CLAIMING
        held = is_young or is_held(self._store, self.run)
        news = self._read() or news
        self.record = mark_of(self._store, self.run)
        self.is_broken_off = self.record is None and not held
        return news or self.is_over

    def _read(self) -> bool:
        found = tail(self._store, self.run, EVENTS, self._offset)
        whole = found.data[: found.data.rfind(b"\n") + 1] if found else b""
        if not (found and whole):
            return False
        self._offset += len(whole)
        self._written = found.written
        for line in whole.decode(errors="replace").splitlines():
            self._hear(line)
        return True

    def _hear(self, line: str) -> None:
        """Take one line in; one that cannot be read, of another version perhaps, is passed over."""
        try:
            at, event = read_event(line)
        except ValueError:
            return
        self._at = at
        if isinstance(event, RunStarted):
            self.standing = Standing.of(event, at)
        elif self.standing is not None:
            self.standing = self.standing.after(event, at)

    def seen(self) -> Seen | None:
        """Return the run as it stands now; None if nothing is known of it yet."""
        standing = self.standing
        if self.record is not None:
            return seen_record(self.record, standing)
        if standing is None:
            return None
        now = self._at + (0.0 if self.is_broken_off else max(0.0, time.time() - self._written))
        acting = now - standing.acting if standing.is_acting and standing.acting is not None else None
        return Seen(
            self.run,
            cell(standing.scenario_id, limit=NAME),
            cell(standing.scenario_name, limit=NAME),
            BROKEN_OFF if self.is_broken_off else RUNNING,
            cell(standing.doing, limit=NAME),
            standing.steps,
            standing.ended,
            standing.unmet,
            standing.queries,
            standing.is_all_known,
            now - standing.began,
            acting,
            standing.timeout_seconds,
        )


def seen_record(record: RunRecord, standing: Standing | None) -> Seen:
    """Return a finished run as it was left."""
    steps = standing.steps if standing else 0
    ended, unmet, queries = (standing.ended, standing.unmet, standing.queries) if standing else (0, 0, 0)
    return Seen(
        record.run,
        cell(record.scenario, limit=NAME),
        cell(record.about.name, limit=NAME),
        record.status,
        steps=steps,
        ended=ended,
        unmet=unmet,
        queries=queries,
        seconds=record.about.seconds,
    )
