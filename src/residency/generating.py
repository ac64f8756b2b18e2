"""From a roster and a demand to a schedule, and from a schedule to rows: what is asked of the solver, and what its answer changes.

The solver's package is imported by nobody but the operation that runs it, in a process of its own; here are values only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from rehearse.values import FrozenMap
from residency.admission import breaches
from residency.calendar import DAY, HOUR, date_of, moment_of
from residency.decisions import Decision, RowWrite, duty_writes, refusal
from residency.journal.notices import of_change
from residency.model import Change, Duty, Roster
from residency.policy.settings import Coverage
from residency.wording import counted, days_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from residency.load import Book
    from residency.solver.problem import Problem
    from residency.solver.result import Conflict, Placing, Result
    from residency.solver.variables import Ground

INFEASIBLE, NO_ANSWER = "infeasible", "no_answer"
_COVERAGE = "coverage"


class DisagreementError(RuntimeError):
    """The rules refuse what the solver made: one of the two has a defect, and nothing is written."""


@dataclass(frozen=True)
class Written:
    """What a schedule changes.

    Attributes:
        change: of duties.
        created: the ids of the new ones, by start, service and person.
    """

    change: Change
    created: tuple[str, ...]


def roster_of(book: Book) -> Roster:
    """The roster of a book as plain rows."""
    schedule = book.schedule
    timelines = schedule.timelines.values()
    return Roster(
        persons=tuple(schedule.persons.values()),
        rotations=tuple(schedule.rotations.values()),
        duties=schedule.duties,
        requirements=schedule.requirements,
        periods=tuple(period for timeline in timelines for period in timeline.rotation_periods),
        absences=tuple(absence for timeline in timelines for absence in timeline.absences),
    )


def decide_generation(book: Book, problem: Problem, result: Result, new_id: Callable[[str], str]) -> Decision:
    """Write a schedule down after the rules have judged it, or say why there is none.

    Raises:
        DisagreementError: the rules find a breach in it.
    """
    if not result.is_found:
        return _refused(problem, result)
    written = _written(problem, result.placings, new_id)
    after = book.sketched(written.change)
    _rejudge(book, after, allow_gaps=problem.allow_gaps)
    ledger = tuple(_holiday_writes(problem, written.change, new_id))
    return Decision(
        outcome="done",
        data=_data(result, written.created),
        writes=(*duty_writes(written.change), *ledger),
        notices=of_change(book, after, written.change),
        persons=tuple(sorted({duty.person_id for duty in (*written.change.added, *written.change.removed)})),
    )


def _rejudge(before: Book, after: Book, *, allow_gaps: bool) -> None:
    found = [record for record in breaches(before, after) if not (allow_gaps and record.rule == Coverage.stem)]
    if found:
        said = "; ".join(record.message for record in found[:5])
        raise DisagreementError(f"the schedule breaks {counted(len(found), 'rule')} that it was made under: {said}")


def _data(result: Result, created: tuple[str, ...]) -> FrozenMap:
    gap = sum(missing * post.minutes for post, missing in result.gaps)
    return FrozenMap(
        {
            "status": result.status.value,
            "created": created,
            "objective": result.objective,
            "bound": result.bound,
            "penalties": FrozenMap({penalty.name: penalty.cost for penalty in result.penalties}),
            "gap_hours": Fraction(gap, HOUR),
        }
    )


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _written(problem: Problem, placings: Sequence[Placing], new_id: Callable[[str], str]) -> Written:
    """The duties that come and go; one that is dealt anew to the same person, or to another, keeps its row."""
    free: dict[tuple[str | None, int, int], list[Duty]] = {}
    for duty in problem.baseline:
        free.setdefault((duty.rotation_id, duty.start, duty.end), []).append(duty)
    wanted = sorted(placings)
    kept: set[int] = set()
    for place, placing in enumerate(wanted):
        rows = free.get((placing.post.rotation_id, placing.post.start, placing.post.end), [])
        own = next((duty for duty in rows if duty.person_id == placing.person_id), None)
        if own is not None:
            rows.remove(own)
            kept.add(place)
    added: list[Duty] = []
    removed: list[Duty] = []
    created: list[str] = []
    for place, placing in enumerate(wanted):
        if place in kept:
            continue
        rows = free.get((placing.post.rotation_id, placing.post.start, placing.post.end), [])
        if rows:
            removed.append(rows.pop(0))
            added.append(replace(removed[-1], person_id=placing.person_id))
        else:
            created.append(new_id("assignments"))
            added.append(_duty(created[-1], placing))
    removed += [duty for rows in free.values() for duty in rows]
    return Written(Change(tuple(added), tuple(removed)), tuple(created))


def placed(placings: Iterable[Placing]) -> tuple[Duty, ...]:
    """A schedule's duties where there is no database to name them: numbered by start, service and person."""
    return tuple(_duty(f"duty-{number}", placing) for number, placing in enumerate(sorted(placings), start=1))


