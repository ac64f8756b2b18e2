"""`max_persons`: a service takes so many residents at once and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.constraints.presence import moments
from residency.solver.variables import Ground
from residency.wording import span_text

if TYPE_CHECKING:
    from residency.solver.variables import Build


def max_persons(build: Build) -> None:
    """Residents on a service, those who are there already included, stay within its maximum at every minute."""
    problem = build.problem
    for rotation in problem.rotations.values():
        if rotation.max_persons is None:
            continue
        for moment in moments(problem, rotation.id):
            held = sum(problem.persons[person].is_resident for person in moment.held if person in problem.persons)
            takers = [
                (1, literal)
                for post in moment.posts
                for worker, literal in build.takers(post)
                if worker.person.is_resident
            ]
            text = f"{rotation.id} takes {rotation.max_persons} residents {span_text(moment.start, moment.end)}"
            ground = Ground("max_persons", rotation.id, moment.start, moment.end, text)
            build.at_most(ground, takers, rotation.max_persons - held)
