"""A duty passes whole where its new holder can work all of it: it is cut where people's availability changes, not where needs do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from residency.admission import breaches
from residency.calendar import overlaps, union
from residency.contingency.candidates import Question, Search, obstacles
from residency.contingency.needs import Part, origin_of
from residency.model import Change
from residency.policy.settings import Coverage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.contingency.plans import Move, Plan
    from residency.load import Book


def made_whole(search: Search, book: Book, plan: Plan) -> Plan:
    """The plan in which released minutes of a duty go along with its only move, if whoever takes it is free and nothing breaks.

    Args:
        search: the roster that was planned on.
        book: the roster as the plan leaves it.
        plan: the least-change plan; it stays one, since nobody and nothing is added to it.
    """
    moves, released = list(plan.moves), list(plan.released)
    for number, move in enumerate(moves):
        idle = [part for part in released if origin_of(part.duty.id) == move.assignment_id]
        whole = _whole(plan, move, idle)
        if whole is None or not _is_free(search, book, move, idle):
            continue
        after = book.after(_along(move, idle))
        if any(record.rule != Coverage.stem for record in breaches(search.book, after)):
            continue
        book, moves[number] = after, whole
        released = [part for part in released if part not in idle]
    return replace(plan, moves=tuple(moves), released=tuple(released))


def _whole(plan: Plan, move: Move, idle: Sequence[Part]) -> Move | None:
    """The move with what was released of its duty; None if that makes no stretch, or others have their share in the duty."""
    others = [item for item in plan.moves if item is not move and item.assignment_id == move.assignment_id]
    gaps = [item for item in plan.uncovered if origin_of(item.part.duty.id) == move.assignment_id]
    stretches = union([move.part.interval], [part.interval for part in idle])
    if not idle or others or gaps or len(stretches) > 1:
        return None
    start, end = stretches[0]
    return replace(move, part=replace(move.part, start=start, end=end))


def _is_free(search: Search, book: Book, move: Move, idle: Sequence[Part]) -> bool:
    person = search.book.schedule.persons[move.to_person]
    for part in idle:
        held = book.schedule.timeline(person.id).duties_in(*part.interval)
        barred = obstacles(search, Question(part), person, (), ())
        if held or any(overlaps((item.start, item.end), part.interval) for item in barred):
            return False
    return True


def _along(move: Move, idle: Sequence[Part]) -> Change:
    return Change(
        added=tuple(
            replace(
                part.duty, id=f"{part.duty.id}~{part.start}", person_id=move.to_person, start=part.start, end=part.end
            )
            for part in idle
        )
    )
