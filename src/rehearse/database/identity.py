"""Who a database is, asked of the live connection and never of a URL."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rehearse.database.store import Backend
from rehearse.errors import GuardRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.database.links import Link


@dataclass(frozen=True)
class Identity:
    """What tells one database from every other.

    Attributes:
        backend: Which server.
        name: The database's name; of a file its name without the extension.
        place: The resolved path of a file; the cluster's system identifier.
        number: Device and inode of a file; the database's oid.
        address: Address and port that the server itself announces; empty for a file.
    """

    backend: Backend
    name: str
    place: str
    number: str
    address: str = ""

    @property
    def full_name(self) -> str:
        """What consent has to name: the path, or ``name@system-identifier``."""
        return self.place if self.backend == "sqlite" else f"{self.name}@{self.place}"

    @property
    def key(self) -> str:
        """Names locks, intents and backups; the same before and after a restore, which changes an oid."""
        return sha256(f"{self.backend}\0{self.full_name}".encode(errors="surrogateescape")).hexdigest()[:16]

    def differences(self, other: Identity) -> tuple[str, ...]:
        """Say where `other` is not this database."""
        return tuple(
            f"{word} is {theirs or 'none'}, not {ours or 'none'}"
            for word, ours, theirs in (
                ("its kind", self.backend, other.backend),
                ("its name", self.name, other.name),
                ("its file" if self.backend == "sqlite" else "its cluster", self.place, other.place),
                ("its inode" if self.backend == "sqlite" else "its oid", self.number, other.number),
                ("its address", self.address, other.address),
            )
            if ours != theirs
        )

    def to_json(self) -> dict[str, str]:
        """Return it as text by name."""
        return {
            "backend": self.backend,
            "name": self.name,
            "place": self.place,
            "number": self.number,
            "address": self.address,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Identity:
        """Read what `to_json` wrote; KeyError or ValueError if it is anything else."""
        backend = data["backend"]
        if backend not in ("sqlite", "postgresql"):
            raise ValueError(f"unknown backend {backend!r}")
        known: Backend = "sqlite" if backend == "sqlite" else "postgresql"
        return cls(known, str(data["name"]), str(data["place"]), str(data["number"]), str(data["address"]))


def identity_of(link: Link) -> Identity:
    """Ask a live connection who its database is.

    Raises:
        GuardRefusedError: If any part of the answer is missing: unknown means refuse.
    """
    found = _of_file(link) if link.backend == "sqlite" else _of_server(link)
    if not (found.name and found.place and found.number):
        raise GuardRefusedError(link.target, ["it does not say who it is"])
    return found


def _of_file(link: Link) -> Identity:
    files = {name: file for _, name, file in link.rows("PRAGMA database_list")}
    if not files.get("main"):
        raise GuardRefusedError(link.target, ["it lies in memory, so nothing tells it from another"])
    path = Path(files["main"]).resolve()
    try:
        status = path.stat()
    except OSError as error:
        raise GuardRefusedError(str(path), [f"its file cannot be looked at: {error.strerror}"]) from error
    return Identity("sqlite", path.stem, str(path), f"{status.st_dev}:{status.st_ino}")


_SERVER = """
SELECT current_database(), (SELECT oid FROM pg_database WHERE datname = current_database()),
       (SELECT system_identifier FROM pg_control_system()),
       coalesce(host(inet_server_addr()), 'socket'), coalesce(inet_server_port(), current_setting('port')::int)
"""


def _of_server(link: Link) -> Identity:
    name, oid, system, host, port = (str(part or "") for part in link.rows(_SERVER)[0])
    return Identity("postgresql", name, system, oid, f"{host}:{port}")
