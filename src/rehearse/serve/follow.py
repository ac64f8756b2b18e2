"""Follows every run below one root, whoever makes it: what is new since the last look, read from disk and nothing else."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rehearse.artifacts.folder import MARK
from rehearse.artifacts.watching import GONE, changed_at
from rehearse.serve.trail import Seen, Trail

if TYPE_CHECKING:
    from rehearse.artifacts.store import ArtifactStore

GRAIN = 2_000_000_000
"""Nanoseconds within which two changes of a folder may look like one on a coarse clock: so long the folder is read anyway."""


class Follower:
    """Looks at the runs below a root; used by one thread at a time, which `look` sees to."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._going: dict[str, Trail] = {}
        self._listed_at = -1

    def look(self) -> tuple[Seen, ...]:
        """Return the runs of which something is new, in the order in which they were found; at the first look, those that go on."""
        with self._lock:
            first = self._listed_at < 0
            self._find()
            trails = [trail for trail in self._going.values() if trail.look()]
            for trail in trails:
                if trail.is_over:
                    del self._going[trail.run]
            shown = [trail.seen() for trail in trails if not (first and trail.is_over)]
            return tuple(seen for seen in shown if seen is not None)

    def going(self) -> tuple[Seen, ...]:
        """Return the runs that go on, as they stand now."""
        with self._lock:
            shown = [trail.seen() for trail in self._going.values()]
            return tuple(seen for seen in shown if seen is not None)

    def _find(self) -> None:
        """Take up runs that came since; those that were finished before anybody looked are history."""
        changed = changed_at(self._store)
        if changed == self._listed_at and time.time_ns() - changed > GRAIN:
            return
        first = self._listed_at < 0
        self._listed_at = max(0, changed)
        if changed == GONE:
            self._known.clear()
        folders = self._store.folders()
        self._known &= set(folders)
        for run in folders:
            if run in self._known:
                continue
            self._known.add(run)
            if not (first and self._store.has(run, MARK)):
                self._going[run] = Trail(self._store, run)
