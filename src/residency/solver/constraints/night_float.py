"""`night_float`: no more nights in a row than the maximum, and a free stretch between two blocks of nights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import DAY
from residency.model import DutyKind, Severity
from residency.policy.settings import NightFloat
from residency.solver.constraints.call_frequency import nights_of
from residency.solver.variables import Ground
from residency.wording import counted, hours_text

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import IntVar, LiteralT

    from residency.solver.variables import Build, Plan, Shift


def night_float(build: Build) -> None:
    """Nights on consecutive dates ≤ the maximum, and as much free time as is due between two blocks, for every resident."""
    for setting in build.problem.figures.policy.of(NightFloat):
        if setting.severity is Severity.ADVISORY:
            continue
        for plan in build.plans:
            if not plan.worker.person.is_resident or not plan.is_open:
                continue
            nights = _nights(plan)
            if setting.max_nights is not None:
                _short_runs(build, plan, nights, setting.max_nights)
            if setting.gap is not None:
                _Gaps(build, plan, nights, setting.gap).keep()


def _nights(plan: Plan) -> dict[int, list[Shift]]:
    """Date → the night-float shifts that hold its closing midnight."""
    nights: dict[int, list[Shift]] = {}
    for shift in plan.shifts:
        if shift.kind is DutyKind.NIGHT_FLOAT:
            for night in nights_of(shift, shift.start - DAY, shift.end):
                nights.setdefault(night, []).append(shift)
    return nights


def _short_runs(build: Build, plan: Plan, nights: dict[int, list[Shift]], most: int) -> None:
    text = f"{plan.id} may have {counted(most, 'night')} of night float in a row"
    for first in nights:
        held = 0
        terms: list[tuple[int, IntVar]] = []
        for night in range(first, first + (most + 1) * DAY, DAY):
            shifts = nights.get(night, [])
            held += any(shift.literal is None for shift in shifts)
            terms += [(1, shift.literal) for shift in shifts if shift.literal is not None]
        ground = Ground("night_float", plan.id, 0, 0, text)
        build.at_most(ground, terms, most - held)


class _Gaps:
    """Free time between two blocks: for each last night of one and first of the next, a stretch that is long enough and free."""

    def __init__(self, build: Build, plan: Plan, nights: dict[int, list[Shift]], gap: int) -> None:
        self._build = build
        self._plan = plan
        self._nights = nights
        self._gap = gap
        self._free: dict[int, IntVar | None] = {}
        text = f"{plan.id} is free for {hours_text(gap)} between blocks of nights"
        self._ground = Ground("night_float", plan.id, 0, 0, text)

    def keep(self) -> None:
        """Add the constraint for every two nights that may be neighbours and are not consecutive."""
        dates = sorted(self._nights)
        for last in dates:
            for first in dates:
                between = [shift for night in dates if last < night < first for shift in self._nights[night]]
                if first < last + 2 * DAY or any(shift.literal is None for shift in between):
                    continue
                others = [shift.literal for shift in between if shift.literal is not None]
                for one in self._nights[last]:
                    for other in self._nights[first]:
                        if one is not other and one.end <= other.start:
                            self._build.forbid(self._ground, (one, other), [*others, *self._stretches(one, other)])

    def _stretches(self, one: Shift, other: Shift) -> list[LiteralT]:
        starts = {one.end, *(shift.end for shift in self._plan.touching(one.end, other.start))}
        fitting = (self._stretch(start) for start in sorted(starts) if start + self._gap <= other.start)
        return [literal for literal in fitting if literal is not None]

    def _stretch(self, start: int) -> IntVar | None:
        """A literal that is true only if nothing is worked for the gap from `start` on."""
        if start not in self._free:
            touching = self._plan.touching(start, start + self._gap)
            self._free[start] = None
            if all(shift.literal is not None for shift in touching):
                literal = self._free[start] = self._build.model.new_bool_var(f"{self._plan.id} free {start}")
                for shift in touching:
                    if shift.literal is not None:
                        self._build.model.add_implication(literal, ~shift.literal)
        return self._free[start]
