"""Where the engine keeps what belongs to one attached target: its lock, its intent, its backups."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rehearse.database import effects
from rehearse.database.durable import private_directory, sync_directory

if TYPE_CHECKING:
    from rehearse.database.guard import Clearance
    from rehearse.database.identity import Identity

_BACKUP: Final = re.compile(r".+\.(\d+)")
_SLUG: Final = 80


@dataclass(frozen=True)
class Home:
    """The directory of one target.

    Attributes:
        path: The directory, named after the identity's key.
        key: That key.
    """

    path: Path
    key: str

    @property
    def intent(self) -> Path:
        """The one file that says what is being done to the target."""
        return self.path / "intent.json"

    @property
    def backups(self) -> Path:
        """One directory for each backup."""
        return self.path / "backups"

    @property
    def lock(self) -> Path:
        """The lock of a file target."""
        return self.path / "lock"

    def ensure(self) -> None:
        """Make the directories."""
        private_directory(self.path.parent)
        private_directory(self.path)
        private_directory(self.backups)

    def folder(self, backup: str) -> Path:
        """Return the directory of a backup."""
        return self.backups / backup

    def new_backup(self, run: str) -> str:
        """Make the directory of a new backup and return its id: the run's, and a number that no other backup has had."""
        self.ensure()
        number = max([self._last(), *(_number(name) for name in self.listed())]) + 1
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", run)[:_SLUG].strip("-") or "run"
        backup = f"{slug}.{number:04d}"
        self._count(number)
        effects.make_directory(str(self.folder(backup)))
        sync_directory(self.backups)
        return backup

    def listed(self) -> tuple[str, ...]:
        """Return the directories of backups, oldest first, finished or not."""
        try:
            names = [path.name for path in self.backups.iterdir() if _BACKUP.fullmatch(path.name)]
        except FileNotFoundError:
            return ()
        return tuple(sorted(names, key=_number))

    def remove(self, backup: str, clearance: Clearance) -> None:
        """Remove a backup's files, its manifest first, so that half a backup is never taken for one.

        Raises:
            GuardRefusedError: If `clearance` is for another database.
        """
        clearance.cover(self.key)
        folder = self.folder(backup)
        with suppress(FileNotFoundError):
            names = sorted((path.name for path in folder.iterdir()), key=lambda name: (name != "manifest.json", name))
            for name in names:
                effects.remove_file(str(folder / name))
            effects.remove_directory(str(folder))
            sync_directory(self.backups)

    def _last(self) -> int:
        try:
            return int((self.path / "last").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _count(self, number: int) -> None:
        draft = self.path / ".last.next"
        with suppress(FileNotFoundError):
            effects.remove_file(str(draft))
        descriptor = effects.create_file(str(draft))
        try:
            effects.write(descriptor, str(number).encode(), str(draft))
        finally:
            os.close(descriptor)
        effects.rename(str(draft), str(self.path / "last"))


def _number(backup: str) -> int:
    match = _BACKUP.fullmatch(backup)
    return int(match[1]) if match else 0


def home_of(identity: Identity, root: Path | None = None) -> Home:
    """Return the home of a target below `root`.

    By default a file's home lies beside the file, where every user and every container that mounts it finds the same
    intent; a server's in the user's state directory.
    """
    if root is None and identity.backend == "sqlite":
        file = Path(identity.place)
        root = file.with_name(f"{file.name}.rehearse")
    if root is None:
        state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        root = Path(state).expanduser() / "rehearse" / "attached"
    return Home(root / identity.key, identity.key)
