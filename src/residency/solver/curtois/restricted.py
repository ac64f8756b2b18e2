"""The integer program over columns that are there: the best roster that can be put together of them.

SCIP solves it, since a linear bound this tight is what it lives on; CP-SAT, which has to learn the same from the covers' slack, stayed
above SCIP's first answers on instances 5 to 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.curtois.linear import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.solver.curtois.instance import Instance
    from residency.solver.curtois.master import Column


def choose(
    instance: Instance, columns: Sequence[Column], known: Sequence[Column], *, nodes: int, seconds: float | None = None
) -> tuple[Column, ...] | None:
    """The best choice of one column a person, as far as it is found in `nodes` nodes; None if none is found.

    Args:
        instance: The whole problem.
        columns: To choose from.
        known: A choice to begin with.
        nodes: How much is searched.
        seconds: An end by the clock on the wall, for measuring.
    """
    program = Program("SCIP")
    persons = [program.row(1) for _ in instance.employees]
    covers = {(cover.day, cover.shift): program.row(cover.required) for cover in instance.covers}
    for cover in instance.covers:
        row = covers[cover.day, cover.shift]
        program.column(cover.weight_below, [(row, 1)], is_integer=True)
        program.column(cover.weight_above, [(row, -1)], is_integer=True)
    numbers = []
    for column in columns:
        worked = [(day, duty - 1) for day, duty in enumerate(column.duties) if duty]
        entries = [(persons[column.person], 1), *((covers[at], 1) for at in worked if at in covers)]
        numbers.append(program.column(column.cost, entries, is_integer=True))
    chosen = set(known)
    program.hint({number: float(column in chosen) for number, column in zip(numbers, columns, strict=True)})
    if not program.solve(nodes=nodes, seconds=seconds):
        return None
    values = program.values()
    found = (column for number, column in zip(numbers, columns, strict=True) if round(values[number]))
    return tuple(sorted(found, key=lambda column: column.person))
