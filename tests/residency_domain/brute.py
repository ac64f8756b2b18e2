"""The best that can be done about an absence, by trying every way to fill every slot. Written apart from the planner."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.model import Change, Duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.load import Book

Filling = tuple[tuple[Duty, str | None], ...]


class Price(NamedTuple):
    """What a filling costs: uncovered minutes of critical services, of all, duties moved, people who take something."""

    critical: int
    uncovered: int
    moves: int
    persons: int


def cheapest(book: Book, absent: str, longest: int) -> Price:
    """The least price of all fillings in which nobody is in two places and nothing breaks."""
    slots: dict[tuple[int, int], list[Duty]] = {}
    for duty in book.schedule.duties:
        if duty.rotation_id != "base":
            slots.setdefault((duty.start, duty.end), []).append(duty)
    people = sorted(
        person.id for person in book.schedule.persons.values() if person.is_resident and person.id != absent
    )
    choices = [list(_fillings(book, duties, people, absent, longest)) for duties in slots.values()]
    prices = (_price(book, tuple(pair for slot in chosen for pair in slot), absent) for chosen in product(*choices))
    return min(price for price in prices if price is not None)


def _fillings(book: Book, duties: list[Duty], people: list[str], absent: str, longest: int) -> Iterator[Filling]:
    """Every way to fill one slot: each duty with a person or nobody, each person once."""
    for chosen in product(*([*people, None] for _ in duties)):
        named = [person for person in chosen if person is not None]
        if len(set(named)) == len(named) and _is_sensible(book, duties, chosen, absent, longest):
            yield tuple(zip(duties, chosen, strict=True))


def _is_sensible(book: Book, duties: list[Duty], chosen: tuple[str | None, ...], absent: str, longest: int) -> bool:
    """Follow the chain from the lost duty: whoever takes it leaves their own, and so on; nothing else may change.

    A duty left open on the way is allowed if nobody needs it, or if it is less needed than the lost one.
    """
    takers = {duty.id: person for duty, person in zip(duties, chosen, strict=True)}
    held = {duty.person_id: duty for duty in duties}
    lost = held.get(absent)
    expected = {duty.id for duty in duties if duty.person_id == takers[duty.id]}
    duty, moves = lost, 0
    while duty is not None:
        expected.add(duty.id)
        person = takers[duty.id]
        if person is None:
            if duty is not lost and _is_required(book, duty) and not _may_give_up(book, duty, lost):
                return False
            break
        moves += 1
        duty = held.get(person)
    return moves <= longest and expected == {duty.id for duty in duties}


def _may_give_up(book: Book, duty: Duty, lost: Duty | None) -> bool:
    return lost is not None and _is_critical(book, lost) and not _is_critical(book, duty)


def _is_required(book: Book, duty: Duty) -> bool:
    return bool(book.schedule.rotations[duty.rotation_id or ""].min_persons)


def _is_critical(book: Book, duty: Duty) -> bool:
    return book.schedule.rotations[duty.rotation_id or ""].critical


def _price(book: Book, filling: Filling, absent: str) -> Price | None:
    removed = [duty for duty, person in filling if person != duty.person_id]
    lost = [
        duty
        for duty in book.schedule.timeline(absent).duties
        if book.schedule.is_on_leave(absent, duty.start, duty.end)
    ]
    removed += [duty for duty in lost if duty not in removed]
    added = [replace(duty, person_id=person) for duty, person in filling if person not in (None, duty.person_id)]
    after = book.after(Change(added=tuple(added), removed=tuple(removed)))
    if any(record.rule != "coverage" for record in breaches(book, after)):
        return None
    gone = [duty for duty, person in filling if person is None and _is_required(book, duty)]
    return Price(
        sum(_minutes([duty]) for duty in gone if _is_critical(book, duty)),
        _minutes(gone),
        len(added),
        len({duty.person_id for duty in added}),
    )


def _minutes(duties: Iterable[Duty]) -> int:
    return sum(duty.end - duty.start for duty in duties)
