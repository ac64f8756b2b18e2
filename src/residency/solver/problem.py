"""What is to be scheduled, as frozen values: people with what they hold already, the posts that stand open, and the figures in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from residency.calendar import HOUR, Interval, merge, overlaps, subtract
from residency.model import (
    Absence,
    Duty,
    DutyKind,
    Holiday,
    Person,
    PersonStatus,
    Preference,
    Requirement,
    Role,
    Roster,
    Rotation,
    RotationPeriod,
)
from residency.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

_Row = TypeVar("_Row", Duty, Absence, RotationPeriod)

#: A requirement longer than this is staffed in shifts: of 24 hours for in-house call, of 12 for any other kind.
LONGEST_POST = 24 * HOUR
_SHIFT = 12 * HOUR


class PenaltyName(StrEnum):
    """The parts of the objective, and no others."""

    UNCOVERED = "uncovered"
    SHORT_REST = "short_rest"
    NEAR_LIMIT = "near_limit"
    WORKLOAD_SPREAD = "workload_spread"
    NIGHT_EQUITY = "night_equity"
    WEEKEND_EQUITY = "weekend_equity"
    HOLIDAY_EQUITY = "holiday_equity"
    PREFERENCE_UNMET = "preference_unmet"
    CHANGED_FROM_BASELINE = "changed_from_baseline"
    BROKEN_CONTINUITY = "broken_continuity"


#: What one unit of each part costs; the units are those that `residency.solver.soft` counts in.
DEFAULT_WEIGHTS: Mapping[PenaltyName, int] = {
    PenaltyName.UNCOVERED: 1000,
    PenaltyName.SHORT_REST: 20,
    PenaltyName.NEAR_LIMIT: 5,
    PenaltyName.WORKLOAD_SPREAD: 1,
    PenaltyName.NIGHT_EQUITY: 10,
    PenaltyName.WEEKEND_EQUITY: 10,
    PenaltyName.HOLIDAY_EQUITY: 30,
    PenaltyName.PREFERENCE_UNMET: 20,
    PenaltyName.CHANGED_FROM_BASELINE: 5,
    PenaltyName.BROKEN_CONTINUITY: 1,
}


@dataclass(frozen=True, slots=True, order=True)
class Post:
    """So many people of a role, each for the whole of an interval, that a service still needs.

    Attributes:
        heads: how many, at least one.
    """

    start: int
    end: int
    rotation_id: str
    role: Role
    kind: DutyKind
    heads: int

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True)
class Worker:
    """Somebody who may be given posts, with what they hold already.

    Attributes:
        duties: what stays as it is, on either side of the generated days too, by start.
        absences: of every kind; whoever reads them looks at what is approved.
        periods: sorted by start, disjoint.
        balances: what they have carried before: kind of the equity ledger → days, nights or times; `minutes` → minutes worked.
    """

    person: Person
    duties: tuple[Duty, ...] = ()
    absences: tuple[Absence, ...] = ()
    periods: tuple[RotationPeriod, ...] = ()
    balances: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The person's id."""
        return self.person.id

    @cached_property
    def leave(self) -> tuple[Interval, ...]:
        """The union of approved leave."""
        return tuple(merge(sorted((absence.start, absence.end) for absence in self.absences if absence.is_leave)))

    @cached_property
    def free_days(self) -> tuple[Interval, ...]:
        """The union of designated free days."""
        return tuple(merge(sorted((absence.start, absence.end) for absence in self.absences if absence.is_free_day)))


