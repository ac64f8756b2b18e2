"""`day_off`: a designated free day stays free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.variables import Ground
from residency.wording import days_text

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker


def is_day_off(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """Nobody is given a post that shares a minute with a designated free day."""
    del problem
    for start, end in worker.free_days:
        if start < post.end and end > post.start:
            return Ground("day_off", worker.id, start, end, f"{worker.id} is free {days_text(start, end)}")
    return None
