"""One day in seven free of work and home call (CPR 6.21.b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from residency.rules.record import Finding, Record, worst_of_runs
from residency.timeline import Run, Timeline, ids_of
from residency.wording import counted, days_text, number_of

if TYPE_CHECKING:
    from residency.policy.settings import OneDayInSeven


def one_day_in_seven(timeline: Timeline, setting: OneDayInSeven) -> list[Record]:
    """Windows with too few days off (`too_few`), or, judged strictly, runs of too many days (`run`)."""
    if setting.strict:
        return [_run(timeline, setting, run) for run in _long_runs(timeline, setting)]
    findings: list[Finding] = []
    for window in timeline.windows(setting.window, setting.anchor):
        days, found = timeline.counted_days(window), timeline.days_off_in(window)
        if found < days // 7:
            findings.append(Finding("too_few", window, found, days // 7, days))
    records = [_too_few(timeline, setting, finding) for finding in worst_of_runs(findings, setting.window)]
    if setting.unaveraged_on_night_float:
        runs = _long_runs(timeline, setting)
        records += [_run(timeline, setting, run) for run in runs if _holds_night_float(timeline, run)]
    return records


def _long_runs(timeline: Timeline, setting: OneDayInSeven) -> list[Run]:
    return [run for run in timeline.runs if run.days > setting.max_days]


def _holds_night_float(timeline: Timeline, run: Run) -> bool:
    return any(block.start < run.end and block.end > run.start for block in timeline.night_blocks)


def _run(timeline: Timeline, setting: OneDayInSeven, run: Run) -> Record:
    message = (
        f"{timeline.person_id} is on duty {counted(run.days, 'day')} in a row {days_text(run.start, run.end)} "
        f"(at most {setting.max_days}; {number_of(setting.citation)})."
    )
    return Record(
        rule=setting.stem,
        code="run",
        severity=setting.severity,
        pack=setting.pack,
        persons=(timeline.person_id,),
        start=run.start,
        end=run.end,
        measured=run.days,
        limit=setting.max_days,
        unit="days",
        citation=setting.citation,
        duty_ids=ids_of(timeline.duties_in(run.start, run.end)),
        message=message,
    )


def _too_few(timeline: Timeline, setting: OneDayInSeven, finding: Finding) -> Record:
    start, end, _ = finding.window
    message = (
        f"{timeline.person_id} has {counted(finding.measured, 'day')} off {days_text(start, end)} "
        f"(due {finding.limit} in {counted(finding.days, 'day')}; {number_of(setting.citation)})."
    )
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
        unit="days",
        citation=setting.citation,
        duty_ids=ids_of(timeline.duties_in(start, end)),
        message=message,
    )
