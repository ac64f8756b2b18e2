"""Adding a duty and taking one away: what stands against it, who else could, and from when."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from rehearse.values import FrozenMap
from residency.admission import refusals
from residency.calendar import DAY, HOUR, moment_of
from residency.decisions import Decision, duty_writes, refusal, unknown_row
from residency.journal.notices import of_change
from residency.measures import weekly_hours, window_loads
from residency.model import Change, PersonStatus
from residency.policy.settings import NightFloat, RestAfterCall, RestBetweenShifts
from residency.rules.qualification import lacking
from residency.services import gaps
from residency.timeline import BRIDGE
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.values import Value
    from residency.load import Book
    from residency.model import Duty


def decide_create(book: Book, duty: Duty, *, assign_alternative: bool = False) -> Decision:
    """Add `duty`, or refuse and say who else could and from when; with `assign_alternative` the best of them takes it."""
    unknown = _unknown(book, duty)
    if unknown:
        return refusal(*unknown, persons=[duty.person_id])
    change = Change(added=(duty,))
    after = book.after(change)
    reasons = (*crowded(book, duty), *refusals(book, after))
    data: dict[str, Value] = {
        "assignment_id": duty.id,
        "person_id": duty.person_id,
        "hours_before": _hours(book, duty.person_id),
        "hours_after": _hours(after, duty.person_id),
        "next_eligible": None,
        "alternatives": (),
    }
    if not reasons:
        notices = of_change(book, after, change)
        return Decision("done", (), FrozenMap(data), duty_writes(change), notices, (duty.person_id,))
    others = alternatives(book, duty)
    if assign_alternative and others:
        instead = decide_create(book, replace(duty, person_id=others[0]))
        return replace(instead, data=FrozenMap({**instead.data, "alternatives": others}))
    eligible = next_eligible(book, duty)
    moment = None if eligible is None else moment_of(eligible)
    answer = FrozenMap({**data, "assignment_id": None, "next_eligible": moment, "alternatives": others})
    return refusal(*reasons, persons=[duty.person_id], data=answer)


def _unknown(book: Book, duty: Duty) -> tuple[Reason, ...]:
    found: list[Reason] = []
    person = book.person(duty.person_id)
    if person is None:
        found.append(unknown_row("persons", duty.person_id))
    elif person.status is PersonStatus.INACTIVE:
        found.append(Reason("inactive_person", f"{person.id} is inactive and is given no duty", person.id))
    if duty.rotation_id is not None and duty.rotation_id not in book.schedule.rotations:
        found.append(unknown_row("rotations", duty.rotation_id))
    return tuple(found)


def _hours(book: Book, person_id: str) -> Fraction:
    return weekly_hours(book.schedule.timeline(person_id), book.settings.rules)


def crowded(book: Book, duty: Duty) -> tuple[Reason, ...]:
    """Whether a resident would be one too many for the service at some minute."""
    service = book.schedule.service(duty.rotation_id) if duty.rotation_id is not None else None
    most = service.rotation.max_persons if service is not None and service.rotation is not None else None
    person = book.person(duty.person_id)
    if service is None or most is None or person is None or not person.is_resident or not duty.kind.traits.covers:
        return ()
    there = [
        other
        for other in service.duties_in(duty.start, duty.end)
        if _is_resident(book, other) and other.kind.traits.covers
    ]
    for moment in (duty.start, *(other.start for other in there if other.start > duty.start)):
        held = {other.person_id for other in there if other.start <= moment < other.end}
        if duty.person_id not in held and len(held) >= most:
            text = f"{duty.rotation_id} takes {most} residents at most, {span_text(duty.start, duty.end)}"
            window = (moment_of(duty.start), moment_of(duty.end))
            return (Reason("max_persons", text, duty.person_id, window, len(held) + 1, most),)
    return ()


def _is_resident(book: Book, duty: Duty) -> bool:
    person = book.person(duty.person_id)
    return person is not None and person.is_resident


# ── who else, and when ─────────────────────────────────────────────────────────────────────────────────────────────────


def alternatives(book: Book, duty: Duty) -> tuple[str, ...]:
    """Who else of the same role could take a duty without breaking anything, the least loaded first.

    Nobody is called in on a designated free day.
    """
    asked = book.person(duty.person_id)
    found: list[tuple[Fraction, str]] = []
    for person in book.schedule.persons.values():
        if (
            asked is None
            or person.id == asked.id
            or person.role is not asked.role
            or person.status is PersonStatus.INACTIVE
        ):
            continue
        offered = replace(duty, person_id=person.id)
        if _is_barred(book, offered) or crowded(book, offered):
            continue
        if not refusals(book, book.after(Change(added=(offered,)))):
            found.append((_hours(book, person.id), person.id))
    return tuple(person_id for _, person_id in sorted(found))


def _is_barred(book: Book, duty: Duty) -> bool:
    """What a glance tells: a missing skill, a free day, a duty at that time."""
    timeline = book.schedule.timeline(duty.person_id)
    rotation = book.schedule.rotations.get(duty.rotation_id) if duty.rotation_id is not None else None
    if rotation is not None and timeline.person is not None and lacking(timeline.person, rotation):
        return True
    return is_free_day(book, duty.person_id, duty.start, duty.end)


def is_free_day(book: Book, person_id: str, start: int, end: int) -> bool:
    """Whether a designated free day of a person shares a minute with an interval."""
    return any(
        absence.is_free_day and absence.start < end and absence.end > start
        for absence in book.schedule.timeline(person_id).absences
    )


def next_eligible(book: Book, duty: Duty) -> int | None:
    """The first minute after the one asked for, inside the horizon, from which the same duty would be admitted.

    Only moments at which some rule's answer can turn are tried: ends of duties and of absences with the rests that follow them,
    midnights, and where a window of averages has room again.
    """
    length = duty.end - duty.start
    for start in sorted(set(_turning_points(book, duty))):
        moved = replace(duty, start=start, end=start + length)
        if (
            _has_room(book, moved)
            and not crowded(book, moved)
            and not refusals(book, book.after(Change(added=(moved,))))
        ):
            return start
    return None


def _turning_points(book: Book, duty: Duty) -> Iterator[int]:
    timeline = book.schedule.timeline(duty.person_id)
    rules = book.settings.rules
    first, last = duty.start, book.settings.horizon[1]
    rests = {0, BRIDGE + 1, DAY}
    rests |= {after_call.rest for after_call in rules.of(RestAfterCall)}
    rests |= {between.rest for between in rules.of(RestBetweenShifts)}
    rests |= {setting.gap for setting in rules.of(NightFloat) if setting.gap is not None}
    ends = [held.end for held in timeline.duties] + [absence.end for absence in timeline.absences]
    for end in ends:
        yield from (end + rest for rest in rests if first < end + rest < last)
    yield from range(first - first % DAY + DAY, last, DAY)
    for load in window_loads(timeline, rules):
        if load.limit is not None:
            point = load.window.end - max(0, load.limit - load.worked)
            if first < point < last:
                yield point


def _has_room(book: Book, duty: Duty) -> bool:
    """Whether no window of averages overflows: necessary, and far cheaper to ask than all rules."""
    if not duty.kind.traits.counts or not book.settings.acgme_enabled:
        return True
    for load in window_loads(book.schedule.timeline(duty.person_id), book.settings.rules):
        inside = min(duty.end, load.window.end) - max(duty.start, load.window.start)
        if load.limit is not None and inside > 0 and load.worked <= load.limit < load.worked + inside:
            return False
    return True


# ── taking one away ────────────────────────────────────────────────────────────────────────────────────────────────────


def decide_remove(book: Book, duty: Duty, *, allow_gap: bool) -> Decision:
    """Remove a duty unless it is pinned, or its service would then be short and that is not allowed."""
    if duty.pinned:
        return refusal(Reason("pinned", f"`{duty.id}` is pinned", duty.person_id), persons=[duty.person_id])
    change = Change(removed=(duty,))
    after = book.after(change)
    blocking = [reason for reason in refusals(book, after) if not (allow_gap and reason.code == "coverage")]
    gap = gap_minutes(after, duty) - gap_minutes(book, duty)
    data = FrozenMap({"assignment_id": duty.id, "gap_hours": Fraction(gap, HOUR)})
    if blocking:
        return refusal(*blocking, persons=[duty.person_id], data=data)
    return Decision("done", (), data, duty_writes(change), of_change(book, after, change), (duty.person_id,))


def gap_minutes(book: Book, duty: Duty) -> int:
    """The missing head-minutes on a duty's service while it lasts."""
    if duty.rotation_id is None:
        return 0
    service = book.schedule.service(duty.rotation_id)
    found = gaps(book.schedule, service, (duty.start, duty.end))
    return sum((gap.needed - gap.present) * (gap.end - gap.start) for gap in found)
