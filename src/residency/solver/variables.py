"""The model while it is built: who takes which post, the shifts that follow from it, and the grounds of every constraint.

A constraint is added under a `Ground`, which says in words what it asks. To make a schedule the grounds are plain constraints. To explain
why there is none each ground has a literal, so that the solver can be asked which of them cannot hold together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from ortools.sat.python import cp_model

from residency.model import DutyKind
from residency.solver.problem import Post, Problem, Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from residency.calendar import Interval

#: Segments of duty with at most so many minutes between them are one duty period.
BRIDGE = 60


@dataclass(frozen=True, slots=True, order=True)
class Ground:
    """A hard constraint as people name it.

    Attributes:
        stem: the rule that it comes from.
        subject: the person or the service that it binds.
        start: the first minute that it is about.
        end: the minute after the last.
        text: what it asks, in words.
        heads: for coverage: how many people it asks for.
    """

    stem: str
    subject: str
    start: int
    end: int
    text: str
    heads: int = 0


#: Why a worker cannot have a post at all, or None.
Bar: TypeAlias = Callable[[Problem, Worker, Post], Ground | None]


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """A stretch of duty that a worker has, or has if `literal` is true.

    Attributes:
        literal: None for a duty that is held already.
    """

    start: int
    end: int
    kind: DutyKind
    literal: cp_model.IntVar | None
    exception: bool = False


class Plan:
    """One worker's choices.

    Attributes:
        posts: the posts that the worker may take, with the literal of each, in order.
        shifts: by start, held duties among them; posts of one interval and kind are one shift.
    """

    def __init__(self, worker: Worker, posts: Sequence[tuple[Post, cp_model.IntVar]], shifts: Iterable[Shift]) -> None:
        self.worker = worker
        self.posts = posts
        self.shifts = tuple(sorted(shifts, key=lambda shift: (shift.start, shift.end, shift.kind)))
        self._starts = [shift.start for shift in self.shifts]
        self._segments = [shift for shift in self.shifts if shift.kind.traits.in_period]
        self._before: dict[int, tuple[Shift, ...]] = {}
        self._longest = max((shift.end - shift.start for shift in self.shifts), default=0)

    @property
    def id(self) -> str:
        """The worker's id."""
        return self.worker.id

    @cached_property
    def is_open(self) -> bool:
        """Whether the worker may take any post at all."""
        return bool(self.posts)

    def starting_in(self, low: int, high: int) -> tuple[Shift, ...]:
        """The shifts that start in [low, high)."""
        return self.shifts[bisect_left(self._starts, low) : bisect_left(self._starts, high)]

    def touching(self, low: int, high: int) -> tuple[Shift, ...]:
        """The shifts that share a minute with [low, high)."""
        return tuple([shift for shift in self.starting_in(low - self._longest, high) if shift.end > low])

    def segments_before(self, moment: int) -> tuple[Shift, ...]:
        """The shifts with whose duty period one that starts at a moment would go on."""
        found = self._before.get(moment)
        if found is None:
            low = moment - BRIDGE
            found = self._before[moment] = tuple(
                [shift for shift in self._segments if low <= shift.end <= moment and shift.start < moment]
            )
        return found


