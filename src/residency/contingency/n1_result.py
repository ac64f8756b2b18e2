"""A whole N-1 analysis of a roster: everybody on every day, all pairs, and what stands in the way where nobody comes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from residency.calendar import DAY, Interval
from residency.contingency.hindrances import Hindrance, hindrances
from residency.contingency.pair_sweep import Pairs, PairSweep, joined
from residency.contingency.plans import Fairness
from residency.contingency.sweep import Answer, Sweep
from residency.load import Book
from residency.model import Backup, Person, Roster, Rotation
from residency.schedule import Schedule
from residency.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")

#: Questions of which the hindrances are looked up; the worst first.
MOST_EXPLAINED = 60


@dataclass(frozen=True)
class N1Result:
    """What an analysis found.

    Attributes:
        days: from the first minute that was asked about to the last.
        people: everybody who was asked about, by id.
        services: by id.
        answers: one for every person and day, in order of days and ids.
        hindrances: of the answers that leave a gap, the worst of each service and day, why nobody else comes.
        pairs: what two at once come to; None if that was not asked.
    """

    days: Interval
    people: Mapping[str, Person]
    services: Mapping[str, Rotation]
    answers: tuple[Answer, ...]
    hindrances: Mapping[Answer, tuple[Hindrance, ...]] = field(default_factory=dict)
    pairs: Pairs | None = None


def analyse(
    book: Book,
    fairness: Fairness,
    *,
    days: Interval | None = None,
    with_pairs: bool = True,
    jobs: int = 1,
    most_states: int | None = None,
) -> N1Result:
    """Ask every question of a roster.

    Args:
        book: the roster.
        fairness: what people have carried so far.
        days: from the first minute of a day to the end of another; the horizon unless given.
        with_pairs: whether to ask about two at once as well.
        jobs: processes that share the days; the answers are the same for any number.
        most_states: states that each pass of a search may look at; a search that is cut says that it is not proven.
    """
    asked = days if days is not None else book.schedule.horizon
    sweep = Sweep(book, fairness, range(*asked, DAY), most_states=most_states)
    answers = singles_of(sweep, jobs)
    persons = book.schedule.persons
    return N1Result(
        days=asked,
        people={name: persons[name] for name in sweep.people if name in persons},
        services=dict(book.schedule.rotations),
        answers=answers,
        hindrances={answer: hindrances(sweep, answer) for answer in _worst(answers)},
        pairs=pairs_of(sweep, jobs) if with_pairs else None,
    )


def _worst(answers: Sequence[Answer]) -> list[Answer]:
    """The answers to explain: of each service and time the first person, the longest gaps first."""
    seen: set[tuple[object, ...]] = set()
    found: list[Answer] = []
    for answer in sorted(answers, key=lambda item: (-item.gap_minutes, item.day, item.persons)):
        key = tuple((part.duty.rotation_id, part.interval) for part in answer.uncovered)
        if key and key not in seen:
            seen.add(key)
            found.append(answer)
    return found[:MOST_EXPLAINED]


# ── several processes ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Packed:
    """A share of the days, as it is sent to another process."""

    roster: Roster
    horizon: Interval
    backups: tuple[Backup, ...]
    settings: Settings
    fairness: Fairness
    days: tuple[int, ...]
    most_states: int | None


def singles_of(sweep: Sweep, jobs: int) -> tuple[Answer, ...]:
    """What happens if one person falls out, for every day everybody, shared by processes."""
    if jobs == 1:
        return sweep.singles()
    answers = chain.from_iterable(_shared(_singles_of_share, sweep, jobs))
    return tuple(sorted(answers, key=lambda answer: answer.day))


def pairs_of(sweep: Sweep, jobs: int) -> Pairs:
    """All pairs of a sweep, shared by processes; the answers are the same for any number of them."""
    if jobs == 1:
        return PairSweep(sweep).pairs()
    return joined(_shared(_pairs_of_share, sweep, jobs))


def _shared(work: Callable[[_Packed], _T], sweep: Sweep, jobs: int) -> list[_T]:
    """What each process made of its share of the days; each day is in one share."""
    shares = [_packed(sweep, sweep.days[number::jobs]) for number in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, shares))


def _packed(sweep: Sweep, days: tuple[int, ...]) -> _Packed:
    schedule = sweep.book.schedule
    timelines = schedule.timelines.values()
    roster = Roster(
        persons=tuple(schedule.persons.values()),
        rotations=tuple(schedule.rotations.values()),
        duties=schedule.duties,
        requirements=schedule.requirements,
        periods=tuple(period for timeline in timelines for period in timeline.rotation_periods),
        absences=tuple(absence for timeline in timelines for absence in timeline.absences),
    )
    return _Packed(
        roster, schedule.horizon, sweep.book.backups, sweep.book.settings, sweep.fairness, days, sweep.most_states
    )


def _singles_of_share(packed: _Packed) -> tuple[Answer, ...]:
    return _unpacked(packed).singles()


def _pairs_of_share(packed: _Packed) -> Pairs:
    return PairSweep(_unpacked(packed)).pairs()


def _unpacked(packed: _Packed) -> Sweep:
    book = Book(Schedule.of(packed.roster, packed.horizon), packed.backups, packed.settings)
    return Sweep(book, packed.fairness, packed.days, most_states=packed.most_states)