def _duty(identity: str, placing: Placing) -> Duty:
    post = placing.post
    return Duty(identity, placing.person_id, post.rotation_id, post.start, post.end, post.kind)


def _holiday_writes(problem: Problem, change: Change, new_id: Callable[[str], str]) -> Iterable[RowWrite]:
    """A holiday and a credit of one day for each person whom the schedule puts on a major holiday."""
    for day in problem.major_holidays:
        before = {duty.person_id for duty in (*problem.kept, *problem.baseline) if _touches(duty, day)}
        for person_id in sorted({duty.person_id for duty in change.added if _touches(duty, day)} - before):
            for kind in ("holiday", "credit"):
                identity = new_id("equity_ledger")
                row = {"id": identity, "person_id": person_id, "kind": kind, "amount": 1, "date": date_of(day)}
                yield RowWrite("equity_ledger", identity, None, row)


def _touches(duty: Duty, day: int) -> bool:
    return duty.start < day + DAY and duty.end > day


# ── why there is none ──────────────────────────────────────────────────────────────────────────────────────────────────


def _refused(problem: Problem, result: Result) -> Decision:
    data = FrozenMap(
        {
            "status": result.status.value,
            "created": (),
            "objective": None,
            "bound": result.bound,
            "penalties": FrozenMap({}),
            "gap_hours": None,
        }
    )
    if result.conflict is None:
        text = f"no schedule {days_text(*problem.span)} was found within the effort, nor that there is none"
        return refusal(Reason(NO_ANSWER, text), data=data)
    persons = sorted({ground.subject for ground in result.conflict.grounds if ground.subject in problem.persons})
    return refusal(*_reasons(problem, result.conflict), persons=persons, data=data)


def _reasons(problem: Problem, conflict: Conflict) -> tuple[Reason, ...]:
    """The conflict as a whole, then each of its demands but for coverage, which the first reason sums up."""
    covers = [ground for ground in conflict.grounds if ground.stem == _COVERAGE]
    others = [ground for ground in conflict.grounds if ground.stem != _COVERAGE]
    parts = [_needs(problem, covers)] if covers else ["these demands cannot be met together"]
    if conflict.available is not None:
        parts.append(f"{conflict.available} can be filled")
    if conflict.relaxations:
        parts.append(f"the least that would help: {' or '.join(conflict.relaxations)}")
    if not conflict.is_minimal:
        parts.append("the effort did not suffice to name the fewest demands")
    window = (moment_of(covers[0].start), moment_of(covers[-1].end)) if covers else None
    whole = Reason(INFEASIBLE, "; ".join(parts), None, window, conflict.available, conflict.needed)
    return (whole, *(_reason(problem, ground) for ground in others))


def _needs(problem: Problem, covers: Sequence[Ground]) -> str:
    """What the services of a conflict need: one post in its own words, several counted."""
    if len(covers) == 1:
        return covers[0].text
    said: list[str] = []
    for rotation_id in sorted({ground.subject for ground in covers}):
        own = [ground for ground in covers if ground.subject == rotation_id]
        heads = sum(ground.heads for ground in own)
        kind = problem.rotations[rotation_id].kind
        noun = "night" if kind.value in ("in_house_call", "night_float") else "shift"
        days = days_text(min(ground.start for ground in own), max(ground.start for ground in own) + 1)
        said.append(f"{rotation_id} needs {counted(heads, noun)} {days}")
    return " and ".join(said)


def _reason(problem: Problem, ground: Ground) -> Reason:
    person = ground.subject if ground.subject in problem.persons else None
    window = (moment_of(ground.start), moment_of(ground.end)) if ground.start < ground.end else None
    return Reason(INFEASIBLE, f"{ground.stem}: {ground.text}", person, window)
