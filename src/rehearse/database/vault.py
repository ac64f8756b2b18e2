"""What protecting a target asks of its backend: open it, lock it, copy it, check the copy, put it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rehearse.database.guard import Clearance
from rehearse.database.home import Home
from rehearse.database.identity import Identity
from rehearse.database.intent import Intent
from rehearse.database.links import Link
from rehearse.database.manifest import Manifest, OwnDatabase

if TYPE_CHECKING:
    from rehearse.database.deadline import Deadline
    from rehearse.database.locks import TargetLock


@dataclass(frozen=True)
class Job:
    """A backup to be made.

    Attributes:
        home: Where it goes.
        id: Its id; its directory is there.
        run: For which run or scenario.
        identity: Of what.
        description: The author's.
        manual: Whether somebody asked for it by hand.
    """

    home: Home
    id: str
    run: str
    identity: Identity
    description: str = ""
    manual: bool = False


@dataclass(frozen=True)
class Return:
    """A target to be put back.

    Attributes:
        home: Where its backup lies.
        manifest: The backup, verified.
        intent: On disk, in phase ``restoring``.
        clear: The guard, asked anew on each connection.
        note: Writes down the replacement before it takes the target's place.
    """

    home: Home
    manifest: Manifest
    intent: Intent
    clear: Callable[[Link], Clearance]
    note: Callable[[OwnDatabase], Intent]


class Vault(Protocol):
    """One backend's way of doing it. Each call opens and closes its own links."""

    def open(self, deadline: Deadline) -> Link:
        """Open a link to the target."""
        ...

    def lock(self, home: Home, run: str, key: str) -> TargetLock:
        """Take the target for one engine, at once."""
        ...

    def make(self, job: Job, clear: Callable[[Link], Clearance], deadline: Deadline) -> Manifest:
        """Copy the target and compare the copy with it; the manifest that is returned is not yet on disk."""
        ...

    def verify(self, home: Home, manifest: Manifest, deadline: Deadline) -> None:
        """Raise `BackupError` unless the backup is there and unchanged."""
        ...

    def quiesce(self, run: str, clear: Callable[[Link], Clearance], deadline: Deadline) -> None:
        """End whatever is still connected for `run`, and nothing else."""
        ...

    def put_back(self, work: Return, deadline: Deadline) -> None:
        """Give the target the backup's content, wholly or not at all, and compare it; safe to call again."""
        ...

    def settle(self, home: Home, clearance: Clearance, deadline: Deadline) -> tuple[str, ...]:
        """Remove what was begun for this target and belongs to no backup; nobody else works on it. Return what went."""
        ...

    def remove(self, home: Home, manifest: Manifest, clearance: Clearance, deadline: Deadline) -> None:
        """Remove a backup's data, its manifest first."""
        ...
