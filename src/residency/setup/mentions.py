"""Which rows of other sections a record names: read off its annotations (`rehearse.fields.Ref`)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from rehearse.fields import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mention(NamedTuple):
    """One id that a record names."""

    field: str
    section: str
    id: str


def mentions(record: object) -> Iterator[Mention]:
    """Every id in a record that names a row of a section, records inside it included."""
    if not is_dataclass(record):
        return
    kind: Any = type(record)
    for name, section in _references(kind):
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if section is None:
                yield from (mention._replace(field=name) for mention in mentions(item))
            elif isinstance(item, str):
                yield Mention(name, section, item)


@lru_cache(maxsize=256)
def _references(record: Any) -> tuple[tuple[str, str | None], ...]:
    """Field → section that it refers to; None for a field that may hold records."""
    hints = get_type_hints(record, include_extras=True)
    found: list[tuple[str, str | None]] = []
    for item in fields(record):
        parts = list(_parts(hints[item.name]))
        section = next((part.section for part in parts if isinstance(part, Ref)), None)
        if section is not None or any(isinstance(part, type) and is_dataclass(part) for part in parts):
            found.append((item.name, section))
    return tuple(found)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
