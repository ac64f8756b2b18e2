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
    """One figure: its key, the attribute it fills, what it means, and how a program may tighten it (None: only packs set it)."""

    key: str
    attribute: str
    form: Form
    doc: str
    stricter: Stricter | None = None


_WINDOW = Parameter("window", "window", Form.WINDOW, "over what averages are taken")
_ANCHOR = Parameter("anchor", "anchor", Form.DATE, "the first day of some block of 28 days")

PARAMETERS: dict[type[Setting], tuple[Parameter, ...]] = {
    WeeklyHours: (
        Parameter("limit_hours", "limit", Form.HOURS, "a week, at most", Stricter.LOWER),
        Parameter("warn_hours", "warn", Form.HOURS, "a week from which an advisory is given"),
        Parameter("exclude_leave", "exclude_leave", Form.FLAG, "leave days are no days of the window"),
        Parameter("exceptions", "exceptions", Form.FLAG, "a rotation's granted exception replaces the limit"),
        _WINDOW,
        _ANCHOR,
    ),
    OneDayInSeven: (
        Parameter("max_days", "max_days", Form.COUNT, "days in a row at most, where runs are judged", Stricter.LOWER),
        Parameter("strict", "strict", Form.FLAG, "runs of days are judged instead of averages"),
        Parameter(
            "unaveraged_on_night_float",
            "unaveraged_on_night_float",
            Form.FLAG,
            "runs that hold a night of night float are judged strictly, too",
        ),
        _WINDOW,
        _ANCHOR,
    ),
    RestAfterCall: (
        Parameter("rest_hours", "rest", Form.HOURS, "due after a duty period of 24 hours or more", Stricter.HIGHER),
    ),
    RestBetweenShifts: (
        Parameter("rest_hours", "rest", Form.HOURS, "due after a shorter duty period", Stricter.HIGHER),
    ),
    DutyPeriodLimit: (
        Parameter("limit_hours", "limit", Form.HOURS, "of a period until patient care ends", Stricter.LOWER),
        Parameter("extra_hours", "extra", Form.HOURS, "more for hand-over and teaching", Stricter.LOWER),
        Parameter("extension_exempt", "extension_exempt", Form.FLAG, "an `extension` counts for neither end"),
        Parameter("exception_hours", "exception_limit", Form.HOURS, "of a period with a duty marked `exception`"),
        Parameter("pgy1_hours", "pgy1_cap", Form.HOURS, "of a PGY-1's whole period, at most"),
    ),
    CallFrequency: (
        Parameter("every", "every", Form.COUNT, "one call in so many nights", Stricter.HIGHER),
        _WINDOW,
        _ANCHOR,
    ),
    NightFloat: (
        Parameter("max_nights", "max_nights", Form.COUNT, "nights in a row at most", Stricter.LOWER),
        Parameter("gap_hours", "gap", Form.HOURS, "free at a stretch between two blocks", Stricter.HIGHER),
    ),
    Moonlighting: (Parameter("min_pgy", "min_pgy", Form.COUNT, "the lowest year that may moonlight"),),
    SupervisionRatio: (
        Parameter("pgy1", "pgy1", Form.COUNT, "PGY-1 a supervisor, at most", Stricter.LOWER),
        Parameter("senior", "senior", Form.COUNT, "PGY-2 and above a supervisor, at most", Stricter.LOWER),
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
