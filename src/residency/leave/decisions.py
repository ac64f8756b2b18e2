"""Leave as it is asked for and decided: what is written, who is told, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.calendar import Interval, date_of, day_start, moment_of, overlaps
from residency.decisions import (
    Decision,
    Notice,
    RowWrite,
    absence_write,
    leave_write,
    ledger_write,
    reason_map,
    refusal,
    unknown_row,
)
from residency.journal.notices import overloads, shortages
from residency.leave.granting import Sitting, Verdict, judge_requests, overlapping
from residency.model import AbsenceKind, LeaveRequest, LedgerEntry, PersonStatus, RequestStatus
from residency.schema import EQUITY_LEDGER, LEAVE_REQUESTS
from residency.wording import day_text, leave_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from residency.decisions import NewId
    from residency.load import Book


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Wish:
    """Leave that somebody asks for: whose, when, of what kind, and why; each interval becomes a request of its own."""

    person_id: str
    intervals: tuple[Interval, ...]
    kind: AbsenceKind
    reason: str = ""


def decide_submit(book: Book, wish: Wish, requests: Iterable[LeaveRequest], clock: int, new_id: NewId) -> Decision:
    """Keep a pending request; refused for somebody inactive, for what is over, and over leave that is granted or asked for already."""
    reasons = _against(book, wish, requests, clock)
    if reasons:
        told = f"Your request for leave is refused. {' '.join(_sentence(reason.text) for reason in reasons)}"
        notices = [Notice("leave_decision", wish.person_id, told)] if book.person(wish.person_id) is not None else []
        return refusal(*reasons, persons=[wish.person_id], notices=notices)
    made = tuple(
        LeaveRequest(
            new_id(LEAVE_REQUESTS.name),
            wish.person_id,
            start,
            end,
            clock,
            wish.kind,
            RequestStatus.PENDING,
            wish.reason,
        )
        for start, end in wish.intervals
    )
    ids = tuple(request.id for request in made)
    return Decision(
        data=FrozenMap({"leave_id": ids[0], "leave_ids": ids}),
        writes=tuple(leave_write(None, request) for request in made),
        persons=(wish.person_id,),
        reason=wish.reason or wish.kind.value,
    )


def _against(book: Book, wish: Wish, requests: Iterable[LeaveRequest], clock: int) -> tuple[Reason, ...]:
    person = book.person(wish.person_id)
    if person is None:
        return (unknown_row("persons", wish.person_id),)
    if person.status is PersonStatus.INACTIVE:
        return (Reason("inactive_person", f"{person.id} is inactive", person.id),)
    waiting = [
        request for request in requests if request.person_id == person.id and request.status is RequestStatus.PENDING
    ]
    return tuple(
        reason
        for start, end in wish.intervals
        for reason in (
            *_over(person.id, (start, end), clock),
            *overlapping(book, person.id, (start, end)),
            *(_asked_already(request) for request in waiting if overlaps((request.start, request.end), (start, end))),
        )
    )


def _over(person_id: str, interval: Interval, clock: int) -> tuple[Reason, ...]:
    if interval[1] > clock:
        return ()
    return (Reason("past_leave", f"leave {leave_text(*interval)} is over", person_id),)


def _asked_already(request: LeaveRequest) -> Reason:
    text = f"`{request.id}` of {request.person_id} asks for leave {leave_text(request.start, request.end)} already"
    window = (moment_of(request.start), moment_of(request.end))
    return Reason("overlapping_leave", text, request.person_id, window)


# ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide_requests(sitting: Sitting, requests: Sequence[LeaveRequest], new_id: NewId) -> Decision:
    """Decide requests together. A grant makes the absence, a denial a line of the ledger; each requester is told rank, figures and offer."""
    closed = [request for request in requests if request.status is not RequestStatus.PENDING]
    if closed:
        reasons = (
            Reason("not_pending", f"`{request.id}` is {request.status.value}", request.person_id) for request in closed
        )
        return refusal(*reasons, persons=[request.person_id for request in closed])
    verdicts, after = judge_requests(sitting, requests)
    writes = [write for verdict in verdicts for write in _writes(sitting, verdict, new_id)]
    persons = tuple(dict.fromkeys(verdict.request.person_id for verdict in verdicts))
    return Decision(
        data=FrozenMap(_data(verdicts)),
        writes=tuple(writes),
        notices=(
            *(notice for verdict in verdicts for notice in _told(sitting, verdict)),
            *shortages(sitting.book, after),
            *overloads(sitting.book, after, persons),
        ),
        persons=persons,
        reason=" ".join(_text(sitting, verdict) for verdict in verdicts),
    )


def _writes(sitting: Sitting, verdict: Verdict, new_id: NewId) -> list[RowWrite]:
    request = verdict.request
    if not verdict.granted:
        entry = LedgerEntry(request.person_id, "denial", 1, day_start(sitting.clock))
        denied = replace(request, status=RequestStatus.DENIED)
        return [leave_write(request, denied), ledger_write(new_id(EQUITY_LEDGER.name), entry)]
    granted = replace(request, status=RequestStatus.APPROVED)
    return [leave_write(request, granted), *(absence_write(None, absence) for absence in verdict.absences)]


def _data(verdicts: Iterable[Verdict]) -> dict[str, Value]:
    found = list(verdicts)
    return {
        "approved": tuple(verdict.request.id for verdict in found if verdict.is_whole),
        "denied": tuple(
            FrozenMap({"leave_id": verdict.request.id, "reasons": tuple(map(reason_map, verdict.reasons))})
            for verdict in found
            if not verdict.granted
        ),
        "partial": tuple(
            FrozenMap({"leave_id": verdict.request.id, "start": moment_of(start), "end": moment_of(end)})
            for verdict in found
            if verdict.granted and not verdict.is_whole
            for start, end in verdict.granted
        ),
        "decisions": tuple(_rationale(verdict) for verdict in found),
    }


def _outcome(verdict: Verdict) -> str:
    if verdict.is_whole:
        return "approved"
    return "partial" if verdict.granted else "denied"


def _rationale(verdict: Verdict) -> FrozenMap:
    figures, offer = verdict.count, verdict.offer
    return FrozenMap(
        {
            "leave_id": verdict.request.id,
            "person_id": verdict.request.person_id,
            "outcome": _outcome(verdict),
            "rank": verdict.place,
            "behind": verdict.behind,
            "day": None if figures is None else date_of(figures.day),
            "before": None if figures is None else figures.before,
            "after": None if figures is None else figures.after,
            "needed": None if figures is None else figures.needed,
            "offer_start": None if offer is None else moment_of(offer[0]),
            "offer_end": None if offer is None else moment_of(offer[1]),
        }
    )


def _told(sitting: Sitting, verdict: Verdict) -> list[Notice]:
    person = verdict.request.person_id
    told = [Notice("leave_decision", person, _text(sitting, verdict))]
    if verdict.granted:
        spans = ", ".join(leave_text(*interval) for interval in verdict.granted)
        told.append(Notice("absence_recorded", person, f"Your leave is recorded, {spans}."))
    return told


def _text(sitting: Sitting, verdict: Verdict) -> str:
    """The decision in words: what, why, by which rank, and what instead."""
    request = verdict.request
    said = [f"`{request.id}` of {request.person_id}, leave {leave_text(request.start, request.end)}"]
    if verdict.is_whole:
        said[0] += " is granted."
    elif verdict.granted:
        said[0] += f" is granted in part: {' and '.join(leave_text(*interval) for interval in verdict.granted)}."
    else:
        said[0] += " is denied."
    said += [_sentence(reason.text) for reason in verdict.reasons]
    if verdict.is_whole and verdict.count is not None:
        figures = verdict.count
        day = day_text(figures.day)
        said.append(f"The tightest day is {day}: {figures.needed} needed, {figures.after} of {figures.before} stay.")
    said.append(_rank_text(sitting, verdict))
    if not verdict.granted:
        said.append(_offer_text(verdict))
    return " ".join(said)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text[0].upper()}{text[1:]}."


def _rank_text(sitting: Sitting, verdict: Verdict) -> str:
    placed = f"Rank {verdict.place} of {verdict.places}"
    if verdict.behind is None:
        return f"{placed}."
    return f"{placed}: {sitting.ranking.reason(verdict.request.person_id, verdict.behind)}."


def _offer_text(verdict: Verdict) -> str:
    if verdict.offer is None:
        return "Nothing of that length is possible within four weeks, nor a part of it."
    return f"Possible instead: leave {leave_text(*verdict.offer)}."
