"""What a search for a schedule ends with: the schedule and what it costs, or what stands against every one."""

from __future__ import annotations

from dataclasses import dataclass

from residency.solver.objective import Penalty
from residency.solver.problem import Post
from residency.solver.solve import Status
from residency.solver.variables import Ground


@dataclass(frozen=True, slots=True, order=True)
class Placing:
    """One person on one post."""

    post: Post
    person_id: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Demands that cannot be met together.

    Attributes:
        grounds: what is asked, in words; without any one of them the others could be met, if `is_minimal`.
        needed: heads that the coverage among them asks for, or None where none is.
        available: the most of these heads that the rest of them allows, or None where that is not known.
        relaxations: the least that would help, in words.
    """

    grounds: tuple[Ground, ...]
    is_minimal: bool = True
    needed: int | None = None
    available: int | None = None
    relaxations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a search.

    Attributes:
        placings: who takes what, sorted.
        gaps: posts that stay open, with how many heads are missing.
        objective: the sum of the penalties' costs.
        bound: what no schedule's objective can be below, or None where nothing was proved.
        conflict: why there is no schedule.
    """

    status: Status
    placings: tuple[Placing, ...] = ()
    gaps: tuple[tuple[Post, int], ...] = ()
    penalties: tuple[Penalty, ...] = ()
    objective: int | None = None
    bound: int | None = None
    conflict: Conflict | None = None

    @property
    def is_found(self) -> bool:
        """Whether there is a schedule."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)
