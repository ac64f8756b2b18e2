"""A PostgreSQL of our own: installed with pip, started in a fraction of a second, gone with the process that started it."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from rehearse.database.scratch import Holding, scratch_root, sweep_holdings
from rehearse.database.server_files import SUPERUSER, ServerUser, find_programs, prepared_cluster
from rehearse.errors import RehearseError

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.004
_PASSABLE: Final = 0o711
_SETTINGS: Final = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=1GB",
    "checkpoint_timeout=1h",
    "autovacuum=off",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "max_worker_processes=0",
    "dynamic_shared_memory_type=mmap",  # lies in the data directory and goes with it
    "shared_buffers=32MB",
    "max_connections=100",
    "deadlock_timeout=20ms",
    "log_checkpoints=off",
)
_GUARDIAN: Final = """
log="$1"; home="$2"; shift 2
"$@" </dev/null >>"$log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$home"/*
"""
"""A shell that reads from a pipe which nobody writes to: it ends when the process that holds the other end does, however that happens."""


class BundledServer:
    """A PostgreSQL server on a Unix socket in a directory that only its user and root can enter; without durability.

    Nothing of it is left when this process ends: a guardian stops the server and empties its directory even after ``kill -9``.

    Args:
        root: Where its data lie; by default memory-backed storage, if there is enough.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or scratch_root("rehearse-pg")
        self._owner = os.getpid()
        self._guardian: subprocess.Popen[bytes] | None = None
        self._holding: Holding | None = None

    def start(self) -> str:
        """Start the server and return its URL once it answers; the same URL if it runs already.

        Raises:
            RehearseError: If it is not installed or does not start; with its last words.
        """
        if self._holding is None:
            sweep_servers(self._root)
            self._holding = Holding(self._root, mode=_PASSABLE)
            atexit.register(self.stop)
            try:
                self._launch(self._holding.path)
            except BaseException:
                self.stop()
                raise
        return f"postgresql://{SUPERUSER}@/postgres?host={self._holding.path}"

    def program(self, name: str) -> Path:
        """Return one of the programs that come with the server, as ``pg_dump``."""
        return find_programs(ServerUser.choose()) / name

    def stop(self) -> None:
        """Stop the server and remove its data. Idempotent."""
        if self._holding is None or os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        if self._guardian is not None:
            _end(self._guardian)
            self._guardian = None
        _kill_server(self._holding.path)
        self._holding.release()
        self._holding = None

    def _launch(self, home: Path) -> None:
        user = ServerUser.choose()
        programs = find_programs(user)
        user.own(home)
        data = home / "data"
        shutil.copytree(prepared_cluster(programs, user, home), data)
        user.own(data)
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        self._guardian = subprocess.Popen(  # noqa: S603  (our own programs, no shell words from outside)
            [
                "/bin/sh",
                "-c",
                _GUARDIAN,
                "rehearse",
                home / "log",
                home,
                programs / "postgres",
                "-D",
                data,
                "-k",
                home,
                *settings,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            user=user.uid if user.differs else None,
            group=user.gid if user.differs else None,
            extra_groups=[] if user.differs else None,
        )
        self._await(home)

    def _await(self, home: Path) -> None:
        limit = time.monotonic() + _START_SECONDS
        while not _is_ready(home):
            if time.monotonic() > limit or _has_died(home):
                raise RehearseError(f"the bundled PostgreSQL did not start: {_last_words(home)}")
            time.sleep(_POLL_SECONDS)


def sweep_servers(root: Path | None = None) -> tuple[Path, ...]:
    """Remove data directories whose process died, and end servers that lost even their guardian; return what went."""
    return sweep_holdings(root or scratch_root("rehearse-pg"), first=_kill_server)


def _is_ready(home: Path) -> bool:
    return _status(home) == "ready"


def _status(home: Path) -> str:
    """Return the last line of the server's own state file; empty if there is none."""
    try:
        lines = (home / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _has_died(home: Path) -> bool:
    """Return whether the server wrote that it gave up."""
    words = _last_words(home)
    return "FATAL" in words or "database system is shut down" in words


def _last_words(home: Path) -> str:
    try:
        lines = (home / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "no log"
    fatal = [line for line in lines if "FATAL" in line]
    return (fatal or lines or ["an empty log"])[-1]


def _end(guardian: subprocess.Popen[bytes]) -> None:
    if guardian.stdin is not None:
        guardian.stdin.close()
    try:
        guardian.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        guardian.kill()
        guardian.wait()


def _kill_server(home: Path) -> None:
    """End a server that still runs on `home`, after looking whether the process is really that server."""
    try:
        pid = int((home / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str(home / "data").encode() not in command.split(b"\0"):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGQUIT)
    limit = time.monotonic() + _STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < limit:
        time.sleep(_POLL_SECONDS)
