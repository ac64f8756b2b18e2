"""Who is told what of a decision: one text a person and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.compliance import new_or_worse
from residency.decisions import Notice
from residency.measures import utilisation
from residency.model import Role
from residency.policy.settings import Coverage, SupervisionRatio
from residency.wording import span_text
from residency.words import DIRECTOR_ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.load import Book
    from residency.model import Change, Duty
    from residency.words import NoticeKind

#: A decision that lifts somebody above this share of their limit is told to the director, in percent.
WORKLOAD_PERCENT = 85
_SHORT = (Coverage.stem, SupervisionRatio.stem)


def directors(book: Book) -> tuple[str, ...]:
    """The program directors, sorted, or the role itself if nobody holds it."""
    found = sorted(person.id for person in book.schedule.persons.values() if person.role is Role.PROGRAM_DIRECTOR)
    return tuple(found) or (DIRECTOR_ROLE,)


def to_directors(book: Book, kind: NoticeKind, text: str) -> tuple[Notice, ...]:
    """The same text to every director."""
    return tuple(Notice(kind, recipient, text) for recipient in directors(book))


def changed_duties(change: Change) -> tuple[Notice, ...]:
    """`assignment_changed` to whoever held or holds a duty that is added, removed, changed or handed over."""
    added = {duty.id: duty for duty in change.added}
    removed = {duty.id: duty for duty in change.removed}
    told: list[Notice] = []
    for duty_id in (*removed, *(duty_id for duty_id in added if duty_id not in removed)):
        told += _of_duty(removed.get(duty_id), added.get(duty_id))
    return tuple(told)


def _of_duty(before: Duty | None, after: Duty | None) -> list[Notice]:
    if before is not None and after is not None and before.person_id != after.person_id:
        return [
            _changed(before.person_id, f"{duty_text(before)}: now {after.person_id}"),
            _changed(after.person_id, f"{duty_text(after)}: yours, before {before.person_id}"),
        ]
    if before is not None and after is not None:
        return [_changed(after.person_id, f"{duty_text(before)}: now {span_text(after.start, after.end)}")]
    if after is not None:
        return [_changed(after.person_id, f"{duty_text(after)}: yours")]
    return [_changed(before.person_id, f"{duty_text(before)}: no longer yours")] if before is not None else []


def _changed(person_id: str, text: str) -> Notice:
    return Notice("assignment_changed", person_id, text)


def duty_text(duty: Duty) -> str:
    """A duty in words."""
    return f"{duty.rotation_id or duty.kind.value} {span_text(duty.start, duty.end)}"


def shortages(before: Book, after: Book) -> tuple[Notice, ...]:
    """`coverage_alert` to the directors if a service is short of people or supervision for longer, or by more, than before."""
    found = [record for record in new_or_worse(before.records, after.records) if record.rule in _SHORT]
    if not found:
        return ()
    return to_directors(after, "coverage_alert", " ".join(record.message for record in found))


def overloads(before: Book, after: Book, persons: Iterable[str]) -> tuple[Notice, ...]:
    """`workload_alert` to the directors for everybody whom a decision lifts over 85 % of their limit."""
    told: list[Notice] = []
    rules = after.settings.rules
    for person_id in sorted(set(persons)):
        timeline = after.schedule.timeline(person_id)
        if not timeline.is_resident:
            continue
        now = utilisation(timeline, rules) * 100
        if now > WORKLOAD_PERCENT >= utilisation(before.schedule.timeline(person_id), rules) * 100:
            told += to_directors(after, "workload_alert", f"{person_id} is now at {float(now):.1f} % of the limit.")
    return tuple(told)


def of_change(before: Book, after: Book, change: Change) -> tuple[Notice, ...]:
    """Everything that a change of duties tells: to holders, and to the directors if somebody or something is strained."""
    persons = {duty.person_id for duty in (*change.added, *change.removed)}
    return (*changed_duties(change), *shortages(before, after), *overloads(before, after, persons))
