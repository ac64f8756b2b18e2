"""Deciding requests for leave together: who is granted what, which day decided, by which rank, and what is offered instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from residency.admission import refusals_of
from residency.calendar import BLOCK_DAYS, DAY, Interval, day_start, merge, moment_of, overlaps
from residency.leave.ranking import Ranking
from residency.leave.staffing import Count, Stretch, bound, count, stretches
from residency.load import Book
from residency.model import Absence, Change, DutyKind, LeaveRequest, RequestStatus
from residency.policy.settings import Coverage, LeaveExclusion
from residency.wording import day_text, leave_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from residency.model import Duty

#: So much of an id is kept where a number is added to it; ids have at most 64 characters.
_LONGEST_STEM = 58


@dataclass(frozen=True)
class Sitting:
    """What requests are decided under.

    Attributes:
        clock: nothing that has ended by then is granted any more.
        allow_partial: whether the days that fit are granted when others do not.
    """

    book: Book
    ranking: Ranking
    clock: int
    allow_partial: bool = True


@dataclass(frozen=True)
class Verdict:
    """What became of one request, and why.

    Attributes:
        granted: what is granted of it; nothing if it is denied.
        reasons: why not all of it is.
        count: the figures of the day that bound it, None where it was not too few people; of what is granted whole, of its tightest day.
        place: its rank among the requests of the same role, from 1.
        places: how many these are.
        behind: whose granted request comes before it on that day, or None.
        offer: what would pass instead, or None.
        absences: what is granted, as it is recorded.
    """

    request: LeaveRequest
    granted: tuple[Interval, ...]
    reasons: tuple[Reason, ...] = ()
    count: Count | None = None
    place: int = 1
    places: int = 1
    behind: str | None = None
    offer: Interval | None = None
    absences: tuple[Absence, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything that was asked for is granted."""
        return bool(self.granted) and not self.reasons


@dataclass(frozen=True, slots=True)
class Piece:
    """A day of leave, or the part of it that was asked for, with what stands against it."""

    start: int
    end: int
    reasons: tuple[Reason, ...] = ()
    count: Count | None = None

    @property
    def is_short(self) -> bool:
        """Whether too few people would be left."""
        return any(reason.code == Coverage.stem for reason in self.reasons)


def judge_requests(sitting: Sitting, requests: Iterable[LeaveRequest]) -> tuple[tuple[Verdict, ...], Book]:
    """Decide requests in the order of their rank, each on what those before it left; the verdicts, and the book with what was granted.

    Offers are sought last, when everything else is settled; each would pass alone.
    """
    book = sitting.book
    verdicts: list[Verdict] = []
    for request in sitting.ranking.ranked(requests):
        verdict = _judge(book, sitting, request)
        absences = _absences_of(book, verdict)
        book = book.after(Change(absences_added=absences))
        verdicts.append(replace(_placed(verdict, verdicts, book), absences=absences))
    peers = [_role(book, verdict.request) for verdict in verdicts]
    told = [
        replace(
            verdict,
            places=peers.count(role),
            offer=None if verdict.granted else find_offer(book, verdict.request, sitting.clock),
        )
        for verdict, role in zip(verdicts, peers, strict=True)
    ]
    return tuple(told), book


def _absences_of(book: Book, verdict: Verdict) -> tuple[Absence, ...]:
    """What is granted, as absences: the first under the request's own id, unless one has that already, others under ids derived from it."""
    request = verdict.request
    taken = {absence.id for timeline in book.schedule.timelines.values() for absence in timeline.absences}
    free = (
        identity
        for identity in (request.id, *(f"{request.id[:_LONGEST_STEM]}:{number}" for number in range(2, 10_000)))
        if identity not in taken
    )
    return tuple(
        Absence(identity, request.person_id, start, end, request.kind, RequestStatus.APPROVED, request.reason)
        for (start, end), identity in zip(verdict.granted, free, strict=False)
    )


def _role(book: Book, request: LeaveRequest) -> str:
    return book.schedule.persons[request.person_id].role


