"""Who may take a part of a duty, when, and how far they stand from the backup order. Rules about hours come later."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rehearse.domain import Reason
from residency.calendar import EVER, Interval, clip, moment_of, overlaps, subtract, union
from residency.contingency.needs import Part, origin_of
from residency.load import Book
from residency.model import DutyKind, PersonStatus
from residency.rules.qualification import lacking
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from residency.model import Backup, Duty, Person

#: Farther from the backup order than any chain of backups.
FAR = 1000


@dataclass(frozen=True)
class Question:
    """Who can take this part?

    Attributes:
        part: of a duty whose holder is gone.
        supervision: whether a supervisor is needed rather than a head.
        passed: who is already in its chain and is not asked again.
    """

    part: Part
    supervision: bool = False
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Search:
    """What does not change while a plan is sought.

    Attributes:
        book: the roster, absences recorded, nothing moved.
        clock: the minute of planning.
        max_depth: how many moves a chain may have.
    """

    book: Book
    clock: int
    max_depth: int
    _distances: dict[tuple[str, Interval, str | None], Mapping[str, int]] = field(default_factory=dict, compare=False)

    def distance(self, holder: str, person_id: str, part: Part) -> int:
        """How far somebody stands from the holder in the backup order: 0 for the first backup, `FAR` for nobody's."""
        key = (holder, part.interval, part.duty.rotation_id)
        if key not in self._distances:
            valid = [backup for backup in self.book.backups if _is_valid(backup, part)]
            self._distances[key] = _distances_from(holder, valid)
        return self._distances[key].get(person_id, FAR)

    def backups_for(self, part: Part) -> tuple[Backup, ...]:
        """The backups of a part's holder that hold for some of it, in order of rank."""
        return tuple(backup for backup in self.book.backups_of(part.duty.person_id) if _is_valid(backup, part))


def _is_valid(backup: Backup, part: Part) -> bool:
    if backup.rotations is not None and part.duty.rotation_id not in backup.rotations:
        return False
    return overlaps(_dates(backup), part.interval)


def _dates(backup: Backup) -> Interval:
    return (EVER[0] if backup.start is None else backup.start, EVER[1] if backup.end is None else backup.end)


def _distances_from(holder: str, backups: Iterable[Backup]) -> Mapping[str, int]:
    """The least sum of ranks on a way to each person, less one."""
    links: dict[str, list[tuple[int, str]]] = {}
    for backup in backups:
        links.setdefault(backup.person_id, []).append((backup.rank, backup.backup_id))
    found: dict[str, int] = {}
    queue: list[tuple[int, str]] = [(0, holder)]
    while queue:
        length, person = heapq.heappop(queue)
        if person in found:
            continue
        found[person] = length
        for rank, backup_id in links.get(person, ()):
            heapq.heappush(queue, (length + rank, backup_id))
    return {person: length - 1 for person, length in found.items() if person != holder}


# ── at a glance ────────────────────────────────────────────────────────────────────────────────────────────────────────


def never(search: Search, question: Question, person: Person) -> Reason | None:
    """Why somebody is out of the question for the whole part, or None."""
    part = question.part
    holder = search.book.person(part.duty.person_id)
    rotation = search.book.schedule.rotations.get(part.duty.rotation_id or "")
    if holder is None or person.role is not holder.role:
        return Reason("qualification", f"{person.id} is of another role than {part.duty.person_id}", person.id)
    if person.status is PersonStatus.INACTIVE:
        return Reason("inactive_person", f"{person.id} is inactive", person.id)
    if question.supervision and not person.can_supervise:
        return Reason("qualification", f"{person.id} does not supervise", person.id)
    missing = lacking(person, rotation) if rotation is not None else ()
    if missing:
        text = f"{person.id} lacks {', '.join(missing)} for {part.duty.rotation_id}"
        return Reason("qualification", text, person.id, measured=len(missing), limit=0)
    if person.id in question.passed:
        return Reason("double_booking", f"{person.id} is already in this chain", person.id)
    if not search.book.settings.auto_coverage and all(item.backup_id != person.id for item in search.backups_for(part)):
        return Reason("contingency_disabled", f"{person.id} backs nobody here, and only backups are asked", person.id)
    return None


