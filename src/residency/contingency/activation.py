"""Planning and activating: from the roster with its absences to a stored plan, and from that to the roster's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rehearse.domain import Reason
from rehearse.values import FrozenMap
from residency.admission import breaches
from residency.calendar import EVER, HOUR, moment_of
from residency.contingency.needs import absent_persons, cutting, lost_parts
from residency.contingency.plan_making import Crisis, make_plan, reshape
from residency.contingency.plan_rows import Identity, interval_of_plain, plan_data, plan_write, reshaping_of
from residency.decisions import Decision, Notice, RowWrite, duty_writes, refusal
from residency.journal.notices import of_change, to_directors
from residency.policy.settings import Coverage
from residency.schema import CONTINGENCY_PLANS
from residency.stored import duty_row, row_to_plain
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.contingency.plans import Fairness, Plan
    from residency.decisions import NewId
    from residency.load import Book
    from residency.model import Change


@dataclass(frozen=True)
class Analysis:
    """What is asked of a contingency analysis.

    Attributes:
        clock: the minute of planning.
        trigger: a label.
        person_ids: whose duties; None for all who are absent.
        max_depth: moves of a chain at most; None for the program's.
        number: of the plan.
    """

    clock: int
    trigger: str
    person_ids: tuple[str, ...] | None
    max_depth: int | None
    number: int


@dataclass(frozen=True)
class Planned:
    """The decision with its plan; None if it was refused."""

    decision: Decision
    row: Mapping[str, Any] | None = None


def disabled(book: Book) -> tuple[Reason, ...]:
    """Why there is no contingency here, or nothing."""
    if book.settings.contingency_enabled:
        return ()
    return (Reason("contingency_disabled", "contingency is switched off (`n1_contingency_enabled: false`)"),)


def decide_analysis(book: Book, analysis: Analysis, fairness: Fairness, new_id: NewId) -> Planned:
    """Plan for every duty inside an absence, and store the plan; a plan with gaps is done, too."""
    refused = disabled(book)
    if refused:
        return Planned(refusal(*refused))
    persons = analysis.person_ids if analysis.person_ids is not None else absent_persons(book, analysis.clock)
    depth = analysis.max_depth if analysis.max_depth is not None else book.settings.program.max_chain_depth
    plan = make_plan(book, Crisis(analysis.clock, tuple(sorted(set(persons))), depth), fairness)
    identity = Identity(new_id(CONTINGENCY_PLANS.name), analysis.number, analysis.trigger, moment_of(analysis.clock))
    write = plan_write(plan, book, identity)
    concerned = (*plan.persons, *(move.to_person for move in plan.moves))
    decision = Decision(
        data=FrozenMap(plan_data(plan, identity.id)),
        writes=(write,),
        notices=_gap_notices(book, plan),
        persons=tuple(dict.fromkeys(concerned)),
        reason=analysis.trigger,
    )
    return Planned(decision, write.after)


def _gap_notices(book: Book, plan: Plan) -> tuple[Notice, ...]:
    if plan.feasible:
        return ()
    said = [
        f"{item.part.duty.rotation_id or item.part.duty.kind.value} stays open {span_text(item.part.start, item.part.end)}."
        for item in plan.uncovered
    ]
    return to_directors(book, "coverage_alert", " ".join(said))


# ── activating ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide_activation(book: Book, row: Mapping[str, Any], new_id: NewId, *, allow_partial: bool) -> Decision:
    """Do exactly what a stored plan says, or refuse it as a whole: when it leaves gaps that are not allowed, or rests on old data."""
    refused = _cannot_activate(book, row, allow_partial=allow_partial)
    persons = tuple(row["persons"])
    if refused:
        return refusal(*refused, persons=persons, data=FrozenMap({"plan_id": row["id"], "activated": False}))
    shape = reshaping_of(row)
    duties = {duty_id: duty for duty_id in shape.touched if (duty := book.duty(duty_id)) is not None}
    change = reshape(duties, shape, new_id)
    after = book.after(change)
    broken = _breaks(book, after, row)
    if broken:
        return refusal(*broken, persons=persons, data=FrozenMap({"plan_id": row["id"], "activated": False}))
    activated = {**row, "status": "activated"}
    return Decision(
        data=_activated_data(row),
        writes=(*duty_writes(change), RowWrite(CONTINGENCY_PLANS.name, row["id"], row, activated)),
        notices=of_change(book, after, change),
        persons=tuple(dict.fromkeys((*persons, *_holders(change)))),
        reason=row["trigger"],
    )


def _holders(change: Change) -> list[str]:
    return [duty.person_id for duty in (*change.removed, *change.added)]


def _cannot_activate(book: Book, row: Mapping[str, Any], *, allow_partial: bool) -> tuple[Reason, ...]:
    if row["status"] != "planned":
        return (Reason("stale_plan", f"`{row['id']}` was activated before"),)
    changed = [duty_id for duty_id, basis in row["basis"].items() if _image(book, duty_id) != dict(basis)]
    if changed:
        return (
            Reason("stale_plan", f"`{row['id']}` rests on duties that changed since: {', '.join(sorted(changed))}"),
        )
    if not row["feasible"] and not allow_partial:
        gap = Fraction(row["gap_minutes"], HOUR)
        return (Reason("infeasible_plan", f"`{row['id']}` leaves {float(gap):g} hours open"),)
    return ()


def _image(book: Book, duty_id: str) -> dict[str, Any] | None:
    duty = book.duty(duty_id)
    return None if duty is None else row_to_plain(duty_row(duty))


def _breaks(book: Book, after: Book, row: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What the plan would break by now; the gaps that it names are known, and what their absence does to the absent is a fact."""
    known = [interval_of_plain(item) for item in row["uncovered"]]
    lost = [part for person_id in row["persons"] for part in lost_parts(book, person_id, EVER[0])]
    facts = book.after(cutting(part for part in lost if not part.duty.pinned))
    found = [
        record
        for record in breaches(book, after, known=facts.records)
        if record.rule != Coverage.stem or not any(start <= record.start and record.end <= end for start, end in known)
    ]
    return tuple(Reason("stale_plan", f"the plan would break a rule by now: {record.message}") for record in found)


