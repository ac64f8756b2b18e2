"""A wrong order, told to people: who did what when, and which reads and writes cannot stand in any serial order."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from rehearse.database.statements import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rehearse.run.interleave import Choice


class Touch(NamedTuple):
    """A session read a table with some statement, or wrote it: what it wrote is seen by others from its COMMIT on."""

    moment: int
    session: int
    table: str
    wrote: bool


class Conflict(NamedTuple):
    """Two sessions touched a table, one after the other, and at least one of them wrote it: the first has to come first."""

    first: int
    then: int
    table: str
    first_wrote: bool
    then_wrote: bool


def told(choices: Sequence[Choice], names: Sequence[str]) -> str:
    """Return an order as its moves, each numbered, with the circle of reads and writes if the statements show one."""
    moves = " → ".join(
        f"{number} {names[choice.chosen]} {_moved(choice)}" for number, choice in enumerate(choices, start=1)
    )
    circle = circle_of(conflicts(choices))
    text = f"no serial order ends like this one: {moves}"
    return f"{text}; a circle: {', '.join(_said(conflict, names) for conflict in circle)}" if circle else text


def conflicts(choices: Sequence[Choice]) -> tuple[Conflict, ...]:
    """Return the conflicts of an order, each pair of sessions and table once for each way of touching it."""
    found = {
        Conflict(first.session, then.session, first.table, first.wrote, then.wrote): None
        for first, then in combinations(sorted(_touches(choices)), 2)
        if first.session != then.session and first.table == then.table and (first.wrote or then.wrote)
    }
    return tuple(found)


def _touches(choices: Sequence[Choice]) -> list[Touch]:
    """Return what the sessions touched; what was rolled back touched nothing."""
    touches: list[Touch] = []
    for moment, choice in enumerate(choices):
        session, shape = choice.chosen, shape_of(choice.sql)
        if choice.verb == "ROLLBACK":
            touches = [touch for touch in touches if touch.session != session]
        if choice.verb == "COMMIT":
            touches = [
                touch._replace(moment=moment) if touch.session == session and touch.wrote else touch
                for touch in touches
            ]
        touches += [Touch(moment, session, table, not shape.reads_only) for table in shape.tables]
    return touches


def circle_of(found: Sequence[Conflict]) -> tuple[Conflict, ...]:
    """Return a shortest circle of conflicts, which no serial order can have; empty if there is none."""
    return min(_circles(found), key=len, default=())


def _circles(found: Sequence[Conflict]) -> Iterator[tuple[Conflict, ...]]:
    """Yield the first circle that each conflict closes, by breadth-first search from its end to its beginning."""
    for start in found:
        paths: list[tuple[Conflict, ...]] = [(start,)]
        seen = {start.then}
        for path in paths:
            if path[-1].then == start.first:
                yield path
                break
            onward = [edge for edge in found if edge.first == path[-1].then and edge.then not in seen]
            seen.update(edge.then for edge in onward)
            paths += [(*path, edge) for edge in onward]


def _moved(choice: Choice) -> str:
    tables = ", ".join(shape_of(choice.sql).tables)
    return f"{choice.verb} {tables}" if tables else choice.verb


def _said(conflict: Conflict, names: Sequence[str]) -> str:
    did = "wrote" if conflict.first_wrote else "read"
    does = "wrote" if conflict.then_wrote else "read"
    return f"{names[conflict.first]} {did} {conflict.table} before {names[conflict.then]} {does} it"
