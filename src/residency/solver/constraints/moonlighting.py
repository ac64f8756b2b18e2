"""`moonlighting`: no moonlighting of those who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.policy.settings import Moonlighting
from residency.solver.variables import Ground

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker


def is_no_moonlighter(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """No resident below the level that moonlighting asks for is given any."""
    if not post.kind.is_moonlighting or not worker.person.is_resident:
        return None
    level = worker.person.pgy_level or 0
    for setting in problem.figures.policy.of(Moonlighting):
        if level < setting.min_pgy:
            text = f"{worker.id} is PGY-{level} and may not moonlight"
            return Ground("moonlighting", worker.id, 0, 0, text)
    return None
