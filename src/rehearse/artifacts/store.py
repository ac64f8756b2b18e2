"""Where runs lie on disk: ``<root>/runs/<run id>/``, and an index of them that is only ever a shortcut.

The truth is in the folders: a run counts if its complete mark is there. The index repeats the marks line by line, so
that a list of thousands of runs reads one file; whatever disagrees with the folders is read from the folders.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rehearse.artifacts.folder import (
    MARK,
    RunFolder,
    StoredRun,
    failed,
    listed,
    lock,
    read_mark,
    replace_file,
    write_mark,
)
from rehearse.artifacts.record import RunRecord, folder_stem, run_name, split_run
from rehearse.database import effects
from rehearse.errors import ArtifactError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

RUNS = "runs"
INDEX = "index.jsonl"
_OTHERS_MAY_WRITE = 0o022


class ArtifactStore:
    """The runs below one root. Several threads and processes may use one root at the same time.

    Nothing is created before the first run begins. A root that is a symlink, belongs to another user or may be
    written by others is refused.

    Attributes:
        root: Where it lies.
        began: When whoever opened it began, in UTC without a zone; every run that is made through it says so, and no result does.
    """

    def __init__(self, root: Path | str = ".rehearse", *, began: datetime | None = None) -> None:
        self.root = Path(root)
        self.began = began or datetime.now(UTC).replace(tzinfo=None)
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._runs: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The directory that holds the runs."""
        return self.root / RUNS

    def begin(self, scenario: str) -> RunFolder:
        """Make the folder of a scenario's next run: ids are counted, ``<scenario id>-0001``, and given once.

        Raises:
            ArtifactError: If the root is refused or the folder cannot be made.
        """
        stem = folder_stem(scenario)
        try:
            runs = self._opened(create=True)
            while True:
                run = run_name(scenario, self._next_number(stem))
                directory = _claimed(runs, run)
                if directory is not None:
                    return RunFolder(scenario, self.path / run, directory, self.index, began=self.began)
        except OSError as error:
            raise failed("make a run below", self.path, "isolate", error) from error

    def records(self, *, scenario: str | None = None) -> tuple[RunRecord, ...]:
        """Return every finished run, or those of one scenario, ordered by scenario and number."""
        on_disk = self._folders()
        indexed = self._index()[0]
        records = []
        for run in on_disk:
            record = indexed.get(run) if self.has(run, MARK) else None
            record = record or self._mark(run)
            if record is not None and scenario in (None, record.scenario):
                records.append(record)
        return tuple(sorted(records, key=lambda record: split_run(record.run) or ("", 0)))

    def latest(self, scenario: str) -> RunRecord:
        """Return the newest finished run of a scenario.

        Raises:
            ArtifactError: If it has none.
        """
        records = self.records(scenario=scenario)
        if not records:
            known = {record.scenario for record in self.records()}
            raise ArtifactError(
                f"no finished run of `{scenario}` below {self.path}; {did_you_mean(scenario, known)}".rstrip("; ")
            )
        return records[-1]

    def open(self, run: str) -> StoredRun:
        """Return a finished run to read; as long as it is open, nothing removes it.

        Raises:
            ArtifactError: If there is no such run, or it was never marked complete.
        """
        directory = self._directory(run)
        if directory is None:
            raise ArtifactError(f"no run `{run}` below {self.path}; {did_you_mean(run, self._folders())}".rstrip("; "))
        lock(directory, exclusive=False)
        record = read_mark(directory)
        if record is None:
            os.close(directory)
            raise ArtifactError(f"{self.path / run} was never finished, so nothing in it counts")
        return StoredRun(self.path / run, directory, record)

    def set_expiration(self, run: str, retention_days: int | None) -> RunRecord:
        """Say anew how long a finished run stays, counted from the day it was finished; None keeps it for ever.

        Raises:
            ArtifactError: If there is no such finished run, or its mark cannot be written.
        """
        with self.open(run) as stored:
            record = replace(stored.record, retention_days=retention_days)
            directory = self._directory(run)
            if directory is None:
                raise ArtifactError(f"{self.path / run} is gone")
            try:
                write_mark(directory, record)
            except OSError as error:
                raise failed("write", self.path / run / MARK, "retain", error) from error
            finally:
                os.close(directory)
        self.index(record)
        return record

    def index(self, record: RunRecord) -> None:
        """Add a line to the index. A line that cannot be written is not missed: the folder has the same."""
        with suppress(OSError):
            self._append(record.dumps() + "\n")

    def rewrite_index(self) -> None:
        """Make the index agree with the folders; the highest numbers stay in it, so that none is given twice."""
        records = self.records()
        numbers = self._counted()
        lines = [json.dumps({"last": dict(sorted(numbers.items()))}), *(record.dumps() for record in records)]
        try:
            replace_file(
                self._opened(create=True), f".{INDEX}.{os.getpid()}", INDEX, ("\n".join(lines) + "\n").encode()
            )
        except OSError as error:
            raise failed("write", self.path / INDEX, "retain", error) from error

    def close(self) -> None:
        """Let go of the root. Idempotent."""
        with self._lock:
            if self._runs is not None:
                os.close(self._runs)
                self._runs = None

    def handle(self) -> int | None:
        """Return a descriptor of the directory of runs, or None if there is none yet."""
        try:
            return self._opened(create=False)
        except FileNotFoundError:
            return None

    def _opened(self, *, create: bool) -> int:
        with self._lock:
            if self._runs is None:
                self._runs = _open_runs(self.root, create=create)
            return self._runs

    def _directory(self, run: str) -> int | None:
        """Open a run's directory, or return None if `run` names none."""
        runs = self.handle()
        if runs is None or split_run(run) is None:
            return None
        try:
            return os.open(run, effects.DIRECTORY, dir_fd=runs)
        except OSError:
            return None

    def has(self, run: str, name: str) -> bool:
        """Return whether a run's folder holds a file of that name."""
        try:
            os.stat(f"{run}/{name}", dir_fd=self.handle(), follow_symlinks=False)
        except OSError:
            return False
        return True

    def _mark(self, run: str) -> RunRecord | None:
        directory = self._directory(run)
        if directory is None:
            return None
        try:
            return read_mark(directory)
        finally:
            os.close(directory)

    def _folders(self) -> tuple[str, ...]:
        runs = self.handle()
        return () if runs is None else tuple(name for name in listed(runs) if split_run(name))

    def folders(self) -> tuple[str, ...]:
        """Return the names of all run folders, finished or not, in order."""
        return tuple(sorted(self._folders(), key=lambda run: split_run(run) or ("", 0)))

    def _index(self) -> tuple[dict[str, RunRecord], dict[str, int]]:
        """Read the index: the latest line of each run, and the highest numbers that were given before."""
        records: dict[str, RunRecord] = {}
        numbers: dict[str, int] = {}
        runs = self.handle()
        if runs is None:
            return records, numbers
        for line in _lines(runs):
            try:
                record = RunRecord.loads(line)
            except ValueError:
                numbers.update(_numbers(line))
                continue
            records[record.run] = record
        return records, numbers

    def _append(self, line: str) -> None:
        effects.append_line(INDEX, line.encode("utf-8", errors="backslashreplace"), within=self._opened(create=True))

    def _counted(self) -> dict[str, int]:
        """Return the highest number of every scenario, of folders that are there and of those that went."""
        records, numbers = self._index()
        return _highest([*self._folders(), *records], numbers)

    def _next_number(self, stem: str) -> int:
        if not self._numbers:
            counted = self._counted()
            with self._lock:
                self._numbers = counted | self._numbers
        with self._lock:
            self._numbers[stem] = self._numbers.get(stem, 0) + 1
            return self._numbers[stem]


