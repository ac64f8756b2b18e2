"""Moonlighting: permission, combined hours, and how much would have to go on either side. Work that was done is recorded whatever it breaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.admission import advisories, breaches
from residency.assigning import crowded
from residency.calendar import DAY, HOUR, WEEK, Interval, moment_of
from residency.decisions import Decision, Notice, duty_writes, reason_map, reason_of, refusal, unknown_row
from residency.journal.notices import duty_text, of_change, to_directors
from residency.measures import weekly_hours, window_loads
from residency.model import Change, Duty, DutyKind, PersonStatus
from residency.policy.settings import DoubleBooking, WeeklyHours
from residency.wording import days_text, hours_text, span_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from residency.averages import Load
    from residency.load import Book
    from residency.rules import Record

Site = Literal["internal", "external"]
KINDS = {"internal": DutyKind.MOONLIGHT_INT, "external": DutyKind.MOONLIGHT_EXT}
#: Reported work that breaks a rule is to be made up for by then, in minutes after the report.
CORRECTION = WEEK


@dataclass(frozen=True)
class Extra:
    """Work beside the program that somebody asks for or reports.

    Attributes:
        duties: as they would be entered.
        reported: done already; recorded and flagged whatever it breaks.
    """

    person_id: str
    duties: tuple[Duty, ...]
    clock: int
    reported: bool = False


def decide_moonlighting(book: Book, extra: Extra) -> Decision:
    """Enter the duties, or refuse: without permission, or where a rule would break; reported work is entered and told to the director."""
    unknown = _unknown(book, extra)
    if unknown:
        return refusal(*unknown, persons=[extra.person_id])
    change = Change(added=extra.duties)
    after = book.after(change)
    reasons = (*_permission(book, extra), *_crowding(book, extra), *_broken(book, after))
    if reasons and not extra.reported:
        answer = FrozenMap({**_answer(book, after, extra), "assignment_ids": ()})
        told = Notice("rule_alert", extra.person_id, _refused_text(extra, reasons, after))
        return refusal(*reasons, persons=[extra.person_id], notices=[told], data=answer)
    flagged: dict[str, Value] = {"violations": tuple(map(reason_map, reasons))}
    if reasons:
        flagged["correct_by"] = moment_of(extra.clock + CORRECTION)
    return Decision(
        data=FrozenMap({**_answer(book, after, extra), **flagged}),
        writes=duty_writes(change),
        notices=(*of_change(book, after, change), *_flags(book, after, extra, reasons)),
        persons=(extra.person_id,),
        reason="reported" if extra.reported else "",
    )


def _unknown(book: Book, extra: Extra) -> tuple[Reason, ...]:
    """What cannot be entered at all: somebody or something that is not there, or work reported that lies ahead."""
    person = book.person(extra.person_id)
    if person is None:
        return (unknown_row("persons", extra.person_id),)
    found: list[Reason] = []
    if person.status is PersonStatus.INACTIVE:
        found.append(Reason("inactive_person", f"{person.id} is inactive and is given no duty", person.id))
    named = sorted({duty.rotation_id for duty in extra.duties if duty.rotation_id is not None})
    found += [unknown_row("rotations", name) for name in named if name not in book.schedule.rotations]
    if any(duty.rotation_id is None and duty.kind.traits.covers for duty in extra.duties):
        found.append(Reason("unknown_row", "moonlighting in house covers a service and needs a rotation", person.id))
    ahead = [duty for duty in extra.duties if duty.end > extra.clock] if extra.reported else []
    if ahead:
        text = f"{span_text(ahead[0].start, ahead[0].end)} is not over and cannot be reported yet"
        found.append(Reason("not_yet_worked", text, person.id))
    return tuple(found)


def _permission(book: Book, extra: Extra) -> tuple[Reason, ...]:
    person = book.person(extra.person_id)
    if person is None or person.may_moonlight:
        return ()
    return (Reason("not_permitted", f"{person.id} has no permission to moonlight.", person.id),)


def _crowding(book: Book, extra: Extra) -> tuple[Reason, ...]:
    return tuple(reason for duty in extra.duties for reason in crowded(book, duty))


def _broken(book: Book, after: Book) -> tuple[Reason, ...]:
    return tuple(_reason(after, record) for record in breaches(book, after))


def _reason(after: Book, record: Record) -> Reason:
    """A breach as a reason; of an overlap it names the duties."""
    reason = reason_of(record)
    if record.rule != DoubleBooking.stem:
        return reason
    duties = (after.duty(duty_id) for duty_id in record.duty_ids)
    named = " and ".join(duty_text(duty) for duty in duties if duty is not None)
    return replace(reason, text=f"{record.message} They are {named}.")


# ── hours ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Share(NamedTuple):
    """What one window holds, by where it comes from, in minutes.

    Attributes:
        program: worked for the program; a minute that is both counts here.
        extra: worked in moonlighting alone.
    """

    load: Load
    program: int
    extra: int

    @property
    def headroom(self) -> int | None:
        """The minutes that are left under the limit, negative when over."""
        return None if self.load.limit is None else self.load.limit - self.load.worked

    @property
    def weekly_headroom(self) -> Fraction | None:
        """What is left, in hours a week."""
        if self.load.weekly_limit is None:
            return None
        return Fraction(self.load.weekly_limit, HOUR) - self.load.weekly_hours


def shares(book: Book, person_id: str) -> tuple[Share, ...]:
    """What each window of a resident holds; nothing for somebody whose hours no rule limits."""
    timeline = book.schedule.timeline(person_id)
    if not timeline.is_resident:
        return ()
    own = timeline.after(Change(removed=tuple(duty for duty in timeline.duties if duty.kind.is_moonlighting)))
    rules = book.settings.rules
    found = zip(window_loads(timeline, rules), window_loads(own, rules), strict=True)
    return tuple(Share(load, program.worked, load.worked - program.worked) for load, program in found)


class Cut(NamedTuple):
    """How much has to go on one side, in minutes of a window, so that its limit holds."""

    side: Literal["moonlighting", "program"]
    window: Interval
    minutes: int
    left: int
    days: int

    @property
    def hours_a_week(self) -> Fraction:
        """What has to go, in hours a week."""
        return Fraction(self.minutes * WEEK, self.days * DAY * HOUR)

    @property
    def to_hours_a_week(self) -> Fraction:
        """What may stay on this side, in hours a week."""
        return Fraction(self.left * WEEK, self.days * DAY * HOUR)


def cuts(found: Iterable[Share]) -> tuple[Cut, ...]:
    """The exact cut on either side of each window that is over; a side that holds less than has to go is left out."""
    made: list[Cut] = []
    for share in found:
        over = -(share.headroom or 0)
        window = (share.load.window.start, share.load.window.end)
        if 0 < over <= share.extra:
            made.append(Cut("moonlighting", window, over, share.extra - over, share.load.days))
        if 0 < over <= share.program:
            made.append(Cut("program", window, over, share.program - over, share.load.days))
    return tuple(dict.fromkeys(made))


# ── the answer ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(book: Book, after: Book, extra: Extra) -> dict[str, Value]:
    found = shares(after, extra.person_id)
    left = (share.weekly_headroom for share in found)
    return {
        "assignment_ids": tuple(duty.id for duty in extra.duties),
        "weekly_hours": weekly_hours(after.schedule.timeline(extra.person_id), after.settings.rules),
        "headroom_hours": min((hours for hours in left if hours is not None), default=None),
        "windows": tuple(_window_map(share) for share in found if share.load.limit is not None),
        "cuts": tuple(_cut_map(cut) for cut in cuts(found)),
        "warnings": _warnings(book, after, extra.person_id),
        "violations": (),
        "correct_by": None,
    }


def _window_map(share: Share) -> FrozenMap:
    return FrozenMap(
        {
            "start": moment_of(share.load.window.start),
            "end": moment_of(share.load.window.end),
            "program_minutes": share.program,
            "moonlighting_minutes": share.extra,
            "limit_minutes": share.load.limit,
            "headroom_minutes": share.headroom,
        }
    )


def _cut_map(cut: Cut) -> FrozenMap:
    return FrozenMap(
        {
            "side": cut.side,
            "start": moment_of(cut.window[0]),
            "end": moment_of(cut.window[1]),
            "minutes": cut.minutes,
            "hours_a_week": cut.hours_a_week,
            "to_hours_a_week": cut.to_hours_a_week,
        }
    )


def _warnings(book: Book, after: Book, person_id: str) -> tuple[str, ...]:
    """The fullest window if it reaches the program's warning without being over, and advisories that the work brings."""
    limited = (share for share in shares(after, person_id) if share.headroom is not None)
    fullest = max(limited, key=lambda share: share.load.weekly_hours, default=None)
    warned_from = after.settings.program.moonlighting_warning
    near: list[str] = []
    if fullest is not None and (fullest.headroom or 0) >= 0 and fullest.load.weekly_hours * HOUR >= warned_from:
        start, end, _ = fullest.load.window
        near.append(
            f"{person_id} averages {hours_text(_average(fullest))} a week {days_text(start, end)} with moonlighting "
            f"(warned of from {hours_text(warned_from)})."
        )
    noted = (record.message for record in advisories(book, after) if record.rule != WeeklyHours.stem)
    return tuple(dict.fromkeys((*near, *noted)))


