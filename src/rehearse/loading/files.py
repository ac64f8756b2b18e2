"""From a file to its text: a regular file of bounded size, in UTF-8, without characters that no text has."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem
from rehearse.loading.limits import MEBIBYTE, SCENARIO_LIMITS, Limits
from rehearse.source import Source, Span

if TYPE_CHECKING:
    from pathlib import Path

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHUNK = 1024 * 1024


def read_file(path: Path, complaints: Complaints, limits: Limits = SCENARIO_LIMITS) -> Source | None:
    """Return the text of `path`, named as given; None, with a complaint, if it cannot be read or is none.

    The size is asked for before anything is read, and the file is opened once: what was checked is what is read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        complaints.add(Problem("bad-path", f"`{path}` cannot be read: {reason_of(error)}"))
        return None
    try:
        return read_opened(descriptor, str(path), complaints, limits)
    finally:
        os.close(descriptor)


def read_opened(descriptor: int, name: str, complaints: Complaints, limits: Limits) -> Source | None:
    """Return the text of the open file, under `name` in messages; None, with a complaint, if it is none."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        complaints.add(Problem("bad-path", f"`{name}` is not a regular file"))
        return None
    try:
        data = b"" if status.st_size > limits.size else _read(descriptor, limits.size + 1)
    except OSError as error:
        complaints.add(Problem("bad-path", f"`{name}` cannot be read: {reason_of(error)}"))
        return None
    if status.st_size > limits.size or len(data) > limits.size:
        span = Span(Source(name, ""), 1, 1, 2)
        complaints.add(Problem("yaml-limit", f"this file is larger than {_size(limits.size)}", span, "split it"))
        return None
    return decode(data, name, complaints)


def decode(data: bytes, name: str, complaints: Complaints) -> Source | None:
    """Return `data` as a text named `name`; None, with a complaint at the place, if it is not UTF-8."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        source = Source(name, data.decode("utf-8-sig", "replace"))
        span = _span_at(source, len(before))
        complaints.add(
            Problem("yaml-syntax", f"byte 0x{data[error.start]:02x} is not UTF-8", span, "save the file as UTF-8")
        )
        return None


def check_text(source: Source, complaints: Complaints, limits: Limits) -> bool:
    """Return whether `source` is short enough and of readable characters only; complain if not."""
    text = source.text
    if len(text) > limits.size or (len(text) * 4 > limits.size and len(text.encode("utf-8", "replace")) > limits.size):
        span = Span(source, 1, 1, 2)
        complaints.add(Problem("yaml-limit", f"this text is larger than {_size(limits.size)}", span, "split it"))
        return False
    if match := _UNREADABLE.search(text):
        character = f"U+{ord(match.group()):04X}"
        complaints.add(
            Problem(
                "yaml-syntax",
                f"the character {character} may not stand in a file",
                _span_at(source, match.start()),
                f'write "\\x{ord(match.group()):02x}" in double quotes if it is meant'
                if match.group() != "\0"
                else "remove it",
            )
        )
        return False
    return True


def reason_of(error: OSError | ValueError) -> str:
    """Return why the system could not open a file, in its words, without the path."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]


def _read(descriptor: int, most: int) -> bytes:
    chunks: list[bytes] = []
    left = most
    while left > 0 and (chunk := os.read(descriptor, min(left, _CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _span_at(source: Source, offset: int) -> Span:
    lines = source.text[: offset + 1].splitlines() or [""]
    column = max(1, len(lines[-1]))
    return Span(source, len(lines), column, column + 1)


def _size(size: int) -> str:
    return f"{size // MEBIBYTE} MiB"
