"""The chain of the audit log: how an entry hashes, and a walk that finds whatever was done to the log since.

Every entry holds the hash of the one before it, and a seal beside the log holds number and hash of the last. One change to any entry or to
the seal, an entry removed, moved or put in: each breaks a link. Whoever may write everything could forge a whole new chain with its seal;
against that only a copy kept elsewhere helps, and the hash of the last entry is all that such a copy needs.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from residency import schema
from residency.stored import value_to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: What the first entry of a chain chains to.
GENESIS = "0" * 64
_UNHASHED = ("hash", "previous_hash")


def entry_hash(row: Mapping[str, object], previous: str) -> str:
    """SHA-256 of the previous hash and the entry's own fields as canonical JSON."""
    plain = {name: value_to_plain(value) for name, value in row.items() if name not in _UNHASHED}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous.encode() + text.encode()).hexdigest()


def chain_breaks(entries: Iterable[Mapping[str, Any]], seals: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Walk the audit log and say where it is broken, with the entry's number; nothing means that it holds.

    Args:
        entries: all rows of the audit log, in any order.
        seals: all rows of its seal.
    """
    return tuple(_breaks(sorted(entries, key=lambda row: row["number"]), list(seals)))


def _breaks(entries: list[Mapping[str, Any]], seals: list[Mapping[str, Any]]) -> Iterator[str]:
    previous, number = GENESIS, 0
    for entry in entries:
        yield from _missing(number, entry["number"])
        if entry["number"] <= number:
            yield f"entry {entry['number']} of the audit log is there more than once"
        elif entry["number"] == number + 1 and entry["previous_hash"] != previous:
            yield f"entry {entry['number']} of the audit log does not follow the one before it"
        if entry["hash"] != entry_hash(entry, entry["previous_hash"]):
            yield f"entry {entry['number']} of the audit log was changed"
        previous, number = entry["hash"], entry["number"]
    yield from _unsealed(number, previous, seals)


def _missing(number: int, following: int) -> Iterator[str]:
    """What should be there after entry `number` and before `following`."""
    first, last = number + 1, following - 1
    if first == last:
        yield f"entry {first} of the audit log is missing"
    elif first < last:
        yield f"entries {first} to {last} of the audit log are missing"


def _unsealed(number: int, digest: str, seals: list[Mapping[str, Any]]) -> Iterator[str]:
    """What the seal says against the last entry, its number and its hash."""
    sealed = {seal["id"]: (seal["number"], seal["hash"]) for seal in seals}
    end = sealed.pop(schema.AUDIT_LOG.name, None)
    if sealed:
        yield f"the audit log has a seal too many: {', '.join(sorted(sealed))}"
    if end is None:
        if number:
            yield f"the audit log has no seal after entry {number}"
    elif end[0] > number:
        yield from _missing(number, end[0] + 1)
    elif end[0] < number:
        yield f"entry {end[0] + 1} of the audit log was added past its seal"
    elif end[1] != digest:
        yield f"entry {number} of the audit log is not the one that was sealed"
