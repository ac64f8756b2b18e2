"""Small instances, written as the text that the reader reads, and every roster of a person by trying them all."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

from benchmarks.curtois_judge import broken_by, sections_of

from rehearse.errors import Complaints
from rehearse.source import Source
from residency.solver.curtois.reading import parse_instance

if TYPE_CHECKING:
    from residency.solver.curtois.instance import Instance, Roster

TWO_SHIFTS = "E,480,\nL,480,E"


def text_of(days: int, staff: str, *, shifts: str = TWO_SHIFTS, **sections: str) -> str:
    """An instance's text; further sections by their names in lower case."""
    parts = {"horizon": str(days), "shifts": shifts, "staff": staff, "cover": f"0,{shifts[0]},1,100,1", **sections}
    return "\n".join(f"SECTION_{name.upper()}\n{rows}\n" for name, rows in parts.items())


def instance_of(text: str) -> Instance:
    """Read a text that has no mistakes."""
    complaints = Complaints()
    instance = parse_instance(Source("small.txt", text), complaints)
    complaints.raise_if_any()
    assert instance is not None
    return instance


def named(instance: Instance, roster: Roster) -> dict[str, list[str]]:
    """A roster as the judge reads it."""
    return {
        employee.id: ["" if shift is None else instance.shifts[shift].id for shift in row]
        for employee, row in zip(instance.employees, roster, strict=True)
    }


def rows_of(text: str, person: str) -> list[tuple[str, ...]]:
    """Every row that breaks none of the person's constraints."""
    sections = sections_of(text)
    shifts = ["", *(fields[0] for fields in sections["SHIFTS"])]
    rows = product(shifts, repeat=int(sections["HORIZON"][0][0]))
    return [row for row in rows if next(broken_by(sections, person, row), None) is None]


def random_text(seed: int, *, persons: int, days: int) -> str:
    """An instance of contracts of all kinds, some of which nobody can fulfil, with wishes and covers."""
    chance = random.Random(seed)  # noqa: S311  (a fixed sequence, nothing secret)
    among = chance.randint
    ids = "ABCDE"[:persons]
    staff = "\n".join(
        f"{id_},E={among(0, days)}|L={among(0, days)},{240 * among(5, 14)},{240 * among(0, 5)},"
        f"{among(2, 5)},{among(0, 2)},{among(0, 3)},{among(0, 2)}"
        for id_ in ids
    )
    wishes = [f"{chance.choice(ids)},{among(0, days - 1)},{chance.choice('EL')},{among(1, 3)}" for _ in range(8)]
    return text_of(
        days,
        staff,
        shifts=chance.choice((TWO_SHIFTS, "E,480,\nL,720,", "E,480,L\nL,240,E|L")),
        days_off="\n".join(f"{id_},{among(0, days - 1)}" for id_ in ids),
        shift_on_requests="\n".join(wishes[:5]),
        shift_off_requests="\n".join(wishes[5:]),
        cover="\n".join(
            f"{day},{shift},{among(0, persons)},{among(2, 9)},{among(0, 2)}" for day in range(days) for shift in "EL"
        ),
    )
