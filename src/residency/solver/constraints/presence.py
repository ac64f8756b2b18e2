"""Who is on a service minute by minute: what is held already, and the posts that may be taken, between any two changes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from residency.solver.problem import Post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from residency.model import Duty
    from residency.solver.problem import Problem


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a service in which nobody comes or goes, with at least one open post.

    Attributes:
        held: the ids of those who are there already, leave not counted.
    """

    start: int
    end: int
    held: frozenset[str]
    posts: tuple[Post, ...]


def moments(problem: Problem, rotation_id: str, *, supervised: bool = False) -> Iterator[Moment]:
    """The stretches of a service in which posts are open, equal ones once; `supervised` looks at what counts for supervision."""
    posts = [post for post in problem.posts if post.rotation_id == rotation_id]
    if not posts:
        return
    low, high = min(post.start for post in posts), max(post.end for post in posts)
    duties = [
        duty
        for duty in problem.kept
        if duty.rotation_id == rotation_id
        and duty.start < high
        and duty.end > low
        and (duty.kind.traits.supervised if supervised else duty.kind.traits.covers)
    ]
    cuts = {moment for post in posts for moment in (post.start, post.end)}
    cuts |= {moment for duty in duties for moment in (duty.start, duty.end)}
    cuts |= {moment for duty in duties for span in problem.leave.get(duty.person_id, ()) for moment in span}
    seen: set[tuple[frozenset[str], tuple[Post, ...]]] = set()
    for start, end in pairwise(sorted(cuts)):
        open_posts = tuple(post for post in posts if post.start <= start < post.end)
        held = frozenset(duty.person_id for duty in duties if _is_there(problem, duty, start))
        if open_posts and (held, open_posts) not in seen:
            seen.add((held, open_posts))
            yield Moment(start, end, held, open_posts)


def _is_there(problem: Problem, duty: Duty, at: int) -> bool:
    if not duty.start <= at < duty.end:
        return False
    return not any(start <= at < end for start, end in problem.leave.get(duty.person_id, ()))
