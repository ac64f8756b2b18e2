"""Coming back: the absence ends, and duties that plans gave to others or let go are given back where nothing stands against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.admission import refusals
from residency.calendar import Interval, moment_of, overlaps, subtract
from residency.contingency.plan_making import Reshaping
from residency.contingency.plan_rows import reshaping_of
from residency.decisions import (
    Decision,
    RowWrite,
    absence_write,
    duty_writes,
    person_write,
    reason_map,
    refusal,
    unknown_row,
)
from residency.journal.notices import of_change
from residency.leave.absences import with_status
from residency.leave.recall import is_of_request
from residency.load import Book
from residency.model import Change, Duty, LeaveRequest, PersonStatus
from residency.stored import duty_of_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.model import Absence, Person


@dataclass(frozen=True)
class Coming:
    """Somebody comes back.

    Attributes:
        clock: the minute from which they are there again.
        requests: their approved requests; leave that was asked for does not end when an illness before it does.
        plans: activated contingency plans as stored, in the order of their numbers.
        restore: whether later duties are given back.
    """

    person_id: str
    clock: int
    requests: Sequence[LeaveRequest] = ()
    plans: Sequence[Mapping[str, Any]] = ()
    restore: bool = True


@dataclass(frozen=True)
class Lost:
    """A duty that a plan took apart.

    Attributes:
        duty: as it was.
        since: the first minute that its holder lost.
        pieces: who held which part of it after the plan; what is in none went.
        behind: what those who took it gave up for it, likewise.
    """

    duty: Duty
    since: int
    pieces: tuple[tuple[Interval, str], ...]
    behind: tuple[Lost, ...] = ()


def decide_return(book: Book, coming: Coming) -> Decision:
    """End the absence at the clock, set the person active, and give back what plans took of the rest of it; refused if they are not away.

    Whoever hands a duty back gets what they had given up for it, too.
    """
    person = book.person(coming.person_id)
    if person is None:
        return refusal(unknown_row("persons", coming.person_id), persons=[coming.person_id])
    ending = _ending(book, person, coming)
    if not ending and person.status is not PersonStatus.UNAVAILABLE:
        text = f"{person.id} is not away at {moment_of(coming.clock):%H:%M on %Y-%m-%d}"
        return refusal(Reason("not_absent", text, person.id), persons=[person.id])
    cut = _cut(ending, coming.clock)
    active = replace(person, status=PersonStatus.ACTIVE)
    there = book.after(cut)
    if person.status is PersonStatus.UNAVAILABLE:
        there = with_status(there, person, PersonStatus.ACTIVE)
    back = _give_back(there, _missed(coming, ending), coming.clock)
    kept = tuple(
        FrozenMap({"assignment_id": duty.id, "reasons": tuple(map(reason_map, reasons))}) for duty, reasons in back.kept
    )
    data: dict[str, Value] = {"restored": tuple(duty.id for duty in back.change.added), "kept": kept}
    status = (person_write(person, active),) if person.status is PersonStatus.UNAVAILABLE else ()
    return Decision(
        data=FrozenMap(data),
        writes=(*_absence_writes(cut), *status, *duty_writes(back.change)),
        notices=of_change(there, back.book, back.change),
        persons=tuple(dict.fromkeys((person.id, *_holders(back.change)))),
    )


def _holders(change: Change) -> list[str]:
    return [duty.person_id for duty in (*change.removed, *change.added)]


# ── the absence ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ending(book: Book, person: Person, coming: Coming) -> list[Absence]:
    """The absence at the clock that ends, with those right after it that nobody asked for.

    Of somebody who is marked unavailable, and whose absence is yet to come, it is the next one that nobody asked for.
    """
    ahead = [
        absence
        for absence in book.schedule.timeline(person.id).absences
        if absence.is_leave and absence.end > coming.clock
    ]
    now = [absence for absence in ahead if absence.start <= coming.clock]
    asked = [absence for absence in ahead if any(is_of_request(absence, request) for request in coming.requests)]
    marked = [absence for absence in ahead if absence not in asked and absence not in now]
    if not now and person.status is PersonStatus.UNAVAILABLE:
        now, marked = marked[:1], marked[1:]
    for absence in marked:
        if now and absence.start == now[-1].end:
            now.append(absence)
    return now


def _cut(ending: Iterable[Absence], clock: int) -> Change:
    found = tuple(ending)
    left = tuple(replace(absence, end=clock) for absence in found if absence.start < clock)
    return Change(absences_added=left, absences_removed=found)


def _absence_writes(cut: Change) -> list[RowWrite]:
    left = {absence.id: absence for absence in cut.absences_added}
    return [absence_write(absence, left.get(absence.id)) for absence in cut.absences_removed]


# ── the duties ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def lost_duties(coming: Coming) -> list[Lost]:
    """What plans took apart of a person's duties, as the last plan of each left it, in the order of their starts."""
    found: dict[str, Lost] = {}
    for plan in coming.plans:
        if coming.person_id in plan["persons"]:
            taken_apart = Unplanned.of(plan)
            for duty in taken_apart.duties:
                if duty.person_id == coming.person_id:
                    found[duty.id] = taken_apart.lost(duty)
    return sorted(found.values(), key=lambda item: (item.duty.start, item.duty.id))


