"""Where the database of a run goes that somebody wants to look at afterwards."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from rehearse.database.scratch import private_directory
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.postgres_databases import Databases, OwnDatabase
    from rehearse.database.server import BundledServer

_DUMP_SECONDS: Final = 600


class Keeper(Protocol):
    """Keeps databases beyond their run."""

    def address(self, name: str) -> str:
        """Return where the database kept under `name` is, or will be."""
        ...

    def keep(self, database: OwnDatabase, name: str) -> None:
        """Keep `database`, to which nobody is connected, under `name`."""
        ...


class NameKeeper:
    """Keeps a database where it is, under a name that no sweep touches."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def address(self, name: str) -> str:
        """Return its URL without credentials."""
        return self._databases.address(name)

    def keep(self, database: OwnDatabase, name: str) -> None:
        """Rename it."""
        self._databases.rename(database, name)


class DumpKeeper:
    """Writes a database of a server that will not outlive us to a file of SQL.

    Args:
        databases: The server's databases.
        server: Has the program that writes the file.
        directory: Where the file goes.
    """

    def __init__(self, databases: Databases, server: BundledServer, directory: Path) -> None:
        self._databases = databases
        self._server = server
        self._directory = directory

    def address(self, name: str) -> str:
        """Return the file's path."""
        return str(self._directory / f"{name}.sql")

    def keep(self, database: OwnDatabase, name: str) -> None:
        """Write the file, give it its name when it is whole, and drop the database.

        Raises:
            RehearseError: If it cannot be written.
        """
        path = private_directory(self._directory) / f"{name}.sql"
        draft = path.with_suffix(".draft")
        url = self._databases.address(database.name, private=True)
        program = self._server.program("pg_dump")
        done = subprocess.run(  # noqa: S603  (our own program and our own names)
            [program, "--no-owner", f"--dbname={url}", f"--file={draft}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_DUMP_SECONDS,
        )
        if done.returncode:
            with suppress(OSError):
                draft.unlink()
            words = done.stderr.strip().splitlines() or ["no message"]
            raise RehearseError(f"the run's database could not be kept as {path}: {words[-1]}")
        draft.chmod(0o600)
        draft.rename(path)
        self._databases.drop(database)
