"""`leave_exclusion`: no duty over approved leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.model import DutyKind
from residency.solver.variables import Ground
from residency.wording import days_text, span_text

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker


def is_on_leave(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """Nobody is given a post that shares a minute with approved leave, moonlighting elsewhere excepted."""
    del problem
    if post.kind is DutyKind.MOONLIGHT_EXT:
        return None
    for start, end in worker.leave:
        if start < post.end and end > post.start:
            whole = start % DAY == 0 and end % DAY == 0
            text = f"{worker.id} is on leave {days_text(start, end) if whole else span_text(start, end)}"
            return Ground("leave_exclusion", worker.id, start, end, text)
    return None
