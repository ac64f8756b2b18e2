"""Backups made, looked at, restored and deleted by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rehearse.database.backup import TargetBackups
from rehearse.database.protect import Terms
from rehearse.errors import BackupError, GuardRefusedError

from .targets import SECONDS, Target, adopted, postgres_target, sqlite_target, target

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["adopted", "postgres_target", "sqlite_target", "target"]


def backups_of(database: Target, tmp_path: Path, *, consent: bool = True) -> TargetBackups:
    """Return the backups of a target."""
    given = database.request().consent if consent else ()
    return TargetBackups(database.url, Terms(given, seconds=SECONDS, state=tmp_path))


def test_the_seeds_calls_on_an_existing_database(adopted: Target, tmp_path: Path) -> None:
    """create_backup, verify_backup, restore_backup, delete_backup."""
    backups = backups_of(adopted, tmp_path)
    backup = asyncio.run(backups.create_backup(scenario_id="n1-simple-001", description="before the holidays"))
    assert "n1-simple-001.0001" == backup
    assert asyncio.run(backups.verify_backup(backup))
    adopted.run("DELETE FROM duties")
    asyncio.run(backups.restore_backup(backup))
    assert 3 == len(adopted.rows("duties"))
    assert ["before the holidays", f"before {backup} was restored"] == [item.description for item in backups.backups()]
    for item in backups.backups():
        asyncio.run(backups.delete_backup(item.id))
    assert () == backups.backups()


def test_a_damaged_backup_is_told_and_not_restored(sqlite_target: Target, tmp_path: Path) -> None:
    """One byte is enough."""
    backups = backups_of(sqlite_target, tmp_path)
    backup = asyncio.run(backups.create_backup("a"))
    (data,) = tmp_path.rglob("data.db")
    torn = bytearray(data.read_bytes())
    torn[-1] ^= 1
    data.write_bytes(bytes(torn))
    sqlite_target.run("DELETE FROM duties")
    assert not asyncio.run(backups.verify_backup(backup))
    with pytest.raises(BackupError, match="was changed since it was written"):
        asyncio.run(backups.restore_backup(backup))
    assert [] == sqlite_target.rows("duties")


def test_an_unknown_backup_suggests_the_nearest(sqlite_target: Target, tmp_path: Path) -> None:
    """Whatever is asked of it."""
    backups = backups_of(sqlite_target, tmp_path)
    asyncio.run(backups.create_backup("swap-simple"))
    for ask in (backups.verify_backup, backups.restore_backup, backups.delete_backup):
        with pytest.raises(BackupError, match=r"has no backup `swap-simpel\.0001`; did you mean `swap-simple\.0001`"):
            asyncio.run(ask("swap-simpel.0001"))


def test_without_consent_one_may_only_look(adopted: Target, tmp_path: Path) -> None:
    """By default nothing is allowed, not even a copy, which locks the database on a server."""
    backup = asyncio.run(backups_of(adopted, tmp_path).create_backup("a"))
    stranger = backups_of(adopted, tmp_path, consent=False)
    assert asyncio.run(stranger.verify_backup(backup))
    assert [backup] == [item.id for item in stranger.backups()]
    for refused in (stranger.create_backup("b"), stranger.restore_backup(backup), stranger.delete_backup(backup)):
        with pytest.raises(GuardRefusedError, match="nobody consented"):
            asyncio.run(refused)
    with pytest.raises(GuardRefusedError, match="nobody consented"):
        asyncio.run(TargetBackups(adopted.url).create_backup("c"))
    asyncio.run(backups_of(adopted, tmp_path).delete_backup(backup))
