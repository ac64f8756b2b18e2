"""Backups of an existing database by hand: made, verified, restored, deleted, each under guard and lock."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rehearse.database.manifest import Manifest, listed_backups
from rehearse.database.protect import Protection, Terms, protection_for
from rehearse.errors import BackupError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_HAND = "by-hand"


class TargetBackups:
    """The seed's backup calls for one database that is not of our own making.

    Args:
        url: Of the database, in full.
        terms: What may be touched; by default nothing, so that every call but `verify_backup` and `backups` is refused.
    """

    def __init__(self, url: str, terms: Terms | None = None) -> None:
        self._url = url
        self._terms = terms or Terms()

    async def create_backup(self, scenario_id: str, description: str = "") -> str:
        """Make a verified backup that stays until it is deleted, and return its id.

        Raises:
            GuardRefusedError: If the database may not be touched (copying it locks it).
            BackupError: If it cannot be made, or differs from the database.
        """
        return await asyncio.to_thread(self._create, scenario_id, description)

    def _create(self, scenario_id: str, description: str) -> str:
        with self._taken(scenario_id) as protection:
            return protection.save(description=description).id

    async def verify_backup(self, backup_id: str) -> bool:
        """Return whether a backup is complete and unchanged; no leave is needed to look.

        Raises:
            BackupError: If there is no such backup.
        """
        return await asyncio.to_thread(self._verify, backup_id)

    def _verify(self, backup_id: str) -> bool:
        protection = self._known(backup_id)
        try:
            protection.verify(backup_id)
        except BackupError:
            return False
        return True

    async def restore_backup(self, backup_id: str) -> None:
        """Give the database the backup's content, after making a backup of what is in it now.

        Raises:
            GuardRefusedError: If the database may not be touched.
            BackupError: If there is no such backup, or it is unsound, another database's, or of another schema.
        """
        await asyncio.to_thread(self._restore, backup_id)

    def _restore(self, backup_id: str) -> None:
        self._known(backup_id)
        with self._taken(_BY_HAND) as protection:
            protection.restore(backup_id)

    async def delete_backup(self, backup_id: str) -> None:
        """Remove a backup, its manifest first.

        Raises:
            GuardRefusedError: If the database may not be touched.
            BackupError: If there is no such backup, or a run goes back to it.
        """
        await asyncio.to_thread(self._delete, backup_id)

    def _delete(self, backup_id: str) -> None:
        self._known(backup_id)
        with self._taken(_BY_HAND) as protection:
            protection.delete(backup_id)

    def backups(self) -> tuple[Manifest, ...]:
        """Return the manifests of every backup of this database, oldest first."""
        return listed_backups(self._protection(_BY_HAND).home)

    def _known(self, backup_id: str) -> Protection:
        """Return the protection of the target, if it has such a backup."""
        protection = self._protection(_BY_HAND)
        names = protection.home.listed()
        if backup_id not in names:
            told = f"{protection.identity.full_name} has no backup `{backup_id}`; {did_you_mean(backup_id, names)}"
            raise BackupError(told.rstrip("; "))
        return protection

    def _protection(self, run: str) -> Protection:
        return protection_for(self._url, self._terms, run)

    @contextmanager
    def _taken(self, run: str) -> Iterator[Protection]:
        protection = self._protection(run)
        protection.take()
        try:
            yield protection
        finally:
            protection.release()
