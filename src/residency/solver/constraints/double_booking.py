"""`double_booking`: nobody is in two places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import DutyKind
from residency.solver.variables import Ground
from residency.wording import span_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from residency.solver.problem import Post, Problem, Worker
    from residency.solver.variables import Build, Plan, Shift

_DURING_IDLE_CALL = frozenset({DutyKind.HOME_CALL_ACTIVE, DutyKind.CLINICAL_HOME})


def double_booking(build: Build) -> None:
    """At every minute a worker has one shift at most; idle home call may hold active home call and work from home."""
    for plan in build.plans:
        for moment in sorted({shift.start for shift in plan.shifts if shift.literal is not None}):
            there = [shift for shift in plan.touching(moment, moment + 1) if shift.literal is not None]
            at_home = [shift for shift in there if shift.kind in _DURING_IDLE_CALL]
            _one_of(build, plan, [shift for shift in there if shift not in at_home])
            if at_home:
                awake = [shift for shift in there if shift.kind is not DutyKind.HOME_CALL_IDLE]
                _one_of(build, plan, awake)


def _one_of(build: Build, plan: Plan, shifts: Sequence[Shift]) -> None:
    text = f"{plan.id} can be in one place at a time"
    terms = [(1, shift.literal) for shift in shifts if shift.literal is not None]
    if len(terms) > 1:
        build.at_most(Ground("double_booking", plan.id, 0, 0, text), terms, 1)


def is_held_elsewhere(problem: Problem, worker: Worker, post: Post) -> Ground | None:
    """Nobody is given a post while a duty of theirs goes on."""
    del problem
    for duty in worker.duties:
        if duty.start < post.end and duty.end > post.start and not _may_overlap(duty.kind, post.kind):
            text = f"{worker.id} has a duty {span_text(duty.start, duty.end)}"
            return Ground("double_booking", worker.id, duty.start, duty.end, text)
    return None


def _may_overlap(first: DutyKind, second: DutyKind) -> bool:
    kinds = {first, second}
    return DutyKind.HOME_CALL_IDLE in kinds and bool(kinds & _DURING_IDLE_CALL)
