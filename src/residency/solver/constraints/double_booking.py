"""`double_booking`: nobody is in two places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.variables import Ground
from residency.wording import span_text

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker
    from residency.solver.variables import Build


def double_booking(build: Build) -> None:
    """At every minute a worker has one of the chosen shifts at most; home call, which may overlap, covers nothing and is never chosen."""
    for plan in build.plans:
        ground = Ground("double_booking", plan.id, 0, 0, f"{plan.id} can be in one place at a time")
        for moment in sorted({shift.start for shift in plan.shifts if shift.literal is not None}):
            there = [(1, shift.literal) for shift in plan.touching(moment, moment + 1) if shift.literal is not None]
            if len(there) > 1:
                build.at_most(ground, there, 1)


def is_held_elsewhere(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """Nobody is given a post while a duty of theirs goes on."""
    del problem
    for duty in worker.duties:
        if duty.start < post.end and duty.end > post.start:
            text = f"{worker.id} has a duty {span_text(duty.start, duty.end)}"
            return Ground("double_booking", worker.id, duty.start, duty.end, text)
    return None