@dataclass(frozen=True)
class Demand:
    """What is asked for.

    Attributes:
        span: the days to fill, as minutes, end excluded; a post belongs to them when it starts in them.
        person_ids: who may be given posts, or None for everybody.
        rotation_ids: the services to fill, or None for all.
        keep_existing: duties that are there stay; otherwise unpinned ones on posts of the span are dealt anew.
        clock: what has begun by then stays in any case.
        allow_gaps: a post may stay open, at a price.
        weights: what differs from `DEFAULT_WEIGHTS`.
    """

    span: Interval
    person_ids: frozenset[str] | None = None
    rotation_ids: frozenset[str] | None = None
    keep_existing: bool = True
    clock: int = 0
    allow_gaps: bool = False
    weights: Mapping[PenaltyName, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """The figures in force and what surrounds the roster.

    Attributes:
        until: windows are kept up to here, as what follows is not known yet; None: up to the horizon's end.
        acgme_enabled: False: only the integrity rules bind.
        max_major_holidays: how many one person may work, or None.
        wishes: with the interval that each is about.
        balances: person → kind → sum of the equity ledger.
    """

    policy: Policy
    horizon: Interval
    until: int | None = None
    acgme_enabled: bool = True
    max_major_holidays: int | None = None
    holidays: tuple[Holiday, ...] = ()
    wishes: tuple[tuple[Preference, Interval], ...] = ()
    balances: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def known(self) -> Interval:
        """The part of the horizon that is looked at."""
        return self.horizon if self.until is None else (self.horizon[0], min(self.horizon[1], self.until))


@dataclass(frozen=True)
class Problem:
    """A scheduling problem.

    Attributes:
        span: the days to fill.
        posts: what is open, sorted.
        workers: everybody who may be given posts, by id.
        others: kept duties of everybody else; they are present on their services.
        baseline: duties that are dealt anew, by start and id.
        supervisors: who counts as faculty for supervision ratios.
    """

    span: Interval
    posts: tuple[Post, ...]
    workers: tuple[Worker, ...]
    others: tuple[Duty, ...]
    baseline: tuple[Duty, ...]
    rotations: Mapping[str, Rotation]
    persons: Mapping[str, Person]
    figures: Figures
    allow_gaps: bool = False
    weights: Mapping[PenaltyName, int] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    leave: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)

    @cached_property
    def kept(self) -> tuple[Duty, ...]:
        """All duties that stay as they are."""
        return (*(duty for worker in self.workers for duty in worker.duties), *self.others)

    @cached_property
    def major_holidays(self) -> tuple[int, ...]:
        """The first minutes of the major holidays, in order."""
        return tuple(sorted(holiday.start for holiday in self.figures.holidays if holiday.major))


def make_problem(roster: Roster, demand: Demand, figures: Figures) -> Problem:
    """The problem that a roster and a demand pose."""
    persons = {person.id: person for person in roster.persons}
    rotations = {rotation.id: rotation for rotation in roster.rotations}
    needed = _asked_requirements(roster, demand, rotations)
    baseline = tuple(sorted(_dealt_anew(roster, demand, needed, persons), key=lambda duty: (duty.start, duty.id)))
    dropped = {duty.id for duty in baseline}
    kept = [duty for duty in roster.duties if duty.id not in dropped]
    leave = {
        person_id: tuple(merge(sorted((row.start, row.end) for row in rows if row.is_leave)))
        for person_id, rows in _by_person(roster.absences).items()
    }
    workers = tuple(_workers(roster, demand, figures, kept))
    chosen = {worker.id for worker in workers}
    return Problem(
        span=demand.span,
        posts=tuple(_posts(needed, kept, persons, rotations, leave)),
        workers=workers,
        others=tuple(duty for duty in kept if duty.person_id not in chosen),
        baseline=baseline,
        rotations=rotations,
        persons=persons,
        figures=figures,
        allow_gaps=demand.allow_gaps,
        weights={**DEFAULT_WEIGHTS, **demand.weights},
        leave=leave,
    )


def _workers(roster: Roster, demand: Demand, figures: Figures, kept: Iterable[Duty]) -> list[Worker]:
    duties, absences, periods = _by_person(kept), _by_person(roster.absences), _by_person(roster.periods)
    return [
        Worker(
            person,
            tuple(sorted(duties.get(person.id, ()), key=lambda duty: (duty.start, duty.end, duty.id))),
            tuple(absences.get(person.id, ())),
            tuple(sorted(periods.get(person.id, ()), key=lambda period: period.start)),
            figures.balances.get(person.id, {}),
        )
        for person in sorted(roster.persons, key=lambda person: person.id)
        if person.status is not PersonStatus.INACTIVE and (demand.person_ids is None or person.id in demand.person_ids)
    ]


def _by_person(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.person_id, []).append(row)
    return found