def _placed(verdict: Verdict, before: Sequence[Verdict], book: Book) -> Verdict:
    """The verdict with its place, and whom it stands behind on the day that bound it."""
    peers = [other for other in before if _role(book, other.request) == _role(book, verdict.request)]
    behind = None
    if verdict.reasons and verdict.count is not None:
        day = (verdict.count.day, verdict.count.day + DAY)
        granted = [other for other in peers if any(overlaps(day, interval) for interval in other.granted)]
        behind = granted[-1].request.person_id if granted else None
    return replace(verdict, place=len(peers) + 1, behind=behind)


# ── one request ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge(book: Book, sitting: Sitting, request: LeaveRequest) -> Verdict:
    barred = _barred(book, request, sitting.clock)
    if barred:
        return Verdict(request, (), barred)
    interval = (request.start, request.end)
    pieces = list(_pieces(book, request, interval))
    blocked = [piece for piece in pieces if piece.reasons]
    against = (*_joined(blocked), *_rules_against(book, request, [interval]))
    if not against:
        return Verdict(request, (interval,), count=_tightest(pieces))
    worst = _tightest(piece for piece in blocked if piece.is_short)
    part = merge((piece.start, piece.end) for piece in pieces if not piece.reasons)
    if sitting.allow_partial and blocked and part and not _rules_against(book, request, part):
        return Verdict(request, tuple(part), _joined(blocked), worst)
    return Verdict(request, (), against, worst)


def _barred(book: Book, request: LeaveRequest, clock: int) -> tuple[Reason, ...]:
    """What no day of the request can mend."""
    if not book.may_be_given_duty(request.person_id):
        return (Reason("inactive_person", f"{request.person_id} is inactive", request.person_id),)
    if request.end <= clock:
        text = f"the leave of {request.person_id} {leave_text(request.start, request.end)} is over"
        return (Reason("past_leave", text, request.person_id),)
    return overlapping(book, request.person_id, (request.start, request.end))


def overlapping(book: Book, person_id: str, interval: Interval) -> tuple[Reason, ...]:
    """Leave of somebody that shares a minute with an interval, as a reason."""
    return tuple(
        Reason(
            "overlapping_leave",
            f"{person_id} is on leave {leave_text(absence.start, absence.end)} already ({absence.kind.value})",
            person_id,
            (moment_of(absence.start), moment_of(absence.end)),
        )
        for absence in book.schedule.timeline(person_id).absences
        if absence.is_leave and overlaps((absence.start, absence.end), interval)
    )


def _pieces(book: Book, request: LeaveRequest, interval: Interval) -> Iterator[Piece]:
    """An interval day by day, each with what stands against leave on it: a duty of one's own, or that too few would be left."""
    person = book.schedule.persons[request.person_id]
    waiting = stretches(book, person.role, interval)
    stretch = next(waiting, None)
    for day in range(day_start(interval[0]), interval[1], DAY):
        start, end = max(day, interval[0]), min(day + DAY, interval[1])
        inside: list[Stretch] = []
        while stretch is not None and stretch.start < end:
            inside.append(stretch)
            stretch = next(waiting, None)
        yield _piece(book, person.id, (start, end), inside)


def _piece(book: Book, person_id: str, interval: Interval, inside: Sequence[Stretch]) -> Piece:
    bounds = [figures for stretch in inside if (figures := bound(stretch, person_id)) is not None]
    counts = bounds or [count(stretch, person_id) for stretch in inside]
    tightest = min(counts, key=lambda figures: figures.slack, default=None)
    short = (_short(person_id, tightest),) if bounds and tightest is not None else ()
    return Piece(*interval, (*_held(book, person_id, interval), *short), tightest)


def _short(person_id: str, figures: Count) -> Reason:
    day = day_text(figures.day)
    text = (
        f"On {day} {figures.needed} are needed and {figures.before} are there: with {person_id} on leave there would be "
        f"{figures.after}."
    )
    window = (moment_of(figures.day), moment_of(figures.day + DAY))
    return Reason(Coverage.stem, text, person_id, window, figures.after, figures.needed)


