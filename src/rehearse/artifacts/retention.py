"""How runs go: finished ones when their time is over, wrecks when nobody holds them any more.

A finished run is removed in an order that leaves no doubt at any instant: its complete mark is renamed first, then
its files go, then its folder. Whatever is found half-way is finished by the next sweep.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from rehearse.artifacts.folder import MARK, REMOVING, failed, listed, lock, read_mark
from rehearse.artifacts.record import RunRecord
from rehearse.database import effects
from rehearse.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rehearse.artifacts.store import ArtifactStore


@dataclass(frozen=True)
class Gone:
    """A run that went, or would go.

    Attributes:
        run: Its id.
        why: What its time was, or that it never finished.
        since: The day on which it was finished, or last written to.
        size: Bytes of its folder.
    """

    run: str
    why: str
    since: date
    size: int


@dataclass(frozen=True)
class Removal:
    """What a sweep did, or would do.

    Attributes:
        gone: Runs that went.
        busy: Runs that would have gone but are being written or read.
    """

    gone: tuple[Gone, ...] = ()
    busy: tuple[str, ...] = ()

    @property
    def removed(self) -> tuple[str, ...]:
        """Ids of the runs that went."""
        return tuple(each.run for each in self.gone)

    @property
    def bytes_freed(self) -> int:
        """Size of what went."""
        return sum(each.size for each in self.gone)


@dataclass(frozen=True)
class Kept:
    """A finished run that is there.

    Attributes:
        record: What its mark says.
        size: Bytes of its folder, exports that were made later included.
        fate: ``until`` its day, ``ever``, ``newest`` (its day is over, but it is its scenario's newest or newest passed one),
            ``over`` (the next sweep takes it).
    """

    record: RunRecord
    size: int
    fate: Literal["until", "ever", "newest", "over"]


def kept(store: ArtifactStore, today: date) -> tuple[Kept, ...]:
    """Return every finished run with its size and what will become of it, ordered by scenario and number."""
    records = store.records()
    protected = _protected(records)
    return tuple(Kept(record, _size_of(store, record.run), _fate(record, today, protected)) for record in records)


def sweep(store: ArtifactStore, today: date, *, dry_run: bool = False) -> Removal:
    """Remove finished runs whose time is over on `today`, and what an earlier sweep left half-way.

    The newest run of a scenario and its newest passed one stay beyond their time, so that a clock that jumps ahead
    takes no scenario's last evidence; only runs that were to be kept for no day at all go even then.

    Raises:
        ArtifactError: If something cannot be removed; what can be is removed all the same.
    """
    records = store.records()
    protected = _protected(records)
    doomed = {
        record.run: (_why(record), record.finished) for record in records if _fate(record, today, protected) == "over"
    }
    return _remove(store, doomed | dict.fromkeys(_half_removed(store), HALF), dry_run=dry_run)


def clean(store: ArtifactStore, *, dry_run: bool = False) -> Removal:
    """Remove the folders of runs that were never finished and that no living process holds.

    Raises:
        ArtifactError: If something cannot be removed; what can be is removed all the same.
    """
    finished = {record.run for record in store.records()}
    wrecks = set(store.folders()) - finished - _half_removed(store)
    return _remove(store, dict.fromkeys(wrecks, WRECK), dry_run=dry_run)


HALF: tuple[str, date | None] = ("an earlier clean-up was interrupted", None)
WRECK: tuple[str, date | None] = ("never finished", None)


def _why(record: RunRecord) -> str:
    days = record.days_kept
    return f"{record.status}, was to be kept for {f'{days} day' + 's' * (days != 1) if days else 'no day'}"


def _fate(record: RunRecord, today: date, protected: set[str]) -> Literal["until", "ever", "newest", "over"]:
    if not record.expired(today):
        return "until" if record.expires else "ever"
    return "newest" if record.run in protected and record.days_kept != 0 else "over"


def _protected(records: Iterable[RunRecord]) -> set[str]:
    newest: dict[tuple[str, bool], str] = {}
    for record in records:
        newest[(record.scenario, False)] = record.run
        if record.passed:
            newest[(record.scenario, True)] = record.run
    return set(newest.values())


def _half_removed(store: ArtifactStore) -> set[str]:
    return {run for run in store.folders() if store.has(run, REMOVING)}


def _remove(store: ArtifactStore, doomed: Mapping[str, tuple[str, date | None]], *, dry_run: bool) -> Removal:
    """Remove folders, one after the other; one that cannot be removed holds up no other, and is told at the end."""
    gone, busy, errors = [], [], []
    for run in (run for run in store.folders() if run in doomed):
        why, since = doomed[run]
        try:
            found = _remove_run(store, run, dry_run=dry_run)
        except ArtifactError as error:
            errors.append(error)
            continue
        if found is None:
            busy.append(run)
        else:
            gone.append(Gone(run, why, since or found[1], found[0]))
    if (gone or errors) and not dry_run:
        store.rewrite_index()
    if errors:
        raise errors[0]
    return Removal(tuple(gone), tuple(busy))


def _remove_run(store: ArtifactStore, run: str, *, dry_run: bool) -> tuple[int, date] | None:
    """Remove one folder and return its size and the day it was last written to, or None if somebody writes or reads it."""
    runs = store.handle()
    if runs is None:
        return None
    try:
        directory = os.open(run, effects.DIRECTORY, dir_fd=runs)
        try:
            if not lock(directory, exclusive=True):
                return None
            size, written = _size(directory), os.fstat(directory).st_mtime
            if not dry_run:
                _empty(directory)
                effects.remove_directory(run, within=runs)
        finally:
            os.close(directory)
    except OSError as error:
        raise failed("remove", store.path / run, "retain", error) from error
    return size, datetime.fromtimestamp(written, UTC).date()


def _size_of(store: ArtifactStore, run: str) -> int:
    """Return the bytes of a run's folder; none if it went in the meantime."""
    try:
        directory = os.open(run, effects.DIRECTORY, dir_fd=store.handle())
    except OSError:
        return 0
    try:
        return _size(directory)
    finally:
        os.close(directory)


def _size(directory: int) -> int:
    sizes = 0
    for name in listed(directory):
        with suppress(FileNotFoundError):
            sizes += os.stat(name, dir_fd=directory, follow_symlinks=False).st_size
    return sizes


def _empty(directory: int) -> None:
    if read_mark(directory) is not None:
        effects.rename(MARK, REMOVING, within=directory)
    for name in listed(directory):
        if name != REMOVING:
            effects.remove_file(name, within=directory)
    with suppress(FileNotFoundError):
        effects.remove_file(REMOVING, within=directory)
