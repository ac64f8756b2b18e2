"""Swaps: the holders of a set of duties change round. Only the final state is judged; before-images make it possible to go back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rehearse.domain import Reason
from rehearse.values import FrozenMap, Value
from residency.admission import refusals
from residency.calendar import minute_of, moment_of
from residency.decisions import Decision, Notice, RowWrite, duty_writes, reason_map, refusal
from residency.matching import Match, Trade, find_matches, score
from residency.model import Change, Duty
from residency.notices import duty_text, overloads, shortages
from residency.schema import SWAPS
from residency.stored import duty_of_plain, duty_row, row_to_plain, value_to_plain
from residency.words import SwapStatus, SwapType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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
    barred = _cannot_move(asking)
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
    reasons: list[Reason] = []
    for duty in (asking.given, asking.taken, *asking.chain):
        if duty is not None and duty.pinned:
            reasons.append(Reason("pinned", f"`{duty.id}` is pinned, and no operation moves it", duty.person_id))
        if duty is not None and asking.since is not None and duty.end <= asking.since:
            text = f"nothing of `{duty.id}` is left from {moment_of(asking.since):%Y-%m-%d %H:%M} on"
            reasons.append(Reason("no_such_duty", text, duty.person_id))
    return tuple(reasons)


def refuse_request(asking: Asking, *reasons: Reason) -> Decision:
    """A refusal before anything could be checked: a duty or person that is not there."""
    return _refused_request(asking, reasons, ())


def _points(book: Book, after: Book, asking: Asking) -> Fraction | None:
    if asking.given is None or asking.partner_id is None:
        return None
    return score(book, after, Trade(asking.given, asking.taken, asking.partner_id)).points


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


def handing_of_plain(move: Mapping[str, Any]) -> Handing:
    """A handing from what a stored swap says of it."""
    return Handing(duty_of_plain(move["duty"]), move["to_person"], minute_of(datetime.fromisoformat(move["start"])))


def _asked(
    asking: Asking, row: dict[str, object], handings: Sequence[Handing], points: Fraction | None, status: SwapStatus
) -> Decision:
    persons = _parties(handings)
    text = f"Swap {row['id']} is {status}: {_handings_text(handings)}."
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


def _parties(handings: Iterable[Handing]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(person for handing in handings for person in (handing.duty.person_id, handing.to_person))
    )


def _handings_text(handings: Iterable[Handing]) -> str:
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
    matches, _ = find_matches(book, asking.given, asking.clock, returns=asking.type == "one_to_one")
    return tuple(match.trade.partner_id for match in matches if match.trade.partner_id != asking.partner_id)[
        :MOST_ALTERNATIVES
    ]


def _decide_match(book: Book, asking: Asking, number: int, new_id: NewId) -> Decision:
    if asking.given is None:
        raise ValueError("a match is looked for to give a duty away")
    matches, impossible = find_matches(book, asking.given, asking.clock, returns=asking.type == "one_to_one")
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
    asking = Asking(trade.given.person_id, "one_to_one", trade.given.start, trade.given, trade.taken, trade.partner_id)
    return {
        "partner_id": trade.partner_id,
        "match_score": value_to_plain(_rounded(match.points)),
        "moves": [_handing_to_plain(handing) for handing in asking.handings()],
    }


# ── approving, executing, going back ───────────────────────────────────────────────────────────────────────────────────


def decide_approval(book: Book, swap: Mapping[str, Any], partner_id: str | None) -> Decision:
    """Check again; a requested swap becomes approved, the partner's acceptance included."""
    swap_id = str(swap["id"])
    if swap["status"] != "requested":
        return _refused(swap, Reason("not_requested", f"swap `{swap_id}` is {swap['status']}"))
    chosen = _chosen(swap, partner_id)
    if chosen is None:
        return _refused(
            swap, Reason("no_match", f"swap `{swap_id}` has no offer of {partner_id or 'anybody'}", partner_id)
        )
    handings = tuple(handing_of_plain(move) for move in chosen["moves"])
    reasons = _stale(book, swap_id, handings) or refusals(book, book.after(handing_change(handings, provisional_ids())))
    if reasons:
        return _refused(swap, *reasons)
    points = chosen["match_score"]
    approved = {
        **swap,
        "status": "approved",
        "partner_id": chosen["partner_id"],
        "moves": chosen["moves"],
        "match_score": None if points is None else Decimal(str(points)),
    }
    text = f"Swap {swap_id} is approved: {_handings_text(handings)}."
    persons = _parties(handings)
    return Decision(
        data=FrozenMap({"swap_id": swap_id, "status": "approved", "partner_id": chosen["partner_id"]}),
        writes=(RowWrite(SWAPS.name, swap_id, swap, approved),),
        notices=tuple(Notice("swap_update", person, text) for person in persons),
        persons=persons,
    )