class Obstacle(NamedTuple):
    """An interval in which somebody cannot be had, and why."""

    start: int
    end: int
    code: str
    text: str


def obstacles(
    search: Search, question: Question, person: Person, held: Iterable[Duty], taken: Iterable[Interval]
) -> list[Obstacle]:
    """When somebody cannot take a part, each with a code and why.

    Args:
        search: what does not change.
        question: which part.
        person: who is asked.
        held: their duties that overlap the part.
        taken: what this plan gave them already.
    """
    return [
        *_absences(search, person),
        *(Obstacle(*interval, "double_booking", f"{person.id} covers something else by then") for interval in taken),
        *_fixed(question.part, person, held),
        *_arrival(search, question.part, person),
        *_no_backup(search, question.part, person),
    ]


def _absences(search: Search, person: Person) -> Iterator[Obstacle]:
    for absence in search.book.schedule.timeline(person.id).absences:
        if absence.is_leave:
            yield Obstacle(absence.start, absence.end, "leave_exclusion", f"{person.id} is away ({absence.kind.value})")
        elif absence.is_free_day:
            yield Obstacle(absence.start, absence.end, "leave_exclusion", f"{person.id} has a designated free day")


def _fixed(part: Part, person: Person, held: Iterable[Duty]) -> Iterator[Obstacle]:
    """Duties that nobody is taken from: pinned ones, those elsewhere, and those on the very service."""
    for duty in held:
        if duty.pinned:
            text = f"{person.id} holds `{origin_of(duty.id)}`, which is pinned"
            yield Obstacle(duty.start, duty.end, "pinned", text)
        elif duty.kind is DutyKind.MOONLIGHT_EXT:
            yield Obstacle(duty.start, duty.end, "double_booking", f"{person.id} moonlights elsewhere")
        elif duty.rotation_id == part.duty.rotation_id and duty.kind.traits.covers:
            yield Obstacle(duty.start, duty.end, "double_booking", f"{person.id} is on {duty.rotation_id} already")


def _arrival(search: Search, part: Part, person: Person) -> Iterator[Obstacle]:
    """Nobody comes before the clock, nor before the notice has passed unless they are in house."""
    arrival = _arrives_at(search, person.id)
    if part.start < arrival:
        yield Obstacle(
            EVER[0], arrival, "rest_between_shifts", f"{person.id} cannot be there before {moment_of(arrival):%H:%M}"
        )


def _arrives_at(search: Search, person_id: str) -> int:
    """When somebody can be there: once the notice has passed, or from when they are on duty and can be held over."""
    latest = search.clock + search.book.settings.program.notice_minutes
    around = search.book.schedule.timeline(person_id).duties_in(search.clock - 1, latest)
    there = (max(duty.start, search.clock) for duty in around if duty.kind.traits.in_period)
    return min((latest, *there))


def _no_backup(search: Search, part: Part, person: Person) -> Iterator[Obstacle]:
    if search.book.settings.auto_coverage:
        return
    dates = union(_dates(item) for item in search.backups_for(part) if item.backup_id == person.id)
    for start, end in subtract([EVER], dates):
        yield Obstacle(start, end, "contingency_disabled", f"{person.id} is no backup then")


def free_intervals(part: Part, barred: Iterable[Obstacle]) -> list[Interval]:
    """The stretches of a part that nothing bars."""
    holes = union((item.start, item.end) for item in barred if overlaps((item.start, item.end), part.interval))
    return subtract([part.interval], holes)


def first_obstacle(part: Part, person_id: str, barred: Iterable[Obstacle]) -> Reason | None:
    """The first thing that bars somebody from some of a part, as a reason."""
    for item in barred:
        if overlaps((item.start, item.end), part.interval):
            start, end = clip([(item.start, item.end)], part.interval)[0]
            return Reason(
                item.code, f"{item.text}, {span_text(start, end)}", person_id, (moment_of(start), moment_of(end))
            )
    return None
