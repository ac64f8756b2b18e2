"""The protocol around an attached target: lock, recover, guard, intent, backup, manifest, armed — and back again.

Nothing destructive happens in a phase that the intent on disk does not name yet. Whatever ends the process, the next
start finds the intent and knows what to do.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rehearse.database.deadline import Deadline
from rehearse.database.guard import Clearance, GuardRequest, clear
from rehearse.database.home import Home, home_of
from rehearse.database.identity import Identity, identity_of
from rehearse.database.intent import Intent, clear_intent, read_intent, write_intent
from rehearse.database.links import parsed_url
from rehearse.database.manifest import Manifest, listed_backups, read_manifest, write_manifest
from rehearse.database.naming import DEFAULT_PATTERNS
from rehearse.database.vault import Job, Return
from rehearse.errors import BackupError, RehearseError

if TYPE_CHECKING:
    from rehearse.database.links import Link
    from rehearse.database.locks import TargetLock
    from rehearse.database.manifest import OwnDatabase
    from rehearse.database.vault import Vault

_BYTES_A_SECOND: Final = 100_000_000
_ANY_SIZE: Final = 10**15


@dataclass(frozen=True)
class Terms:
    """What a caller allows, and how long things may take.

    Attributes:
        consent: Full names of databases that may be touched; nothing by default.
        patterns: Names that may be touched at all.
        seconds: For a backup or a restore; a second more for each 100 MB.
        state: Where locks, intents and backups lie; by default see `home_of`.
    """

    consent: tuple[str, ...] = ()
    patterns: tuple[str, ...] = DEFAULT_PATTERNS
    seconds: float = 120.0
    state: Path | None = None


@dataclass(frozen=True)
class Recovered:
    """What was found at start-up and done about it."""

    found: str
    done: str


class Protection:
    """Protects one target for one run.

    Args:
        vault: The backend's way of doing it.
        terms: What the caller allows.
        run: For which run.

    Attributes:
        identity: Who the target was when it was first asked.
        home: Where its lock, intent and backups are.
    """

    def __init__(self, vault: Vault, terms: Terms, run: str) -> None:
        self._vault = vault
        self._terms = terms
        self._run = run
        self._lock: TargetLock | None = None
        with closing(vault.open(self.deadline())) as link:
            self.identity: Identity = identity_of(link)
        self.home: Home = home_of(self.identity, terms.state)

    def deadline(self, *, size: int = 0) -> Deadline:
        """Return the deadline of a backup or restore of so many bytes that begins now."""
        return Deadline.after(self._terms.seconds + size / _BYTES_A_SECOND)

    def clear(self, link: Link, *, grown: bool = False) -> Clearance:
        """Ask the guard on `link`.

        Args:
            link: A live connection to the target.
            grown: Whether the run itself may have filled the target, so that its size says nothing.

        Raises:
            GuardRefusedError: If the target may not be touched.
        """
        known = _ANY_SIZE if grown else 0
        return clear(link, GuardRequest(self._run, self.identity, self._terms.consent, self._terms.patterns, known))

    # ── before the run ────────────────────────────────────────────────────────────────────────────────────────────

    def take(self) -> Recovered | None:
        """Guard the target, lock it, and do first what an earlier run left undone.

        Raises:
            GuardRefusedError: If the target may not be touched; then nothing was written anywhere.
            TargetBusyError: If another engine works on it.
            BackupError: If an earlier run cannot be made good; then nothing is touched.
        """
        self._guarded(grown=self.home.intent.exists())
        self._lock = self._vault.lock(self.home, self._run, self.identity.key)
        try:
            return self._recovered()
        except BaseException:
            self.release()
            raise

    def arm(self, *, description: str = "") -> Manifest:
        """Make a verified backup and say that from now on the scenario may change anything.

        Raises:
            BackupError: If it cannot be made or differs from the target, which is untouched.
            TimeoutError: If it missed its deadline; likewise.
        """
        manifest = self._backed_up(description, manual=False)
        write_intent(self.home, Intent(self._run, self.identity, "armed", manifest.id, manifest.digest))
        return manifest

    def save(self, *, description: str = "") -> Manifest:
        """Make a verified backup that stays until somebody deletes it, and go no further."""
        manifest = self._backed_up(description, manual=True)
        clear_intent(self.home, self._guarded())
        return manifest

    def _backed_up(self, description: str, *, manual: bool) -> Manifest:
        self.check()
        clearance = self._guarded()
        deadline = self.deadline(size=0)
        backup = self.home.new_backup(self._run)
        try:
            write_intent(self.home, Intent(self._run, self.identity, "backing-up", backup))
            job = Job(self.home, backup, self._run, self.identity, description, manual)
            manifest = self._vault.make(job, self.clear, deadline)
            write_manifest(self.home, manifest)
        except BaseException:
            with suppress(
                Exception
            ):  # the target is untouched; what stays is swept by the next run, and the first error is told
                self._vault.settle(self.home, clearance, self.deadline())
                clear_intent(self.home, clearance)
            raise
        return manifest

    def check(self) -> None:
        """Raise `BackupError` unless the target is still ours alone."""
        if self._lock is None:
            raise BackupError(f"{self.identity.full_name} is not locked by this run")
        self._lock.check()

    # ── after the run ─────────────────────────────────────────────────────────────────────────────────────────────

    def put_back(self) -> None:
        """Give the target the content that it had, compare it, and forget the run.

        Raises:
            BackupError: If the backup is not sound or the target differs afterwards; the intent stays.
            TimeoutError: If it missed its deadline; the target is whole, the intent stays.
            GuardRefusedError: If the target is no longer what it was; the intent stays.
        """
        self.check()
        intent = read_intent(self.home)
        if intent is None:
            raise BackupError(f"{self.identity.full_name} has no intent, so nothing says what to put back")
        self._put_back(intent)

    def _put_back(self, intent: Intent) -> None:
        manifest = self._sound(intent)
        state = [replace(intent, phase="restoring")]
        write_intent(self.home, state[0])

        def note(replacement: OwnDatabase) -> Intent:
            state[0] = replace(state[0], replacement=replacement)
            write_intent(self.home, state[0])
            return state[0]

        def ask(link: Link) -> Clearance:
            self._follow(link, state[0])
            return self.clear(link, grown=True)

        deadline = self.deadline(size=sum(size for size, _ in manifest.files.values()))
        self._vault.quiesce(intent.run, ask, deadline)
        self._vault.put_back(Return(self.home, manifest, state[0], ask, note), deadline)
        self._renew()
        self._forget(manifest.id)

    def restore(self, backup: str) -> Manifest:
        """Give the target the content of an older backup, after making one of what is in it now.

        Raises:
            BackupError: If that backup is of another database or of another schema, or not sound.
        """
        manifest = self.verify(backup)
        safety = self._backed_up(f"before {backup} was restored", manual=False)
        if safety.fingerprint.schema != manifest.fingerprint.schema:
            clear_intent(self.home, self._guarded())
            raise BackupError(f"backup {backup} is of another schema than {self.identity.full_name} has now")
        self._put_back(Intent(self._run, self.identity, "restoring", backup, manifest.digest))
        return manifest

    def verify(self, backup: str) -> Manifest:
        """Return a backup's manifest, after looking at every byte of it.

        Raises:
            BackupError: If it is incomplete, changed, or another database's.
        """
        manifest = read_manifest(self.home, backup)
        self._of_this_target(manifest)
        self._vault.verify(self.home, manifest, self.deadline())
        return manifest

    def leave(self) -> str:
        """Restore nothing, keep the backup, and say so on disk; return where the target is."""
        self.check()
        intent = read_intent(self.home)
        if intent is None:
            raise BackupError(f"{self.identity.full_name} has no intent")
        write_intent(self.home, replace(intent, phase="left"))
        return self.identity.full_name

    def release(self) -> None:
        """Let others have the target. Idempotent."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def delete(self, backup: str) -> None:
        """Remove a backup that no intent names.

        Raises:
            BackupError: If an intent names it, or there is none.
        """
        intent = read_intent(self.home)
        if intent is not None and intent.backup == backup:
            raise BackupError(f"backup {backup} is what {self.identity.full_name} goes back to")
        manifest = read_manifest(self.home, backup)
        self._vault.remove(self.home, manifest, self._guarded(grown=True), self.deadline())

    # ── recovery ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _recovered(self) -> Recovered | None:
        """Decide by the intent alone what an earlier run left to do, and do it."""
        intent = read_intent(self.home)
        if intent is None:
            gone = self._vault.settle(self.home, self._guarded(), self.deadline())
            return Recovered("no intent", f"removed {', '.join(gone)}") if gone else None
        self._same(intent)
        if intent.phase == "backing-up":
            clearance = self._guarded(grown=True)
            self._vault.settle(self.home, clearance, self.deadline())
            clear_intent(self.home, clearance)
            return Recovered(f"run {intent.run} was being backed up", "nothing had been touched")
        if intent.phase == "left":
            raise BackupError(
                f"run {intent.run} left {self.identity.full_name} as it was at its end, and its backup {intent.backup} is "
                f"kept; restore it or let go of it first"
            )
        self._put_back(intent)
        return Recovered(f"run {intent.run} had not been put back", f"restored from {intent.backup}")

    def recover_left(self, *, restore: bool) -> Recovered:
        """Do what somebody asked for about a target that a run left as it was: put it back, or let go of it.

        Raises:
            BackupError: If no run left it so.
        """
        self._guarded(grown=True)
        self._lock = self._vault.lock(self.home, self._run, self.identity.key)
        try:
            intent = read_intent(self.home)
            if intent is None or intent.phase != "left":
                raise BackupError(f"{self.identity.full_name} was not left by a run")
            self._same(intent)
            if restore:
                self._put_back(intent)
                return Recovered(f"run {intent.run} had left it", f"restored from {intent.backup}")
            clear_intent(self.home, self._guarded(grown=True))
            return Recovered(f"run {intent.run} had left it", "kept as it is")
        finally:
            self.release()

    def _same(self, intent: Intent) -> None:
        """Raise unless the target is the one that the intent speaks of, or what took its place."""
        replaced = intent.replacement is not None and str(intent.replacement.oid) == self.identity.number
        expected = replace(intent.identity, number=self.identity.number) if replaced else intent.identity
        told = expected.differences(self.identity)
        if told:
            raise BackupError(
                f"{self.home.intent} speaks of another database ({'; '.join(told)}); nothing is touched before somebody looked"
            )

    def _sound(self, intent: Intent) -> Manifest:
        """Return the manifest that an intent names, after looking at every byte of its backup.

        Raises:
            BackupError: If anything differs; the message names the path and the next older backup.
        """
        try:
            if read_manifest(self.home, intent.backup).digest != intent.manifest:
                raise BackupError(f"the manifest of {intent.backup} is not the one that the run wrote")
            return self.verify(intent.backup)
        except (RehearseError, OSError) as error:
            older = [item.id for item in listed_backups(self.home) if item.id != intent.backup]
            told = f"the next older backup is {older[-1]}" if older else "there is no older backup"
            raise BackupError(
                f"{error}; nothing was restored, {self.home.folder(intent.backup)} and {self.home.intent} are kept, {told}"
            ) from error

    def _of_this_target(self, manifest: Manifest) -> None:
        if manifest.identity.key != self.identity.key:
            raise BackupError(
                f"backup {manifest.id} is of {manifest.identity.full_name}, not of {self.identity.full_name}"
            )

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _guarded(self, *, grown: bool = False) -> Clearance:
        """Return a clearance for the engine's own files, from a connection opened for the question."""
        with closing(self._vault.open(self.deadline())) as link:
            return self.clear(link, grown=grown)

    def _follow(self, link: Link, intent: Intent) -> None:
        """Expect the oid of whichever of the two bears the target's name: the one it had, or its replacement's."""
        number = identity_of(link).number
        replaced = intent.replacement is not None and number == str(intent.replacement.oid)
        if replaced or number == intent.identity.number:
            self.identity = replace(self.identity, number=number)

    def _renew(self) -> None:
        """Learn who the target is after a restore, which on a server changes its oid."""
        with closing(self._vault.open(self.deadline())) as link:
            self.identity = identity_of(link)

    def _forget(self, backup: str) -> None:
        """Clear the intent; then earlier automatic backups and what was replaced may go."""
        clearance = self._guarded(grown=True)
        clear_intent(self.home, clearance)
        backups = listed_backups(self.home)
        for manifest in backups[:-1]:
            if not manifest.manual and manifest.id != backup:
                self._vault.remove(self.home, manifest, clearance, self.deadline())
        self._vault.settle(self.home, clearance, self.deadline())


def protection_for(url: str, terms: Terms, run: str) -> Protection:
    """Return the protection of the database that `url` names.

    Raises:
        GuardRefusedError: If the URL names none that can be attached.
        BackupError: If it cannot be reached.
    """
    from rehearse.database.sqlite_vault import SqliteVault  # noqa: PLC0415  (only the backend that is used is imported)

    parts = parsed_url(url)
    if parts.get_backend_name() == "sqlite":
        return Protection(SqliteVault(Path(parts.database or "")), terms, run)
    from rehearse.database.postgres_vault import PostgresVault  # noqa: PLC0415

    return Protection(PostgresVault(parts, run), terms, run)
