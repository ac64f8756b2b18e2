"""What taking parts of duties does to one person: judged by the rules themselves, once for each person and set of parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from residency.admission import breaches
from residency.calendar import DAY, Interval, Window, overlaps, subtract, union
from residency.contingency.needs import Part, cutting
from residency.load import Book
from residency.model import Change, Duty, DutyKind, Roster
from residency.policy.settings import (
    CallFrequency,
    DutyPeriodLimit,
    NightFloat,
    OneDayInSeven,
    RestAfterCall,
    WeeklyHours,
)
from residency.rules import SERVICE_STEMS
from residency.schedule import Schedule
from residency.timeline import BRIDGE, SHORTEST_CUT_DAY_OFF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.rules import Record
    from residency.timeline import Timeline

#: Marks the id of a duty that a plan gave somebody; no stored id has it.
TAKEN_MARK = "~taken~"


@dataclass(frozen=True, slots=True)
class Pending:
    """What a search may still ask people to take.

    Attributes:
        intervals: when.
        all_plain: whether all of it is plain care (`is_plain`).
    """

    intervals: Sequence[Interval] = ()
    all_plain: bool = False


class Hand(NamedTuple):
    """What a plan changes of one person's duties."""

    added: tuple[Duty, ...] = ()
    removed: tuple[Duty, ...] = ()

    @property
    def taken_intervals(self) -> list[Interval]:
        """When its holder works what a plan gave them."""
        return union((duty.start, duty.end) for duty in self.added if TAKEN_MARK in duty.id)


@dataclass(frozen=True, slots=True)
class Take:
    """Somebody takes a part, and their own duties of that time are cut.

    Attributes:
        duty: what they hold then.
        pulled: the parts of their own duties that they no longer work.
        cut: the change that this makes of their own duties.
    """

    duty: Duty
    pulled: tuple[Part, ...]
    cut: Change

    @property
    def change(self) -> Change:
        """The whole change."""
        return Change(added=(*self.cut.added, self.duty), removed=self.cut.removed)

    def added_to(self, hand: Hand) -> Hand:
        """The hand with this take in it."""
        again = set(self.cut.removed) & set(hand.added)
        kept = tuple(duty for duty in hand.added if duty not in again)
        own = tuple(duty for duty in self.cut.removed if duty not in again)
        return Hand((*kept, *self.cut.added, self.duty), (*hand.removed, *own))


def take_of(timeline: Timeline, part: Part) -> Take:
    """What it means that the holder of a timeline takes a part."""
    pulled = tuple(
        Part(duty, max(duty.start, part.start), min(duty.end, part.end)) for duty in timeline.duties_in(*part.interval)
    )
    identity = f"{part.duty.id}{TAKEN_MARK}{part.start}"
    duty = replace(part.duty, id=identity, person_id=timeline.person_id, start=part.start, end=part.end)
    return Take(duty, pulled, cutting(pulled))


