"""Why nobody comes for what stays open: the first reason of each colleague, with measured and limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rehearse.domain import Reason
from residency.contingency.candidates import Question, first_obstacle, never, obstacles
from residency.contingency.takers import Hand, take_of
from residency.decisions import reason_of
from residency.policy.settings import Coverage, Qualification
from residency.wording import span_text

if TYPE_CHECKING:
    from residency.contingency.needs import Part
    from residency.contingency.sweep import Answer, Sweep
    from residency.model import Person


class Hindrance(NamedTuple):
    """Why somebody does not take what stays open.

    Attributes:
        reason: the first one, with measured and limit where there are such.
        is_skill_alone: whether they would come if they held what the service asks for.
    """

    person: str
    reason: Reason
    is_skill_alone: bool = False


def hindrances(sweep: Sweep, answer: Answer) -> tuple[Hindrance, ...]:
    """Why each colleague does not take the longest part that an answer leaves open, by id."""
    part = max(answer.uncovered, key=lambda item: (item.end - item.start, -item.start))
    persons = sweep.book.schedule.persons
    role = persons[part.duty.person_id].role
    others = sorted(name for name, person in persons.items() if person.role is role and name not in answer.persons)
    return tuple(_hindrance(sweep, part, persons[name]) for name in others)


def _hindrance(sweep: Sweep, part: Part, person: Person) -> Hindrance:
    question = Question(part)
    out = never(sweep.asking, question, person)
    held = sweep.book.schedule.timeline(person.id).duties_in(*part.interval)
    barred = first_obstacle(part, person.id, obstacles(sweep.asking, question, person, held, ()))
    later = barred or _missed(sweep, part, person.id) or _refused(sweep, part, person.id)
    if out is not None:
        return Hindrance(person.id, out, out.code == Qualification.stem and later is None)
    text = f"{person.id} could come, but somebody else would then be missing"
    return Hindrance(person.id, later if later is not None else Reason(Coverage.stem, text, person.id))


def _missed(sweep: Sweep, part: Part, name: str) -> Reason | None:
    """Which service needs them where they are then."""
    for own in take_of(sweep.book.schedule.timeline(name), part).pulled:
        rotation = own.duty.rotation_id
        if rotation is not None and own.duty.kind.traits.covers and sweep.heads.spare(rotation, own.interval) < 1:
            return Reason(Coverage.stem, f"{name} is needed on {rotation}, {span_text(*own.interval)}", name)
    return None


def _refused(sweep: Sweep, part: Part, name: str) -> Reason | None:
    """What the rules say first, skills apart."""
    hand = take_of(sweep.book.schedule.timeline(name), part).added_to(Hand())
    found = [record for record in sweep.jury.breaches(name, hand) if record.rule != Qualification.stem]
    return reason_of(found[0]) if found else None