def _activated_data(row: Mapping[str, Any]) -> FrozenMap:
    moves = tuple(
        FrozenMap(
            {**move, "start": moment_of(interval_of_plain(move)[0]), "end": moment_of(interval_of_plain(move)[1])}
        )
        for move in row["moves"]
    )
    uncovered = tuple(
        FrozenMap(
            {
                "assignment_id": item["assignment_id"],
                "start": moment_of(interval_of_plain(item)[0]),
                "end": moment_of(interval_of_plain(item)[1]),
                "reasons": tuple(FrozenMap(reason) for reason in item["reasons"]),
            }
        )
        for item in row["uncovered"]
    )
    return FrozenMap(
        {
            "plan_id": row["id"],
            "activated": True,
            "moves": moves,
            "released": tuple(dict.fromkeys(item["assignment_id"] for item in row["released"])),
            "uncovered": uncovered,
            "gap_hours": Fraction(row["gap_minutes"], HOUR),
        }
    )


def merged(decisions: Iterable[Decision]) -> Decision:
    """Several decisions of one operation as one: their rows, notices and answers, the later answer winning.

    A row that two of them write is written once, from the first before to the last after.
    """
    found = list(decisions)
    writes: dict[tuple[str, str], RowWrite] = {}
    for write in (write for decision in found for write in decision.writes):
        earlier = writes.get((write.table, write.id))
        writes[(write.table, write.id)] = write if earlier is None else replace(write, before=earlier.before)
    data = FrozenMap({name: value for decision in found for name, value in decision.data.items()})
    return Decision(
        data=data,
        writes=tuple(writes.values()),
        notices=tuple(notice for decision in found for notice in decision.notices),
        persons=tuple(dict.fromkeys(person for decision in found for person in decision.persons)),
        reason=next((decision.reason for decision in found if decision.reason), ""),
    )
