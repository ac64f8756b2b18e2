"""Asking for a swap: the holders of a set of duties change round, and only the final state is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.admission import refusals
from residency.calendar import moment_of
from residency.decisions import Decision, Notice, RowWrite, reason_map, refusal
from residency.journal.notices import duty_text
from residency.model import Change, Duty
from residency.schema import SWAPS
from residency.stored import duty_row, row_to_plain, value_to_plain
from residency.swaps.matching import Match, Trade, Wish, find_matches, score
from residency.wording import moment_text
from residency.words import SwapStatus, SwapType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from residency.decisions import NewId
    from residency.load import Book

MOST_ALTERNATIVES = 3
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Handing:
    """A duty, or the part of it from a minute on, and who gets it."""

    duty: Duty
    to_person: str
    start: int

    @property
    def is_whole(self) -> bool:
        """Whether the whole duty changes hands."""
        return self.start <= self.duty.start


@dataclass(frozen=True)
class Asking:
    """What is asked for.

    Attributes:
        given: the duty that the requestor gives.
        taken: what the partner gives for it; None where nothing comes back.
        partner_id: None to look for one.
        chain: the duties of a chain in order; each holder takes the next one's, the last the first's.
        since: only the part from this minute on, or None.
    """

    requestor_id: str
    type: SwapType
    clock: int
    given: Duty | None = None
    taken: Duty | None = None
    partner_id: str | None = None
    chain: tuple[Duty, ...] = ()
    since: int | None = None
    auto_approve: bool = True
    max_matches: int = 5

    def handings(self) -> tuple[Handing, ...]:
        """What changes hands; nothing while the partner is not known."""
        if self.type == "chain":
            turned = (*self.chain[1:], self.chain[0]) if self.chain else ()
            return tuple(self._handing(duty, holder.person_id) for duty, holder in zip(turned, self.chain, strict=True))
        if self.given is None or self.partner_id is None:
            return ()
        back = (self._handing(self.taken, self.requestor_id),) if self.taken is not None else ()
        return (self._handing(self.given, self.partner_id), *back)

    def _handing(self, duty: Duty, to_person: str) -> Handing:
        start = duty.start if self.since is None else max(duty.start, self.since)
        return Handing(duty, to_person, start)


def handing_change(handings: Iterable[Handing], new_id: NewId) -> Change:
    """The change of duties: a whole one keeps its row, of a part the row is cut and the rest becomes a new one."""
    added: list[Duty] = []
    removed: list[Duty] = []
    for handing in handings:
        removed.append(handing.duty)
        if handing.is_whole:
            added.append(replace(handing.duty, person_id=handing.to_person))
        else:
            rest = replace(handing.duty, id=new_id("assignments"), person_id=handing.to_person, start=handing.start)
            added += [replace(handing.duty, end=handing.start), rest]
    return Change(added=tuple(added), removed=tuple(removed))


def provisional_ids() -> NewId:
    """Ids for rows that are only tried; no stored id looks like them."""
    count = iter(range(1, 10**9))
    return lambda table: f"~{table}~{next(count)}"


# ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide_request(book: Book, asking: Asking, number: int, new_id: NewId) -> Decision:
    """Check every party, and keep the swap: approved, or requested; without a partner candidates are ranked."""
    barred = _cannot_move(asking) or _cannot_take(book, asking)
    if barred:
        return _refused_request(asking, barred, ())
    if asking.type != "chain" and asking.partner_id is None:
        return _decide_match(book, asking, number, new_id)
    handings = asking.handings()
    change = handing_change(handings, provisional_ids())
    after = book.after(change)
    reasons = refusals(book, after)
    if reasons:
        return _refused_request(asking, reasons, _alternatives(book, asking))
    status: SwapStatus = "approved" if asking.auto_approve else "requested"
    points = _points(book, after, asking)
    row = _row(asking, handings, status, number, new_id, points)
    return _asked(asking, row, handings, points, status)


def _cannot_move(asking: Asking) -> tuple[Reason, ...]:
    """Duties that nobody may move: pinned ones, and time that is over."""
    duties = [duty for duty in (asking.given, asking.taken, *asking.chain) if duty is not None]
    pinned = tuple(
        Reason("pinned", f"`{duty.id}` is pinned, and no operation moves it", duty.person_id)
        for duty in duties
        if duty.pinned
    )
    return (*pinned, *(reason for duty in duties if (reason := _out_of_time(asking, duty)) is not None))


def _out_of_time(asking: Asking, duty: Duty) -> Reason | None:
    if asking.since is not None and duty.end <= asking.since:
        return Reason(
            "no_such_duty", f"nothing of `{duty.id}` is left from {moment_text(asking.since)} on", duty.person_id
        )
    since = duty.start if asking.since is None else max(duty.start, asking.since)
    if since >= asking.clock:
        return None
    text = f"`{duty.id}` cannot change hands at {moment_text(since)}, which is over by {moment_text(asking.clock)}"
    return Reason("no_such_duty", text, duty.person_id)


def _cannot_take(book: Book, asking: Asking) -> tuple[Reason, ...]:
    return tuple(
        Reason("inactive_person", f"{handing.to_person} is inactive", handing.to_person)
        for handing in asking.handings()
        if not book.may_be_given_duty(handing.to_person)
    )


def refuse_request(asking: Asking, *reasons: Reason) -> Decision:
    """A refusal before anything could be checked: a duty or person that is not there."""
    return _refused_request(asking, reasons, ())


def _points(book: Book, after: Book, asking: Asking) -> Fraction | None:
    if asking.given is None or asking.partner_id is None:
        return None
    return score(book, after, Trade(asking.given, asking.taken, asking.partner_id, asking.since)).points


def _row(
    asking: Asking, handings: Sequence[Handing], status: SwapStatus, number: int, new_id: NewId, points: Fraction | None
) -> dict[str, object]:
    return {
        "id": new_id(SWAPS.name),
        "number": number,
        "requestor_id": asking.requestor_id,
        "partner_id": asking.partner_id,
        "type": asking.type,
        "status": status,
        "requested_at": moment_of(asking.clock),
        "match_score": None if points is None else _rounded(points),
        "links": max(1, len(asking.chain)),
        "moves": [_handing_to_plain(handing) for handing in handings],
        "offers": [],
        "before": None,
        "after": None,
        "mended": None,
    }


def _rounded(points: Fraction) -> Decimal:
    return (Decimal(points.numerator) / Decimal(points.denominator)).quantize(_CENT)


def _handing_to_plain(handing: Handing) -> dict[str, Any]:
    return {
        "assignment_id": handing.duty.id,
        "from_person": handing.duty.person_id,
        "to_person": handing.to_person,
        "start": value_to_plain(moment_of(handing.start)),
        "end": value_to_plain(moment_of(handing.duty.end)),
        "duty": row_to_plain(duty_row(handing.duty)),
    }


def _asked(
    asking: Asking, row: dict[str, object], handings: Sequence[Handing], points: Fraction | None, status: SwapStatus
) -> Decision:
    persons = parties(handings)
    text = f"Swap {row['id']} is {status}: {handings_text(handings)}."
    data: dict[str, Value] = {
        "swap_id": str(row["id"]),
        "status": status,
        "partner_id": asking.partner_id,
        "match_score": points,
        "matches": (),
        "alternatives": (),
        "filtered": (),
    }
    return Decision(
        data=FrozenMap(data),
        writes=(RowWrite(SWAPS.name, str(row["id"]), None, row),),
        notices=tuple(Notice("swap_update", person, text) for person in persons),
        persons=persons,
        reason=asking.type,
    )


def parties(handings: Iterable[Handing]) -> tuple[str, ...]:
    """Everybody who gives or gets something, in order."""
    return tuple(
        dict.fromkeys(person for handing in handings for person in (handing.duty.person_id, handing.to_person))
    )


def handings_text(handings: Iterable[Handing]) -> str:
    """Who takes what of whom."""
    return ", ".join(
        f"{handing.to_person} takes {duty_text(replace(handing.duty, start=handing.start))} of {handing.duty.person_id}"
        for handing in handings
    )


def _refused_request(asking: Asking, reasons: Sequence[Reason], alternatives: tuple[str, ...]) -> Decision:
    others = f"Possible instead: {', '.join(alternatives)}." if alternatives else "Nobody else could take part."
    text = f"The swap is refused. {' '.join(reason.text for reason in reasons)} {others}"
    data: dict[str, Value] = {
        "swap_id": None,
        "status": "rejected",
        "partner_id": asking.partner_id,
        "match_score": None,
        "matches": (),
        "alternatives": alternatives,
        "filtered": (),
    }
    persons = [asking.requestor_id, *([asking.partner_id] if asking.partner_id else [])]
    told = Notice("swap_update", asking.requestor_id, text)
    return refusal(*reasons, persons=persons, notices=[told], data=FrozenMap(data))


def _alternatives(book: Book, asking: Asking) -> tuple[str, ...]:
    if asking.given is None:
        return ()
    matches, _ = find_matches(book, _wish(asking, asking.given))
    return tuple(match.trade.partner_id for match in matches if match.trade.partner_id != asking.partner_id)[
        :MOST_ALTERNATIVES
    ]


def _wish(asking: Asking, given: Duty) -> Wish:
    return Wish(given, asking.clock, returns=asking.type == "one_to_one", since=asking.since)


def _decide_match(book: Book, asking: Asking, number: int, new_id: NewId) -> Decision:
    if asking.given is None:
        raise ValueError("a match is looked for to give a duty away")
    matches, impossible = find_matches(book, _wish(asking, asking.given))
    chosen = matches[: asking.max_matches]
    if not chosen:
        return _refused_request(
            asking, (Reason("no_match", "nobody can take part in this swap", asking.requestor_id), *impossible), ()
        )
    row = {
        **_row(asking, (), "requested", number, new_id, chosen[0].points),
        "offers": [_offer_to_plain(item) for item in chosen],
    }
    data: dict[str, Value] = {
        "swap_id": str(row["id"]),
        "status": "requested",
        "partner_id": chosen[0].trade.partner_id,
        "match_score": chosen[0].points,
        "matches": tuple(_match_map(item) for item in chosen),
        "alternatives": (),
        "filtered": tuple(reason_map(reason) for reason in impossible),
    }
    names = ", ".join(item.trade.partner_id for item in chosen)
    text = f"Swap {row['id']} is requested: {duty_text(asking.given)}; possible partners, best first: {names}."
    if impossible:
        text += f" Impossible: {'; '.join(reason.text.rstrip('.') for reason in impossible)}."
    return Decision(
        data=FrozenMap(data),
        writes=(RowWrite(SWAPS.name, str(row["id"]), None, row),),
        notices=(Notice("swap_update", asking.requestor_id, text),),
        persons=(asking.requestor_id,),
        reason=asking.type,
    )


def _match_map(match: Match) -> FrozenMap:
    return FrozenMap({"person_id": match.trade.partner_id, "score": match.points, "reasons": match.reasons})


def _offer_to_plain(match: Match) -> dict[str, Any]:
    trade = match.trade
    asking = Asking(
        trade.given.person_id,
        "one_to_one",
        trade.given.start,
        trade.given,
        trade.taken,
        trade.partner_id,
        since=trade.since,
    )
    return {
        "partner_id": trade.partner_id,
        "match_score": value_to_plain(_rounded(match.points)),
        "moves": [_handing_to_plain(handing) for handing in asking.handings()],
    }
