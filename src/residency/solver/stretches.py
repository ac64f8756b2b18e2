"""Free time of one worker as literals: days off as the rule sheet lays them, and dates that a run of duty goes through."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from residency.calendar import DAY, HOUR, Interval, merge, subtract
from residency.solver.windows import leave_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ortools.sat.python.cp_model import IntVar

    from residency.solver.problem import Figures
    from residency.solver.variables import Build, Plan, Shift

#: A free stretch that leave or the roster's end cuts short is a day off from so many minutes on.
SHORTEST_CUT = 12 * HOUR


class DaysOff:
    """The days off of one worker in a stretch of whole days.

    A day off is a literal that can be true only if the day is free and lies where the rule lays it: at the beginning of a free stretch, or
    right after another day off. Free stretches begin where a shift ends, where leave ends, and where the roster begins.
    """

    def __init__(self, build: Build, plan: Plan, region: Interval) -> None:
        self._build = build
        self._plan = plan
        self._horizon = build.problem.figures.known
        self._leave = leave_days(plan.worker)
        self._region = region
        self._days = dict(self._laid()) | dict(self._cut())

    def starting_in(self, low: int, high: int) -> list[IntVar]:
        """The literals of the days off that would start in [low, high)."""
        return [literal for start, literal in self._days.items() if low <= start < high]

    @cached_property
    def _held_free(self) -> list[Interval]:
        """The stretches that what is held and leave leave free inside the horizon."""
        return _free(self._plan, self._leave, self._horizon)

    @cached_property
    def _running(self) -> int | None:
        """Of the free stretch that goes on when the region begins, the day off that it would lay last before that."""
        low = self._region[0]
        for start, end in self._held_free:
            if start < low < end:
                return start + (low - start) // DAY * DAY
        return None

    @cached_property
    def _origins(self) -> dict[int, list[IntVar] | None]:
        """Where free stretches may begin: with the literals that decide, or None where that is known."""
        found: dict[int, list[IntVar] | None] = {
            start: None for start, _ in self._held_free if start >= self._region[0]
        }
        if self._running is not None:
            found[self._running] = None
        for shift in self._plan.touching(self._region[0] - 1, self._region[1]):
            if shift.literal is not None and found.get(shift.end, []) is not None:
                literals = found.setdefault(shift.end, [])
                if literals is not None:
                    literals.append(shift.literal)
        return found

    def _laid(self) -> Iterator[tuple[int, IntVar]]:
        origins = self._origins
        by_phase: dict[int, list[int]] = {}
        for origin in sorted(origins):
            by_phase.setdefault(origin % DAY, []).append(origin)
        for starts in by_phase.values():
            before: IntVar | None = None
            for start in range(starts[0], min(self._region[1], self._horizon[1] - DAY + 1), DAY):
                before = self._day_off(start, origins.get(start, []), before)
                if before is not None:
                    yield start, before

    def _day_off(self, start: int, origin: list[IntVar] | None, before: IntVar | None) -> IntVar | None:
        """A literal for 24 free hours from `start`, or None where they cannot be a day off."""
        if origin == [] and before is None:
            return None
        literal = self._free_literal(start, start + DAY)
        if literal is not None and origin is not None:
            self._build.model.add_bool_or([~literal, *origin, *([before] if before is not None else [])])
        return literal

    def _free_literal(self, start: int, end: int) -> IntVar | None:
        """A literal that is true only if nothing is worked in an interval; None where that is known to be false."""
        touching = self._plan.touching(start, end)
        if any(shift.literal is None for shift in touching) or any(a < end and b > start for a, b in self._leave):
            return None
        literal = self._build.model.new_bool_var(f"{self._plan.id} off {start}-{end}")
        busy = [~shift.literal for shift in touching if shift.literal is not None]
        if busy:
            self._build.model.add_bool_and(busy).only_enforce_if(literal)
        return literal

    def _cut(self) -> Iterator[tuple[int, IntVar]]:
        """Stretches under 24 hours that leave or the end of the roster cuts short, and no work."""
        origins = {start: why for start, why in self._origins.items() if start >= self._region[0]}
        if self._running is not None and self._region[0] - self._running < DAY:
            origins |= {start: None for start, end in self._held_free if start == self._running}
        cuts = [self._horizon[1], *(start for start, _ in self._leave)]
        for cut in cuts:
            at_cut = self._plan.touching(cut, cut + 1) if cut != self._horizon[1] else ()
            if any(shift.literal is None for shift in at_cut):
                continue
            for origin, literals in origins.items():
                if not SHORTEST_CUT <= cut - origin < DAY or cut > self._region[1]:
                    continue
                literal = self._free_literal(origin, cut)
                if literal is not None:
                    if literals is not None:
                        self._build.model.add_bool_or([~literal, *literals])
                    yield origin, literal


def _free(plan: Plan, leave: tuple[Interval, ...], horizon: Interval) -> list[Interval]:
    held = [(shift.start, shift.end) for shift in plan.shifts if shift.literal is None]
    return subtract([horizon], merge(sorted([*held, *leave])))


def held_days_off(plan: Plan, figures: Figures, low: int, high: int) -> int:
    """How many days off start in [low, high) while nothing is chosen."""
    leave = leave_days(plan.worker)
    count = 0
    for start, end in _free(plan, leave, figures.known):
        laid = (end - start) // DAY
        if not laid and end - start >= SHORTEST_CUT and _is_cut_short(plan, leave, figures.known, end):
            laid = 1
        count += sum(low <= start + number * DAY < high for number in range(laid))
    return count


def _is_cut_short(plan: Plan, leave: tuple[Interval, ...], horizon: Interval, end: int) -> bool:
    if end == horizon[1]:
        return True
    is_work = any(shift.literal is None for shift in plan.touching(end, end + 1))
    return not is_work and any(start == end for start, _ in leave)


class Runs:
    """The dates that a run of duty goes through, as literals that are true at least there.

    A run goes from the date of one stretch's start to that of another's. A new one begins where 24 hours or more were free and a whole date
    lies between the dates of two starts; so between two runs there is a date that neither goes through.
    """

    def __init__(self, build: Build, plan: Plan, region: Interval) -> None:
        self._build = build
        self._plan = plan
        self._dates: dict[int, IntVar] = {}
        self._known: set[int] = set()
        self._shifts = plan.touching(region[0] - 2 * DAY, region[1] + 2 * DAY)
        for shift in self._shifts:
            self._start(shift)
        for shift in self._shifts:
            self._go_on(shift)

    def date(self, day: int) -> IntVar | None:
        """The literal of a date, by its first minute; None where nothing can start."""
        return self._dates.get(day)

    def is_known(self, day: int) -> bool:
        """Whether a run goes through a date whatever is chosen."""
        return day in self._known

    def _literal(self, day: int) -> IntVar:
        if day not in self._dates:
            self._dates[day] = self._build.model.new_bool_var(f"{self._plan.id} run {day}")
        return self._dates[day]

    def _before(self, shift: Shift) -> tuple[Shift, ...]:
        """The shifts after which another is no new stretch."""
        touching = self._plan.touching(shift.start - 1, shift.start)
        return tuple(other for other in touching if other is not shift and other.start < shift.start)

    def _start(self, shift: Shift) -> None:
        day, before = shift.start - shift.start % DAY, self._before(shift)
        self._build.implied((shift,), self._literal(day), before)
        if shift.literal is None and not before:
            self._known.add(day)

    def _go_on(self, shift: Shift) -> None:
        """Dates between the starts of two stretches with less than 24 hours between them."""
        for following in self._plan.starting_in(shift.end + 1, shift.end + DAY):
            last = following.start - following.start % DAY
            for chain in self._stretch_to(shift, last - 2 * DAY):
                first = chain[0].start - chain[0].start % DAY
                for day in range(first + DAY, last, DAY):
                    self._build.implied((*chain, following), self._literal(day))
                    if all(member.literal is None for member in (*chain, following)):
                        self._known.add(day)

    def _stretch_to(self, shift: Shift, earliest: int) -> Iterator[tuple[Shift, ...]]:
        """The shift alone, or with those right before it, back to a date from which a whole date lies between."""
        unfinished: list[tuple[Shift, ...]] = [(shift,)]
        while unfinished:
            chain = unfinished.pop()
            if chain[0].start - chain[0].start % DAY <= earliest:
                yield chain
            else:
                unfinished += [(before, *chain) for before in self._before(chain[0])]
