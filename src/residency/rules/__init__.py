"""The work-hour and integrity rules: one pure function a stem, listed once, in the order of the rule sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from residency.calendar import Interval
from residency.policy import settings
from residency.policy.settings import Setting
from residency.rules.call_frequency import call_frequency
from residency.rules.coverage import coverage
from residency.rules.double_booking import double_booking
from residency.rules.duty_period import duty_period
from residency.rules.home_call import home_call
from residency.rules.leave_exclusion import leave_exclusion
from residency.rules.moonlighting import moonlighting
from residency.rules.night_float import night_float
from residency.rules.one_day_in_seven import one_day_in_seven
from residency.rules.qualification import qualification
from residency.rules.record import Record, record_order, strictest
from residency.rules.rest_after_call import rest_after_call
from residency.rules.rest_between_shifts import rest_between_shifts
from residency.rules.supervision_ratio import supervision_ratio
from residency.rules.weekly_hours import weekly_hours
from residency.schedule import Schedule, Service
from residency.timeline import Timeline

_S = TypeVar("_S", bound=Setting)


@dataclass(frozen=True, slots=True)
class PersonRule(Generic[_S]):
    """A rule about one person's duty, for residents or for everybody."""

    setting: type[_S]
    judge: Callable[[Timeline, _S], list[Record]]
    for_everybody: bool = False

    @property
    def stem(self) -> str:
        """The name of the rule."""
        return self.setting.stem


@dataclass(frozen=True, slots=True)
class ServiceRule(Generic[_S]):
    """A rule about the people on one service, judged inside an interval."""

    setting: type[_S]
    judge: Callable[[Schedule, Service, _S, Interval], list[Record]]

    @property
    def stem(self) -> str:
        """The name of the rule."""
        return self.setting.stem


RULES: tuple[PersonRule[Any] | ServiceRule[Any], ...] = (
    PersonRule(settings.WeeklyHours, weekly_hours),
    PersonRule(settings.OneDayInSeven, one_day_in_seven),
    PersonRule(settings.RestAfterCall, rest_after_call),
    PersonRule(settings.RestBetweenShifts, rest_between_shifts),
    PersonRule(settings.DutyPeriodLimit, duty_period),
    PersonRule(settings.CallFrequency, call_frequency),
    PersonRule(settings.NightFloat, night_float),
    PersonRule(settings.HomeCall, home_call),
    PersonRule(settings.Moonlighting, moonlighting),
    ServiceRule(settings.SupervisionRatio, supervision_ratio),
    PersonRule(settings.LeaveExclusion, leave_exclusion, for_everybody=True),
    PersonRule(settings.DoubleBooking, double_booking, for_everybody=True),
    ServiceRule(settings.Coverage, coverage),
    PersonRule(settings.Qualification, qualification, for_everybody=True),
)

PERSON_RULES = tuple(rule for rule in RULES if isinstance(rule, PersonRule))
RULES_FOR_EVERYBODY = tuple(rule for rule in PERSON_RULES if rule.for_everybody)
SERVICE_RULES = tuple(rule for rule in RULES if isinstance(rule, ServiceRule))
STEMS = tuple(rule.stem for rule in RULES)
SERVICE_STEMS = frozenset(rule.stem for rule in SERVICE_RULES)

__all__ = [
    "PERSON_RULES",
    "RULES",
    "RULES_FOR_EVERYBODY",
    "SERVICE_RULES",
    "SERVICE_STEMS",
    "STEMS",
    "PersonRule",
    "Record",
    "ServiceRule",
    "record_order",
    "strictest",
]
