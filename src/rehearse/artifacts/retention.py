"""How runs go: finished ones when their time is over, wrecks when nobody holds them any more.

A finished run is removed in an order that leaves no doubt at any instant: its complete mark is renamed first, then
its files go, then its folder. Whatever is found half-way is finished by the next sweep.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.artifacts.folder import MARK, REMOVING, failed, listed, lock, read_mark
from rehearse.database import effects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from rehearse.artifacts.record import RunRecord
    from rehearse.artifacts.store import ArtifactStore


@dataclass(frozen=True)
class Removal:
    """What a sweep did, or would do.

    Attributes:
        removed: Runs that went.
        busy: Runs that would have gone but are being written or read.
        bytes_freed: Size of what went.
    """

    removed: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    bytes_freed: int = 0


def sweep(store: ArtifactStore, today: date, *, dry_run: bool = False) -> Removal:
    """Remove finished runs whose time is over on `today`, and what an earlier sweep left half-way.

    The newest run of a scenario and its newest passed one stay beyond their time, so that a clock that jumps ahead
    takes no scenario's last evidence; only runs that were to be kept for no day at all go even then.

    Raises:
        ArtifactError: If something cannot be removed.
    """
    records = store.records()
    protected = _protected(records)
    expired = {
        record.run
        for record in records
        if record.expired(today) and (record.days_kept == 0 or record.run not in protected)
    }
    return _remove(store, expired | _half_removed(store), dry_run=dry_run)


def clean(store: ArtifactStore, *, dry_run: bool = False) -> Removal:
    """Remove the folders of runs that were never finished and that no living process holds.

    Raises:
        ArtifactError: If something cannot be removed.
    """
    finished = {record.run for record in store.records()}
    return _remove(store, set(store.folders()) - finished, dry_run=dry_run)


def _protected(records: Iterable[RunRecord]) -> set[str]:
    newest: dict[tuple[str, bool], str] = {}
    for record in records:
        newest[(record.scenario, False)] = record.run
        if record.passed:
            newest[(record.scenario, True)] = record.run
    return set(newest.values())


def _half_removed(store: ArtifactStore) -> set[str]:
    return {run for run in store.folders() if store.has(run, REMOVING)}


def _remove(store: ArtifactStore, runs: set[str], *, dry_run: bool) -> Removal:
    removed, busy, freed = [], [], 0
    for run in (run for run in store.folders() if run in runs):
        size = _remove_run(store, run, dry_run=dry_run)
        if size is None:
            busy.append(run)
        else:
            removed.append(run)
            freed += size
    if removed and not dry_run:
        store.rewrite_index()
    return Removal(tuple(removed), tuple(busy), freed)


def _remove_run(store: ArtifactStore, run: str, *, dry_run: bool) -> int | None:
    """Remove one folder and return its size, or None if somebody writes or reads it."""
    runs = store.handle()
    if runs is None:
        return None
    try:
        directory = os.open(run, effects.DIRECTORY, dir_fd=runs)
        try:
            if not lock(directory, exclusive=True):
                return None
            size = sum(os.stat(name, dir_fd=directory, follow_symlinks=False).st_size for name in listed(directory))
            if not dry_run:
                _empty(directory)
                effects.remove_directory(run, within=runs)
        finally:
            os.close(directory)
    except OSError as error:
        raise failed("remove", store.path / run, "retain", error) from error
    return size


def _empty(directory: int) -> None:
    if read_mark(directory) is not None:
        effects.rename(MARK, REMOVING, within=directory)
    for name in listed(directory):
        if name != REMOVING:
            effects.remove_file(name, within=directory)
    with suppress(FileNotFoundError):
        effects.remove_file(REMOVING, within=directory)
