"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def create(path: Path, text: str) -> None:
    """Write a file that must not be there yet; its folders are made.

    Raises:
        FileExistsError: If something is there; it stays as it is.
        OSError: If it cannot be written; nothing is left then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, text)
    try:
        os.link(draft, path)  # unlike a rename, it replaces nothing
    finally:
        draft.unlink()


def replace(path: Path, text: str) -> None:
    """Exchange the text of a file; it has the old one or the new one at any moment, and keeps its permissions.

    Raises:
        OSError: If it cannot be written; the old text stays then.
    """
    target = path.resolve()  # a link stays one
    draft = _draft(target, text)
    try:
        with suppress(FileNotFoundError):
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _draft(path: Path, text: str) -> Path:
    """Write the text beside its place, with the permissions of a new file."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".next", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o666 & ~_umask())
    except OSError:
        draft.unlink()
        raise
    return draft


def _umask() -> int:
    """What this process takes away from the permissions of new files; asking is setting."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