# ── what is needed ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _asked_requirements(roster: Roster, demand: Demand, rotations: Mapping[str, Rotation]) -> list[Requirement]:
    """The requirements of the span, cut into shifts, the longest first: what they ask for is asked of no shorter one again."""
    low, high = demand.span
    found = [
        piece
        for row in roster.requirements
        if (demand.rotation_ids is None or row.rotation_id in demand.rotation_ids) and row.rotation_id in rotations
        for piece in _in_shifts(row, rotations[row.rotation_id].kind)
        if low <= piece.start < high and piece.min_persons > 0
    ]
    return sorted(found, key=lambda row: (row.start - row.end, row.start, row.rotation_id, row.id))


def _in_shifts(row: Requirement, kind: DutyKind) -> list[Requirement]:
    if row.end - row.start <= LONGEST_POST:
        return [row]
    length = LONGEST_POST if kind is DutyKind.IN_HOUSE_CALL else _SHIFT
    starts = range(row.start, row.end, length)
    return [replace(row, start=start, end=min(start + length, row.end)) for start in starts]


def _dealt_anew(
    roster: Roster, demand: Demand, needed: Iterable[Requirement], persons: Mapping[str, Person]
) -> list[Duty]:
    """Unpinned duties of the span that were given for what is needed, unless they have begun."""
    if demand.keep_existing:
        return []
    asked: dict[tuple[str, Role], list[Interval]] = {}
    for row in needed:
        asked.setdefault((row.rotation_id, row.role), []).append((row.start, row.end))
    low, high = demand.span
    return [
        duty
        for duty in roster.duties
        if not duty.pinned
        and low <= duty.start < high
        and duty.start >= demand.clock
        and duty.kind.traits.covers
        and duty.person_id in persons
        and (demand.person_ids is None or duty.person_id in demand.person_ids)
        and any(
            overlaps((duty.start, duty.end), interval)
            for interval in asked.get((duty.rotation_id or "", persons[duty.person_id].role), ())
        )
    ]


def _posts(
    needed: Iterable[Requirement],
    kept: Iterable[Duty],
    persons: Mapping[str, Person],
    rotations: Mapping[str, Rotation],
    leave: Mapping[str, tuple[Interval, ...]],
) -> list[Post]:
    """What the kept duties leave open of what is needed: of rows that overlap, the highest counts, not their sum."""
    present: dict[tuple[str, Role], list[Interval]] = {}
    for person_id, rotation_id, interval in _presences(kept, persons, leave):
        present.setdefault((rotation_id, persons[person_id].role), []).append(interval)
    heads: dict[Post, int] = {}
    for row in needed:
        there = present.setdefault((row.rotation_id, row.role), [])
        for start, end, missing in _missing(row, there):
            key = Post(start, end, row.rotation_id, row.role, rotations[row.rotation_id].kind, 1)
            heads[key] = heads.get(key, 0) + missing
            there += [(start, end)] * missing
    return sorted(replace(post, heads=number) for post, number in heads.items())


def _presences(
    kept: Iterable[Duty], persons: Mapping[str, Person], leave: Mapping[str, tuple[Interval, ...]]
) -> list[tuple[str, str, Interval]]:
    """Who is there when: each minute of a person on a service once, leave left out."""
    held: dict[tuple[str, str], list[Interval]] = {}
    for duty in kept:
        if duty.rotation_id is not None and duty.person_id in persons and duty.kind.traits.covers:
            held.setdefault((duty.person_id, duty.rotation_id), []).append((duty.start, duty.end))
    return [
        (person_id, rotation_id, interval)
        for (person_id, rotation_id), intervals in held.items()
        for interval in subtract(merge(sorted(intervals)), leave.get(person_id, ()))
    ]


def _missing(row: Requirement, present: Iterable[Interval]) -> list[tuple[int, int, int]]:
    """The maximal intervals in which the n-th head of a row is missing, equal ones counted together."""
    inside = [interval for interval in present if overlaps(interval, (row.start, row.end))]
    moments = {row.start, row.end, *(moment for interval in inside for moment in interval)}
    cuts = sorted(moment for moment in moments if row.start <= moment <= row.end)
    open_heads: dict[Interval, int] = {}
    counts = [
        (start, end, row.min_persons - sum(begin <= start < stop for begin, stop in inside))
        for start, end in pairwise(cuts)
    ]
    for level in range(1, row.min_persons + 1):
        for interval in merge([(start, end) for start, end, missing in counts if missing >= level]):
            open_heads[interval] = open_heads.get(interval, 0) + 1
    return [(start, end, number) for (start, end), number in sorted(open_heads.items())]
