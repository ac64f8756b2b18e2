"""Backup and restore of a PostgreSQL database: by cloning it while nobody is connected, by a dump otherwise.

A restore builds the replacement under a generated name, compares it with the manifest, and exchanges both names in one
transaction; the target's name exists at every instant. Statements that concern whole databases are sent from the
maintenance database, over a clearance that is asked anew there.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from rehearse.database import effects, postgres_dump
from rehearse.database.deadline import Deadline
from rehearse.database.durable import hash_of, sync_directory, sync_file
from rehearse.database.fingerprint import Fingerprint, fingerprint
from rehearse.database.guard import Clearance, clear_on_server
from rehearse.database.identity import Identity
from rehearse.database.links import MAINTENANCE, Link, PostgresLink, open_postgres
from rehearse.database.locks import AdvisoryLock
from rehearse.database.manifest import NAME, Manifest, OwnDatabase, check_files, listed_backups
from rehearse.database.marker import marker_for, read_markers, write_marker
from rehearse.database.postgres_own import (
    InUseError,
    allow_connections,
    copy_own,
    copy_target,
    create_like,
    drop_all,
    drop_own,
    exchange,
    found_own,
    made,
    own,
    own_name,
    role_of,
    sessions_on,
)
from rehearse.database.postgres_properties import read_properties, statements_for
from rehearse.database.scratch import name_part
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

    from rehearse.database.home import Home
    from rehearse.database.vault import Job, Return

DATA: Final = "data.dump"
_PART: Final = "data.part"
_PAUSE: Final = 0.02
_GRACE: Final = 0.5


def application_name(run: str) -> str:
    """Return the name under which a run's own connections stand at the server."""
    return f"rehearse/{name_part(run, length=50)}"


