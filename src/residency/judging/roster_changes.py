"""What a run did to the roster, in words: who is away, who takes whose duty, whose duty came, went or moved."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from rehearse.panels import PanelWords
from residency import schema
from residency.calendar import DAY
from residency.judging.judged import book, handovers
from residency.judging.naming import absence_text, counted_key, duty_text, person_text, service_text
from residency.wording import clock_text, days_text, leave_text, listed, turn_text, weekdays_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rehearse.domain import Evidence
    from residency.judging.judged import Handover
    from residency.load import Book
    from residency.model import Absence, Duty

_MOST_RUNS = 3
_MOST_OF_ONE = 3


class Turn(NamedTuple):
    """One change with the time that it is about; those with one phrase are told together.

    Attributes:
        phrase: the sentence without its time.
        whose: the beginning of the sentence, under which many of one person are counted; empty where each is worth its own.
        what: what is counted then.
    """

    phrase: str
    start: int
    end: int
    whose: str = ""
    what: str = ""


def who_works_when(evidence: Evidence) -> tuple[PanelWords, ...]:
    """Who is away, who takes whose duty, and whose duty came, went or moved: one sentence for each."""
    after = book(evidence.after)
    away = tuple(_absences(evidence))
    told = sentences((*_handed_over(after, handovers(evidence)), *_others(evidence)))
    return (PanelWords("Who works when now", (*away, *told), "As before: no duty and no absence changed."),)


def sentences(turns: Iterable[Turn]) -> Iterator[str]:
    """One sentence for each phrase and run of days, in the order of the phrases; what would be too many of one person are counted."""
    grouped: dict[str, list[Turn]] = {}
    for turn in turns:
        grouped.setdefault(turn.whose or turn.phrase, []).append(turn)
    for found in grouped.values():
        told = list(_told(found))
        yield from told if len(told) <= _MOST_OF_ONE or not found[0].whose else [_counted(found)]


def _told(turns: list[Turn]) -> Iterator[str]:
    grouped: dict[str, list[Turn]] = {}
    for turn in turns:
        grouped.setdefault(turn.phrase, []).append(turn)
    for phrase, found in grouped.items():
        runs = list(_runs(_joined(found)))
        if len(runs) > _MOST_RUNS:
            first, last = min(turn.start for turn in found), max(turn.start for turn in found)
            yield f"{phrase}: {len(found)} times {days_text(first, last + 1)}."
        else:
            yield from (f"{phrase} {_when(run)}." for run in runs)


def _counted(turns: list[Turn]) -> str:
    """What somebody has or lost in all: R1 now has 42 duties from 1 to 31 December: 25 clinic, 17 ward."""
    services = Counter(turn.what for turn in turns)
    first, last = min(turn.start for turn in turns), max(turn.start for turn in turns)
    listing = listed([f"{count} {what}" for what, count in services.most_common()], most=8)
    return f"{turns[0].whose} {len(turns)} duties {days_text(first, last + 1)}: {listing}."


def _joined(turns: list[Turn]) -> list[Turn]:
    """In order of time; one that begins where another ends is one with it."""
    joined: list[Turn] = []
    for turn in sorted(turns):
        if joined and joined[-1].end == turn.start:
            joined[-1] = joined[-1]._replace(end=turn.end)
        else:
            joined.append(turn)
    return joined


def _runs(turns: list[Turn]) -> Iterator[list[Turn]]:
    """Turns on days that follow one another, at the same times."""
    run: list[Turn] = []
    for turn in turns:
        if run and (turn.start, turn.end) != (run[-1].start + DAY, run[-1].end + DAY):
            yield run
            run = []
        run.append(turn)
    if run:
        yield run


def _when(run: list[Turn]) -> str:
    first, last = run[0], run[-1]
    if len(run) == 1:
        return turn_text(first.start, first.end)
    days = weekdays_text(first.start, last.start)
    return f"each day {days}, {clock_text(first.start)}–{clock_text(first.end)}"


# ── absences ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def leave_of(held: Book) -> dict[str, Absence]:
    """Approved leave and designated free days, by id."""
    found = (absence for timeline in held.schedule.timelines.values() for absence in timeline.absences)
    return {absence.id: absence for absence in found if absence.is_leave or absence.is_free_day}


def _absences(evidence: Evidence) -> Iterator[str]:
    after = book(evidence.after)
    old, new = leave_of(book(evidence.before)), leave_of(after)
    for absence in sorted(new.values(), key=lambda item: (item.start, item.person_id)):
        if old.get(absence.id) != absence:
            yield f"{person_text(after, absence.person_id)} {_away(absence)}."
    for absence in sorted(old.values(), key=lambda item: (item.start, item.person_id)):
        if absence.id not in new:
            yield f"{person_text(after, absence.person_id)} no longer {_away(absence)}."


def _away(absence: Absence) -> str:
    word = "has a free day" if absence.is_free_day else "is away"
    return f"{word} {leave_text(absence.start, absence.end)} ({absence_text(absence)})"


def away_words(absences: Iterable[Absence]) -> str:
    """Why and when somebody is away."""
    return listed([f"{absence_text(item)} {leave_text(item.start, item.end)}" for item in absences])


# ── duties ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _handed_over(after: Book, found: Sequence[Handover]) -> Iterator[Turn]:
    """What one takes from another: first from whoever takes nothing, then along the chain."""
    givers = {item.to_person: item.from_person for item in found}
    for item in sorted(found, key=lambda item: (_depth(item.from_person, givers), item.start, item.to_person)):
        duty = after.duty(item.row)
        service = service_text(after, item.rotation_id, duty.kind.value if duty else "")
        giver, taker = person_text(after, item.from_person), person_text(after, item.to_person)
        yield Turn(f"{taker} takes {giver}’s {service}", item.start, item.end)


def _depth(person: str, givers: Mapping[str, str]) -> int:
    """How many others pulled somebody before their own duty went."""
    seen = {person}
    while (person := givers.get(person, "")) and person not in seen:
        seen.add(person)
    return len(seen)


def _others(evidence: Evidence) -> Iterator[Turn]:
    """Duties that came, went or changed their time, apart from what one takes from another."""
    before, after = book(evidence.before), book(evidence.after)
    given = handovers(evidence)
    new_holders = {item.row for item in given}
    for identity in _by_time(evidence):
        old, new = before.duty(identity), after.duty(identity)
        if old is not None and new is None and not any(_is_taken(old, item) for item in given):
            yield _turn(after, old, "no longer has")
        elif old is None and new is not None and identity not in new_holders:
            yield _turn(after, new, "now has")
        elif old is not None and new is not None and old.person_id == new.person_id and _is_moved(old, new):
            yield Turn(f"{person_text(after, new.person_id)}’s {duty_text(after, new)} is now", new.start, new.end)


def _by_time(evidence: Evidence) -> list[str]:
    """The ids of duties that changed, by person and start."""
    before, after = book(evidence.before), book(evidence.after)
    keys = (str(change.key[0]) for change in evidence.diff.changes.get(schema.ASSIGNMENTS.name, ()))
    found = ((after.duty(key) or before.duty(key), key) for key in keys)
    known = [(counted_key(duty.person_id), duty.start, key) for duty, key in found if duty is not None]
    return [key for _, _, key in sorted(known)]


def _turn(held: Book, duty: Duty, verb: str) -> Turn:
    whose, what = f"{person_text(held, duty.person_id)} {verb}", duty_text(held, duty)
    return Turn(f"{whose} {what}", duty.start, duty.end, whose, what)


def _is_taken(old: Duty, item: Handover) -> bool:
    same = (old.person_id, old.rotation_id) == (item.from_person, item.rotation_id)
    return same and item.start < old.end and item.end > old.start


def _is_moved(old: Duty, new: Duty) -> bool:
    return (old.start, old.end, old.rotation_id, old.kind) != (new.start, new.end, new.rotation_id, new.kind)
