"""What a roster of a Curtois–Qu instance breaks and costs, from the definition alone: a slow reader and a slow judge of their own.

Nothing here is shared with `residency.solver`, not even the reading of the file, so that a mistake there cannot hide a mistake there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Judgement:
    """What was found: one sentence for each broken constraint, and what the roster costs."""

    broken: tuple[str, ...]
    cost: int


def judge(text: str, roster: Mapping[str, Sequence[str]]) -> Judgement:
    """Judge a roster against the text of an instance."""
    sections = sections_of(text)
    broken = [f"{person}: {what}" for person in roster for what in broken_by(sections, person, roster[person])]
    return Judgement(tuple(broken), cost_of_requests(sections, roster) + cost_of_covers(sections, roster))


def sections_of(text: str) -> dict[str, list[list[str]]]:
    """The rows of fields of each section, its prefix left out."""
    found: dict[str, list[list[str]]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("SECTION_"):
            name = line.removeprefix("SECTION_").strip()
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append([field.strip() for field in line.split(",")])
    return found


def broken_by(sections: dict[str, list[list[str]]], person: str, row: Sequence[str]) -> Iterator[str]:
    """The hard constraints that one person's row breaks."""
    staff = next(fields for fields in sections["STAFF"] if fields[0] == person)
    most, least, longest, shortest, rest, weekends = (int(field) for field in staff[2:8])
    for limit in staff[1].split("|"):
        shift, number = limit.split("=")
        if list(row).count(shift) > int(number):
            yield f"more than {number} of {shift}"
    minutes = {fields[0]: int(fields[1]) for fields in sections["SHIFTS"]}
    total = sum(minutes[shift] for shift in row if shift)
    if not least <= total <= most:
        yield f"{total} minutes, not {least} to {most}"
    yield from _broken_rows(row, longest, shortest, rest)
    if sum(any(row[day : day + 2]) for day in range(5, len(row), 7)) > weekends:
        yield f"more than {weekends} weekends"
    forbidden = {fields[0]: [then for then in fields[2].split("|") if then] for fields in sections["SHIFTS"]}
    for day, shift in enumerate(row[:-1]):
        if shift and row[day + 1] in forbidden[shift]:
            yield f"{row[day + 1]} after {shift} on day {day + 1}"
    for fields in sections.get("DAYS_OFF", []):
        for day in fields[1:]:
            if fields[0] == person and row[int(day)]:
                yield f"at work on day {day}"


def _broken_rows(row: Sequence[str], longest: int, shortest: int, rest: int) -> Iterator[str]:
    start = 0
    for works, days in groupby(row, key=bool):
        length = len(list(days))
        is_inside = start > 0 and start + length < len(row)
        if works and length > longest:
            yield f"{length} shifts in a row from day {start}"
        if works and is_inside and length < shortest:
            yield f"only {length} shifts in a row from day {start}"
        if not works and is_inside and length < rest:
            yield f"only {length} days off in a row from day {start}"
        start += length


def cost_of_requests(sections: dict[str, list[list[str]]], roster: Mapping[str, Sequence[str]]) -> int:
    """The weights of all wishes that are not granted."""
    cost = 0
    for person, day, shift, weight in sections.get("SHIFT_ON_REQUESTS", []):
        if roster[person][int(day)] != shift:
            cost += int(weight)
    for person, day, shift, weight in sections.get("SHIFT_OFF_REQUESTS", []):
        if roster[person][int(day)] == shift:
            cost += int(weight)
    return cost


def cost_of_covers(sections: dict[str, list[list[str]]], roster: Mapping[str, Sequence[str]]) -> int:
    """The weights of all who are too few or too many."""
    cost = 0
    for day, shift, required, below, above in sections["COVER"]:
        at_work = [row[int(day)] for row in roster.values()].count(shift)
        cost += int(below) * max(0, int(required) - at_work) + int(above) * max(0, at_work - int(required))
    return cost