def _average(share: Share) -> int:
    """The weekly average in minutes, rounded up."""
    return -(-share.load.worked * 7 // share.load.days)


# ── who is told ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _refused_text(extra: Extra, reasons: Sequence[Reason], after: Book) -> str:
    said = " ".join(reason.text for reason in reasons)
    return f"Your moonlighting is refused. {said}{_cuts_text(after, extra.person_id)}"


def _cuts_text(after: Book, person_id: str) -> str:
    """What would have to go in the window that is farthest over."""
    found = cuts(shares(after, person_id))
    if not found:
        return ""
    worst = max(found, key=lambda cut: cut.minutes)
    sides = [cut for cut in found if cut.window == worst.window and cut.minutes == worst.minutes]
    said = " or ".join(f"{hours_text(cut.minutes)} of {cut.side}" for cut in sides)
    return f" To go {days_text(*worst.window)}: {said}."


def _flags(book: Book, after: Book, extra: Extra, reasons: Sequence[Reason]) -> tuple[Notice, ...]:
    if not reasons:
        return ()
    due = moment_of(extra.clock + CORRECTION)
    text = (
        f"Work reported by {extra.person_id} breaks a rule. {' '.join(reason.text for reason in reasons)}"
        f"{_cuts_text(after, extra.person_id)} To be corrected by {due:%Y-%m-%d %H:%M}."
    )
    return (Notice("rule_alert", extra.person_id, text), *to_directors(book, "rule_alert", text))


def duties_of(
    person_id: str, site: Site, intervals: Iterable[tuple[str, Interval]], rotation_id: str | None
) -> tuple[Duty, ...]:
    """The duties that moonlighting makes: one an interval, each under the id beside it."""
    return tuple(
        Duty(identity, person_id, rotation_id, start, end, KINDS[site]) for identity, (start, end) in intervals
    )