class PostgresVault:
    """Keeps one database.

    Args:
        url: The target's.
        run: For the names of the engine's own connections.
    """

    def __init__(self, url: URL, run: str) -> None:
        self._url = url
        self._application = f"rehearse-engine/{name_part(run, length=40)}"

    def open(self, deadline: Deadline) -> PostgresLink:
        """Open a link to the target."""
        return open_postgres(self._url, deadline, application=self._application)

    def _elsewhere(self, name: str, deadline: Deadline) -> PostgresLink:
        return open_postgres(self._url.set(database=name), deadline, application=self._application)

    def _maintenance(self, deadline: Deadline) -> PostgresLink:
        return self._elsewhere(MAINTENANCE, deadline)

    def lock(self, home: Home, run: str, key: str) -> AdvisoryLock:  # noqa: ARG002  (a file's lock needs home and run)
        """Take the target for one engine, at once."""
        return AdvisoryLock.take(self._maintenance(Deadline.never()), key)

    # ── backup ────────────────────────────────────────────────────────────────────────────────────────────────────

    def make(self, job: Job, clear: Callable[[Link], Clearance], deadline: Deadline) -> Manifest:
        """Clone the target, or dump it if somebody else is connected, and compare."""
        with closing(self.open(deadline)) as target:
            clearance = clear(target)
            before = fingerprint(target)
        with closing(self._maintenance(deadline)) as server:
            properties = read_properties(server, job.identity.name)
            versions = {"postgresql": str(server.rows("SHOW server_version")[0][0]).split(" ", 1)[0]}
            name = own_name("saved", job.home.key, job.run, _number(job.id))
            try:
                _await_nobody(server, job.identity.name, deadline.sooner(_GRACE))
                database = copy_target(server, clear_on_server(server, clearance), name)
            except InUseError:
                content, files, saved = self._dumped(job, server, deadline)
            else:
                self._check_clone(server, database, before, deadline)
                content, files, saved = before, {}, database
        return Manifest(
            id=job.id,
            run=job.run,
            identity=job.identity,
            kind="database" if saved else "dump",
            fingerprint=content,
            files=files,
            database=saved,
            properties=properties,
            versions=versions,
            description=job.description,
            manual=job.manual,
        )

    def _check_clone(self, server: PostgresLink, clone: OwnDatabase, before: Fingerprint, deadline: Deadline) -> None:
        """Compare clone and target, then close the clone to everybody."""
        with closing(self._elsewhere(clone.name, deadline)) as copy:
            told = before.differences(fingerprint(copy))
        with closing(self.open(deadline)) as target:
            told += before.differences(fingerprint(target))
        if told:
            raise BackupError(f"the clone {clone.name} is no backup: {'; '.join(told)}")
        allow_connections(server, clone, allowed=False)

    def _dumped(
        self, job: Job, server: PostgresLink, deadline: Deadline
    ) -> tuple[Fingerprint, dict[str, tuple[int, str]], None]:
        """Dump one snapshot, load the dump into a scratch database, and compare: an unread dump is no backup."""
        part, data = job.home.folder(job.id) / _PART, job.home.folder(job.id) / DATA
        os.close(effects.create_file(str(part)))
        with closing(self.open(deadline)) as target, target.snapshot():
            snapshot = str(target.rows("SELECT pg_export_snapshot()")[0][0])
            content = fingerprint(target)
            postgres_dump.dump(
                self._url, snapshot, part, server_version=target.raw.info.server_version, deadline=deadline
            )
        sync_file(part)
        effects.rename(str(part), str(data))
        sync_directory(data.parent)
        name = own_name("check", job.home.key, job.run, _number(job.id))
        scratch = self._loaded(server, name, job.identity.name, job.home, job.id, deadline)
        try:
            with closing(self._elsewhere(scratch.name, deadline)) as copy:
                told = content.differences(fingerprint(copy))
        finally:
            drop_own(server, scratch)
        if told:
            raise BackupError(f"{data} is no backup: {'; '.join(told)}")
        return content, {DATA: hash_of(data)}, None

    def _loaded(
        self, server: PostgresLink, name: str, like: str, home: Home, backup: str, deadline: Deadline
    ) -> OwnDatabase:
        """Make a database with the content of a dump, in the encoding and collation of the target."""
        database = create_like(server, name, like)
        postgres_dump.load(
            self._url.set(database=name),
            home.folder(backup) / DATA,
            server_version=server.raw.info.server_version,
            deadline=deadline,
        )
        return database

    def verify(self, home: Home, manifest: Manifest, deadline: Deadline) -> None:
        """Raise unless the dump is unchanged, or the clone is there as it was made and closed to everybody."""
        check_files(home, manifest)
        if manifest.database is None:
            return
        with closing(self._maintenance(deadline)) as server:
            found = server.rows(
                "SELECT oid::bigint, datallowconn FROM pg_database WHERE datname = %s", manifest.database.name
            )
        if found != [(manifest.database.oid, False)]:
            raise BackupError(f"the clone {manifest.database.name} is not there as it was made")

    # ── restore ───────────────────────────────────────────────────────────────────────────────────────────────────

    def quiesce(self, run: str, clear: Callable[[Link], Clearance], deadline: Deadline) -> None:
        """Terminate the backends on the target that bear this run's name, and no others."""
        with closing(self.open(deadline)) as target:
            clearance = clear(target)
            target.destroy(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()",
                clearance,
                application_name(run),
            )

    def put_back(self, work: Return, deadline: Deadline) -> None:
        """Build the replacement, compare it, exchange the names, compare again; swap back if that differs."""
        with closing(self._maintenance(deadline)) as server:
            if not _is_exchanged(server, work):
                self._exchanged(server, work, deadline)
            with closing(self.open(deadline)) as target:
                told = work.manifest.fingerprint.differences(fingerprint(target))
            if read_properties(server, work.intent.identity.name) != work.manifest.properties:
                told += ("its owner, comment, grants or settings differ",)
            if told:
                self._swap_back(server, work, deadline)
                raise BackupError(f"what was restored is not what the backup holds: {'; '.join(told)}")
            drop_all(server, work.home.key, "next", "check")

    def _exchanged(self, server: PostgresLink, work: Return, deadline: Deadline) -> None:
        with closing(self.open(deadline)) as target:
            clearance = work.clear(target)
        drop_all(server, work.home.key, "next", "check")
        replacement = self._replacement(server, work, deadline)
        intent = work.note(replacement)
        former = own_name("prev", work.home.key, intent.run, _number(work.manifest.id))
        _patiently(
            server,
            clearance.identity.name,
            deadline,
            lambda: exchange(server, clear_on_server(server, clearance), replacement, former),
        )

    def _replacement(self, server: PostgresLink, work: Return, deadline: Deadline) -> OwnDatabase:
        """Make what takes the target's place: content, marker and properties, compared with the manifest."""
        manifest, identity = work.manifest, work.intent.identity
        name = own_name("next", work.home.key, work.intent.run, _number(manifest.id))
        if manifest.database:
            database = copy_own(server, manifest.database, name)
        else:
            database = self._loaded(server, name, identity.name, work.home, manifest.id, deadline)
        with closing(self._elsewhere(name, deadline)) as copy:
            _restamp(copy, identity, database)
            told = manifest.fingerprint.differences(fingerprint(copy))
        if told:
            raise BackupError(f"backup {manifest.id} is not what its manifest says: {'; '.join(told)}")
        for statement in statements_for(manifest.properties, name):
            server.destroy(statement, own(server, database))
        return database

    def _swap_back(self, server: PostgresLink, work: Return, deadline: Deadline) -> None:
        former = [database for database in found_own(server, work.home.key) if "_prev_" in database.name]
        if len(former) != 1:
            raise BackupError("what was restored differs from its backup, and the former database is not there")
        with closing(self.open(deadline)) as target:
            clearance = work.clear(target)
        again = own_name("next", work.home.key, work.intent.run, _number(work.manifest.id))
        exchange(server, clear_on_server(server, clearance), former[0], again)

    # ── clearing up ───────────────────────────────────────────────────────────────────────────────────────────────

    def settle(self, home: Home, clearance: Clearance, deadline: Deadline) -> tuple[str, ...]:
        """Drop the databases of this target that no manifest names, and the directories without a manifest."""
        clearance.cover(home.key)
        named = {manifest.database for manifest in listed_backups(home)}
        gone = []
        with closing(self._maintenance(deadline)) as server:
            for database in found_own(server, home.key):
                is_spare = role_of(database) != "saved" or not _has_lost_manifest(home)
                if database not in named and is_spare:
                    drop_own(server, database)
                    gone.append(database.name)
        for name in home.listed():
            if not (home.folder(name) / NAME).exists():
                home.remove(name, clearance)
                gone.append(name)
        return tuple(gone)

    def remove(self, home: Home, manifest: Manifest, clearance: Clearance, deadline: Deadline) -> None:
        """Remove a backup, its manifest first."""
        home.remove(manifest.id, clearance)
        if manifest.database is not None:
            with closing(self._maintenance(deadline)) as server:
                drop_own(server, manifest.database)


