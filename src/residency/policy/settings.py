"""What a rule pack may ask of each rule: one frozen value a stem, with the published figures as defaults.

Durations are minutes. Citations give the number of the Common Program Requirements 2025, and of 2023 in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from residency.calendar import HOUR, WindowKind
from residency.model import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One rule as one pack asks for it."""

    stem: ClassVar[str]

    pack: str = ""
    severity: Severity = Severity.VIOLATION
    citation: str = "integrity"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours(Setting):
    """Maximum hours a week, averaged over a window.

    Attributes:
        limit: minutes a week; None leaves only personal limits.
        exclude_leave: leave days are no days of the window.
        warn: an advisory from so many minutes a week on.
        exceptions: a rotation's granted exception replaces the limit (CPR 6.24).
        personal: a person's own weekly limit holds where it is lower.
        anchor: a minute of the first day of some `block28` window.
    """

    stem: ClassVar[str] = "weekly_hours"

    citation: str = "CPR 6.20 (VI.F.1)"
    limit: int | None = 80 * HOUR
    window: WindowKind = WindowKind.ROTATION
    exclude_leave: bool = True
    warn: int | None = None
    exceptions: bool = True
    personal: bool = False
    anchor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDayInSeven(Setting):
    """One day in seven free, averaged over a window, or strictly.

    Attributes:
        strict: judge runs of days instead of averages.
        max_days: the longest run of days when strict.
        unaveraged_on_night_float: judge runs that hold a night of night float strictly as well (commentary of 2011).
    """

    stem: ClassVar[str] = "one_day_in_seven"

    citation: str = "CPR 6.21.b (VI.F.2.c)"
    strict: bool = False
    max_days: int = 6
    window: WindowKind = WindowKind.ROTATION
    anchor: int | None = None
    unaveraged_on_night_float: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAfterCall(Setting):
    """Rest after a duty period of `after` minutes or more."""

    stem: ClassVar[str] = "rest_after_call"

    citation: str = "CPR 6.21.a (VI.F.2.b)"
    rest: int = 14 * HOUR
    after: int = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class RestBetweenShifts(Setting):
    """Rest after a duty period of less than `below` minutes."""

    stem: ClassVar[str] = "rest_between_shifts"

    severity: Severity = Severity.ADVISORY
    citation: str = "CPR 6.21 (VI.F.2.a)"
    rest: int = 8 * HOUR
    below: int = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPeriodLimit(Setting):
    """How long a duty period may be.

    Attributes:
        limit: minutes from its start to the end of the last patient care.
        extra: minutes that hand-over and education may add.
        extension_exempt: an `extension` is ignored in both ends (CPR 6.23); otherwise it is patient care.
        exception_limit: what a duty's `exception` mark lifts both limits to, or None where the pack has no such mark.
        pgy1_cap: the longest whole period of a PGY-1, or None (16 hours were withdrawn).
        total_citation: cited where hand-over and education made it too long.
    """

    stem: ClassVar[str] = "duty_period"

    citation: str = "CPR 6.22 (VI.F.3.a)"
    total_citation: str = "CPR 6.22.a (VI.F.3.a.1)"
    limit: int = 24 * HOUR
    extra: int = 4 * HOUR
    extension_exempt: bool = True
    exception_limit: int | None = None
    pgy1_cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFrequency(Setting):
    """In-house call no more often than every so many nights, averaged over a window."""

    stem: ClassVar[str] = "call_frequency"

    citation: str = "CPR 6.27 (VI.F.7)"
    every: int = 3
    window: WindowKind = WindowKind.ROTATION
    anchor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightFloat(Setting):
    """The most nights in a row, and the longest free stretch due between two blocks; None asks nothing."""

    stem: ClassVar[str] = "night_float"

    citation: str = "CPR 6.26 (VI.F.6)"
    max_nights: int | None = None
    gap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCall(Setting):
    """No home call over a designated free day."""

    stem: ClassVar[str] = "home_call"

    citation: str = "CPR 6.21.b, 6.28 (VI.F.2.c, VI.F.8)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moonlighting(Setting):
    """The lowest post-graduate year that may moonlight."""

    stem: ClassVar[str] = "moonlighting"

    citation: str = "CPR 6.25.a-b (VI.F.5.b-c)"
    min_pgy: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRatio(Setting):
    """How many PGY-1, and how many of PGY-2 and above, one supervisor may have at once."""

    stem: ClassVar[str] = "supervision_ratio"

    severity: Severity = Severity.POLICY
    citation: str = "program policy"
    pgy1: int = 2
    senior: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveExclusion(Setting):
    """No duty over approved leave."""

    stem: ClassVar[str] = "leave_exclusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleBooking(Setting):
    """No two duties of one person at once."""

    stem: ClassVar[str] = "double_booking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage(Setting):
    """As many people on a service as it requires."""

    stem: ClassVar[str] = "coverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification(Setting):
    """The skills and level that a service asks of everybody on it."""

    stem: ClassVar[str] = "qualification"


#: Every kind of setting, in the order of the rules.
SETTING_TYPES: tuple[type[Setting], ...] = (
    WeeklyHours,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    DutyPeriodLimit,
    CallFrequency,
    NightFloat,
    HomeCall,
    Moonlighting,
    SupervisionRatio,
    LeaveExclusion,
    DoubleBooking,
    Coverage,
    Qualification,
)

#: The rules that hold for everybody, whatever the pack, and are no rules about hours.
INTEGRITY_TYPES: tuple[type[Setting], ...] = (LeaveExclusion, DoubleBooking, Coverage, Qualification)
INTEGRITY_STEMS = frozenset(kind.stem for kind in INTEGRITY_TYPES)


def reaches_far(setting: Setting) -> bool:
    """Whether a change may alter records however far from it.

    Of rolling windows the worst of a run is reported, and two blocks of night float with a gap between them may lie months apart.
    """
    if isinstance(setting, NightFloat):
        return setting.gap is not None
    return isinstance(setting, WeeklyHours | OneDayInSeven | CallFrequency) and setting.window is WindowKind.ROLLING28
