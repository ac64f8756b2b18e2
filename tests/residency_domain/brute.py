"""The best that can be done about an absence, by trying every way to fill every slot. Written apart from the planner."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.model import Backup, Change, Duty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    if not book.settings.auto_coverage and not _are_backups(book, filling):
        return None
    if any(record.rule != "coverage" for record in breaches(book, after)):
        return None
    gone = [duty for duty, person in filling if person is None and _is_required(book, duty)]
    return Price(
        sum(_minutes([duty]) for duty in gone if _is_critical(book, duty)),
        _minutes(gone),
        len(added),
        len({duty.person_id for duty in added}),
    )


def _are_backups(book: Book, filling: Filling) -> bool:
    """Whether everybody who takes a duty backs its holder then, and for no more duties than agreed; one row for each pair."""
    taken = Counter((duty.person_id, person) for duty, person in filling if person not in (None, duty.person_id))
    for duty, person in filling:
        if person in (None, duty.person_id):
            continue
        rows = [row for row in book.backups if (row.person_id, row.backup_id) == (duty.person_id, person)]
        if not rows or not _covers(rows[0], duty):
            return False
        if rows[0].capacity is not None and taken[(duty.person_id, person)] > rows[0].capacity:
            return False
    return True


def _covers(row: Backup, duty: Duty) -> bool:
    return (row.start is None or row.start <= duty.start) and (row.end is None or row.end >= duty.end)


def _minutes(duties: Iterable[Duty]) -> int:
    return sum(duty.end - duty.start for duty in duties)


# ── supervisors ────────────────────────────────────────────────────────────────────────────────────────────────────────


def fewest_supervisors_moved(healthy: Book, book: Book, absent: str) -> int | None:
    """The fewest duties that change hands so that nothing is worse than with everybody there, by following every chain; None if none is.

    Args:
        healthy: the roster before anybody was absent.
        book: the roster with the absence.
        absent: who is away.
    """
    held: dict[int, dict[str, Duty]] = {}
    for name, timeline in book.schedule.timelines.items():
        if timeline.person is not None and timeline.person.can_supervise:
            for duty in timeline.duties:
                held.setdefault(duty.start, {})[name] = duty
    people = frozenset(name for name, person in book.schedule.persons.items() if person.can_supervise) - {absent}
    slots = [list(_chains(there, there[absent], people)) for there in held.values() if absent in there]
    fillings = (tuple(pair for chain in chosen for pair in chain) for chosen in product(*slots))
    return min((_moved(filling) for filling in fillings if _is_clean(healthy, book, filling)), default=None)


def _chains(held: Mapping[str, Duty], duty: Duty, people: frozenset[str]) -> Iterator[Filling]:
    yield ((duty, None),)
    for person in sorted(people):
        if person not in held:
            yield ((duty, person),)
        else:
            yield from (((duty, person), *rest) for rest in _chains(held, held[person], people - {person}))


def _moved(filling: Filling) -> int:
    return sum(person is not None for _, person in filling)


def _is_clean(healthy: Book, book: Book, filling: Filling) -> bool:
    added = tuple(replace(duty, person_id=person) for duty, person in filling if person is not None)
    return not breaches(healthy, book.after(Change(added=added, removed=tuple(duty for duty, _ in filling))))
