"""A change that a page tells as a difference: lines that go, lines that come, and some that stay around them."""

from __future__ import annotations


def replaced(text: str, difference: str) -> str:
    """Return `text` with each hunk of `difference` done; hunks are parted by lines that begin with ``@@`` or by empty lines.

    Raises:
        ValueError: If what a hunk changes does not stand in the text exactly once.
    """
    lines = text.splitlines()
    for hunk in _hunks(difference):
        old, new = ([line[1:] for line in hunk if line[0] in f" {sign}"] for sign in "-+")
        places = [place for place in range(len(lines)) if lines[place : place + len(old)] == old]
        if len(places) != 1:
            raise ValueError("\n".join([f"stands {len(places)} times in the file:", *old]))
        lines[places[0] : places[0] + len(old)] = new
    return "\n".join(lines) + "\n"


def _hunks(difference: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in difference.splitlines():
        if not line or line.startswith("@@"):
            found.append([])
        else:
            found[-1].append(line)
    return [hunk for hunk in found if hunk]
