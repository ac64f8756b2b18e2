"""`home_call`: no home call over a designated free day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.policy.settings import HomeCall
from residency.solver.variables import Ground
from residency.wording import days_text

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker


def is_home_call_on_day_off(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """No resident is given home call, idle or active, that touches a designated free day, where the rule is in force."""
    if not post.kind.is_home_call or not worker.person.is_resident or not problem.figures.policy.of(HomeCall):
        return None
    for start, end in worker.free_days:
        if start < post.end and end > post.start:
            text = f"{worker.id} has no home call on a free day {days_text(start, end)}"
            return Ground("home_call", worker.id, start, end, text)
    return None
