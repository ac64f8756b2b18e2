"""Maximum hours of work a week, averaged (CPR 6.20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.averages import FEWEST_DAYS, Load, loads
from residency.model import Severity
from residency.rules.record import Finding, Record, worst_of_runs
from residency.timeline import Timeline, ids_of
from residency.wording import counted, days_text, hours_text, number_of

if TYPE_CHECKING:
    from residency.policy.settings import WeeklyHours


def weekly_hours(timeline: Timeline, setting: WeeklyHours) -> list[Record]:
    """Windows with more hours than the limit allows (`over`), or as many as the pack warns of (`near`)."""
    if setting.limit is None and (timeline.person is None or timeline.person.max_weekly_minutes is None):
        return []
    findings = [finding for load in loads(timeline, setting) if (finding := _judge(load, setting)) is not None]
    return [_record(timeline, setting, finding) for finding in worst_of_runs(findings, setting.window)]


def _judge(load: Load, setting: WeeklyHours) -> Finding | None:
    if load.weekly_limit is not None and load.worked * 7 > load.weekly_limit * load.days:
        return Finding("over", load.window, load.worked, load.weekly_limit * load.days // 7, load.counted_days)
    if setting.warn is not None and load.worked * 7 >= setting.warn * load.days:
        return Finding("near", load.window, load.worked, -(-setting.warn * load.days // 7), load.counted_days)
    return None


def _record(timeline: Timeline, setting: WeeklyHours, finding: Finding) -> Record:
    average = -(-finding.measured * 7 // max(FEWEST_DAYS, finding.days))
    word = "limit" if finding.code == "over" else "warned of from"
    start, end, _ = finding.window
    message = (
        f"{timeline.person_id} averages {hours_text(average)} a week {days_text(start, end)} "
        f"({hours_text(finding.measured)} in {counted(finding.days, 'day')}, {word} {hours_text(finding.limit)}; "
        f"{number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code=finding.code,
        severity=setting.severity if finding.code == "over" else Severity.ADVISORY,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=finding.measured,
        limit=finding.limit,
        unit="minutes",
        citation=setting.citation,
        duty_ids=ids_of(duty for duty in timeline.duties_in(start, end) if duty.kind.traits.counts),
        message=message,
    )
