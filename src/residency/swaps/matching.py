"""Finding a partner: the impossible are filtered with the reason why, the others scored from 0 to 100."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from residency.admission import refusals
from residency.assigning import is_free_day
from residency.calendar import HOUR, overlaps
from residency.contingency.needs import REST_MARK
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
class Wish:
    """What somebody would like to be rid of.

    Attributes:
        given: the duty.
        clock: the minute of asking; nothing that began before it comes back.
        returns: whether something must come back: a duty of a service that must be staffed.
        since: only the part from this minute on, of what comes back as well; None for whole duties.
    """

    given: Duty
    clock: int
    returns: bool = True
    since: int | None = None


@dataclass(frozen=True)
class Trade:
    """A duty given, and what comes back for it, if anything; of both only what lies from `since` on."""

    given: Duty
    taken: Duty | None
    partner_id: str
    since: int | None = None

    def change(self) -> Change:
        """The change of holders; the rest of a duty that is cut has an id that no stored row has."""
        removed = [duty for duty in (self.given, self.taken) if duty is not None]
        takers = (self.partner_id, self.given.person_id)
        pieces = (self._pieces(duty, taker) for duty, taker in zip(removed, takers, strict=False))
        return Change(added=tuple(piece for found in pieces for piece in found), removed=tuple(removed))

    def _pieces(self, duty: Duty, taker: str) -> tuple[Duty, ...]:
        start = self.start(duty)
        if start == duty.start:
            return (replace(duty, person_id=taker),)
        rest = replace(duty, id=f"{duty.id}{REST_MARK}{start}", person_id=taker, start=start)
        return (replace(duty, end=start), rest)

    def start(self, duty: Duty) -> int:
        """The first minute of a duty that changes hands."""
        return duty.start if self.since is None else max(duty.start, self.since)

    def minutes(self, duty: Duty) -> int:
        """How much of a duty changes hands."""
        return duty.end - self.start(duty)


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


def find_matches(book: Book, wish: Wish) -> tuple[list[Match], list[Reason]]:
    """Everybody who could take a duty, the best first, and for everybody else of the role the reason why not."""
    matches: list[Match] = []
    impossible: list[Reason] = []
    giver = book.person(wish.given.person_id)
    for person in sorted(book.schedule.persons.values(), key=lambda person: person.id):
        if (
            giver is None
            or person.id == giver.id
            or person.role is not giver.role
            or person.status is PersonStatus.INACTIVE
        ):
            continue
        found = _best_of(book, wish, person)
        if isinstance(found, Match):
            matches.append(found)
        else:
            impossible.append(found)
    matches.sort(key=lambda match: (-match.points, match.trade.partner_id))
    return matches, impossible


def _best_of(book: Book, wish: Wish, person: Person) -> Match | Reason:
    barred = _cannot_take(book, wish, person)
    if barred is not None:
        return barred
    offers = _offers(book, wish, person) if wish.returns else (None,)
    trades = [Trade(wish.given, duty, person.id, wish.since) for duty in offers]
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


def _cannot_take(book: Book, wish: Wish, person: Person) -> Reason | None:
    given = wish.given if wish.since is None else replace(wish.given, start=max(wish.given.start, wish.since))
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


def _offers(book: Book, wish: Wish, person: Person) -> Iterator[Duty]:
    """The duties of somebody that they could give: to come, not pinned, on a service that must be staffed then."""
    for duty in book.schedule.timeline(person.id).duties:
        if duty.start < wish.clock or duty.pinned or duty.rotation_id is None or not duty.kind.traits.covers:
            continue
        if wish.since is not None and duty.end <= wish.since:
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
    shorter, longer = sorted(trade.minutes(duty) for duty in (trade.given, trade.taken))
    fit = Fraction(FIT * shorter, longer)
    return fit if trade.given.rotation_id == trade.taken.rotation_id else fit / 2


def _fit_text(trade: Trade) -> str:
    given = f"{hours_text(trade.minutes(trade.given))} of {trade.given.rotation_id}"
    if trade.taken is None:
        return f"{given} for nothing"
    return f"{given} for {hours_text(trade.minutes(trade.taken))} of {trade.taken.rotation_id}"


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