class Jury:
    """The rules about persons, asked about hands; every answer is kept.

    A hand is judged on a book of that person alone, so that an answer costs what one person costs. It holds whoever else is absent,
    as long as the person's own duties and absences are those of the book.

    Args:
        book: what everybody holds before.
        elder: knows everybody else, when `own` alone differ from the book that it was made for.
        own: whom the elder does not know as they are.
    """

    def __init__(self, book: Book, elder: Jury | None = None, own: Iterable[str] = ()) -> None:
        self._book = book
        self._elder = elder
        self._own = frozenset(own)
        self._alone: dict[str, Book] = {}
        self._known: dict[tuple[object, ...], tuple[Record, ...]] = {}

    def breaches(self, person_id: str, hand: Hand) -> tuple[Record, ...]:
        """What rules about the person a hand breaks that were not broken as badly before; advisories apart."""
        if self._elder is not None and person_id not in self._own:
            return self._elder.breaches(person_id, hand)
        key = (person_id, frozenset(map(_essence, hand.added)), frozenset(map(_essence, hand.removed)))
        found = self._known.get(key)
        if found is None:
            before = self.alone(person_id)
            after = before.after(Change(added=hand.added, removed=hand.removed))
            found = tuple(record for record in breaches(before, after) if record.rule not in SERVICE_STEMS)
            self._known[key] = found
        return found

    def is_lost(self, take: Take, hand: Hand, book: Book, pending: Pending) -> bool:
        """Whether a take breaks a rule for its taker that nothing still to come can mend.

        Args:
            take: what comes to the hand.
            hand: what the plan gave the taker before it.
            book: the roster with the hand and without the take.
            pending: what may still come.
        """
        person_id, taken = take.duty.person_id, take.added_to(hand)
        broken = self.breaches(person_id, taken)
        if not broken:
            return False
        timeline = book.sketched(take.change).schedule.timeline(person_id)
        left = replace(pending, intervals=subtract(pending.intervals, taken.taken_intervals))
        return not all(may_heal(record, timeline, left) and self._may_bridge(record, taken, left) for record in broken)

    def _may_bridge(self, record: Record, hand: Hand, pending: Pending) -> bool:
        """Whether more work may close a rest that is too short after a long duty: only if the whole is no longer than a duty may be."""
        if record.rule != RestAfterCall.stem or not pending.all_plain or record.end - record.start <= BRIDGE:
            return True
        (who,) = record.persons
        bridge = Duty(f"{TAKEN_MARK}{record.start}", who, None, record.start, record.end - BRIDGE)
        broken = self.breaches(who, hand._replace(added=(*hand.added, bridge)))
        return all(found.rule != DutyPeriodLimit.stem for found in broken)

    def alone(self, person_id: str) -> Book:
        """The book of one person."""
        if person_id not in self._alone:
            timeline = self._book.schedule.timeline(person_id)
            roster = Roster(
                () if timeline.person is None else (timeline.person,),
                tuple(self._book.schedule.rotations.values()),
                timeline.duties,
                (),
                timeline.rotation_periods,
                timeline.absences,
            )
            schedule = Schedule.of(roster, self._book.schedule.horizon)
            self._alone[person_id] = Book(schedule, (), self._book.settings)
        return self._alone[person_id]


def _essence(duty: Duty) -> tuple[object, ...]:
    """All that a rule reads of a duty but its id."""
    return (duty.start, duty.end, duty.kind, duty.rotation_id, duty.exception)


def is_plain(duty: Duty) -> bool:
    """Whether a duty period that a duty joins only grows by it, and no limit is lifted."""
    traits = duty.kind.traits
    return traits.patient_care and traits.in_period and not traits.extension and not duty.exception


def may_heal(record: Record, timeline: Timeline, pending: Pending) -> bool:
    """Whether a breach of somebody may vanish once they take more of what is pending.

    Hours only grow, and so do duty periods where all of it is plain care (`is_plain`). Call nights go where a call is given away. Days off
    grow only where the beginning or the end of a free stretch moves over a window's edge, or where leave or the roster's end cuts a stretch
    short. All others are local.
    """
    if record.rule == WeeklyHours.stem or (pending.all_plain and record.rule == DutyPeriodLimit.stem):
        return False
    if record.rule == CallFrequency.stem:
        calls = [duty for duty in timeline.duties if _may_be_given_away(duty)]
        return any(overlaps((duty.start, duty.end), interval) for duty in calls for interval in pending.intervals)
    if record.rule == OneDayInSeven.stem and record.code == "too_few":
        return any(
            overlaps(stretch, interval) for stretch in _elastic(timeline, record) for interval in pending.intervals
        )
    reach = DAY if record.rule in (NightFloat.stem, OneDayInSeven.stem) else BRIDGE + 1
    near = (record.start - reach, record.end + reach)
    return any(overlaps(near, interval) for interval in pending.intervals)


def _may_be_given_away(duty: Duty) -> bool:
    return duty.kind is DutyKind.IN_HOUSE_CALL and TAKEN_MARK not in duty.id


def _elastic(timeline: Timeline, record: Record) -> Sequence[Interval]:
    """The free stretches of which more work may make more days off in a window."""
    window = Window(record.start, record.end)
    crossing = [
        (stretch.start, stretch.end)
        for stretch in timeline.free_stretches
        if stretch.start < window.start and stretch.end >= window.start + DAY
    ]
    cut = [
        (stretch.start, stretch.end)
        for stretch in timeline.free_stretches
        if stretch.cut and stretch.end > window.start and stretch.start < window.end
        if stretch.end - stretch.start >= SHORTEST_CUT_DAY_OFF
    ]
    found = (*crossing, *cut)
    return found if record.measured + len(found) >= record.limit else ()
