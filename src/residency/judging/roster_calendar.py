"""The roster before and after as one calendar: what stayed, what came, what went, who is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rehearse.panels import CalendarEntry, CalendarRow, PanelCalendar
from residency import schema
from residency.calendar import DAY, date_of
from residency.judging.judged import book
from residency.judging.naming import absence_text, codes, counted_key, duty_text, person_text
from residency.judging.roster_changes import leave_of
from residency.load import snapshot_rows
from residency.wording import leave_text, turn_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from rehearse.domain import Evidence
    from rehearse.panels import Mark
    from residency.load import Book
    from residency.model import Absence, Duty

AWAY, FREE = "away", "off"


class _Placed(NamedTuple):
    """An entry with whose it is and the day it stands on."""

    person_id: str
    day: int
    order: int
    entry: CalendarEntry


def roster_calendar(evidence: Evidence) -> tuple[PanelCalendar, ...]:
    """Everybody's days over the horizon; a duty stands on the day on which it starts. Nothing without a duty."""
    before, after = book(evidence.before), book(evidence.after)
    names = sorted({duty_text(held, duty) for held in (before, after) for duty in held.schedule.duties})
    low, high = after.settings.horizon
    if not names or low >= high:
        return ()
    code = codes(names)
    placed = [*_duties(before, after, code), *_absences(before, after)]
    days = tuple(date_of(minute) for minute in range(low, high, DAY))
    rows = tuple(_rows(after, placed, range(low // DAY, high // DAY)))
    changed = sum(any(entry.mark != "unchanged" for entries in row.days for entry in entries) for row in rows)
    have = "has" if changed == 1 else "have"
    note = f"{changed} of {len(rows)} {have} other days than before." if changed else "Nobody’s days changed."
    legend = tuple((code[name], name) for name in names)
    return (PanelCalendar("The roster, before and after", days, rows, legend, tuple(_holidays(evidence)), note),)


def _rows(after: Book, placed: Iterable[_Placed], days: range) -> Iterator[CalendarRow]:
    held: dict[str, dict[int, list[_Placed]]] = {}
    for item in placed:
        if item.day in days:
            held.setdefault(item.person_id, {}).setdefault(item.day, []).append(item)
    for person_id in sorted(held, key=lambda name: (not _is_resident(after, name), counted_key(name))):
        own = held[person_id]
        cells = (tuple(item.entry for item in sorted(own.get(day, ()), key=_order)) for day in days)
        yield CalendarRow(person_text(after, person_id), tuple(cells))


def _order(item: _Placed) -> tuple[bool, bool, int, str]:
    """Absences first, then what went, then the rest by its start."""
    return not item.entry.away, item.entry.mark != "removed", item.order, item.entry.words


def _is_resident(held: Book, person_id: str) -> bool:
    person = held.person(person_id)
    return person is not None and person.is_resident


def _duties(before: Book, after: Book, code: dict[str, str]) -> Iterator[_Placed]:
    old = {duty.id: duty for duty in before.schedule.duties}
    for duty in after.schedule.duties:
        was = old.pop(duty.id, None)
        if was is not None and was.person_id != duty.person_id:
            yield _placed(before, was, "removed", code)
            yield _placed(after, duty, "added", code)
            continue
        if was is not None and was.start // DAY != duty.start // DAY:
            yield _placed(before, was, "removed", code)
        yield _placed(after, duty, _mark(was, duty), code, was=was)
    for duty in old.values():
        yield _placed(before, duty, "removed", code)


def _mark(was: Duty | None, duty: Duty) -> Mark:
    if was is None:
        return "added"
    return "unchanged" if was == duty else "moved"


def _placed(held: Book, duty: Duty, mark: Mark, code: dict[str, str], was: Duty | None = None) -> _Placed:
    name = duty_text(held, duty)
    words = f"{name} {turn_text(duty.start, duty.end)}"
    if mark == "moved" and was is not None:
        words += f"; before: {duty_text(held, was)} {turn_text(was.start, was.end)}"
    return _Placed(duty.person_id, duty.start // DAY, duty.start, CalendarEntry(code[name], words, mark))


def _absences(before: Book, after: Book) -> Iterator[_Placed]:
    old, new = leave_of(before), leave_of(after)
    for identity in dict.fromkeys((*old, *new)):
        was, now = old.get(identity), new.get(identity)
        if was == now and now is not None:
            yield from _away(now, "unchanged")
            continue
        if was is not None:
            yield from _away(was, "removed")
        if now is not None:
            yield from _away(now, "added")


def _away(absence: Absence, mark: Mark) -> Iterator[_Placed]:
    code = FREE if absence.is_free_day else AWAY
    words = f"{absence_text(absence)} {leave_text(absence.start, absence.end)}"
    entry = CalendarEntry(code, words, mark, away=not absence.is_free_day)
    for day in range(absence.start // DAY, (absence.end - 1) // DAY + 1):
        yield _Placed(absence.person_id, day, -1, entry)


def _holidays(evidence: Evidence) -> Iterator[tuple[date, str]]:
    for row in snapshot_rows(evidence.after.snapshot, schema.HOLIDAYS):
        yield row["date"], row["name"]
