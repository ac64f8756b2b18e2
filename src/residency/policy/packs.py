"""The rule packs that ship: figures only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from residency.calendar import HOUR, WindowKind
from residency.model import Severity
from residency.policy.settings import (
    INTEGRITY_TYPES,
    CallFrequency,
    DutyPeriodLimit,
    HomeCall,
    Moonlighting,
    NightFloat,
    OneDayInSeven,
    RestAfterCall,
    RestBetweenShifts,
    Setting,
    SupervisionRatio,
    WeeklyHours,
)


@dataclass(frozen=True, slots=True)
class Pack:
    """A named set of rules with their figures; a rule without a setting is off."""

    name: str
    settings: tuple[Setting, ...]


def pack_of(name: str, settings: tuple[Setting, ...]) -> Pack:
    """A pack whose settings carry its name."""
    return Pack(name, tuple(replace(setting, pack=name) for setting in settings))


_INTEGRITY: tuple[Setting, ...] = tuple(kind() for kind in INTEGRITY_TYPES)

ACGME_2025 = pack_of(
    "acgme-2025",
    (
        WeeklyHours(),
        OneDayInSeven(),
        RestAfterCall(),
        RestBetweenShifts(),
        DutyPeriodLimit(),
        CallFrequency(),
        NightFloat(),
        HomeCall(),
        Moonlighting(),
        *_INTEGRITY,
    ),
)

SEED = pack_of(
    "seed",
    (
        WeeklyHours(window=WindowKind.ROLLING28, exclude_leave=False, warn=78 * HOUR, exceptions=False),
        OneDayInSeven(strict=True, max_days=6),
        RestAfterCall(rest=8 * HOUR),
        DutyPeriodLimit(extension_exempt=False, exception_limit=28 * HOUR),
        NightFloat(max_nights=6, gap=24 * HOUR),
        SupervisionRatio(severity=Severity.VIOLATION, pgy1=2, senior=4),
        *_INTEGRITY,
    ),
)

#: Of New York's rules 24 + 3 hours are certain. An unaveraged day off a week and limits in emergency rooms are reported of them as well, and
#: wait for the text.
NY405 = pack_of(
    "ny405",
    tuple(
        replace(setting, extra=3 * HOUR, total_citation="10 NYCRR 405.4")
        if isinstance(setting, DutyPeriodLimit)
        else setting
        for setting in ACGME_2025.settings
    ),
)

#: The packs by name; the first is the default.
PACKS: tuple[Pack, ...] = (ACGME_2025, SEED, NY405)
DEFAULT_PACK = ACGME_2025.name
#: The name of the pack that holds a program's own rules.
PROGRAM_PACK = "program"
