"""The rules as the reference tells them: from the rules' own docstrings, their settings, and what every pack says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.rule import Rule, RuleFigure
from residency.calendar import HOUR, WindowKind
from residency.model import Severity
from residency.policy import PACKS
from residency.policy.parameters import PARAMETERS, Form, Stricter
from residency.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from residency.policy import Pack, Setting
    from residency.policy.parameters import Figure, Parameter
    from residency.rules import PersonRule, ServiceRule

_LEVELS = {Severity.VIOLATION: "must", Severity.ADVISORY: "should", Severity.POLICY: "policy"}
_OFF = "off"
_PROGRAM = {Stricter.LOWER: "lower it", Stricter.HIGHER: "raise it"}
#: Of what a rule's records measure, as its docstring's reader has to know it.
_UNITS = {
    "one_day_in_seven": "days",
    "call_frequency": "nights",
    "night_float": "nights, and minutes between blocks",
    "supervision_ratio": "persons",
    "coverage": "persons",
    "qualification": "skills missing",
}
_MINUTES = "minutes"


def _rule(rule: PersonRule[Any] | ServiceRule[Any]) -> Rule:
    setting = rule.setting()
    whom = "" if getattr(rule, "for_everybody", True) else " Residents only."
    return Rule(
        name=rule.stem,
        doc=f"{(rule.judge.__doc__ or '').strip()}{whom}",
        citation=setting.citation,
        unit=_UNITS.get(rule.stem, _MINUTES),
        packs={pack.name: _level(_in(pack, rule.stem)) for pack in PACKS},
        figures=tuple(_figure(parameter, rule.stem) for parameter in PARAMETERS.get(rule.setting, ())),
    )


def _in(pack: Pack, stem: str) -> Setting | None:
    return next((setting for setting in pack.settings if setting.stem == stem), None)


def _level(setting: Setting | None) -> str:
    return _OFF if setting is None else _LEVELS[setting.severity]


def _figure(parameter: Parameter, stem: str) -> RuleFigure:
    values = {pack.name: _value(_in(pack, stem), parameter) for pack in PACKS}
    program = _PROGRAM[parameter.stricter] if parameter.stricter else ""
    return RuleFigure(parameter.key, parameter.form.value, parameter.doc, values, program)


def _value(setting: Setting | None, parameter: Parameter) -> str:
    if setting is None:
        return _OFF
    value: Figure | None = getattr(setting, parameter.attribute)
    if value is None:
        return "none"
    if isinstance(value, WindowKind):
        return value.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value // HOUR}:{value % HOUR:02d}" if parameter.form is Form.HOURS else str(value)


RULE_REFERENCE: Mapping[str, Rule] = {rule.stem: _rule(rule) for rule in RULES}
