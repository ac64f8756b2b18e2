"""The backup chain that was activated: who fell out, who takes it, who takes theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rehearse.panels import ChainLink, PanelChain
from residency import schema
from residency.calendar import date_of
from residency.contingency.plan_rows import interval_of_plain
from residency.judging.judged import book
from residency.judging.naming import duty_text, person_text
from residency.judging.roster_changes import away_words
from residency.load import snapshot_rows
from residency.wording import day_text, days_text, turn_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rehearse.domain import Evidence
    from rehearse.panels import LinkKind
    from residency.calendar import Interval
    from residency.load import Book

Part = tuple[str, str, str, "LinkKind"]


def chain(evidence: Evidence) -> tuple[PanelChain, ...]:
    """One chain for each plan that the run activated; nothing if it activated none."""
    before = evidence.before.snapshot.tables[schema.CONTINGENCY_PLANS.name]
    done = {key for key, row in before.rows.items() if row[before.position("status")] == "activated"}
    plans = snapshot_rows(evidence.after.snapshot, schema.CONTINGENCY_PLANS)
    new = [row for row in plans if row["status"] == "activated" and (row["id"],) not in done]
    return tuple(_chain(evidence, row) for row in sorted(new, key=lambda row: int(row["number"])))


def _chain(evidence: Evidence, row: Mapping[str, Any]) -> PanelChain:
    before, after = book(evidence.before), book(evidence.after)
    absent = tuple((person_text(after, person), _why(after, person)) for person in row["persons"])
    links = tuple(_links(before, after, row))
    takers = len({link.taker for link in links if link.kind == "taken"})
    depth = int(row["chain_depth"])
    note = f"{takers} {'person takes' if takers == 1 else 'people take'} over; the longest chain has {depth} "
    note += "link." if depth == 1 else "links."
    return PanelChain("The backup chain that was activated", absent, links, note if takers else "")


def _why(held: Book, person: str) -> str:
    timeline = held.schedule.timeline(person)
    return away_words([absence for absence in timeline.absences if absence.is_leave])


def _links(before: Book, after: Book, row: Mapping[str, Any]) -> Iterator[ChainLink]:
    """Moves of one kind between two people as one link, in the order of their levels; then what nobody has any more."""
    grouped: dict[Part, list[Interval]] = {}
    for move in sorted(row["moves"], key=lambda move: (move["level"], move["start"])):
        giver, taker = person_text(after, move["from_person"]), person_text(after, move["to_person"])
        key: Part = (giver, taker, _name(before, after, move["assignment_id"]), "taken")
        grouped.setdefault(key, []).append(interval_of_plain(move))
    for kind, entries in (("released", row["released"]), ("open", row["uncovered"])):
        for entry in entries:
            duty = before.duty(entry["assignment_id"]) or after.duty(entry["assignment_id"])
            giver = person_text(after, duty.person_id) if duty else ""
            key = (giver, "", _name(before, after, entry["assignment_id"]), "open" if kind == "open" else "released")
            grouped.setdefault(key, []).append(interval_of_plain(entry))
    for (giver, taker, name, link_kind), intervals in grouped.items():
        yield ChainLink(giver, taker, f"{name} {_when(intervals)}", link_kind)


def _name(before: Book, after: Book, assignment_id: str) -> str:
    duty = before.duty(assignment_id) or after.duty(assignment_id)
    return duty_text(after, duty) if duty else assignment_id


def _when(intervals: Iterable[Interval]) -> str:
    found = sorted(intervals)
    if len(found) == 1:
        return turn_text(*found[0])
    first, last = found[0][0], found[-1][0]
    if date_of(first) == date_of(last):
        return f"on {day_text(first)}, {len(found)} parts"
    return f"{days_text(first, last + 1)}, {len(found)} duties"
