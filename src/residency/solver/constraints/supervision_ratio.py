"""`supervision_ratio`: so many residents of a level to one supervisor on a service that requires supervision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.settings import SupervisionRatio
from residency.solver.constraints.presence import moments
from residency.solver.variables import Ground
from residency.wording import span_text

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar

    from residency.model import Person
    from residency.solver.constraints.presence import Moment
    from residency.solver.variables import Build


def supervision_ratio(build: Build) -> None:
    """At every minute PGY-1, and on their own all above, are at most their ratio × the supervisors who are there."""
    problem = build.problem
    for setting in problem.figures.policy.of(SupervisionRatio):
        if setting.severity is Severity.ADVISORY:
            continue
        for rotation in problem.rotations.values():
            if not rotation.requires_supervision:
                continue
            for moment in moments(problem, rotation.id, supervised=True):
                _limit(build, rotation.id, moment, setting.pgy1, is_pgy1=True)
                _limit(build, rotation.id, moment, setting.senior, is_pgy1=False)


def _limit(build: Build, rotation_id: str, moment: Moment, ratio: int, *, is_pgy1: bool) -> None:
    balance = 0
    for person_id in moment.held:
        person = build.problem.persons.get(person_id)
        balance += 0 if person is None else _weight(person, ratio, is_pgy1=is_pgy1)
    terms: list[tuple[int, IntVar]] = []
    for post in moment.posts:
        if not post.kind.traits.supervised:
            continue
        for worker, literal in build.takers(post):
            weight = _weight(worker.person, ratio, is_pgy1=is_pgy1)
            if weight:
                terms.append((weight, literal))
    level = "PGY-1" if is_pgy1 else "of PGY-2 and above"
    text = f"{rotation_id} has at most {ratio} {level} to a supervisor {span_text(moment.start, moment.end)}"
    build.at_most(Ground("supervision_ratio", rotation_id, moment.start, moment.end, text), terms, -balance)


def _weight(person: Person, ratio: int, *, is_pgy1: bool) -> int:
    """What somebody adds to the residents of a level less ratio × supervisors."""
    if person.is_resident:
        return int((person.pgy_level == 1) is is_pgy1)
    return -ratio if person.can_supervise else 0
