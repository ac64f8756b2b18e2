"""Recording that somebody is away. A fact is recorded whatever it breaks; it moves no duty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from rehearse.values import FrozenMap
from residency.calendar import HOUR, Interval, subtract
from residency.contingency.needs import Part, lost_parts, needed_intervals, origin_of
from residency.decisions import Decision, Notice, absence_write, person_write, refusal, unknown_row
from residency.journal.notices import shortages
from residency.load import Book
from residency.model import Absence, AbsenceKind, Change, Person, PersonStatus
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.values import Value
    from residency.decisions import NewId


@dataclass(frozen=True)
class Away:
    """Somebody is away: whose, when, why."""

    person_id: str
    intervals: tuple[Interval, ...]
    kind: AbsenceKind
    reason: str = ""


@dataclass(frozen=True)
class Marked:
    """The decision, and the roster as it leaves it; None if it was refused."""

    decision: Decision
    book: Book | None = None


_WORDS = {kind.value: kind for kind in AbsenceKind} | {"sick": AbsenceKind.ILLNESS}


def kind_named_by(reason: str) -> AbsenceKind:
    """The kind that a reason names, else `other`."""
    return _WORDS.get(reason.strip().lower(), AbsenceKind.OTHER)


def decide_mark(book: Book, away: Away, clock: int, new_id: NewId) -> Marked:
    """Add the absence, and say which duties now need somebody. What is leave already is not added again."""
    person = book.person(away.person_id)
    if person is None:
        return Marked(refusal(unknown_row("persons", away.person_id), persons=[away.person_id]))
    if person.status is PersonStatus.INACTIVE:
        reason = Reason("inactive_person", f"{person.id} is inactive", person.id)
        return Marked(refusal(reason, persons=[person.id]))
    missing = subtract(away.intervals, book.schedule.timeline(person.id).leave)
    if not missing:
        said = " and ".join(span_text(*interval) for interval in away.intervals)
        return Marked(
            refusal(Reason("already_absent", f"{person.id} is away already, {said}", person.id), persons=[person.id])
        )
    added = tuple(
        Absence(new_id("absences"), person.id, start, end, away.kind, reason=away.reason) for start, end in missing
    )
    change = Change(absences_added=added)
    after = with_status(book.after(change), person, PersonStatus.UNAVAILABLE)
    return Marked(_marked(book, after, away, person, added, clock), after)


def with_status(book: Book, person: Person, status: PersonStatus) -> Book:
    """The book with another status of a person; no rule looks at it."""
    persons = {**book.schedule.persons, person.id: replace(person, status=status)}
    return replace(book, schedule=replace(book.schedule, persons=persons), known=book.judgement)


def _marked(book: Book, after: Book, away: Away, person: Person, added: tuple[Absence, ...], clock: int) -> Decision:
    lost = lost_parts(after, person.id, clock)
    needed = missing_minutes(after, lost)
    data: dict[str, Value] = {
        "absence_ids": tuple(absence.id for absence in added),
        "uncovered": tuple(dict.fromkeys(origin_of(part.duty.id) for part, minutes in needed if minutes)),
        "gap_hours": Fraction(sum(minutes for _, minutes in needed), HOUR),
    }
    changed = after.person(person.id)
    status = () if changed is None or changed.status is person.status else (person_write(person, changed),)
    told = Notice("absence_recorded", person.id, _absence_text(added))
    return Decision(
        data=FrozenMap(data),
        writes=(*(absence_write(None, absence) for absence in added), *status),
        notices=(told, *shortages(book, after)),
        persons=(person.id,),
        reason=away.reason or away.kind.value,
    )


def _absence_text(added: Iterable[Absence]) -> str:
    return " ".join(
        f"Your absence ({absence.kind.value}) is recorded, {span_text(absence.start, absence.end)}."
        for absence in added
    )


def missing_minutes(book: Book, lost: Iterable[Part]) -> list[tuple[Part, int]]:
    """Of each lost part, the minutes that somebody must cover; of several on one service the earlier ones are asked first."""
    claims: dict[tuple[str | None, str], list[Interval]] = {}
    found: list[tuple[Part, int]] = []
    for part in sorted(lost, key=lambda part: (part.start, part.duty.id)):
        person = book.person(part.duty.person_id)
        key = (part.duty.rotation_id, person.role if person is not None else "")
        needed = needed_intervals(book, part, claims.get(key, ()))
        claims.setdefault(key, []).extend(needed)
        found.append((part, sum(end - start for start, end in needed)))
    return found
