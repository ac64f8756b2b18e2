"""Finding a partner: the impossible are filtered with the reason why, the others scored from 0 to 100."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from residency.admission import refusals
from residency.assigning import is_free_day
from residency.calendar import HOUR, overlaps
from residency.measures import window_loads
from residency.model import Change, Duty, DutyKind, PersonStatus
from residency.rules.qualification import lacking
from residency.wording import hours_text, span_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from residency.load import Book
    from residency.model import Person

FIT, SKILLS, HEADROOM, EQUITY = 30, 25, 25, 20
_WIDE = 20 * HOUR
_FULL_CHANGE = 2


@dataclass(frozen=True)
class Trade:
    """A duty given, and what comes back for it, if anything."""

    given: Duty
    taken: Duty | None
    partner_id: str

    def change(self) -> Change:
        """The change of holders."""
        back = () if self.taken is None else (self.taken,)
        mine = tuple(replace(duty, person_id=self.given.person_id) for duty in back)
        return Change(added=(replace(self.given, person_id=self.partner_id), *mine), removed=(self.given, *back))


@dataclass(frozen=True)
class Score:
    """Points with what they are for."""

    points: Fraction
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """A trade that would be admitted, with its score."""

    trade: Trade
    points: Fraction
    reasons: tuple[str, ...]


def find_matches(book: Book, given: Duty, clock: int, *, returns: bool) -> tuple[list[Match], list[Reason]]:
    """Everybody who could take a duty, the best first, and for everybody else of the role the reason why not.

    With `returns` something must come back: a duty, from the clock on, of a service that must be staffed.
    """
    matches: list[Match] = []
    impossible: list[Reason] = []
    giver = book.person(given.person_id)
    for person in sorted(book.schedule.persons.values(), key=lambda person: person.id):
        if (
            giver is None
            or person.id == giver.id
            or person.role is not giver.role
            or person.status is PersonStatus.INACTIVE
        ):
            continue
        found = _best_of(book, given, person, clock, returns=returns)
        if isinstance(found, Match):
            matches.append(found)
        else:
            impossible.append(found)
    matches.sort(key=lambda match: (-match.points, match.trade.partner_id))
    return matches, impossible


def _best_of(book: Book, given: Duty, person: Person, clock: int, *, returns: bool) -> Match | Reason:
    barred = _cannot_take(book, given, person)
    if barred is not None:
        return barred
    trades = (
        [Trade(given, duty, person.id) for duty in _offers(book, person, clock)]
        if returns
        else [Trade(given, None, person.id)]
    )
    trades.sort(
        key=lambda trade: (
            -_without_headroom(book, trade).points,
            _distance(trade),
            trade.taken.id if trade.taken else "",
        )
    )
    best: Match | None = None
    first: Reason | None = None
    for trade in trades:
        if best is not None and _without_headroom(book, trade).points + HEADROOM <= best.points:
            break
        after = book.after(trade.change())
        reasons = refusals(book, after)
        if reasons:
            first = first if first is not None else reasons[0]
            continue
        found = score(book, after, trade)
        if best is None or found.points > best.points:
            best = Match(trade, found.points, found.reasons)
    if best is not None:
        return best
    return first if first is not None else Reason("no_match", f"{person.id} has no duty to give for it", person.id)


def _cannot_take(book: Book, given: Duty, person: Person) -> Reason | None:
    rotation = book.schedule.rotations.get(given.rotation_id or "")
    missing = lacking(person, rotation) if rotation is not None else ()
    if missing:
        text = f"{person.id} lacks {', '.join(missing)} for {given.rotation_id}"
        return Reason("qualification", text, person.id, measured=len(missing), limit=0)
    if book.schedule.is_on_leave(person.id, given.start, given.end):
        return Reason("leave_exclusion", f"{person.id} is away, {span_text(given.start, given.end)}", person.id)
    if is_free_day(book, person.id, given.start, given.end):
        return Reason(
            "leave_exclusion", f"{person.id} has a designated free day, {span_text(given.start, given.end)}", person.id
        )
    return None


def _offers(book: Book, person: Person, clock: int) -> Iterator[Duty]:
    """The duties of somebody that they could give: to come, not pinned, on a service that must be staffed then."""
    for duty in book.schedule.timeline(person.id).duties:
        if duty.start < clock or duty.pinned or duty.rotation_id is None or not duty.kind.traits.covers:
            continue
        rows = book.schedule.service(duty.rotation_id).requirements
        if any(row.min_persons > 0 and overlaps((row.start, row.end), (duty.start, duty.end)) for row in rows):
            yield duty


def _distance(trade: Trade) -> int:
    return abs(trade.taken.start - trade.given.start) if trade.taken is not None else 0


# ── the score ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def score(book: Book, after: Book, trade: Trade) -> Score:
    """Schedule fit 30, qualifications 25, headroom under the limits 25, equity 20."""
    rest = _without_headroom(book, trade)
    room = _headroom(after, trade)
    points = HEADROOM * max(Fraction(0), min(Fraction(1), room / _WIDE))
    left = f"hours: at least {hours_text(max(0, int(room)))} a week left to both"
    return Score(rest.points + points, (*rest.reasons, left))


def _without_headroom(book: Book, trade: Trade) -> Score:
    fit = _fit(trade)
    held, required = _skills(book, trade)
    share = Fraction(held, required) if required else Fraction(1)
    change = _change_in_calls(trade)
    equity = EQUITY * (1 - min(Fraction(1), Fraction(abs(change), _FULL_CHANGE)))
    reasons = (
        f"schedule: {_fit_text(trade)}",
        f"qualification: {held} of {required} skills held",
        f"equity: {change:+d} calls for {trade.partner_id}",
    )
    return Score(fit + SKILLS * share + equity, reasons)


def _fit(trade: Trade) -> Fraction:
    if trade.taken is None:
        return Fraction(0)
    shorter, longer = sorted(duty.end - duty.start for duty in (trade.given, trade.taken))
    fit = Fraction(FIT * shorter, longer)
    return fit if trade.given.rotation_id == trade.taken.rotation_id else fit / 2


def _fit_text(trade: Trade) -> str:
    given = f"{hours_text(trade.given.end - trade.given.start)} of {trade.given.rotation_id}"
    if trade.taken is None:
        return f"{given} for nothing"
    return f"{given} for {hours_text(trade.taken.end - trade.taken.start)} of {trade.taken.rotation_id}"


def _skills(book: Book, trade: Trade) -> tuple[int, int]:
    rotation = book.schedule.rotations.get(trade.given.rotation_id or "")
    person = book.person(trade.partner_id)
    if rotation is None or person is None:
        return 0, 0
    return len(rotation.requires & person.qualifications), len(rotation.requires)


def _change_in_calls(trade: Trade) -> int:
    """How many calls more the partner has afterwards."""
    return _is_call(trade.given) - (_is_call(trade.taken) if trade.taken is not None else 0)


def _is_call(duty: Duty) -> bool:
    return duty.kind is DutyKind.IN_HOUSE_CALL


def _headroom(after: Book, trade: Trade) -> Fraction:
    """The least that either has left under a weekly limit, in minutes a week."""
    rules = after.settings.rules
    loads = [
        load
        for person_id in (trade.given.person_id, trade.partner_id)
        for load in window_loads(after.schedule.timeline(person_id), rules)
    ]
    rooms = [load.weekly_limit - load.weekly_hours * HOUR for load in loads if load.weekly_limit is not None]
    return min(rooms, default=Fraction(_WIDE))