@dataclass(frozen=True)
class Unplanned:
    """An activated plan, read backwards: the duties as they were before it, and what it did to them."""

    duties: tuple[Duty, ...]
    shape: Reshaping
    absent: frozenset[str]

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> Unplanned:
        """From a stored plan."""
        duties = tuple(duty_of_plain(row) for row in plan["basis"].values())
        return cls(duties, reshaping_of(plan), frozenset(plan["persons"]))

    def lost(self, duty: Duty, *, passed: frozenset[str] = frozenset()) -> Lost:
        """What became of a duty, and of those that its takers gave up; `passed` holds what is in the chain already."""
        taken = self.shape.taken.get(duty.id, ())
        holes = sorted([*(interval for interval, _ in taken), *self.shape.gone.get(duty.id, ())])
        kept = ((interval, duty.person_id) for interval in subtract([(duty.start, duty.end)], holes))
        seen = passed | {duty.id}
        behind = (
            self.lost(other, passed=seen)
            for interval, taker in taken
            for other in self._given_up(taker, interval, seen)
        )
        return Lost(duty, holes[0][0], (*kept, *taken), tuple(behind))

    def _given_up(self, taker: str, interval: Interval, seen: frozenset[str]) -> list[Duty]:
        return [
            duty
            for duty in self.duties
            if duty.person_id == taker
            and taker not in self.absent
            and duty.id not in seen
            and overlaps((duty.start, duty.end), interval)
        ]


def _missed(coming: Coming, ending: Sequence[Absence]) -> list[Lost]:
    """What may be given back of the rest of the absence."""
    if not coming.restore:
        return []
    return [item for item in lost_duties(coming) if any(_is_inside(item.duty, absence) for absence in ending)]


def _is_inside(duty: Duty, absence: Absence) -> bool:
    return overlaps((duty.start, duty.end), (absence.start, absence.end))


_NOTHING = Change()


@dataclass(frozen=True)
class Back:
    """What is given back, the book with it, and what is not, with the reasons."""

    book: Book
    change: Change = _NOTHING
    kept: tuple[tuple[Duty, tuple[Reason, ...]], ...] = ()


def _give_back(book: Book, lost: Iterable[Lost], clock: int) -> Back:
    """Give back duty by duty, each judged on what the ones before it left, and after it what its takers had given up for it.

    What was lost before the clock is past, and what is its holder's again needs nothing.
    """
    back = Back(book)
    waiting = list(lost)
    while waiting:
        item = waiting.pop(0)
        if item.since < clock or back.book.duty(item.duty.id) == item.duty:
            continue
        change, reasons = _restoring(back.book, item)
        after = back.book if reasons else back.book.after(change)
        reasons = reasons or refusals(back.book, after)
        if reasons:
            back = replace(back, kept=(*back.kept, (item.duty, reasons)))
        else:
            back = Back(after, _with(back.change, change), back.kept)
            waiting = [*item.behind, *waiting]
    return back


def _restoring(book: Book, item: Lost) -> tuple[Change, tuple[Reason, ...]]:
    """The change that makes a duty whole again, and why it cannot be made: its rows changed since, or one is pinned."""
    pieces = [_held(book, item.duty, interval, holder) for interval, holder in item.pieces]
    now = tuple(piece for piece in pieces if piece is not None)
    reasons = [
        Reason("pinned", f"`{piece.id}` is pinned, and no operation moves it", piece.person_id)
        for piece in now
        if piece.pinned
    ]
    own = book.duty(item.duty.id)
    if None in pieces or (own is not None and own not in now):
        text = f"`{item.duty.id}` has changed since the plan"
        reasons.append(Reason("stale_plan", text, item.duty.person_id))
    return Change(added=(item.duty,), removed=now), tuple(reasons)


def _with(first: Change, second: Change) -> Change:
    return Change(added=(*first.added, *second.added), removed=(*first.removed, *second.removed))


def _held(book: Book, duty: Duty, interval: Interval, holder: str) -> Duty | None:
    """The row that holds a part of a duty still, or None if it is no longer as the plan left it."""
    for other in book.schedule.timeline(holder).duties_in(*interval):
        if (other.start, other.end) == interval and (other.rotation_id, other.kind) == (duty.rotation_id, duty.kind):
            return other
    return None