def _held(book: Book, person_id: str, interval: Interval) -> tuple[Reason, ...]:
    """Duties of one's own that leave must not touch; moonlighting elsewhere is one's own affair."""
    duties = book.schedule.timeline(person_id).duties_in(*interval)
    return tuple(_holds(duty) for duty in duties if duty.kind is not DutyKind.MOONLIGHT_EXT)


def _holds(duty: Duty) -> Reason:
    said = f"`{duty.id}` ({duty.rotation_id or duty.kind.value}) of {duty.person_id}"
    window = (moment_of(duty.start), moment_of(duty.end))
    if duty.pinned:
        return Reason("pinned", f"{said} is pinned, and no operation moves it.", duty.person_id, window)
    text = f"{said} lies {leave_text(duty.start, duty.end)}: it has to be given away first."
    return Reason(LeaveExclusion.stem, text, duty.person_id, window)


def _joined(blocked: Sequence[Piece]) -> tuple[Reason, ...]:
    """The reasons of several days: of each duty once, and of too few people the day that is worst."""
    reasons = list(dict.fromkeys(reason for piece in blocked for reason in piece.reasons))
    short = [reason for reason in reasons if reason.code == Coverage.stem]
    worst = min(short, key=lambda reason: (reason.measured or 0) - (reason.limit or 0), default=None)
    return tuple(reason for reason in reasons if reason.code != Coverage.stem or reason is worst)


def _tightest(pieces: Iterable[Piece]) -> Count | None:
    counts = (piece.count for piece in pieces if piece.count is not None)
    return min(counts, key=lambda figures: figures.slack, default=None)


def _rules_against(book: Book, request: LeaveRequest, intervals: Iterable[Interval]) -> tuple[Reason, ...]:
    """What the rules say of the requester's averages if they were away; duties in the way are told day by day instead."""
    absences = tuple(
        Absence(f"~{number}", request.person_id, start, end, request.kind)
        for number, (start, end) in enumerate(intervals, start=1)
    )
    found = refusals_of(book, book.after(Change(absences_added=absences)), request.person_id)
    return tuple(reason for reason in found if reason.code != LeaveExclusion.stem)


# ── what is offered instead ────────────────────────────────────────────────────────────────────────────────────────────


def find_offer(book: Book, request: LeaveRequest, clock: int) -> Interval | None:
    """The nearest other days of the same length that would pass, the later of two as near, at most four weeks away; else the longest part."""
    if _barred(book, request, clock):
        return None
    others = _shifted(request, book.settings.horizon, clock)
    found = next((interval for interval in others if _passes(book, request, interval)), None)
    return found if found is not None else _longest_part(book, request)


def _shifted(request: LeaveRequest, horizon: Interval, clock: int) -> Iterator[Interval]:
    for days in range(1, BLOCK_DAYS + 1):
        for shift in (days * DAY, -days * DAY):
            start, end = request.start + shift, request.end + shift
            if start >= max(clock, horizon[0]) and end <= horizon[1]:
                yield start, end


def _longest_part(book: Book, request: LeaveRequest) -> Interval | None:
    """The longest run of days inside the request that would pass, the earliest of equals.

    A window over its days grows by one at its end and shrinks at its beginning until it passes: more leave never helps an average.
    """
    pieces = list(_pieces(book, request, (request.start, request.end)))
    best: Interval | None = None
    first = 0
    for last, piece in enumerate(pieces):
        if piece.reasons:
            first = last + 1
        while first <= last and _rules_against(book, request, [(pieces[first].start, piece.end)]):
            first += 1
        if first <= last and (best is None or piece.end - pieces[first].start > best[1] - best[0]):
            best = (pieces[first].start, piece.end)
    return best


def _passes(book: Book, request: LeaveRequest, interval: Interval) -> bool:
    if overlapping(book, request.person_id, interval):
        return False
    if any(piece.reasons for piece in _pieces(book, request, interval)):
        return False
    return not _rules_against(book, request, [interval])