class Build:
    """A model under construction.

    Attributes:
        grounds: in explaining mode: every ground with its literal, in the order in which they came.
    """

    def __init__(self, problem: Problem, bars: Sequence[Bar], *, explaining: bool = False) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.is_explaining = explaining
        self.grounds: dict[Ground, cp_model.IntVar] = {}
        self.gaps: dict[Post, cp_model.IntVar] = {}
        self._takers: dict[Post, list[tuple[Worker, cp_model.IntVar]]] = {post: [] for post in problem.posts}
        self.plans = tuple(self._plan(worker, bars) for worker in problem.workers)

    def takers(self, post: Post) -> tuple[tuple[Worker, cp_model.IntVar], ...]:
        """Who may take a post, with the literals."""
        return tuple(self._takers[post])

    def _plan(self, worker: Worker, bars: Sequence[Bar]) -> Plan:
        posts: list[tuple[Post, cp_model.IntVar]] = []
        for place, post in enumerate(self.problem.posts):
            if post.role is not worker.person.role or not post.kind.traits.covers:
                continue
            ground = next((found for bar in bars if (found := bar(self.problem, worker, post)) is not None), None)
            if ground is not None and not self.is_explaining:
                continue
            literal = self.model.new_bool_var(f"{worker.id} {place}")
            if ground is not None:
                self.clause(ground, [~literal])
            posts.append((post, literal))
            self._takers[post].append((worker, literal))
        return Plan(worker, posts, (*self._held(worker), *self._chosen(worker, posts)))

    @staticmethod
    def _held(worker: Worker) -> Iterator[Shift]:
        for duty in worker.duties:
            yield Shift(duty.start, duty.end, duty.kind, None, duty.exception)

    def _chosen(self, worker: Worker, posts: Iterable[tuple[Post, cp_model.IntVar]]) -> Iterator[Shift]:
        together: dict[tuple[int, int, DutyKind], list[cp_model.IntVar]] = {}
        for post, literal in posts:
            together.setdefault((post.start, post.end, post.kind), []).append(literal)
        for (start, end, kind), literals in together.items():
            literal = literals[0]
            if len(literals) > 1:
                literal = self.model.new_bool_var(f"{worker.id} on {start}-{end}")
                self.model.add(cp_model.LinearExpr.sum(literals) == literal)
            yield Shift(start, end, kind, literal)

    # ── constraints ────────────────────────────────────────────────────────────────────────────────────────────────────

    def clause(self, ground: Ground, literals: Sequence[cp_model.LiteralT]) -> None:
        """One of the literals is true."""
        self._under(ground, self.model.add_bool_or(literals))

    def forbid(self, ground: Ground, shifts: Iterable[Shift], unless: Iterable[cp_model.LiteralT] = ()) -> None:
        """Not all of these shifts, unless one of the literals is true; what is held already is no breach of this schedule's."""
        chosen = [~shift.literal for shift in shifts if shift.literal is not None]
        if chosen:
            self.clause(ground, [*chosen, *unless])

    def rule_out(
        self, ground: Ground, chain: Iterable[Shift], others: Iterable[Shift], unless: Iterable[cp_model.IntVar] = ()
    ) -> None:
        """If all of a chain is worked, none of the others is, unless one of the literals is true."""
        decided = [shift.literal for shift in chain if shift.literal is not None]
        out = [~shift.literal for shift in others if shift.literal is not None]
        held = any(shift.literal is None for shift in others)
        if decided and held:
            self.clause(ground, [*(~literal for literal in decided), *unless])
        elif out:
            constraint = self._under(ground, self.model.add_bool_and(out))
            constraint.only_enforce_if([*decided, *(~literal for literal in unless)])

    def at_most(self, ground: Ground, terms: Sequence[tuple[int, cp_model.IntVar]], limit: int) -> None:
        """The sum of factor × literal stays within the limit, or at nothing where the limit was passed before."""
        if sum(factor for factor, _ in terms if factor > 0) > limit:
            factors, literals = zip(*terms, strict=True)
            total = cp_model.LinearExpr.weighted_sum(literals, factors)
            self._under(ground, self.model.add(total <= max(limit, 0)))

    def at_least(self, ground: Ground, total: cp_model.LinearExpr | int, limit: int) -> None:
        """An expression reaches a limit."""
        self._under(ground, self.model.add(total >= limit))

    def exactly(self, ground: Ground, total: cp_model.LinearExpr | int, number: int) -> None:
        """An expression equals a number."""
        self._under(ground, self.model.add(total == number))

    def _under(self, ground: Ground, constraint: cp_model.Constraint) -> cp_model.Constraint:
        if self.is_explaining:
            literal = self.grounds.get(ground)
            if literal is None:
                literal = self.grounds[ground] = self.model.new_bool_var(f"{ground.stem} {ground.subject}")
            constraint.only_enforce_if(literal)
        return constraint

    def implied(self, cause: Sequence[Shift], effect: cp_model.IntVar, unless: Iterable[Shift] = ()) -> None:
        """Define `effect` as true whenever all of these shifts are worked and none of `unless` is. It may be true otherwise."""
        if any(shift.literal is None for shift in unless):
            return
        chosen = [~shift.literal for shift in cause if shift.literal is not None]
        relaxed = [shift.literal for shift in unless if shift.literal is not None]
        self.model.add_bool_or([*chosen, *relaxed, effect])


def clipped(shift: Shift, within: Interval) -> int:
    """The minutes of a shift inside an interval."""
    return max(0, min(shift.end, within[1]) - max(shift.start, within[0]))
