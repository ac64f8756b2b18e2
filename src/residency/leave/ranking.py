"""The order in which leave is granted: the program's named criteria one after the other, each told in words, and at last the id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import DAY, clip, merge, overlap_minutes, subtract
from residency.model import AbsenceKind, Holiday, LedgerEntry, RequestStatus
from residency.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.load import Book
    from residency.model import LeaveRequest, Person

#: Leave of the last year is recent, in minutes.
RECENT = 365 * DAY
#: What decides when no criterion does.
BY_ID = "id"


@dataclass(frozen=True)
class Memory:
    """What fairness remembers: the holidays with who worked the past ones, and the equity ledger."""

    holidays: tuple[Holiday, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()

    def amount(self, person_id: str, kind: str) -> int:
        """The balance of one kind: a sum, since the ledger only grows."""
        return sum(entry.amount for entry in self.ledger if entry.person_id == person_id and entry.kind == kind)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the criteria know of one person.

    Attributes:
        pgy_level: None for those who have none.
        holidays: major holidays worked before.
        denials: requests denied before.
        leave: minutes of vacation in the last year.
    """

    person_id: str
    pgy_level: int | None = None
    holidays: int = 0
    denials: int = 0
    leave: int = 0


def standing_of(book: Book, memory: Memory, person: Person, clock: int) -> Standing:
    """What the criteria know of somebody at the clock."""
    return Standing(
        person.id,
        person.pgy_level,
        _holidays_worked(book, memory, person.id, clock),
        memory.amount(person.id, "denial"),
        _recent_leave(book, person.id, clock),
    )


def _holidays_worked(book: Book, memory: Memory, person_id: str, clock: int) -> int:
    """Past major holidays that somebody worked, by the holiday's own memory, the roster or the ledger; each day once."""
    days = {
        holiday.start
        for holiday in memory.holidays
        if holiday.major
        and holiday.start < clock
        and (person_id in holiday.worked_by or _was_on_duty(book, person_id, holiday.start))
    }
    entered = (entry for entry in memory.ledger if entry.person_id == person_id and entry.kind == "holiday")
    return len(days) + sum(entry.amount for entry in entered if entry.start not in days)


def _was_on_duty(book: Book, person_id: str, day: int) -> bool:
    timeline = book.schedule.timeline(person_id)
    duties = timeline.duties_in(day, day + DAY)
    held = merge((duty.start, duty.end) for duty in duties if duty.kind.traits.covers and not duty.kind.is_moonlighting)
    return bool(clip(subtract(held, timeline.leave), (day, day + DAY)))


def _recent_leave(book: Book, person_id: str, clock: int) -> int:
    return sum(
        overlap_minutes((absence.start, absence.end), (clock - RECENT, clock))
        for absence in book.schedule.timeline(person_id).absences
        if absence.kind is AbsenceKind.VACATION and absence.status is RequestStatus.APPROVED
    )


# ── criteria ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Criterion(NamedTuple):
    """One criterion: less is granted first, and words for what it looks at."""

    value: Callable[[Standing], int]
    words: Callable[[Standing], str]


def _seniority(standing: Standing) -> str:
    return "no year of training" if standing.pgy_level is None else f"PGY-{standing.pgy_level}"


def _equity(standing: Standing) -> str:
    return (
        f"{counted(standing.holidays, 'major holiday')} worked and {counted(standing.denials, 'request')} denied before"
    )


def _recent(standing: Standing) -> str:
    return f"{counted(-(-standing.leave // DAY), 'day')} of vacation in the last year"


CRITERIA: Mapping[str, Criterion] = {
    "seniority": Criterion(lambda standing: -(standing.pgy_level or 0), _seniority),
    "holiday_equity": Criterion(lambda standing: -(standing.holidays + standing.denials), _equity),
    "recent_leave": Criterion(lambda standing: standing.leave, _recent),
}

Rank = tuple[tuple[int, ...], str, int, str]


@dataclass(frozen=True)
class Ranking:
    """Who is granted leave before whom.

    Attributes:
        order: names of criteria, the first difference deciding; then the person's id, the request's start and id.
    """

    order: tuple[str, ...]
    standings: Mapping[str, Standing]

    def rank(self, request: LeaveRequest) -> Rank:
        """A key in which less is granted first; no two requests share one."""
        standing = self.standings[request.person_id]
        values = tuple(CRITERIA[name].value(standing) for name in self.order)
        return (values, request.person_id, request.start, request.id)

    def ranked(self, requests: Iterable[LeaveRequest]) -> tuple[LeaveRequest, ...]:
        """The requests, the one that is granted first at the head."""
        return tuple(sorted(requests, key=self.rank))

    def decided_by(self, person_id: str, other_id: str) -> str:
        """The first criterion by which two people differ, or `id`."""
        one, other = self.standings[person_id], self.standings[other_id]
        return next((name for name in self.order if CRITERIA[name].value(one) != CRITERIA[name].value(other)), BY_ID)

    def reason(self, person_id: str, other_id: str) -> str:
        """Why somebody comes after somebody else, in words."""
        name = self.decided_by(person_id, other_id)
        if name == BY_ID:
            return f"{other_id} comes first by id, being equal in {_listed(self.order)}"
        words = CRITERIA[name].words
        mine, theirs = words(self.standings[person_id]), words(self.standings[other_id])
        return f"{other_id} comes first by {_plain(name)}: {theirs}, against {mine}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_plain, names)) or "everything else"
