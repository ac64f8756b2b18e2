"""Backups of the database that this task's single calls work on.

It is a database of our own, so a backup is a copy of it. `run_scenario_full` needs none of this: its database is thrown away, and an attached
one is backed up, verified and put back by the run itself (`rehearse.database.attached`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from rehearse.api.workbench import Workbench, current_workbench
from rehearse.database.store import Lease
from rehearse.errors import BackupError, did_you_mean


@dataclass(frozen=True)
class Copy:
    """A backup.

    Attributes:
        lease: The copy.
        fingerprint: Of its content when it was made.
        description: The caller's own words.
    """

    lease: Lease
    fingerprint: str
    description: str


class BackupManager:
    """Makes, verifies and restores copies of the workbench's database."""

    def __init__(self, workbench: Workbench | None = None) -> None:
        self._given = workbench

    @property
    def _bench(self) -> Workbench:
        return self._given or current_workbench()

    async def create_backup(self, scenario_id: str, description: str = "") -> str:
        """Copy the database as it is now, compare the copy with it, and return the backup's id.

        Raises:
            BackupError: If the copy is not what was copied; it is removed then.
        """
        return await asyncio.to_thread(self._create, scenario_id, description)

    def _create(self, scenario_id: str, description: str) -> str:
        bench = self._bench
        expected = bench.fingerprint()
        lease = bench.lease.fork(f"{scenario_id}-backup")
        bench.keep_until_end(lease)
        found = bench.fingerprint(lease)
        if found != expected:
            lease.discard()
            raise BackupError(f"the backup of {scenario_id} differs from what was copied")
        identity = f"{scenario_id}-backup-{bench.next_backup()}"
        bench.backups[identity] = Copy(lease, expected, description)
        return identity

    async def verify_backup(self, backup_id: str) -> bool:
        """Return whether the copy still holds what it held when it was made.

        Raises:
            BackupError: If there is no such backup.
        """
        return await asyncio.to_thread(self._verify, backup_id)

    def _verify(self, backup_id: str) -> bool:
        copy = self._copy(backup_id)
        return self._bench.fingerprint(copy.lease) == copy.fingerprint

    async def restore_backup(self, backup_id: str) -> None:
        """Put the database back to what the copy holds; the copy stays.

        Raises:
            BackupError: If there is no such backup, or it is not what it was: the database is left alone then.
        """
        await asyncio.to_thread(self._restore, backup_id)

    def _restore(self, backup_id: str) -> None:
        if not self._verify(backup_id):
            raise BackupError(f"the backup {backup_id} is not what it was; nothing was restored")
        self._bench.exchange(self._copy(backup_id).lease.fork("workbench"))

    async def delete_backup(self, backup_id: str) -> None:
        """Remove a copy.

        Raises:
            BackupError: If there is no such backup.
        """
        await asyncio.to_thread(self._delete, backup_id)

    def _delete(self, backup_id: str) -> None:
        self._copy(backup_id).lease.discard()
        del self._bench.backups[backup_id]

    def _copy(self, backup_id: str) -> Copy:
        known = self._bench.backups
        if backup_id not in known:
            raise BackupError(f"there is no backup `{backup_id}`; {did_you_mean(backup_id, known)}".rstrip("; "))
        return known[backup_id]


async def restore_from_backup(backup_id: str) -> None:
    """Put this task's database back to a backup (`BackupManager.restore_backup`)."""
    await BackupManager().restore_backup(backup_id)


async def delete_backup(backup_id: str) -> None:
    """Remove a backup of this task's database (`BackupManager.delete_backup`)."""
    await BackupManager().delete_backup(backup_id)