def _chosen(swap: Mapping[str, Any], partner_id: str | None) -> Mapping[str, Any] | None:
    """The offer that is approved: the partner's, else the best; of a swap with a partner its own terms."""
    if swap["moves"]:
        return swap if partner_id in (None, swap["partner_id"]) else None
    offers: list[Mapping[str, Any]] = swap["offers"]
    return next((offer for offer in offers if partner_id in (None, offer["partner_id"])), None)


def _refused(swap: Mapping[str, Any], *reasons: Reason) -> Decision:
    text = f"Swap {swap['id']} is refused. {' '.join(reason.text for reason in reasons)}"
    requestor = str(swap["requestor_id"])
    data = FrozenMap({"swap_id": str(swap["id"]), "status": str(swap["status"]), "partner_id": swap["partner_id"]})
    return refusal(*reasons, persons=[requestor], notices=[Notice("swap_update", requestor, text)], data=data)


def _stale(book: Book, swap_id: str, handings: Iterable[Handing]) -> tuple[Reason, ...]:
    changed = [handing.duty.id for handing in handings if book.duty(handing.duty.id) != handing.duty]
    if not changed:
        return ()
    return (Reason("stale_swap", f"swap `{swap_id}` rests on duties that changed since: {', '.join(changed)}"),)


def decide_execution(book: Book, swap: Mapping[str, Any], new_id: NewId) -> Decision:
    """Check again and move all duties at once; their rows before and after are kept with the swap."""
    swap_id = str(swap["id"])
    if swap["status"] != "approved":
        return _refused(swap, Reason("no_approved_swap", f"swap `{swap_id}` is {swap['status']}"))
    handings = tuple(handing_of_plain(move) for move in swap["moves"])
    reasons = _stale(book, swap_id, handings)
    if reasons:
        return _refused(swap, *reasons)
    change = handing_change(handings, new_id)
    after = book.after(change)
    reasons = refusals(book, after)
    if reasons:
        return _refused(swap, *reasons)
    executed = {**swap, "status": "executed", "before": _images(change.removed), "after": _images(change.added)}
    persons = _parties(handings)
    text = f"Swap {swap_id} is executed: {_handings_text(handings)}."
    return Decision(
        data=FrozenMap({"swap_id": swap_id, "moved": tuple(handing.duty.id for handing in handings)}),
        writes=(*duty_writes(change), RowWrite(SWAPS.name, swap_id, swap, executed)),
        notices=(
            *(Notice("swap_update", person, text) for person in persons),
            *shortages(book, after),
            *overloads(book, after, persons),
        ),
        persons=persons,
    )


def _images(duties: Iterable[Duty]) -> dict[str, Any]:
    return {duty.id: row_to_plain(duty_row(duty)) for duty in duties}


def decide_rollback(book: Book, swap: Mapping[str, Any], reason: str) -> Decision:
    """Restore the rows from before the swap, if they still are as the swap left them."""
    swap_id = str(swap["id"])
    if swap["status"] != "executed":
        return _refused(swap, Reason("not_executed", f"swap `{swap_id}` is {swap['status']}"))
    before = tuple(duty_of_plain(image) for image in swap["before"].values())
    after = tuple(duty_of_plain(image) for image in swap["after"].values())
    changed = [duty.id for duty in after if book.duty(duty.id) != duty]
    if changed:
        return _refused(swap, Reason("stale_swap", f"rows changed since the swap `{swap_id}`: {', '.join(changed)}"))
    change = Change(added=before, removed=after)
    restored = book.after(change)
    broken = refusals(book, restored)
    if broken:
        return _refused(swap, *broken)
    persons = tuple(dict.fromkeys(duty.person_id for duty in (*before, *after)))
    text = f"Swap {swap_id} is rolled back{f': {reason}' if reason else ''}."
    return Decision(
        data=FrozenMap({"swap_id": swap_id, "restored": tuple(duty.id for duty in before)}),
        writes=(*duty_writes(change), RowWrite(SWAPS.name, swap_id, swap, {**swap, "status": "rolled_back"})),
        notices=(
            *(Notice("swap_update", person, text) for person in persons),
            *shortages(book, restored),
            *overloads(book, restored, persons),
        ),
        persons=persons,
        reason=reason,
    )
