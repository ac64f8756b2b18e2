"""What the set-up settles for a whole run: the rules in force, the horizon, the program's choices. Frozen, and plain JSON when stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from residency.calendar import HOUR, Interval, WindowKind
from residency.model import DutyKind, Severity
from residency.policy import SETTING_TYPES, Policy, Setting
from residency.setup.rows import Period

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT_MORNING = 4 * HOUR
_SHORT_MORNING_START = 8 * HOUR
#: When each period begins, in minutes after midnight, and how long it is.
USUAL_PERIODS: Mapping[Period, tuple[int, int]] = {
    Period.AM: (7 * HOUR, 6 * HOUR),
    Period.PM: (13 * HOUR, 6 * HOUR),
    Period.DAY: (7 * HOUR, 12 * HOUR),
    Period.NIGHT: (19 * HOUR, 12 * HOUR),
    Period.CALL: (7 * HOUR, 24 * HOUR),
}
_KIND_PERIODS: Mapping[DutyKind, Period] = {
    DutyKind.IN_HOUSE_CALL: Period.CALL,
    DutyKind.NIGHT_FLOAT: Period.NIGHT,
    DutyKind.HOME_CALL_IDLE: Period.NIGHT,
    DutyKind.HOME_CALL_ACTIVE: Period.NIGHT,
}


@dataclass(frozen=True)
class Periods:
    """When the periods of a day begin and how long they are; `changed` holds those that differ from the usual ones."""

    changed: tuple[tuple[Period, int, int], ...] = ()

    def of(self, period: Period) -> tuple[int, int]:
        """The minute after midnight at which a period begins, and its minutes."""
        for name, start, length in self.changed:
            if name is period:
                return start, length
        return USUAL_PERIODS[period]

    def interval(
        self, midnight: int, period: Period | None, length: int | None, kind: DutyKind, block: int | None
    ) -> Interval:
        """The interval of a duty on the day that begins at `midnight`.

        Args:
            midnight: the day's first minute.
            period: or None for the one that the kind of duty implies.
            length: minutes, or None for the rotation's half-day or the period's own.
            kind: the kind of duty.
            block: minutes of the rotation's half-day, or None.
        """
        named = period if period is not None else _KIND_PERIODS.get(kind, Period.AM)
        start, usual = self.of(named)
        if length is None:
            length = block if block is not None and named in (Period.AM, Period.PM) else usual
        is_short = named is Period.AM and length <= _SHORT_MORNING and self.of(Period.AM) == USUAL_PERIODS[Period.AM]
        if is_short:
            start = _SHORT_MORNING_START
        return midnight + start, midnight + start + length


@dataclass(frozen=True)
class Program:
    """The program's own choices.

    Attributes:
        max_chain_depth: levels of a chain of replacements.
        notice_minutes: how long somebody who is not in house needs to arrive.
        moonlighting_warning: minutes a week from which moonlighting is warned of.
        max_major_holidays: how many one person may work, or None.
        leave_order: by what leave is ranked.
    """

    max_chain_depth: int = 4
    notice_minutes: int = 0
    moonlighting_warning: int = 76 * HOUR
    max_major_holidays: int | None = None
    leave_order: tuple[str, ...] = ("seniority", "holiday_equity", "recent_leave")


@dataclass(frozen=True)
class Settings:
    """What every operation and measure gets beside the rows.

    Attributes:
        rules: the rule pack in force with the program's own rules.
        horizon: whole days in minutes, end excluded.
        acgme_enabled: False: no decision is refused for a work-hour rule.
        contingency_enabled: False: contingency is refused.
        auto_coverage: False: contingency keeps to the backup chains.
        mentioned_persons: every id of a person that the set-up or a step mentions, sorted.
        mentioned_rotations: likewise of rotations.
    """

    rules: Policy
    horizon: Interval
    periods: Periods = Periods()
    program: Program = Program()
    acgme_enabled: bool = True
    contingency_enabled: bool = True
    auto_coverage: bool = True
    mentioned_persons: tuple[str, ...] = ()
    mentioned_rotations: tuple[str, ...] = ()


# ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

_SETTING_OF = {kind.stem: kind for kind in SETTING_TYPES}


def settings_to_json(settings: Settings) -> str:
    """Write settings as canonical JSON text."""
    plain = {
        "rules": {
            "name": settings.rules.name,
            "settings": [_setting_to_plain(item) for item in settings.rules.settings],
        },
        "horizon": settings.horizon,
        "periods": settings.periods.changed,
        "program": {item.name: getattr(settings.program, item.name) for item in fields(Program)},
        **{name: getattr(settings, name) for name in _PLAIN_FIELDS},
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_PLAIN_FIELDS = ("acgme_enabled", "contingency_enabled", "auto_coverage", "mentioned_persons", "mentioned_rotations")


def settings_from_json(text: str) -> Settings:
    """Read what `settings_to_json` wrote."""
    plain = json.loads(text)
    program = {**plain["program"], "leave_order": tuple(plain["program"]["leave_order"])}
    rules = plain["rules"]
    return Settings(
        rules=Policy(rules["name"], tuple(_setting_of_plain(item) for item in rules["settings"])),
        horizon=(plain["horizon"][0], plain["horizon"][1]),
        periods=Periods(tuple((Period(name), start, length) for name, start, length in plain["periods"])),
        program=Program(**program),
        acgme_enabled=plain["acgme_enabled"],
        contingency_enabled=plain["contingency_enabled"],
        auto_coverage=plain["auto_coverage"],
        mentioned_persons=tuple(plain["mentioned_persons"]),
        mentioned_rotations=tuple(plain["mentioned_rotations"]),
    )


def _setting_to_plain(setting: Setting) -> dict[str, object]:
    return {"stem": setting.stem, **{item.name: getattr(setting, item.name) for item in fields(setting)}}


def _setting_of_plain(plain: Mapping[str, object]) -> Setting:
    values = {name: value for name, value in plain.items() if name != "stem"}
    values["severity"] = Severity(str(values["severity"]))
    if "window" in values:
        values["window"] = WindowKind(str(values["window"]))
    return _SETTING_OF[str(plain["stem"])](**values)  # type: ignore[arg-type]  # each value is what `_setting_to_plain` took
