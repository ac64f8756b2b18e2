"""A rostering problem of the Curtois–Qu benchmark as frozen values: persons, shifts and days are numbered from 0, day 0 is a Monday."""

from __future__ import annotations

from dataclasses import dataclass

#: What a person does on each day: the number of a shift, or None for a day off. One row a person.
Roster = tuple[tuple[int | None, ...], ...]

_DAYS_OF_WEEK = 7
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Shift:
    """A kind of shift: how long it is, and what may not be worked the day after it."""

    id: str
    minutes: int
    not_followed_by: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Employee:
    """A person and the limits on that person's roster.

    Attributes:
        id: As the file names the person.
        max_shifts: How often each kind of shift may be worked, by its number.
        max_total_minutes: Of the whole horizon.
        min_total_minutes: Of the whole horizon.
        max_consecutive_shifts: Days worked in a row; before and after the horizon lie days off.
        min_consecutive_shifts: Likewise at least; a row that touches an end of the horizon goes on beyond it.
        min_consecutive_days_off: Days off in a row at least; a row that touches an end of the horizon goes on beyond it.
        max_weekends: With a shift on Saturday, Sunday or both.
        days_off: Days on which nothing may be worked.
    """

    id: str
    max_shifts: tuple[int, ...]
    max_total_minutes: int
    min_total_minutes: int
    max_consecutive_shifts: int
    min_consecutive_shifts: int
    min_consecutive_days_off: int
    max_weekends: int
    days_off: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """A wish about one person, day and shift; `weight` is what it costs not to grant it."""

    person: int
    day: int
    shift: int
    weight: int


@dataclass(frozen=True, slots=True)
class Cover:
    """How many should work a shift on a day, and what each one too few or too many costs."""

    day: int
    shift: int
    required: int
    weight_below: int
    weight_above: int


@dataclass(frozen=True, slots=True)
class Instance:
    """The whole problem.

    Attributes:
        days: The length of the horizon.
        shifts: All kinds of shifts.
        employees: All persons.
        shift_on_requests: Wishes to work.
        shift_off_requests: Wishes not to work.
        covers: At most one for a day and a shift.
    """

    days: int
    shifts: tuple[Shift, ...]
    employees: tuple[Employee, ...]
    shift_on_requests: tuple[Request, ...] = ()
    shift_off_requests: tuple[Request, ...] = ()
    covers: tuple[Cover, ...] = ()

    @property
    def weekends(self) -> tuple[tuple[int, ...], ...]:
        """The days of each weekend, Saturday and Sunday as far as they lie in the horizon."""
        saturdays = range(_SATURDAY, self.days, _DAYS_OF_WEEK)
        return tuple(tuple(day for day in (saturday, saturday + 1) if day < self.days) for saturday in saturdays)
