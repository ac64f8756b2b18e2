"""How people, services and duties are called in what people read: by name where there is one, by id elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from residency.model import AbsenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.load import Book
    from residency.model import Absence, Duty

_LETTERS = re.compile(r"[^0-9A-Za-z]+")
_DIGITS = re.compile(r"(\d+)")
_LONGEST = 40


def person_text(held: Book, person_id: str) -> str:
    """Somebody's name with the id, or the id alone."""
    person = held.person(person_id)
    name = f"{person.first_name} {person.last_name}".strip() if person else ""
    return f"{shortened(name)} ({shortened(person_id)})" if name and name != person_id else shortened(person_id)


def service_text(held: Book, rotation_id: str | None, kind: str = "") -> str:
    """A service's name, or its id; without a service the kind of duty."""
    if rotation_id is None:
        return kind.replace("_", " ") or "duty"
    rotation = held.schedule.rotations.get(rotation_id)
    return shortened(rotation.name if rotation and rotation.name else rotation_id)


def duty_text(held: Book, duty: Duty) -> str:
    """What a duty is."""
    return service_text(held, duty.rotation_id, duty.kind.value)


def absence_text(absence: Absence) -> str:
    """Why somebody is away, in a word or two."""
    return "temporary duty" if absence.kind is AbsenceKind.TDY else absence.kind.value.replace("_", " ")


def shortened(name: str) -> str:
    """A name that leaves room for what is said of it."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def in_order(names: Iterable[str]) -> list[str]:
    """Names as people count them: R2 before R10."""
    return sorted(names, key=counted_key)


def counted_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """What sorts R2 before R10."""
    pieces = (piece for piece in _DIGITS.split(name) if piece)
    return tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces)


def codes(names: Iterable[str]) -> dict[str, str]:
    """A code of a few letters for each name, no two alike: initials, or how it begins."""
    given: dict[str, str] = {}
    for name in dict.fromkeys(names):
        taken = set(given.values())
        given[name] = next(code for code in _candidates(name) if code not in taken)
    return given


def _candidates(name: str) -> Iterable[str]:
    words = [word for word in _LETTERS.split(name) if word] or ["?"]
    plain = "".join(words)
    if len(words) > 1:
        yield "".join(word[0] for word in words[:3]).upper()
    yield plain[:2].upper()
    yield plain[:3].upper()
    yield (plain[0] + plain[-1]).upper()
    number = 2
    while True:
        yield f"{plain[0].upper()}{number}"
        number += 1
