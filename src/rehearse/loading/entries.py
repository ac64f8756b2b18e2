"""What a list or a test runner shows of a scenario before anything is resolved: read off the document as its author wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.loading.tree import plain_value

if TYPE_CHECKING:
    from rehearse.scenario import Written

DEFAULT_PRIORITY = "medium"


@dataclass(frozen=True)
class Entry:
    """A scenario in a list.

    Attributes:
        suite: The folders below the scenario path, joined by slashes.
        category: As written; the domain may read another word for it.
        file: The name under which its author knows the file.
    """

    id: str
    name: str
    suite: str
    category: str
    priority: str
    tags: tuple[str, ...]
    file: str


def entry_of(written: Written) -> Entry:
    """Return what the list shows of a scenario; what is no text is left to the check."""
    tags = written.node.get("tags")
    values = plain_value(tags) if tags else ()
    return Entry(
        written.id,
        written.name,
        "/".join(written.suite),
        text_at(written, "category"),
        text_at(written, "priority") or DEFAULT_PRIORITY,
        tuple(str(tag) for tag in values) if isinstance(values, tuple) else (),
        written.source.name,
    )


def text_at(written: Written, key: str) -> str:
    """Return the text under a key of a scenario as it was written, or the empty text."""
    node = written.node.get(key)
    value = plain_value(node) if node else ""
    return value if isinstance(value, str) else ""
