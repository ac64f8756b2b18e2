"""The life of a swap once it was asked for: approved, executed, rolled back. Before-images make it possible to go back exactly."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rehearse.domain import Reason
from rehearse.values import FrozenMap
from residency.admission import refusals
from residency.calendar import minute_of
from residency.compliance import blocking, new_or_worse
from residency.decisions import Decision, Notice, RowWrite, duty_writes, refusal
from residency.journal.notices import overloads, shortages
from residency.model import Change, Severity
from residency.rules import Record
from residency.schema import SWAPS
from residency.stored import duty_of_plain, duty_row, row_to_plain, value_to_plain
from residency.swaps.decisions import Handing, handing_change, handings_text, parties, provisional_ids
from residency.wording import moment_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from residency.decisions import NewId
    from residency.load import Book
    from residency.model import Duty

#: The fields of a breach that `new_or_worse` looks at.
_TELLING = ("rule", "code", "severity", "persons", "start", "end", "measured", "limit", "rotation_id")


def handing_of_plain(move: Mapping[str, Any]) -> Handing:
    """A handing from what a stored swap says of it."""
    return Handing(duty_of_plain(move["duty"]), move["to_person"], minute_of(datetime.fromisoformat(move["start"])))


def decide_approval(book: Book, swap: Mapping[str, Any], partner_id: str | None, clock: int) -> Decision:
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
    reasons = _stale(book, swap_id, handings, clock) or _broken_by(book, handings)
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
    text = f"Swap {swap_id} is approved: {handings_text(handings)}."
    persons = parties(handings)
    return Decision(
        data=FrozenMap({"swap_id": swap_id, "status": "approved", "partner_id": chosen["partner_id"]}),
        writes=(RowWrite(SWAPS.name, swap_id, swap, approved),),
        notices=tuple(Notice("swap_update", person, text) for person in persons),
        persons=persons,
    )


def _broken_by(book: Book, handings: Iterable[Handing]) -> tuple[Reason, ...]:
    return refusals(book, book.after(handing_change(handings, provisional_ids())))


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


def _stale(book: Book, swap_id: str, handings: Sequence[Handing], clock: int) -> tuple[Reason, ...]:
    """Why a swap can no longer be what was agreed to: its duties changed, or have begun."""
    changed = [handing.duty.id for handing in handings if book.duty(handing.duty.id) != handing.duty]
    if changed:
        return (Reason("stale_swap", f"swap `{swap_id}` rests on duties that changed since: {', '.join(changed)}"),)
    begun = [handing.duty.id for handing in handings if handing.start < clock]
    if begun:
        text = f"swap `{swap_id}` has expired: what it moves has begun by {moment_text(clock)}: {', '.join(begun)}"
        return (Reason("stale_swap", text),)
    return ()


def decide_execution(book: Book, swap: Mapping[str, Any], clock: int, new_id: NewId) -> Decision:
    """Check again and move all duties at once; their rows before and after are kept with the swap."""
    swap_id = str(swap["id"])
    if swap["status"] != "approved":
        return _refused(swap, Reason("no_approved_swap", f"swap `{swap_id}` is {swap['status']}"))
    handings = tuple(handing_of_plain(move) for move in swap["moves"])
    reasons = _stale(book, swap_id, handings, clock)
    if reasons:
        return _refused(swap, *reasons)
    change = handing_change(handings, new_id)
    after = book.after(change)
    reasons = refusals(book, after)
    if reasons:
        return _refused(swap, *reasons)
    executed = {
        **swap,
        "status": "executed",
        "before": _images(change.removed),
        "after": _images(change.added),
        "mended": [_breach_to_plain(record) for record in blocking(new_or_worse(after.records, book.records))],
    }
    persons = parties(handings)
    text = f"Swap {swap_id} is executed: {handings_text(handings)}."
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


def _breach_to_plain(record: Record) -> dict[str, Any]:
    """What tells whether a breach is new or worse."""
    return {name: value_to_plain(getattr(record, name)) for name in _TELLING}


def _breach_of_plain(found: Mapping[str, Any]) -> Record:
    telling = {**found, "severity": Severity(found["severity"]), "persons": tuple(found["persons"])}
    return Record(**telling, pack="", unit="", citation="", duty_ids=(), message="")


def decide_rollback(book: Book, swap: Mapping[str, Any], reason: str) -> Decision:
    """Restore the rows from before the swap, if they still are as the swap left them.

    A breach that the swap mended was there before it, and may come back with what was there.
    """
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
    mended = tuple(_breach_of_plain(found) for found in swap["mended"] or ())
    broken = refusals(book, restored, known=mended)
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
