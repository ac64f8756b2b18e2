"""Figures of one pack that cannot all be meant: each is told with its reason, none is guessed away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.calendar import HOUR, WindowKind
from residency.policy.problems import PolicyProblem
from residency.policy.settings import (
    CallFrequency,
    DutyPeriodLimit,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    Setting,
    SupervisionRatio,
    WeeklyHours,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WEEK_HOURS = 168
#: What a rotation may be granted at most (CPR 6.24).
_GRANTED_HOURS = 88


def contradictions(
    settings: Iterable[Setting], written: Mapping[str, Iterable[str]], path: str
) -> Iterator[PolicyProblem]:
    """What contradicts itself in the rules of one pack.

    Args:
        settings: the rules with their figures.
        written: the keys that the author wrote, by the rule's stem.
        path: where the rules stand.
    """
    by_type = {type(setting): setting for setting in settings}
    for setting in by_type.values():
        place = f"{path}.{setting.stem}"
        keys = frozenset(written.get(setting.stem, ()))
        if isinstance(setting, WeeklyHours):
            yield from _weekly_hours(setting, place)
        elif isinstance(setting, OneDayInSeven):
            yield from _one_day_in_seven(setting, keys, place)
        elif isinstance(setting, DutyPeriodLimit):
            yield from _duty_period(setting, place)
        elif isinstance(setting, SupervisionRatio) and setting.pgy1 > setting.senior:
            summary = f"a supervisor may have {setting.pgy1} PGY-1 but only {setting.senior} of PGY-2 and above"
            yield _conflict(place, summary, "let `pgy1` be at most `senior`")
        if isinstance(setting, WeeklyHours | OneDayInSeven | CallFrequency):
            yield from _anchor(setting, place)
    after, between = by_type.get(RestAfterCall), by_type.get(RestBetweenShifts)
    if isinstance(after, RestAfterCall) and isinstance(between, RestBetweenShifts) and after.rest < between.rest:
        summary = f"{_hours(after.rest)} of rest after 24 hours, but {_hours(between.rest)} after a shorter shift"
        yield _conflict(f"{path}.{after.stem}", summary, "let the rest after a call be the longer one")


def _weekly_hours(setting: WeeklyHours, place: str) -> Iterator[PolicyProblem]:
    limit = setting.limit
    if limit is None:
        return
    if not 0 < limit <= _WEEK_HOURS * HOUR:
        yield _conflict(place, f"a week of {_WEEK_HOURS} hours has no {_hours(limit)} to allow", "use a limit above 0")
    if setting.warn is not None and setting.warn > limit:
        summary = f"it warns from {_hours(setting.warn)} on, which is over the limit of {_hours(limit)} already"
        yield _conflict(place, summary, "let `warn_hours` be at most `limit_hours`")
    if setting.exceptions and limit > _GRANTED_HOURS * HOUR:
        summary = f"an exception of at most {_GRANTED_HOURS} hours would lower the limit of {_hours(limit)}"
        yield _conflict(place, summary, "use `exceptions: false`, or a lower limit")


def _one_day_in_seven(setting: OneDayInSeven, keys: frozenset[str], place: str) -> Iterator[PolicyProblem]:
    if setting.strict and keys & {"window", "anchor"}:
        yield _conflict(place, "runs of days, judged strictly, have no windows", "leave the window out, or `strict`")
    if setting.strict and setting.unaveraged_on_night_float:
        summary = "what is judged strictly is never averaged, on night float or not"
        yield _conflict(place, summary, "leave `unaveraged_on_night_float` out, or `strict`")
    if "max_days" in keys and not (setting.strict or setting.unaveraged_on_night_float):
        summary = "`max_days` is the longest run of days, and averages know no runs"
        yield _conflict(place, summary, "use `strict: true`, or leave `max_days` out")


def _duty_period(setting: DutyPeriodLimit, place: str) -> Iterator[PolicyProblem]:
    if setting.exception_limit is not None and setting.exception_limit < setting.limit:
        summary = (
            f"a granted exception of {_hours(setting.exception_limit)} is under the limit of {_hours(setting.limit)}"
        )
        yield _conflict(place, summary, "let `exception_hours` be at least `limit_hours`")
    if setting.pgy1_cap is not None and setting.pgy1_cap > setting.limit + setting.extra:
        summary = f"the PGY-1's cap of {_hours(setting.pgy1_cap)} is over what holds for everybody"
        yield _conflict(place, summary, "let `pgy1_hours` be at most `limit_hours` and `extra_hours` together")
    if not setting.limit:
        yield _conflict(place, "a duty period of no minutes is none", "use a limit above 0")


def _anchor(setting: WeeklyHours | OneDayInSeven | CallFrequency, place: str) -> Iterator[PolicyProblem]:
    if setting.anchor is not None and setting.window is not WindowKind.BLOCK28:
        summary = f"an anchor is the first day of a block, and the window is `{setting.window}`"
        yield _conflict(place, summary, "use `window: block28`, or leave `anchor` out")


def _conflict(place: str, summary: str, remedy: str) -> PolicyProblem:
    return PolicyProblem(place, "conflict", summary, remedy)


def _hours(minutes: int) -> str:
    whole, rest = divmod(minutes, HOUR)
    return f"{whole} hours" if not rest else f"{whole}:{rest:02d} hours"
