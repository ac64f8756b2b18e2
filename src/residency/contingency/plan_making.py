"""Who takes what when people are suddenly missing: the least-change plan, why nobody else could, and what it does to the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from residency.admission import breaches
from residency.calendar import Interval, subtract
from residency.compliance import new_or_worse
from residency.contingency.candidates import Question, Search, first_obstacle, never, obstacles
from residency.contingency.demands import State
from residency.contingency.needs import Part, cutting, lost_parts, needed_intervals, origin_of
from residency.contingency.planning import Found, Planner
from residency.contingency.plans import Fairness, Open, Plan
from residency.contingency.takers import TAKEN_MARK, Jury
from residency.contingency.whole_duties import made_whole
from residency.decisions import reason_of
from residency.model import Change, Duty
from residency.rules import SERVICE_STEMS
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.contingency.demands import Demand
    from residency.decisions import NewId
    from residency.load import Book
    from residency.model import Person


@dataclass(frozen=True)
class Crisis:
    """What a plan is sought for.

    Attributes:
        clock: the minute of planning.
        persons: the absent whose duties are to be covered.
        max_depth: moves of a chain at most.
        most_states: states that each pass of the search may look at, or None for the planner's own limit.
    """

    clock: int
    persons: tuple[str, ...]
    max_depth: int
    most_states: int | None = None


@dataclass(frozen=True)
class Sought:
    """A search that has ended.

    Attributes:
        search: what it looked at.
        start: with everything pending that the absent leave behind and somebody needs.
        found: the best way to end it.
        pinned: what is needed of lost parts that no operation moves.
    """

    search: Search
    start: State
    found: Found
    pinned: tuple[Part, ...]


def seek(book: Book, crisis: Crisis, fairness: Fairness, elder: Jury | None = None) -> Sought:
    """Search for the best plan for everything that the absent leave behind.

    Better is, in this order: fewer uncovered minutes, those of critical services first; fewer duties that change holder; fewer people;
    nearer to the backup order; a lighter burden; ids. No plan breaks a rule or opens a gap on a service as needed as the one it closes.

    Args:
        book: the roster, absences recorded, nothing moved.
        crisis: whose duties, from when, how deep.
        fairness: what people have carried so far.
        elder: knows the rules' answers for all but the absent.
    """
    search = Search(book, crisis.clock, crisis.max_depth)
    lost = [part for person in crisis.persons for part in lost_parts(book, person, crisis.clock)]
    lost.sort(key=lambda part: (not _is_critical(book, part), part.start, part.duty.id))
    movable = [part for part in lost if not part.duty.pinned]
    base = book.after(cutting(movable))
    jury = None if elder is None else Jury(base, elder, crisis.persons)
    planner = Planner(search, fairness, base, jury, most_states=crisis.most_states)
    start = planner.begin(movable)
    pinned = tuple(piece for part in lost if part.duty.pinned for piece in planner.needed_of(start, part))
    return Sought(search, start, planner.find(start), pinned)


def make_plan(book: Book, crisis: Crisis, fairness: Fairness) -> Plan:
    """Return the best plan (`seek`) with why nobody else could, and what could go wrong with simpler ones."""
    sought = seek(book, crisis, fairness)
    search, found, start = sought.search, sought.found, sought.start
    kept = tuple(_pinned(book, part) for part in sought.pinned)
    plan = made_whole(search, found.state.book, _plan(search, found, crisis.persons))
    risk = plan.chain_depth > 1 or any(_is_risky(search, item.part, start) for item in start.pending)
    kept_open = sum(item.part.end - item.part.start for item in kept)
    least_open = plan.least_open + kept_open
    return replace(plan, uncovered=(*plan.uncovered, *kept), cascade_risk=risk, least_open=least_open)


def _is_critical(book: Book, part: Part) -> bool:
    rotation = book.schedule.rotations.get(part.duty.rotation_id or "")
    return rotation is not None and rotation.critical


def _pinned(book: Book, part: Part) -> Open:
    reason = Reason("pinned", f"`{part.duty.id}` is pinned, and no operation moves it", part.duty.person_id)
    return Open(part, _is_critical(book, part), (reason,), is_kept=True)


def _plan(search: Search, found: Found, persons: tuple[str, ...]) -> Plan:
    state = found.state
    moves = sorted(state.moves, key=lambda move: (move.part.start, move.level, move.assignment_id))
    uncovered = [
        Open(part, demand.critical, _reasons(search, state, demand, part)) for demand, part in _joined(state.uncovered)
    ]
    return Plan(
        persons=persons,
        moves=tuple(moves),
        released=tuple(sorted(state.released, key=lambda part: (part.start, part.duty.id))),
        uncovered=tuple(sorted(uncovered, key=lambda item: (item.part.start, item.part.duty.id))),
        is_proven=found.is_proven,
        least_open=found.least_open,
    )


def _joined(uncovered: Iterable[Demand]) -> list[tuple[Demand, Part]]:
    """Parts of one duty that touch, as one."""
    joined: list[tuple[Demand, Part]] = []
    for demand in sorted(uncovered, key=lambda item: (item.part.duty.id, item.part.start)):
        last = joined[-1][1] if joined else None
        if last is not None and last.duty == demand.part.duty and last.end == demand.part.start:
            joined[-1] = (demand, replace(last, end=demand.part.end))
        else:
            joined.append((demand, demand.part))
    return joined


# ── reasons ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reasons(search: Search, state: State, demand: Demand, part: Part) -> tuple[Reason, ...]:
    """Why nobody of the role takes a part that stays open, one reason a person."""
    holder = search.book.person(part.duty.person_id)
    people = sorted(search.book.schedule.persons.values(), key=lambda person: person.id)
    asked = [
        person for person in people if holder is not None and person.role is holder.role and person.id != holder.id
    ]
    question = Question(part, demand.supervision, demand.passed - {part.duty.person_id})
    return tuple(_reason(search, state, question, person) for person in asked)


def _reason(search: Search, state: State, question: Question, person: Person) -> Reason:
    out = never(search, question, person)
    if out is not None:
        return out
    part = question.part
    held = state.book.schedule.timeline(person.id).duties_in(*part.interval)
    own = [duty for duty in held if TAKEN_MARK not in duty.id]
    taken = [(duty.start, duty.end) for duty in held if TAKEN_MARK in duty.id]
    barred = first_obstacle(part, person.id, obstacles(search, question, person, own, taken))
    return barred if barred is not None else _broken_by(search, state, part, person)


def _broken_by(search: Search, state: State, part: Part, person: Person) -> Reason:
    """What would break if somebody took a part on top of the plan."""
    after = _with_taker(state.book, part, person)
    found = new_or_worse(state.book.records, after.records)
    service = [record for record in found if record.rule in SERVICE_STEMS]
    if service:
        reason = reason_of(service[0])
        return replace(reason, person=person.id, text=f"{person.id} is needed elsewhere: {reason.text}")
    own = [record for record in breaches(search.book, after) if person.id in record.persons]
    if own:
        return replace(reason_of(own[0]), person=person.id)
    text = f"{person.id} would lead no further than {search.max_depth} moves, {span_text(part.start, part.end)}"
    return Reason("coverage", text, person.id)


def _with_taker(book: Book, part: Part, person: Person) -> Book:
    held = book.schedule.timeline(person.id).duties_in(*part.interval)
    cut = cutting(Part(duty, max(duty.start, part.start), min(duty.end, part.end)) for duty in held)
    identity = f"{part.duty.id}{TAKEN_MARK}{part.start}"
    duty = replace(part.duty, id=identity, person_id=person.id, start=part.start, end=part.end)
    return book.after(Change(added=(*cut.added, duty), removed=cut.removed))


def _is_risky(search: Search, part: Part, start: State) -> bool:
    """Whether a backup of the absent who took over alone all that they leave would open a gap or break a rule."""
    everything = [item.part for item in start.pending if item.part.duty.person_id == part.duty.person_id]
    for backup in search.backups_for(part):
        person = search.book.person(backup.backup_id)
        if person is not None and _breaks_alone(search, start.book, everything, person):
            return True
    return False


def _breaks_alone(search: Search, book: Book, parts: Iterable[Part], person: Person) -> bool:
    after = book
    for part in parts:
        held = after.schedule.timeline(person.id).duties_in(*part.interval)
        pulled = [Part(duty, max(duty.start, part.start), min(duty.end, part.end)) for duty in held]
        after = _with_taker(after, part, person)
        if any(needed_intervals(after, item, ()) for item in pulled):
            return True
    return any(
        record.rule not in SERVICE_STEMS and person.id in record.persons for record in breaches(search.book, after)
    )


# ── from a plan to rows ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Reshaping:
    """What a plan does to the stored duties.

    Attributes:
        taken: by stored duty, the parts that others take, each with its taker.
        gone: by stored duty, the parts that vanish: released, or open with nobody to hold them.
    """

    taken: Mapping[str, tuple[tuple[Interval, str], ...]]
    gone: Mapping[str, tuple[Interval, ...]]

    @property
    def touched(self) -> tuple[str, ...]:
        """The ids of stored duties that change, sorted."""
        return tuple(sorted({*self.taken, *self.gone}))


def reshaping(plan: Plan) -> Reshaping:
    """What a plan does to the stored duties."""
    taken: dict[str, list[tuple[Interval, str]]] = {}
    gone: dict[str, list[Interval]] = {}
    for move in plan.moves:
        taken.setdefault(move.assignment_id, []).append((move.part.interval, move.to_person))
    parts = [*plan.released, *(item.part for item in plan.uncovered if not item.is_kept)]
    for part in parts:
        gone.setdefault(origin_of(part.duty.id), []).append(part.interval)
    return Reshaping(
        {duty_id: tuple(sorted(items)) for duty_id, items in taken.items()},
        {duty_id: tuple(sorted(items)) for duty_id, items in gone.items()},
    )


def reshape(duties: Mapping[str, Duty], shape: Reshaping, new_id: NewId) -> Change:
    """The change of stored duties: a whole duty changes hands in place, a duty partly worked is cut and its rest is a new row."""
    added: list[Duty] = []
    for duty_id in shape.touched:
        added += _pieces(duties[duty_id], shape, new_id)
    return Change(added=tuple(added), removed=tuple(duties[duty_id] for duty_id in shape.touched))


def _pieces(duty: Duty, shape: Reshaping, new_id: NewId) -> list[Duty]:
    """What becomes of one duty: what its holder keeps comes first and keeps the row."""
    taken = shape.taken.get(duty.id, ())
    holes = sorted([*(interval for interval, _ in taken), *shape.gone.get(duty.id, ())])
    kept = [(interval, duty.person_id) for interval in subtract([(duty.start, duty.end)], holes)]
    return [
        replace(duty, id=duty.id if number == 0 else new_id("assignments"), person_id=person, start=start, end=end)
        for number, ((start, end), person) in enumerate((*kept, *taken))
    ]
