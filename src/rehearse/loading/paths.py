"""The grammar of names: dots, list positions, quoted parts and the filter of a PATH.

coverage_gap_hours      weekly_hours.R1      steps.plan.data.moves[0].person_id
assignments.call-r1.person_id      assignments['odd.id'].start      assignments[person_id=R3].count
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"""
      \.(?P<part>[^.\[\]\s'"]+)
    | \[(?P<position>-?\d+)\]
    | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]
    | \[(?P<filter>[^\[\]]*=[^\[\]]*)\]
    """,
    re.VERBOSE,
)
_CONDITION = re.compile(r"\s*(?P<field>[A-Za-z_]\w*)\s*=\s*(?:'(?P<quoted>[^']*)'|(?P<plain>[^',]*?))\s*(?:,|\Z)")


@dataclass(frozen=True)
class Filter:
    """``[person_id=R3]``: fields with the texts that they must have, in order."""

    conditions: tuple[tuple[str, str], ...]


Part: TypeAlias = "str | int | Filter"


def split_name(text: str) -> tuple[Part, ...] | None:
    """Return the parts of a name, or None if it cannot be read. The first part is always a text."""
    parts: list[Part] = []
    position = 0
    dotted = f".{text}"
    while position < len(dotted):
        found = _TOKEN.match(dotted, position)
        if found is None:
            return None
        part = _part(found)
        if part is None:
            return None
        parts.append(part)
        position = found.end()
    return tuple(parts)


def _part(found: re.Match[str]) -> Part | None:
    if found["position"] is not None:
        return int(found["position"])
    if found["filter"] is not None:
        return _filter(found["filter"])
    return found["quoted"] if found["quoted"] is not None else found["part"]


def _filter(text: str) -> Filter | None:
    conditions = []
    position = 0
    while position < len(text):
        found = _CONDITION.match(text, position)
        if found is None:
            return None
        conditions.append((found["field"], found["quoted"] if found["quoted"] is not None else found["plain"]))
        position = found.end()
    return Filter(tuple(conditions))
