"""The folder of one run: written while it goes, marked complete last, read afterwards."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, Self

from rehearse.artifacts.record import RunRecord
from rehearse.database import effects
from rehearse.errors import ArtifactError
from rehearse.run.evidence import Particulars

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from pathlib import Path

MARK = "complete.json"
NEXT_MARK = "complete.next"
REMOVING = "removing"
EXPORT = "report."
NOTHING_MORE = Particulars()
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_export(name: str) -> bool:
    """Return whether a file is made from the evidence and may be made again."""
    return name.startswith(EXPORT)


def failed(verb: str, path: Path, phase: str, error: OSError) -> ArtifactError:
    """Return the error that names the path and the phase."""
    during = f" (phase {phase})" if phase else ""
    return ArtifactError(f"cannot {verb} {path}{during}: {error.strerror or error}")


def checked(name: str) -> str:
    """Return `name` if it is a plain file name.

    Raises:
        ArtifactError: If it is anything else; names come from the engine, never from a scenario.
    """
    if not _NAME.fullmatch(name) or name in (MARK, NEXT_MARK, REMOVING):
        raise ArtifactError(f"`{name}` is no name for a file of a run")
    return name


class RunFolder:
    """A run's evidence while the run goes.

    It holds a lock on its directory, which the kernel drops when the process ends, however it ends: a folder without
    a lock and without a complete mark is the wreck of a killed run. Used by one thread at a time.

    Attributes:
        id: The run's id.
        scenario: The scenario's id.
        path: The directory.
    """

    def __init__(
        self, scenario: str, path: Path, directory: int, on_complete: OnComplete, *, began: datetime | None = None
    ) -> None:
        self.id = path.name
        self.scenario = scenario
        self.path = path
        self._directory = directory
        self._on_complete = on_complete
        self._began = began
        self._files: dict[str, int] = {}
        self._logs: dict[str, int] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """Names of what was written, in order."""
        return tuple(self._files)

    def write(self, name: str, content: str | bytes, *, phase: str = "") -> Path:
        """Write a file that is not there yet and return its path.

        Raises:
            ArtifactError: If it cannot be written whole; the message names path and phase.
        """
        data = _encoded(content)
        try:
            descriptor = effects.create_file(checked(name), within=self._directory)
            try:
                effects.write(descriptor, data, name)
            except OSError:
                with suppress(OSError):  # half a file is no evidence; the first error is the one to tell
                    effects.remove_file(name, within=self._directory)
                raise
            finally:
                os.close(descriptor)
        except OSError as error:
            raise failed("write", self.path / name, phase, error) from error
        self._files[name] = len(data)
        return self.path / name

    def append(self, name: str, content: str | bytes, *, phase: str = "") -> None:
        """Add to a log that grows while the run goes; a killed run leaves what it had said.

        Raises:
            ArtifactError: If it cannot be written whole.
        """
        data = _encoded(content)
        try:
            if name not in self._logs:
                self._logs[name] = effects.create_file(checked(name), within=self._directory, append=True)
                self._files[name] = 0
            effects.write(self._logs[name], data, name)
        except OSError as error:
            raise failed("write", self.path / name, phase, error) from error
        self._files[name] += len(data)

    def prune(self, keep: Iterable[str]) -> None:
        """Remove every file that is not named in `keep`."""
        kept = set(keep)
        for name in [name for name in self._files if name not in kept]:
            self._close_log(name)
            try:
                effects.remove_file(name, within=self._directory)
            except OSError as error:
                raise failed("remove", self.path / name, "retain", error) from error
            del self._files[name]

    def complete(
        self, status: str, today: date, *, retention_days: int | None = 30, about: Particulars = NOTHING_MORE
    ) -> RunRecord:
        """Mark the run as whole, as the last act: from now on it counts. Nothing can be added afterwards.

        Raises:
            ArtifactError: If the mark cannot be written; the run then stays incomplete.
        """
        record = RunRecord(
            self.id, self.scenario, status, today, retention_days, about, files=dict(self._files), began=self._began
        )
        for log in list(self._logs):
            self._close_log(log)
        try:
            write_mark(self._directory, record)
        except OSError as error:
            raise failed("write", self.path / MARK, "retain", error) from error
        finally:
            self.close()
        self._on_complete(record)
        return record

    def close(self) -> None:
        """Let go of the folder; without a complete mark it is a wreck that `clean` removes. Idempotent."""
        for log in list(self._logs):
            self._close_log(log)
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def _close_log(self, name: str) -> None:
        descriptor = self._logs.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)


class StoredRun:
    """A finished run, held against removal while it is read. A context manager.

    Attributes:
        record: What its complete mark says.
        path: The directory.
    """

    def __init__(self, path: Path, directory: int, record: RunRecord) -> None:
        self.record = record
        self.path = path
        self._directory = directory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Files of the run that are there, by name; exports made later are among them."""
        return tuple(sorted(set(listed(self._directory)) - {MARK, NEXT_MARK}))

    def read(self, name: str) -> str:
        """Return a file's text.

        Raises:
            ArtifactError: If it is not there, or shorter or longer than when the run was marked complete.
        """
        try:
            data = read_file(self._directory, checked(name))
        except OSError as error:
            raise failed("read", self.path / name, "", error) from error
        size = self.record.files.get(name, len(data))
        if size != len(data) and not is_export(name):
            raise ArtifactError(f"{self.path / name} has {len(data)} bytes, not the {size} that were written")
        return data.decode("utf-8", errors="replace")

    def write_export(self, name: str, content: str) -> Path:
        """Write a file made from the evidence, in the place of an earlier one of that name, and return its path.

        Raises:
            ArtifactError: If it would replace evidence, or cannot be written.
        """
        if name in self.record.files and not is_export(name):
            raise ArtifactError(f"`{name}` is evidence of {self.record.run} and is not written again")
        temporary = f"{checked(name)}.next"
        try:
            replace_file(self._directory, temporary, name, _encoded(content))
        except OSError as error:
            raise failed("write", self.path / name, "export", error) from error
        return self.path / name

    def close(self) -> None:
        """Let go of the folder. Idempotent."""
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1


