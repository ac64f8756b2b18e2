"""Rules by their stems and by the companions' names, and how somebody stands with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.judging.judged import records
from residency.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Evidence
    from residency.settings import Settings

ALIASES: Mapping[str, str] = {
    "80_hour_rule": "weekly_hours",
    "one_in_seven": "one_day_in_seven",
    "post_call_rest": "rest_after_call",
    "duty_period_limit": "duty_period",
    "night_float_limit": "night_float",
    "supervision_ratios": "supervision_ratio",
}


def stem_of(name: str) -> str:
    """The stem that a name of a rule means; a stem means itself."""
    return ALIASES.get(name, name)


def rule_names(settings: Settings) -> Mapping[str, str]:
    """Every name of a rule in force → its stem."""
    stems = {setting.stem for setting in settings.rules.settings}
    names = {stem: stem for stem in sorted(stems)}
    return {**names, **{alias: stem for alias, stem in ALIASES.items() if stem in stems}}


def compliance(evidence: Evidence, rule: str, person_id: str | None) -> str:
    """How somebody, or everybody, stands with a rule after the run: compliant, warning (an advisory) or violation (policy too)."""
    stem = stem_of(rule)
    found = [
        record.severity
        for record in records(evidence.after)
        if record.rule == stem and (person_id is None or person_id in record.persons)
    ]
    if any(severity is not Severity.ADVISORY for severity in found):
        return "violation"
    return "warning" if found else "compliant"
