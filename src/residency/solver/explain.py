"""Why there is no schedule: a minimal set of demands that cannot be met together, and the least that would help.

Every hard constraint of the model hangs on an assumption. The solver names assumptions that cannot hold together; then they are dropped one
after another, in an order that is always the same: what can be dropped without making the rest possible is no part of the conflict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.model import DutyKind, Person, Role
from residency.solver.constraints import CONSTRAINTS, make_build
from residency.solver.problem import Worker
from residency.solver.result import Conflict
from residency.solver.solve import Answer, Effort, Status, solve
from residency.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from ortools.sat.python.cp_model import CpModel

    from residency.solver.problem import Post, Problem
    from residency.solver.variables import Build, Ground

_ORDER = {item.stem: place for place, item in enumerate(CONSTRAINTS)}
_COVERAGE = "coverage"
#: Demands are dropped in portions of these sizes, so that what has no part in the conflict goes fast.
_PORTIONS = (16, 4, 1)
#: One question may take this share of the effort.
_SHARE = 0.1
#: So few posts need not be narrowed down to a day or a week first.
_FEW_POSTS = 60
#: More helpers than these are no relaxation that anybody would call the least.
_MOST_HELPERS = 3
_NIGHTS = frozenset({DutyKind.IN_HOUSE_CALL, DutyKind.NIGHT_FLOAT})


def explain(problem: Problem, effort: Effort) -> Conflict:
    """The conflict of a problem that has no schedule; of several the one that the order of dropping leaves."""
    asker = _Asker(replace(effort, workers=1, improving=False), max(effort.seconds, 1.0))
    narrowed = _narrowed(replace(problem, allow_gaps=False), asker)
    grounds = _minimal(narrowed, asker)
    covers = {(ground.subject, ground.start, ground.end) for ground in grounds if ground.stem == _COVERAGE}
    posts = tuple(post for post in narrowed.posts if (post.rotation_id, post.start, post.end) in covers)
    if not posts:
        return Conflict(grounds, asker.is_certain)
    smaller = replace(narrowed, posts=posts)
    needed = sum(post.heads for post in posts)
    available = _available(smaller, grounds, needed, asker)
    return Conflict(grounds, asker.is_certain, needed, available, _relaxations(smaller, needed, available, asker))


@dataclass
class _Asker:
    """Asks whether a model has a solution, within what is left of the effort.

    Attributes:
        is_certain: every question so far was answered.
    """

    effort: Effort
    left: float
    is_certain: bool = True

    def ask(self, model: CpModel, assumptions: Sequence[int] = ()) -> Answer:
        """Solve with a share of the effort."""
        seconds = max(min(self.left, self.effort.seconds * _SHARE), 0.01)
        literals = [model.get_bool_var_from_proto_index(index) for index in assumptions]
        answer = solve(model, replace(self.effort, seconds=seconds), assumptions=literals)
        self.left -= answer.effort
        return answer

    def is_impossible(self, model: CpModel) -> bool:
        """Whether it is proved that a model has no solution."""
        status = self.ask(model).status
        self.is_certain &= status is not Status.NO_ANSWER
        return status is Status.INFEASIBLE


def _narrowed(problem: Problem, asker: _Asker) -> Problem:
    """The problem with the posts of one day, or of one week, if these alone cannot be filled."""
    low, high = problem.span
    for length in (DAY, 7 * DAY) if len(problem.posts) > _FEW_POSTS else ():
        for start in range(low, high, length):
            posts = tuple(post for post in problem.posts if start <= post.start < start + length)
            smaller = replace(problem, posts=posts)
            if posts and len(posts) < len(problem.posts) and asker.is_impossible(make_build(smaller).model):
                return smaller
    return problem


# ── which demands ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _minimal(problem: Problem, asker: _Asker) -> tuple[Ground, ...]:
    """Drop whole rules first, the intricate ones before the plain ones, then smaller and smaller portions of what is left."""
    build = make_build(problem, explaining=True)
    kept = _core(build, asker)
    for size in (None, *_PORTIONS):
        for portion in _portions(kept, size):
            rest = [ground for ground in kept if ground not in portion]
            if rest and asker.is_impossible(_assuming(build, rest)):
                kept = rest
    return tuple(sorted(kept, key=lambda ground: (_ORDER[ground.stem], ground)))


def _core(build: Build, asker: _Asker) -> list[Ground]:
    """The grounds that the solver names, or all where it names none."""
    answer = asker.ask(build.model, [literal.index for literal in build.grounds.values()])
    named = set(answer.core)
    kept = [ground for ground, literal in build.grounds.items() if not named or literal.index in named]
    return sorted(kept, key=lambda ground: (-_ORDER[ground.stem], ground))


def _portions(grounds: Sequence[Ground], size: int | None) -> Iterator[frozenset[Ground]]:
    """The grounds in portions of a size, or, for None, rule by rule; what a service needs is never dropped whole."""
    if size is not None:
        for first in range(0, len(grounds), size):
            yield frozenset(grounds[first : first + size])
        return
    for stem in dict.fromkeys(ground.stem for ground in grounds if ground.stem != _COVERAGE):
        yield frozenset(ground for ground in grounds if ground.stem == stem)


def _assuming(build: Build, grounds: Collection[Ground]) -> CpModel:
    """The model with these grounds taken as true and all others left out."""
    model = build.model.clone()
    model.clear_assumptions()
    wanted = set(grounds)
    for ground, literal in build.grounds.items():
        model.add(model.get_bool_var_from_proto_index(literal.index) == int(ground in wanted))
    return model


# ── how much is missing, and what would help ───────────────────────────────────────────────────────────────────────────


def _available(problem: Problem, grounds: Iterable[Ground], needed: int, asker: _Asker) -> int | None:
    """The most heads that the grounds of the conflict allow; None if that is not proved."""
    build = make_build(replace(problem, allow_gaps=True), explaining=True)
    model = _assuming(build, [ground for ground in build.grounds if ground.stem == _COVERAGE or ground in set(grounds)])
    model.minimize(sum(model.get_int_var_from_proto_index(gap.index) for gap in build.gaps.values()))
    answer = asker.ask(model)
    return needed - answer.objective if answer.status is Status.OPTIMAL and answer.objective is not None else None


def _relaxations(problem: Problem, needed: int, available: int | None, asker: _Asker) -> tuple[str, ...]:
    found: list[str] = []
    if available is not None and available < needed:
        found.append(f"{counted(needed - available, unit(problem.posts))} less")
    for number in range(1, _MOST_HELPERS + 1):
        helped = replace(problem, workers=(*problem.workers, *_helpers(problem, number)))
        if asker.ask(make_build(helped).model).is_found:
            found.append(f"{number} person more" if number == 1 else f"{number} persons more")
            break
    return tuple(found)


def unit(posts: Iterable[Post]) -> str:
    """What posts are called when they are counted: nights, where each of them is one."""
    return "night" if all(post.kind in _NIGHTS for post in posts) else "shift"


def _helpers(problem: Problem, number: int) -> list[Worker]:
    """People who may do whatever is asked and hold nothing yet."""
    skills = frozenset(skill for rotation in problem.rotations.values() for skill in rotation.requires)
    level = max(rotation.min_pgy for rotation in problem.rotations.values())
    return [
        Worker(
            Person(
                f"~helper-{role.lower()}-{place}",
                role,
                pgy_level=max(2, level) if role is Role.RESIDENT else None,
                can_supervise=role is Role.FACULTY,
                may_moonlight=True,
                qualifications=skills,
            )
        )
        for role in sorted({post.role for post in problem.posts})
        for place in range(number)
    ]
