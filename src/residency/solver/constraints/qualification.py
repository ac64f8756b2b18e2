"""`qualification`: the skills and the level that a service asks of everybody on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.variables import Ground

if TYPE_CHECKING:
    from residency.solver.problem import Post, Problem, Worker


def is_unqualified(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """Nobody is given a post on a service of which they lack a skill or, being residents, the level."""
    rotation = problem.rotations[post.rotation_id]
    lacks = sorted(rotation.requires - worker.person.qualifications)
    level = worker.person.pgy_level
    if level is not None and level < rotation.min_pgy:
        lacks.append(f"PGY-{rotation.min_pgy}")
    if not lacks:
        return None
    text = f"{worker.id} lacks {', '.join(lacks)} for {post.rotation_id}"
    return Ground("qualification", worker.id, 0, 0, text)
