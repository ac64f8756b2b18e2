"""What makes a copy a backup: a manifest, written last, after the content was compared with the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from rehearse.database.durable import hash_of, write_durably
from rehearse.database.fingerprint import Fingerprint
from rehearse.database.identity import Identity
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from rehearse.database.home import Home

NAME = "manifest.json"
Kind = Literal["file", "database", "dump"]


@dataclass(frozen=True)
class OwnDatabase:
    """A database of our own making on the target's server: its generated name, and the oid that was noted then."""

    name: str
    oid: int


@dataclass(frozen=True)
class Manifest:
    """A verified backup.

    Attributes:
        id: The backup's.
        run: For which run, or which scenario.
        identity: Of what.
        kind: A file, a cloned database, or a dump.
        fingerprint: The content, of source and copy alike.
        files: File → size and SHA-256.
        database: The clone, if it is one.
        properties: What belongs to the database and not to its content (comment, grants, settings), as JSON text.
        versions: Of server and engine.
        description: The author's.
        manual: Whether somebody asked for it by hand; retention leaves it alone.
    """

    id: str
    run: str
    identity: Identity
    kind: Kind
    fingerprint: Fingerprint
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    database: OwnDatabase | None = None
    properties: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    manual: bool = False

    def dumps(self) -> str:
        """Return it as canonical JSON with its own hash."""
        content = json.dumps(
            {
                "id": self.id,
                "run": self.run,
                "identity": self.identity.to_json(),
                "kind": self.kind,
                "fingerprint": self.fingerprint.to_json(),
                "files": {name: list(facts) for name, facts in self.files.items()},
                "database": [self.database.name, self.database.oid] if self.database else None,
                "properties": self.properties,
                "versions": dict(self.versions),
                "description": self.description,
                "manual": self.manual,
                "complete": True,
            },
            sort_keys=True,
        )
        return f"{sha256(content.encode()).hexdigest()}\n{content}\n"

    @property
    def digest(self) -> str:
        """The hash by which an intent knows this very manifest."""
        return self.dumps().split("\n", 1)[0]

    @classmethod
    def loads(cls, text: str) -> Manifest:
        """Read what `dumps` wrote.

        Raises:
            ValueError: If a single character differs.
        """
        digest, _, content = text.partition("\n")
        if not content.endswith("\n") or sha256(content[:-1].encode()).hexdigest() != digest:
            raise ValueError("it was changed since it was written")
        data: dict[str, Any] = json.loads(content)
        made = data["database"]
        return cls(
            id=data["id"],
            run=data["run"],
            identity=Identity.from_json(data["identity"]),
            kind=data["kind"],
            fingerprint=Fingerprint.from_json(data["fingerprint"]),
            files={name: (int(size), str(digest)) for name, (size, digest) in data["files"].items()},
            database=OwnDatabase(made[0], made[1]) if made else None,
            properties=data["properties"],
            versions=data["versions"],
            description=data["description"],
            manual=data["manual"],
        )


def write_manifest(home: Home, manifest: Manifest) -> None:
    """Make the copy a backup."""
    write_durably(home.folder(manifest.id) / NAME, manifest.dumps().encode())


def read_manifest(home: Home, backup: str) -> Manifest:
    """Return a backup's manifest.

    Raises:
        BackupError: If it is missing, changed, or another backup's.
    """
    path = home.folder(backup) / NAME
    try:
        manifest = Manifest.loads(path.read_bytes().decode())
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BackupError(f"{path} is no manifest: {error}") from error
    if manifest.id != backup:
        raise BackupError(f"{path} is the manifest of {manifest.id}")
    return manifest


def check_files(home: Home, manifest: Manifest) -> None:
    """Compare a backup's files with its manifest.

    Raises:
        BackupError: If one is missing or differs by a single byte.
    """
    for name, facts in manifest.files.items():
        path = home.folder(manifest.id) / name
        try:
            found = hash_of(path)
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error.strerror}") from error
        if found != facts:
            raise BackupError(f"{path} was changed since it was written")


def listed_backups(home: Home) -> tuple[Manifest, ...]:
    """Return every backup that has a sound manifest, oldest first; whatever lacks one is no backup."""
    found = []
    for backup in home.listed():
        try:
            found.append(read_manifest(home, backup))
        except BackupError:
            continue
    return tuple(found)
