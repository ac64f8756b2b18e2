"""`coverage`: as many people on every post as it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.solver.variables import Ground
from residency.wording import counted, span_text

if TYPE_CHECKING:
    from residency.solver.problem import Post
    from residency.solver.variables import Build


def coverage(build: Build) -> None:
    """Every post has as many people as it needs and no more; where gaps are allowed, those who are missing are counted."""
    for post in build.problem.posts:
        takers = [literal for _, literal in build.takers(post)]
        if len(takers) > post.heads:
            build.model.add(sum(takers) <= post.heads)
        if build.problem.allow_gaps:
            build.gaps[post] = build.model.new_int_var(0, post.heads, f"gap {post.rotation_id} {post.start}")
            takers.append(build.gaps[post])
        build.at_least(_ground(post), sum(takers), post.heads)


def _ground(post: Post) -> Ground:
    needed = counted(post.heads, post.role.value.lower())
    text = f"{post.rotation_id} needs {needed} {span_text(post.start, post.end)}"
    return Ground("coverage", post.rotation_id, post.start, post.end, text, post.heads)
