"""In-house call no more often than every third night, averaged (CPR 6.27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.model import DutyKind
from residency.rules.record import Finding, Record, worst_of_runs
from residency.timeline import Timeline, ids_of
from residency.wording import counted, days_text, number_of

if TYPE_CHECKING:
    from residency.policy.settings import CallFrequency


def call_frequency(timeline: Timeline, setting: CallFrequency) -> list[Record]:
    """Windows with more call nights than one in every so many counted days, or than one (`over`)."""
    if not timeline.call_nights:
        return []
    findings: list[Finding] = []
    for window in timeline.windows(setting.window, setting.anchor):
        days, nights = timeline.counted_days(window), timeline.call_nights_in(window)
        if nights > max(1, days // setting.every):
            findings.append(Finding("over", window, nights, max(1, days // setting.every), days))
    return [_record(timeline, setting, finding) for finding in worst_of_runs(findings, setting.window)]


def _record(timeline: Timeline, setting: CallFrequency, finding: Finding) -> Record:
    start, end, _ = finding.window
    message = (
        f"{timeline.person_id} has {counted(finding.measured, 'call night')} {days_text(start, end)} "
        f"(at most {finding.limit} in {counted(finding.days, 'day')}; {number_of(setting.citation)})."
    )
    calls = (duty for duty in timeline.duties_in(start, end) if duty.kind is DutyKind.IN_HOUSE_CALL)
    return Record(
        rule=setting.stem,
        code=finding.code,
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=start,
        end=end,
        measured=finding.measured,
        limit=finding.limit,
        unit="nights",
        citation=setting.citation,
        duty_ids=ids_of(calls),
        message=message,
    )
