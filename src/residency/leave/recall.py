"""Granted leave that is taken back: the person is asked, or the program's policy is invoked, and equal time is credited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.calendar import DAY, day_start, minute_of, moment_of, overlaps
from residency.decisions import Decision, Notice, RowWrite, absence_write, leave_write, ledger_write, refusal
from residency.journal.notices import to_directors
from residency.model import Absence, AbsenceKind, LeaveRequest, LedgerEntry, RequestStatus
from residency.schema import EQUITY_LEDGER
from residency.wording import counted, day_text, leave_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.decisions import NewId
    from residency.load import Book

Mode = Literal["voluntary", "mandatory"]
#: What nobody can be asked to give up, unless it was asked for itself: it befell people, or is theirs by design.
_NO_LEAVE = frozenset({AbsenceKind.ILLNESS, AbsenceKind.EMERGENCY, AbsenceKind.DAY_OFF})


# ── finding ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LeaveName:
    """Which leave is meant: the id of its request, or a person with a date."""

    leave_id: str | None = None
    person_id: str | None = None
    day: date | None = None


@dataclass(frozen=True)
class Leave:
    """Granted leave that has not ended: its absences in order, and the request that they come from, if there is one."""

    person_id: str
    absences: tuple[Absence, ...]
    request: LeaveRequest | None = None

    @property
    def dates(self) -> str:
        """When it is, in words."""
        return " and ".join(leave_text(absence.start, absence.end) for absence in self.absences)


class LeaveError(LookupError):
    """There is no such leave; `reason` says why."""

    def __init__(self, text: str, person_id: str | None) -> None:
        super().__init__(text)
        self.reason = Reason("no_such_leave", text, person_id)


def find_leave(book: Book, requests: Iterable[LeaveRequest], name: LeaveName, clock: int) -> Leave:
    """Return the granted leave that is meant and has not ended.

    Raises:
        LeaveError: There is none.
    """
    if name.leave_id is not None:
        return _by_id(book, requests, name, clock)
    if name.person_id is None or name.day is None:
        raise LeaveError("leave is named by `leave_id`, or by `person_id` with `date`", name.person_id)
    day = minute_of(name.day)
    held = [absence for absence in _lasting(book, name.person_id, clock) if overlaps(_span(absence), (day, day + DAY))]
    if not held:
        raise LeaveError(f"{name.person_id} has no leave on {day_text(day)} that could be given up", name.person_id)
    for request in requests:
        if request.status is RequestStatus.APPROVED and is_of_request(held[0], request):
            return Leave(name.person_id, _of_request(book, request, clock), request)
    return _unrequested(held[0])


def _by_id(book: Book, requests: Iterable[LeaveRequest], name: LeaveName, clock: int) -> Leave:
    request = next((request for request in requests if request.id == name.leave_id), None)
    if request is None:
        raise LeaveError(f"there is no request for leave `{name.leave_id}`", name.person_id)
    if name.person_id not in (None, request.person_id):
        raise LeaveError(f"`{request.id}` is not a request of {name.person_id}", name.person_id)
    if request.status is not RequestStatus.APPROVED:
        raise LeaveError(f"`{request.id}` is {request.status.value}, not approved", request.person_id)
    absences = _of_request(book, request, clock)
    if not absences:
        raise LeaveError(f"nothing of `{request.id}` is left", request.person_id)
    return Leave(request.person_id, absences, request)


def _unrequested(absence: Absence) -> Leave:
    if absence.kind in _NO_LEAVE:
        kind = absence.kind.value.replace("_", " ")
        text = f"{absence.person_id} is away ({kind}), which nobody can be asked to give up"
        raise LeaveError(text, absence.person_id)
    return Leave(absence.person_id, (absence,))


def _lasting(book: Book, person_id: str, clock: int) -> list[Absence]:
    absences = book.schedule.timeline(person_id).absences
    granted = (absence for absence in absences if absence.status is RequestStatus.APPROVED)
    return [absence for absence in granted if absence.end > clock]


def _span(item: Absence | LeaveRequest) -> tuple[int, int]:
    return (item.start, item.end)


def is_of_request(absence: Absence, request: LeaveRequest) -> bool:
    """Whether an absence is what was granted of a request: theirs, of its kind, inside it."""
    return (
        absence.person_id == request.person_id
        and absence.kind is request.kind
        and request.start <= absence.start
        and absence.end <= request.end
    )


def _of_request(book: Book, request: LeaveRequest, clock: int) -> tuple[Absence, ...]:
    return tuple(absence for absence in _lasting(book, request.person_id, clock) if is_of_request(absence, request))


# ── taking back ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Recall:
    """How granted leave is taken back.

    Attributes:
        accepted: what the person answered when they were asked; a mandatory recall does not depend on it.
        compensate: whether the days that come back are credited.
    """

    mode: Mode = "voluntary"
    accepted: bool = True
    compensate: bool = True
    reason: str = ""


def decide_cancel(book: Book, leave: Leave, recall: Recall, clock: int, new_id: NewId) -> Decision:
    """End leave at the clock and credit the time that comes back.

    Who is asked may decline, which ends nothing; a mandatory recall does not ask, and is told to the director as well.
    """
    person = leave.person_id
    why = f" Reason: {recall.reason}." if recall.reason else ""
    if recall.mode == "voluntary" and not recall.accepted:
        text = f"{person} was asked to give up the leave {leave.dates}, and declined."
        told = Notice("leave_decision", person, text + why)
        data = FrozenMap(_cancel_data(leave, 0, escalated=False))
        return refusal(Reason("declined", text, person), persons=[person], notices=[told], data=data)
    escalated = recall.mode == "mandatory"
    days = days_back(leave, clock) if recall.compensate else 0
    verb = "called off" if escalated else "given up"
    credit = f" {counted(days, 'day')} credited." if days else ""
    text = f"The leave of {person} {leave.dates} is {verb}, from {_since(leave, clock)} on.{why}{credit}"
    return Decision(
        data=FrozenMap(_cancel_data(leave, days, escalated=escalated)),
        writes=tuple(_cancel_writes(leave, clock, days, new_id)),
        notices=(
            Notice("leave_decision", person, text),
            *(to_directors(book, "leave_decision", text) if escalated else ()),
        ),
        persons=(person,),
        reason=recall.reason or recall.mode,
    )


def _cancel_data(leave: Leave, days: int, *, escalated: bool) -> dict[str, Value]:
    return {
        "leave_id": None if leave.request is None else leave.request.id,
        "person_id": leave.person_id,
        "credit_days": days,
        "escalated": escalated,
    }


def _since(leave: Leave, clock: int) -> str:
    since = max(clock, leave.absences[0].start)
    return day_text(since) if since % DAY == 0 else f"{moment_of(since):%H:%M} on {day_text(since)}"


def days_back(leave: Leave, clock: int) -> int:
    """The days that come back when leave ends at the clock; a day begun is a whole one, so that nothing is lost."""
    minutes = sum(absence.end - max(clock, absence.start) for absence in leave.absences)
    return -(-minutes // DAY)


def ended(absence: Absence, clock: int) -> Absence | None:
    """An absence that ends at the clock; None if it had not begun."""
    return replace(absence, end=clock) if absence.start < clock else None


def _cancel_writes(leave: Leave, clock: int, days: int, new_id: NewId) -> list[RowWrite]:
    writes = [absence_write(absence, ended(absence, clock)) for absence in leave.absences]
    if leave.request is not None:
        writes.append(leave_write(leave.request, replace(leave.request, status=RequestStatus.CANCELLED)))
    if days:
        entry = LedgerEntry(leave.person_id, "credit", days, day_start(clock))
        writes.append(ledger_write(new_id(EQUITY_LEDGER.name), entry))
    return writes