class OnComplete(Protocol):
    """Told of a run that was marked complete."""

    def __call__(self, record: RunRecord) -> None:
        """Keep `record`."""
        ...


def lock(directory: int, *, exclusive: bool) -> bool:
    """Lock an open directory without waiting; False if another holds it."""
    try:
        fcntl.flock(directory, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_mark(directory: int, record: RunRecord) -> None:
    """Put a run's complete mark in its place: written beside it, then renamed, so that it is never half there."""
    replace_file(directory, NEXT_MARK, MARK, _encoded(record.dumps() + "\n"))


def read_mark(directory: int) -> RunRecord | None:
    """Return a run's complete mark, or None if it has none that can be read."""
    try:
        return RunRecord.loads(read_file(directory, MARK).decode())
    except (OSError, ValueError):
        return None


def read_file(directory: int, name: str) -> bytes:
    """Return a whole file of an open directory; a symlink is not followed."""
    with os.fdopen(os.open(name, _READ, dir_fd=directory), "rb") as file:
        return file.read()


def listed(directory: int) -> list[str]:
    """Return the names in an open directory."""
    return os.listdir(directory)


def replace_file(directory: int, temporary: str, name: str, data: bytes) -> None:
    """Write `data` under a temporary name and rename it to `name`."""
    try:
        descriptor = effects.create_file(temporary, within=directory)
    except FileExistsError:
        effects.remove_file(temporary, within=directory)
        descriptor = effects.create_file(temporary, within=directory)
    try:
        effects.write(descriptor, data, temporary)
    finally:
        os.close(descriptor)
    effects.rename(temporary, name, within=directory)


def _encoded(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", errors="backslashreplace")