def _restamp(copy: PostgresLink, identity: Identity, database: OwnDatabase) -> None:
    """Make the marker that came along with the clone say who the clone will be."""
    markers = read_markers(copy)
    if len(markers) != 1:
        raise BackupError(f"the copy {database.name} has {len(markers)} markers")
    future = Identity(identity.backend, identity.name, identity.place, str(database.oid), identity.address)
    write_marker(copy, marker_for(future, markers[0].environment, markers[0].fixture_rows), own(copy, database))


def _is_exchanged(server: Link, work: Return) -> bool:
    """Return whether both renames happened: the target's name means the replacement."""
    replacement = work.intent.replacement
    return replacement is not None and made(server, work.intent.identity.name).oid == replacement.oid


def _patiently(server: Link, name: str, deadline: Deadline, attempt: Callable[[], None]) -> None:
    """Do what nobody may be connected for, again and again until nobody is.

    Raises:
        TimeoutError: With who still was at the deadline.
    """
    while True:
        try:
            _await_nobody(server, name, deadline)
            return attempt()
        except InUseError as error:
            if deadline.passed:
                raise TimeoutError(str(error)) from error


def _await_nobody(server: Link, name: str, deadline: Deadline) -> None:
    """Return once nobody is connected to a database; the server itself would wait five seconds for each try.

    Raises:
        InUseError: With who still was at the deadline.
    """
    while who := sessions_on(server, name):
        if deadline.passed:
            raise InUseError(f"{name} was in use until the deadline, by {', '.join(who)}")
        time.sleep(min(_PAUSE, max(0.0, deadline.remaining)))


def _has_lost_manifest(home: Home) -> bool:
    """Return whether a manifest is there that cannot be read: then nobody knows which databases it named."""
    sound = {manifest.id for manifest in listed_backups(home)}
    return any(name not in sound and (home.folder(name) / NAME).exists() for name in home.listed())


def _number(backup: str) -> int:
    return int(backup.rpartition(".")[2])
