"""The Python blocks of the seed document, with their import lines changed and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).with_name("scenario-execution.md")
_HEADING = re.compile(r"^#{2,3} (?P<title>.+)$")
_IMPORT = re.compile(r"^(?P<indent>\s*)from app\.testing\.\w+ import (?P<names>.+)$")


@dataclass(frozen=True)
class Block:
    """One block: the heading it stands under, and its text as it runs."""

    heading: str
    source: str


def blocks() -> tuple[Block, ...]:
    """Return every Python block in the order of the document."""
    found: list[Block] = []
    heading, inside, lines = "", False, list[str]()
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        title = _HEADING.match(line)
        if line.startswith("```"):
            if inside:
                found.append(Block(heading, "\n".join(lines) + "\n"))
            inside, lines = line == "```python", []
        elif inside:
            lines.append(_IMPORT.sub(r"\g<indent>from rehearse import \g<names>", line))
        elif title:
            heading = title["title"]
    return tuple(found)
