"""How the figures of a setting are written in a pack file or under `constraints.policy`, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from residency.calendar import HOUR, WindowKind, minute_of
from residency.policy.settings import (
    CallFrequency,
    DutyPeriodLimit,
    Moonlighting,
    NightFloat,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    Setting,
    SupervisionRatio,
    WeeklyHours,
)


class Form(Enum):
    """What a figure is written as."""

    HOURS = "a number of hours that makes whole minutes"
    COUNT = "a whole number, 1 or more"
    FLAG = "true or false"
    WINDOW = "one of rotation, block28, month, rolling28"
    DATE = "a date"


class Stricter(Enum):
    """Which way a figure tightens its rule."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One figure: its key, the attribute it fills, and how a program may tighten it (None: only packs set it)."""

    key: str
    attribute: str
    form: Form
    stricter: Stricter | None = None


_WINDOW = Parameter("window", "window", Form.WINDOW)
_ANCHOR = Parameter("anchor", "anchor", Form.DATE)

PARAMETERS: dict[type[Setting], tuple[Parameter, ...]] = {
    WeeklyHours: (
        Parameter("limit_hours", "limit", Form.HOURS, Stricter.LOWER),
        Parameter("warn_hours", "warn", Form.HOURS),
        Parameter("exclude_leave", "exclude_leave", Form.FLAG),
        Parameter("exceptions", "exceptions", Form.FLAG),
        _WINDOW,
        _ANCHOR,
    ),
    OneDayInSeven: (
        Parameter("max_days", "max_days", Form.COUNT, Stricter.LOWER),
        Parameter("strict", "strict", Form.FLAG),
        Parameter("unaveraged_on_night_float", "unaveraged_on_night_float", Form.FLAG),
        _WINDOW,
        _ANCHOR,
    ),
    RestAfterCall: (Parameter("rest_hours", "rest", Form.HOURS, Stricter.HIGHER),),
    RestBetweenShifts: (Parameter("rest_hours", "rest", Form.HOURS, Stricter.HIGHER),),
    DutyPeriodLimit: (
        Parameter("limit_hours", "limit", Form.HOURS, Stricter.LOWER),
        Parameter("extra_hours", "extra", Form.HOURS, Stricter.LOWER),
        Parameter("extension_exempt", "extension_exempt", Form.FLAG),
        Parameter("exception_hours", "exception_limit", Form.HOURS),
        Parameter("pgy1_hours", "pgy1_cap", Form.HOURS),
    ),
    CallFrequency: (Parameter("every", "every", Form.COUNT, Stricter.HIGHER), _WINDOW, _ANCHOR),
    NightFloat: (
        Parameter("max_nights", "max_nights", Form.COUNT, Stricter.LOWER),
        Parameter("gap_hours", "gap", Form.HOURS, Stricter.HIGHER),
    ),
    Moonlighting: (Parameter("min_pgy", "min_pgy", Form.COUNT),),
    SupervisionRatio: (
        Parameter("pgy1", "pgy1", Form.COUNT, Stricter.LOWER),
        Parameter("senior", "senior", Form.COUNT, Stricter.LOWER),
    ),
}

Figure = int | bool | WindowKind


def read_figure(form: Form, value: object) -> Figure:
    """The figure that a written value stands for, durations and dates as minutes.

    Raises:
        TypeError: the value is of another type.
        ValueError: it is of the right type and cannot be.
    """
    if form is Form.FLAG:
        return _flag(value)
    if form is Form.WINDOW:
        if not isinstance(value, str):
            raise TypeError(form.value)
        return WindowKind(value)
    if form is Form.DATE:
        return _day(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise TypeError(form.value)
    return _minutes(value) if form is Form.HOURS else _count(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(Form.FLAG.value)
    return value


def _day(value: object) -> int:
    if isinstance(value, str):
        return minute_of(date.fromisoformat(value))
    if not isinstance(value, date):
        raise TypeError(Form.DATE.value)
    return minute_of(value)


def _minutes(value: float | Decimal | Fraction) -> int:
    minutes = (value if isinstance(value, Fraction) else Fraction(str(value))) * HOUR
    if minutes.denominator != 1 or minutes < 0:
        raise ValueError(Form.HOURS.value)
    return minutes.numerator


def _count(value: float | Decimal | Fraction) -> int:
    if value != int(value) or value < 1:
        raise ValueError(Form.COUNT.value)
    return int(value)
