"""Finding the duty that somebody means: by its id, or by person, date and part of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rehearse.domain import Reason
from residency.calendar import DAY, HOUR, minute_of
from residency.decisions import unknown_row
from residency.setup.rows import Period
from residency.wording import day_text

if TYPE_CHECKING:
    from residency.load import Book
    from residency.model import Duty
    from residency.settings import Periods

_MORNING = 5 * HOUR
_NOON = 12 * HOUR
_EVENING = 19 * HOUR


@dataclass(frozen=True)
class DutyName:
    """A DUTY: `assignment_id`, or a person with a date and perhaps a part of the day."""

    assignment_id: str | None = None
    person_id: str | None = None
    day: date | None = None
    period: Period | None = None


class DutyError(LookupError):
    """There is no such duty, or there are several; `reason` says which."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


def part_of_day(start: int) -> Period:
    """The part of the day in which a minute lies: AM from 05:00, PM from 12:00, NIGHT from 19:00."""
    within = start % DAY
    if _MORNING <= within < _NOON:
        return Period.AM
    return Period.PM if _NOON <= within < _EVENING else Period.NIGHT


def is_in_period(duty: Duty, period: Period, periods: Periods) -> bool:
    """Whether a duty is one of AM, PM or NIGHT by its start, or of DAY or CALL by its start and length."""
    if period in (Period.DAY, Period.CALL):
        start, length = periods.of(period)
        return duty.start % DAY == start % DAY and duty.end - duty.start == length
    return part_of_day(duty.start) is period


def find_duty(book: Book, name: DutyName) -> Duty:
    """Return the one duty that is meant.

    Raises:
        DutyError: There is none, or there are several.
    """
    if name.assignment_id is not None:
        duty = book.duty(name.assignment_id)
        if duty is None:
            raise DutyError(unknown_row("assignments", name.assignment_id))
        if name.person_id is not None and duty.person_id != name.person_id:
            text = f"`{duty.id}` is not a duty of {name.person_id}"
            raise DutyError(Reason("no_such_duty", text, name.person_id))
        return duty
    if name.person_id is None or name.day is None:
        text = "a duty is named by `assignment_id`, or by `person_id` with `date`"
        raise DutyError(Reason("no_such_duty", text))
    return _only(_on_day(book, name.person_id, minute_of(name.day), name.period), name)


def _on_day(book: Book, person_id: str, day: int, period: Period | None) -> list[Duty]:
    return [
        duty
        for duty in book.schedule.timeline(person_id).duties_in(day, day + DAY)
        if day <= duty.start and (period is None or is_in_period(duty, period, book.settings.periods))
    ]


def _only(found: list[Duty], name: DutyName) -> Duty:
    when = day_text(minute_of(name.day)) if name.day is not None else ""
    part = f" ({name.period.value})" if name.period is not None else ""
    if not found:
        raise DutyError(Reason("no_such_duty", f"{name.person_id} has no duty on {when}{part}", name.person_id))
    if len(found) > 1:
        named = ", ".join(duty.id for duty in found)
        text = f"{name.person_id} has {len(found)} duties on {when}{part}: {named}"
        raise DutyError(Reason("ambiguous_duty", text, name.person_id))
    return found[0]