def _highest(runs: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    numbers = dict(known)
    for run in runs:
        parts = split_run(run)
        if parts:
            numbers[parts[0]] = max(numbers.get(parts[0], 0), parts[1])
    return numbers


def _lines(runs: int) -> list[str]:
    try:
        descriptor = os.open(INDEX, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=runs)
    except OSError:
        return []
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def _numbers(line: str) -> dict[str, int]:
    """Return what the index's first line says; a torn line says nothing."""
    try:
        return {str(stem): int(number) for stem, number in json.loads(line)["last"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _claimed(runs: int, run: str) -> int | None:
    """Make a run's directory and lock it; None if the name is taken or was removed before we held it."""
    try:
        effects.make_directory(run, within=runs)
        directory = os.open(run, effects.DIRECTORY, dir_fd=runs)
    except (FileExistsError, FileNotFoundError):
        return None
    if lock(directory, exclusive=True) and os.fstat(directory).st_nlink:
        return directory
    os.close(directory)
    return None


def _open_runs(root: Path, *, create: bool) -> int:
    """Open the directory of runs below `root`, made first if it is not there.

    Raises:
        FileNotFoundError: If it is not there and is not to be made.
        ArtifactError: If the root or the directory is a symlink, somebody else's, or open to others.
    """
    if create:
        root.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            effects.make_directory(str(root))
    top = _trusted(str(root), root)
    try:
        if create:
            with suppress(FileExistsError):
                effects.make_directory(RUNS, within=top)
        return _trusted(RUNS, root / RUNS, within=top)
    finally:
        os.close(top)


def _trusted(name: str, path: Path, *, within: int | None = None) -> int:
    try:
        descriptor = os.open(name, effects.DIRECTORY, dir_fd=within)
    except FileNotFoundError:
        raise
    except OSError as error:
        why = "is a symlink" if path.is_symlink() else f"cannot be opened as a directory ({error.strerror})"
        raise ArtifactError(f"{path} {why}; name a directory of your own for the artifacts") from error
    status = os.fstat(descriptor)
    if status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE:
        return descriptor
    os.close(descriptor)
    why = "may be written by others" if status.st_uid == os.geteuid() else f"belongs to user {status.st_uid}"
    raise ArtifactError(f"{path} {why}; name a directory of your own for the artifacts, or `chmod go-w {path}`")
